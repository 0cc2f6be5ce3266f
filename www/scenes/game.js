// Sixty messages a second each way: ships race for sparks, and the ghost behind yours is what the server has sent back.
import { openMember } from "../connection.js";
import { duration } from "../format.js";
import { onTick } from "../tick.js";
import { Arena } from "./arena.js";
import { Latency } from "./latency.js";
import { openScene } from "./scene.js";
import { Pilot } from "./pilot.js";
import { Ship, sparkAt, TOUCH } from "./ship.js";
import { isRobot, memberName, namesByMark, ROBOT, visitorsName, who } from "./visitor.js";

const HERTZ = 60;
const STEP = 1_000 / HERTZ;
/** What was slept through beyond this is not made up for. */
const MOST_OWED = 250;
/** A position that is older than this is of no use to anybody. */
const TTL = 100;

const name = visitorsName();
const { wire, room, tally } = openScene("game", {
  query: () => ({ relay: "all", name: memberName(name) }),
});

const ship = new Ship(who, name);
const others = new Map();
const latency = new Latency();
const pilot = new Pilot(document.getElementById("arena"));
const arena = new Arena(document.getElementById("arena"));
let spark = 0;
let ghost;
let isRobotHere = false;
/** One robot is enough: the first page brings it. */
let isRobotAsked = false;

wire.on("ship", (told) => {
  if (told.who === who) {
    latency.back(told.n);
    ghost = { x: told.x, y: told.y };
    return;
  }
  const other = others.get(told.who) ?? new Ship(String(told.who), String(told.name).slice(0, 20));
  if (!other.follow(told)) return;
  others.set(told.who, other);
  // Who comes later learns from the others how far the game is.
  if (Number.isSafeInteger(told.spark) && told.spark > spark && told.spark < 1e9) spark = told.spark;
});
// The server sends all of them to all in one order: the first to ask for a spark has it, and nobody can differ.
wire.on("take", (told) => {
  if (told.spark !== spark) return;
  spark++;
  const winner = told.who === who ? ship : others.get(told.who);
  if (!winner) return;
  winner.score++;
  // This page flies the robot too, and tells its score.
  if (winner.mark === ROBOT) robot.ship.score = winner.score;
  arena.flash(winner);
});
wire.on("members", ({ members }) => {
  const here = namesByMark(members);
  for (const mark of others.keys()) if (!here.has(mark)) others.delete(mark);
  if (!isRobotAsked) setRobot(![...here.keys()].some(isRobot));
});
wire.addEventListener("close", () => {
  latency.forget();
  ghost = undefined;
});

// The game goes on at its own pace, however seldom the browser draws. A hidden page rests.
let before = performance.now();
let owed = 0;
setInterval(() => {
  const now = performance.now();
  owed = document.hidden ? 0 : Math.min(owed + now - before, MOST_OWED);
  before = now;
  for (; owed >= STEP; owed -= STEP) step(now);
}, STEP);

requestAnimationFrame(function draw(now) {
  arena.draw({ now, ship, others, ghost, spark: sparkAt(spark), isStale: wire.state.name !== "open" });
  requestAnimationFrame(draw);
});

function step(now) {
  ship.fly(pilot.aim(ship, sparkAt(spark), now));
  // Never more than one waits, and what waited too long never leaves.
  const n = latency.next();
  const place = { type: "ship", n, ...ship.tell(), spark };
  tally.send(place, { key: "ship", ttl: TTL, lane: "low" }, () => latency.left(n));
  if (ship.isAt(sparkAt(spark))) take();
  if (isRobotHere) flyRobot(now);
}

/** Asked for once; the order of the server decides. */
let asked = -1;
function take() {
  if (asked === spark || wire.state.name !== "open") return;
  asked = spark;
  tally.send({ type: "take", who, spark }, { ttl: TTL, lane: "high" });
}
wire.addEventListener("open", () => (asked = -1));

const invite = document.getElementById("robot");
const robot = { ship: new Ship(ROBOT, "Robot"), wire: undefined, asked: -1, told: 0 };
invite.addEventListener("click", () => setRobot(!isRobotHere));

/** The opponent has a wire of its own in this page. */
function setRobot(isWanted) {
  isRobotAsked = true;
  isRobotHere = isWanted;
  robot.wire?.close();
  robot.wire = isWanted
    ? openMember(room, () => ({ relay: "all", name: memberName("Robot", ROBOT) }))
    : undefined;
  robot.wire?.addEventListener("open", () => (robot.asked = -1));
  invite.textContent = isWanted ? "Dismiss robot" : "Invite robot";
}

function flyRobot(now) {
  const target = sparkAt(spark);
  robot.ship.fly(pilot.wander(robot.ship, target, now, 0.55));
  // Half as often is enough to be seen.
  if (robot.told++ % 2) {
    robot.wire.send({ type: "ship", n: 0, ...robot.ship.tell(), spark }, { key: "ship", ttl: TTL });
  }
  if (!robot.ship.isAt(target, TOUCH) || robot.asked === spark) return;
  robot.asked = spark;
  robot.wire.send({ type: "take", who: ROBOT, spark }, { ttl: TTL });
}

onTick(() => {
  showScores();
  const { last, median, worst } = latency.figures();
  show("latency", last === undefined ? "–" : duration(last));
  show("latency-median", median === undefined ? "–" : duration(median));
  show("latency-worst", worst === undefined ? "–" : duration(worst));
  latency.draw(document.getElementById("latency-chart"));
  show("pilot", pilot.isAuto ? "autopilot: point, touch or use the arrow keys" : "you fly");
});

let shownScores;
function showScores() {
  const ships = [ship, ...others.values()];
  const scores = JSON.stringify(ships.map(({ mark, name, score }) => [mark, name, score]));
  if (scores === shownScores) return;
  shownScores = scores;
  const rows = ships.map(({ mark, name, score }) => {
    const row = document.createElement("li");
    const points = document.createElement("b");
    row.dataset.who = mark;
    points.textContent = score;
    row.append(points, ` ${mark === who ? `${name} (you)` : name}`);
    return row;
  });
  document.getElementById("scores").replaceChildren(...rows);
}

function show(id, text) {
  const element = document.getElementById(id);
  if (element.textContent !== text) element.textContent = text;
}
