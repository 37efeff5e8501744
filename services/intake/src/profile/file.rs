//! The profile file as it is written: everything may be left out.

use serde::Deserialize;

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    #[serde(default)]
    pub(super) default: Settings,
    #[serde(default)]
    pub(super) feed: Vec<Settings>,
}

/// `[default]` or one `[[feed]]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) name: Option<String>,
    #[serde(rename = "match")]
    pub(super) sender: Option<Sender>,
    pub(super) time_zone: Option<String>,
    pub(super) facility_code: Option<String>,
    pub(super) visit_authority: Option<String>,
    pub(super) visit_number: Option<Vec<VisitNumberField>>,
    pub(super) provider_authorities: Option<Vec<String>>,
    pub(super) patient_authorities: Option<Vec<String>>,
    pub(super) demand_signer_and_time: Option<bool>,
    pub(super) status_change_with_parent: Option<StatusChangeWithParent>,
    pub(super) trainee_credentials: Option<Vec<String>>,
    pub(super) trainees: Option<Vec<String>>,
    pub(super) surgeon_roles: Option<Vec<String>>,
    pub(super) death_dispositions: Option<Vec<String>>,
    #[serde(default)]
    pub(super) document_types: DocumentTypes,
    #[serde(default)]
    pub(super) document_titles: DocumentTypes,
    #[serde(default)]
    pub(super) classes: Classes,
}

/// Whose messages a feed's profile reads. `*` stands for any text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sender {
    #[serde(default = "anything")]
    pub(super) application: String,
    #[serde(default = "anything")]
    pub(super) facility: String,
}

fn anything() -> String {
    "*".to_owned()
}

/// Codes or titles by what they mean.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DocumentTypes {
    pub(super) history_and_physical: Vec<String>,
    pub(super) operative_report: Vec<String>,
    pub(super) discharge_summary: Vec<String>,
    pub(super) other: Vec<String>,
}

/// Class codes by what they mean.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Classes {
    pub(super) inpatient: Vec<String>,
    pub(super) observation: Vec<String>,
    pub(super) day_surgery: Vec<String>,
    pub(super) emergency: Vec<String>,
    pub(super) outpatient: Vec<String>,
    pub(super) preadmit: Vec<String>,
    pub(super) recurring: Vec<String>,
    pub(super) unmapped: Vec<String>,
}

/// A field that may hold the visit number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum VisitNumberField {
    /// Visit number, the standard's own place.
    #[serde(rename = "PV1-19")]
    Pv1Visit,
    /// Patient account number.
    #[serde(rename = "PID-18")]
    PidAccount,
    /// Alternate visit id.
    #[serde(rename = "PV1-50")]
    Pv1AlternateVisit,
}

impl VisitNumberField {
    /// Segment and field number.
    pub const fn place(self) -> (&'static str, usize) {
        match self {
            Self::Pv1Visit => ("PV1", 19),
            Self::PidAccount => ("PID", 18),
            Self::Pv1AlternateVisit => ("PV1", 50),
        }
    }

    /// The field as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pv1Visit => "PV1-19",
            Self::PidAccount => "PID-18",
            Self::Pv1AlternateVisit => "PV1-50",
        }
    }
}

/// What T03 and T04 with a parent mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusChangeWithParent {
    /// A change of status, as the standard says.
    #[default]
    StatusChanged,
    /// The document named in TXA-13 is taken back (ANS, France).
    Cancelled,
}
