//! Leadership’s inbox: what waits for somebody, and what the decision rests on.

use countersign_kernel::{DeficiencyId, EncounterId, Timestamp, TrackId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ByWhom, NoticeView, PolicyRef, StaffRef, StandingView};

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
