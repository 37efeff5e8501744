//! Providers, facilities and departments: what the directory says, and how it is changed.

use countersign_kernel::{ProviderId, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Field;

/// An identifier with the authority that assigned it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifierView {
    /// The identifier.
    pub id: String,
    /// Its authority, as messages name it; empty when they name none.
    #[serde(default)]
    pub authority: String,
    /// Its kind, e.g. `NPI`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
}

impl From<ProviderId> for IdentifierView {
    fn from(id: ProviderId) -> Self {
        Self { id: id.id, authority: id.authority, kind: String::new() }
    }
}

impl From<IdentifierView> for ProviderId {
    fn from(view: IdentifierView) -> Self {
        Self { id: view.id, authority: view.authority }
    }
}

/// Who did something, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ByWhomView {
    /// Who.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Why.
    pub why: String,
}

/// A period, from `from` up to but without `until`; nothing = without limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeriodView {
    /// First instant.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// First instant after it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// A leave of absence, from `from` up to but without `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeaveView {
    /// Its id.
    pub id: Uuid,
    /// `planned`, `sick` or `other`.
    pub kind: String,
    /// First instant.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// First instant after it; nothing = not known yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// `not_needed`, `awaited`, `given` or `refused`.
    pub approval: String,
    /// Clocks heed it.
    pub counts: bool,
    /// It was recorded after it had begun.
    pub entered_late: bool,
    /// Who recorded it.
    pub recorded: ByWhomView,
    /// Who changed it last.
    pub changed: Option<ByWhomView>,
    /// Who approved or refused it.
    pub decided: Option<ByWhomView>,
}

/// One provider of the directory, duplicates merged, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PersonView {
    /// Key of the record, for addresses.
    pub key: Uuid,
    /// Main identifier.
    pub id: String,
    /// Its authority.
    pub authority: String,
    /// Every identifier, that of merged records too.
    pub identifiers: Vec<IdentifierView>,
    /// `Family, Given`, or the identifier.
    pub name: String,
    /// Degrees and professional suffixes.
    pub credentials: Vec<String>,
    /// Entered by a message, a file or a person; not so somebody of whom only a leave or a merge is known.
    pub listed: bool,
    /// May be responsible now.
    pub active: bool,
    /// Since when not; nothing for somebody who is active or has not begun.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub inactive_since: Option<Timestamp>,
    /// When it is active.
    pub activity: Vec<PeriodView>,
    /// Departments, by code.
    pub departments: Vec<String>,
    /// Facilities, by code.
    pub facilities: Vec<String>,
    /// Hospital service.
    pub service: Option<String>,
    /// Specialty.
    pub specialty: Option<String>,
    /// Practitioner group.
    pub group: Option<String>,
    /// Supervisor.
    pub supervisor: Option<IdentifierView>,
    /// Who may look after the list.
    pub delegate: Option<IdentifierView>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone.
    pub telephone: Option<String>,
    /// Away now, by a leave that counts.
    pub on_leave: bool,
    /// Leaves that are not cancelled and not over, by their beginning; all of them where one provider is asked for.
    pub leaves: Vec<LeaveView>,
    /// Main identifiers of merged records.
    pub merged: Vec<IdentifierView>,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryStep {
    /// Ask with `Min-Position` set to this to see the effect.
    pub position: u64,
    /// Something changed: now, or when the key was first used.
    pub changed: bool,
    /// The leave or downtime that the command is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
}

/// Changes to a provider's record. What is left out stays; `null` deletes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PersonChanges {
    /// Any identifier of the provider; a new one enters a new record.
    pub id: String,
    /// Its authority.
    pub authority: String,
    /// Identifiers to add.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<IdentifierView>,
    /// Identifiers to take away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_identifiers: Vec<IdentifierView>,
    /// Family name; given and family name are changed together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Given name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// Degrees and professional suffixes; changed together with the name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<String>,
    /// Active or not from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// First day of activity.
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub active_from: Field<Date>,
    /// Last day of activity.
    #[schema(value_type = Option<String>, format = Date)]
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub active_until: Field<Date>,
    /// IANA name of the zone in which the days are meant; UTC when left out.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub time_zone: String,
    /// All departments, by code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departments: Option<Vec<String>>,
    /// All facilities, by code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facilities: Option<Vec<String>>,
    /// Hospital service.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub service: Field<String>,
    /// Specialty.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub specialty: Field<String>,
    /// Practitioner group.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub group: Field<String>,
    /// Supervisor.
    #[schema(value_type = Option<IdentifierView>)]
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub supervisor: Field<IdentifierView>,
    /// Who may look after the list.
    #[schema(value_type = Option<IdentifierView>)]
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub delegate: Field<IdentifierView>,
    /// E-mail address.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub email: Field<String>,
    /// Telephone.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Field::is_absent")]
    pub telephone: Field<String>,
    /// From when on the changes hold; now when left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Timestamp>,
    /// Why.
    pub why: String,
}

/// Two records that are one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeRequest {
    /// The record that is to be no longer one of its own.
    pub retired: IdentifierView,
    /// The record that remains.
    pub survivor: IdentifierView,
    /// Why.
    pub why: String,
}

/// A merge that was a mistake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnmergeRequest {
    /// The record that was merged.
    pub retired: IdentifierView,
    /// Why.
    pub why: String,
}

/// A leave to record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveRequest {
    /// Any identifier of the provider.
    pub provider: IdentifierView,
    /// `planned`, `sick` or `other`.
    pub kind: String,
    /// First instant.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// First instant after it; left out when not known yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Why; may be left out.
    #[serde(default)]
    pub why: String,
}

/// A leave as it is to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveChange {
    /// `planned`, `sick` or `other`.
    pub kind: String,
    /// First instant.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// First instant after it; left out when not known yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Why.
    pub why: String,
}

/// A decision about a leave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveDecision {
    /// Approve, else refuse.
    pub approve: bool,
    /// Why; needed for a refusal.
    #[serde(default)]
    pub why: String,
}

/// Something to cancel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    /// Why.
    pub why: String,
}

/// A file to import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportRequest {
    /// The whole file: comma-separated values in UTF-8 with a line of headings.
    pub text: String,
    /// Tell what would become of it, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Why; may be left out.
    #[serde(default)]
    pub why: String,
}

/// What became of a file, or would become.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ImportReport {
    /// Nothing was changed.
    pub dry_run: bool,
    /// Lines that enter somebody or something new.
    pub created: u64,
    /// Lines that change something.
    pub changed: u64,
    /// Lines that say what is known already.
    pub unchanged: u64,
    /// Lines that are refused.
    pub refused: u64,
    /// Every line.
    pub lines: Vec<ImportLine>,
    /// Journal position after it.
    pub position: u64,
}

/// What becomes of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportLine {
    /// Its number in the file, from 1; the headings are line 1.
    pub line: u64,
    /// The provider or day that it is about, where it could be read.
    pub about: String,
    /// `created`, `changed`, `unchanged` or `refused`.
    pub outcome: String,
    /// The column that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Why it is refused, and what helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A day without business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HolidayView {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub date: Date,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

/// A period in which systems were down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DowntimeView {
    /// Its id.
    pub id: Uuid,
    /// First instant.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// First instant after it; nothing while it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Who recorded it.
    pub recorded: ByWhomView,
}

/// One facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FacilityView {
    /// Its code, as charts carry it.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Country and state (ISO 3166-2); empty for none.
    pub jurisdiction: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// Days of the week without business.
    pub weekend: Vec<String>,
    /// Days without business beside them.
    pub holidays: Vec<HolidayView>,
    /// Days that every account waits before it is billed.
    pub minimum_bill_hold_days: u16,
    /// Whoever is not in the directory is unknown there.
    pub strict_directory: bool,
    /// A leave that the provider or a delegate records counts only when approved.
    pub own_leave_needs_approval: bool,
    /// Its downtimes.
    pub downtimes: Vec<DowntimeView>,
}

/// Changes to a facility. What is left out stays, or takes the default when the facility is new.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FacilityRequest {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Country and state (ISO 3166-2), e.g. `US-CA`; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// IANA name of its time zone; needed for a new facility.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Days of the week without business, by their English names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekend: Option<Vec<String>>,
    /// All days without business beside them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holidays: Option<Vec<HolidayView>>,
    /// Days that every account waits before it is billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_bill_hold_days: Option<u16>,
    /// Whoever is not in the directory is unknown there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_directory: Option<bool>,
    /// A leave that the provider or a delegate records counts only when approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_leave_needs_approval: Option<bool>,
    /// Why; may be left out.
    pub why: String,
}

/// A downtime to record, or to change under its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DowntimeRequest {
    /// The downtime to change; left out for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// First instant.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// First instant after it; left out while it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Why.
    pub why: String,
}

/// One department as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DepartmentView {
    /// Code of its facility.
    pub facility: String,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Who heads it.
    pub chair: Option<IdentifierView>,
    /// Since when this holds.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
}

/// A department from an instant on. What is left out stays; a chair of `null` means that nobody heads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DepartmentRequest {
    /// Code of its facility.
    pub facility: String,
    /// Its code.
    pub code: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who heads it.
    #[schema(value_type = Option<IdentifierView>)]
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub chair: Field<IdentifierView>,
    /// There is no such department from then on.
    #[serde(default)]
    pub closed: bool,
    /// From when on this holds; now when left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<Timestamp>,
    /// Why; may be left out.
    #[serde(default)]
    pub why: String,
}
