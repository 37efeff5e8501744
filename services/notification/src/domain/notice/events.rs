//! What the streams `notice-<notice id>` hold.
//!
//! **Stored format: version with care.** Names are pinned by serde renames, never by Rust identifiers. Every event that
//! makes an outcome names notice, track and channel itself: what the neighbours are told is told from one event alone.

mod lists;

use countersign_contracts::notice::{Channel, NoticeClass, NoticeRequested};
use countersign_eventsourcing::timer::TimerEvent;
use countersign_kernel::{DeficiencyId, NoticeId, ProviderId, Timestamp, TrackId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize, de::Error};
use uuid::Uuid;

use crate::domain::{act::Act, contact::Destination, window::Windows};

pub use lists::{Carried, Gathered, Listed, Place, Told};

/// Category of the streams of notices.
pub const NOTICE: &str = "notice";

/// An event of a notice. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum NoticeEvent {
    /// Somebody is to be told something.
    Requested(Box<Requested>),
    /// One leg waits to be sent.
    Queued(Queued),
    /// It goes out in a list.
    Listed(Listed),
    /// A list carries one more notice.
    Gathered(Box<Gathered>),
    /// Something became of the list that it went out in.
    Told(Box<Told>),
    /// Items that are done are no longer part of it.
    ItemsDropped(ItemsDropped),
    /// The exact bytes of a leg.
    Rendered(Box<Rendered>),
    /// The transport is about to be called.
    AttemptBegun(AttemptBegun),
    /// What the transport answered, or that it never did.
    AttemptEnded(AttemptEnded),
    /// The leg reached its recipient.
    Delivered(Delivered),
    /// The recipient opened it.
    Read(Read),
    /// It came back.
    Bounced(Bounced),
    /// The recipient called it a nuisance.
    Complained(Complained),
    /// The leg is not tried again.
    GivenUp(GivenUp),
    /// Nobody knows whether a reminder arrived; it is not sent again.
    Lost(Lost),
    /// Nothing leaves the installation: it was kept here.
    Withheld(Withheld),
    /// This installation does not have the channel, and another way is there.
    NotSetUp(NotSetUp),
    /// A letter is on paper.
    Printed(Printed),
    /// Nothing is left to try.
    Exhausted(Exhausted),
    /// It is no longer to be sent.
    Dropped(Dropped),
    /// It was withdrawn before anybody asked for it here: when the request comes, it is dropped.
    Unwanted(Unwanted),
    /// A human took it over.
    TakenOver(TakenOver),
    /// A human has it sent again.
    Requeued(Requeued),
    /// What happened to one of its timers.
    Timer(TimerEvent),
}

impl NoticeEvent {
    /// The stored type name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Requested(_) => "notice-requested",
            Self::Queued(_) => "notice-queued",
            Self::Listed(_) => "notice-listed",
            Self::Gathered(_) => "notice-gathered",
            Self::Told(_) => "notice-told",
            Self::ItemsDropped(_) => "notice-items-dropped",
            Self::Rendered(_) => "notice-rendered",
            Self::AttemptBegun(_) => "notice-attempt-begun",
            Self::AttemptEnded(_) => "notice-attempt-ended",
            Self::Delivered(_) => "notice-delivered",
            Self::Read(_) => "notice-read",
            Self::Bounced(_) => "notice-bounced",
            Self::Complained(_) => "notice-complained",
            Self::GivenUp(_) => "notice-given-up",
            Self::Lost(_) => "notice-lost",
            Self::Withheld(_) => "notice-withheld",
            Self::NotSetUp(_) => "notice-not-set-up",
            Self::Printed(_) => "notice-printed",
            Self::Exhausted(_) => "notice-exhausted",
            Self::Dropped(_) => "notice-dropped",
            Self::Unwanted(_) => "notice-unwanted",
            Self::TakenOver(_) => "notice-taken-over",
            Self::Requeued(_) => "notice-requeued",
            Self::Timer(event) => event.kind(),
        }
    }

    /// Decodes by the stored type name.
    ///
    /// # Errors
    /// The content is not what the type promises, or the type is of a later version.
    pub fn decode(kind: &str, data: &[u8]) -> Result<Self, serde_json::Error> {
        if let Some(timer) = TimerEvent::decode(kind, data) {
            return timer.map(Self::Timer);
        }
        Ok(match kind {
            "notice-requested" => Self::Requested(serde_json::from_slice(data)?),
            "notice-queued" => Self::Queued(serde_json::from_slice(data)?),
            "notice-listed" => Self::Listed(serde_json::from_slice(data)?),
            "notice-gathered" => Self::Gathered(serde_json::from_slice(data)?),
            "notice-told" => Self::Told(serde_json::from_slice(data)?),
            "notice-items-dropped" => Self::ItemsDropped(serde_json::from_slice(data)?),
            "notice-rendered" => Self::Rendered(serde_json::from_slice(data)?),
            "notice-attempt-begun" => Self::AttemptBegun(serde_json::from_slice(data)?),
            "notice-attempt-ended" => Self::AttemptEnded(serde_json::from_slice(data)?),
            "notice-delivered" => Self::Delivered(serde_json::from_slice(data)?),
            "notice-read" => Self::Read(serde_json::from_slice(data)?),
            "notice-bounced" => Self::Bounced(serde_json::from_slice(data)?),
            "notice-complained" => Self::Complained(serde_json::from_slice(data)?),
            "notice-given-up" => Self::GivenUp(serde_json::from_slice(data)?),
            "notice-lost" => Self::Lost(serde_json::from_slice(data)?),
            "notice-not-set-up" => Self::NotSetUp(serde_json::from_slice(data)?),
            "notice-withheld" => Self::Withheld(serde_json::from_slice(data)?),
            "notice-printed" => Self::Printed(serde_json::from_slice(data)?),
            "notice-exhausted" => Self::Exhausted(serde_json::from_slice(data)?),
            "notice-dropped" => Self::Dropped(serde_json::from_slice(data)?),
            "notice-unwanted" => Self::Unwanted(serde_json::from_slice(data)?),
            "notice-taken-over" => Self::TakenOver(serde_json::from_slice(data)?),
            "notice-requeued" => Self::Requeued(serde_json::from_slice(data)?),
            _ => return Err(serde_json::Error::custom("an event of a later version")),
        })
    }
}

/// A notice as the outside knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Which {
    /// The notice.
    pub notice: NoticeId,
    /// The track that asked for it; nothing for digests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<TrackId>,
}

/// A leg of a notice as the outside knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhichLeg {
    /// The notice.
    pub notice: NoticeId,
    /// The track that asked for it; nothing for digests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<TrackId>,
    /// Number of the leg, from 1.
    pub leg: u32,
    /// Its channel.
    pub channel: Channel,
    /// It is a copy for somebody else: what becomes of it says nothing about the notice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copy: bool,
    /// SHA-256 of what was rendered, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Somebody is to be told something, and how they can be reached. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Requested {
    /// What was asked for. A digest asks for itself: its track is none.
    pub request: NoticeRequested,
    /// It is a digest: what it tells beside its items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<DigestFacts>,
    /// Key of the recipient's contact.
    #[serde(default)]
    pub contact: String,
    /// Key of the provider it is about; nothing when it is about a chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Uuid>,
    /// By which ways the recipient can be reached, in the order in which they are tried.
    pub routes: Vec<Route>,
    /// When the recipient may be disturbed.
    #[serde(default)]
    pub windows: Windows,
    /// A reminder disturbs nobody before the recipient's next digest goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_digest_at: Option<Timestamp>,
    /// It is the list of an office: what it is about, the notices say that it carries (`notice-gathered`). It disturbs
    /// nobody before `with_digest_at`, and does not stand in an inbox before either.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_list: bool,
}

/// What a digest tells beside the list of items. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DigestFacts {
    /// What has come since the last one.
    #[serde(default)]
    pub new: Vec<DeficiencyId>,
    /// What is open and will be due soon.
    #[serde(default)]
    pub due_soon: Vec<DeficiencyId>,
    /// What is overdue.
    #[serde(default)]
    pub overdue: Vec<DeficiencyId>,
    /// What was done since the last one.
    #[serde(default)]
    pub done: Vec<DeficiencyId>,
    /// What was in the last one too, in another group.
    #[serde(default)]
    pub changed: Vec<DeficiencyId>,
    /// When the last one went out.
    #[serde(default)]
    pub since: Option<Timestamp>,
}

/// A way to reach the recipient. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Where.
    pub to: Destination,
    /// It is a copy for this provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_for: Option<ProviderId>,
    /// It is tried at once; the others when nothing else is left.
    pub at_once: bool,
}

/// A leg waits to be sent. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// Which leg: a new one, or one that is tried again.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// Where to.
    pub to: Destination,
    /// Not before this instant.
    pub not_before: Timestamp,
    /// Why it waits, in words: the first time, a retry, a window.
    pub because: String,
    /// When that was decided.
    pub at: Timestamp,
}

/// Items were done before the notice was rendered. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemsDropped {
    /// Which.
    pub items: Vec<DeficiencyId>,
    /// When that was seen.
    pub at: Timestamp,
}

/// The exact bytes of a leg. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// Which leg, with the hash of the bytes.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// Name and version of the template, e.g. `warning@3`.
    pub template: String,
    /// Media type.
    pub content_type: String,
    /// The message id under which it is sent, every time.
    pub message_id: String,
    /// The bytes in Base64 (RFC 4648, section 4).
    pub bytes: String,
    /// When it was rendered.
    pub at: Timestamp,
}

/// The transport is about to be called. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptBegun {
    /// Which leg.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// Its number among the attempts of the leg, from 1.
    pub attempt: u32,
    /// Where it really goes in a pilot; nothing: to the address of the leg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirected_to: Option<Destination>,
    /// Which process calls it; nothing in what was stored before this was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
    /// When.
    pub at: Timestamp,
}

/// A process that sends. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// A name that no other process has.
    pub process: String,
    /// What it alone holds, and whoever held it before cannot hold any more: its folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
}

/// What the transport answered. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The next system took it over.
    Accepted,
    /// Refused for good.
    Refused,
    /// Refused for now.
    Later,
    /// There was no answer, or none that says anything.
    Unknown,
}

impl Ending {
    /// The name used in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Later => "later",
            Self::Unknown => "unknown",
        }
    }
}

/// An attempt ended. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptEnded {
    /// Which leg.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// Which attempt.
    pub attempt: u32,
    /// How.
    pub ending: Ending,
    /// What was answered, without an address.
    pub detail: String,
    /// The notice did not go to its recipient but to the pilot's address.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redirected: bool,
    /// Another one will follow, or it is settled otherwise: this is not what became of the leg.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tried_again: bool,
    /// When.
    pub at: Timestamp,
}

/// A leg reached its recipient. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// Which leg.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// When: the end of the bounce period, the day a letter left.
    pub at: Timestamp,
    /// How that is known: `accepted`, `bounce_period_passed`, `mailed`, `handed_over`: names are additive.
    pub how: String,
    /// The day that a letter left, as the person said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
    /// Who mailed it or handed it over, where it was somebody else than who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_whom: Option<String>,
    /// Who says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Act>,
}

/// The recipient opened it. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Which leg.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A leg came back. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounced {
    /// Which leg.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// What was reported, without an address.
    pub detail: String,
    /// When, by whoever knows best.
    pub at: Timestamp,
}

/// The recipient called it a nuisance. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complained {
    /// Which leg.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// What was reported, without an address.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// A leg is not tried again. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// Which leg.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// It was refused for good; else it was tried often enough.
    pub refused: bool,
    /// What was answered last, without an address.
    pub because: String,
    /// When.
    pub at: Timestamp,
}

/// Nobody knows whether a reminder arrived. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Which leg.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// What is known of the attempt.
    pub because: String,
    /// When.
    pub at: Timestamp,
}

/// A leg was kept here. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// Which leg.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// `shadow`, or `redirected` to the pilot's address.
    pub because: String,
    /// When.
    pub at: Timestamp,
}

/// A leg was not tried, because this installation does not have its channel, and another way is there. Stored format:
/// version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSetUp {
    /// Which leg.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// What is missing.
    pub because: String,
    /// When that was seen.
    pub at: Timestamp,
}

/// A letter is on paper. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    /// Which leg.
    #[serde(flatten)]
    pub leg: WhichLeg,
    /// Who printed it.
    pub act: Act,
}

/// Nothing is left to try. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhausted {
    /// Which notice.
    #[serde(flatten)]
    pub which: Which,
    /// Why, in words without an address.
    pub because: String,
    /// When.
    pub at: Timestamp,
}

/// A notice is no longer to be sent. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Which notice.
    #[serde(flatten)]
    pub which: Which,
    /// Why, in words.
    pub because: String,
    /// When.
    pub at: Timestamp,
}

/// A notice is withdrawn that nobody has asked for here yet: the events came in another order than they were told in, or
/// the request was set aside. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unwanted {
    /// The notice.
    pub notice: NoticeId,
    /// Why, in words.
    pub because: String,
    /// When.
    pub at: Timestamp,
}

/// A human took the notice over. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenOver {
    /// Which notice.
    #[serde(flatten)]
    pub which: Which,
    /// Who, when, why.
    pub act: Act,
}

/// A human has it sent again. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requeued {
    /// The leg that failed.
    pub leg: u32,
    /// Where it goes now.
    pub to: Destination,
    /// Who, when, why.
    pub act: Act,
}

impl Requested {
    /// The notice as the outside knows it.
    pub fn which(&self) -> Which {
        Which { notice: self.request.notice, track: self.of_track() }
    }

    /// The track that asked for it: digests and lists have none.
    fn of_track(&self) -> Option<TrackId> {
        (self.digest.is_none() && !self.is_list).then_some(self.request.track)
    }

    /// How honestly it must arrive.
    pub const fn class(&self) -> NoticeClass {
        self.request.class
    }
}
