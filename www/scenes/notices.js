// Notices that the server pushes: counted while nobody looks, caught up on after a cut, and never shown twice.
import { openScene } from "./scene.js";

const RECALLED = 100;
const SHOWN = 60;

const NEWS = [
  ["Build finished", "All checks are green."],
  ["Parcel on its way", "It arrives between 10 and 12."],
  ["Ada commented", "“Shall we ship it on Friday?”"],
  ["Backup done", "41 GB in 12 minutes."],
  ["Train delayed", "Platform 4, about five minutes."],
  ["New device", "Somebody signed in from Zürich."],
];

const { wire, control } = openScene("notices", { query: () => ({ recall: RECALLED }) });

const list = document.getElementById("notices");
const badge = document.getElementById("unread");
const title = document.title;
const known = new Set();
const unread = new Set();
/** Until the list of members has come, what arrives is recalled. */
let isCaughtUp = false;
let caughtUp = 0;

wire.on("members", () => (isCaughtUp = true));
wire.addEventListener("close", () => (isCaughtUp = false));
wire.on("notice", (notice) => {
  const { id, title, text } = notice;
  if (![id, title, text].every((part) => typeof part === "string") || known.has(id)) return;
  known.add(id);
  unread.add(id);
  if (!isCaughtUp) document.getElementById("caught-up").textContent = ++caughtUp;
  add(notice);
  count();
  if (document.hidden && isCaughtUp) notify(notice);
});

function add({ id, title, text, at }) {
  const row = document.createElement("li");
  const words = document.createElement("p");
  const heading = document.createElement("b");
  const when = document.createElement("p");
  row.dataset.id = id;
  row.className = "unread";
  heading.textContent = title.slice(0, 100);
  words.append(heading, " ", text.slice(0, 300));
  when.className = "fate";
  when.append(
    `${isCaughtUp ? "" : "caught up, "}${new Date(at).toLocaleTimeString([], { timeStyle: "medium" })} `,
  );
  const read = document.createElement("button");
  read.type = "button";
  read.textContent = "Read";
  read.setAttribute("aria-label", `Mark as read: ${heading.textContent}`);
  read.addEventListener("click", () => {
    list.focus();
    markRead(row);
  });
  when.append(read);
  row.append(words, when);
  list.prepend(row);
  while (list.childElementCount > SHOWN) list.lastElementChild.remove();
}

function markRead(row) {
  unread.delete(row.dataset.id);
  row.className = "read";
  row.querySelector("button")?.remove();
  count();
}

function count() {
  badge.textContent = unread.size;
  badge.classList.toggle("some", unread.size > 0);
  document.title = unread.size > 0 ? `(${unread.size}) ${title}` : title;
}

document.getElementById("read-all").addEventListener("click", () => {
  for (const row of list.querySelectorAll(".unread")) markRead(row);
  // Those that the list no longer holds are read with the rest.
  unread.clear();
  count();
});

// The server says it, as a program behind it would: to whoever is there when the time comes.
const answer = document.getElementById("fault-answer");
let pushed = Math.floor(Math.random() * NEWS.length);
const push = (after = 0) => {
  const [title, text] = NEWS[pushed++ % NEWS.length];
  const notice = { type: "notice", id: crypto.randomUUID(), title, text, at: Date.now() + after };
  return control.room(`say?after=${after}&text=${encodeURIComponent(JSON.stringify(notice))}`);
};
on("push", async () => push());
on("push-later", async () => {
  for (const after of [5_000, 7_000, 9_000]) await push(after);
  answer.textContent = "Three will come, 5, 7 and 9 s from now. Switch to another tab meanwhile.";
});
on("push-away", async () => {
  await control.room("refuse?ms=3000");
  await control.mine("kill");
  await push();
  await push();
  answer.textContent = "Your line is cut, and two were pushed to nobody. They are recalled when it is back.";
});

function on(id, act) {
  document.getElementById(id).addEventListener("click", () =>
    act().catch((error) => {
      answer.textContent = error.message;
    }),
  );
}

// Desktop notices: asked for by a click alone, shown only while the page is hidden.
const allow = document.getElementById("allow");
const allowed = document.getElementById("allowed");
allow.addEventListener("click", async () => {
  await globalThis.Notification?.requestPermission();
  showPermission();
});
showPermission();

function showPermission() {
  const permission = globalThis.Notification?.permission ?? "missing";
  allow.hidden = permission !== "default";
  allowed.textContent = {
    default: "Off: this page asks only if you press the button.",
    granted: "On: shown by your system while this tab is hidden.",
    denied: "Your browser does not allow them here.",
    missing: "This browser has none.",
  }[permission];
}

function notify({ id, title, text }) {
  if (globalThis.Notification?.permission !== "granted") return;
  try {
    new Notification(title, { body: text, tag: id });
  } catch {
    // Some phones allow them to service workers only.
  }
}
