import { Lane } from "./testing/lane.ts";
import { FakeSocket, type FarSide } from "./testing/socket.ts";
import { task } from "./testing/tasks.ts";
import { waits } from "./waits.ts";
import { kept } from "./websocket/webidl.ts";

/** What arrives at a fake server: text, bytes, or a Blob as it was sent. */
export type FakeData = string | ArrayBuffer | Blob;

/** How a connection ended, as an event `close` tells it. */
export interface FakeClose {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** What the server makes of an attempt to connect; a function may look at it and answer by `accept()` or `refuse()`. */
export type FakeAnswer = "accept" | "refuse" | "hang" | ((connection: FakeConnection) => void);

const LOST: FakeClose = { code: 1006, reason: "", wasClean: false };

/** One attempt to connect, and what became of it, as the server sees it. */
export class FakeConnection {
  /** Where to, with its query. */
  readonly url: string;
  /** The subprotocols that were offered. */
  readonly protocols: readonly string[];
  /** Everything that has arrived. */
  readonly messages: FakeData[] = [];
  /** Resolves when it is over, for whichever reason: 1006 without a closing handshake, or if it was never open. */
  readonly closed: Promise<FakeClose>;
  readonly #server: FakeServer;
  readonly #socket: FakeSocket;
  readonly #up = new Lane();
  readonly #down = new Lane();
  readonly #waiting = new Set<{ resolve(data: FakeData): void; reject(error: Error): void }>();
  #state: "dialing" | "open" | "closing" | "closed" = "dialing";
  #answered = false;
  #read = 0;
  /** What to tell a socket when its bytes are taken; undefined while they are. */
  #untaken: (() => void)[] | undefined;
  #told!: () => void;
  #over!: (close: FakeClose) => void;
  #last: FakeClose | undefined;

  /** @internal The handshake has been answered, or is left open. */
  readonly ready = new Promise<void>((resolve) => (this.#told = resolve));

  /** @internal */
  constructor(server: FakeServer, socket: FakeSocket, url: string, protocols: readonly string[]) {
    this.#server = server;
    this.#socket = socket;
    this.url = url;
    this.protocols = protocols;
    this.closed = new Promise((resolve) => (this.#over = resolve));
  }

  /** Where it stands. */
  get state(): "dialing" | "open" | "closing" | "closed" {
    return this.#state;
  }

  /** Answers the handshake: chooses the first subprotocol that was offered, another of them, or `""` for none. */
  accept(protocol: string = this.protocols[0] ?? ""): void {
    if (protocol && !this.protocols.includes(protocol))
      throw new Error(
        `The client did not offer the subprotocol ${protocol}, but: ${this.protocols.join(", ") || "none"}.`,
      );
    this.#answer(() => {
      this.#state = "open";
      this.#socket.open(protocol);
      this.#told();
    });
  }

  /** Answers the handshake as with a 401 or 503: a client sees `error`, and `close` with 1006, and no more. */
  refuse(): void {
    this.#answer(() => this.#finish(LOST, true));
  }

  /**
   * The next message that was not yet asked for, as soon as it is there. Rejects when the connection is over, and with the
   * reason of `signal` when that is aborted.
   */
  message({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<FakeData> {
    return waits(signal, (resolve, until, reject) => {
      if (this.#read < this.messages.length) return resolve(this.messages[this.#read++]!);
      if (this.#last) return reject(nothing(this.#last));
      const waiting = { resolve, reject };
      this.#waiting.add(waiting);
      until.signal.addEventListener("abort", () => this.#waiting.delete(waiting));
    });
  }

  /** `message()`, of JSON. */
  async json<T = any>(options?: { signal?: AbortSignal | undefined }): Promise<T> {
    return JSON.parse(String(await this.message(options)));
  }

  /** Sends text or bytes to the client. */
  send(data: string | ArrayBuffer | ArrayBufferView): void {
    if (this.#state !== "open") throw new Error(`The server cannot send: the connection is ${this.#state}.`);
    const message = kept(data) as string | ArrayBuffer;
    this.#down.put(this.#server.latency, () => this.#socket.arrive(message));
  }

  /** `send()`, as JSON. */
  sendJson(value: unknown): void {
    this.send(JSON.stringify(value));
  }

  /** Ends it by a closing handshake. Without a code the client sees 1005. */
  close(code?: number, reason = ""): void {
    if (
      code !== undefined &&
      !((code >= 1000 && code < 1015 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code < 5000))
    )
      throw new RangeError(`No server can close with ${code}. For 1006 there is drop().`);
    if (this.#state !== "open") throw new Error(`The server cannot close: the connection is ${this.#state}.`);
    this.#state = "closing";
    this.#down.put(this.#server.latency, () =>
      this.#finish({ code: code ?? 1005, reason: code === undefined ? "" : reason, wasClean: true }, false),
    );
  }

  /** The connection breaks, without a closing handshake: the client sees 1006. */
  drop(): void {
    if (this.#state === "closed") return;
    const failed = this.#state === "dialing";
    this.#answered = true;
    this.#cut();
    task(() => this.#finish(LOST, failed));
  }

  /**
   * From now on nothing gets through either way, and nobody is told: a link that only looks alive. What is sent
   * meanwhile arrives after `resume()`.
   */
  silence(): void {
    this.#up.hold();
    this.#down.hold();
  }

  /** The server reads nothing: what the client sends stays in its `bufferedAmount`, until `resume()`. */
  pause(): void {
    this.#up.hold();
    this.#untaken ??= [];
  }

  /** Ends `silence()` and `pause()`. */
  resume(): void {
    for (const taken of this.#untaken ?? []) taken();
    this.#untaken = undefined;
    this.#up.release();
    this.#down.release();
  }

  /** @internal What its socket does. */
  readonly far: FarSide = {
    send: (data, taken) => {
      if (this.#untaken) this.#untaken.push(taken);
      else task(taken);
      this.#up.put(this.#server.latency, () => this.#arrived(data));
    },
    close: (code, reason) => {
      const close = { code: code || 1005, reason, wasClean: true };
      this.#up.put(this.#server.latency, () => {
        if (this.#state === "open") this.#state = "closing";
        this.#down.put(this.#server.latency, () => this.#finish(close, false));
      });
    },
    abandon: () => {
      this.#answered = true;
      this.#end(LOST);
    },
  };

  /** @internal The request has been sent. */
  dial(): void {
    this.#up.put(this.#server.latency, () => {
      this.#server.asked(this);
      if (!this.#answered) this.#told();
    });
  }

  #answer(how: () => void): void {
    if (this.#state === "closed") return;
    if (this.#answered) throw new Error("The handshake has been answered already.");
    this.#answered = true;
    this.#down.put(this.#server.latency, how);
  }

  #arrived(data: FakeData): void {
    this.messages.push(data);
    const [next] = this.#waiting;
    if (next) {
      this.#read++;
      next.resolve(data);
    }
    this.#server.message?.(this, data);
  }

  #cut(): void {
    this.#up.cut();
    this.#down.cut();
  }

  #finish(close: FakeClose, failed: boolean): void {
    this.#end(close);
    this.#socket.end(close, failed);
  }

  #end(close: FakeClose): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#cut();
    this.#last = close;
    this.#told();
    this.#over(close);
    for (const { reject } of this.#waiting) reject(nothing(close));
  }
}

function nothing({ code, reason }: FakeClose): Error {
  return new Error(
    `Nothing more will arrive: the connection is closed (${reason ? `${code}, ${reason}` : code}).`,
  );
}

/** A server in memory: `WebSocket` is the class whose sockets end here. */
export class FakeServer {
  /** To be given to `new Wire(url, { WebSocket })`, or put in place of the global one. Every URL leads here. */
  readonly WebSocket: typeof WebSocket;
  /** Every attempt so far, in order. */
  readonly connections: FakeConnection[] = [];
  /** What is made of an attempt from now on. Default `"accept"`. */
  answer: FakeAnswer = "accept";
  /** Called with every message that arrives, to answer it. */
  message: ((connection: FakeConnection, data: FakeData) => void) | undefined;
  /** How long it takes from one side to the other, in milliseconds by `setTimeout`. Default 0. */
  latency = 0;
  readonly #waiting = new Set<(connection: FakeConnection) => void>();
  #given = 0;
  #offline = false;

  constructor() {
    const dial = (socket: FakeSocket, url: string, protocols: string[]) => {
      const connection = new FakeConnection(this, socket, url, protocols);
      this.connections.push(connection);
      connection.dial();
      const [next] = this.#waiting;
      if (next) {
        this.#given++;
        this.#waiting.delete(next);
        next(connection);
      }
      return connection.far;
    };
    this.WebSocket = class WebSocket extends FakeSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols, dial);
      }
    };
  }

  /**
   * The next attempt that was not yet asked for, refused ones too: as soon as it has been answered, or at once if
   * `answer` leaves it open. Rejects with the reason of `signal` when that is aborted.
   */
  connection({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<FakeConnection> {
    return waits(signal, (resolve, until) => {
      const made = (connection: FakeConnection) => void connection.ready.then(() => resolve(connection));
      if (this.#given < this.connections.length) return made(this.connections[this.#given++]!);
      this.#waiting.add(made);
      until.signal.addEventListener("abort", () => this.#waiting.delete(made));
    });
  }

  /**
   * The client has no network: connections fall silent, and attempts fail. In a page, `navigator.onLine` is false and
   * `offline` is fired.
   */
  offline(): void {
    this.#offline = true;
    for (const connection of this.connections) connection.silence();
    tellPage(false);
  }

  /** The network is back, and what was under way arrives. In a page, `online` is fired. */
  online(): void {
    this.#offline = false;
    for (const connection of this.connections) connection.resume();
    tellPage(true);
  }

  /** @internal A request has arrived. */
  asked(connection: FakeConnection): void {
    if (this.#offline || this.answer === "refuse") connection.refuse();
    else if (this.answer === "accept") connection.accept();
    else if (this.answer !== "hang") this.answer(connection);
  }
}

/** Where there is a page. */
function tellPage(onLine: boolean): void {
  const { navigator } = globalThis;
  if (typeof globalThis.dispatchEvent !== "function" || !navigator) return;
  if (onLine) Reflect.deleteProperty(navigator, "onLine");
  else Object.defineProperty(navigator, "onLine", { value: false, configurable: true });
  globalThis.dispatchEvent(new Event(onLine ? "online" : "offline"));
}
