//! What the deficiency service tells its neighbours about people and places: each event tells the whole of one thing as
//! it stands now. Staff data, no patient data.

use countersign_kernel::{Person, ProviderId, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Category of the subjects these events travel on.
pub const CATEGORY: &str = "directory";

/// A provider of the directory came to be or changed; the whole record as it stands now, duplicates merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderDescribed {
    /// Key of the record: derived from the identifier it was first known by, the same for ever.
    pub key: Uuid,
    /// Main identifier.
    pub id: ProviderId,
    /// Every identifier, those of merged records too.
    pub identifiers: Vec<ProviderId>,
    /// The record is part of another one now: everything of it is found there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<Uuid>,
    /// Name and credentials.
    #[serde(default)]
    pub name: Person,
    /// What holds from when on, in order of time. The first one holds before that, too.
    #[serde(default)]
    pub details: Vec<DetailsFrom>,
    /// When the provider is active, in order; empty: never.
    #[serde(default)]
    pub activity: Vec<Span>,
    /// Leaves that count: approved where that is asked for, not cancelled, in order of their beginning.
    #[serde(default)]
    pub leaves: Vec<Leave>,
}

impl ProviderDescribed {
    /// Type name in the envelope.
    pub const TYPE: &'static str = "provider-described";

    /// What holds at an instant.
    pub fn details_at(&self, at: Timestamp) -> Option<&DetailsFrom> {
        self.details.iter().rev().find(|details| details.from <= at).or_else(|| self.details.first())
    }
}

/// What is said about a provider from an instant on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailsFrom {
    /// From when on it holds.
    pub from: Timestamp,
    /// Departments, by code.
    #[serde(default)]
    pub departments: Vec<String>,
    /// Facilities, by code.
    #[serde(default)]
    pub facilities: Vec<String>,
    /// Specialty.
    #[serde(default)]
    pub specialty: Option<String>,
    /// Who may look after the list in the provider's place.
    #[serde(default)]
    pub delegate: Option<ProviderId>,
    /// E-mail address.
    #[serde(default)]
    pub email: Option<String>,
}

/// A stretch of time, perhaps without a beginning or an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its first instant.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// The first instant after it.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// A provider is away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// Which leave.
    pub id: Uuid,
    /// `planned`, `sick`, `other`: names are additive.
    pub kind: String,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it; `None`: not known yet.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// When it was recorded: late entries are told by it.
    pub recorded_at: Timestamp,
}

/// A facility came to be or changed; the whole of it as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacilityDescribed {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// IANA name of the time zone; empty: that of the messages.
    #[serde(default)]
    pub time_zone: String,
    /// Days of the week without business, e.g. `saturday`.
    pub weekend: Vec<String>,
    /// Days without business beside them.
    pub holidays: Vec<Date>,
    /// Stretches in which its systems were down, in order of their beginning.
    pub downtimes: Vec<Downtime>,
}

impl FacilityDescribed {
    /// Type name in the envelope.
    pub const TYPE: &'static str = "facility-described";
}

/// A facility's systems were down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downtime {
    /// From when.
    pub from: Timestamp,
    /// Until when; `None`: they still are.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// A department came to be or changed; the whole of it from an instant on, until the next description takes effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepartmentDescribed {
    /// Facility code.
    pub facility: String,
    /// Code within the facility.
    pub code: String,
    /// Name.
    pub name: String,
    /// Who heads it.
    #[serde(default)]
    pub chair: Option<ProviderId>,
    /// From when on this holds; `None`: since ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Timestamp>,
    /// It is no more.
    #[serde(default)]
    pub closed: bool,
}

impl DepartmentDescribed {
    /// Type name in the envelope.
    pub const TYPE: &'static str = "department-described";
}
