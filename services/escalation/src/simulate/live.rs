//! As if the feeds had been live: the recorded facts in the order in which the hospital's systems recorded them, each told
//! at that instant, for a history that was loaded afterwards.
//!
//! **What it rests on.**
//! - What followed from a message is told when its source recorded it (EVN-2, else MSH-7), never later than it was received.
//!   Where messages of a chart were received in another order, what came after a later one is told with that one: what a
//!   chart came to was worked out in the order of receipt, and nobody is told what is not known yet.
//!   What has no time of its own, e.g. a row of a file, was recorded when it was received.
//! - What arose by the passing of time is told when it arose.
//! - Decisions of people (holds, disputes, assignments) are told when they were made here.
//! - People and places are taken from the beginning as they stand at the end, with their own dates: since when somebody is
//!   in a department, or away.
//!
//! What came after the last message of a source is left out, unless time is to pass up to then: no feed told of what was
//! done about it.

use std::{collections::HashMap, sync::atomic::Ordering};

use countersign_contracts::{
    Envelope,
    deficiency::{self, DeficiencyChanged, DeficiencyStatus},
};
use countersign_eventsourcing::{
    journal::{Journal, JournalError, Metadata, Position, RecordedEvent, StreamName},
    publish::Publishers,
};
use countersign_kernel::Timestamp;
use countersign_owed::CATEGORIES;

use super::{PAGE, Replayed, STRIDE, SimulateError, Watch, history::History};

/// Name under which conclusions stand that nobody told and nobody decided.
const CONCLUDED: &str = deficiency::CATEGORY;
/// What is told of an item when it is told of first.
const OPENED: &str = "opened";
/// What is told of it when it is owed again.
const REOPENED: &str = "reopened";

/// Something that is told of an item.
struct Told {
    at: Timestamp,
    position: u64,
    changed: Box<DeficiencyChanged>,
}

/// Everything that is told of items.
pub(super) struct Telling {
    told: Vec<Told>,
    /// The last instant at which a source told something of an item.
    upto: Option<Timestamp>,
    /// How much was read before.
    read: u64,
}

/// Reads what the journal says. People and places are folded at once: they are known from the beginning.
pub(super) async fn told(
    journal: &dyn Journal,
    publishers: &Publishers,
    head: Position,
    history: &mut History,
    watch: &Watch,
) -> Result<Telling, SimulateError> {
    // The second half is the replay.
    watch.total.store(head.0 * 2, Ordering::Relaxed);
    let (every, of_items) =
        (publishers.filter_for(&CATEGORIES), publishers.filter_for(&[deficiency::CATEGORY]));
    let mut heard = Heard::default();
    let mut telling = Telling { told: Vec::new(), upto: None, read: head.0 };
    let mut after = Position::START;
    loop {
        watch.go_on()?;
        let batch = journal.read_all(after, every.clone(), PAGE).await?;
        for event in batch.events.iter().filter(|event| event.position <= head) {
            let chart =
                if of_items.admits(event.stream.category()) { Some(heard.note(event)?) } else { None };
            for said in publishers.publish(event)? {
                match chart {
                    Some(HeardUpto { at, of_source }) if said.kind == DeficiencyChanged::TYPE => {
                        telling.upto = telling.upto.max(of_source.then_some(at));
                        telling.told.push(Told::of(event, &said, at)?);
                    }
                    _ => history.fold(event, &said)?,
                }
            }
        }
        after = batch.upto;
        watch.done.store(after.0.min(head.0), Ordering::Relaxed);
        if batch.caught_up || after >= head {
            break;
        }
    }
    // A chart's events of one instant stay in their order.
    telling.told.sort_by_key(|told| (told.at, told.position));
    Ok(telling)
}

/// Up to when a chart was told of.
#[derive(Debug, Clone, Copy)]
struct HeardUpto {
    at: Timestamp,
    /// A source told of it last; else somebody decided something, or nobody knows.
    of_source: bool,
}

/// Up to when each chart was told of.
#[derive(Default)]
struct Heard(HashMap<StreamName, HeardUpto>);

impl Heard {
    /// Up to when the chart of an event was told of, by it and by all before it.
    fn note(&mut self, event: &RecordedEvent) -> Result<HeardUpto, SimulateError> {
        let Metadata { recorded_at, received_at, actor, .. } = event.metadata()?;
        let news = match recorded_at {
            Some(recorded) => Some(HeardUpto { at: recorded.min(received_at), of_source: true }),
            None if actor == CONCLUDED => None,
            None => Some(HeardUpto { at: received_at, of_source: false }),
        };
        if let Some(known) = self.0.get_mut(&event.stream) {
            if let Some(news) = news {
                *known = HeardUpto { at: news.at.max(known.at), of_source: news.of_source };
            }
            return Ok(*known);
        }
        let first = news.unwrap_or(HeardUpto { at: received_at, of_source: false });
        self.0.insert(event.stream.clone(), first);
        Ok(first)
    }
}

impl Told {
    fn of(event: &RecordedEvent, said: &Envelope, chart_at: Timestamp) -> Result<Self, SimulateError> {
        let changed: Box<DeficiencyChanged> = said.decode().map_err(|error| JournalError::Undecodable {
            position: event.position,
            kind: error.kind,
            reason: error.reason,
        })?;
        let own = match (changed.status, &*changed.change) {
            (DeficiencyStatus::Satisfied | DeficiencyStatus::Voided | DeficiencyStatus::Waived, _) => {
                changed.closed_at
            }
            (_, OPENED) => Some(changed.opened_at),
            (_, REOPENED) => changed.reopened_at,
            _ => None,
        };
        let at = own.map_or(chart_at, |own| own.min(said.time).max(chart_at));
        Ok(Self { at, position: event.position.0, changed })
    }
}

impl Telling {
    /// Lets everything be told at its instant.
    pub(super) fn replay(
        self,
        until: Option<Timestamp>,
        history: &mut History,
        watch: &Watch,
    ) -> Result<Replayed, SimulateError> {
        let Self { told, upto, read } = self;
        let last = until.or(upto);
        watch.total.store(read + told.len() as u64, Ordering::Relaxed);
        let mut replayed = Replayed { upto, ..Replayed::default() };
        let mut looked: Option<Timestamp> = None;
        for (number, Told { at, position, changed }) in told.into_iter().enumerate() {
            if last.is_some_and(|last| at > last) {
                break;
            }
            if looked.is_none_or(|looked| at >= looked) {
                watch.go_on()?;
                watch.done.store(read + number as u64, Ordering::Relaxed);
                looked = at.checked_add(STRIDE).ok();
            }
            replayed.first.get_or_insert(at);
            history.reach(at);
            history.tell(*changed, at, position);
            replayed.events += 1;
        }
        Ok(replayed)
    }
}
