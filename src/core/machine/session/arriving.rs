//! What arrives in a session, frame by frame.

use super::*;

impl<P: Payload, T: Texts> Machine<P, T> {
    /// A frame arrived. The host keeps it under the number this answers with until
    /// [`Output::Forget`]; events say where in it things are.
    pub fn received_frame(&mut self, now: Micros, link: LinkId, bytes: &[u8]) -> Option<u32> {
        let current = self.link() == Some(link);
        let succeeding = self.successor() == Some(Successor::Greeting(link));
        if !current && !succeeding {
            return None;
        }
        if current {
            self.liveness.seen(now);
            self.timers.stop(Timer::Pong);
        }
        self.ripen(now);
        let session = self.session.as_mut()?;
        let (fence, before) = (session.fence(link)?, session.before);
        session.frames = session.frames.wrapping_add(1);
        let frame = session.frames;
        let mut heard = core::mem::take(&mut session.heard);
        let result = session.client.receive(fence, bytes, &mut heard);
        session.align();
        for heard in &heard {
            self.hear(now, link, frame, before, heard);
        }
        heard.clear();
        if let Some(session) = self.session.as_mut() {
            session.heard = heard;
        }
        self.outputs.push(Output::Forget { frame });
        if let Err(violation) = result {
            self.violated(now, link, fence, violation);
        }
        self.note_ack(now);
        Some(frame)
    }

    /// The message after this one, if it is told of by the next output and stands in the same frame.
    pub(crate) fn poll_message(&mut self, after: &Arrived) -> Option<Arrived> {
        let Some(Output::Event(Event::Session(SessionEvent::Record(arrived)))) = self.outputs.first() else {
            return None;
        };
        let arrived = *arrived;
        let follows = (arrived.frame, arrived.seq) == (after.frame, after.seq + 1);
        if !follows || !arrived.record.is_message() {
            return None;
        }
        self.outputs.pop();
        Some(arrived)
    }

    /// The next output, if it tells that a message has been delivered.
    pub(crate) fn poll_delivered(&mut self) -> Option<P> {
        if !matches!(self.outputs.first(), Some(Output::Settled { outcome: Outcome::Delivered, .. })) {
            return None;
        }
        match self.outputs.pop() {
            Some(Output::Settled { payload, .. }) => Some(payload),
            _ => None,
        }
    }

    fn hear(&mut self, now: Micros, link: LinkId, frame: u32, before: u64, heard: &Heard) {
        match heard {
            Heard::Acked { to } => self.acked(*to),
            Heard::Numbered { seq, record } => {
                if let Record::Message { payload, .. } = record.says() {
                    self.stats.add(Count::MessagesIn, 1);
                    self.stats.add(Count::BytesIn, payload.len() as u64);
                }
                self.tell(SessionEvent::Record(Arrived { seq: before + seq, frame, record: *record }));
            }
            Heard::Plain(record) => self.hear_plain(now, link, frame, *record),
            Heard::Lost(loss) => self.lost(loss, true),
            Heard::Welcomed { welcome, .. } => {
                let resumed = welcome.status == Status::Resumed;
                if let Some(session) = self.session.as_mut() {
                    let silence = (welcome.ping_ms > 0).then(|| {
                        Micros::from_millis(welcome.ping_ms.saturating_mul(2).saturating_add(5_000))
                    });
                    session.idle = silence.into_iter().chain(self.config.idle_timeout).min();
                    session.word = None;
                    session.align();
                }
                self.tell(SessionEvent::Welcomed { resumed });
                self.note_ack(now);
                if self.successor() == Some(Successor::Greeting(link)) {
                    self.succeed(now, link);
                } else if let Stage::Handshaking { link: current, welcomed, .. } = &mut self.stage
                    && *current == link
                {
                    *welcomed = true;
                    self.check_handshake(now);
                }
            }
        }
    }

    fn hear_plain(&mut self, now: Micros, link: LinkId, frame: u32, record: Framed) {
        let Some(session) = self.session.as_mut() else { return };
        match record.says() {
            // In the task of its arrival, so that a hidden page's throttled timers do not slow it down.
            Record::Ping { token } => {
                session.client.control(Control::Pong { token, hold_us: 0 });
                session.ripe = true;
            }
            Record::Pong { token, .. } if token == session.pinged => {
                if let Some((rtt, smoothed)) = self.liveness.ponged(now) {
                    self.event(Event::Pong { rtt, smoothed });
                }
            }
            Record::Auth { .. } => self.tell(SessionEvent::TokenWanted),
            Record::GoAway { min_ms, jitter_ms, .. }
                if session.successor.is_none() && matches!(self.stage, Stage::Ready { .. }) =>
            {
                let wait = min_ms.saturating_add(self.rng.below(jitter_ms.saturating_add(1)));
                self.timers.set(Timer::Renew, now.plus(Micros::from_millis(wait.min(3_600_000))));
            }
            Record::Close { code, retry, forget, retry_after_ms, recv, .. } => {
                if matches!(self.stage, Stage::Closing { .. }) {
                    self.end_session(forget.then_some(recv));
                    return self.outputs.push(Output::Hangup { link, close: None, forget: false });
                }
                if self.successor() == Some(Successor::Greeting(link)) {
                    return self.drop_successor();
                }
                let older = |it: &Sessional<P>| it.fence(link).is_some_and(|fence| fence < it.client.fence());
                if code == Code::Superseded as u64 && self.session.as_ref().is_some_and(older) {
                    // By this side's own next connection, whose WELCOME is on its way or was lost.
                    return self.distrust(now);
                }
                let retry_after = Micros::from_millis(retry_after_ms.min(3_600_000));
                if let Some(session) = self.session.as_mut() {
                    session.word = Some(Word { retry, retry_after });
                }
                if forget {
                    self.end_session(Some(recv));
                }
                // Its close event should be on the way.
                self.distrust(now);
            }
            Record::Volatile { .. } => self.tell(SessionEvent::Record(Arrived { seq: 0, frame, record })),
            _ => {}
        }
    }

    pub(in crate::core::machine) fn tell(&mut self, event: SessionEvent) {
        self.event(Event::Session(event));
    }

    fn acked(&mut self, to: u64) {
        while let Some(session) = self.session.as_mut()
            && session.first <= to
            && let Some(payload) = session.in_flight.pop_front()
        {
            session.first += 1;
            if let Some(payload) = payload {
                session.unsettled -= 1;
                self.settle(payload, Outcome::Delivered);
            }
        }
        // What the server has, the socket no longer buffers, whatever it has said last.
        if self.session.as_ref().is_some_and(|session| session.in_flight.is_empty()) {
            self.flow.buffered = 0;
        }
        self.check_watches(Micros::ZERO);
    }

    pub(in crate::core::machine) fn violated(
        &mut self,
        now: Micros,
        link: LinkId,
        fence: u64,
        violation: Violation,
    ) {
        let Some(session) = self.session.as_mut() else { return };
        let bytes = session.client.violated(fence, violation);
        // What the successor said may have cost the session itself, and with it the connection that worked.
        let orphaned = session.client.link().is_none();
        self.outputs.push(Output::Frame { link, bytes });
        if self.successor() == Some(Successor::Greeting(link)) && !orphaned {
            return self.drop_successor();
        }
        let close = Close { code: violation.code.websocket(), reason: T::Reason::default(), clean: false };
        let closing = matches!(self.stage, Stage::Closing { .. });
        self.let_go(Some(close.clone()));
        if closing {
            self.finish(Cause::ClosedByApplication, close)
        } else {
            self.attempt_over(now, Cause::ProtocolViolated, close)
        }
    }
}
