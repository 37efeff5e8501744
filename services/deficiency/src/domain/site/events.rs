//! What the streams `facility-<key>` and `department-<key>` hold; keys are derived from codes.
//!
//! **Stored format: version with care.** Names are pinned by serde renames, never by Rust identifiers.

use countersign_contracts::directory;
use countersign_kernel::{ProviderId, Timestamp, derive_uuid};
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize, de::Error};
use uuid::Uuid;

use super::{state::DowntimeId, weekdays};
use crate::domain::attribution::Attribution;

/// Category of the streams of facilities.
pub const FACILITY: &str = "facility";
/// Category of the streams of departments.
pub const DEPARTMENT: &str = "department";

/// Days that every account waits before it is billed where the facility does not say (commonly 3 to 5).
pub const MINIMUM_BILL_HOLD_DAYS: u16 = 3;

/// The key of a facility's stream.
pub fn facility_key(code: &str) -> Uuid {
    derive_uuid("facility", &[code])
}

/// The key of a department's stream.
pub fn department_key(facility: &str, code: &str) -> Uuid {
    derive_uuid("department", &[facility, code])
}

/// An event of a facility or a department. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SiteEvent {
    /// What a facility is.
    FacilityDescribed(Box<FacilityDescribed>),
    /// A system was down.
    DowntimeRecorded(DowntimeRecorded),
    /// It was not.
    DowntimeCancelled(DowntimeCancelled),
    /// What a department is, from an instant on.
    DepartmentDescribed(DepartmentDescribed),
    /// A facility as it stands after the event that it was appended with: said to the neighbours, and no fact of its own.
    Snapshot(Box<directory::FacilityDescribed>),
}

impl SiteEvent {
    /// The stored type name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::FacilityDescribed(_) => "facility-described",
            Self::DowntimeRecorded(_) => "downtime-recorded",
            Self::DowntimeCancelled(_) => "downtime-cancelled",
            Self::DepartmentDescribed(_) => "department-described",
            Self::Snapshot(_) => "facility-snapshot",
        }
    }

    /// Decodes by the stored type name.
    ///
    /// # Errors
    /// The content is not what the type promises, or the type is of a later version.
    pub fn decode(kind: &str, data: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            "facility-described" => Self::FacilityDescribed(serde_json::from_slice(data)?),
            "downtime-recorded" => Self::DowntimeRecorded(serde_json::from_slice(data)?),
            "downtime-cancelled" => Self::DowntimeCancelled(serde_json::from_slice(data)?),
            "department-described" => Self::DepartmentDescribed(serde_json::from_slice(data)?),
            "facility-snapshot" => Self::Snapshot(serde_json::from_slice(data)?),
            _ => return Err(serde_json::Error::custom("an event of a later version")),
        })
    }

    /// Category and key of the stream in which it stands.
    pub fn stream(&self) -> (&'static str, Uuid) {
        match self {
            Self::FacilityDescribed(event) => (FACILITY, facility_key(&event.facility.code)),
            Self::DowntimeRecorded(event) => (FACILITY, facility_key(&event.facility)),
            Self::DowntimeCancelled(event) => (FACILITY, facility_key(&event.facility)),
            Self::DepartmentDescribed(event) => (DEPARTMENT, department_key(&event.facility, &event.code)),
            Self::Snapshot(event) => (FACILITY, facility_key(&event.code)),
        }
    }
}

/// A day without business, with its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Holiday {
    /// The day.
    pub date: Date,
    /// Its name, e.g. `Memorial Day`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
}

/// A facility; the whole of it as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacilityDescribed {
    /// What it is.
    #[serde(flatten)]
    pub facility: FacilityData,
    /// Who, when, why.
    pub act: Attribution,
}

/// What is stored of a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacilityData {
    /// Its code, as charts carry it.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Country and state (ISO 3166-2), e.g. `US-CA`; empty = no overlay of the rules applies.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub jurisdiction: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// Days of the week without business.
    #[serde(with = "weekdays")]
    pub weekend: Vec<Weekday>,
    /// Days without business beside them, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<Holiday>,
    /// Days that every account waits before it is billed.
    pub minimum_bill_hold_days: u16,
    /// The directory is complete: whoever is not in it is unknown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict_directory: bool,
    /// A leave that the provider or a delegate records counts only when approved.
    pub own_leave_needs_approval: bool,
}

/// A system was down at a facility: the time is credited to everybody who owed something there. The same id again
/// changes the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DowntimeRecorded {
    /// Code of the facility.
    pub facility: String,
    /// The downtime.
    pub downtime: DowntimeId,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it; not known yet while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who, when, why.
    pub act: Attribution,
}

/// A downtime is no reason for a credit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DowntimeCancelled {
    /// Code of the facility.
    pub facility: String,
    /// The downtime.
    pub downtime: DowntimeId,
    /// Who, when, why.
    pub act: Attribution,
}

/// A department from an instant on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepartmentDescribed {
    /// Code of its facility.
    pub facility: String,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Who heads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chair: Option<ProviderId>,
    /// From when on this holds.
    pub effective_at: Timestamp,
    /// There is no such department from then on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
    /// Who, when, why.
    pub act: Attribution,
}
