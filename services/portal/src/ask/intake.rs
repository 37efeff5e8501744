//! What the intake's endpoints answer, as far as pages show it. What is not shown is passed over, what is
//! missing has a default: an intake that is a version older or newer still has its pages.

use countersign_kernel::{MessageId, Phi, Timestamp};
use serde::Deserialize;

/// `GET /api/v1/feeds`: one sender.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FeedView {
    pub(crate) profile: String,
    #[serde(default)]
    pub(crate) application: String,
    #[serde(default)]
    pub(crate) facility: String,
    pub(crate) received: u64,
    pub(crate) accepted: u64,
    pub(crate) duplicate: u64,
    pub(crate) quarantined: u64,
    pub(crate) not_used: u64,
    #[serde(default)]
    pub(crate) last_message_at: Option<Timestamp>,
    #[serde(default)]
    pub(crate) findings: Vec<FindingView>,
}

/// What was odd about messages.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct FindingView {
    #[serde(default)]
    pub(crate) detail: Option<String>,
    #[serde(default)]
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) messages: u64,
}

/// `GET /api/v1/quarantine`: one message.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct QuarantinedView {
    pub(crate) id: MessageId,
    pub(crate) received_at: Timestamp,
    #[serde(default)]
    pub(crate) profile: String,
    #[serde(default)]
    pub(crate) application: String,
    #[serde(default)]
    pub(crate) facility: String,
    #[serde(default)]
    pub(crate) control_id: String,
    #[serde(default)]
    pub(crate) message_type: String,
    #[serde(default)]
    pub(crate) bytes: u64,
    pub(crate) outcome: String,
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) reason_text: String,
    #[serde(default)]
    pub(crate) readings: u32,
    #[serde(default)]
    pub(crate) repeats: u64,
}

/// `GET /api/v1/quarantine/{id}`: one message with its text.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct QuarantinedMessage {
    #[serde(flatten)]
    pub(crate) message: QuarantinedView,
    #[serde(default)]
    pub(crate) findings: Vec<FindingView>,
    #[serde(default)]
    pub(crate) text: Option<Phi<String>>,
    #[serde(default)]
    pub(crate) cut: bool,
}

/// `POST /api/v1/quarantine/{id}/replay`: what became of the message.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Run {
    #[serde(default)]
    pub(crate) position: u64,
    #[serde(default)]
    pub(crate) result: Option<Replayed>,
}

/// Counts of a [`Run`].
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Replayed {
    #[serde(default)]
    pub(crate) released: u64,
}
