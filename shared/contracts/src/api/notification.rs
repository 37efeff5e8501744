//! Notices, inboxes, letters, contacts, digests: what the notification service answers and takes. No patient data.

use countersign_kernel::{DeficiencyId, NoticeId, Timestamp, TrackId};
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::people::{ByWhomView, IdentifierView};

/// An address on one channel.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "channel", rename_all = "snake_case", deny_unknown_fields)]
pub enum DestinationView {
    /// The list of messages behind sign-in.
    Inbox {
        /// Whose: the key of a contact. May be left out where the contact is clear.
        #[serde(default)]
        owner: String,
    },
    /// A mailbox.
    Email {
        /// Its address.
        address: String,
    },
    /// Another system.
    Webhook {
        /// Name of the endpoint in the configuration.
        endpoint: String,
    },
    /// A postal address, or where it is handed over.
    Letter {
        /// Its lines.
        lines: Vec<String>,
    },
}

impl std::fmt::Debug for DestinationView {
    /// Addresses do not belong into logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DestinationView")
    }
}

/// One notice in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NoticeView {
    /// The notice.
    #[schema(value_type = String, format = Uuid)]
    pub id: NoticeId,
    /// What people quote when they ask about it.
    pub reference: String,
    /// The track that asked for it; nothing for digests.
    #[schema(value_type = Option<String>, format = Uuid)]
    pub track: Option<TrackId>,
    /// Which template, e.g. `pre-suspension`.
    pub kind: String,
    /// `reminder` or `formal`.
    pub class: String,
    /// Its number within the track's life.
    pub number: u32,
    /// Facility code.
    pub facility: String,
    /// Key of the provider it is about; nothing when it is about a chart.
    #[serde(default)]
    pub about: Option<Uuid>,
    /// Name of the provider, or the identifier.
    #[serde(default)]
    pub about_name: Option<String>,
    /// The contact that is told: `provider-<key>` or `office-<name>`.
    pub recipient: String,
    /// Name of the recipient.
    pub recipient_name: String,
    /// In which part the recipient is told, e.g. `chair`.
    pub role: String,
    /// `waiting`, `sending`, `accepted`, `delivered`, `read`, `bounced`, `failed`, `unknown`, `withheld`, `dropped`,
    /// `taken_over` or `dead` (nothing is left to try): the best that became of any of its legs.
    pub state: String,
    /// How many items it is about.
    pub items: u32,
    /// The day that it names.
    #[schema(value_type = Option<String>, format = Date)]
    pub names_date: Option<Date>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub requested_at: Timestamp,
    /// When the recipient is known to have it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub delivered_at: Option<Timestamp>,
    /// When something happened to it last.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
    /// Why it is where it is, in words.
    pub because: Option<String>,
    /// Its legs: one a channel and address.
    pub legs: Vec<LegView>,
}

/// One channel and address of a notice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LegView {
    /// Its number, from 1.
    pub leg: u32,
    /// `inbox`, `email`, `webhook` or `letter`.
    pub channel: String,
    /// The address, for those who may see it.
    pub to: Option<String>,
    /// It is a copy for somebody else.
    pub copy: bool,
    /// `queued`, `sending`, `accepted`, `delivered`, `bounced`, `failed`, `unknown`, `withheld` or `dropped`.
    pub state: String,
    /// Attempts that were begun.
    pub attempts: u32,
    /// Not sent before.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_before: Option<Timestamp>,
    /// What was said last, without an address.
    pub detail: Option<String>,
    /// When it was accepted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub accepted_at: Option<Timestamp>,
    /// When it is known to have arrived.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub delivered_at: Option<Timestamp>,
    /// When it was opened.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_at: Option<Timestamp>,
    /// When a letter was printed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub printed_at: Option<Timestamp>,
    /// SHA-256 of the exact bytes, hexadecimal.
    pub sha256: Option<String>,
    /// Name and version of the template.
    pub template: Option<String>,
    /// Media type of the bytes.
    pub content_type: Option<String>,
    /// The message id, the same for every attempt.
    pub message_id: Option<String>,
}

/// One notice with everything that is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NoticeDetail {
    /// As in the list.
    pub notice: NoticeView,
    /// The items that it is about.
    pub items: Vec<NoticeItemView>,
    /// Items that were done before it was rendered, and fell out of it.
    #[schema(value_type = Vec<String>)]
    pub dropped_items: Vec<DeficiencyId>,
    /// The list of its office that it goes out in: its legs are those of that list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Uuid)]
    pub listed_in: Option<NoticeId>,
    /// The notices that it carries, when it is the list of an office.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub carries: Vec<NoticeId>,
    /// Everything that happened, in order.
    pub timeline: Vec<NoticeStep>,
    /// Version of the policy that it rests on.
    pub policy_version: u32,
    /// Title of the policy.
    pub policy_title: String,
    /// SHA-256 of the policy's text.
    pub policy_sha256: String,
}

/// One item of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoticeItemView {
    /// The deficiency: behind sign-in it leads to the item.
    #[schema(value_type = String, format = Uuid)]
    pub deficiency: DeficiencyId,
    /// Rule, e.g. `R13`.
    pub rule: String,
    /// The document it asks for.
    pub document_type: String,
    /// The last instant on time.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// How many whole days its clock had run when the notice was asked for.
    pub age_days: u32,
    /// In a digest: `overdue`, `due_soon` or `open`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<String>,
    /// In a digest: it was not in the last one.
    #[serde(default)]
    pub new: bool,
    /// In a digest: it stood differently in the last one.
    #[serde(default)]
    pub changed: bool,
}

/// Something that happened to a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoticeStep {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `requested`, `queued`, `items_dropped`, `rendered`, `attempt_begun`, `attempt_ended`, `delivered`, `read`,
    /// `bounced`, `complained`, `given_up`, `lost`, `withheld`, `printed`, `exhausted`, `dropped`, `taken_over`,
    /// `requeued`: names are additive.
    pub what: String,
    /// Which leg.
    pub leg: Option<u32>,
    /// Its channel.
    pub channel: Option<String>,
    /// More about it, in words without an address.
    pub detail: Option<String>,
    /// Which person did it.
    pub by: Option<String>,
    /// Journal position of the event.
    pub position: u64,
}

/// One message of an inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InboxMessage {
    /// The notice.
    #[schema(value_type = String, format = Uuid)]
    pub id: NoticeId,
    /// What people quote when they ask about it.
    pub reference: String,
    /// Which template.
    pub kind: String,
    /// `reminder` or `formal`.
    pub class: String,
    /// Facility code.
    pub facility: String,
    /// Key of the provider it is about; nothing when it is about a chart.
    #[serde(default)]
    pub about: Option<Uuid>,
    /// Name of the provider, or the identifier.
    #[serde(default)]
    pub about_name: Option<String>,
    /// Whose inbox.
    pub owner: String,
    /// How many items.
    pub items: u32,
    /// The day that it names.
    #[schema(value_type = Option<String>, format = Date)]
    pub names_date: Option<Date>,
    /// Since when it is there.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When it was opened.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub read_at: Option<Timestamp>,
    /// Its subject, as the template renders it; nothing in messages of before it was kept.
    #[serde(default)]
    pub subject: Option<String>,
    /// Its text, likewise.
    #[serde(default)]
    pub text: Option<String>,
}

/// One letter of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LetterView {
    /// The notice.
    #[schema(value_type = String, format = Uuid)]
    pub notice: NoticeId,
    /// Which leg of it: its bytes are the document to print.
    pub leg: u32,
    /// What people quote.
    pub reference: String,
    /// Which template.
    pub kind: String,
    /// Facility code.
    pub facility: String,
    /// Name of the recipient.
    pub recipient_name: String,
    /// The lines of the address, for those who may see it.
    pub to: Option<String>,
    /// `waiting`, `printed` or `left`.
    pub state: String,
    /// Since when it waits.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Who printed it, and when.
    pub printed: Option<ByWhomView>,
    /// `mailed` or `handed_over`.
    pub how: Option<String>,
    /// The day on which it left.
    #[schema(value_type = Option<String>, format = Date)]
    pub left_on: Option<Date>,
    /// Who mailed it or handed it over.
    pub by_whom: Option<String>,
}

/// A letter left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterConfirmation {
    /// `mailed` or `handed_over`.
    pub how: String,
    /// The day, in the facility's zone.
    #[schema(value_type = String, format = Date)]
    pub on: Date,
    /// Who did it; left out when it is who says so.
    #[serde(default)]
    pub by_whom: String,
    /// A word on it; may be left out.
    #[serde(default)]
    pub why: String,
}

/// What became of a command of the notification service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotificationStep {
    /// Ask with `Min-Position` set to this to see the effect.
    pub position: u64,
    /// Something changed: now, or when the key was first used.
    pub changed: bool,
}

/// Why something is done.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhyRequest {
    /// Why.
    pub why: String,
}

/// A failed leg is to be sent again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequeueRequest {
    /// Which leg.
    pub leg: u32,
    /// To another address of the same channel; left out: the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DestinationView>,
    /// Why; may be left out.
    #[serde(default)]
    pub why: String,
}

/// Everything that failed since an instant is to be sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendRequest {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Only on this channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Tell what would be sent, and send nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Why; may be left out.
    #[serde(default)]
    pub why: String,
}

/// What was sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResendReport {
    /// Legs that are queued again, or would be.
    pub requeued: u64,
    /// Legs of which a rule refuses it.
    pub refused: u64,
    /// There are more than one request takes: ask again.
    pub more: bool,
    /// Journal position after it.
    pub position: u64,
}

/// A notice of which nothing is left to try, or one of whose legs failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterView {
    /// The notice with its legs.
    pub notice: NoticeView,
    /// Nothing else of it is under way or has arrived.
    pub nothing_left: bool,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why, in words without an address.
    pub because: String,
}

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

/// Whether anything leaves the installation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ModeView {
    /// `live`, `shadow` or `redirect`.
    pub mode: String,
    /// Where everything goes instead.
    pub redirect_to: Option<DestinationView>,
    /// `configuration` or `operator`: a decision of an operator counts before the configuration.
    pub source: String,
    /// Whose decision it is.
    pub decided: Option<ByWhomView>,
    /// Channels that this installation does not have: a notice takes its next channel instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_set_up: Vec<ChannelNotSetUp>,
    /// Journal position that the answer is up to date with.
    pub position: u64,
}

/// A channel that an installation does not have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChannelNotSetUp {
    /// Which.
    pub channel: String,
    /// What is missing.
    pub missing: String,
}

/// Whether anything is to leave the installation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModeRequest {
    /// `live`, `shadow`, `redirect`, or `configured` to follow the configuration again.
    pub mode: String,
    /// Where everything goes instead: an e-mail address or an endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_to: Option<DestinationView>,
    /// Why.
    pub why: String,
}

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

/// One template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplateView {
    /// Its name: the kind of the notice.
    pub kind: String,
    /// On which channels it is rendered.
    pub channels: Vec<String>,
    /// Name and version, by channel.
    pub versions: Vec<String>,
}

/// A template with invented data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplatePreview {
    /// Its name and version.
    pub template: String,
    /// The subject line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// A page of its own.
    pub html: String,
    /// The paragraphs of a letter.
    pub letter: Vec<String>,
}

/// What differs between two versions of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplateDifference {
    /// Name and version of the one.
    pub old: String,
    /// Name and version of the other.
    pub new: String,
    /// The lines that differ, as `diff -u` writes them; empty where none does.
    pub text: String,
}

/// Where a notice can be proved: everything about it, on one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProofOfNotice {
    /// The notice with its timeline.
    pub detail: NoticeDetail,
    /// The provider it is about; nothing when it is about a chart.
    #[serde(default)]
    pub about: Option<IdentifierView>,
    /// When the proof was made.
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// SHA-256 of every event of the notice in order, each as stored: whoever has the journal can compute it again.
    pub events_sha256: String,
    /// Journal position that the proof is up to date with.
    pub position: u64,
}
