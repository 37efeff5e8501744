//! Notices: what was sent to whom, on which legs, and how it can be proved.

use countersign_kernel::{DeficiencyId, NoticeId, Timestamp, TrackId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::people::IdentifierView;

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
