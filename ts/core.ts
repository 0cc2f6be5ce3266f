// The numbers that the core and this face speak in, as in src/web/js/numbers.rs. Single constants, so that they are inlined.

/** The functions of a wasm instance. A dead one answers nothing. */
export interface Core {
  create(flags: number): number;
  range(index: number, what: number): number;
  pass(wire: number, length: number): number | undefined;
  queue(wire: number, receipt: number, length: number, lane: number, ttl: number, replaced: number): number;
  received(wire: number, link: number, kind: number, length: number): number | undefined;
  act(wire: number, what: number, a: number, b: number, c: number): number | undefined;
}

// What `act` is told.
export const CONNECT = 0;
export const RECONNECT = 1;
export const SUSPEND = 2;
export const CLEAR = 3;
export const WITHDRAW = 4;
export const WATCH_DRAIN = 5;
export const HOLD = 6;
export const CLOSE = 7;
export const DECIDED = 8;
export const MOMENT = 9;
export const DELIVERED = 10;
export const WAKE = 11;
export const READ = 12;
export const DESCRIBE_STATE = 16;
export const WAITING = 17;
export const OPEN_INBOX = 18;
export const PUSH = 19;
export const TAKE = 20;
export const CLOSE_INBOX = 21;
export const FORGET = 22;
export const TARGET = 23;
export const TARGET_FAILED = 24;
export const GREETED = 25;
export const SOCKET_OPENED = 26;
export const SOCKET_ERRORED = 27;
export const SOCKET_BUFFERED = 28;
export const SOCKET_CLOSED = 29;

// What `READ` reads: the counts of src/core/stats.rs, and what is known besides.
export const STARTED = 0;
export const LAST_OPENED = 1;
export const ATTEMPTS = 2;
export const OPENS = 3;
export const BYTES_IN = 4;
export const BYTES_OUT = 6;
export const NOT_SENT = 8;
export const QUEUED_BYTES = 32;
export const QUEUED = 33;
export const RTT = 34;
export const SMOOTHED_RTT = 35;

// What `hear` is told or asked, past the numbers of the states.
export const OPENED = 16;
export const CLOSED = 17;
export const FAILED = 18;
export const PONG = 19;
export const DRAINED = 20;
export const RESOLVE = 21;
export const ABORT = 22;
export const DIAL = 23;
export const GREET = 24;
export const PING = 25;
export const HANG_UP = 26;
export const SAMPLE = 27;
export const DECIDE = 28;
export const SETTLED = 29;
export const MESSAGE = 30;
export const OFFER = 31;
export const DESCRIBE = 32;
export const ALARM = 48;
export const LISTEN = 49;
export const RELEASE = 50;
export const ITEM = 51;
export const BUFFERED = 52;

// What an attempt to dial answers that failed, where it matters here.
export const INVALID_URL = 0;
export const CONTENT_BLOCKED = 2;
export const INVALID_PROTOCOLS = 3;

// What `pass`, `received` and `queue` answer.
export const TAKEN = 1;
export const THREW = 2;
export const DROP = 0;
export const NOW = 1;
export const TOLD = -100;
