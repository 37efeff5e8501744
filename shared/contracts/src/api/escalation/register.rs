//! The suspension register.

use countersign_kernel::{Timestamp, TrackId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ByWhom, StaffRef};

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
