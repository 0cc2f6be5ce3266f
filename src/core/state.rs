//! Where a wire stands, and why.

use super::close::Close;
use super::time::Micros;

/// Where a wire stands. One table for every face of Everwire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State<R = Box<str>> {
    /// Nothing has been asked of it yet. Messages queue.
    Idle,
    /// An attempt is under way. Messages queue.
    Connecting {
        /// How far it has come.
        phase: Phase,
        /// Which attempt since the last stable link, from 1.
        attempt: u32,
    },
    /// Messages leave.
    Open,
    /// The next attempt is set. Messages queue.
    Waiting {
        /// Which attempt that will be.
        attempt: u32,
        /// How long the whole wait is.
        delay: Micros,
        /// When it ends, on the machine's clock.
        until: Micros,
        /// What made it necessary.
        cause: Cause,
        /// How the last connection ended.
        close: Close<R>,
    },
    /// No attempt is made until something changes. Messages queue.
    Suspended {
        /// [`Cause::Offline`], [`Cause::Suspended`], [`Cause::Cached`] or [`Cause::Frozen`].
        cause: Cause,
    },
    /// The closing handshake is under way. Nothing is queued, sent or delivered any more.
    Closing,
    /// Over, unless `reconnect` starts afresh.
    Closed {
        /// Why.
        cause: Cause,
        /// How the last connection ended.
        close: Close<R>,
    },
}

/// How far an attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// The host is asked where to connect.
    Resolving,
    /// The browser is connecting.
    Dialing,
    /// The link is open; greeting and welcome are under way.
    Handshaking,
}

/// Why an attempt was made, a link ended or a wire closed. The numbers are part of the contract with the npm face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Cause {
    /// The first attempt.
    Started = 0,
    /// The application asked for a new connection.
    Requested = 1,
    /// The network came back.
    Online = 2,
    /// An open connection ended; the close code tells more.
    ServerClosed = 3,
    /// The connection could not be opened. Browsers do not tell why (WHATWG WebSockets, section 4).
    DialFailed = 4,
    /// The attempt was not ready in time.
    ConnectTimeout = 5,
    /// The application's `url` or `protocols` function failed.
    ProviderFailed = 6,
    /// The application's greeting failed.
    GreetingFailed = 7,
    /// Nothing came in time after a ping.
    HeartbeatTimeout = 8,
    /// Nothing came for longer than the idle limit.
    IdleTimeout = 9,
    /// The URL cannot be used. Final.
    InvalidUrl = 10,
    /// The subprotocols cannot be used. Final.
    InvalidProtocols = 11,
    /// A secure page may not open an insecure connection. Final.
    MixedContent = 12,
    /// The page's Content-Security-Policy forbids the connection. Final.
    ContentBlocked = 13,
    /// The WebSocket constructor threw for another reason. Final.
    ConstructorFailed = 14,
    /// The application closed the wire.
    ClosedByApplication = 15,
    /// Every attempt allowed has failed, or the application's policy said stop.
    GaveUp = 16,
    /// The browser says that there is no network.
    Offline = 17,
    /// The application suspended the wire.
    Suspended = 18,
    /// The page can be seen again, goes on after a freeze, or is back from the back/forward cache.
    Resumed = 19,
    /// The page or the machine stood still, and nobody asks the link whether it lives.
    Slept = 20,
    /// The page is in the back/forward cache.
    Cached = 21,
    /// The browser has frozen the page.
    Frozen = 22,
    /// The server is about to end the connection, and another takes its place.
    #[cfg(feature = "session")]
    Draining = 23,
    /// The server broke the protocol.
    #[cfg(feature = "session")]
    ProtocolViolated = 24,
    /// The server did not choose the subprotocol `everwire.v1`. Final.
    #[cfg(feature = "session")]
    NoSession = 25,
    /// The connection opened, and the server did not welcome the session in time.
    #[cfg(feature = "session")]
    NoWelcome = 26,
}
