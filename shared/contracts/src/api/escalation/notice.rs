//! Notices of a track, and what became of them.

use countersign_kernel::{NoticeId, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
