//! Requests: the answer that is waited for, and the one that is given.

use std::fmt;

use tokio::sync::mpsc;

use super::content::Content;
use super::peer::{Command, Peer};
use crate::session::Answer;

/// Parts of an answer that wait to be read; while so many do, nothing more is taken from the client.
pub(super) const PARTS: usize = 64;
/// The first status that is the application's own.
const OWN: u64 = 16;

/// A part of an answer, and whether more follow.
pub(super) type Part = (Result<Content, Failure>, bool);

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The client says so, with a status of its own: 1, or 16 and above. See [`Answer`].
    Refused {
        /// Which.
        status: u64,
        /// What it says.
        content: Content,
    },
    /// It is larger than this client takes, or its method's name is over 1 KiB.
    TooBig,
    /// It took too long.
    TimedOut,
    /// The session ended before the answer came, or before the request could leave.
    Ended,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status, .. } => write!(f, "the client answered with status {status}"),
            Self::TooBig => f.write_str("the request is larger than this client takes"),
            Self::TimedOut => f.write_str("the client did not answer in time"),
            Self::Ended => f.write_str("the session ended before the answer"),
        }
    }
}

impl std::error::Error for Failure {}

/// The answer to a request to the client, in one part or several. Dropping it cancels the request.
#[derive(Debug)]
pub struct Reply {
    parts: mpsc::Receiver<Part>,
    peer: Peer,
    key: u64,
    over: bool,
}

impl Reply {
    pub(super) fn new(parts: mpsc::Receiver<Part>, peer: Peer, key: u64) -> Self {
        Self { parts, peer, key, over: false }
    }

    /// The next part; none after the last one.
    pub async fn next(&mut self) -> Option<Result<Content, Failure>> {
        if self.over {
            return None;
        }
        let (part, more) = self.parts.recv().await.unwrap_or((Err(Failure::Ended), false));
        self.over = !more;
        Some(part)
    }

    /// The last part; those before it are dropped.
    ///
    /// # Errors
    /// If there is none.
    pub async fn last(mut self) -> Result<Content, Failure> {
        let mut last = Err(Failure::Ended);
        while let Some(part) = self.next().await {
            last = part;
        }
        last
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if !self.over {
            self.peer.order(Command::Abandon { key: self.key });
        }
    }
}

/// Answers a request, in one part or several. Dropped without an end it answers that the handler failed.
#[derive(Debug)]
pub struct Responder {
    peer: Peer,
    id: u64,
    over: bool,
}

impl Responder {
    pub(super) fn new(peer: Peer, id: u64) -> Self {
        Self { peer, id, over: false }
    }

    /// The answer, or its last part.
    pub fn ok(self, content: impl Into<Content>) {
        self.end(Answer::Ok as u64, content.into());
    }

    /// A part of the answer; another follows. Waits while too much is held for this client.
    pub async fn part(&self, content: impl Into<Content>) {
        self.peer.ready().await;
        self.peer.respond(self.id, Answer::Ok as u64, true, content.into());
    }

    /// It failed. `status` is the application's own, from 16 on; what is lower counts as 1.
    pub fn fail(self, status: u64, content: impl Into<Content>) {
        let status = if status < OWN { Answer::Error as u64 } else { status };
        self.end(status, content.into());
    }

    /// Nobody handles this method.
    pub fn no_such_method(self, method: &str) {
        self.end(Answer::NoMethod as u64, method.into());
    }

    pub(super) fn timed_out(self) {
        self.end(Answer::TimedOut as u64, Content::from(""));
    }

    fn end(mut self, status: u64, content: Content) {
        self.over = true;
        self.peer.respond(self.id, status, false, content);
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if !self.over {
            let content = Content::from("the handler gave no answer");
            self.peer.respond(self.id, Answer::Error as u64, false, content);
        }
    }
}
