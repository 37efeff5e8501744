//! What one provider owes in one facility at an instant, as a step sees it. Stored with every decision, so that it can
//! be defended later: the facts that it saw, not those that became known since.

mod read;

use countersign_kernel::{DeficiencyId, EncounterId, Timestamp};
use serde::{Deserialize, Serialize};

pub use read::{alone, standing};

/// What was owed when somebody or something decided. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Standing {
    /// When.
    pub at: Timestamp,
    /// The deficiency journal was read up to here, at least.
    pub position: u64,
    /// Read from the journal itself, stream by stream, not from a read model that may lag.
    pub rechecked: bool,
    /// Everything open that the policy is about, the oldest first.
    pub items: Vec<StandingItem>,
    /// The provider is away: until when, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
    /// What became of items that earlier steps were about and that are not owed here any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<GoneItem>,
}

impl Standing {
    /// The items that count.
    pub fn counting(&self) -> impl Iterator<Item = &StandingItem> {
        self.items.iter().filter(|item| item.not_counted.is_none())
    }
}

/// The provider is away. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    /// Since when.
    pub from: Timestamp,
    /// Until when, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl StandingItem {
    /// From when on it supports a step of the ladder: old enough, counting, and overdue if the step asks for that: only a
    /// line in the digest does not. Nothing while nobody knows.
    pub fn supports(&self, rung: usize, overdue: bool) -> Option<Timestamp> {
        let reached = self.reached(rung, overdue)?;
        match self.not_counted {
            None => Some(reached),
            Some(_) => self.counts_again_at.map(|again| again.max(reached)),
        }
    }

    /// From when on it is old enough for a step, and overdue if the step asks for that, whether it counts now or not.
    pub fn reached(&self, rung: usize, overdue: bool) -> Option<Timestamp> {
        let old_enough = self.reaches.get(rung).copied().flatten()?;
        if !overdue {
            return Some(old_enough);
        }
        let second = jiff::SignedDuration::from_secs(1);
        let overdue = self.due_at.map(|due| due.saturating_add(second).unwrap_or(Timestamp::MAX));
        Some(overdue.map_or(old_enough, |overdue| overdue.max(old_enough)))
    }

    /// It counts now, and is old enough for a step.
    pub fn carries(&self, rung: usize, overdue: bool, at: Timestamp) -> bool {
        self.not_counted.is_none() && self.reached(rung, overdue).is_some_and(|reached| reached <= at)
    }

    /// It is the provider's to do, whether its clock runs or stands.
    pub fn is_theirs(&self) -> bool {
        !matches!(self.not_counted, Some(NotCounted::NotOfThisPolicy | NotCounted::WaitsForSomebodyElse))
    }
}

/// One open item. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingItem {
    /// The deficiency.
    pub deficiency: DeficiencyId,
    /// Its chart.
    pub encounter: EncounterId,
    /// Rule, e.g. `R13`.
    pub rule: String,
    /// The document it asks for.
    pub document_type: String,
    /// What its age counts from, as the policy says.
    pub counts_from: Timestamp,
    /// When it was first known here.
    pub known_at: Timestamp,
    /// The last instant on time, pauses counted; nothing while its clock stands without an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Whole days that its accountability clock has run.
    pub age_days: u32,
    /// When the clock will have run for as many days as each of the policy's steps asks, in the order of the steps;
    /// nothing for a step that it does not reach while the clock stands.
    pub reaches: Vec<Option<Timestamp>>,
    /// Why it does not count now; nothing when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_counted: Option<NotCounted>,
    /// When that ends, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts_again_at: Option<Timestamp>,
    /// When it stops to count while it does: at the beginning of a leave, a downtime or a hold that is known already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts_until: Option<Timestamp>,
}

/// An item that is not owed here any more. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneItem {
    /// The deficiency.
    pub deficiency: DeficiencyId,
    /// What became of it.
    pub how: Gone,
    /// When, in the hospital.
    pub at: Timestamp,
}

/// What became of an item. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// Done.
    Done,
    /// It never was a requirement: a cancelled discharge, an upheld dispute, a replaced document.
    NeverOwed,
    /// Closed by authority without being done.
    Waived,
    /// Somebody else owes it since then.
    Reassigned,
    /// Somebody else owes it, and a dispute says that this provider never did.
    NeverTheirs,
}

/// Why an open item does not count for a step. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
pub enum NotCounted {
    /// It waits for a transcription or another person's signature.
    WaitsForSomebodyElse,
    /// Somebody says that it is not owed, and HIM has not answered.
    Disputed,
    /// It is on hold, by this cause.
    OnHold {
        /// E.g. `legal_hold`, `visit_hold`.
        cause: String,
    },
    /// The provider is on leave.
    OnLeave,
    /// The systems are down.
    Downtime,
    /// It became known too short a time ago.
    JustKnown,
    /// The policy is not about items of this kind.
    NotOfThisPolicy,
    /// Somebody exempted it, or the track.
    Exempted,
}
