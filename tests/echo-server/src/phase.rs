use tokio::time::Instant;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::rooms::Order;
use crate::stats::Close;

/// How far a connection has come.
pub(crate) enum Phase {
    Open,
    /// Waiting for the token, until then.
    Guarded(Instant),
    /// The end is under way: ours is queued or sent, or the client's is being answered.
    Closing {
        deadline: Instant,
        close: Close,
    },
    /// The client wants to close, and will get no answer.
    Held(Close),
}

/// What a connection has to decide about next.
pub(crate) enum Step {
    Received(Message),
    Order(Order),
    Alarm,
    Reset,
    Over,
    Failed(Error),
}

/// A close as its frame tells it.
pub(crate) fn closed_with(frame: Option<&CloseFrame>) -> Close {
    Close {
        code: frame.map_or(1005, |frame| frame.code.into()),
        reason: frame.map(|frame| frame.reason.to_string()).unwrap_or_default(),
        clean: false,
    }
}
