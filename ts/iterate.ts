import * as core from "./core.ts";
import { WireError } from "./errors.ts";
import type { WireOptions } from "./options.ts";
import { waits } from "./waits.ts";
import type { Wire } from "./wire.ts";

/** The messages of a wire that the loop has not taken yet; the core bounds them. */
export async function* iterate<In>(
  wire: Wire<In, any, any, any>,
  link: { ask(what: number, a?: number, b?: number): number | undefined },
  signal: AbortSignal | undefined,
  { maxMessages = 1_000, maxBytes = 1_048_576 }: NonNullable<WireOptions["inbox"]> = {},
): AsyncGenerator<In, void, undefined> {
  const inbox = link.ask(core.OPEN_INBOX, maxMessages, maxBytes);
  const held: [message: In, size: number][] = [];
  const over = new AbortController();
  let wake = () => {};
  wire.addEventListener(
    "message",
    (event) => {
      const { raw } = event as unknown as { raw: { length?: number; byteLength: number } };
      const size = raw.length ?? raw.byteLength;
      if (link.ask(core.PUSH, inbox, size)) held.push([event.data, size]);
      wake();
    },
    over,
  );
  wire.addEventListener("close", () => wake(), over);
  try {
    for (;;) {
      const next = held.shift();
      const overflowed = link.ask(core.TAKE, inbox, next?.[1]);
      const { state } = wire;
      if (next) yield next[0];
      else if (overflowed) throw new WireError("InboundOverflow");
      else if (state.name !== "closed") await waits<void>(signal, (resolve) => (wake = resolve));
      else if (state.reason === "ClosedByApplication") return;
      else throw new WireError(state.reason, { close: state.close });
    }
  } finally {
    over.abort();
    link.ask(core.CLOSE_INBOX, inbox);
  }
}
