//! The bytes in which a store can keep a session and its changes. They are not on the wire: each store has its own, or
//! these.

use std::sync::Arc;

use super::table::{Numbers, Table};
use core::fmt;

use super::endpoint::OPEN_MAX;
use super::handshake::{Identity, Tombstone};
use super::store::{Delta, State, Stored};
use super::wire::{MAX_INTEGER, Record, is_sequenced, read_record};

/// A record and its number.
type Numbered = (u64, Arc<[u8]>);

/// Bytes that are no session, or none that could go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these bytes are no session that a store has kept")
    }
}

impl std::error::Error for Corrupt {}

impl Stored {
    /// As bytes, for [`from_bytes`](Self::from_bytes).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        put_identity(&mut out, &self.identity);
        put_bytes(&mut out, &self.principal);
        put_state(&mut out, &self.state);
        put_records(&mut out, &self.records);
        put(&mut out, self.channels.len() as u64);
        for (channel, record) in self.channels.iter() {
            put(&mut out, *channel);
            put_bytes(&mut out, record);
        }
        out
    }

    /// From bytes, whatever they are.
    ///
    /// # Errors
    /// If they are no session.
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, Corrupt> {
        let from = &mut bytes;
        let identity = identity(from)?;
        let principal = take(from)?.to_vec();
        let (state, records) = (state(from)?, records(from)?);
        let mut channels = Table::new();
        for _ in 0..integer(from)? {
            channels.insert(integer(from)?, take(from)?.to_vec());
        }
        let stored = Self { identity, principal, state, records, channels };
        end(from)?;
        stored.check()?;
        Ok(stored)
    }

    /// Whether a session could go on from here. What [`from_bytes`](Self::from_bytes) gives always could; after a
    /// change was taken in that came from elsewhere, it is to be seen.
    ///
    /// # Errors
    /// If it could not.
    pub fn check(&self) -> Result<(), Corrupt> {
        let state = &self.state;
        let mut next = state.acked;
        let mut end = state.acked_end;
        for (seq, record) in &self.records {
            next += 1;
            end = end.saturating_add(record.len() as u64);
            let kind = record.first().copied().ok_or(Corrupt)?;
            sound(*seq == next && is_sequenced(kind) && read_record(record).is_some())?;
        }
        sound(next == state.last && end <= MAX_INTEGER && state.next_request > 0)?;
        sound(state.fence <= MAX_INTEGER)?;
        sound(state.asked.iter().last().is_none_or(|id| *id < state.next_request))?;
        sound(state.asking.iter().last().is_none_or(|id| *id <= state.last_asking))?;
        for (number, record) in self.channels.iter() {
            let open =
                matches!(read_record(record), Some(Record::Open { channel, .. }) if channel == *number);
            sound(open && *number <= state.last_channel && record.len() <= OPEN_MAX)?;
        }
        Ok(())
    }
}

impl Delta {
    /// As bytes, for [`from_bytes`](Self::from_bytes).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        put_state(&mut out, &self.state);
        put_records(&mut out, &self.appended);
        put(&mut out, self.channels.len() as u64);
        for (channel, record) in self.channels.iter() {
            put(&mut out, *channel);
            out.push(u8::from(record.is_some()));
            put_bytes(&mut out, record.as_deref().unwrap_or_default());
        }
        out
    }

    /// From bytes, whatever they are. Its epoch is 0.
    ///
    /// # Errors
    /// If they are no change of a session.
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, Corrupt> {
        let from = &mut bytes;
        let (state, appended) = (state(from)?, records(from)?);
        let mut channels = Table::new();
        for _ in 0..integer(from)? {
            let channel = integer(from)?;
            let open = flag(from)?;
            let record = take(from)?.to_vec();
            channels.insert(channel, open.then_some(record));
        }
        end(from)?;
        Ok(Self { epoch: 0, state, appended, channels })
    }
}

/// What is left of a session that has ended: its name and secret, whose it was, and what can be proved of it.
pub type Grave = (Identity, Vec<u8>, Tombstone);

/// As bytes, for [`grave_from_bytes`].
pub fn grave_to_bytes((identity, principal, tombstone): &Grave) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    put_identity(&mut out, identity);
    put_bytes(&mut out, principal);
    put(&mut out, tombstone.recv);
    put(&mut out, tombstone.next);
    out
}

/// From bytes, whatever they are.
///
/// # Errors
/// If they are no grave.
pub fn grave_from_bytes(mut bytes: &[u8]) -> Result<Grave, Corrupt> {
    let from = &mut bytes;
    let (identity, principal) = (identity(from)?, take(from)?.to_vec());
    let tombstone = Tombstone { recv: integer(from)?, next: integer(from)? };
    end(from)?;
    sound(tombstone.next > 0)?;
    Ok((identity, principal, tombstone))
}

fn sound(is: bool) -> Result<(), Corrupt> {
    if is { Ok(()) } else { Err(Corrupt) }
}

/// Unsigned LEB128.
fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn put_identity(out: &mut Vec<u8>, identity: &Identity) {
    out.extend_from_slice(&identity.id);
    out.extend_from_slice(&identity.secret);
}

fn put_state(out: &mut Vec<u8>, state: &State) {
    out.push(u8::from(state.confirmed));
    let State { fence, accepted, accepted_end, granted, acked, acked_end, last, .. } = *state;
    let State { next_request, last_asking, last_channel, .. } = *state;
    for value in [fence, accepted, accepted_end, granted, acked, acked_end, last] {
        put(out, value);
    }
    for value in [next_request, last_asking, last_channel] {
        put(out, value);
    }
    for set in [&state.asked, &state.asking] {
        put(out, set.len() as u64);
        set.iter().for_each(|value| put(out, *value));
    }
}

fn put_records(out: &mut Vec<u8>, records: &[Numbered]) {
    put(out, records.len() as u64);
    for (seq, record) in records {
        put(out, *seq);
        put_bytes(out, record);
    }
}

fn integer(from: &mut &[u8]) -> Result<u64, Corrupt> {
    let mut value = 0;
    for shift in (0..56).step_by(7) {
        let (byte, rest) = from.split_first().ok_or(Corrupt)?;
        *from = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            sound(value <= MAX_INTEGER)?;
            return Ok(value);
        }
    }
    Err(Corrupt)
}

fn flag(from: &mut &[u8]) -> Result<bool, Corrupt> {
    let value = integer(from)?;
    sound(value < 2)?;
    Ok(value == 1)
}

fn take<'a>(from: &mut &'a [u8]) -> Result<&'a [u8], Corrupt> {
    let len = usize::try_from(integer(from)?).map_err(|_| Corrupt)?;
    let (bytes, rest) = from.split_at_checked(len).ok_or(Corrupt)?;
    *from = rest;
    Ok(bytes)
}

fn end(from: &[u8]) -> Result<(), Corrupt> {
    sound(from.is_empty())
}

fn identity(from: &mut &[u8]) -> Result<Identity, Corrupt> {
    let mut sixteen = || {
        let (bytes, rest) = from.split_first_chunk::<16>().ok_or(Corrupt)?;
        *from = rest;
        Ok(*bytes)
    };
    let identity = Identity { id: sixteen()?, secret: sixteen()? };
    sound(identity.id != [0; 16])?;
    Ok(identity)
}

fn state(from: &mut &[u8]) -> Result<State, Corrupt> {
    let confirmed = flag(from)?;
    let mut state = State {
        confirmed,
        fence: integer(from)?,
        accepted: integer(from)?,
        accepted_end: integer(from)?,
        granted: integer(from)?,
        acked: integer(from)?,
        acked_end: integer(from)?,
        last: integer(from)?,
        next_request: integer(from)?,
        last_asking: integer(from)?,
        last_channel: integer(from)?,
        asked: Numbers::new(),
        asking: Numbers::new(),
    };
    for set in [&mut state.asked, &mut state.asking] {
        for _ in 0..integer(from)? {
            set.insert(integer(from)?);
        }
    }
    Ok(state)
}

/// As many as there are bytes for, whatever their number claims.
fn records(from: &mut &[u8]) -> Result<Vec<Numbered>, Corrupt> {
    let mut records = Vec::new();
    for _ in 0..integer(from)? {
        records.push((integer(from)?, take(from)?.into()));
    }
    Ok(records)
}
