//! What a message or file says about a provider (HL7 MFN^M02, CSV). Staff data, no patient data.

use countersign_kernel::{MessageId, Person, ProviderId, Timestamp, derive_uuid};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Field;

/// Category of the subjects these events travel on.
pub const CATEGORY: &str = "staff";

/// What one record says about one provider, by one reading of it. A field that was not sent changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaffReported {
    /// The message or line that was read.
    pub message: MessageId,
    /// Place of the record within the message.
    pub record: u32,
    /// How often the message had been read before.
    pub reading: u32,
    /// The main identifier, under which the event is ordered.
    pub id: ProviderId,
    /// Every identifier that was sent for the person (STF-2, STF-1, PRA-6).
    pub identifiers: Vec<StaffIdentifier>,
    /// Name and credentials.
    pub name: Option<Person>,
    /// Active or not from `effective_at` on (MFE-1 MDL, MDC, MAC; STF-7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// From when on what is said holds (MFE-3, else the event time).
    pub effective_at: Timestamp,
    /// First day of activity (STF-12), where sent.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub active_from: Field<Date>,
    /// Last day of activity (STF-13), where sent.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub active_until: Field<Date>,
    /// Departments (STF-8, PRA-2 practitioner groups apart).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub departments: Vec<String>,
    /// Hospital service (STF-9).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub service: Field<String>,
    /// Specialty (PRA-5).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub specialty: Field<String>,
    /// Practitioner group (PRA-2).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub group: Field<String>,
    /// Supervisor (a CSV column; HL7 has no field for it).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub supervisor: Field<ProviderId>,
    /// Who may look after the list in the provider's place.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub delegate: Field<ProviderId>,
    /// E-mail address (STF-15, or STF-10 of that kind).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub email: Field<String>,
    /// Telephone (STF-10).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub telephone: Field<String>,
    /// Facilities at which the provider works (STF-36 or a CSV column).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facilities: Vec<String>,
    /// IANA name of the zone in which the dates are meant; empty = UTC.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub time_zone: String,
    /// When the source recorded it (EVN-2, else MSH-7): decides between records that hold from the same instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<Timestamp>,
    /// A later reading of the message found no such record: what an earlier one said is taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
    /// When the message was received here.
    pub received_at: Timestamp,
}

/// One identifier of a provider.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StaffIdentifier {
    /// The identifier with its authority.
    #[serde(flatten)]
    pub id: ProviderId,
    /// Its kind as sent, e.g. `NPI`, `SL`, `EI`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
}

/// The key under which what is said about a provider is ordered: from the person's main identifier.
pub fn key_of(id: &ProviderId) -> Uuid {
    derive_uuid("provider", &[&id.authority, &id.id])
}

impl StaffReported {
    /// Type name in the envelope.
    pub const TYPE: &'static str = "staff-reported";

    /// The key under which the envelope is ordered: the person's main identifier.
    pub fn key(&self) -> Uuid {
        key_of(&self.id)
    }
}
