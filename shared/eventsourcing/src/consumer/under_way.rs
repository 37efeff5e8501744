//! What a consumer has taken out of a feed and not finished yet.

use std::collections::{BTreeMap, VecDeque};

use countersign_contracts::Partition;

use crate::feed::{Cursor, Delivery};

/// Deliveries in the feed's order, and for each partition the lane in which they are worked through one after
/// the other. Lanes do not wait for each other; the place that may be recorded does: it stays before the first
/// delivery that is not done.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    order: VecDeque<Slot>,
    /// Number of the first slot in `order`.
    first: u64,
    /// A lane is here for as long as one of its deliveries is being worked on.
    lanes: BTreeMap<Partition, VecDeque<Numbered>>,
    waiting: usize,
}

#[derive(Debug)]
struct Slot {
    cursor: Cursor,
    done: bool,
}

/// A delivery and its number in the order of the feed.
#[derive(Debug)]
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) delivery: Delivery,
}

impl UnderWay {
    /// Deliveries waiting or being worked on.
    pub(super) fn len(&self) -> usize {
        self.waiting + self.lanes.len()
    }

    /// Takes a delivery. It is handed back when it can be worked on now.
    pub(super) fn take(&mut self, delivery: Delivery) -> Option<Numbered> {
        let numbered = Numbered { number: self.first + self.order.len() as u64, delivery };
        self.order.push_back(Slot { cursor: numbered.delivery.cursor, done: false });
        let partition = numbered.delivery.event.partition();
        if let Some(lane) = self.lanes.get_mut(&partition) {
            lane.push_back(numbered);
            self.waiting += 1;
            return None;
        }
        self.lanes.insert(partition, VecDeque::new());
        Some(numbered)
    }

    /// Everything up to here has been seen, once what came before is done.
    pub(super) fn pass(&mut self, cursor: Cursor) {
        self.order.push_back(Slot { cursor, done: true });
    }

    /// A delivery is done: what comes next in its lane.
    pub(super) fn done(&mut self, partition: Partition, number: u64) -> Option<Numbered> {
        self.mark(number);
        let next = self.lanes.get_mut(&partition).and_then(VecDeque::pop_front);
        match &next {
            Some(_) => self.waiting -= 1,
            None => drop(self.lanes.remove(&partition)),
        }
        next
    }

    /// A delivery stops its partition: whatever waits behind it is left for later, and nobody waits for it.
    pub(super) fn stop(&mut self, partition: Partition, number: u64) {
        self.mark(number);
        for waiting in self.lanes.remove(&partition).unwrap_or_default() {
            self.mark(waiting.number);
            self.waiting -= 1;
        }
    }

    /// Leaves everything that is not being worked on. It is not done: the place stays before it.
    pub(super) fn leave_waiting(&mut self) {
        self.lanes.values_mut().for_each(VecDeque::clear);
        self.waiting = 0;
    }

    /// The cursors that have been passed since the last call, in order. A cursor is passed when everything
    /// delivered under it is done: a stored event may say several things.
    pub(super) fn passed(&mut self) -> impl Iterator<Item = Cursor> {
        let mut count = self.order.iter().take_while(|slot| slot.done).count();
        if let Some(open) = self.order.get(count) {
            while count > 0 && self.order[count - 1].cursor == open.cursor {
                count -= 1;
            }
        }
        self.first += count as u64;
        self.order.drain(..count).map(|slot| slot.cursor)
    }

    fn mark(&mut self, number: u64) {
        let slot = number.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        if let Some(slot) = slot.and_then(|index| self.order.get_mut(index)) {
            slot.done = true;
        }
    }
}
