//! How a session ends, and what it leaves behind.

use super::*;

impl<P: Payload, T: Texts> Machine<P, T> {
    /// Settles what the session leaves behind. `told`: so is the application.
    pub(in crate::core::machine) fn lost(&mut self, loss: &Loss, told: bool) {
        let over = self.is_over();
        let Some(session) = self.session.as_mut() else { return };
        let left = core::mem::take(&mut session.in_flight);
        let mut seq = core::mem::replace(&mut session.first, 1);
        session.before += loss.received;
        // The next session may give the same numbers again.
        session.deadlines.sweep(|id| session.client.asked().contains(&id));
        let mut in_flight = VecDeque::new();
        for _ in 0..loss.reopened {
            in_flight.push_back(None);
        }
        let (mut unsettled, mut unsent) = (0, 0_u64);
        let mut carried = loss.carried.iter();
        let mut next = carried.next();
        for payload in left {
            if next == Some(&seq) {
                next = carried.next();
                unsettled += usize::from(payload.is_some());
                in_flight.push_back(payload);
            } else if let Some(payload) = payload {
                let outcome = if seq <= loss.delivered {
                    Outcome::Delivered
                } else if seq <= loss.in_doubt {
                    Outcome::InDoubt
                } else {
                    unsent += 1;
                    Outcome::NotSent(if over { Reason::Closed } else { Reason::SessionLost })
                };
                self.settle(payload, outcome);
            }
            seq += 1;
        }
        if let Some(session) = self.session.as_mut() {
            session.in_flight = in_flight;
            session.unsettled = unsettled;
        }
        for id in loss.asked.iter().filter(|id| loss.requests.binary_search(id).is_err()) {
            self.tell(SessionEvent::Unanswered { id: *id, timed_out: false });
        }
        if told {
            self.tell(SessionEvent::Lost(LostSession {
                delivered: loss.delivered,
                in_doubt: loss.in_doubt,
                last: loss.last,
                carried: loss.carried.len() as u64,
                unsent,
                received: loss.received,
                missing: loss.missing,
            }));
        }
        self.check_watches(Micros::ZERO);
    }

    /// The session is over for good; with `recv` as proof nothing is in doubt.
    pub(in crate::core::machine) fn end_session(&mut self, recv: Option<u64>) {
        let Some(session) = self.session.as_mut() else { return };
        if session.client.identity().is_none() && session.in_flight.is_empty() {
            return;
        }
        self.drop_successor();
        let goes_on = !self.is_over();
        let Some(session) = self.session.as_mut() else { return };
        let loss = session.client.end(recv, goes_on);
        session.links.clear();
        // What it leaves is told by its receipts; a session that ends with its wire is not lost.
        self.lost(&loss, goes_on);
    }

    /// Says goodbye: the session ends with the connection, and the server's answer says how far it came.
    pub(in crate::core::machine) fn say_goodbye(&mut self, link: LinkId) -> bool {
        let Some(session) = self.session.as_mut().filter(|session| session.client.link().is_some()) else {
            return false;
        };
        let closing =
            Closing { code: Code::Normal, retry: false, forget: true, retry_after_ms: 0, reason: "" };
        // What was sent before the end still leaves.
        let mut frame = Vec::new();
        while session.client.due() != Due::Nothing && session.client.frame(FRAME, &mut frame) {
            self.outputs.push(Output::Frame { link, bytes: core::mem::take(&mut frame) });
        }
        let bytes = session.client.close(closing);
        self.drop_successor();
        self.outputs.push(Output::Frame { link, bytes });
        true
    }

    /// Every link is gone, or this one.
    pub(in crate::core::machine) fn unlink(&mut self, gone: Option<LinkId>) {
        let Some(session) = self.session.as_mut() else { return };
        let client = &mut session.client;
        session.links.retain(|(link, fence)| {
            let keep = gone.is_some_and(|gone| gone != *link);
            if !keep {
                client.gone(*fence);
            }
            keep
        });
        if gone.is_none() {
            self.drop_successor();
        }
    }

    /// What the server's last word makes of the end of a link: whether it is final, and the floor it sets.
    pub(in crate::core::machine) fn last_word(&mut self) -> Option<(bool, Micros)> {
        let word = self.session.as_mut()?.word.take()?;
        Some((!word.retry, word.retry_after))
    }
}
