// The numbers that src/web/js.rs and this face speak in. Single constants, so that they are inlined.

/** The functions of a wasm instance. A dead one answers nothing. */
export interface Core {
  create(flags: number): number;
  range(index: number, what: number): number;
  pass(wire: number, length: number): number | undefined;
  queue(wire: number, receipt: number, length: number, lane: number, ttl: number, keyed: boolean): number;
  received(wire: number, link: number, kind: number): number | undefined;
  act(wire: number, what: number, a: number, b: number, c: number): number | undefined;
}

// What `act` is told.
export const CONNECT = 0;
export const RECONNECT = 1;
export const SUSPEND = 2;
export const CLEAR = 3;
export const WITHDRAW = 4;
export const WATCH_DRAIN = 5;
export const TARGET = 6;
export const TARGET_FAILED = 7;
export const CLOSE = 8;
export const GREETED = 9;
export const HOLD = 10;
export const DELIVERED = 11;
export const QUEUED = 12;
export const QUEUED_BYTES = 13;
export const RTT = 14;
export const SMOOTHED_RTT = 15;
export const DESCRIBE_STATE = 16;
export const WAITING = 17;
export const OPEN_INBOX = 18;
export const PUSH = 19;
export const TAKE = 20;
export const CLOSE_INBOX = 21;
export const WAKE = 22;
export const SOCKET_OPENED = 23;
export const SOCKET_ERRORED = 24;
export const SOCKET_CLOSED = 25;
export const SOCKET_BUFFERED = 26;
export const ONLINE = 27;
export const FORGET = 28;

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
export const CHARACTER = 51;
export const ITEM = 52;
export const BUFFERED = 53;

// What `pass`, `received` and `queue` answer.
export const TAKEN = 1;
export const THREW = 2;
export const DROP = 0;
export const NOW = 1;
export const TOLD = -100;
