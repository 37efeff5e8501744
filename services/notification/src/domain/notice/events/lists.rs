//! What is stored of lists, and of the notices that go out in them. **Stored format: version with care.**

use countersign_contracts::notice::{Channel, NoticeItem, Outcome};
use countersign_kernel::{NoticeId, ProviderId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Which;

/// A notice goes out in a list, and has no legs of its own. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Which notice.
    #[serde(flatten)]
    pub which: Which,
    /// In which list.
    #[serde(flatten)]
    pub place: Place,
    /// When that was decided.
    pub at: Timestamp,
}

/// A list of an office. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The list: a notice itself.
    pub list: NoticeId,
    /// When it is due.
    pub due_at: Timestamp,
    /// Which of those that are due then, from 1: a list that is full has another one beside it.
    pub part: u32,
}

/// A list carries one more notice. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gathered {
    /// What it carries.
    #[serde(flatten)]
    pub carried: Carried,
    /// When.
    pub at: Timestamp,
}

/// A notice that a list carries. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Carried {
    /// Which notice.
    pub notice: NoticeId,
    /// Its kind.
    pub kind: String,
    /// Whom it is about; nothing when it is about a chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<ProviderId>,
    /// Key of that provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about_key: Option<Uuid>,
    /// Its items.
    pub items: Vec<NoticeItem>,
}

/// Something became of the list that a notice went out in. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Which notice.
    #[serde(flatten)]
    pub which: Which,
    /// In which list.
    pub list: NoticeId,
    /// On which channel; nothing when it concerns the list as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What became of it.
    pub outcome: Outcome,
    /// SHA-256 of the exact bytes of the list, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Why, in words without an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When.
    pub at: Timestamp,
}
