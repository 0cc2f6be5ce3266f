// Shared cursors: of a position only the newest matters, of a mark every one.
import { openMember } from "../connection.js";
import { onTick } from "../tick.js";
import { openScene } from "./scene.js";
import { hue, isRobot, memberName, namesByMark, ROBOT, visitorsName, who } from "./visitor.js";

const TTL = 500;
const STEP = 0.02;
const MARKS_SHOWN = 40;

const name = visitorsName();
const query = () => ({ relay: "", name: memberName(name) });
const { wire, room, tally } = openScene("cursors", { query });

const area = document.getElementById("area");
const newestOnly = document.getElementById("newest-only");
const cursors = new Map();
const own = { x: 0.5, y: 0.5, isMoved: false };
let marks = 0;
/** One robot is enough: the first page brings it. */
let isRobotAsked = false;

wire.on("cursor", ({ who, name, x, y }) => isPlace(x, y) && place(who, name, x, y));
wire.on("mark", ({ who, x, y }) => isPlace(x, y) && mark(who, x, y));
wire.on("members", ({ members }) => {
  const here = namesByMark(members);
  for (const [mark, cursor] of cursors) {
    if (here.has(mark)) continue;
    cursor.remove();
    cursors.delete(mark);
  }
  if (!isRobotAsked) setRobot(![...here.keys()].some(isRobot));
  const others = members.length - 1;
  document.getElementById("others").textContent =
    others === 0 ? "Nobody else is here." : `${others} ${others === 1 ? "other is" : "others are"} here.`;
});
// Where the others are is not known without a line.
wire.addEventListener("statechange", ({ state }) => area.classList.toggle("stale", state.name !== "open"));

area.addEventListener("pointermove", (event) => {
  const box = area.getBoundingClientRect();
  move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
});
area.addEventListener("click", (event) => {
  // Enter on a focused area is a click without a place.
  if (event.detail > 0) leaveMark();
});
area.addEventListener("keydown", (event) => {
  const steps = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  const step = steps[event.key];
  if (step) move(own.x + step[0], own.y + step[1]);
  else if (event.key === "Enter" || event.key === " ") leaveMark();
  else return;
  event.preventDefault();
  place(who, `${name} (you)`, own.x, own.y);
});

function move(x, y) {
  own.x = Math.min(1, Math.max(0, x));
  own.y = Math.min(1, Math.max(0, y));
  if (own.isMoved) return;
  // The pointer may move many times a frame.
  own.isMoved = true;
  requestAnimationFrame(() => {
    own.isMoved = false;
    const options = newestOnly.checked ? { key: "cursor", ttl: TTL, lane: "low" } : { lane: "low" };
    tally.send({ type: "cursor", who, name, ...rounded(own) }, options);
  });
}

function leaveMark() {
  tally.send({ type: "mark", who, ...rounded(own) });
  mark(who, own.x, own.y);
}

function rounded({ x, y }) {
  return { x: Math.round(x * 10_000) / 10_000, y: Math.round(y * 10_000) / 10_000 };
}

function isPlace(...numbers) {
  return numbers.every((number) => number >= 0 && number <= 1);
}

function place(mark, name, x, y) {
  let cursor = cursors.get(mark);
  if (!cursor) {
    cursor = document.getElementById("cursor").content.firstElementChild.cloneNode(true);
    cursor.style.setProperty("--hue", hue(String(mark)));
    cursor.dataset.who = mark;
    cursors.set(mark, cursor);
    area.append(cursor);
  }
  cursor.querySelector("span").textContent = String(name).slice(0, 26);
  cursor.style.left = `${x * 100}%`;
  cursor.style.top = `${y * 100}%`;
  // The name must not stand outside the area.
  cursor.classList.toggle("at-right", x > 0.8);
}

function mark(mark, x, y) {
  const dot = document.createElement("i");
  dot.className = "mark";
  dot.style.setProperty("--hue", hue(String(mark)));
  dot.style.left = `${x * 100}%`;
  dot.style.top = `${y * 100}%`;
  dot.textContent = ++marks;
  area.append(dot);
  const all = area.querySelectorAll(".mark");
  if (all.length > MARKS_SHOWN) all[0].remove();
}

/** Somebody who is always here, on a wire of its own in this page. */
const invite = document.getElementById("robot");
let robot;
invite.addEventListener("click", () => setRobot(robot === undefined));

function setRobot(isWanted) {
  isRobotAsked = true;
  robot?.close();
  robot = isWanted ? openMember(room, () => ({ relay: "", name: memberName("Robot", ROBOT) })) : undefined;
  invite.textContent = isWanted ? "Dismiss robot" : "Invite robot";
}

onTick((now) => {
  if (!robot) return;
  const turn = now / 1_900;
  const place = { x: 0.5 + 0.36 * Math.sin(turn), y: 0.5 + 0.32 * Math.sin(2 * turn) };
  robot.send(
    { type: "cursor", who: ROBOT, name: "Robot", ...rounded(place) },
    { key: "cursor", ttl: TTL, lane: "low" },
  );
});
