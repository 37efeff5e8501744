//! Runs of the weekly cycle: published lists, dry runs, and runs that are held.

use countersign_kernel::{Timestamp, TrackId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ByWhom, StaffRef};

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
