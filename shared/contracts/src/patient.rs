//! Facts about patients that concern more than one chart.

use countersign_kernel::{MessageId, Phi, Timestamp, derive_uuid};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Category of the subjects these events travel on.
pub const CATEGORY: &str = "patients";

/// A patient's identifier with the authority that assigned it (HL7 CX).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PatientId {
    /// The identifier, without check digit.
    pub id: Phi<String>,
    /// The assigning authority; the sending facility when the message named none.
    pub authority: String,
}

impl PatientId {
    /// A stable key for this identifier that shows nothing of it.
    pub fn key(&self) -> Uuid {
        derive_uuid("patient", &[&self.authority, self.id.reveal()])
    }
}

/// Two identifiers are one patient (ADT A40, and the older A18, A34, A36). From now on `retired` means
/// `survivor`. All visits of the retired identifier move; the message names none of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PatientMerged {
    /// The message that said so.
    pub message: MessageId,
    /// The identifier that is no longer to be used (MRG-1).
    pub retired: PatientId,
    /// The identifier that remains (PID-3).
    pub survivor: PatientId,
    /// When it happened in the hospital.
    pub occurred_at: Timestamp,
    /// When it was received here.
    pub received_at: Timestamp,
}

impl PatientMerged {
    /// Type name in the envelope.
    pub const TYPE: &'static str = "patient-merged";
}
