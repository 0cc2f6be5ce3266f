// Chat between tabs: what this page writes waits while there is no line, and what the room said meanwhile is recalled.
import { openMember } from "../connection.js";
import { FollowingList } from "../following.js";
import { duration } from "../format.js";
import { openScene } from "./scene.js";
import { isRobot, memberName, namesByMark, renameVisitor, ROBOT, visitorsName, who } from "./visitor.js";

const SHOWN = 300;
/** The server keeps so many texts for those who come later. */
const RECALLED = 100;
const ANSWERS_AFTER = 700;

const { wire, room, tally } = openScene("chat", {
  query: () => ({ relay: "all", recall: RECALLED, name: memberName(visitorsName()) }),
});

/** What is shown, by the message's own mark: the room may repeat what is here already. */
const lines = new Map();
const list = document.getElementById("messages");
const following = new FollowingList(list, SHOWN);

wire.on("chat", (message) => hear(message));
wire.on("members", ({ members }) => {
  showPeople(namesByMark(members));
  settleDoubts();
});
wire.addEventListener("close", () => {
  for (const line of lines.values()) if (line.fate === "handed-over") become(line, "unknown");
});

document.getElementById("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = document.getElementById("text");
  const text = input.value.trim();
  if (!text) return;
  input.value = "";
  say({ type: "chat", id: crypto.randomUUID(), who, name: visitorsName(), text, at: Date.now() });
});

function say(message) {
  const line = lines.get(message.id) ?? add(message, true);
  line.receipt = tally.send(message);
  line.leftAt = performance.now();
  become(line, "queued");
  if (line.receipt.result) return settled(line, line.receipt.result);
  void line.receipt.settled.then((result) => settled(line, result));
}

function settled(line, { outcome, reason }) {
  // The room was quicker than the receipt.
  if (line.fate === "there") return;
  line.leftAt = performance.now();
  line.reason = reason;
  become(line, outcome === "not-sent" ? "not-sent" : "handed-over");
}

/** From the room, live or recalled; what this page wrote comes back too, and proves that it arrived. */
function hear(message) {
  if (typeof message.id !== "string" || typeof message.text !== "string") return;
  const line = lines.get(message.id);
  if (!line) return void add(message, message.who === who);
  if (!line.isMine || line.fate === "there") return;
  line.isLate = line.fate === "unknown" || line.fate === "lost";
  line.roundTrip = performance.now() - line.leftAt;
  become(line, "there");
}

/** All that the room remembers has come: what is not among it was lost with the line. */
function settleDoubts() {
  for (const line of lines.values()) if (line.fate === "unknown") become(line, "lost");
}

function add(message, isMine) {
  const row = document.createElement("li");
  const text = document.createElement("p");
  const name = document.createElement("b");
  const fate = document.createElement("p");
  row.className = isMine ? "mine" : "theirs";
  fate.className = "fate";
  name.textContent = String(message.name ?? "?").slice(0, 20);
  text.append(name, " ", message.text.slice(0, 1_000));
  row.append(text, fate);
  const line = { message, isMine, row, fateText: fate, fate: "there" };
  lines.set(message.id, line);
  if (lines.size > SHOWN) lines.delete(lines.keys().next().value);
  become(line, "there");
  following.append(row);
  return line;
}

function become(line, fate) {
  line.fate = fate;
  line.row.dataset.fate = fate;
  const { words, act } = tell(line);
  const hadFocus = line.fateText.contains(document.activeElement);
  line.fateText.replaceChildren(words);
  if (act) line.fateText.append(act);
  // Whoever pressed a button that is gone goes on from the list.
  if (hadFocus) list.focus();
}

function tell(line) {
  switch (line.fate) {
    case "queued":
      return { words: "waits", act: button("Take back", () => line.receipt.withdraw()) };
    case "handed-over":
      return { words: "✓ handed over" };
    case "unknown":
      return { words: "✓ then the line died: arrived?" };
    case "lost":
      return { words: "not in the room: lost with the line", act: again(line) };
    case "not-sent":
      return { words: `given back: ${line.reason}`, act: again(line) };
    default:
      if (!line.isMine) return { words: time(line.message.at) };
      if (line.roundTrip === undefined) return { words: "✓✓ in the room" };
      return {
        words: line.isLate ? "✓✓ it had arrived" : `✓✓ in the room, ${duration(line.roundTrip)}`,
      };
  }
}

/** The same message with the same mark: who has it already does not show it twice. */
function again(line) {
  return button("Send again", () => say(line.message));
}

function button(label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = label;
  made.addEventListener("click", act);
  return made;
}

function time(at) {
  return typeof at === "number"
    ? new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : "";
}

function showPeople(names) {
  const people = [...names].map(([mark, name]) => {
    const person = document.createElement("li");
    person.textContent = mark === who ? `${name} (you)` : name;
    return person;
  });
  document.getElementById("people").replaceChildren(...people);
}

// The name goes with the address, so a new one needs a new connection.
const name = document.getElementById("name");
name.value = visitorsName();
name.addEventListener("change", () => {
  if (!name.value.trim()) return void (name.value = visitorsName());
  renameVisitor(name.value.trim());
  wire.reconnect();
});

const invite = document.getElementById("robot");
let robot;
invite.addEventListener("click", () => {
  const isHere = robot !== undefined;
  if (isHere) robot.close();
  robot = isHere ? undefined : openRobot();
  invite.textContent = isHere ? "Invite robot" : "Dismiss robot";
});

/** Somebody to talk to, on a wire of its own in this page. */
function openRobot() {
  const wire = openMember(room, () => ({ relay: "", name: memberName("Robot", ROBOT) }));
  wire.on("chat", ({ text, who }) => {
    if (isRobot(String(who))) return;
    const words = String(text).slice(0, 200);
    const answer = words.endsWith("?") ? "I wonder." : `You said: ${words}`;
    const message = { type: "chat", id: crypto.randomUUID(), who: ROBOT, name: "Robot", text: answer };
    setTimeout(() => wire.send({ ...message, at: Date.now() }), ANSWERS_AFTER);
  });
  return wire;
}
