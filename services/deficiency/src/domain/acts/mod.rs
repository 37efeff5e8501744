//! What people decide about a chart: disputes, holds, waivers and the like.
//!
//! An act is recorded in the chart's stream beside the facts, and folded with them: [`effect`] says what it
//! does to what the facts alone make owed, [`command`] whether it may be recorded at all.

pub mod command;
pub mod effect;

use countersign_contracts::chart::EncounterKey;
use countersign_kernel::{EventId, Person, Role, Timestamp};
use serde::{Deserialize, Serialize};

use super::{events::PauseCause, rules::Limit};

/// Rule under which stands what people raise by hand (qualitative analysis).
pub const BY_HAND: &str = "Q";
/// Rule of coding and documentation queries.
pub const QUERY: &str = "R19";

/// Somebody decided something about the chart. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActRecorded {
    /// The chart's natural key.
    pub encounter: EncounterKey,
    /// What was decided.
    pub act: Act,
}

/// One decision. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Act {
    /// Derived from the caller's idempotency key: the same act again is known again.
    pub id: EventId,
    /// When it was decided.
    pub at: Timestamp,
    /// Who decided.
    pub by: String,
    /// In which roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// The reason given.
    pub why: String,
    /// What was decided.
    #[serde(flatten)]
    pub deed: Deed,
}

/// What an item is within its chart, whatever number the visit bears.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Item {
    /// Rule.
    pub rule: String,
    /// Document, procedure, order or day; nothing for the encounter itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// What somebody decided. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum Deed {
    /// Something is missing or inadequate that no rule sees.
    Raised {
        /// `Q`, or `R19` for a query to a provider.
        rule: String,
        /// What is asked for.
        title: String,
        /// The type of document that it is about.
        document_type: String,
        /// Who owes it.
        to: Option<Person>,
        /// How long it may take.
        due: Limit,
        /// Whether the bill waits for it.
        holds_bill: bool,
    },
    /// The responsible provider says that it is not owed.
    Disputed {
        /// Which item.
        item: Item,
        /// The standard reason.
        reason: DisputeReason,
    },
    /// HIM answers a dispute.
    DisputeDecided {
        /// Which item.
        item: Item,
        /// The dispute.
        dispute: EventId,
        /// The answer.
        outcome: DisputeOutcome,
    },
    /// Somebody else owes it. Its age stays.
    Reassigned {
        /// Which item.
        item: Item,
        /// To whom; nobody = back to HIM's queue.
        to: Option<Person>,
    },
    /// The accountability clock stands.
    Held {
        /// Which item; nothing = the whole visit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Item>,
        /// Why.
        cause: PauseCause,
        /// From when: may lie in the past.
        from: Timestamp,
        /// Until when, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// Who approved it, where policy asks for that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approved_by: Option<String>,
    },
    /// A hold that needed approval got it.
    HoldApproved {
        /// The act that asked for it.
        hold: EventId,
    },
    /// A hold ends.
    Released {
        /// The act that began it.
        hold: EventId,
        /// When it ends.
        until: Timestamp,
    },
    /// More time was granted.
    Extended {
        /// Which item.
        item: Item,
        /// The new limit.
        until: Timestamp,
    },
    /// It never was a requirement.
    Voided {
        /// Which item.
        item: Item,
    },
    /// Closed by authority without being done.
    Waived {
        /// Which item.
        item: Item,
        /// By whose authority, e.g. the committee and the date of its decision.
        authority: String,
    },
    /// It was done, in a place that no message tells of.
    AnsweredElsewhere {
        /// Which item.
        item: Item,
        /// Where it can be seen.
        reference: String,
        /// When it was done.
        done_at: Timestamp,
    },
    /// A query was answered.
    QueryAnswered {
        /// Which item.
        item: Item,
        /// By whom; whoever that is.
        answered_by: Person,
        /// When.
        done_at: Timestamp,
    },
    /// From now on the chart is judged by this version of the rules.
    RulesApplied {
        /// The version.
        version: u32,
    },
    /// An earlier decision is taken back, as if it had not been made.
    TakenBack {
        /// The decision.
        act: EventId,
    },
}

impl Deed {
    /// The word for people and the API.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Raised { .. } => "raised",
            Self::Disputed { .. } => "disputed",
            Self::DisputeDecided { .. } => "dispute_decided",
            Self::Reassigned { .. } => "reassigned",
            Self::Held { .. } => "held",
            Self::HoldApproved { .. } => "hold_approved",
            Self::Released { .. } => "released",
            Self::Extended { .. } => "extended",
            Self::Voided { .. } => "voided",
            Self::Waived { .. } => "waived",
            Self::AnsweredElsewhere { .. } => "answered_elsewhere",
            Self::QueryAnswered { .. } => "query_answered",
            Self::RulesApplied { .. } => "rules_applied",
            Self::TakenBack { .. } => "taken_back",
        }
    }

    /// The item that it is about, if it is about one.
    pub const fn item(&self) -> Option<&Item> {
        match self {
            Self::Disputed { item, .. }
            | Self::DisputeDecided { item, .. }
            | Self::Reassigned { item, .. }
            | Self::Held { item: Some(item), .. }
            | Self::Extended { item, .. }
            | Self::Voided { item }
            | Self::Waived { item, .. }
            | Self::AnsweredElsewhere { item, .. }
            | Self::QueryAnswered { item, .. } => Some(item),
            _ => None,
        }
    }
}

/// Standard reasons of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeReason {
    /// I did not treat this patient, or somebody else is responsible.
    NotMine,
    /// This visit does not need it.
    NotRequired,
    /// It is in the chart.
    AlreadyDone,
    /// The document belongs to another patient or visit.
    WrongPatient,
    /// I cannot get at the chart.
    ChartUnavailable,
    /// As written.
    Other,
}

impl DisputeReason {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::NotMine,
        Self::NotRequired,
        Self::AlreadyDone,
        Self::WrongPatient,
        Self::ChartUnavailable,
        Self::Other,
    ];

    /// The name used in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotMine => "not_mine",
            Self::NotRequired => "not_required",
            Self::AlreadyDone => "already_done",
            Self::WrongPatient => "wrong_patient",
            Self::ChartUnavailable => "chart_unavailable",
            Self::Other => "other",
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// HIM's answer to a dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum DisputeOutcome {
    /// It stays as it was.
    Rejected,
    /// Upheld: somebody else owes it.
    UpheldReassigned {
        /// Who; nobody = HIM's queue.
        to: Option<Person>,
    },
    /// Upheld: it never was a requirement.
    UpheldVoided,
}
