//! The queue of letters.

use countersign_kernel::{NoticeId, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::people::ByWhomView;

/// One letter of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LetterView {
    /// The notice.
    #[schema(value_type = String, format = Uuid)]
    pub notice: NoticeId,
    /// Which leg of it: its bytes are the document to print.
    pub leg: u32,
    /// What people quote.
    pub reference: String,
    /// Which template.
    pub kind: String,
    /// Facility code.
    pub facility: String,
    /// Name of the recipient.
    pub recipient_name: String,
    /// The lines of the address, for those who may see it.
    pub to: Option<String>,
    /// `waiting`, `printed` or `left`.
    pub state: String,
    /// Since when it waits.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Who printed it, and when.
    pub printed: Option<ByWhomView>,
    /// `mailed` or `handed_over`.
    pub how: Option<String>,
    /// The day on which it left.
    #[schema(value_type = Option<String>, format = Date)]
    pub left_on: Option<Date>,
    /// Who mailed it or handed it over.
    pub by_whom: Option<String>,
}

/// A letter left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterConfirmation {
    /// `mailed` or `handed_over`.
    pub how: String,
    /// The day, in the facility's zone.
    #[schema(value_type = String, format = Date)]
    pub on: Date,
    /// Who did it; left out when it is who says so.
    #[serde(default)]
    pub by_whom: String,
    /// A word on it; may be left out.
    #[serde(default)]
    pub why: String,
}
