// The same numbers over two lines to one server: a plain wire and a session, broken alike, and counted on both sides.
import { Announcer } from "../announcer.js";
import { connectFaults } from "../faults.js";
import { count } from "../format.js";
import { carryAddress, showWhereWeAre } from "../masthead.js";
import { roomOfThisTab } from "../room.js";
import { brightenSnippets } from "../snippets.js";
import { Stats } from "../stats.js";
import { Status } from "../status.js";
import { Strip } from "../strip.js";
import { onTick } from "../tick.js";
import { BothLines } from "./both-lines.js";
import { Lane } from "./lane.js";
import { connectAnswer } from "./long-answer.js";
import { Losses } from "./losses.js";
import { Weave } from "./weave.js";
import { Wire } from "/pkg/everwire.js";
import { SessionWire } from "/pkg/session.js";

/** A number leaves over each line this often, in milliseconds. */
const EVERY = 50;
const BURST = 100;
/** What plain mode may send again after so long without an echo. */
const PATIENCE = 1_000;
/** The server is asked this often what it has counted. */
const LOOK_EVERY = 300;
/** The automatic break: so long nothing gets through, then the connections end, then they may work. */
const [HOLE, REST] = [150, 350];
/** What the server sends is this long on its way, as on a real line. */
const DELAY = 80;

const visitor = roomOfThisTab().slice(0, 30);
const visit = Math.random().toString(36).slice(2, 10);
const rooms = { plain: `${visitor}.plain.${visit}`, session: `${visitor}.session.${visit}` };
const options = {
  codec: "text",
  reconnect: { baseDelay: 100, maxDelay: 400, connectTimeout: 2_000, stableAfter: 3_000 },
};
const heartbeat = { interval: 2_000, timeout: 1_500 };

const wires = {
  plain: new Wire(address(rooms.plain, { words: "" }), {
    ...options,
    heartbeat: { ...heartbeat, ping: "ping", isPong: (_, raw) => raw === "pong" },
  }),
  session: new SessionWire(address(rooms.session), { ...options, heartbeat }),
};
const lanes = { plain: new Lane(), session: new Lane() };
const weaves = Object.entries(lanes).map(([which, lane]) => {
  const canvas = document.querySelector(`#${which} canvas`);
  return { which, lane, weave: new Weave(canvas, lane) };
});
const control = new BothLines(rooms.plain, rooms.session);
const answer = document.getElementById("fault-answer");
const strip = new Strip(wires.session, visitor);

// What leaves, and what comes back.

const send = {
  plain: (text) => wires.plain.send(text),
  session: (text) => wires.session.send(text),
};

function writeOne() {
  for (const { which, lane } of weaves) lane.write(send[which]);
  if (lanes.session.written % 2) strip.travel("out");
}

for (const which of ["plain", "session"]) wires[which].on((text) => lanes[which].echo(Number(text)));
wires.session.on((text) => Number(text) % 2 && strip.travel("back"));

let isRunning = true;
const run = document.getElementById("run");
setInterval(() => isRunning && !document.hidden && writeOne(), EVERY);
run.addEventListener("click", () => {
  isRunning = !isRunning;
  run.textContent = isRunning ? "Pause" : "Go on";
});
document.getElementById("burst").addEventListener("click", () => {
  for (let i = 0; i < BURST; i++) writeOne();
});

// What many do where there are no sessions: no echo in time, so send it again.
const resends = document.getElementById("resends");
const resent = new Map();
onTick((now) => {
  const lane = lanes.plain;
  for (let number = Math.max(1, lane.written - 2_000); number <= lane.written; number++) {
    if (!lane.isUnanswered(number)) resent.delete(number);
    else if (!resent.has(number)) resent.set(number, now);
    else if (resends.checked && now - resent.get(number) > PATIENCE) {
      resent.set(number, now);
      wires.plain.send(String(number));
    }
  }
});

// What the server counted.

let textsSeen = 0;
/** What the server's own books say of the sessions: gaps and duplicates. */
const books = { gaps: 0, duplicates: 0 };

async function look() {
  const [plain, session] = await Promise.all(["plain", "session"].map((which) => control.statistics(which)));
  const fresh = plain.messagesIn - textsSeen;
  textsSeen = plain.messagesIn;
  if (fresh > 0) {
    for (const text of plain.received.slice(-fresh)) if (/^\d+$/.test(text)) lanes.plain.arrive(Number(text));
  }
  const each = (session.sessions?.each ?? []).filter(({ counted }) => counted > 0);
  lanes.session.arriveAll(each.map(({ first, last }) => [first, last]));
  for (const name of ["gaps", "duplicates"]) books[name] = each.reduce((sum, its) => sum + its[name], 0);
}

let looking = Promise.resolve();
/** One look after the other. A server that is down has nothing to say. */
const lookNow = () => (looking = looking.then(look).catch(() => {}));
setInterval(() => !document.hidden && lookNow(), LOOK_EVERY);

// What the session says of itself.

const losses = new Losses(wires.session, lanes.session, lookNow);

// What is shown.

function draw() {
  for (const { which, lane, weave } of weaves) {
    const wire = wires[which];
    weave.draw(wire.queued);
    const { there, back, settled, arrived } = lane.count(wire.queued);
    const isSession = which === "session";
    const missing = (there.missing ?? 0) + (isSession ? books.gaps : 0);
    const twice = (there.twice ?? 0) + (isSession ? books.duplicates : 0);
    const told = settled["in-doubt"] ?? 0;
    show(which, {
      written: lane.written,
      waiting: wire.queued,
      left: settled[isSession ? "delivered" : "handed-over"] ?? 0,
      "in-flight": isSession ? wire.inFlight : undefined,
      doubt: isSession ? told : undefined,
      arrived,
      missing,
      twice,
      echoed: (back.there ?? 0) + (back.twice ?? 0),
      "echoes-missing": back.missing ?? 0,
      "echoes-twice": back.twice ?? 0,
    });
    const lost = missing + (back.missing ?? 0);
    verdict(which, lost, twice + (back.twice ?? 0), told);
    document.querySelector(`#${which} .lane-state`).textContent = wire.state.name;
    document.getElementById(which).dataset.state = wire.state.name;
  }
  for (const [name, value] of Object.entries(losses.counts)) put(document.getElementById(name), count(value));
}

function show(which, figures) {
  for (const [name, value] of Object.entries(figures)) {
    const cell = document.querySelector(`[data-row="${name}"] [data-of="${which}"]`);
    put(cell, value === undefined ? "?" : count(value));
    if (cell.dataset.wrong !== undefined) cell.dataset.wrong = String(value > 0);
  }
}

function verdict(which, lost, twice, told) {
  const parts = [];
  if (lost > 0) parts.push(`${count(lost)} lost without a word`);
  if (twice > 0) parts.push(`${count(twice)} came twice`);
  const clean = parts.length === 0;
  const named = told > 0 ? `${count(told)} in doubt, each named; else nothing` : "Nothing";
  const element = document.querySelector(`#${which} .verdict`);
  element.dataset.clean = String(clean);
  put(element, clean ? `${named} lost, nothing twice` : parts.join(", "));
}

function put(element, text) {
  // Assistive technology hears of every assignment, so only of changes.
  if (element.textContent !== text) element.textContent = text;
}

// What breaks it.

const often = document.getElementById("often");
often.addEventListener("change", async () => {
  while (often.checked) {
    try {
      await control.mine(`silence?ms=${10 * HOLE}`);
      await control.mine(`wait?ms=${HOLE}`);
      await control.mine("kill");
      await control.mine(`wait?ms=${REST}`);
    } catch (error) {
      often.checked = false;
      answer.textContent = error.message;
    }
  }
});

const each = (act) => Object.values(wires).forEach(act);
document.getElementById("suspend").addEventListener("click", () => each((wire) => wire.suspend()));
document.getElementById("reconnect").addEventListener("click", () => each((wire) => wire.reconnect()));

connectAnswer(wires.session);
new Status(wires.session);
new Announcer(wires.session);
new Stats(wires.session);
connectFaults(control);
brightenSnippets();
showWhereWeAre();
carryAddress();
onTick(draw);

function address(room, more = {}) {
  const url = new URL("/ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  for (const [name, value] of Object.entries({ room, delay: DELAY, ...more }))
    url.searchParams.set(name, value);
  return url;
}
