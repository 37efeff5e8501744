//! What escalation asks of notification, and what became of it. No patient data: counts, types, dates, opaque ids, staff.

use countersign_kernel::{DeficiencyId, NoticeId, ProviderId, Timestamp, TrackId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Category of the subjects these events travel on.
pub const CATEGORY: &str = "notice";

/// Kinds of messages: the names of [`NoticeRequested::kind`]. Each is one set of templates of the notification service,
/// and what has none cannot be sent: whoever asks for a message names one of these.
pub mod kind {
    /// What a step of the ladder may ask for.
    pub const STEPS: [&str; 3] = ["overdue", "warning", PRE_SUSPENSION];
    /// The one that names the day from which privileges are to be suspended.
    pub const PRE_SUSPENSION: &str = "pre-suspension";
    /// What may be asked for when suspensions repeat: word to those who consider it, a letter to the credentials file,
    /// the question of a deemed relinquishment.
    pub const REPEATS: [&str; 3] = ["repeat-suspension", "credentials-letter", "relinquishment-proposal"];
    /// What may be asked for when a chart comes close to the federal limit.
    pub const LIMITS: [&str; 1] = ["regulatory-limit"];
    /// What is asked for about proposals and suspensions, whatever the policy says.
    pub const SUSPENSIONS: [&str; 6] =
        ["suspension-proposed", "suspended", "reinstated", "reinstatement-proposed", "review", "npdb-prompt"];
    /// What the notification service asks of itself, and what people send by hand.
    pub const OTHERS: [&str; 3] = ["digest", OFFICE_LIST, "correction"];
    /// What an office is told of in a day, in one message: each entry is a notice of its own.
    pub const OFFICE_LIST: &str = "office-list";

    /// Every kind.
    pub fn all() -> impl Iterator<Item = &'static str> {
        STEPS.into_iter().chain(REPEATS).chain(LIMITS).chain(SUSPENSIONS).chain(OTHERS)
    }
}

/// How honestly a message must arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeClass {
    /// An unknown outcome is not sent again: the next digest covers it.
    Reminder,
    /// Sent again under the same number until it is delivered, bounced or taken over by a human: a lost notice is worse
    /// than a double one.
    Formal,
}

/// A way to reach somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The list of messages behind sign-in.
    Inbox,
    /// E-mail.
    Email,
    /// A signed HTTP call to another system.
    Webhook,
    /// A printed letter, mailed or handed over.
    Letter,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Inbox, Self::Email, Self::Webhook, Self::Letter];

    /// The name used in files, on the command line and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Email => "email",
            Self::Webhook => "webhook",
            Self::Letter => "letter",
        }
    }

    /// The channel with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Recipient {
    /// A provider: the one it is about, a chair, a delegate.
    Provider {
        /// Main identifier.
        id: ProviderId,
        /// In which part, e.g. `provider`, `chair`, `delegate`.
        role: String,
    },
    /// An office, by the name that contacts know it by, e.g. `medical_staff_office`, `him`, `chief_medical_officer`,
    /// `executive_committee`, `scheduling`.
    Office {
        /// Its name.
        name: String,
    },
}

impl Recipient {
    /// The part in which somebody is told: what policies name.
    pub fn role(&self) -> &str {
        match self {
            Self::Provider { role, .. } => role,
            Self::Office { name } => name,
        }
    }
}

/// Somebody is to be told something. One event per recipient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoticeRequested {
    /// The notice: the same for ever, whatever it takes to deliver it.
    pub notice: NoticeId,
    /// The track that asks for it.
    pub track: TrackId,
    /// Which template: one of [`kind`]; names are additive.
    pub kind: String,
    /// How honestly it must arrive.
    pub class: NoticeClass,
    /// Its number within the track's life, for people: notice 3 of the track.
    pub number: u32,
    /// Facility code.
    pub facility: String,
    /// Whom it is about; nothing when it is about a chart and no provider.
    #[serde(default, deserialize_with = "named", skip_serializing_if = "Option::is_none")]
    pub about: Option<ProviderId>,
    /// Who is told.
    pub recipient: Recipient,
    /// By which channels, the preferred one first.
    pub channels: Vec<Channel>,
    /// All of the channels, or the first that works, the others when it fails.
    pub on_all: bool,
    /// It goes out outside send windows, too.
    pub at_any_hour: bool,
    /// An office need not be told at once, formal as it is: it may go out in the day's list of the office.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_list: bool,
    /// The items it is about, as they stood when it was asked for.
    pub items: Vec<NoticeItem>,
    /// The day that it names: from which privileges are to be suspended.
    #[serde(default)]
    pub names_date: Option<Date>,
    /// What was decided or has to be decided, where the notice is about a suspension.
    #[serde(default)]
    pub suspension: Option<SuspensionFacts>,
    /// The policy that it rests on.
    pub policy: PolicyReference,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

impl NoticeRequested {
    /// Type name in the envelope.
    pub const TYPE: &'static str = "notice-requested";
}

/// Before this could be left out, an empty identifier stood for nobody.
fn named<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<ProviderId>, D::Error> {
    Ok(Option::<ProviderId>::deserialize(from)?.filter(|about| !about.id.is_empty()))
}

/// One item of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeItem {
    /// The deficiency: an opaque id.
    pub deficiency: DeficiencyId,
    /// Rule, e.g. `R13`.
    pub rule: String,
    /// The document it asks for.
    pub document_type: String,
    /// The last instant on time, pauses counted.
    pub due_at: Option<Timestamp>,
    /// How many whole days its accountability clock has run.
    pub age_days: u32,
}

/// A suspension, for those who are told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspensionFacts {
    /// What it covers, e.g. `new_admissions`.
    pub scope: Vec<String>,
    /// What it does not, e.g. `emergencies`.
    pub exempt: Vec<String>,
    /// Since when it is in force.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Until when it was.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// By whose authority.
    #[serde(default)]
    pub authority: Option<String>,
    /// Where the days of the suspension are the reason to write: after how many of them the policy asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_days: Option<u16>,
}

/// A version of the escalation policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyReference {
    /// Its number.
    pub version: u32,
    /// Its title.
    pub title: String,
    /// SHA-256 of its text, hexadecimal.
    pub sha256: String,
}

/// A notice is no longer wanted: what has not gone out stays here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeWithdrawn {
    /// Which.
    pub notice: NoticeId,
    /// Why, in words.
    pub because: String,
    /// When.
    pub at: Timestamp,
}

impl NoticeWithdrawn {
    /// Type name in the envelope.
    pub const TYPE: &'static str = "notice-withdrawn";
}

/// Something became of a notice on one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeOutcome {
    /// Which.
    pub notice: NoticeId,
    /// The track that asked for it; nothing for digests.
    #[serde(default)]
    pub track: Option<TrackId>,
    /// On which channel; nothing when it concerns the notice as a whole.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// What became of it.
    pub outcome: Outcome,
    /// When, by whoever knows best: the mail server's answer, the day that a letter was handed over.
    pub at: Timestamp,
    /// SHA-256 of the exact bytes, hexadecimal.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Why, in words without an address, e.g. `550 no such mailbox`.
    #[serde(default)]
    pub detail: Option<String>,
}

impl NoticeOutcome {
    /// Type name in the envelope.
    pub const TYPE: &'static str = "notice-outcome";
}

/// What became of a notice on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The next system took it over: a mail server, a webhook's receiver, the inbox.
    Accepted,
    /// It reached its recipient: a letter was handed over or mailed on that day, a bounce period passed.
    Delivered,
    /// The recipient opened it.
    Read,
    /// It came back, or was refused for good.
    Bounced,
    /// It could not be sent, for good: no address, nothing left to try.
    Failed,
    /// Nobody knows whether it arrived.
    Unknown,
    /// It is no longer to be sent: withdrawn, or what it was about is done.
    Dropped,
    /// A human took it over.
    TakenOver,
    /// Nothing leaves the installation now (shadow mode): it was kept here.
    Withheld,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_about_a_chart_names_no_provider_and_one_stored_with_an_empty_identifier_neither() {
        let stored = serde_json::json!({
            "notice": NoticeId::derive(&["n"]), "track": TrackId::derive(&["t"]), "kind": "regulatory-limit",
            "class": "formal", "number": 1, "facility": "MAIN", "about": {"id": "", "authority": ""},
            "recipient": {"to": "office", "name": "him"}, "channels": ["inbox"], "on_all": false,
            "at_any_hour": false, "items": [], "policy": {"version": 1, "title": "P", "sha256": "00"},
            "requested_at": "2026-03-02T15:00:00Z"
        });
        let request: NoticeRequested = serde_json::from_value(stored).expect("a notice");
        assert_eq!(request.about, None);
        let again = serde_json::to_value(&request).expect("JSON");
        assert_eq!(again.get("about"), None);
        assert_eq!(serde_json::from_value::<NoticeRequested>(again).expect("a notice"), request);
    }
}
