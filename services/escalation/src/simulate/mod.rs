//! What a policy would have done on the recorded history: the same core, a clock that only the history moves, and a
//! notification that always arrives.
//!
//! **What is idealised.** A notice is delivered after a fixed time, on its first channel. Leadership confirms a proposal
//! after a fixed time, or never; one that would leave a service without anybody waits for an override that nobody gives.
//! Nobody extends or exempts, the clock is never doubted and nothing ever stands still. The same question to the same
//! journal position gives the same answer.
//!
//! **When facts count.** From the instant at which they were received here, as they did; or as if the feeds had been live
//! ([`live`]), for a history that was loaded afterwards.

mod charts;
mod groups;
mod history;
pub mod jobs;
mod live;
mod report;
mod summary;
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
use countersign_owed::CATEGORIES;
use jiff::{SignedDuration, tz::TimeZone};

use crate::domain::policy::PolicySet;
use history::History;
use world::{Ideal, World};

/// Time that passes between two looks at whether somebody wants an end, where nothing else happens.
const STRIDE: SignedDuration = SignedDuration::from_hours(24 * 7);
/// Events read at a time.
const PAGE: usize = 4096;

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
    /// Facts count when the hospital's systems recorded them, and not when they were received here.
    pub as_if_live: bool,
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
            as_if_live: false,
        }
    }
}

/// How far a simulation has come, and whether it is to stop.
#[derive(Debug, Default)]
pub struct Watch {
    done: AtomicU64,
    total: AtomicU64,
    stopped: AtomicBool,
    looks: AtomicU64,
}

impl Watch {
    /// What was done, and how much there is to do: positions of the journal; as if the feeds had been live, positions and
    /// then facts in the order of that.
    pub fn progress(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// How often a track was looked at so far, of all policies together: what a simulation spends its time on.
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    /// Lets it stop at the next page of the journal or week of the history.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn go_on(&self) -> Result<(), SimulateError> {
        if self.stopped.load(Ordering::Relaxed) { Err(SimulateError::Stopped) } else { Ok(()) }
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
    let ideal =
        Ideal { delivered_after: question.delivered_after, confirmed_after: question.confirmed_after };
    let mut worlds = vec![World::new(Arc::clone(&question.policy), ideal)];
    worlds.extend(question.against.iter().map(|(_, policy)| World::new(Arc::clone(policy), ideal)));
    let mut history = History::new(question.default_zone.clone(), question.from, worlds);
    let replayed = if question.as_if_live {
        let told = live::told(journal, publishers, head, &mut history, watch).await?;
        told.replay(question.until, &mut history, watch)?
    } else {
        received(journal, publishers, question, head, &mut history, watch).await?
    };
    let until = question.until.or(replayed.upto).unwrap_or(Timestamp::UNIX_EPOCH);
    while let Some(next) =
        history.now().and_then(|now| now.checked_add(STRIDE).ok()).filter(|next| *next < until)
    {
        watch.go_on()?;
        history.reach(next);
    }
    history.reach(until);
    history.settle();
    let total = watch.total.load(Ordering::Relaxed);
    watch.done.store(total, Ordering::Relaxed);
    let History { owed, worlds, .. } = history;
    watch.looks.store(worlds.iter().map(|world| world.looks).sum(), Ordering::Relaxed);
    let span = (question.from.or(replayed.first).unwrap_or(until), until);
    Ok(report::report(question, &worlds, &owed, span, (replayed.events, head)))
}

/// What was replayed.
#[derive(Debug, Default)]
struct Replayed {
    events: u64,
    first: Option<Timestamp>,
    /// The last instant of which the history tells.
    upto: Option<Timestamp>,
}

/// Replays everything at the instant at which it was received here.
async fn received(
    journal: &dyn Journal,
    publishers: &Publishers,
    question: &Question,
    head: Position,
    history: &mut History,
    watch: &Watch,
) -> Result<Replayed, SimulateError> {
    watch.total.store(head.0, Ordering::Relaxed);
    let filter = publishers.filter_for(&CATEGORIES);
    let (mut after, mut replayed) = (Position::START, Replayed::default());
    loop {
        watch.go_on()?;
        let batch = journal.read_all(after, filter.clone(), PAGE).await?;
        for event in &batch.events {
            let said = publishers.publish(event)?;
            let Some(at) = said.iter().map(|envelope| envelope.time).max() else { continue };
            if event.position > head || question.until.is_some_and(|until| at > until) {
                return Ok(replayed);
            }
            replayed.first.get_or_insert(at);
            history.reach(at);
            for envelope in &said {
                history.fold(event, envelope)?;
            }
            replayed.events += 1;
            replayed.upto = replayed.upto.max(Some(at));
        }
        after = batch.upto;
        watch.done.store(after.0.min(head.0), Ordering::Relaxed);
        if batch.caught_up || after >= head {
            return Ok(replayed);
        }
    }
}
