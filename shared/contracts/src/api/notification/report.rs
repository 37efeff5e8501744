//! What mail systems report of messages that were sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a mail system reports of messages that were sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryReports {
    /// What it reports.
    pub reports: Vec<DeliveryReport>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryReport {
    /// The message id under which it was sent, with or without angle brackets.
    pub message_id: String,
    /// `bounce` or `complaint`.
    pub kind: String,
    /// What was said, e.g. `550 5.1.1 no such mailbox`. Addresses in it are taken out.
    #[serde(default)]
    pub detail: String,
}

/// What was made of the reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryReportsAnswer {
    /// Reports about messages of this installation.
    pub known: u64,
    /// Reports about others, or of an unknown kind.
    pub ignored: u64,
}
