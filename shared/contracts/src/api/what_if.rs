//! What-if: a candidate rule set over the recorded history, beside the published one.

use std::fmt;

use countersign_kernel::{DeficiencyId, EncounterId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Asks for a what-if run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatIfRequest {
    /// The candidate: a rule file's text (TOML).
    pub rules: String,
    /// The candidate is taken as in force from this instant; the whole history when not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Charts are judged as they stood at this instant; at the last instant at which anything was received
    /// when not given.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
}

/// Where a what-if run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhatIfState {
    /// Waits for the one before it: one runs at a time.
    Queued,
    /// Runs.
    Running,
    /// Has a report.
    Done,
    /// Could not be done; `problem` says why.
    Failed,
    /// Was cancelled.
    Cancelled,
}

/// A what-if run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WhatIfJob {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: WhatIfState,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    /// Charts judged so far.
    pub charts_done: u64,
    /// Charts to judge; 0 while the record is still being read.
    pub charts_total: u64,
    /// The result, once it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<WhatIfReport>,
    /// Why it could not be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// How long the result is kept.
    pub kept: String,
}

/// What a candidate rule set would have made of the recorded history. The same journal position, published
/// rules and candidate give the same report, to the byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WhatIfReport {
    /// Journal position up to which the record was read.
    pub position: u64,
    /// Charts were judged as they stood at this instant.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
    /// The candidate is taken as in force from this instant; nothing = the whole history.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// The published rules.
    pub published: WhatIfRules,
    /// The candidate.
    pub candidate: WhatIfRules,
    /// Charts in the record.
    pub charts: u64,
    /// Rows of the list behind the numbers.
    pub rows: u64,
    /// SHA-256 of that list as CSV, in its order: what `rows.csv` of an export must have.
    pub rows_sha256: String,
    /// Everything.
    pub total: WhatIfGroup,
    /// By rule.
    pub by_rule: Vec<WhatIfGroup>,
    /// By hospital service.
    pub by_service: Vec<WhatIfGroup>,
    /// By facility.
    pub by_facility: Vec<WhatIfGroup>,
    /// By responsible provider.
    pub by_provider: Vec<WhatIfGroup>,
    /// Bills that wait for documentation.
    pub held: WhatIfHeldGroup,
    /// The same by the rule of the item to blame.
    pub held_by_rule: Vec<WhatIfHeldGroup>,
    /// By hospital service.
    pub held_by_service: Vec<WhatIfHeldGroup>,
    /// By facility.
    pub held_by_facility: Vec<WhatIfHeldGroup>,
    /// By the provider who owes or owed the item to blame.
    pub held_by_provider: Vec<WhatIfHeldGroup>,
    /// Rows of the list of accounts behind these numbers.
    pub accounts: u64,
    /// SHA-256 of that list as CSV, in its order: what `accounts.csv` of an export must have.
    pub accounts_sha256: String,
    /// Charts past the limit of a rule about the chart as a whole (C0, C1) and not complete.
    pub delinquent_charts: Vec<WhatIfDelinquency>,
    /// What every number means.
    pub definitions: Vec<Definition>,
}

/// A rule set, named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhatIfRules {
    /// Its version.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// SHA-256 of the file's text, where it came as a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The meaning of a number, printed with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Definition {
    /// The number.
    pub name: String,
    /// What it counts or measures.
    pub meaning: String,
}

/// The difference within one group of deficiencies.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct WhatIfGroup {
    /// The rule, service, facility or provider; `all` for everything.
    pub key: String,
    /// Deficiencies that only the candidate raises.
    pub created: u64,
    /// Deficiencies that only the published rules raise.
    pub avoided: u64,
    /// Raised by both, and any of the next four differs.
    pub changed: u64,
    /// Raised by both, due at another instant.
    pub other_due: u64,
    /// Raised by both, owed by somebody else.
    pub other_responsible: u64,
    /// Raised by both, in another status.
    pub other_status: u64,
    /// Raised by both, closed at another instant.
    pub other_closed: u64,
    /// Raised by both, and nothing differs.
    pub unchanged: u64,
    /// Under the published rules.
    pub published: WhatIfMeasures,
    /// Under the candidate.
    pub candidate: WhatIfMeasures,
}

/// What one rule set makes of a group of deficiencies. Voided ones are in `voided` and nowhere else.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct WhatIfMeasures {
    /// Raised and not voided.
    pub opened: u64,
    /// Done.
    pub satisfied: u64,
    /// Still owed, its clock running.
    pub open: u64,
    /// To be owed once somebody else has done something: no clock runs.
    pub dormant: u64,
    /// Closed by authority; never counted as done.
    pub waived: u64,
    /// Fell away.
    pub voided: u64,
    /// Still owed, and past the due instant.
    pub overdue: u64,
    /// Hours from anchor to closing, median over those done. Open ones are censored: they are not in it.
    pub lag_median_hours: Option<f64>,
    /// The same, 90th percentile.
    pub lag_p90_hours: Option<f64>,
    /// Done before what they count from: not in the two above.
    pub negative_lags: u64,
    /// Hours from anchor to now, median over those still owed.
    pub open_age_median_hours: Option<f64>,
    /// Due by now, waived ones left out.
    pub fell_due: u64,
    /// Those of them that were done in time.
    pub on_time: u64,
    /// `on_time` / `fell_due`; nothing when nothing fell due.
    pub on_time_rate: Option<f64>,
}

/// Charts that are late as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhatIfDelinquency {
    /// The rule about the chart as a whole.
    pub rule: String,
    /// Charts under the published rules.
    pub published: u64,
    /// Charts under the candidate.
    pub candidate: u64,
}

/// Bills that wait for documentation, in one group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct WhatIfHeldGroup {
    /// The rule, service, facility or provider; `all` for everything; `(several)` where no single item is to
    /// blame.
    pub key: String,
    /// Under the published rules.
    pub published: WhatIfHeld,
    /// Under the candidate.
    pub candidate: WhatIfHeld,
}

/// Bills that wait for documentation, under one rule set. Money in whole cents.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct WhatIfHeld {
    /// Accounts held now.
    pub accounts_held: u64,
    /// Accounts held now or before.
    pub accounts_ever_held: u64,
    /// Of those, accounts whose charges were never sent: their money is unknown, and in no sum.
    pub accounts_without_charges: u64,
    /// Local days at whose end an account was held, over all accounts.
    pub days_held: u64,
    /// Gross charges of the accounts held now.
    pub dollars_held_cents: i64,
    /// Gross charges, once for every day held.
    pub dollar_days_cents: i64,
}

/// One account that is or was held under either rule set. No patient data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhatIfAccount {
    /// Id of the chart.
    #[schema(value_type = String, format = Uuid)]
    pub chart: EncounterId,
    /// Facility code.
    pub facility: String,
    /// Hospital service.
    pub service: String,
    /// Gross charges in cents; nothing = unknown.
    pub charges_cents: Option<i64>,
    /// Anything differs between the two.
    pub changed: bool,
    /// Under the published rules.
    pub published: WhatIfHold,
    /// Under the candidate.
    pub candidate: WhatIfHold,
}

/// A rule set's hold on an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhatIfHold {
    /// Held now.
    pub held: bool,
    /// Local days at whose end it was held.
    pub days_held: u32,
    /// What waits now, in cents; nothing = unknown.
    pub dollars_held_cents: Option<i64>,
    /// Charges in cents, once for every day held; nothing = unknown.
    pub dollar_days_cents: Option<i64>,
    /// The item to blame: the only open one of a held account, else the one that closed last.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub blocker: Option<DeficiencyId>,
    /// Its rule.
    pub blocker_rule: Option<String>,
}

/// One deficiency with both verdicts. No patient data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WhatIfRow {
    /// Id of the chart.
    #[schema(value_type = String, format = Uuid)]
    pub chart: EncounterId,
    /// Id of the deficiency.
    #[schema(value_type = String, format = Uuid)]
    pub deficiency: DeficiencyId,
    /// Facility code.
    pub facility: String,
    /// Hospital service.
    pub service: String,
    /// Rule.
    pub rule: String,
    /// Document number or procedure that it is about.
    pub subject: Option<String>,
    /// What it asks for.
    pub document_type: String,
    /// `created`, `avoided`, `unchanged`, or what differs: `due`, `responsible`, `status`, `closed`, joined
    /// by `+`.
    pub change: String,
    /// The published rules' verdict.
    pub published: Option<WhatIfVerdict>,
    /// The candidate's verdict.
    pub candidate: Option<WhatIfVerdict>,
}

/// What a rule set says of one deficiency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WhatIfVerdict {
    /// `open`, `satisfied`, `voided` or `waived`.
    pub status: String,
    /// Still owed, and past the due instant.
    pub overdue: bool,
    /// Who owes it: `(facility)` for the chart as a whole, `(unassigned)` for nobody.
    pub responsible: String,
    /// What the limit counts from.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub anchor_at: Option<Timestamp>,
    /// The last instant that is on time; nothing while it waits for somebody else.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// When the requirement arose.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// When it closed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    /// Whether the bill waits for it.
    pub holds_bill: bool,
}

impl fmt::Display for WhatIfState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        })
    }
}
