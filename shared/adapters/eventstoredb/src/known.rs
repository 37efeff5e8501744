//! Which event ids a stream holds, as far as this process has read it.
//!
//! The server recognises repeated appends only sometimes and says so never. Streams only grow and events never
//! change, so what was read once stays true: an append is compared with it, and only what came since has to
//! be read. Memory is bounded twice: by the newest events of each stream, and by all streams together.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use countersign_eventsourcing::journal::{Position, RecordedEvent, StreamName};
use countersign_kernel::EventId;

/// How many of a stream's newest events are remembered. A repetition of something older is still recognised by
/// its place if the writer expects a revision (see `append`), else not.
pub(crate) const WINDOW: usize = 4096;

/// How many ids are remembered before the streams unused for longest are forgotten (about 100 bytes each).
const MOST_IDS: usize = 200_000;

/// What a set of ids is to a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// None of them is there.
    Absent,
    /// All of them are, one after the other: revision and position of the last.
    Repetition { revision: u64, position: Position },
    /// Some are, or not in this order.
    Overlap,
}

/// A stream and a set of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) verdict: Verdict,
    /// Revision of the last event known; `None` when there is none.
    pub(crate) last: Option<u64>,
    /// Position of the last event known.
    pub(crate) position: Position,
    /// Revision of the oldest event that is remembered.
    pub(crate) oldest: u64,
    /// Everything that was sent from here, as far as it arrived, is among what is known.
    pub(crate) settled: bool,
}

#[derive(Debug, Default)]
struct Known {
    oldest: u64,
    events: VecDeque<(EventId, Position)>,
    revisions: HashMap<EventId, u64>,
    /// Revision after the last event that was sent from here, whether it arrived or not.
    sent: u64,
}

impl Known {
    fn next(&self) -> u64 {
        self.oldest + self.events.len() as u64
    }

    fn learn(&mut self, events: &[RecordedEvent]) {
        for event in events {
            if event.revision < self.next() {
                continue;
            }
            if event.revision > self.next() {
                // A gap: what came before is of no use any more.
                *self = Self { oldest: event.revision, sent: self.sent, ..Self::default() };
            }
            self.events.push_back((event.id, event.position));
            self.revisions.insert(event.id, event.revision);
        }
        while self.events.len() > WINDOW {
            if let Some((id, _)) = self.events.pop_front() {
                self.revisions.remove(&id);
                self.oldest += 1;
            }
        }
    }

    fn judge(&self, ids: &[EventId]) -> Judgement {
        let last = self.next().checked_sub(1).filter(|_| !self.events.is_empty());
        let position = self.events.back().map_or(Position::START, |(_, position)| *position);
        let settled = self.next() >= self.sent;
        Judgement { verdict: self.verdict(ids), last, position, oldest: self.oldest, settled }
    }

    fn verdict(&self, ids: &[EventId]) -> Verdict {
        let found: Vec<u64> = ids.iter().filter_map(|id| self.revisions.get(id).copied()).collect();
        let Some(&revision) = found.last() else { return Verdict::Absent };
        if found.len() < ids.len() || found.windows(2).any(|pair| pair[0] + 1 != pair[1]) {
            return Verdict::Overlap;
        }
        usize::try_from(revision - self.oldest)
            .ok()
            .and_then(|index| self.events.get(index))
            .map_or(Verdict::Overlap, |(_, position)| Verdict::Repetition { revision, position: *position })
    }
}

/// What is known of all streams: two generations, of which the older is dropped when the younger is full.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<StreamName, Known>,
    old: HashMap<StreamName, Known>,
    young_ids: usize,
}

impl Generations {
    fn get(&mut self, stream: &StreamName) -> Option<&mut Known> {
        if let Some(known) = self.old.remove(stream) {
            self.young_ids += known.events.len() + 1;
            self.young.insert(stream.clone(), known);
        }
        self.young.get_mut(stream)
    }

    fn learn(&mut self, stream: &StreamName, oldest: u64, events: &[RecordedEvent]) {
        if self.get(stream).is_none() {
            self.young_ids += 1;
            self.young.insert(stream.clone(), Known { oldest, ..Known::default() });
        }
        let Some(known) = self.young.get_mut(stream) else { return };
        let before = known.events.len();
        known.learn(events);
        self.young_ids = (self.young_ids + known.events.len()).saturating_sub(before);
        if self.young_ids > MOST_IDS / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_ids = 0;
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct KnownStreams(Mutex<Generations>);

impl KnownStreams {
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a stream's events from `from` to its end.
    pub(crate) fn learn(&self, stream: &StreamName, from: u64, events: &[RecordedEvent]) {
        let mut generations = self.lock();
        let reaches = generations.get(stream).map_or(from == 0 || !events.is_empty(), |known| {
            // A read that starts beyond what is known tells nothing of what lies between.
            from <= known.next()
        });
        if reaches {
            let oldest = events.first().map_or(0, |event| event.revision);
            generations.learn(stream, oldest, events);
        }
    }

    /// Where to read on; `None` when nothing is known of the stream.
    pub(crate) fn next(&self, stream: &StreamName) -> Option<u64> {
        self.lock().get(stream).map(|known| known.next())
    }

    /// Compares ids with what is known; `None` when nothing is.
    pub(crate) fn judge(&self, stream: &StreamName, ids: &[EventId]) -> Option<Judgement> {
        self.lock().get(stream).map(|known| known.judge(ids))
    }

    /// Events are about to be sent that would bring the stream to `next`: until that much was read again, the
    /// end that is known may not be the end.
    pub(crate) fn sent(&self, stream: &StreamName, next: u64) {
        if let Some(known) = self.lock().get(stream) {
            known.sent = known.sent.max(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    fn id(n: u64) -> EventId {
        EventId::derive(&["known", &n.to_string()])
    }

    fn stream(n: usize) -> StreamName {
        StreamName::new("facts", n)
    }

    /// Events of a stream whose ids and positions follow from their revisions.
    fn events(revisions: Range<u64>) -> Vec<RecordedEvent> {
        revisions
            .map(|revision| RecordedEvent {
                position: Position(revision * 10),
                stream: stream(0),
                revision,
                id: id(revision),
                kind: "test.happened".into(),
                data: "{}".into(),
                metadata: "{}".into(),
            })
            .collect()
    }

    fn verdict(known: &KnownStreams, ids: &[u64]) -> Verdict {
        let ids: Vec<EventId> = ids.iter().copied().map(id).collect();
        known.judge(&stream(0), &ids).expect("something is known").verdict
    }

    #[test]
    fn ids_are_absent_repeated_or_overlapping() {
        let known = KnownStreams::default();
        known.learn(&stream(0), 0, &events(0..3));
        known.learn(&stream(0), 2, &events(2..5));
        let last_two = Verdict::Repetition { revision: 4, position: Position(40) };
        for (ids, expected) in [
            (&[][..], Verdict::Absent),
            (&[7, 8], Verdict::Absent),
            (&[3, 4], last_two),
            (&[4, 3], Verdict::Overlap),
            (&[2, 4], Verdict::Overlap),
            (&[4, 4], Verdict::Overlap),
            (&[4, 5], Verdict::Overlap),
        ] {
            assert_eq!(verdict(&known, ids), expected, "{ids:?}");
        }
    }

    #[test]
    fn what_was_read_beyond_the_known_end_tells_nothing() {
        let known = KnownStreams::default();
        known.learn(&stream(0), 0, &events(0..3));
        known.learn(&stream(0), 7, &events(7..9));
        assert_eq!(known.next(&stream(0)), Some(3));
        assert_eq!(verdict(&known, &[7]), Verdict::Absent);
    }

    #[test]
    fn only_the_newest_events_of_a_stream_are_remembered() {
        let known = KnownStreams::default();
        let length = WINDOW as u64 + 10;
        known.learn(&stream(0), 0, &events(0..length));
        let judgement = known.judge(&stream(0), &[id(9)]).expect("something is known");
        assert_eq!((judgement.verdict, judgement.oldest), (Verdict::Absent, 10));
        assert_eq!(judgement.last, Some(length - 1));
        assert_eq!(verdict(&known, &[10]), Verdict::Repetition { revision: 10, position: Position(100) });
    }

    #[test]
    fn streams_unused_for_longest_are_forgotten() {
        let known = KnownStreams::default();
        let some = events(0..100);
        for n in 0..10_000 {
            known.learn(&stream(n), 0, &some);
            // The first stream stays in use.
            assert_eq!(known.next(&stream(0)), Some(100));
        }
        assert_eq!(known.next(&stream(1)), None);
        assert_eq!(known.next(&stream(9_999)), Some(100));
        let generations = known.lock();
        let ids: usize = [&generations.young, &generations.old]
            .into_iter()
            .flat_map(HashMap::values)
            .map(|known| known.events.len())
            .sum();
        assert!(ids <= MOST_IDS, "{ids} ids are remembered");
    }

    #[test]
    fn a_stream_is_settled_once_what_was_sent_was_read() {
        let known = KnownStreams::default();
        known.learn(&stream(0), 0, &events(0..2));
        let settled = || known.judge(&stream(0), &[]).expect("something is known").settled;
        assert!(settled());
        known.sent(&stream(0), 4);
        known.learn(&stream(0), 0, &events(0..2));
        assert!(!settled(), "a read from before does not show what was sent");
        known.learn(&stream(0), 2, &events(2..4));
        assert!(settled());
    }
}
