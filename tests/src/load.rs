//! A load of messages from a sender that does not give up: what was not acknowledged is sent again.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::mllp::{Ack, send_until_broken};

/// How long a sender goes on trying.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where an intake is at the moment: it comes back on another port after a crash.
#[derive(Debug, Clone)]
pub struct Whereabouts(Arc<Mutex<SocketAddr>>);

impl Whereabouts {
    /// It is here now.
    pub fn new(address: SocketAddr) -> Self {
        Self(Arc::new(Mutex::new(address)))
    }

    /// It has moved.
    pub fn moved(&self, address: SocketAddr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }

    fn now(&self) -> SocketAddr {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends messages over several connections at the same time until each of them has been answered.
pub fn deliver(to: &Whereabouts, messages: &[Vec<u8>], connections: usize) -> Vec<Ack> {
    thread::scope(|scope| {
        let lanes: Vec<_> = messages
            .chunks(messages.len().div_ceil(connections).max(1))
            .map(|lane| scope.spawn(move || deliver_one(to, lane)))
            .collect();
        lanes.into_iter().flat_map(|lane| lane.join().expect("a sender")).collect()
    })
}

fn deliver_one(to: &Whereabouts, messages: &[Vec<u8>]) -> Vec<Ack> {
    let deadline = Instant::now() + PATIENCE;
    let mut answers = Vec::with_capacity(messages.len());
    while answers.len() < messages.len() {
        let (mut more, _) = send_until_broken(to.now(), &messages[answers.len()..]);
        // "Not stored" asks for another try, and what follows it on this connection has been taken already:
        // sending it again is a duplicate.
        let stored = more.iter().position(|answer| answer.text.contains("send again"));
        more.truncate(stored.unwrap_or(more.len()));
        let moved_on = !more.is_empty();
        answers.append(&mut more);
        assert!(Instant::now() < deadline, "{} of {} answered", answers.len(), messages.len());
        if !moved_on {
            thread::sleep(Duration::from_millis(20));
        }
    }
    answers
}

/// How many of these messages are different ones.
pub fn distinct(messages: &[Vec<u8>]) -> usize {
    messages.iter().collect::<BTreeSet<_>>().len()
}

/// Randomness that can be repeated (splitmix64): moments at which something breaks.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }

    /// Puts things into another order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            let other = usize::try_from(self.below(last as u64 + 1)).expect("an index");
            things.swap(last, other);
        }
    }
}
