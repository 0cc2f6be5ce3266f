use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio::{select, try_join};

use super::faults::{Fate, How, Plan, Way, Ways};
use super::pump::pump;
use super::tally::Tally;

/// What every connection is told.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) plan: Arc<Plan>,
    /// How many times all of them were to be cut at once, and how the last time.
    pub(crate) cuts: (u64, How),
}

/// One connection through the proxy.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) course: watch::Sender<Course>,
    pub(crate) tally: Arc<Tally>,
}

/// What the two directions of a connection go by.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    pub(crate) plan: Arc<Plan>,
    fate: Fate,
    phase: Phase,
    /// Bytes are counted anew in each.
    pub(crate) epoch: u64,
    /// When the cut by time is due.
    cut_at: Option<Instant>,
    /// Nothing moves any more, for the connection is about to be cut.
    pub(crate) doomed: Option<How>,
    /// A direction that was silent once is broken for good: bytes are missing.
    pub(crate) silent: Ways<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Handshake,
    Open,
    /// The answer was no upgrade.
    Plain,
}

/// What is left to be done with the two sockets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ending {
    /// Both directions have come to their end.
    Over,
    Reset,
    Fin,
}

impl Course {
    /// How many bytes of this epoch pass before the cut.
    pub(crate) fn limit(&self, way: Way) -> Option<u64> {
        match self.phase {
            Phase::Handshake => self.fate.head[way],
            Phase::Open => self.fate.bytes[way],
            Phase::Plain => None,
        }
    }

    /// How many bytes a second are read. A handshake is never slowed, so that a reader that stops is one
    /// that has begun.
    pub(crate) fn rate(&self, way: Way) -> Option<u64> {
        if self.phase == Phase::Open { self.plan.rate(way) } else { None }
    }

    fn count_anew(&mut self) {
        self.epoch += 1;
        self.cut_at = match self.phase {
            Phase::Open => self.fate.cut.map(|after| Instant::now() + after),
            Phase::Handshake | Phase::Plain => None,
        };
    }

    /// It has met its fate, which comes but once.
    fn spare(&mut self) {
        self.fate = Fate::default();
        self.cut_at = None;
    }
}

impl Link {
    pub(crate) fn new(plan: Arc<Plan>, tally: Arc<Tally>) -> Self {
        let course = Course {
            fate: plan.draw(),
            plan,
            phase: Phase::Handshake,
            epoch: 0,
            cut_at: None,
            doomed: None,
            silent: Ways::default(),
        };
        Self { course: watch::Sender::new(course), tally }
    }

    /// Passes bytes on until the connection is to end. Both ends are a reader and a writer.
    pub(crate) async fn run(
        &self,
        client: (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
        server: (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
        orders: watch::Receiver<Orders>,
    ) -> Ending {
        let pumps = async {
            let up = pump(Way::Up, client.0, server.1, self);
            let down = pump(Way::Down, server.0, client.1, self);
            try_join!(up, down)
        };
        select! {
            // One end was reset, so the other is.
            ended = pumps => if ended.is_ok() { Ending::Over } else { Ending::Reset },
            ending = self.obey(orders) => ending,
        }
    }

    /// The response head has passed.
    pub(crate) fn answered(&self, upgraded: bool) {
        if upgraded {
            self.tally.upgraded();
        }
        self.course.send_modify(|course| {
            course.phase = if upgraded { Phase::Open } else { Phase::Plain };
            course.count_anew();
        });
    }

    /// As many bytes have passed as shall before the cut.
    pub(crate) fn reached_limit(&self) {
        self.course.send_modify(|course| {
            course.spare();
            course.doomed = course.plan.take_cut().then(|| course.plan.how());
        });
    }

    /// A write failed. A sender that hears nothing must not hear of that either.
    pub(crate) fn lost(&self, way: Way, error: io::Error) -> io::Result<()> {
        if !self.course.borrow().silent[way.opposite()] {
            return Err(error);
        }
        self.course.send_modify(|course| course.silent[way] = true);
        Ok(())
    }

    /// Cuts when it is time to, and when it is ordered.
    async fn obey(&self, mut orders: watch::Receiver<Orders>) -> Ending {
        let mut course = self.course.subscribe();
        let mut heard = orders.borrow_and_update().clone();
        loop {
            let (cut_at, doomed) = {
                let course = course.borrow_and_update();
                (course.cut_at, course.doomed)
            };
            let how = match doomed {
                Some(how) => how,
                None => select! {
                    changed = orders.changed() => {
                        if changed.is_err() {
                            return Ending::Reset;
                        }
                        let order = orders.borrow_and_update().clone();
                        if !Arc::ptr_eq(&order.plan, &heard.plan) {
                            self.follow(&order.plan);
                        }
                        let is_cut = order.cuts.0 != heard.cuts.0;
                        heard = order;
                        if !is_cut {
                            continue;
                        }
                        heard.cuts.1
                    }
                    _ = course.changed() => continue,
                    () = sleep_until(cut_at.unwrap_or_else(Instant::now)), if cut_at.is_some() => {
                        self.reached_limit();
                        continue;
                    }
                },
            };
            self.tally.cut();
            match how {
                How::Reset => return Ending::Reset,
                How::Fin => return Ending::Fin,
                How::Silent { up, down } => self.course.send_modify(|course| {
                    course.spare();
                    course.doomed = None;
                    course.silent.up |= up;
                    course.silent.down |= down;
                }),
            }
        }
    }

    fn follow(&self, plan: &Arc<Plan>) {
        self.course.send_modify(|course| {
            course.plan = Arc::clone(plan);
            course.fate = plan.draw();
            course.count_anew();
        });
    }
}
