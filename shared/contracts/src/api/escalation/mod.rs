//! Escalation: tracks and why they stand where they stand, leadership's inbox, the suspension register, runs, policies
//! and what the auditor found. Staff data, no patient data.

mod act;
mod auditor;
mod inbox;
mod notice;
mod policy;
mod register;
mod run;
mod simulation;
mod standing;
mod track;

use countersign_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use act::{TrackAct, TrackActRequest, TrackActed};
pub use auditor::{AuditView, Checked, ClockView, Finding, LimitView};
pub use inbox::{InboxItem, PacketStep, PacketView};
pub use notice::{AnswerView, NoticeView};
pub use policy::{PolicyDetail, PolicyDiff, PolicyLint, PolicyRef, PolicySetting, PolicyStep};
pub use register::{RegisterTotal, RegisterView, SuspensionView};
pub use run::{DryRun, DryRunLine, HeldRun, RunLine, RunView};
pub use simulation::{
    SimulateJob, SimulateReport, SimulateRequest, SimulatedChart, SimulatedCount, SimulatedDifference,
    SimulatedGroup, SimulatedMove, SimulatedStep, SimulatedSummary,
};
pub use standing::{StandingItemView, StandingView};
pub use track::{GrantView, LogEntry, NextStep, TrackDetail, TrackExplanation, TrackView};

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
