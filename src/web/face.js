// The JavaScript half of js.rs and its folder: passes on what the core calls, and keeps a wire's timer and task.
import { channel } from "./browser.js";

export { attach, buffered, close, detach, give, listen, moment, now, refusal, slept } from "./browser.js";

/** The running instance's wires by number, none of them kept alive. */
let wires;
let ready = [];
/** That of the running instance, where the bytes of a session cross. */
let memory;
const collected = new FinalizationRegistry((forget) => forget());

/** A new instance numbers its wires from the beginning. */
export const begin = () => {
  wires = [];
};

export const share = (exported) => {
  memory = exported;
};

/** So many bytes of what is shared; of use until the next call into the instance. */
export const view = (at, length) => new Uint8Array(memory.buffer, at, length);

/** `forget` is called when the wire has been collected. */
export const adopt = (number, wire, forget) => {
  wires[number] = new WeakRef(wire);
  collected.register(wire, forget);
};

/** The wires that are still there. */
export const everyone = () => wires.flatMap((wire) => wire.deref() ?? []);

/** Lays numbers ready for the core to read in the next call. */
export const lay = (numbers) => {
  ready = numbers;
};

/** Lays a close reason ready: how long it says to wait, in milliseconds, if it does (src/core/close.rs); and itself. */
export const layReason = (reason) => {
  ready = [/retry-after=(\d+)?/.exec(reason)?.[1], reason];
};

/** The close reason that is laid ready. */
export const laidReason = () => ready[1];

/** A close frame's reason is at most 123 bytes of UTF-8 (RFC 6455, section 5.5); cut between characters. */
export const cut = (reason) =>
  reason.slice(0, new TextEncoder().encodeInto(reason, new Uint8Array(123)).read);

export const read = (place) => ready[place];

/** A wire that is gone answers nothing, and has no core that would go on. */
export const call = (wire, what, a, b, c, cause, code, clean, reason) =>
  wires[wire]?.deref()?.hear(what, a, b, c, cause, code, clean, reason);

/** One host timer at a time, and a task that comes later but is not throttled as timers are. */
export const clock = (wake, look) => {
  let timer;
  let port;
  return {
    /** Calls `wake` after so many milliseconds; never, if they are negative. */
    alarm(millis) {
      clearTimeout(timer);
      if (millis >= 0) timer = setTimeout(wake, millis);
    },

    /** Calls `look` in a task of its own. */
    later() {
      (port ??= channel(look)).postMessage(0);
    },

    stop() {
      clearTimeout(timer);
      port?.close();
      port = undefined;
    },
  };
};
