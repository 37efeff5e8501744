//! Inboxes: messages as their recipients see them.

use countersign_kernel::{NoticeId, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// One message of an inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InboxMessage {
    /// The notice.
    #[schema(value_type = String, format = Uuid)]
    pub id: NoticeId,
    /// What people quote when they ask about it.
    pub reference: String,
    /// Which template.
    pub kind: String,
    /// `reminder` or `formal`.
    pub class: String,
    /// Facility code.
    pub facility: String,
    /// Key of the provider it is about; nothing when it is about a chart.
    #[serde(default)]
    pub about: Option<Uuid>,
    /// Name of the provider, or the identifier.
    #[serde(default)]
    pub about_name: Option<String>,
    /// Whose inbox.
    pub owner: String,
    /// How many items.
    pub items: u32,
    /// The day that it names.
    #[schema(value_type = Option<String>, format = Date)]
    pub names_date: Option<Date>,
    /// Since when it is there.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When it was opened.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_at: Option<Timestamp>,
    /// Its subject, as the template renders it; nothing in messages of before it was kept.
    #[serde(default)]
    pub subject: Option<String>,
    /// Its text, likewise.
    #[serde(default)]
    pub text: Option<String>,
}
