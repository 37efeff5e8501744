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

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use countersign_contracts::api::escalation::SimulateReport;
use countersign_eventsourcing::{
    journal::{Journal, JournalError, Position},
    publish::Publishers,
};
use countersign_kernel::Timestamp;
use countersign_owed::{CATEGORIES, Owed, Party, Touched};
use jiff::{SignedDuration, tz::TimeZone};

use crate::domain::{policy::PolicySet, step::Why};
use world::{Ideal, World};

/// From one time to the next that what closed long ago is let go of.
const PRUNED_EVERY: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Items that nobody asks about are kept for so long after they closed. One that is reopened later counts as new.
const KEPT_CLOSED: SignedDuration = SignedDuration::from_hours(24 * 120);
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
    looks: AtomicU64,
}

impl Watch {
    /// Positions of the journal that were passed, and how many there are.
    pub fn progress(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// How often a track was looked at so far, of all policies together: what a simulation spends its time on.
    pub fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
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
        dirty: BTreeMap::new(),
        pruned: None,
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
    watch.looks.store(worlds.iter().map(|world| world.looks).sum(), Ordering::Relaxed);
    let span = (question.from.or(first).unwrap_or(until), until);
    Ok(report::report(question, &worlds, &history.owed, span, (events, head)))
}

/// The history as far as it was replayed.
struct History {
    owed: Owed,
    now: Option<Timestamp>,
    /// Whom events at this instant concerned, and why: looked at when time goes on.
    dirty: BTreeMap<Party, Why>,
    /// When closed items were let go of last.
    pruned: Option<Timestamp>,
}

impl History {
    fn note(&mut self, touched: &Touched) {
        let parties = self.owed.parties_of(touched);
        let why = match touched {
            // Given to somebody else: more has changed than that it is open or not.
            Touched::Item { id, parties } if parties.len() == 1 => Why::Item(*id),
            Touched::Item { .. }
            | Touched::Provider { .. }
            | Touched::Facility { .. }
            | Touched::Department { .. } => Why::Anything,
        };
        for party in parties {
            self.dirty
                .entry(party)
                .and_modify(|known| {
                    if *known != why {
                        *known = Why::Anything;
                    }
                })
                .or_insert(why);
        }
    }

    /// Lets go of what closed long ago and no track asks about: memory does not grow with the years.
    fn prune(&mut self, worlds: &[World]) {
        let Some(now) = self.now else { return };
        let due = *self.pruned.get_or_insert(now) + PRUNED_EVERY;
        if now < due {
            return;
        }
        self.pruned = Some(now);
        let asked: BTreeSet<_> = worlds.iter().flat_map(World::asked_about).collect();
        let before = now.checked_sub(KEPT_CLOSED).unwrap_or(Timestamp::MIN);
        self.owed.forget_closed_before_but(before, |id| asked.contains(&id));
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
                    world.look(&self.owed, party, Why::Anything, begins);
                }
            }
        }
        for world in worlds {
            world.pass(&self.owed, at);
        }
        self.now = Some(at);
    }

    /// Looks at everybody whom the events of this instant concerned.
    fn settle(&mut self, from: Option<Timestamp>, worlds: &mut [World]) {
        let dirty = std::mem::take(&mut self.dirty);
        let Some(now) = self.now.filter(|now| from.is_none_or(|from| from <= *now)) else { return };
        for world in worlds.iter_mut() {
            for (party, why) in &dirty {
                match *why {
                    Why::Item(id) => world.look_at_item(&self.owed, party, id, now),
                    Why::Time | Why::Anything => world.look(&self.owed, party, *why, now),
                }
            }
        }
        self.prune(worlds);
    }
}
