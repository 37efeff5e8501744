//! What a policy would have done on the recorded history: the same core, a clock that only the history moves, and a
//! notification that always arrives.
//!
//! **What is idealised.** A notice is delivered after a fixed time, on its first channel. Leadership confirms a proposal
//! after a fixed time, or never. Nobody extends or exempts, the clock is never doubted and nothing ever stands still.
//! Facts count from the instant at which they were received here, as they did. The regulatory clock of charts is not
//! part of it. The same question to the same journal position gives the same answer.

pub mod jobs;
mod report;
mod world;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use countersign_contracts::api::escalation::SimulateReport;
use countersign_eventsourcing::{
    journal::{Journal, JournalError, Position},
    publish::Publishers,
};
use countersign_kernel::Timestamp;
use countersign_owed::{CATEGORIES, Owed, Party, Touched};
use jiff::{SignedDuration, tz::TimeZone};

use crate::domain::policy::PolicySet;
use world::{Ideal, World};

/// Events read at a time.
const PAGE: usize = 4096;
/// Items that closed are kept for so long, and let go so often.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 180);
const TIDY_EVERY: SignedDuration = SignedDuration::from_hours(24 * 14);

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// The policy.
    pub policy: Arc<PolicySet>,
    /// Another one, on the same history; with its number where it is a recorded version.
    pub against: Option<(Option<u32>, Arc<PolicySet>)>,
    /// From when on steps are taken; `None`: from the first event.
    pub from: Option<Timestamp>,
    /// Until when time passes; `None`: until the last event.
    pub until: Option<Timestamp>,
    /// After how long a notice is delivered.
    pub delivered_after: SignedDuration,
    /// After how long leadership confirms a proposal; `None`: never.
    pub confirmed_after: Option<SignedDuration>,
    /// Where days end at facilities that tell no zone.
    pub default_zone: TimeZone,
}

impl Question {
    /// What this policy would have done, from the first event to the last.
    pub fn new(policy: Arc<PolicySet>) -> Self {
        Self {
            policy,
            against: None,
            from: None,
            until: None,
            delivered_after: SignedDuration::from_hours(1),
            confirmed_after: None,
            default_zone: TimeZone::UTC,
        }
    }
}

/// How far a simulation has come, and whether it is to stop.
#[derive(Debug, Default)]
pub struct Watch {
    done: AtomicU64,
    total: AtomicU64,
    stopped: AtomicBool,
}

impl Watch {
    /// Positions of the journal that were passed, and how many there are.
    pub fn progress(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Lets it stop at the next page.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// A simulation came to no end.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Somebody stopped it.
    #[error("the simulation was stopped")]
    Stopped,
}

/// Replays the history up to the journal's present head. Computes for as long as that takes: run it on a thread of its
/// own.
///
/// # Errors
/// The journal, or it was stopped.
pub async fn simulate(
    journal: &dyn Journal,
    publishers: &Publishers,
    question: &Question,
    watch: &Watch,
) -> Result<SimulateReport, SimulateError> {
    let head = journal.head().await?;
    watch.total.store(head.0, Ordering::Relaxed);
    let ideal =
        Ideal { delivered_after: question.delivered_after, confirmed_after: question.confirmed_after };
    let mut worlds = vec![World::new(Arc::clone(&question.policy), ideal)];
    worlds.extend(question.against.iter().map(|(_, policy)| World::new(Arc::clone(policy), ideal)));
    let mut history = History {
        owed: Owed::new(question.default_zone.clone()),
        now: None,
        dirty: Vec::new(),
        tidied: None,
    };
    let (mut after, mut events, mut first) = (Position::START, 0_u64, None);
    'pages: loop {
        if watch.stopped.load(Ordering::Relaxed) {
            return Err(SimulateError::Stopped);
        }
        let batch = journal.read_all(after, publishers.filter_for(&CATEGORIES), PAGE).await?;
        for event in &batch.events {
            if event.position > head {
                break 'pages;
            }
            let said = publishers.publish(event)?;
            let Some(at) = said.iter().map(|envelope| envelope.time).max() else { continue };
            if question.until.is_some_and(|until| at > until) {
                break 'pages;
            }
            first.get_or_insert(at);
            history.reach(at, question.from, &mut worlds);
            for touched in history.owed.fold_recorded(publishers, event)? {
                history.note(&touched);
            }
            events += 1;
        }
        after = batch.upto;
        watch.done.store(after.0.min(head.0), Ordering::Relaxed);
        if batch.caught_up || after >= head {
            break;
        }
    }
    let last = history.now.unwrap_or(Timestamp::UNIX_EPOCH);
    let until = question.until.unwrap_or(last);
    history.reach(until, question.from, &mut worlds);
    history.settle(question.from, &mut worlds);
    watch.done.store(head.0, Ordering::Relaxed);
    let span = (question.from.or(first).unwrap_or(until), until);
    Ok(report::report(question, &worlds, &history.owed, span, (events, head)))
}

/// The history as far as it was replayed.
struct History {
    owed: Owed,
    now: Option<Timestamp>,
    /// Whom events at this instant concerned: looked at when time goes on.
    dirty: Vec<Party>,
    /// When items that closed long ago were let go.
    tidied: Option<Timestamp>,
}

impl History {
    fn note(&mut self, touched: &Touched) {
        self.dirty.extend(self.owed.parties_of(touched));
    }

    /// Lets time pass up to an instant: what waited for it happens at its own.
    fn reach(&mut self, at: Timestamp, from: Option<Timestamp>, worlds: &mut [World]) {
        if self.now.is_some_and(|now| at <= now) {
            return;
        }
        self.settle(from, worlds);
        let begins = from.filter(|from| *from <= at && self.now.is_none_or(|now| now < *from));
        if let Some(begins) = begins {
            let everybody = self.owed.parties_with_open_items();
            for world in worlds.iter_mut() {
                for party in &everybody {
                    world.look(&self.owed, party, begins);
                }
            }
        }
        for world in worlds {
            world.pass(&self.owed, at);
        }
        self.now = Some(at);
        if self.tidied.is_none_or(|last| at.duration_since(last) > TIDY_EVERY) {
            self.owed.forget_closed_before(at.checked_sub(KEPT).unwrap_or(Timestamp::MIN));
            self.tidied = Some(at);
        }
    }

    /// Looks at everybody whom the events of this instant concerned.
    fn settle(&mut self, from: Option<Timestamp>, worlds: &mut [World]) {
        let mut dirty = std::mem::take(&mut self.dirty);
        let Some(now) = self.now.filter(|now| from.is_none_or(|from| from <= *now)) else { return };
        dirty.sort();
        dirty.dedup();
        for world in worlds {
            for party in &dirty {
                world.look(&self.owed, party, now);
            }
        }
    }
}
