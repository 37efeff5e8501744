//! A cycle of a track: from the first item owed to the last one done.

use std::collections::BTreeMap;

use countersign_contracts::notice::PolicyReference;
use countersign_kernel::{DeficiencyId, NoticeId, Timestamp};

use crate::domain::events::{Matter, StepTaken, Withheld};

/// A cycle that runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Cycle {
    /// Which, from 1.
    pub number: u32,
    /// The policy that it keeps to.
    pub policy: PolicyReference,
    /// When it began.
    pub opened_at: Timestamp,
    /// Why steps were not taken, by their place: the last reason on record.
    pub withheld: BTreeMap<u32, Withheld>,
    /// A proposal was rejected: until when none is made again; nothing within: not in this cycle.
    pub rejected: Option<Option<Timestamp>>,
}

impl Cycle {
    pub(super) fn new(number: u32, policy: PolicyReference, opened_at: Timestamp) -> Self {
        Self { number, policy, opened_at, withheld: BTreeMap::new(), rejected: None }
    }
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenStep {
    /// In which cycle.
    pub cycle: u32,
    /// Its place on the ladder.
    pub rung: u32,
    /// Its name.
    pub step: String,
    /// When.
    pub at: Timestamp,
    /// The items that it was about: they counted, and were old enough.
    pub items: Vec<DeficiencyId>,
    /// It turned out that it would not have been taken.
    pub superseded: bool,
}

impl TakenStep {
    pub(super) fn of(event: &StepTaken) -> Self {
        let rung = usize::try_from(event.rung).unwrap_or(usize::MAX);
        // Only a line in the digest has no notice, and only it is about items that are not overdue.
        let overdue = !event.notices.is_empty();
        let about = event.seen.items.iter().filter(|item| item.carries(rung, overdue, event.at));
        Self {
            cycle: event.cycle,
            rung: event.rung,
            step: event.step.clone(),
            at: event.at,
            items: about.map(|item| item.deficiency).collect(),
            superseded: false,
        }
    }
}

/// More time, or an exemption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Until when; nothing: until it is taken back.
    pub until: Option<Timestamp>,
    /// No steps at all; else only later.
    pub exempts: bool,
}

/// Something that leadership was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenMatter {
    /// What about.
    pub matter: Matter,
    /// Which suspension.
    pub proposal: Option<u32>,
    /// Which notice.
    pub notice: Option<NoticeId>,
    /// In which cycle.
    pub cycle: u32,
    /// When.
    pub at: Timestamp,
    /// In words.
    pub text: String,
    /// When somebody acknowledged it or did what it asks.
    pub seen_at: Option<Timestamp>,
}
