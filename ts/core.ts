// The numbers that the core and this face speak in, as in src/web/js/numbers.rs. Single constants, so that they are inlined.

/** The functions of a wasm instance. A dead one answers nothing. */
export interface Core {
  create(flags: number): number;
  range(index: number, what: number): number;
  pass(wire: number, length: number): number | undefined;
  enqueue(
    wire: number,
    receipt: number,
    length: number,
    lane: number,
    ttl: number,
    replaced: number,
    /** Of a request, in a session. */
    timeout?: number,
  ): number;
  arrived(wire: number, link: number, kind: number, length: number): number | undefined;
  act(wire: number, what: number, a: number, b: number, c: number): number | undefined;
  /** Only in a session, as is the next: a frame arrived. */
  frame?(wire: number, link: number, length: number): undefined;
  /** As `act`, with bytes. */
  give?(wire: number, what: number, a: number, b: number, c: number, length: number): number | undefined;
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

// What `act` is told in a session.
export const FLUSH = 30;
export const ACCEPT = 31;
export const CANCEL = 32;
export const TOOK = 33;
export const VACANCY = 34;
export const TAKE_BACK = 35;
export const HOLDS = 36;

// What `give` is told, and last a frame.
export const TOKEN = 64;
export const RENEWED_TOKEN = 65;
export const RESPOND = 66;
export const OPEN = 67;
export const SHUT = 68;
export const PASS = 69;
export const VOLATILE = 70;
export const FRAME = 80;

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
export const IN_FLIGHT = 36;
export const HAS_ROOM = 37;
// Of the class WebSocket.
export const RETRIES = 38;
export const QUEUE_LIMIT = 39;

// What `create` is told besides numbers.
export const DECIDES = 32;
export const LOCAL = 64;

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

// And in a session.
export const FILL = 64;
export const WRITE = 65;
export const SOON = 66;
export const KEEP = 67;
export const LET_GO = 68;
export const ASKED = 69;
export const WELCOMED = 70;
export const LOST = 71;
export const UNANSWERED = 72;
export const TOKEN_WANTED = 73;
// A record, by its type.
export const HEARD_MESSAGES = 74;
export const HEARD_VOLATILE = 75;
export const HEARD_REQUEST = 76;
export const HEARD_RESPONSE = 77;
export const HEARD_CANCEL = 78;
export const HEARD_OPEN = 79;
export const HEARD_SHUT = 80;
export const ALL_DELIVERED = 81;

// What an attempt to dial answers that failed, where it matters here.
export const INVALID_URL = 0;
export const CONTENT_BLOCKED = 2;
export const INVALID_PROTOCOLS = 3;

// What `pass`, `arrived` and `enqueue` answer.
export const TAKEN = 1;
export const THREW = 2;
export const DROP = 0;
export const NOW = 1;
export const TOLD = -100;
