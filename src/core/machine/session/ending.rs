//! How a session ends, and what it leaves behind.

use super::*;

impl<P: Payload, T: Texts> Machine<P, T> {
    /// Settles what the session leaves behind.
    pub(in crate::core::machine) fn lost(&mut self, loss: Loss) {
        let over = self.is_over();
        let Some(session) = &mut self.session else { return };
        let mut carried = loss.carried.iter().copied().peekable();
        let mut kept: VecDeque<Option<P>> = (0..loss.reopened).map(|_| None).collect();
        let mut unsent = 0_u64;
        let mut settled = Vec::new();
        for (seq, payload) in (session.first..).zip(core::mem::take(&mut session.in_flight)) {
            if carried.next_if_eq(&seq).is_some() {
                kept.push_back(payload);
                continue;
            }
            let Some(payload) = payload else { continue };
            let outcome = if seq <= loss.delivered {
                Outcome::Delivered
            } else if seq <= loss.in_doubt {
                Outcome::InDoubt
            } else {
                unsent += 1;
                Outcome::NotSent(if over { Reason::Closed } else { Reason::SessionLost })
            };
            settled.push((payload, outcome));
        }
        session.in_flight = kept;
        session.first = 1;
        session.before += loss.received;
        let carried = |id: &u64| loss.requests.binary_search(id).is_ok();
        let unanswered: Vec<u64> = session.asked.iter().copied().filter(|id| !carried(id)).collect();
        for id in &unanswered {
            session.asked.remove(id);
        }
        // The next session may give the same numbers again.
        session.deadlines.sweep(|id| session.asked.contains(&id));
        session.unsettled = session.in_flight.iter().flatten().count();
        for (payload, outcome) in settled {
            self.settle(payload, outcome);
        }
        for id in unanswered {
            self.tell(SessionEvent::Unanswered { id, timed_out: false });
        }
        let summary = LostSession {
            delivered: loss.delivered,
            in_doubt: loss.in_doubt,
            last: loss.last,
            carried: loss.carried.len() as u64,
            unsent,
            received: loss.received,
            missing: loss.missing,
        };
        self.tell(SessionEvent::Lost(summary));
        self.check_watches();
    }

    /// The session is over for good; with `recv` as proof nothing is in doubt.
    pub(in crate::core::machine) fn end_session(&mut self, recv: Option<u64>) {
        let Some(session) = &mut self.session else { return };
        if session.client.identity().is_none() && session.in_flight.is_empty() {
            return;
        }
        self.drop_successor();
        let goes_on = !self.is_over();
        let Some(session) = &mut self.session else { return };
        let loss = session.client.end(recv, goes_on);
        session.links.clear();
        // What it leaves is told by its receipts; a session that ends with its wire is not lost.
        let outputs = self.outputs.len();
        self.lost(loss);
        if !goes_on {
            let tail = self.outputs.split_off(outputs);
            self.outputs
                .extend(tail.into_iter().filter(|output| {
                    !matches!(output, Output::Event(Event::Session(SessionEvent::Lost(_))))
                }));
        }
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
            self.outputs.push_back(Output::Frame { link, bytes: core::mem::take(&mut frame) });
        }
        let bytes = session.client.close(closing);
        self.drop_successor();
        self.outputs.push_back(Output::Frame { link, bytes });
        true
    }

    /// Every link is gone, or this one.
    pub(in crate::core::machine) fn unlink(&mut self, gone: Option<LinkId>) {
        let Some(session) = &mut self.session else { return };
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
