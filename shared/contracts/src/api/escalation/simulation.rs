//! A policy on recorded history: who would have been notified, warned and suspended when.

use countersign_kernel::{EncounterId, Timestamp, TrackId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::StaffRef;

/// What a policy would have done on recorded history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulateRequest {
    /// The policy file (TOML); left out, the policy in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The policy version that it is compared with; left out, none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<u32>,
    /// Compare it with the policy in force, where no version is named; nothing is compared when that is the policy asked
    /// about.
    #[serde(default, skip_serializing_if = "is_false")]
    pub against_in_force: bool,
    /// Take the facts when the hospital's systems recorded them, as if the feeds had been live, and not when they were
    /// received here: for a history that was loaded afterwards.
    #[serde(default, skip_serializing_if = "is_false")]
    pub as_if_live: bool,
    /// From when on steps are taken; left out, from the first event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Until when time passes; left out, until the last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// After how many minutes a notice counts as delivered; left out, 60.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_after_minutes: Option<u32>,
    /// After how many hours leadership confirms a proposal; left out, nobody ever does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_after_hours: Option<u32>,
}

/// Where a simulation stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimulateJob {
    /// Its id.
    pub id: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    pub state: String,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub asked_at: Timestamp,
    /// Events replayed so far.
    pub events_done: u64,
    /// Events to replay, as far as that is known.
    pub events_total: u64,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<SimulateReport>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What would have happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimulateReport {
    /// Title of the policy.
    pub policy: String,
    /// SHA-256 of its text, hexadecimal.
    pub sha256: String,
    /// The facts were taken as if the feeds had been live, not when they were received here.
    #[serde(default, skip_serializing_if = "is_false")]
    pub as_if_live: bool,
    /// From when on.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// Events replayed.
    pub events: u64,
    /// The journal was read up to here.
    pub position: u64,
    /// What it comes to.
    #[serde(default)]
    pub summary: SimulatedSummary,
    /// How often each step was taken, in the order of the ladder.
    pub steps: Vec<SimulatedCount>,
    /// The same by facility, by code.
    #[serde(default)]
    pub facilities: Vec<SimulatedGroup>,
    /// The same by department of the provider at the time of the step, by facility and code. Charts have no department.
    #[serde(default)]
    pub departments: Vec<SimulatedGroup>,
    /// The same by week of the facility's calendar, from Monday on, in order. A suspension counts in the week in which it
    /// began, its days in those in which it was in force.
    #[serde(default)]
    pub weeks: Vec<SimulatedGroup>,
    /// Notices asked for about providers, to whomever.
    pub notices: u64,
    /// Tracks that began a cycle.
    pub tracks: u64,
    /// Who would have got which step when, in order of time.
    pub lines: Vec<SimulatedStep>,
    /// Charts that would have gone to the offices, close to the regulatory limit, in order of time.
    #[serde(default)]
    pub charts: Vec<SimulatedChart>,
    /// What another policy does otherwise, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<SimulatedDifference>,
}

/// What a policy comes to, for those who decide about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimulatedSummary {
    /// Steps that told a provider what is owed, without a warning of suspension.
    pub notices: u64,
    /// Providers who got one.
    pub notified_providers: u64,
    /// Steps that warned a provider of a suspension, by its day.
    pub warnings: u64,
    /// Providers who got one.
    pub warned_providers: u64,
    /// Suspensions that were proposed.
    pub proposals: u64,
    /// Confirmations that would have left a service without anybody: they wait for an override (guard e).
    pub overrides_needed: u64,
    /// Suspensions that came into force.
    pub suspensions: u64,
    /// Providers who were suspended.
    pub suspended_providers: u64,
    /// Days of 24 hours in which somebody was suspended, to a tenth: a provider suspended at two facilities counts at
    /// both.
    pub suspended_days: f64,
    /// Suspensions that ended.
    pub reinstatements: u64,
    /// Charts that went to the offices, close to the regulatory limit.
    pub charts_at_limit: u64,
}

/// What a policy comes to in a part of the hospital, or in a week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimulatedGroup {
    /// Code of the facility or department; the week's Monday. Empty: no department is known.
    pub key: String,
    /// Its name, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Code of the department's facility.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<String>,
    /// Under the policy asked about.
    pub here: SimulatedSummary,
    /// How often each step was taken under it, in the order of the ladder.
    pub steps: Vec<SimulatedCount>,
    /// Under the policy that it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub there: Option<SimulatedSummary>,
}

/// A chart that would have gone to the offices (guard b).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimulatedChart {
    /// The chart.
    #[schema(value_type = String, format = Uuid)]
    pub chart: EncounterId,
    /// Facility code.
    pub facility: String,
    /// The discharge.
    #[schema(value_type = String, format = DateTime)]
    pub discharged_at: Timestamp,
    /// When it went to the offices.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Offices that were told.
    pub offices: Vec<String>,
    /// When it was complete, or had no discharge any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

/// How often a step was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimulatedCount {
    /// The step, or `suspension-proposed`, `override-needed`, `suspended`, `reinstated`.
    pub step: String,
    /// How often.
    pub times: u64,
    /// By how many providers.
    pub providers: u64,
}

/// A step that would have been taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimulatedStep {
    /// The track.
    #[schema(value_type = String, format = Uuid)]
    pub track: TrackId,
    /// Who.
    pub provider: StaffRef,
    /// Facility code.
    pub facility: String,
    /// Code of the provider's department there at that time, the first of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// The step, or `suspension-proposed`, `override-needed`, `suspended`, `reinstated`.
    pub step: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Its week: a Monday of the facility's calendar.
    #[schema(value_type = String, format = Date)]
    pub week: Date,
    /// Items that counted.
    pub counting: u32,
    /// The oldest of them, in days of its accountability clock.
    pub oldest_days: u32,
    /// The facility's services that would have had nobody left (guard e).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncovered: Vec<String>,
}

/// What two policies do differently on the same history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimulatedDifference {
    /// Title of the other policy.
    pub policy: String,
    /// Its number, where it is a recorded version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    /// What it comes to.
    #[serde(default)]
    pub summary: SimulatedSummary,
    /// How often each of its steps was taken.
    pub steps: Vec<SimulatedCount>,
    /// Steps that only the policy asked about takes.
    pub only_here: Vec<SimulatedStep>,
    /// Steps that only the other one takes.
    pub only_there: Vec<SimulatedStep>,
    /// Steps that both take, at other times: as the policy asked about takes them.
    pub moved: Vec<SimulatedMove>,
}

/// A step that two policies take at other times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SimulatedMove {
    /// As the policy asked about takes it.
    pub here: SimulatedStep,
    /// When the other one takes it.
    #[schema(value_type = String, format = DateTime)]
    pub there_at: Timestamp,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
