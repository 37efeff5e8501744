//! All messages of all encounters in order of sending.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    iter::Peekable,
    sync::Arc,
};

use jiff::Timestamp;

use crate::{
    arrivals::Arrivals,
    dirt::{self, Delivery},
    hospital::World,
    messages::Writer,
    story::Story,
};

/// A message and the instant at which the hospital sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedMessage {
    /// When it is sent; never before the one in front of it.
    pub send_at: Timestamp,
    /// HL7 v2.5.1, each segment ended by a carriage return. No MLLP framing.
    pub bytes: Vec<u8>,
}

/// Iterator over the messages of a run. Holds only the encounters that still have something to send.
#[derive(Debug)]
pub struct Messages {
    world: Arc<World>,
    arrivals: Peekable<Arrivals>,
    waiting: BinaryHeap<Reverse<Waiting>>,
}

/// An encounter with deliveries left.
#[derive(Debug)]
struct Waiting {
    send_at: Timestamp,
    story: Box<Story>,
    deliveries: std::vec::IntoIter<Delivery>,
    next: Delivery,
}

impl Waiting {
    fn key(&self) -> (Timestamp, u64) {
        (self.send_at, self.story.number)
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Messages {
    pub(crate) fn new(world: Arc<World>) -> Self {
        let arrivals = Arrivals::new(Arc::clone(&world)).peekable();
        Self { world, arrivals, waiting: BinaryHeap::new() }
    }

    /// Number of encounters in memory.
    pub fn encounters_held(&self) -> usize {
        self.waiting.len()
    }

    /// Takes in every encounter that begins before the next message is sent.
    fn admit(&mut self) {
        loop {
            let next = self.waiting.peek().map(|Reverse(waiting)| waiting.send_at);
            let Some((number, begins)) =
                self.arrivals.next_if(|(_, begins)| next.is_none_or(|next| *begins <= next))
            else {
                return;
            };
            let story = Box::new(Story::tell(&self.world, number, begins));
            let mut deliveries = dirt::deliveries(&self.world, &story).into_iter();
            if let Some(next) = deliveries.next() {
                self.waiting.push(Reverse(Waiting { send_at: next.send_at, story, deliveries, next }));
            }
        }
    }
}

impl Iterator for Messages {
    type Item = TimedMessage;

    fn next(&mut self) -> Option<TimedMessage> {
        self.admit();
        let Reverse(mut waiting) = self.waiting.pop()?;
        let bytes = Writer::new(&self.world, &waiting.story).write(&waiting.next);
        let message = TimedMessage { send_at: waiting.send_at, bytes };
        if let Some(next) = waiting.deliveries.next() {
            waiting.send_at = next.send_at;
            waiting.next = next;
            self.waiting.push(Reverse(waiting));
        }
        Some(message)
    }
}
