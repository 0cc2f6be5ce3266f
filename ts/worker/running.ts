// The one worker of a page: started at first use, replaced when it has stopped, ended when no wire needs it.
import { everyone, type Hears } from "#face";
import { inBrowser } from "../answers.ts";
import { WireError, type WireErrorCode } from "../errors.ts";
import { type Args, EVERWIRE, isOurs, type Name, type ToPage, type ToWorker, WHOLE } from "./talk.ts";

/** A wire, as the worker's messages reach it. */
export interface Member {
  heard(name: Name<ToPage>, args: unknown[]): void;
  /** The worker has stopped; `began` if it may have done anything. */
  lost(began: boolean): void;
}

interface Running {
  readonly worker: Worker;
  readonly members: Map<number, Member>;
  /** What to add to times of its clock; undefined until it has said so. */
  offset: number | undefined;
  /** It has said that it does what it is told. */
  serves: boolean;
  /** Wires that still wait for that. */
  waits: number;
}

const UNAVAILABLE =
  "The worker could not be started; see cause. Serve worker-host.js as JavaScript from the page's own origin, allow it " +
  "by worker-src if the page has a Content-Security-Policy, or pass a worker to init().";
const SILENT = "It had not begun when reconnect.connectTimeout was over.";
const GONE =
  "The worker has stopped, and the connection with it; what it had not answered is in doubt. reconnect() starts another.";
const NO_WORKERS = "No worker can be started from here: import everwire in place of everwire/worker.";

let make = (): Worker =>
  new Worker(new URL("./worker-host.js", import.meta.url), { type: "module", name: "everwire" });
let running: Running | undefined;
/** Wires in use. They are not collected. */
export const used = new Set<object>();

/** Says where the worker comes from. */
export const supply = (worker: () => Worker): void => {
  make = worker;
};

/** Deno and Bun have workers, and render pages. */
export const hasWorkers = (): boolean => inBrowser() && typeof Worker === "function";

/** Makes sure that there is a worker, where there can be one. */
export const begin = (): void => {
  if (running) return;
  if (!hasWorkers()) {
    // On a server that renders the page, a wire stays idle.
    if (!("WorkerGlobalScope" in globalThis)) return;
    throw new WireError("WorkerUnavailable", { text: NO_WORKERS });
  }
  let worker: Worker;
  try {
    worker = make();
  } catch (cause) {
    throw new WireError("WorkerUnavailable", { text: UNAVAILABLE, cause });
  }
  const begun: Running = { worker, members: new Map(), offset: undefined, serves: false, waits: 0 };
  running = begun;
  worker.addEventListener("message", ({ data }) => {
    if (isOurs(data) && begun === running) hear(begun, data);
  });
  // Once it runs, an error is what somebody threw in it and did not catch, and it goes on.
  worker.addEventListener("error", (event) => {
    if (begun.offset !== undefined) return;
    const cause = new Error(event.message || "The script could not be loaded.");
    lost(begun, new WireError("WorkerUnavailable", { text: UNAVAILABLE, cause }), false);
  });
};

/** A wire that waits for the worker to begin for so many milliseconds. False where there are no workers. */
export const join = (wire: number, member: Member, patience: number): boolean => {
  try {
    begin();
  } catch (error) {
    tellAll(error as WireError);
  }
  if (!running) return false;
  running.members.set(wire, member);
  if (!running.serves) limit(running, patience / 2);
  return true;
};

/**
 * Nobody tells a page that a worker was ended before it had its lock: it is given up when the most patient wire has waited
 * in vain. Nothing has left then, since the worker first asks where to.
 */
const limit = (from: Running, half: number): void => {
  const over = (): void => {
    from.waits -= 1;
    if (from.waits || from.serves) return;
    const cause = new Error(SILENT);
    lost(from, new WireError("WorkerUnavailable", { text: UNAVAILABLE, cause }), false);
  };
  from.waits += 1;
  // In two parts, since a page that was busy all the time has yet to hear what it was told.
  setTimeout(() => setTimeout(over, half), half);
};

/** This wire is over. With the last one the worker is. */
export const leave = (wire: number): void => {
  post(wire, "forget");
  running?.members.delete(wire);
  if (running?.members.size !== 0) return;
  running.worker.terminate();
  running = undefined;
};

export const post = <N extends Name<ToWorker>>(wire: number, name: N, ...args: Args<ToWorker, N>): void => {
  // The buffer of a message that is sent is a copy of its own.
  const transfer = name === "send" && args[1] instanceof ArrayBuffer ? [args[1]] : [];
  running?.worker.postMessage([EVERWIRE, wire, name, ...args], transfer);
};

/** A time of the worker's clock on the page's. */
export const onOurClock = (time: number): number => time + (running?.offset ?? 0);

const hear = (from: Running, [, wire, name, ...args]: [string, number, string, ...unknown[]]): void => {
  if (wire !== WHOLE) from.members.get(wire)?.heard(name as Name<ToPage>, args);
  else if (name === "hello") from.offset = (args[0] as number) - performance.timeOrigin;
  else if (name === "lost") {
    const [code, cause] = args as [WireErrorCode, unknown];
    lost(from, new WireError(code, { cause }), code === "WasmTrap");
  } else {
    from.serves = true;
    // Nobody tells a page that its worker has ended; but then its locks are free.
    const gone = () => lost(from, new WireError("WorkerLost", { text: GONE }), true);
    if (args[0]) void navigator.locks.request(args[0] as string, gone);
  }
};

const lost = (from: Running, error: WireError, began: boolean): void => {
  if (from !== running) return;
  running = undefined;
  from.worker.terminate();
  for (const member of from.members.values()) member.lost(began);
  tellAll(error);
};

const tellAll = (error: WireError): void => {
  // Those without a core know already.
  const wires = (everyone() as (Hears & { core?: unknown })[]).filter(({ core }) => core);
  for (const wire of wires) wire.lost(error, used.has(wire));
  used.clear();
};
