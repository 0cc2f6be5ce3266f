use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::select;
use tokio::time::{Instant, sleep_until};

use super::faults::Way;
use super::link::Link;

/// Passes one direction on. It ends well at the end of the source, which it tells the sink.
pub(crate) async fn pump(
    way: Way,
    mut source: impl AsyncRead + Unpin,
    mut sink: impl AsyncWrite + Unpin,
    link: &Link,
) -> io::Result<()> {
    let mut changes = link.course.subscribe();
    let mut held = Held::default();
    let mut answer = (way == Way::Down).then(Answer::default);
    let mut chunk = vec![0; CHUNK];
    let (mut epoch, mut passed) = (0, 0);
    let mut read_from = Instant::now();
    loop {
        let course = changes.borrow_and_update().clone();
        let now = Instant::now();
        if course.epoch != epoch {
            (epoch, passed) = (course.epoch, 0);
            read_from = now;
        }
        let limit = course.limit(way).map(|limit| limit.saturating_sub(passed));
        if limit == Some(0) {
            link.reached_limit();
            continue;
        }
        if course.doomed.is_some() {
            // The sender of the changes lives as long as the link.
            let _ = changes.changed().await;
            continue;
        }
        let is_silent = course.silent[way];
        if is_silent {
            link.tally.swallowed(held.clear());
        }
        if held.is_over(now) {
            return if is_silent {
                Ok(())
            } else {
                sink.shutdown().await.or_else(|error| link.lost(way, error))
            };
        }

        let rate = course.rate(way);
        let room = held.room().min(CHUNK).min(rate.map_or(CHUNK, burst));
        let may_read = now >= read_from;
        let next = [held.due().filter(|due| *due > now), Some(read_from).filter(|_| !may_read)];
        let wake = next.into_iter().flatten().min();
        let mut sendable = held.sendable(now);
        for bound in [limit, answer.as_ref().and_then(Answer::left)].into_iter().flatten() {
            let bound = usize::try_from(bound).unwrap_or(usize::MAX);
            sendable = sendable.get(..bound).unwrap_or(sendable);
        }

        select! {
            _ = changes.changed() => {}
            () = sleep_until(wake.unwrap_or(now)), if wake.is_some() => {}
            written = sink.write(sendable), if !sendable.is_empty() => match written {
                Ok(0) => link.lost(way, io::ErrorKind::WriteZero.into())?,
                Ok(count) => {
                    held.sent(count);
                    passed += count as u64;
                    link.tally.passed(way, count);
                    if let Some(upgraded) = answer.as_mut().and_then(|answer| answer.sent(count)) {
                        answer = None;
                        link.answered(upgraded);
                    }
                }
                Err(error) => link.lost(way, error)?,
            },
            read = source.read(chunk.get_mut(..room).unwrap_or_default()), if room > 0 && may_read => match read {
                Ok(0) => held.end(now + course.plan.delay(way)),
                Ok(count) => {
                    let bytes = chunk.get(..count).unwrap_or_default();
                    if let Some(answer) = &mut answer {
                        answer.read(bytes);
                    }
                    held.push(bytes, now + course.plan.delay(way));
                    if let Some(rate) = rate {
                        read_from = now + Duration::from_secs_f64(count as f64 / rate as f64);
                    }
                }
                Err(_) if is_silent => return Ok(()),
                Err(error) => return Err(error),
            },
        }
    }
}

/// How much is read at once at so many bytes per second: twenty times a second, so that it flows.
fn burst(rate: u64) -> usize {
    let burst = if rate == 0 { 0 } else { (rate / 20).max(1) };
    usize::try_from(burst).unwrap_or(usize::MAX)
}

/// What was read and is not yet passed on, each chunk with the time from which it may be.
#[derive(Debug, Default)]
struct Held {
    chunks: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    /// Of the first chunk.
    sent: usize,
    end: Option<Instant>,
}

impl Held {
    /// How much may be read.
    fn room(&self) -> usize {
        if self.end.is_some() || self.chunks.len() >= MAX_CHUNKS { 0 } else { MAX_HELD - self.bytes }
    }

    fn push(&mut self, bytes: &[u8], due: Instant) {
        self.bytes += bytes.len();
        self.chunks.push_back((due, bytes.to_vec()));
    }

    fn end(&mut self, due: Instant) {
        self.end = Some(due);
    }

    fn is_over(&self, now: Instant) -> bool {
        self.chunks.is_empty() && self.end.is_some_and(|end| end <= now)
    }

    /// When there is something to do.
    fn due(&self) -> Option<Instant> {
        self.chunks.front().map(|(due, _)| *due).or(self.end)
    }

    fn sendable(&self, now: Instant) -> &[u8] {
        let front = self.chunks.front().filter(|(due, _)| *due <= now);
        front.and_then(|(_, bytes)| bytes.get(self.sent..)).unwrap_or_default()
    }

    fn sent(&mut self, count: usize) {
        self.sent += count;
        self.bytes -= count;
        if self.chunks.front().is_some_and(|(_, bytes)| bytes.len() == self.sent) {
            self.chunks.pop_front();
            self.sent = 0;
        }
    }

    /// Forgets every byte; says how many.
    fn clear(&mut self) -> usize {
        self.chunks.clear();
        self.sent = 0;
        std::mem::take(&mut self.bytes)
    }
}

/// The response to the first request, which says whether the connection is upgraded.
#[derive(Debug, Default)]
struct Answer {
    head: Vec<u8>,
    verdict: Option<Verdict>,
    sent: usize,
}

/// Where the head ends, and whether it was an upgrade.
#[derive(Debug)]
struct Verdict {
    end: usize,
    upgraded: bool,
}

impl Answer {
    fn read(&mut self, bytes: &[u8]) {
        if self.verdict.is_some() {
            return;
        }
        self.head.extend_from_slice(bytes);
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        self.verdict = match response.parse(&self.head) {
            Ok(httparse::Status::Complete(end)) => {
                Some(Verdict { end, upgraded: response.code == Some(101) })
            }
            Ok(httparse::Status::Partial) if self.head.len() < MAX_HEAD => None,
            // This is no HTTP.
            Ok(_) | Err(_) => Some(Verdict { end: self.head.len(), upgraded: false }),
        };
    }

    /// How much of the head is still to be sent, once that is known: what follows it must not go along.
    fn left(&self) -> Option<u64> {
        self.verdict.as_ref().map(|verdict| (verdict.end - self.sent) as u64)
    }

    /// Says whether it was an upgrade when all of it has been sent.
    fn sent(&mut self, count: usize) -> Option<bool> {
        self.sent += count;
        self.verdict.as_ref().filter(|verdict| verdict.end == self.sent).map(|verdict| verdict.upgraded)
    }
}

const CHUNK: usize = 16 << 10;
const MAX_HELD: usize = 64 << 10;
const MAX_CHUNKS: usize = 256;
const MAX_HEAD: usize = 32 << 10;
const MAX_HEADERS: usize = 100;
