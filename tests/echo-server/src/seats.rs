use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Limits;
use crate::reply::Reply;
use crate::stats::lock;

/// Who may be connected: so many in all, and so many from one address.
#[derive(Debug)]
pub(crate) struct Seats {
    seats: Arc<Semaphore>,
    /// A few more, for telling the others that the seats are taken.
    standing: Arc<Semaphore>,
    limit_per_address: usize,
    by_address: Mutex<HashMap<IpAddr, usize>>,
}

impl Seats {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            seats: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            standing: Arc::new(Semaphore::new(STANDING_PLACES)),
            limit_per_address: limits.connections_per_address,
            by_address: Mutex::default(),
        }
    }

    /// A place for a new connection, and why it is none to stay in; without even a standing place
    /// `None`.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<(Place, Option<Crowded>)> {
        let address = network_of(address);
        let is_full =
            lock(&self.by_address).get(&address).is_some_and(|taken| *taken >= self.limit_per_address);
        let take = |places: &Arc<Semaphore>| Arc::clone(places).try_acquire_owned().ok();
        let seat = if is_full { Err(Crowded::Address) } else { take(&self.seats).ok_or(Crowded::Server) };
        match seat {
            Ok(permit) => {
                *lock(&self.by_address).entry(address).or_default() += 1;
                let seat = Some((Arc::clone(self), address));
                Some((Place { _permit: permit, seat }, None))
            }
            Err(crowded) => {
                take(&self.standing).map(|permit| (Place { _permit: permit, seat: None }, Some(crowded)))
            }
        }
    }

    fn leave(&self, address: IpAddr) {
        let mut by_address = lock(&self.by_address);
        if let Some(taken) = by_address.get_mut(&address) {
            *taken -= 1;
            if *taken == 0 {
                by_address.remove(&address);
            }
        }
    }
}

/// Free again when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    seat: Option<(Arc<Seats>, IpAddr)>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((seats, address)) = &self.seat {
            seats.leave(*address);
        }
    }
}

/// Why a connection is answered with nothing but a refusal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Crowded {
    Server,
    Address,
}

impl Crowded {
    pub(crate) fn reply(self) -> Reply {
        match self {
            Self::Server => Reply::text(503, "Too many connections are open."),
            Self::Address => Reply::text(429, "Too many connections from this address are open."),
        }
    }
}

/// What counts as one address: an IPv6 host has a whole /64 to itself.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

const STANDING_PLACES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(connections: usize, connections_per_address: usize) -> Arc<Seats> {
        Arc::new(Seats::new(&Limits { connections, connections_per_address, ..Limits::default() }))
    }

    #[test]
    fn one_address_cannot_take_the_seats_of_the_others() {
        let seats = seats(10, 2);
        let [one, two] = ["10.0.0.1", "10.0.0.2"].map(|address| address.parse().unwrap());
        let taken: Vec<_> = (0..2).map(|_| seats.admit(one).unwrap()).collect();
        assert!(taken.iter().all(|(_, crowded)| crowded.is_none()));
        assert_eq!(seats.admit(one).unwrap().1, Some(Crowded::Address));
        assert_eq!(seats.admit(two).unwrap().1, None);
        drop(taken);
        assert_eq!(seats.admit(one).unwrap().1, None);
        assert!(lock(&seats.by_address).is_empty(), "nobody is remembered who has left");
    }

    #[test]
    fn an_ipv6_host_is_one_address_whatever_it_calls_itself() {
        let seats = seats(10, 1);
        let _one = seats.admit("2001:db8::1".parse().unwrap()).unwrap();
        assert_eq!(seats.admit("2001:db8::2".parse().unwrap()).unwrap().1, Some(Crowded::Address));
        assert_eq!(seats.admit("2001:db8:0:1::1".parse().unwrap()).unwrap().1, None);
        let _mapped = seats.admit("::ffff:10.0.0.1".parse().unwrap()).unwrap();
        assert_eq!(seats.admit("10.0.0.1".parse().unwrap()).unwrap().1, Some(Crowded::Address));
    }

    #[test]
    fn without_a_standing_place_nobody_is_even_refused() {
        let seats = seats(0, 1);
        let address = "10.0.0.1".parse().unwrap();
        let standing: Vec<_> = (0..STANDING_PLACES).map(|_| seats.admit(address).unwrap()).collect();
        assert!(standing.iter().all(|(_, crowded)| *crowded == Some(Crowded::Server)));
        assert!(seats.admit(address).is_none());
    }
}
