//! Leave of absence.

use std::{fmt, str::FromStr};

use countersign_kernel::{Timestamp, derive_uuid};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::attribution::Attribution;

/// One leave of absence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeaveId(pub Uuid);

impl LeaveId {
    /// Derives the id from the parts that identify the command.
    pub fn derive(parts: &[&str]) -> Self {
        Self(derive_uuid("leave", parts))
    }
}

impl fmt::Display for LeaveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for LeaveId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

/// Why somebody is away. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveKind {
    /// Vacation, conference, sabbatical: known before.
    Planned,
    /// Illness.
    Sick,
    /// Anything else.
    Other,
}

impl LeaveKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Planned, Self::Sick, Self::Other];

    /// The name used in the API, on the command line and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Sick => "sick",
            Self::Other => "other",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Whether a leave counts. Stored format of the read model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Approval {
    /// Recorded by somebody whose word is enough.
    NotNeeded,
    /// Recorded by the provider or a delegate; counts when approved.
    Awaited,
    /// Approved.
    Given {
        /// Who, when, why.
        act: Attribution,
    },
    /// Refused.
    Refused {
        /// Who, when, why.
        act: Attribution,
    },
}

impl Approval {
    /// The name used in the API and the database.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotNeeded => "not_needed",
            Self::Awaited => "awaited",
            Self::Given { .. } => "given",
            Self::Refused { .. } => "refused",
        }
    }
}

/// A leave of absence: the half-open period from `from` up to but without `until`. Periods may overlap, may have no
/// end, and may lie in the past when they are entered late ([`Leave::entered_late`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// Which leave.
    pub id: LeaveId,
    /// Its kind.
    pub kind: LeaveKind,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it; not known yet for a leave without end.
    pub until: Option<Timestamp>,
    /// Who recorded it first, when and why.
    pub recorded: Attribution,
    /// Who changed it last, when and why.
    pub changed: Option<Attribution>,
    /// Whether it counts.
    pub approval: Approval,
    /// Who cancelled it, when and why.
    pub cancelled: Option<Attribution>,
}

impl Leave {
    /// Whether clocks may heed it: approved where approval is needed, and not cancelled.
    pub const fn counts(&self) -> bool {
        matches!(self.approval, Approval::NotNeeded | Approval::Given { .. }) && self.cancelled.is_none()
    }

    /// Whether the instant lies in it and it counts.
    pub fn covers(&self, at: Timestamp) -> bool {
        self.counts() && self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// Who made it what it is: recorded or last changed it.
    pub fn last_act(&self) -> &Attribution {
        self.changed.as_ref().unwrap_or(&self.recorded)
    }

    /// Recorded after it had begun.
    pub fn entered_late(&self) -> bool {
        self.from < self.recorded.at
    }
}

/// A leave as it became known, step by step: what was known when stays answerable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveHistory {
    /// The leave after each step, with the instant of the step, in order.
    steps: Vec<(Timestamp, Leave)>,
}

impl LeaveHistory {
    /// A leave that was just recorded.
    pub(super) fn new(leave: Leave) -> Self {
        Self { steps: vec![(leave.recorded.at, leave)] }
    }

    /// The leave's next state.
    pub(super) fn step(&mut self, at: Timestamp, change: impl FnOnce(&mut Leave)) {
        let mut leave = self.current().clone();
        change(&mut leave);
        self.steps.push((at, leave));
    }

    /// As it is known now.
    pub fn current(&self) -> &Leave {
        // A history begins with the recording, so there is a last step.
        &self.steps[self.steps.len() - 1].1
    }

    /// As it was known at an instant; nothing when it was not known yet.
    pub fn known_at(&self, at: Timestamp) -> Option<&Leave> {
        self.steps.iter().rev().find(|(since, _)| *since <= at).map(|(_, leave)| leave)
    }
}
