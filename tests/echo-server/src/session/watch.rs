//! What a connection knows of the frames that pass.

use everwire::session::{Ack, Head, Welcome};
use tokio_tungstenite::tungstenite::Bytes;

use super::spoil::{Withheld, acknowledging, behead, head_of, welcome_in};

/// The frames from a server to its client, as they pass.
#[derive(Debug, Default)]
pub(super) struct Watch {
    pub(super) welcome: Option<(Bytes, Welcome)>,
    /// The number of the next record.
    pub(super) next: u64,
    /// The last frame with numbered records.
    pub(super) last: Option<Bytes>,
    /// What the client was last told.
    told: Option<Ack>,
    /// What the server has said.
    said: Option<Ack>,
    withheld: Option<Withheld>,
}

impl Watch {
    /// The first frame of a connection, if it is a WELCOME.
    pub(super) fn welcome(&mut self, frame: &Bytes) -> Option<&Welcome> {
        let welcome = welcome_in(frame)?;
        self.next = welcome.position.next;
        let ack = Ack { to: welcome.position.recv, credit: welcome.position.credit };
        (self.told, self.said) = (Some(ack), Some(ack));
        let (_, welcome) = self.welcome.insert((frame.clone(), welcome));
        Some(welcome)
    }

    /// What becomes of a frame of the server's.
    pub(super) fn pass(&mut self, frame: Bytes) -> Bytes {
        let Some((head, numbered)) = head_of(&frame) else { return frame };
        if let Some(base) = head.base {
            self.next = base + numbered;
            self.last = Some(frame.clone());
        }
        let Some(ack) = head.ack else { return frame };
        self.said = Some(ack);
        let tell = self.hold_back(ack);
        self.told = Some(tell);
        if tell == ack { frame } else { behead(&frame, head, Head { ack: Some(tell), ..head }).into() }
    }

    /// Withholds something from now on. What was withheld before is in the frame returned.
    pub(super) fn withhold(&mut self, what: Option<Withheld>) -> Option<Vec<u8>> {
        self.withheld = what;
        let tell = self.hold_back(self.said?);
        (self.told != Some(tell)).then(|| {
            self.told = Some(tell);
            acknowledging(tell)
        })
    }

    fn hold_back(&self, ack: Ack) -> Ack {
        let told = self.told.unwrap_or(ack);
        match self.withheld {
            None => ack,
            Some(Withheld::Acks) => Ack { to: told.to, ..ack },
            Some(Withheld::Credit) => Ack { credit: told.credit, ..ack },
        }
    }

    /// Every record up to this one is acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.told.map_or(0, |ack| ack.to)
    }

    pub(super) fn credit(&self) -> u64 {
        self.told.map_or(0, |ack| ack.credit)
    }

    /// Whose connection it is.
    pub(super) fn session(&self) -> Option<[u8; 16]> {
        self.welcome.as_ref().map(|(_, welcome)| welcome.session.id)
    }
}
