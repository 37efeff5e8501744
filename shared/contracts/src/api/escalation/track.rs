//! Tracks: where each stands, what was decided about it, and why.

use countersign_kernel::{Timestamp, TrackId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ByWhom, InboxItem, NoticeView, PolicyRef, StaffRef, StandingView, SuspensionView};

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
