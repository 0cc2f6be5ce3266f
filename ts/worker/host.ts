/** The worker's half: for each of the page's wires a core and a socket, whose application is in the page. */
import { moment, slept } from "#face";
import * as core from "../core.ts";
import type { WireError } from "../errors.ts";
import { Link, type Sending } from "../link.ts";
import type { WebSocketClass } from "../options.ts";
import { type Args, EVERWIRE, type Name, sizeOf, type ToPage, type ToWorker, WHOLE } from "./talk.ts";

/** What may be on its way to a page that does not take it. */
const [MOST_MESSAGES, MOST_SIZE] = [16_384, 16_777_216] as const;
// Reasons why a message is not sent; past them nobody knows.
const [OVER, THREW, DOUBT] = [6, 7, 8] as const;
/** Of what the core tells or asks, that which concerns the application. Up to 15 they are states. */
const FOR_THE_PAGE: readonly number[] = [
  core.OPENED,
  core.CLOSED,
  core.FAILED,
  core.PONG,
  core.DRAINED,
  core.RESOLVE,
  core.GREET,
  core.PING,
  core.DECIDE,
  core.ABORT,
  core.RELEASE,
];

/** Of these, what concerns the worker too. */
const BOTH: readonly number[] = [core.RESOLVE, core.ABORT, core.CLOSED, core.RELEASE];
const WAITING = 5;

export const tell = <N extends Name<ToPage>>(wire: number, name: N, ...args: Args<ToPage, N>): void => {
  // A worker's own `postMessage`, which the types for pages do not know.
  const { postMessage } = globalThis as unknown as Pick<Worker, "postMessage">;
  const transfer = name === "message" && args[0] instanceof ArrayBuffer ? [args[0]] : [];
  postMessage([EVERWIRE, wire, name, ...args], transfer);
};

/** Also of what cannot be cloned. */
const tellOf = (wire: number, name: "thrown" | "lost", ...args: [...unknown[], unknown]): void => {
  const say = tell as (wire: number, name: string, ...args: unknown[]) => void;
  try {
    say(wire, name, ...args);
  } catch {
    say(wire, name, ...args.slice(0, -1), new Error(String(args.at(-1))));
  }
};

interface Target {
  readonly url: string;
  readonly protocols: string[];
}

/** One wire of the page. */
class Host extends Link<unknown, never> {
  readonly #wire: number;
  /** If it is always the same, once the page has given it. */
  #ping: unknown;
  /** The link of the socket there is. */
  #link = 0;
  /** Where to connect, as the page will say. */
  #target: Promise<Target> | undefined;
  #answer: ((ticket: number, target: Target | undefined) => void) | undefined;
  /** Requests to connect. */
  #connects = 0;
  /** What waits by the page's number: the core's, and the key under which the next can take its place. */
  readonly #held = new Map<number, { readonly id: number; readonly key: string }>();
  /** Passed on, and not taken yet. */
  readonly #ahead = { messages: 0, size: 0 };
  /** It has hung up because the page was too slow. */
  #behind = false;

  constructor(wire: number, ...[numbers, flags]: Args<ToWorker, "open">) {
    super(
      new EventTarget(),
      (_, raw) => this.#deliver(raw),
      async () => (await this.#ask()).url,
      { codec: "raw", protocols: async () => (await this.#ask()).protocols },
      { numbers: numbers as number[], flags },
    );
    this.#wire = wire;
  }

  // What the page asks for.

  command(what: number, a: number, b: number, c: number, text?: string): void {
    if (what === core.CONNECT || what === core.RECONNECT) {
      this.#connects += 1;
      this.root();
    }
    if ([core.RECONNECT, core.SUSPEND, core.CLOSE].includes(what)) this.#behind = false;
    if (what === core.CLOSE) return this.close(a, text ?? "");
    this.ask(what, what === core.WITHDRAW ? (this.#held.get(a)?.id ?? -1) : a, b, c);
  }

  target(ticket: number, url?: string, protocols: string[] = []): void {
    this.#answer?.(ticket, url === undefined ? undefined : { url, protocols });
  }

  send(...[message, data, length, lane, ttl, replaced]: Args<ToWorker, "send">): void {
    let busy = true;
    const settle = (reason: number): void => {
      this.#held.delete(message);
      sending.leave?.();
      // If it trapped just now, nobody knows how far this one came.
      tell(this.#wire, "settled", message, busy && !this.core && reason === OVER ? DOUBT : reason);
    };
    const sending: Sending = { data, leave: undefined, settle };
    if (!this.core) return tell(this.#wire, "settled", message, OVER);
    const passed = this.pass(data as string, length);
    if (passed) return settle(passed === core.THREW ? THREW : 0);
    const key = this.#held.get(replaced)?.key ?? String(message);
    const id = this.queue(sending, length, lane, ttl, key);
    busy = false;
    if (id >= 0) this.#held.set(message, { id, key });
  }

  past(link: number, data: unknown, always?: boolean): void {
    const { socket } = this;
    if (always) this.#ping = data;
    try {
      if (link === this.#link && socket?.readyState === 1) return socket.send(data as string);
    } catch {}
    // In the page it seemed to have left. If it was a ping, this says nothing.
    this.ask(core.GREETED, link, 0);
  }

  found(link: number, kind: number): void {
    // It was delivered as a message; what it means to the core comes after.
    if (this.core?.arrived(this.id, link, kind, 0) === core.NOW) this.ask(core.DELIVERED);
  }

  taken(messages: number, size: number): void {
    const ahead = this.#ahead;
    ahead.messages -= messages;
    ahead.size -= size;
    if (!this.#behind || ahead.messages > MOST_MESSAGES / 2 || ahead.size > MOST_SIZE / 2) return;
    this.#behind = false;
    this.ask(core.RECONNECT);
  }

  sample(): void {
    const { protocol = "", extensions = "", bufferedAmount = 0 } = this.socket ?? {};
    const [started, opened] = [core.STARTED, core.LAST_OPENED].map((time) => this.ask(core.READ, time) ?? 0);
    tell(this.#wire, "socket", protocol, extensions, bufferedAmount, started!, opened!);
  }

  forget(): void {
    this.ask(core.FORGET);
  }

  /** After all wires, which say what they have not sent. It may be called before there is anything of this class. */
  override lost(error: WireError, loud: boolean): void {
    super.lost(error, loud);
    void Promise.resolve().then(() => tellOf(WHOLE, "lost", error.code, error.cause));
  }

  // What the core calls.

  override get socketClass(): WebSocketClass {
    const thrown = (error: unknown) => tellOf(this.#wire, "thrown", error);
    return class {
      constructor(url: string, protocols: string[] = []) {
        try {
          return new WebSocket(url, protocols);
        } catch (error) {
          thrown(error);
          throw error;
        }
      }
    };
  }

  override hear(...heard: Parameters<Link<unknown, never>["hear"]>): number | undefined {
    const [what, a, , c, , , , reason] = heard;
    const told = [...heard] as typeof heard;
    switch (what) {
      case core.DIAL:
        this.#link = a;
        break;
      case core.HANG_UP:
        tell(this.#wire, "hear", core.ABORT, 0, 0, 0, 0, 0, 0, 0);
        break;
      case core.LISTEN:
        // What happens to a page, only the page hears; it says so from now on.
        tell(this.#wire, "hear", ...told);
        return moment();
      case core.RESOLVE:
        this.sample();
        this.#await(a);
        break;
      case core.OPENED:
        this.sample();
        break;
      case core.PING:
        if (this.#ping !== undefined) this.past(a, this.#ping);
        break;
      case core.CLOSED:
        told[3] = this.#connects;
        break;
      case WAITING:
        told[3] = c - slept();
    }
    if (what >= core.OPENED && !FOR_THE_PAGE.includes(what)) return super.hear(...heard);
    told[7] = this.texts[reason as number] ?? "";
    tell(this.#wire, "hear", ...told);
    // A decision comes later; and what else is to be done here, is done.
    return BOTH.includes(what) ? super.hear(...heard) : NaN;
  }

  #await(question: number): void {
    this.#target = new Promise((answer, fail) => {
      this.#answer = (ticket, target) => {
        if (ticket !== question) return;
        if (target) answer(target);
        else fail(new Error("The page has no target."));
      };
    });
    // It is asked for twice, and what fails is told by whoever asked.
    this.#target.catch(() => {});
  }

  #ask(): Promise<Target> {
    return this.#target ?? Promise.reject(new Error("Nobody asked."));
  }

  #deliver(raw: string | ArrayBuffer): void {
    const ahead = this.#ahead;
    if (this.#behind) return;
    if (ahead.messages > MOST_MESSAGES || ahead.size > MOST_SIZE) {
      this.#behind = true;
      tell(this.#wire, "behind");
      // Not a gap in what comes over one connection, but another connection.
      return void this.ask(core.SUSPEND);
    }
    ahead.messages += 1;
    ahead.size += sizeOf(raw);
    tell(this.#wire, "message", raw, this.#link);
  }
}

/** The wires of a page. */
export class Hosts {
  readonly #hosts = new Map<number, Host>();
  /** What came before the page could know when this worker ends: nothing is done of which nobody would hear the end. */
  #early: Parameters<Hosts["hear"]>[] | undefined = [];

  /** The page will know. */
  serve(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const heard of early) this.hear(...heard);
  }

  hear(wire: number, name: Name<ToWorker>, args: unknown[]): void {
    if (this.#early) return void this.#early.push([wire, name, args]);
    if (name === "open") {
      this.#hosts.set(wire, new Host(wire, ...(args as Args<ToWorker, "open">)));
      return;
    }
    const host = this.#hosts.get(wire);
    (host?.[name] as ((...args: unknown[]) => void) | undefined)?.apply(host, args);
    if (name === "forget") this.#hosts.delete(wire);
  }
}
