//! What is owed, as decisions see it.

use countersign_kernel::{DeficiencyId, EncounterId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
