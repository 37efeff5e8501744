//! Contacts: how somebody is reached, what they want to be told, and what HIM must look after.

use countersign_kernel::{NoticeId, Timestamp};
use jiff::civil::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{DestinationView, NoticeItemView};
use crate::api::people::ByWhomView;

/// Something for HIM to look after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactTaskView {
    /// Its id.
    pub id: Uuid,
    /// `address_bounced`, `address_complained` or `no_address`: names are additive.
    pub kind: String,
    /// The contact.
    pub contact: String,
    /// Its name.
    pub contact_name: String,
    /// The channel.
    pub channel: Option<String>,
    /// The notice that showed it.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub notice: Option<NoticeId>,
    /// What was reported, without an address.
    pub detail: String,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Who settled it.
    pub settled: Option<ByWhomView>,
}

/// Hours of a day of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenHoursView {
    /// The day of the week by its English name, e.g. `monday`.
    pub day: String,
    /// From when.
    #[schema(value_type = String)]
    pub from: Time,
    /// Until when.
    #[schema(value_type = String)]
    pub until: Time,
}

/// A stretch of every day; it may pass midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoursView {
    /// From when.
    #[schema(value_type = String)]
    pub from: Time,
    /// Until when.
    #[schema(value_type = String)]
    pub until: Time,
}

/// When a digest goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CadenceView {
    /// `weekly`, `daily` or `never`.
    pub every: String,
    /// The day of the week, for a weekly one.
    #[serde(default = "monday")]
    pub day: String,
    /// The time of day.
    #[schema(value_type = String)]
    pub at: Time,
}

fn monday() -> String {
    "monday".to_owned()
}

/// An address of a contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContactAddressView {
    /// Where.
    pub to: DestinationView,
    /// `contact` (set here), `directory` or `configuration`.
    pub source: String,
    /// `unverified`, `verified`, `bounced` or `complained`.
    pub state: String,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
}

/// How somebody is reached, and what they want to be told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContactView {
    /// `provider-<key>` or `office-<name>`.
    pub key: String,
    /// Name of the provider or the office.
    pub name: String,
    /// Every address in use, the preferred one first.
    pub addresses: Vec<ContactAddressView>,
    /// Channels, the preferred one first; empty: as the policy says.
    pub channels: Vec<String>,
    /// Topics that are muted.
    pub muted: Vec<String>,
    /// Topics that can be muted.
    pub topics: Vec<String>,
    /// The delegate gets copies.
    pub copy_to_delegate: bool,
    /// IANA name of the time zone; empty: that of the facility.
    pub time_zone: String,
    /// Send windows; empty: any hour that is not quiet.
    pub windows: Vec<OpenHoursView>,
    /// Quiet hours.
    pub quiet: Option<HoursView>,
    /// The digest.
    pub digest: CadenceView,
    /// When the next digest is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_digest_at: Option<Timestamp>,
    /// Who changed it last.
    pub changed: Option<ByWhomView>,
    /// Journal position that the answer is up to date with.
    pub position: u64,
}

/// One contact of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContactSummary {
    /// `provider-<key>` or `office-<name>`.
    pub key: String,
    /// Name of the provider or the office.
    pub name: String,
    /// Something was set for it here: addresses, preferences.
    pub own_settings: bool,
    /// An address of it came back, and nobody has settled that yet.
    pub bounced: bool,
    /// Tasks about it that wait.
    pub open_tasks: u32,
}

/// The addresses of a contact as they are to be: all of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressesRequest {
    /// All addresses that are set here; e-mail of the directory counts where none is.
    pub addresses: Vec<DestinationView>,
    /// They were checked with their owner.
    #[serde(default)]
    pub verified: bool,
    /// Why; may be left out.
    #[serde(default)]
    pub why: String,
}

/// Preferences of a contact. What is left out stays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PreferencesRequest {
    /// Channels, the preferred one first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,
    /// Topics that are muted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted: Option<Vec<String>>,
    /// The delegate gets copies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_to_delegate: Option<bool>,
    /// IANA name of the time zone; empty: that of the facility.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Send windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<Vec<OpenHoursView>>,
    /// Quiet hours; `null`: none.
    #[schema(value_type = Option<HoursView>)]
    #[serde(skip_serializing_if = "crate::Field::is_absent")]
    pub quiet: crate::Field<HoursView>,
    /// The digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<CadenceView>,
    /// Why; may be left out.
    pub why: String,
}

/// The digest as it would go out now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DigestPreview {
    /// The contact.
    pub contact: String,
    /// Facility code.
    pub facility: String,
    /// New since the last one.
    pub new: u32,
    /// Due soon.
    pub due_soon: u32,
    /// Overdue.
    pub overdue: u32,
    /// Done since the last one.
    pub done: u32,
    /// The open items, in the order to show.
    pub items: Vec<NoticeItemView>,
    /// When the last one went out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Why none would go out.
    pub skipped: Option<String>,
}
