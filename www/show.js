// The short story: the line is cut, five messages are written, it comes back, they leave in order.

const WRITTEN = 5;
const BETWEEN = 350;

export function connectShow(wire, traffic, control) {
  const button = document.getElementById("show");
  const caption = document.getElementById("show-caption");
  button.addEventListener("click", async () => {
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    try {
      await play(wire, traffic, control, (words) => (caption.textContent = words));
    } catch {
      caption.textContent = "The wire was closed meanwhile. Reconnect, then look again.";
    }
    button.ariaDisabled = "false";
  });
}

async function play(wire, traffic, control, tell) {
  if (wire.state.name === "closed" || wire.state.name === "suspended") wire.reconnect();
  await wire.ready();
  const mend = await cut(wire, control);
  tell("1 of 3. The line is cut, and every new dial is refused.");
  await left(wire, "open");
  for (let i = 1; i <= WRITTEN; i++) {
    traffic.send(`Written while offline, ${i} of ${WRITTEN}`);
    await pause(BETWEEN);
  }
  tell("2 of 3. Five messages were written meanwhile. They wait in the queue.");
  await pause(3 * BETWEEN);
  await mend();
  await wire.ready();
  await wire.drained();
  tell("3 of 3. Back by itself, and all five have left in order. See their receipts.");
}

/** Cuts the line, from the server's side if it takes orders. Returns what mends it. */
async function cut(wire, control) {
  try {
    await control.room("refuse?ms=10000");
    await control.room("kill");
    return () => control.room("refuse?ms=0");
  } catch {
    wire.suspend();
    return () => wire.reconnect();
  }
}

function left(wire, name) {
  if (wire.state.name !== name) return undefined;
  return new Promise((resolve) => {
    const over = new AbortController();
    const listener = ({ state }) => {
      if (state.name === name) return;
      over.abort();
      resolve();
    };
    wire.addEventListener("statechange", listener, { signal: over.signal });
  });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
