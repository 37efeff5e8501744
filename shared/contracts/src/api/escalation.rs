//! Escalation: tracks and why they stand where they stand, leadership's inbox, the suspension register, runs, policies
//! and what the auditor found. Staff data, no patient data.

use countersign_kernel::{DeficiencyId, EncounterId, NoticeId, Timestamp, TrackId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::governed::{FieldDiff, PartDiff, VersionView};

mod simulation;

pub use simulation::{
    SimulateJob, SimulateReport, SimulateRequest, SimulatedChart, SimulatedCount, SimulatedDifference,
    SimulatedGroup, SimulatedMove, SimulatedStep, SimulatedSummary,
};

/// A provider, for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StaffRef {
    /// Main identifier.
    pub id: String,
    /// Who assigned it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authority: String,
    /// Name; the identifier where the directory knows none.
    pub name: String,
}

/// A version of the escalation policy that something rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyRef {
    /// Its number.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// SHA-256 of its text, hexadecimal.
    pub sha256: String,
}

/// One track: a provider in a facility.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrackView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: TrackId,
    /// Whose.
    pub provider: StaffRef,
    /// Facility code.
    pub facility: String,
    /// `idle` (nothing is owed that the policy is about), `open`, `proposed` (leadership decides about a suspension),
    /// `suspended`.
    pub state: String,
    /// Which cycle runs or ran last, from 1.
    pub cycle: u32,
    /// The policy of that cycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyRef>,
    /// The highest step taken in this cycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// When it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub step_at: Option<Timestamp>,
    /// When the cycle began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub opened_at: Option<Timestamp>,
    /// Items that counted when something was decided last.
    pub counting: u32,
    /// The oldest of them, in days of its accountability clock.
    pub oldest_days: u32,
    /// When the track is looked at next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
    /// Why nothing followed when something was due last, e.g. `notice_not_delivered`; nothing when the last step was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// More time or an exemption was granted, up to then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<GrantView>,
    /// Since when privileges are suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub suspended_from: Option<Timestamp>,
    /// Revision: a decision may ask (`If-Match`) that nobody was quicker.
    pub revision: u64,
}

/// More time, or an exemption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GrantView {
    /// `extended` or `exempted`.
    pub kind: String,
    /// Until when; nothing: until it is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// By whom.
    pub by: ByWhom,
}

/// Who decided, when and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ByWhom {
    /// The account.
    pub name: String,
    /// In which roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The reason given.
    pub why: String,
}

/// A track with everything that was decided about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrackDetail {
    /// As it stands.
    #[serde(flatten)]
    pub track: TrackView,
    /// What is owed now, by the read model: a step re-checks it in the journal.
    pub standing: StandingView,
    /// Everything that happened and was decided, the latest first, with the facts that it saw.
    pub log: Vec<LogEntry>,
    /// Its notices, the latest first.
    pub notices: Vec<NoticeView>,
    /// What waits for somebody.
    pub inbox: Vec<InboxItem>,
    /// Its suspensions, the latest first.
    pub suspensions: Vec<SuspensionView>,
    /// Journal position that the answer is up to date with.
    pub position: u64,
}

/// What is owed, as a decision sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StandingView {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The journal was read up to here, at least.
    pub position: u64,
    /// Read from the journal itself, not from a read model.
    pub rechecked: bool,
    /// Everything open that the policy is about, the oldest first.
    pub items: Vec<StandingItemView>,
    /// The provider is away: since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub away_from: Option<Timestamp>,
    /// The provider is away: until when, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub away_until: Option<Timestamp>,
}

/// One open item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StandingItemView {
    /// The deficiency.
    #[schema(value_type = String, format = Uuid)]
    pub deficiency: DeficiencyId,
    /// Its chart.
    #[schema(value_type = String, format = Uuid)]
    pub chart: EncounterId,
    /// Rule, e.g. `R13`.
    pub rule: String,
    /// The document it asks for.
    pub document_type: String,
    /// The last instant on time; nothing while its clock stands without an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// Whole days that its accountability clock has run.
    pub age_days: u32,
    /// Why it does not count, e.g. `disputed`; nothing when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_counted: Option<String>,
}

/// One line of a track's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogEntry {
    /// Revision of the event.
    pub revision: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Stored type, e.g. `step-taken`, `step-withheld`, `act-recorded`.
    pub kind: String,
    /// In plain words.
    pub text: String,
    /// Which cycle, where it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<u32>,
    /// The step's name, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Who decided it; nothing when the software did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ByWhom>,
    /// It would not have happened on what became known later.
    #[serde(default)]
    pub superseded: bool,
    /// The facts that it saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<StandingView>,
}

/// A notice of a track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NoticeView {
    /// Its id.
    #[schema(value_type = String, format = Uuid)]
    pub id: NoticeId,
    /// Its number in the track.
    pub number: u32,
    /// Which template.
    pub kind: String,
    /// `formal` or `reminder`.
    pub class: String,
    /// In which part its recipient is told, e.g. `provider`, `chair`, `him`.
    pub role: String,
    /// Who is told: a provider's identifier or an office.
    pub recipient: String,
    /// By which channels.
    pub channels: Vec<String>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
    /// When it was delivered, as the policy defines delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub delivered_at: Option<Timestamp>,
    /// The day that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub names_date: Option<Date>,
    /// Withdrawn: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// What became of it, in order.
    pub answers: Vec<AnswerView>,
}

/// Something became of a notice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnswerView {
    /// On which channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// What, e.g. `delivered`.
    pub outcome: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// SHA-256 of the exact bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Why something did or did not happen, and what happens next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrackExplanation {
    /// The track.
    #[schema(value_type = String, format = Uuid)]
    pub track: TrackId,
    /// Whose.
    pub provider: StaffRef,
    /// Facility code.
    pub facility: String,
    /// By what was known at this instant.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// In two or three plain sentences.
    pub summary: String,
    /// What comes next, if nothing changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextStep>,
    /// What holds it, one sentence each.
    pub held_by: Vec<String>,
    /// What would stop it, one sentence each.
    pub stopped_by: Vec<String>,
    /// What is owed, and what of it counts: re-checked in the journal for this answer.
    pub standing: StandingView,
    /// Every past decision with the facts that it saw, the latest first.
    pub past: Vec<LogEntry>,
    /// Journal position that the answer is up to date with.
    pub position: u64,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NextStep {
    /// The step's name in the policy.
    pub step: String,
    /// What it does, in words.
    pub text: String,
    /// Not before; nothing while nobody can say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_before: Option<Timestamp>,
}

/// Something that waits for somebody in leadership or HIM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InboxItem {
    /// Its id: derived from the event that asks.
    pub id: Uuid,
    /// `suspension` (a proposal), `reinstatement`, or a matter: `committee_review`, `npdb_question`, `repeated`,
    /// `correction`, `undeliverable`, `no_recipient`, `regulatory_limit`, `held_run`, `clock_doubted`.
    pub kind: String,
    /// The track that it is about; nothing when it is about a chart or the installation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub track: Option<TrackId>,
    /// Whom it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<StaffRef>,
    /// Facility code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facility: Option<String>,
    /// The proposal or suspension that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<u32>,
    /// Cycle of the step that is to be corrected, for `correction`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<u32>,
    /// Its place on the ladder, for `correction`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rung: Option<u32>,
    /// The chart that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub chart: Option<EncounterId>,
    /// Since when it waits.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// In words, for people.
    pub text: String,
    /// What the decision rests on, for proposals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet: Option<PacketView>,
    /// The first of two people has confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_confirmed_by: Option<ByWhom>,
    /// Somebody has seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<ByWhom>,
    /// Roles that may decide about it.
    pub for_roles: Vec<String>,
    /// Revision of the track: a decision may ask (`If-Match`) that nobody was quicker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// Everything that a decision about a suspension rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PacketView {
    /// The proposal.
    pub proposal: u32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The day that the notice named.
    #[schema(value_type = String, format = Date)]
    pub named_date: Date,
    /// What the suspension would cover.
    pub scope: Vec<String>,
    /// What it would not.
    pub exempt: Vec<String>,
    /// The items, re-checked in the journal.
    pub items: StandingView,
    /// Every notice of the cycle with what became of it.
    pub notices: Vec<NoticeView>,
    /// The steps of the cycle.
    pub steps: Vec<PacketStep>,
    /// The policy.
    pub policy: PolicyRef,
    /// The policy's text, as its hash says; missing when the record no longer has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_text: Option<String>,
    /// Services that would have nobody left: confirming needs an override with a reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncovered: Vec<String>,
    /// SHA-256 of the packet: a decision names the one that it rests on.
    pub sha256: String,
}

/// A step, as a packet names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PacketStep {
    /// Its name.
    pub step: String,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The items that counted then.
    #[schema(value_type = Vec<String>)]
    pub items: Vec<DeficiencyId>,
}

/// What somebody decides about a track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum TrackAct {
    /// A proposed suspension comes into force; where the policy asks for two people, with the second of them.
    ConfirmSuspension {
        /// Which proposal.
        proposal: u32,
        /// Hash of the packet that was looked at.
        packet_sha256: String,
        /// Exemptions on top of the policy's.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        exempt: Vec<String>,
        /// A guard that is overridden, e.g. `coverage`; the reason is `why`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        overrides: Option<String>,
    },
    /// A proposed suspension does not come into force.
    RejectSuspension {
        /// Which proposal.
        proposal: u32,
        /// Hash of the packet that was looked at.
        packet_sha256: String,
        /// Nothing is proposed again before; left out: not in this cycle.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<Timestamp>,
    },
    /// A suspension ends.
    ConfirmReinstatement {
        /// Which, by its proposal.
        proposal: u32,
    },
    /// More time: no step before.
    Extend {
        /// Until when.
        #[schema(value_type = String, format = DateTime)]
        until: Timestamp,
    },
    /// No steps at all.
    Exempt {
        /// Until when; left out: until it is taken back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = DateTime)]
        until: Option<Timestamp>,
    },
    /// An exemption or extension ends.
    EndGrant,
    /// Seen; stops nothing.
    Acknowledge {
        /// The matter, e.g. `committee_review`; left out: the track as a whole. For `npdb_question`, `why` is the
        /// answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matter: Option<String>,
    },
    /// A note for those who come after.
    Note,
    /// A correction task is done.
    CorrectionDone {
        /// Which rung's step it was about.
        rung: u32,
        /// In which cycle.
        cycle: u32,
    },
}

/// A decision about a track, with its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackActRequest {
    /// What.
    pub decision: TrackAct,
    /// Why: it goes on record. No patient data.
    pub why: String,
}

/// A decision that is on record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TrackActed {
    /// The track as it stands now.
    pub track: TrackView,
    /// Position after which the decision is visible everywhere.
    pub position: u64,
}

/// One suspension, as the register keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SuspensionView {
    /// The track.
    #[schema(value_type = String, format = Uuid)]
    pub track: TrackId,
    /// Number of the proposal that it rests on.
    pub proposal: u32,
    /// Who.
    pub provider: StaffRef,
    /// Where.
    pub facility: String,
    /// What it covers.
    pub scope: Vec<String>,
    /// What it does not.
    pub exempt: Vec<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// Until when; nothing: it is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_because: Option<String>,
    /// Who confirmed its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<ByWhom>,
    /// How many items it rests on.
    pub items: u32,
    /// On whose authority, with the reasons.
    pub authority: Vec<ByWhom>,
    /// Local calendar days on suspension, the first and the last one counted; up to now while it is in force.
    pub days: u32,
    /// The fine that has accrued by its policy, in cents; nothing: the policy has no fines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fine_cents: Option<u64>,
    /// How many of the provider's suspensions in this facility began in the year that ended with its beginning, this
    /// one among them.
    pub within_year: u32,
    /// When the NPDB question was put, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub npdb_asked_at: Option<Timestamp>,
    /// What was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub npdb_answer: Option<ByWhom>,
    /// A late fact: it would not have been proposed on what is known now.
    #[serde(default)]
    pub superseded: bool,
}

/// The register.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegisterView {
    /// Suspensions, the latest first.
    pub items: Vec<SuspensionView>,
    /// Per provider: how many began within the year that ends now.
    pub totals: Vec<RegisterTotal>,
    /// Journal position that the answer is up to date with.
    pub position: u64,
}

/// Suspensions of a provider within a rolling year.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegisterTotal {
    /// Who.
    pub provider: StaffRef,
    /// How many began within the year that ends now, in all facilities.
    pub within_year: u32,
    /// Days on suspension within that year, in all facilities.
    pub days: u32,
    /// One is in force.
    pub in_force: bool,
}

/// A run of the weekly cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// Facility code.
    pub facility: String,
    /// When its list was published.
    #[schema(value_type = String, format = DateTime)]
    pub published_at: Timestamp,
    /// The cutoff that it is for.
    #[schema(value_type = String, format = DateTime)]
    pub cutoff_at: Timestamp,
    /// How many are on the list.
    pub due: u32,
    /// Who, in order of name; only in the answer for one run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RunLine>,
}

/// Somebody on the list of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunLine {
    /// The track.
    #[schema(value_type = String, format = Uuid)]
    pub track: TrackId,
    /// Who.
    pub provider: StaffRef,
    /// The step that is due at the cutoff.
    pub step: String,
    /// Items that count.
    pub counting: u32,
    /// The oldest of them, in days of its accountability clock.
    pub oldest_days: u32,
}

/// What the next run would do if it came now, and whether tracks wait for a human.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DryRun {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Tracks that would move.
    pub lines: Vec<DryRunLine>,
    /// Journal position that the answer is up to date with.
    pub position: u64,
}

/// A track that would move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DryRunLine {
    /// Facility code.
    pub facility: String,
    /// The track and its step.
    #[serde(flatten)]
    pub line: RunLine,
    /// What holds it, e.g. `notice_not_delivered`; nothing when it would move at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
}

/// So many tracks would move at once that a human looks first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HeldRun {
    /// Facility code.
    pub facility: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// How many would move.
    pub tracks: u32,
    /// The policy's limit.
    pub limit: u32,
    /// Who released it, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<ByWhom>,
}

/// Something is released or confirmed, with the reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhyRequest {
    /// Why: it goes on record. No patient data.
    pub why: String,
}

/// Something was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recorded {
    /// Position after which it is visible everywhere.
    pub position: u64,
    /// It was on record already.
    pub repeated: bool,
}

/// Whether the wall clock can be trusted, and how the timers do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClockView {
    /// Now, by the wall clock.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
    /// `trusted` or `doubted`.
    pub state: String,
    /// Why it is doubted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// The latest instant ever recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub high_water: Option<Timestamp>,
    /// The services came back from an outage: nothing grave before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settles_until: Option<Timestamp>,
    /// Timers that are armed.
    pub armed: u64,
    /// Of those, due now.
    pub due: u64,
    /// Of those, by how much the oldest is late, in whole seconds.
    pub late_seconds: u64,
}

/// The regulatory clock of a chart ran so far that HIM and the CMO are told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LimitView {
    /// The chart.
    #[schema(value_type = String, format = Uuid)]
    pub chart: EncounterId,
    /// Facility code.
    pub facility: String,
    /// What the clock counts from: the discharge.
    #[schema(value_type = String, format = DateTime)]
    pub counts_from: Timestamp,
    /// When it was escalated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub escalated_at: Option<Timestamp>,
    /// When it is to be, if nothing changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// When everything in the chart was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Open items, who owes them.
    pub open: u32,
    /// Somebody has seen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<ByWhom>,
}

/// What the auditor found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditView {
    /// When it looked last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub looked_at: Option<Timestamp>,
    /// Position that it looked at.
    pub position: u64,
    /// When the heartbeat was sent last; nothing when none is configured, or none got through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub heartbeat_at: Option<Timestamp>,
    /// A heartbeat URL is configured.
    pub heartbeat_configured: bool,
    /// What it found and is not mended, the oldest first.
    pub findings: Vec<Finding>,
    /// How many promises it checked then, by check.
    pub checked: Vec<Checked>,
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// `overdue_timer`, `no_next_step`, `suspension_without_notice`, `no_reinstatement`, `notice_without_outcome`.
    pub check: String,
    /// The stream that it is about.
    pub stream: String,
    /// The track, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub track: Option<TrackId>,
    /// Since when it is so.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// In words.
    pub text: String,
}

/// How often a promise was checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// Which.
    pub check: String,
    /// On how many things.
    pub looked_at: u64,
    /// On how many it was broken.
    pub broken: u64,
}

/// A policy with everything in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyDetail {
    /// Its life.
    #[serde(flatten)]
    pub set: VersionView,
    /// Its ladder.
    pub steps: Vec<PolicyStep>,
    /// Its other settings, in words.
    pub settings: Vec<PolicySetting>,
    /// Why this program cannot read it, if it cannot.
    pub problem: Option<String>,
    /// The policy file, as it was drafted.
    pub text: String,
}

/// One step of a policy's ladder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyStep {
    /// Its name.
    pub name: String,
    /// After how long, in words.
    pub after: String,
    /// What it does, in words.
    pub does: String,
    /// Who is told.
    pub to: Vec<String>,
}

/// A setting of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicySetting {
    /// Its name in the file.
    pub name: String,
    /// What it is, in words.
    pub value: String,
}

/// What differs between two policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyDiff {
    /// The policy that is looked at.
    pub version: u32,
    /// The policy that it is compared with.
    pub against: u32,
    /// Settings that differ.
    pub settings: Vec<FieldDiff>,
    /// Steps of the ladder that were added, removed or changed.
    pub steps: Vec<PartDiff>,
}

/// Whether a policy file can be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyLint {
    /// It can.
    pub valid: bool,
    /// What is wrong, with line and column where they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// What is allowed and should be known before it is published.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Its ladder, when it can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<PolicyStep>,
}
