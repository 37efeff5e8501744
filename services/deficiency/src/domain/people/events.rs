//! What the streams `provider-<key>` hold; the key is derived from the provider's main identifier.
//!
//! **Stored format: version with care.** Names are pinned by serde renames, never by Rust identifiers.

use countersign_contracts::{
    Field, directory,
    staff::{self, StaffIdentifier, StaffReported},
};
use countersign_kernel::{Person, ProviderId, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize, de::Error};
use uuid::Uuid;

use super::leave::{LeaveId, LeaveKind};
use crate::domain::attribution::Attribution;

/// Category of the streams of providers.
pub const PROVIDER: &str = "provider";

/// The key of a provider's stream.
pub fn key_of(id: &ProviderId) -> Uuid {
    staff::key_of(id)
}

/// An event of a provider. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PeopleEvent {
    /// A message or a file said something about the provider.
    Reported(Box<ProviderReported>),
    /// Somebody changed the record by hand.
    Edited(Box<ProviderEdited>),
    /// Two identities are one person.
    Merged(ProvidersMerged),
    /// They are not.
    MergeUndone(MergeUndone),
    /// The provider is, will be or was away.
    LeaveRecorded(LeaveRecorded),
    /// The leave is other than was recorded.
    LeaveChanged(LeaveChanged),
    /// Somebody approved or refused it.
    LeaveDecided(LeaveDecided),
    /// There is no such leave.
    LeaveCancelled(LeaveCancelled),
    /// A record as it stands after the event that it was appended with: said to the neighbours, and no fact of its own.
    Snapshot(Box<directory::ProviderDescribed>),
}

impl PeopleEvent {
    /// The stored type name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Reported(_) => "provider-reported",
            Self::Edited(_) => "provider-edited",
            Self::Merged(_) => "providers-merged",
            Self::MergeUndone(_) => "providers-merge-undone",
            Self::LeaveRecorded(_) => "leave-recorded",
            Self::LeaveChanged(_) => "leave-changed",
            Self::LeaveDecided(_) => "leave-decided",
            Self::LeaveCancelled(_) => "leave-cancelled",
            Self::Snapshot(_) => "provider-snapshot",
        }
    }

    /// Decodes by the stored type name.
    ///
    /// # Errors
    /// The content is not what the type promises, or the type is of a later version.
    pub fn decode(kind: &str, data: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            "provider-reported" => Self::Reported(serde_json::from_slice(data)?),
            "provider-edited" => Self::Edited(serde_json::from_slice(data)?),
            "providers-merged" => Self::Merged(serde_json::from_slice(data)?),
            "providers-merge-undone" => Self::MergeUndone(serde_json::from_slice(data)?),
            "leave-recorded" => Self::LeaveRecorded(serde_json::from_slice(data)?),
            "leave-changed" => Self::LeaveChanged(serde_json::from_slice(data)?),
            "leave-decided" => Self::LeaveDecided(serde_json::from_slice(data)?),
            "leave-cancelled" => Self::LeaveCancelled(serde_json::from_slice(data)?),
            "provider-snapshot" => Self::Snapshot(serde_json::from_slice(data)?),
            _ => return Err(serde_json::Error::custom("an event of a later version")),
        })
    }

    /// The provider in whose stream it stands. A snapshot may stand in the stream of a record that was merged with it.
    pub fn provider(&self) -> &ProviderId {
        match self {
            Self::Reported(event) => &event.provider,
            Self::Edited(event) => &event.provider,
            Self::Merged(event) => &event.retired,
            Self::MergeUndone(event) => &event.retired,
            Self::LeaveRecorded(event) => &event.provider,
            Self::LeaveChanged(event) => &event.provider,
            Self::LeaveDecided(event) => &event.provider,
            Self::LeaveCancelled(event) => &event.provider,
            Self::Snapshot(event) => &event.id,
        }
    }
}

/// A message or a line of a file said something about a provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderReported {
    /// Main identifier of the record it is about, which may be known by another identifier than the report's own.
    pub provider: ProviderId,
    /// What it said.
    pub report: StaffReported,
    /// Who imported the file; nobody for a message of a feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Attribution>,
}

/// Somebody changed a provider's record by hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderEdited {
    /// Main identifier of the record.
    pub provider: ProviderId,
    /// From when on the changes hold.
    pub effective_at: Timestamp,
    /// The changes.
    pub changes: Changes,
    /// Who, when, why.
    pub act: Attribution,
}

/// Changes to a provider's record: what is absent stays as it was.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Changes {
    /// Identifiers that are the provider's too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<StaffIdentifier>,
    /// Identifiers that are not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_identifiers: Vec<ProviderId>,
    /// Name and credentials; an identifier in it means nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Person>,
    /// Active or not from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// First day of activity.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub active_from: Field<Date>,
    /// Last day of activity.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub active_until: Field<Date>,
    /// IANA name of the zone in which the dates are meant; empty = UTC.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub time_zone: String,
    /// All departments, by code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departments: Option<Vec<String>>,
    /// All facilities, by code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facilities: Option<Vec<String>>,
    /// Hospital service.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub service: Field<String>,
    /// Specialty.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub specialty: Field<String>,
    /// Practitioner group.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub group: Field<String>,
    /// Supervisor.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub supervisor: Field<ProviderId>,
    /// Who may look after the list in the provider's place.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub delegate: Field<ProviderId>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub email: Field<String>,
    /// Telephone.
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub telephone: Field<String>,
}

impl From<&StaffReported> for Changes {
    fn from(report: &StaffReported) -> Self {
        let listed = |codes: &Vec<String>| (!codes.is_empty()).then(|| codes.clone());
        let mut identifiers = report.identifiers.clone();
        if !identifiers.iter().any(|known| known.id == report.id) {
            identifiers.push(StaffIdentifier { id: report.id.clone(), kind: String::new() });
        }
        Self {
            identifiers,
            without_identifiers: Vec::new(),
            name: report.name.clone(),
            active: report.active,
            active_from: report.active_from,
            active_until: report.active_until,
            time_zone: report.time_zone.clone(),
            departments: listed(&report.departments),
            facilities: listed(&report.facilities),
            service: report.service.clone(),
            specialty: report.specialty.clone(),
            group: report.group.clone(),
            supervisor: report.supervisor.clone(),
            delegate: report.delegate.clone(),
            email: report.email.clone(),
            telephone: report.telephone.clone(),
        }
    }
}

/// Two identities are one person: from now on `retired` means `survivor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvidersMerged {
    /// Main identifier of the record that is no longer a record of its own.
    pub retired: ProviderId,
    /// Main identifier of the record that remains.
    pub survivor: ProviderId,
    /// Who, when, why.
    pub act: Attribution,
}

/// A merge is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeUndone {
    /// The record that is one of its own again.
    pub retired: ProviderId,
    /// The record that it had been merged into.
    pub survivor: ProviderId,
    /// Who, when, why.
    pub act: Attribution,
}

/// A provider is, will be or was away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaveRecorded {
    /// Main identifier of the record.
    pub provider: ProviderId,
    /// The leave.
    pub leave: LeaveId,
    /// Its kind.
    pub kind: LeaveKind,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it; not known yet for a leave without end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// It counts only when somebody has approved it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approval_needed: bool,
    /// Who recorded it, when and why.
    pub act: Attribution,
}

/// A leave is other than was recorded; the whole of it as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaveChanged {
    /// Main identifier of the record.
    pub provider: ProviderId,
    /// The leave.
    pub leave: LeaveId,
    /// Its kind.
    pub kind: LeaveKind,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// It counts only when somebody has approved it as it is now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approval_needed: bool,
    /// Who, when, why.
    pub act: Attribution,
}

/// Somebody approved or refused a leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaveDecided {
    /// Main identifier of the record.
    pub provider: ProviderId,
    /// The leave.
    pub leave: LeaveId,
    /// Approved, else refused.
    pub approved: bool,
    /// Who, when, why.
    pub act: Attribution,
}

/// There is no such leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaveCancelled {
    /// Main identifier of the record.
    pub provider: ProviderId,
    /// The leave.
    pub leave: LeaveId,
    /// Who, when, why.
    pub act: Attribution,
}
