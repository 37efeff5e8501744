//! What the public API answers: shared by the services that answer, the portal and the command line that
//! ask. Times are RFC 3339 in UTC. Additive within `/api/v1`.

pub mod acts;
pub mod escalation;
pub mod governed;
mod me;
pub mod notification;
pub mod people;
pub mod rules;
mod what_if;

mod claims;

pub use claims::{ClaimDetail, ClaimItemView, ClaimPeriodView, ClaimSummary, ClaimSummaryRow, ClaimView};
use countersign_kernel::{DeficiencyId, EncounterId, MessageId, Phi, Timestamp};
pub use me::CallerView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
pub use what_if::{
    Definition, WhatIfAccount, WhatIfDelinquency, WhatIfGroup, WhatIfHeld, WhatIfHeldGroup, WhatIfHold,
    WhatIfJob, WhatIfMeasures, WhatIfReport, WhatIfRequest, WhatIfRow, WhatIfRules, WhatIfState,
    WhatIfVerdict,
};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The rows, in a stable order.
    pub items: Vec<T>,
    /// Ask again with `cursor` set to this for the next page; missing on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// How many rows match in all.
    pub total: u64,
    /// Journal position that the answer is up to date with.
    pub position: u64,
}

/// One deficiency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeficiencyView {
    /// Its id: the same on every installation that saw the same messages.
    #[schema(value_type = String, format = Uuid)]
    pub id: DeficiencyId,
    /// Facility code.
    pub facility: String,
    /// Visit number as the feed sent it.
    pub encounter: String,
    /// Id of the chart.
    #[schema(value_type = String, format = Uuid)]
    pub chart: EncounterId,
    /// Rule, e.g. `R13`.
    pub rule: String,
    /// Version of the rule set it was raised under.
    pub rule_version: u32,
    /// The rule in a few words.
    pub title: String,
    /// What it asks for.
    pub document_type: String,
    /// Document number or procedure that it is about; nothing for the encounter itself.
    pub subject: Option<String>,
    /// The responsible provider's identifier as the feed sent it; nothing = HIM's queue "unassigned".
    pub responsible: Option<String>,
    /// Name of the responsible provider.
    pub responsible_name: Option<String>,
    /// Which step of the derivation decided.
    pub responsible_because: String,
    /// `dormant` (waits for somebody else), `open`, `satisfied`, `voided` or `waived`.
    pub status: String,
    /// Not closed, and later than `due_at`.
    pub overdue: bool,
    /// What the limit counts from; nothing while it waits for somebody else.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub anchor_at: Option<Timestamp>,
    /// The last instant that is on time by the accountability clock, pauses counted; nothing while that clock
    /// waits, or stands without an end.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// The last instant that would be on time without pauses.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_without_pauses_at: Option<Timestamp>,
    /// Later is delinquent, by the accountability clock.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub delinquent_at: Option<Timestamp>,
    /// What scorecards aim at.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub target_at: Option<Timestamp>,
    /// When the requirement arose in the hospital.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// When it closed in the hospital.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    /// What closed it.
    pub closed_because: Option<String>,
    /// Whether the bill waits for it.
    pub holds_bill: bool,
    /// The clock of the responsible person: runs only while the item is in that person's court.
    pub accountability: AccountabilityView,
    /// The clock of the chart: from the discharge, and it never pauses.
    pub regulatory: Option<RegulatoryView>,
    /// The latest dispute.
    pub dispute: Option<DisputeView>,
    /// Patient identifier, for people who work on the chart.
    #[schema(value_type = Option<String>)]
    pub patient: Option<Phi<String>>,
    /// Patient name, for people who work on the chart.
    #[schema(value_type = Option<String>)]
    pub patient_name: Option<Phi<String>>,
    /// IANA time zone of the facility.
    pub time_zone: String,
}

/// An accountability clock as it stands now, or stood when the item closed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct AccountabilityView {
    /// `running`, or the cause for which it waits or stands, e.g. `physician_leave`.
    pub state: String,
    /// How long it ran, in seconds.
    pub ran_seconds: i64,
    /// How long it waited or stood, in seconds.
    pub stood_seconds: i64,
    /// Every stretch, in order and without gaps.
    pub segments: Vec<SegmentView>,
}

/// One stretch of an accountability clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SegmentView {
    /// From this instant.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Up to this one.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// `running`, or the cause for which it waited or stood.
    pub cause: String,
    /// Who decided that it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The reason given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The regulatory clock of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RegulatoryView {
    /// The discharge.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// The last instant that is within the limit, where one applies.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// Whole periods of 24 hours since the discharge, up to now.
    pub days: i64,
}

/// A dispute about an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DisputeView {
    /// `not_mine`, `not_required`, `already_done`, `wrong_patient`, `chart_unavailable` or `other`.
    pub reason: String,
    /// What was written beside.
    pub text: String,
    /// By whom.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// HIM answers by this instant.
    #[schema(value_type = String, format = DateTime)]
    pub answer_due_at: Timestamp,
    /// `open`, `upheld` or `rejected`.
    pub state: String,
    /// HIM's reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// A rule, as an explanation shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleView {
    /// Its number.
    pub id: String,
    /// Version of the rule set.
    pub version: u32,
    /// What it asks for.
    pub title: String,
    /// What the limit counts from.
    pub anchor: String,
    /// The limit.
    pub due: String,
    /// What scorecards aim at.
    pub target: Option<String>,
    /// Where it comes from.
    pub citation: String,
    /// `source`, `secondary`, `unverified` or `policy`.
    pub confidence: String,
    /// What a reader should know beside.
    pub note: String,
    /// What closes a deficiency of this rule.
    pub closed_by: String,
}

/// One step on the way to what a deficiency is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// When it happened in the hospital.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
    /// When the source recorded it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub recorded_at: Option<Timestamp>,
    /// When it was received or decided here.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub received_at: Option<Timestamp>,
    /// `fact` (a message said so), `act` (somebody decided so) or `decision` (Countersign concluded so).
    pub kind: String,
    /// In plain words.
    pub text: String,
    /// Trigger of the message, e.g. `ADT^A03`.
    pub trigger: Option<String>,
    /// The message.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub message: Option<MessageId>,
    /// The deficiency rests on this fact.
    pub matched: bool,
    /// What the reader of the message had to assume.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}

/// One deficiency with everything that led to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Explanation {
    /// The deficiency.
    pub deficiency: DeficiencyView,
    /// The rule that raised it.
    pub rule: RuleView,
    /// In two or three plain sentences.
    pub summary: String,
    /// What would close it, when it is open.
    pub what_would_close_it: Option<String>,
    /// Facts and decisions, in the order in which they happened.
    pub timeline: Vec<TimelineEntry>,
    /// Revision of the chart that this was read from: a decision may ask (`If-Match`) that nobody was quicker.
    #[serde(default)]
    pub revision: u64,
}

/// One chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChartView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: EncounterId,
    /// Facility code.
    pub facility: String,
    /// Authority of the visit number.
    pub authority: String,
    /// Visit number as the feed sent it.
    pub encounter: String,
    /// Where the visit stands.
    pub stage: String,
    /// Encounter class.
    pub class: Option<String>,
    /// Location as sent.
    pub location: Option<String>,
    /// Hospital service.
    pub service: Option<String>,
    /// Attending of record.
    pub attending: Option<String>,
    /// Name of the attending.
    pub attending_name: Option<String>,
    /// Admission.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub admitted_at: Option<Timestamp>,
    /// Discharge.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub discharged_at: Option<Timestamp>,
    /// Patient identifier; the surviving one after a merge.
    #[schema(value_type = Option<String>)]
    pub patient: Option<Phi<String>>,
    /// Patient name.
    #[schema(value_type = Option<String>)]
    pub patient_name: Option<Phi<String>>,
    /// IANA time zone of the facility.
    pub time_zone: String,
    /// The visit continues as this chart.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub continues_as: Option<EncounterId>,
    /// What needs somebody's eye.
    pub findings: Vec<String>,
    /// Everything owed in it, past and present.
    pub deficiencies: Vec<DeficiencyView>,
}

/// One provider, with what is owed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProviderView {
    /// Identifier as the feed sent it; nothing = HIM's queue "unassigned".
    pub id: Option<String>,
    /// Authority of the identifier, where the feed named one.
    pub authority: String,
    /// Name.
    pub name: String,
    /// Open deficiencies.
    pub open: u64,
    /// Of those, overdue.
    pub overdue: u64,
    /// The earliest due instant among the open ones.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_due_at: Option<Timestamp>,
}

/// A partition of the feed that stands before an event it cannot process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoppedPartition {
    /// Whose feed it is a part of: `deficiency`, `escalation` or `notification`.
    #[serde(default)]
    pub service: String,
    /// 0 to 63.
    pub partition: u8,
    /// The event.
    pub event: Uuid,
    /// Its type.
    pub kind: String,
    /// Why it cannot be processed.
    pub reason: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
}

/// Who decides to pass over an event, and why: both go on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipRequest {
    /// Who decides; left out by somebody with a token, who is known by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Why.
    pub why: String,
}
