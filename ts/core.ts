// The numbers that src/web/js.rs and this face speak in. Single constants, so that they are inlined.

// What `Handle.act` is told.
export const CONNECT = 0;
export const RECONNECT = 1;
export const SUSPEND = 2;
export const CLEAR = 3;
export const WITHDRAW = 4;
export const WATCH_DRAIN = 5;
export const TARGET = 6;
export const TARGET_FAILED = 7;
export const TRANSMIT = 8;
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

// What `tell` is told, past the numbers of the states.
export const OPENED = 16;
export const CLOSED = 17;
export const FAILED = 18;
export const PONG = 19;
export const DRAINED = 20;
export const DESCRIBE = 32;

// What `pass`, `received` and `queue` answer.
export const TAKEN = 1;
export const THREW = 2;
export const DROP = 0;
export const NOW = 1;
export const TOLD = -100;
