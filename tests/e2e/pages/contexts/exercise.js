// All that a wire does, in whatever context this runs.
import { messages, next, same } from "../check.js";
import { openRoom } from "../room.js";

export async function exercise(Wire) {
  const room = await openRoom();
  const wire = new Wire(room.url("words"), {
    codec: "raw",
    reconnect: { delay: () => 0 },
    heartbeat: { interval: 20, timeout: 5_000, ping: "ping", isPong: (message) => message === "pong" },
  });
  await wire.ready();
  const echoed = messages(wire, 2);
  wire.send("text");
  wire.send(new Uint8Array([1, 2, 255]));
  same(await echoed, ["text", new Uint8Array([1, 2, 255])]);
  await next(wire, "pong");
  const again = next(wire, "open");
  await room.control("kill");
  await again;
  const back = messages(wire, 1);
  same((await wire.send("back").settled).outcome, "handed-over");
  same(await back, ["back"]);
  wire.close(4000, "done");
  const { cause, code, wasClean } = await wire.closed;
  same([cause, code, wasClean], ["ClosedByApplication", 4000, true]);
  const { opened, lastClose } = await room.until("both closes", ({ closed }) => closed === 2);
  same([opened, lastClose.code, lastClose.reason], [2, 4000, "done"]);
}
