//! What stands between a session's server and the WebSocket, so that something can come between them.

use std::pin::Pin;
use std::task::{Context, Poll};

use everwire::server::{Broken, Message};
use futures_channel::mpsc::{Receiver, SendError, Sender, channel};
use futures_util::{Sink, Stream};

/// The server's end.
#[derive(Debug)]
pub(super) struct Far {
    frames: Receiver<Result<Message, Broken>>,
    to: Sender<Message>,
}

/// The WebSocket's end.
#[derive(Debug)]
pub(super) struct Near {
    pub(super) to: Sender<Result<Message, Broken>>,
    pub(super) frames: Receiver<Message>,
}

pub(super) fn pair() -> (Near, Far) {
    let (up, frames) = channel(WAITING);
    let (to, down) = channel(WAITING);
    (Near { to: up, frames: down }, Far { frames, to })
}

impl Stream for Far {
    type Item = Result<Message, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.frames).poll_next(cx)
    }
}

impl Sink<Message> for Far {
    type Error = Broken;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Pin::new(&mut self.to).poll_ready(cx).map_err(broken)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Broken> {
        Pin::new(&mut self.to).start_send(message).map_err(broken)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Pin::new(&mut self.to).poll_flush(cx).map_err(broken)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Pin::new(&mut self.to).poll_close(cx).map_err(broken)
    }
}

fn broken(error: SendError) -> Broken {
    Broken::Gone(Box::new(error))
}

/// Frames on their way, in each direction.
const WAITING: usize = 4;
