//! What one provider owes in one facility at an instant, as a step sees it. Stored with every decision, so that it can
//! be defended later: the facts that it saw, not those that became known since.

use countersign_kernel::{DeficiencyId, EncounterId, Timestamp};
use serde::{Deserialize, Serialize};

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
