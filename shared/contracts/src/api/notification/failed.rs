//! What did not arrive, and sending it again.

use countersign_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{DestinationView, NoticeView};

/// A failed leg is to be sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequeueRequest {
    /// Which leg.
    pub leg: u32,
    /// To another address of the same channel; left out: the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DestinationView>,
    /// Why; may be left out.
    #[serde(default)]
    pub why: String,
}

/// Everything that failed since an instant is to be sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendRequest {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Only on this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Tell what would be sent, and send nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Why; may be left out.
    #[serde(default)]
    pub why: String,
}

/// What was sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResendReport {
    /// Legs that are queued again, or would be.
    pub requeued: u64,
    /// Legs of which a rule refuses it.
    pub refused: u64,
    /// There are more than one request takes: ask again.
    pub more: bool,
    /// Journal position after it.
    pub position: u64,
}

/// A notice of which nothing is left to try, or one of whose legs failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterView {
    /// The notice with its legs.
    pub notice: NoticeView,
    /// Nothing else of it is under way or has arrived.
    pub nothing_left: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why, in words without an address.
    pub because: String,
}
