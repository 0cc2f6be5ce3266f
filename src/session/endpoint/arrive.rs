//! What arrives: whether it is legal, and what it changes.

use super::{Endpoint, OPEN_MAX};
use crate::session::code::{Violation, violation};
use crate::session::event::Event;
use crate::session::ledger::Effect;
use crate::session::outgoing::{Answer, Payload};
use crate::session::wire::{Ack, CLOSE, FRAME_RECORDS, Frame, Framed, Record, is_sequenced};

/// What this half refuses of itself binds records that nobody counts. A peer that has so many unacknowledged and
/// asks for more does not listen.
const REFUSALS_MAX: usize = 16_384;

/// In place of the answer to a request: it is a channel that is refused.
const CHANNEL: u64 = 0;

impl Endpoint {
    /// `last`: this side waits for the other's last word, and nothing else counts but what acknowledges.
    pub(in crate::session) fn receive(
        &mut self,
        bytes: &[u8],
        last: bool,
        events: &mut Vec<Event>,
    ) -> Result<(), Violation> {
        if self.ended && !last {
            return Ok(());
        }
        if bytes.len() as u64 > self.limits.max_frame {
            return Err(violation!(TooBig, "a frame larger than max_frame"));
        }
        let frame = Frame::read(bytes)?;
        if let Some(ack) = frame.head.ack {
            self.acked(ack, events)?;
        }
        let base = frame.head.base;
        let mut next = base;
        for (index, framed) in frame.enumerate() {
            let framed = framed?;
            if index == FRAME_RECORDS {
                return Err(violation!(TooBig, "a frame of more than 8,192 records"));
            }
            if self.ended && !last {
                return Ok(());
            }
            if last && framed.type_number() != CLOSE {
                continue;
            }
            if !is_sequenced(framed.kind) {
                self.unnumbered(framed, events)?;
                continue;
            }
            let seq = next.ok_or(violation!("a numbered record in a frame without base"))?;
            next = Some(seq + 1);
            if self.receiver.expects(seq, framed.span.len())? {
                self.numbered(seq, framed, bytes, events)?;
            }
        }
        if !last && base.is_some() && base == next {
            return Err(violation!("a base without a numbered record"));
        }
        Ok(())
    }

    pub(in crate::session) fn acked(&mut self, ack: Ack, events: &mut Vec<Event>) -> Result<(), Violation> {
        let before = self.sender.acked();
        self.sender.ack(ack)?;
        let to = self.sender.acked();
        if to > before {
            events.push(Event::Acked { to });
        }
        Ok(())
    }

    fn unnumbered(&mut self, record: Framed, events: &mut Vec<Event>) -> Result<(), Violation> {
        let legal = match record.says() {
            Record::Hello { .. } | Record::Welcome { .. } => false,
            Record::GoAway { .. } | Record::Authed { .. } => self.is_client(),
            Record::Auth { token } => token.is_empty() == self.is_client(),
            // It may have overtaken the OPEN of its channel, or come after the SHUT: nobody waits for it then.
            Record::Volatile { channel, .. } if !self.is_open(channel) => return Ok(()),
            Record::Close { recv, .. } => {
                // Its last word on what it has accepted.
                self.acked(Ack { to: recv, credit: 0 }, events)?;
                self.ended = true;
                true
            }
            _ => true,
        };
        if !legal {
            return Err(violation!("a record that may not come from this side or at this time"));
        }
        events.push(Event::Plain(record));
        Ok(())
    }

    pub(in crate::session) fn is_open(&self, channel: u64) -> bool {
        channel == 0 || self.ledger.channels.contains_key(&channel)
    }

    /// Whether a channel is open. One that is shut gets what crossed its SHUT; nobody wants that any more.
    fn knows(&self, channel: u64) -> Result<bool, Violation> {
        if channel > self.ledger.last_channel {
            return Err(violation!("a channel that was never opened"));
        }
        Ok(self.is_open(channel))
    }

    fn numbered(
        &mut self,
        seq: u64,
        framed: Framed,
        bytes: &[u8],
        events: &mut Vec<Event>,
    ) -> Result<(), Violation> {
        let wanted = self.judge(seq, &framed, bytes)?;
        // What is illegal has not arrived: it will be illegal again on the next link.
        self.receiver.take(framed.span.len());
        if wanted {
            events.push(Event::Numbered { seq, record: framed });
        } else {
            self.accept(seq);
        }
        Ok(())
    }

    /// Whether the application wants a record. Changes nothing if it is illegal.
    fn judge(&mut self, seq: u64, framed: &Framed, bytes: &[u8]) -> Result<bool, Violation> {
        Ok(match framed.says() {
            Record::Message { channel, .. } => self.knows(channel)?,
            Record::Request { id, channel, .. } => {
                if id <= self.ledger.last_asking {
                    return Err(violation!("a request's number that was used before"));
                }
                let refused = if !self.knows(channel)? {
                    Some(Answer::NoChannel)
                } else {
                    (self.ledger.asking.len() >= self.limits.max_requests).then_some(Answer::Busy)
                };
                if let Some(answer) = refused {
                    self.refuse_later(seq, id, answer as u64)?;
                } else {
                    self.ledger.asking.insert(id);
                }
                let before = core::mem::replace(&mut self.ledger.last_asking, id);
                self.note(seq, Effect::Asked { id, before });
                refused.is_none()
            }
            Record::Response { id, more, .. } => {
                if id >= self.ledger.next_request {
                    return Err(violation!("a response to what was never asked"));
                }
                if more {
                    self.ledger.asked.contains(&id)
                } else {
                    let waited = self.ledger.asked.remove(&id);
                    if waited {
                        self.note(seq, Effect::Answered { id });
                    }
                    waited
                }
            }
            Record::Cancel { id } => {
                if id > self.ledger.last_asking {
                    return Err(violation!("a cancellation of what was never asked"));
                }
                self.ledger.asking.contains(&id)
            }
            Record::Open { channel, .. } if self.is_client() => self.knows(channel)?,
            Record::Open { channel, .. } => {
                if channel <= self.ledger.last_channel {
                    return Err(violation!("a channel's number that was used before"));
                }
                if framed.span.len() > OPEN_MAX {
                    return Err(violation!(TooBig, "an OPEN record over 8 KiB"));
                }
                let refused = self.ledger.channels.len() >= self.limits.max_channels;
                if refused {
                    self.refuse_later(seq, channel, CHANNEL)?;
                } else {
                    self.ledger.channels.insert(channel, framed.span.of(bytes).to_vec());
                }
                let before = core::mem::replace(&mut self.ledger.last_channel, channel);
                self.note(seq, Effect::Opened { channel, before, refused });
                !refused
            }
            Record::Shut { channel, .. } => {
                self.knows(channel)?;
                let record = self.ledger.channels.remove(&channel);
                let open = record.is_some();
                if let Some(record) = record {
                    self.note(seq, Effect::Shut { channel, record });
                }
                open
            }
            _ => true,
        })
    }

    /// A store is to know what this record did.
    fn note(&mut self, seq: u64, effect: Effect) {
        if let Some(journal) = self.journal.as_mut() {
            journal.effects.push_back((seq, effect));
        }
    }

    /// The request or channel of this number is refused when the record is accepted.
    fn refuse_later(&mut self, seq: u64, number: u64, answer: u64) -> Result<(), Violation> {
        while self.refusals.first().is_some_and(|seq| seq <= self.sender.acked()) {
            self.refusals.drop_first(1);
        }
        let refusing = [seq, number, answer];
        if self.refusals.len() + self.refusing.len() / refusing.len() >= REFUSALS_MAX {
            return Err(violation!(SlowConsumer, "too many refusals wait to be acknowledged"));
        }
        self.refusing.push(&refusing);
        Ok(())
    }

    pub(in crate::session) fn accept(&mut self, seq: u64) {
        let before = self.receiver.accepted();
        self.receiver.accept(seq);
        let accepted = self.receiver.accepted();
        while let [seq, number, answer, ..] = *self.refusing.as_slice()
            && seq <= accepted
        {
            self.refusing.drop_first(3);
            self.refuse(number, answer);
        }
        while let Some(journal) = self.journal.as_mut() {
            journal.unkept |= accepted > before;
            if journal.effects.front().is_none_or(|(seq, _)| *seq > accepted) {
                break;
            }
            let effect = journal.effects.pop_front();
            effect.into_iter().for_each(|(_, effect)| self.settle(effect));
        }
    }

    /// What a record has changed counts for good.
    fn settle(&mut self, effect: Effect) {
        match effect {
            Effect::Opened { channel, refused: false, .. } => {
                // Its SHUT may have arrived too, and is not accepted: after a restart the channel is open until then.
                let open = self.ledger.channels.get(&channel);
                let effects = self.journal.as_ref().map(|journal| journal.effects.iter());
                let shut = || effects?.find_map(|(_, effect)| effect.shuts(channel));
                if let Some(record) = open.or_else(shut).cloned() {
                    self.change_channel(channel, Some(&record));
                }
            }
            Effect::Shut { channel, .. } => self.change_channel(channel, None),
            Effect::Opened { .. } | Effect::Asked { .. } | Effect::Answered { .. } => {}
        }
    }

    pub(super) fn refuse(&mut self, number: u64, answer: u64) {
        let nothing = Payload { channel: 0, text: true, bytes: &[] };
        let seq = if answer == CHANNEL && !self.is_client() {
            self.put_shut(number, 0, "too many channels")
        } else {
            self.answer(number, answer, false, nothing)
        };
        self.refusals.push(&[seq]);
    }
}
