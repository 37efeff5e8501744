//! What the loop holds in memory: the nearest timers, those under way, those to be tried again, those set aside. All
//! of it is a cache, bounded, and can be forgotten at any moment: the table has what is armed, the streams know.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use countersign_kernel::{TimerId, Timestamp};
use tokio::time::Instant;

use super::{
    instant::rounded_down,
    table::{Due, Key},
};
use crate::journal::{Position, StreamName};

/// First wait before a timer is tried again; each further one is twice as long, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How often the table may say "armed" and the stream "not" before that is a contradiction: about a minute.
const MOST_GONE: u32 = 18;

/// One arming.
type Which = (TimerId, u32);

/// A timer that cannot be worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Which.
    pub due: Due,
    /// Why, without patient data.
    pub reason: String,
    /// When it was set aside.
    pub since: Timestamp,
}

/// A timer and how often it was tried.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub(super) due: Due,
    tries: u32,
    /// The stream said that it is armed no longer, and the table did not know yet.
    pub(super) gone: bool,
}

impl Attempt {
    fn which(&self) -> Which {
        (self.due.timer, self.due.arming)
    }

    fn wait(&self) -> Duration {
        FIRST_WAIT.saturating_mul(1 << self.tries.min(16)).min(LONGEST_WAIT)
    }
}

#[derive(Debug)]
pub(super) struct Held {
    limit: usize,
    /// In the order in which they fire.
    near: BTreeMap<Key, Attempt>,
    near_of: HashMap<TimerId, Key>,
    /// Streams with one under way, and what waits behind it.
    lanes: HashMap<StreamName, BTreeMap<Key, Attempt>>,
    waiting: BTreeMap<(Instant, Key), Attempt>,
    /// All of the above.
    known: HashSet<Which>,
    /// Fired, and not folded into the table yet.
    fired: HashSet<Which>,
    fired_at: BTreeMap<Position, Vec<Which>>,
    set_aside: BTreeMap<Which, SetAside>,
    /// Everything that the table has up to here is held; `None`: everything that it has.
    horizon: Option<Key>,
    /// Something before the horizon was forgotten.
    forgot: bool,
}

impl Held {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            near: BTreeMap::new(),
            near_of: HashMap::new(),
            lanes: HashMap::new(),
            waiting: BTreeMap::new(),
            known: HashSet::new(),
            fired: HashSet::new(),
            fired_at: BTreeMap::new(),
            set_aside: BTreeMap::new(),
            horizon: Some(Key::START),
            forgot: false,
        }
    }

    /// How many are in memory, in whatever state.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn set_aside(&self) -> impl ExactSizeIterator<Item = &SetAside> {
        self.set_aside.values()
    }

    /// Whether the table has so much to learn that firing had better wait for it.
    pub(super) fn ahead_of_table(&self) -> bool {
        self.fired.len() >= self.limit
    }

    /// Where to read on in the table, and how many rows; nothing when there is enough, or no more.
    pub(super) fn wants(&self) -> Option<(Key, usize)> {
        let after = self.horizon?;
        let room = self.limit.saturating_sub(self.known.len());
        (self.near.len() <= self.limit / 4 && room > self.limit / 4).then_some((after, room))
    }

    /// Takes what the table has after the horizon; `wanted` rows were asked for.
    pub(super) fn refill(&mut self, rows: Vec<Due>, wanted: usize) {
        self.horizon = if rows.len() < wanted { None } else { rows.last().map(Due::key) };
        for due in rows {
            self.insert(due);
        }
    }

    /// Takes what was armed just now, unless it is so far away that the table can keep it.
    pub(super) fn admit(&mut self, due: Due) {
        if self.horizon.is_some_and(|horizon| due.key() > horizon) {
            return;
        }
        self.insert(due);
        if self.known.len() > self.limit {
            self.evict();
        }
    }

    fn insert(&mut self, due: Due) {
        let which = (due.timer, due.arming);
        if self.known.contains(&which) || self.fired.contains(&which) || self.set_aside.contains_key(&which) {
            return;
        }
        // An earlier arming of the same timer is not armed any more.
        if let Some(earlier) = self.near_of.get(&due.timer).copied() {
            self.take_near(earlier);
        }
        let earlier = self.set_aside.range((due.timer, 0)..which).map(|(which, _)| *which);
        for which in earlier.collect::<Vec<_>>() {
            self.set_aside.remove(&which);
        }
        self.put_near(Attempt { due, tries: 0, gone: false });
    }

    fn put_near(&mut self, attempt: Attempt) {
        self.known.insert(attempt.which());
        self.near_of.insert(attempt.due.timer, attempt.due.key());
        if let Some(other) = self.near.insert(attempt.due.key(), attempt) {
            // The same timer for the same instant, under another arming: one of the two is stale, and the owner
            // will say which. The table brings the other again.
            self.known.remove(&other.which());
            self.forgot = true;
        }
    }

    fn take_near(&mut self, key: Key) -> Option<Attempt> {
        let attempt = self.near.remove(&key)?;
        self.near_of.remove(&attempt.due.timer);
        self.known.remove(&attempt.which());
        Some(attempt)
    }

    /// Forgets the farthest: the table has it.
    fn evict(&mut self) {
        if let Some(key) = self.near.last_key_value().map(|(key, _)| *key) {
            self.take_near(key);
            let before = key.before();
            self.horizon = Some(self.horizon.map_or(before, |horizon| horizon.min(before)));
        } else {
            self.forget_waiting();
        }
    }

    fn forget_waiting(&mut self) {
        if let Some((_, attempt)) = self.waiting.pop_last() {
            self.known.remove(&attempt.which());
            self.forgot = true;
        }
    }

    /// Forgets what is near, to read it anew from the table.
    pub(super) fn start_over(&mut self) {
        for attempt in std::mem::take(&mut self.near).into_values() {
            self.known.remove(&attempt.which());
        }
        self.near_of.clear();
        self.horizon = Some(Key::START);
        self.forgot = false;
    }

    /// Whether something was forgotten that only starting over brings back, and nothing else is near.
    pub(super) fn should_start_over(&self) -> bool {
        self.forgot && self.horizon.is_none() && self.near.is_empty()
    }

    /// The table has been brought up to a position: what fired before it need not be remembered.
    pub(super) fn folded(&mut self, upto: Position) {
        while let Some(first) = self.fired_at.first_entry().filter(|entry| *entry.key() <= upto) {
            for which in first.remove() {
                self.fired.remove(&which);
            }
        }
    }

    /// The next one that is due, to be tried now. Its stream is under way until [`finished`](Self::finished).
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Attempt> {
        loop {
            let key = self.near.first_key_value().map(|(key, _)| *key).filter(|key| key.is_due(now))?;
            let attempt = self.take_near(key)?;
            self.known.insert(attempt.which());
            if let Some(lane) = self.lanes.get_mut(&attempt.due.stream) {
                lane.insert(key, attempt);
                continue;
            }
            self.lanes.insert(attempt.due.stream.clone(), BTreeMap::new());
            return Some(attempt);
        }
    }

    /// What waited behind this one in its stream, to be tried now; without any the stream is no longer under way.
    fn release(&mut self, attempt: &Attempt) -> Option<Attempt> {
        self.known.remove(&attempt.which());
        let next = self.lanes.get_mut(&attempt.due.stream).and_then(BTreeMap::pop_first);
        if next.is_none() {
            self.lanes.remove(&attempt.due.stream);
        }
        next.map(|(_, next)| next)
    }

    /// One that was taken is not tried now, after all.
    pub(super) fn give_back(&mut self, attempt: Attempt) {
        let behind = self.lanes.remove(&attempt.due.stream).unwrap_or_default();
        for attempt in std::iter::once(attempt).chain(behind.into_values()) {
            self.known.remove(&attempt.which());
            self.retry(attempt);
        }
    }

    /// It fired. The answer is what is next in its stream.
    pub(super) fn done(&mut self, attempt: &Attempt, at: Position, folded: Position) -> Option<Attempt> {
        if at > folded {
            self.fired.insert(attempt.which());
            self.fired_at.entry(at).or_default().push(attempt.which());
        }
        self.release(attempt)
    }

    /// It is to be tried again later. The answer is what is next in its stream: that need not wait.
    pub(super) fn again(&mut self, mut attempt: Attempt, gone: bool) -> Option<Attempt> {
        let next = self.release(&attempt);
        attempt.tries += 1;
        attempt.gone = gone;
        self.known.insert(attempt.which());
        self.waiting.insert((Instant::now() + attempt.wait(), attempt.due.key()), attempt);
        // They must not keep others out of memory: the one with the longest wait is forgotten, and found again.
        if self.waiting.len() > self.limit / 2 {
            self.forget_waiting();
        }
        next
    }

    /// Whether the table and the stream have disagreed about it for so long that it is no lag.
    pub(super) fn contradicts(attempt: &Attempt) -> bool {
        attempt.gone && attempt.tries >= MOST_GONE
    }

    /// It cannot be worked on. The answer is what is next in its stream.
    pub(super) fn put_aside(
        &mut self,
        attempt: Attempt,
        reason: String,
        since: Timestamp,
    ) -> Option<Attempt> {
        let next = self.release(&attempt);
        if self.set_aside.len() < self.limit {
            self.set_aside.insert(attempt.which(), SetAside { due: attempt.due, reason, since });
        } else {
            // There are others to show. It is found again with the next look at everything.
            self.forgot = true;
        }
        next
    }

    /// Those whose wait is over. They are nowhere until they are given back by [`retry`](Self::retry).
    pub(super) fn ready(&mut self) -> Vec<Attempt> {
        let mut ready = Vec::new();
        while let Some(first) = self.waiting.first_entry().filter(|entry| entry.key().0 <= Instant::now()) {
            let attempt = first.remove();
            self.known.remove(&attempt.which());
            ready.push(attempt);
        }
        ready
    }

    /// Is tried with the next that are due.
    pub(super) fn retry(&mut self, attempt: Attempt) {
        // A later arming may have come meanwhile: that one counts.
        if !self.near_of.contains_key(&attempt.due.timer) {
            self.put_near(attempt);
        }
    }

    /// Lets all that was set aside try again.
    pub(super) fn resume(&mut self) {
        if !self.set_aside.is_empty() {
            self.set_aside.clear();
            self.start_over();
        }
    }

    pub(super) fn forget_set_aside(&mut self, timer: TimerId, arming: u32) {
        self.set_aside.remove(&(timer, arming));
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.near.first_key_value().map(|(key, _)| key.due_at())
    }

    /// When the next one is to be tried again.
    pub(super) fn next_retry(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((at, _), _)| *at)
    }
}

impl Key {
    fn is_due(self, now: Timestamp) -> bool {
        self.due() <= rounded_down(now)
    }
}

#[cfg(test)]
mod tests;
