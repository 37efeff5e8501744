//! Proposals and suspensions of a track.

use countersign_contracts::notice::Recipient;
use countersign_kernel::{DeficiencyId, NoticeId, Timestamp};
use jiff::civil::Date;

use crate::domain::events::{ByWhom, Suspended, SuspensionProposed};

/// A proposal that waits for a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Its number in the track's life.
    pub number: u32,
    /// When it was made.
    pub at: Timestamp,
    /// The day that the notice named.
    pub named_date: Date,
    /// The items that carry it.
    pub carried_by: Vec<DeficiencyId>,
    /// Hash of its evidence.
    pub sha256: String,
    /// What it covers.
    pub scope: Vec<String>,
    /// What it does not: of the policy, and of those who have confirmed so far.
    pub exempt: Vec<String>,
    /// Who has confirmed so far.
    pub confirmed_by: Vec<ByWhom>,
    /// Somebody who may has overridden the guard of coverage.
    pub overridden: bool,
}

impl Proposal {
    pub(super) fn of(event: &SuspensionProposed) -> Self {
        Self {
            number: event.proposal,
            at: event.at,
            named_date: event.named_date,
            carried_by: event.carried_by.clone(),
            sha256: event.packet.sha256.clone(),
            scope: event.scope.clone(),
            exempt: event.exempt.clone(),
            confirmed_by: Vec::new(),
            overridden: false,
        }
    }
}

/// A suspension, in force or over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspensionState {
    /// The proposal that it rests on.
    pub proposal: u32,
    /// In which cycle.
    pub cycle: u32,
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub until: Option<Timestamp>,
    /// What it covers.
    pub scope: Vec<String>,
    /// What it does not.
    pub exempt: Vec<String>,
    /// The items that end it.
    pub items: Vec<DeficiencyId>,
    /// Who confirmed it.
    pub authority: Vec<ByWhom>,
    /// Who was told of it: the same are told of its end.
    pub told: Vec<Told>,
    /// When its end was proposed.
    pub end_proposed_at: Option<Timestamp>,
}

/// Somebody who was told of a suspension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// By which notice.
    pub notice: NoticeId,
    /// Who.
    pub recipient: Recipient,
}

impl SuspensionState {
    pub(super) fn of(event: &Suspended) -> Self {
        Self {
            proposal: event.proposal,
            cycle: event.cycle,
            from: event.from,
            until: None,
            scope: event.scope.clone(),
            exempt: event.exempt.clone(),
            items: event.items.clone(),
            authority: event.authority.clone(),
            told: Vec::new(),
            end_proposed_at: None,
        }
    }
}
