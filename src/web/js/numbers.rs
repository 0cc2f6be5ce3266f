//! The numbers that `ts/core.ts` and this surface speak in, under the same names.
#![cfg_attr(feature = "websocket", allow(dead_code, reason = "the class WebSocket asks for less"))]

// What `create` is told besides numbers, one bit each; the lowest two are the overflow policy.
pub(super) const HEARTBEAT: u32 = 4;
pub(super) const GREETS: u32 = 8;
pub(super) const AWAITS_WELCOME: u32 = 16;
pub(super) const DECIDES: u32 = 32;
pub(super) const LOCAL: u32 = 64;

// What `act` is told.
pub(super) const CONNECT: u8 = 0;
pub(super) const RECONNECT: u8 = 1;
pub(super) const SUSPEND: u8 = 2;
pub(super) const CLEAR: u8 = 3;
pub(super) const WITHDRAW: u8 = 4;
pub(super) const WATCH_DRAIN: u8 = 5;
pub(super) const HOLD: u8 = 6;
pub(super) const CLOSE: u8 = 7;
pub(super) const DECIDED: u8 = 8;
pub(super) const MOMENT: u8 = 9;
pub(super) const DELIVERED: u8 = 10;
pub(super) const WAKE: u8 = 11;
pub(super) const READ: u8 = 12;
pub(super) const DESCRIBE_STATE: u8 = 16;
pub(super) const WAITING: u8 = 17;
pub(super) const OPEN_INBOX: u8 = 18;
pub(super) const PUSH: u8 = 19;
pub(super) const TAKE: u8 = 20;
pub(super) const CLOSE_INBOX: u8 = 21;
pub(super) const FORGET: u8 = 22;
pub(super) const TARGET: u8 = 23;
pub(super) const TARGET_FAILED: u8 = 24;
pub(super) const GREETED: u8 = 25;
pub(super) const SOCKET_OPENED: u8 = 26;
pub(super) const SOCKET_ERRORED: u8 = 27;
pub(super) const SOCKET_BUFFERED: u8 = 28;
pub(super) const SOCKET_CLOSED: u8 = 29;

// What `READ` reads, past the counts of the core's statistics.
pub(super) const QUEUED_BYTES: u32 = 32;
pub(super) const QUEUED: u32 = 33;
pub(super) const RTT: u32 = 34;
pub(super) const SMOOTHED_RTT: u32 = 35;
#[cfg(feature = "websocket")]
pub(super) const RETRIES: u32 = 38;
#[cfg(feature = "websocket")]
pub(super) const QUEUE_LIMIT: u32 = 39;

// What `call` tells or asks, past the numbers of the states.
pub(super) const OPENED: i32 = 16;
pub(super) const CLOSED: i32 = 17;
pub(super) const FAILED: i32 = 18;
pub(super) const PONG: i32 = 19;
pub(super) const DRAINED: i32 = 20;
pub(super) const RESOLVE: i32 = 21;
pub(super) const ABORT: i32 = 22;
pub(super) const DIAL: i32 = 23;
pub(super) const GREET: i32 = 24;
pub(super) const PING: i32 = 25;
pub(super) const HANG_UP: i32 = 26;
pub(super) const SAMPLE: i32 = 27;
pub(super) const DECIDE: i32 = 28;
pub(super) const SETTLED: i32 = 29;
pub(super) const MESSAGE: i32 = 30;
pub(super) const OFFER: i32 = 31;
/// Added to a state that was asked for and did not change.
pub(super) const DESCRIBE: i32 = 32;
pub(super) const ALARM: i32 = 48;
pub(super) const LISTEN: i32 = 49;
pub(super) const RELEASE: i32 = 50;
pub(super) const ITEM: i32 = 51;
pub(super) const BUFFERED: i32 = 52;

/// What `queue` answers: it has gone through the queue already and its receipt is being told.
pub(super) const TOLD: f64 = -100.0;
