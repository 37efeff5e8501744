//! Whether promises are kept: the clock, the timers, regulatory limits, what the auditor found.

use countersign_kernel::{EncounterId, Timestamp, TrackId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ByWhom;

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
