// What all scenes have: a wire in a room of the scene's own, the line that shows it, and the buttons that break it.
import { Announcer } from "../announcer.js";
import { openMember } from "../connection.js";
import { Control } from "../control.js";
import { connectFaults } from "../faults.js";
import { carryAddress, showWhereWeAre } from "../masthead.js";
import { roomOfThisTab } from "../room.js";
import { brightenSnippets } from "../snippets.js";
import { Stats } from "../stats.js";
import { Status } from "../status.js";
import { Strip } from "../strip.js";
import { connectThreadSwitch } from "../thread.js";
import { Tally } from "./tally.js";

/** Room names have 64 bytes at most, and each scene adds its own. */
const ROOM_LENGTH = 40;
/** Beads on the line follow one another no closer than this. */
const BEAD_EVERY = 90;

/**
 * Opens a scene: `{ wire, room, control, tally, me }`. `query` returns what this page asks of the server, `options` are
 * the wire's; `me.id` is the number of this connection while there is one.
 */
export function openScene(scene, { query = () => ({}), options } = {}) {
  const visitorsRoom = roomOfThisTab().slice(0, ROOM_LENGTH);
  const room = `${visitorsRoom}.${scene}`;
  const wire = openMember(room, query, options);
  const me = { id: undefined };
  wire.on("members", ({ you }) => (me.id = you));
  wire.addEventListener("close", () => (me.id = undefined));

  const control = new Control(room, () => me.id);
  const strip = new Strip(wire, visitorsRoom);
  const tally = new Tally(
    wire,
    paced(() => strip.travel("out")),
  );
  wire.on(paced(() => strip.travel("back")));

  new Status(wire);
  new Announcer(wire);
  connectFaults(control);
  new Stats(wire);
  brightenSnippets();
  showWhereWeAre();
  connectSwitches(wire);
  connectThreadSwitch();
  connectOtherTab(visitorsRoom);
  carryAddress();
  return { wire, room, control, tally, me };
}

function connectSwitches(wire) {
  document.getElementById("suspend")?.addEventListener("click", () => wire.suspend());
  document.getElementById("reconnect")?.addEventListener("click", () => wire.reconnect());
}

/** A second tab joins this room. */
function connectOtherTab(room) {
  for (const link of document.querySelectorAll("[data-other-tab]")) {
    const url = new URL(link.href);
    url.searchParams.set("room", room);
    link.href = url;
  }
}

function paced(act) {
  let last = -Infinity;
  return () => {
    const now = performance.now();
    if (now - last < BEAD_EVERY) return;
    last = now;
    act();
  };
}
