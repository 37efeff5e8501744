//! What a chart's stream holds.
//!
//! **Stored format: version with care.** Names are pinned by serde renames, never by Rust identifiers; a
//! golden file in `tests/golden` keeps every released form.

use countersign_contracts::{
    chart::{ChartFact, EncounterClass, EncounterKey},
    deficiency::DeficiencyStatus,
    patient::PatientId,
};
use countersign_kernel::{Cents, DeficiencyId, EventId, MessageId, Person, Phi, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    acts::{ActRecorded, DisputeReason},
    rules::Limit,
};

/// Category of chart streams: `chart-<encounter id>`.
pub const CHART: &str = "chart";
/// Category of patient streams: `patient-<key>`.
pub const PATIENT: &str = "patient";

/// An event of a chart. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChartEvent {
    /// A message said something about the chart.
    FactsRecorded(FactsRecorded),
    /// An instant passed at which a requirement may arise without any message.
    TimePassed(TimePassed),
    /// What the facts make of the visit, when that changed.
    Described(Box<Description>),
    /// Somebody decided something about the chart.
    Act(Box<ActRecorded>),
    /// A deficiency opened, changed or closed.
    Deficiency(Box<DeficiencyEvent>),
}

impl ChartEvent {
    /// The stored type name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::FactsRecorded(_) => "facts-recorded",
            Self::TimePassed(_) => "time-passed",
            Self::Described(_) => "chart-described",
            Self::Act(_) => "act-recorded",
            Self::Deficiency(event) => event.change.kind(),
        }
    }

    /// Decodes by the stored type name.
    pub fn decode(kind: &str, data: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            "facts-recorded" => Self::FactsRecorded(serde_json::from_slice(data)?),
            "time-passed" => Self::TimePassed(serde_json::from_slice(data)?),
            "chart-described" => Self::Described(serde_json::from_slice(data)?),
            "act-recorded" => Self::Act(serde_json::from_slice(data)?),
            _ => Self::Deficiency(serde_json::from_slice(data)?),
        })
    }
}

/// What one message says about the chart, by one reading of it. The chart's inbox: a message is recorded
/// once per reading, in the same append as its consequences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FactsRecorded {
    /// The chart's natural key.
    pub encounter: EncounterKey,
    /// The message.
    pub message: MessageId,
    /// How often the message had been read before.
    pub reading: u32,
    /// The chart that the facts were reported for, when this one continues it under another number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted_from: Option<EncounterKey>,
    /// IANA name of the facility's time zone.
    pub time_zone: String,
    /// When the message was received here.
    pub received_at: Timestamp,
    /// What it says; empty when a later reading found nothing.
    pub facts: Vec<ChartFact>,
}

/// An instant that was waited for has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimePassed {
    /// The instant: computed from the facts, not read from a clock, so that every replay agrees.
    pub passed: Timestamp,
}

/// The visit as the facts known have it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The chart's natural key.
    pub encounter: EncounterKey,
    /// IANA name of the facility's time zone.
    pub time_zone: String,
    /// Where the visit stands.
    pub stage: Stage,
    /// Encounter class.
    pub class: Option<EncounterClass>,
    /// Location as sent.
    pub location: Option<String>,
    /// Hospital service.
    pub service: Option<String>,
    /// Attending of record.
    pub attending: Option<Person>,
    /// Admission.
    pub admitted_at: Option<Timestamp>,
    /// Discharge.
    pub discharged_at: Option<Timestamp>,
    /// Patient identifier as sent.
    pub patient: Option<PatientId>,
    /// Patient name.
    pub patient_name: Option<Phi<String>>,
    /// When a requirement may arise without any message.
    pub wake_at: Option<Timestamp>,
    /// The visit continues under this number.
    pub continues_as: Option<EncounterKey>,
    /// What needs somebody's eye, e.g. an unmapped class.
    pub findings: Vec<String>,
    /// Charges, and how far the bill is; missing while nothing was said of either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountDescription>,
    /// Discharges that were taken back: each from its instant until then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taken_back: Vec<Stretch>,
}

/// An account as the facts known have it. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountDescription {
    /// Gross charges in cents; missing when none were ever sent, which is not zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charges: Option<Cents>,
    /// When final coding was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coded_at: Option<Timestamp>,
    /// When the final bill went out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billed_at: Option<Timestamp>,
    /// Payer as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<String>,
}

/// A stretch of time that is over: from an instant on, up to but not including another. Stored format: version with
/// care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
}

/// Where a visit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Known from a later message only (a discharge or a document without an admission).
    #[default]
    Inferred,
    /// Expected.
    Preadmitted,
    /// In the hospital.
    Open,
    /// Left.
    Discharged,
    /// Taken back.
    Cancelled,
    /// Continues under another number.
    Renumbered,
}

/// What happened to a deficiency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It arose.
    Opened,
    /// Anchor, due instant or responsible provider changed.
    Changed,
    /// Done.
    Satisfied,
    /// Closed by authority without being done.
    Waived,
    /// What had satisfied it was taken back, or the requirement came back.
    Reopened,
    /// The requirement fell away.
    Voided,
    /// On the facts now known it never was a requirement: gone from every list, kept in the history.
    Retracted,
}

impl Change {
    /// The stored type name.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Opened => "deficiency-opened",
            Self::Changed => "deficiency-changed",
            Self::Satisfied => "deficiency-satisfied",
            Self::Waived => "deficiency-waived",
            Self::Reopened => "deficiency-reopened",
            Self::Voided => "deficiency-voided",
            Self::Retracted => "deficiency-retracted",
        }
    }

    /// The word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Changed => "changed",
            Self::Satisfied => "satisfied",
            Self::Waived => "waived",
            Self::Reopened => "reopened",
            Self::Voided => "voided",
            Self::Retracted => "retracted",
        }
    }
}

/// A deficiency opened, changed or closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeficiencyEvent {
    /// The chart's natural key.
    pub encounter: EncounterKey,
    /// What happened.
    pub change: Change,
    /// The deficiency as it stands now.
    pub deficiency: Deficiency,
}

/// One required item that is missing, incomplete or not authenticated, owed by one responsible person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deficiency {
    /// Derived from chart, rule and subject: the same for ever.
    pub id: DeficiencyId,
    /// Rule, e.g. `R13`.
    pub rule: String,
    /// Version of the rule set that raised it.
    pub rule_version: u32,
    /// What the rule is about here: a document number or a procedure; nothing for the encounter itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it asks for.
    pub document_type: String,
    /// What it asks for in words, when a person raised it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who owes it; nobody known = HIM's queue "unassigned".
    pub responsible: Option<Person>,
    /// Which step of the derivation decided, in words.
    pub responsible_because: String,
    /// Where it stands.
    pub status: DeficiencyStatus,
    /// What the limit counts from; nothing while it waits for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor_at: Option<Timestamp>,
    /// The last instant that is on time by the rule, with what was granted on top, without pauses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// What scorecards aim at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_at: Option<Timestamp>,
    /// Later is delinquent by the rule, without pauses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delinquent_at: Option<Timestamp>,
    /// The rule's limit as it was applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// Since when it was visible without a clock, if it waited for somebody else first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dormant_since: Option<Timestamp>,
    /// For what it waits, or waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<Waits>,
    /// When the requirement arose in the hospital; while it waits, since when it is known.
    pub opened_at: Timestamp,
    /// When it closed in the hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// What closed it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_because: Option<String>,
    /// Whether the bill waits for it.
    pub holds_bill: bool,
    /// Stretches in which its accountability clock stands, by decisions about this chart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Pause>,
    /// The latest dispute about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Dispute>,
    /// Stretches in which it was open before it was reopened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_before: Vec<Stretch>,
    /// When it was reopened last: since then, not since `opened_at`, it has been open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened_at: Option<Timestamp>,
    /// The facts it rests on.
    pub matched: Vec<FactRef>,
}

/// For what a dormant item waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// The document is dictated and not transcribed.
    Transcription,
    /// The author has not signed.
    AuthorSignature,
}

/// A stretch in which the accountability clock stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The decision that it rests on.
    pub act: EventId,
    /// Why the clock stands.
    pub cause: PauseCause,
    /// From this instant.
    pub from: Timestamp,
    /// Up to this one; `None` = until it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who decided.
    pub by: String,
    /// The reason given.
    pub why: String,
}

/// Why an accountability clock stands. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseCause {
    /// The provider is on leave.
    PhysicianLeave,
    /// The whole visit is on hold.
    VisitHold,
    /// The chart or document cannot be got at.
    ChartUnavailable,
    /// The document is in transcription.
    PendingTranscription,
    /// Somebody else must sign first.
    OtherSigner,
    /// HIM is asked whether it is owed at all.
    DisputeUnderReview,
    /// The system was down.
    SystemDowntime,
    /// Litigation or an inquiry forbids touching the chart.
    LegalHold,
}

impl PauseCause {
    /// Every cause.
    pub const ALL: [Self; 8] = [
        Self::PhysicianLeave,
        Self::VisitHold,
        Self::ChartUnavailable,
        Self::PendingTranscription,
        Self::OtherSigner,
        Self::DisputeUnderReview,
        Self::SystemDowntime,
        Self::LegalHold,
    ];

    /// The name used in the API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PhysicianLeave => "physician_leave",
            Self::VisitHold => "visit_hold",
            Self::ChartUnavailable => "chart_unavailable",
            Self::PendingTranscription => "pending_transcription",
            Self::OtherSigner => "other_signer",
            Self::DisputeUnderReview => "dispute_under_review",
            Self::SystemDowntime => "system_downtime",
            Self::LegalHold => "legal_hold",
        }
    }

    /// The cause with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

/// Somebody says that an item is not theirs, not needed, or done already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The act by which it was raised.
    pub act: EventId,
    /// The standard reason.
    pub reason: DisputeReason,
    /// What was written beside.
    pub text: String,
    /// By whom.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// HIM answers by this instant.
    pub answer_due_at: Timestamp,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<DisputeDecision>,
}

/// HIM's answer to a dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeDecision {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Whether the dispute was upheld.
    pub upheld: bool,
    /// The reason given.
    pub why: String,
}

/// A fact, as an explanation names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactRef {
    /// What it established, e.g. `discharge`.
    pub says: String,
    /// The message.
    pub message: MessageId,
    /// Its trigger, e.g. `ADT^A03`.
    pub trigger: String,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// Two patient identifiers are one patient. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IdentifierRetired {
    /// The message that said so.
    pub message: MessageId,
    /// No longer to be used.
    pub retired: PatientId,
    /// What remains.
    pub survivor: PatientId,
    /// When it happened in the hospital.
    pub occurred_at: Timestamp,
}

impl IdentifierRetired {
    /// The stored type name.
    pub const KIND: &'static str = "identifier-retired";
}
