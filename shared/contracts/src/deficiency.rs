//! What the deficiency service tells its neighbours. No patient data.

use countersign_kernel::{DeficiencyId, EncounterId, Person, Timestamp};
use serde::{Deserialize, Serialize};

/// Category of the subjects these events travel on.
pub const CATEGORY: &str = "deficiency";

/// Where a deficiency stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeficiencyStatus {
    /// Known, and waiting for somebody else: a transcription, the author's signature. No clock runs.
    Dormant,
    /// Owed.
    Open,
    /// Done.
    Satisfied,
    /// The requirement fell away (cancelled discharge, cancelled visit, replaced document).
    Voided,
    /// Closed by authority without being done; never counted as done.
    Waived,
}

impl DeficiencyStatus {
    /// The name used in the API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dormant => "dormant",
            Self::Open => "open",
            Self::Satisfied => "satisfied",
            Self::Voided => "voided",
            Self::Waived => "waived",
        }
    }
}

/// A deficiency came to be, changed or closed; the whole of it as it stands now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeficiencyChanged {
    /// The deficiency.
    pub id: DeficiencyId,
    /// Its chart.
    pub encounter: EncounterId,
    /// Facility code.
    pub facility: String,
    /// What happened: `opened`, `changed`, `satisfied`, `waived`, `reopened`, `voided`, `retracted`.
    pub change: String,
    /// Rule, e.g. `R13`.
    pub rule: String,
    /// Version of the rule set it was raised under.
    pub rule_version: u32,
    /// The document it asks for.
    pub document_type: String,
    /// Who owes it; `None` = HIM's queue "unassigned".
    pub responsible: Option<Person>,
    /// Where it stands.
    pub status: DeficiencyStatus,
    /// What the limit counts from; nothing while it waits for somebody else.
    #[serde(default)]
    pub anchor_at: Option<Timestamp>,
    /// The last instant that is on time by the rule, without pauses.
    #[serde(default)]
    pub due_at: Option<Timestamp>,
    /// In what the rule's limit counts: where a pause moves a limit of days, it ends with a local day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<LimitUnit>,
    /// When the requirement arose in the hospital.
    pub opened_at: Timestamp,
    /// When it closed in the hospital.
    pub closed_at: Option<Timestamp>,
    /// Later is delinquent by the rule, without pauses.
    #[serde(default)]
    pub delinquent_at: Option<Timestamp>,
    /// What scorecards aim at, without pauses.
    #[serde(default)]
    pub target_at: Option<Timestamp>,
    /// When it was reopened last: since then, not since `opened_at`, it has been open.
    #[serde(default)]
    pub reopened_at: Option<Timestamp>,
    /// Whether the bill waits for it.
    #[serde(default)]
    pub holds_bill: bool,
    /// Stretches in which its accountability clock stands by decisions about this chart. Leaves and downtimes are told
    /// by the directory.
    #[serde(default)]
    pub pauses: Vec<Pause>,
    /// Somebody said that it is not owed, and HIM has not answered yet: since when.
    #[serde(default)]
    pub disputed_since: Option<Timestamp>,
}

/// In what a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitUnit {
    /// Hours, to the second.
    Hours,
    /// Local calendar days.
    Days,
    /// Days of business, by the facility's calendar.
    BusinessDays,
}

/// A stretch in which an accountability clock stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Why, e.g. `dispute_under_review`, `legal_hold`, `visit_hold`: names are additive.
    pub cause: String,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it; `None`: not known yet.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

impl DeficiencyChanged {
    /// Type name in the envelope.
    pub const TYPE: &'static str = "deficiency-changed";
}
