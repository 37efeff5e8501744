//! What the events of a contact make, and how they come about.

use std::collections::BTreeMap;

use countersign_contracts::notice::Channel;
use countersign_kernel::{NoticeId, Timestamp, derive_uuid};
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::{
    Destination, Preferences,
    events::{AddressesSet, ContactEvent, PreferencesSet, Settled, Trouble, Troubled},
    preferences::TOPICS,
};
use crate::domain::act::Act;

/// Addresses of one contact at the most.
const MOST_ADDRESSES: usize = 16;

/// A contact as its stream tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contact {
    /// Addresses that were set here.
    pub addresses: Vec<Destination>,
    /// What it wants.
    pub preferences: Preferences,
    /// What is known of addresses, set here or not.
    pub marks: BTreeMap<Destination, (Mark, Timestamp)>,
    /// Tasks that wait.
    pub tasks: BTreeMap<Uuid, Troubled>,
    /// Who changed it last.
    pub changed: Option<Act>,
}

/// What is known of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Its owner confirmed it.
    Verified,
    /// Something came back from it.
    Bounced,
    /// Its owner called a message a nuisance.
    Complained,
}

impl Mark {
    /// The name used in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }
}

/// A command about a contact is refused. [`Refusal::rule`] names the rule for programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Formal notices reach everybody.
    #[error("`{0}` cannot be muted: only reminders can, and those are {list}", list = TOPICS.join(", "))]
    Mandatory(String),
    /// An address cannot be one.
    #[error("an address of the channel {} cannot be used: check it for slips", .0.name())]
    AddressUnfit(Channel),
    /// There are too many.
    #[error("a contact has at most {MOST_ADDRESSES} addresses")]
    TooMany,
    /// The inbox is there for everybody.
    #[error("an inbox needs no address: everybody has one")]
    InboxIsThere,
    /// The zone is unknown.
    #[error("`{0}` is no IANA time zone: take one such as `America/Chicago`")]
    UnknownZone(String),
    /// A window ends before it begins.
    #[error("a send window ends after it begins: only quiet hours may pass midnight")]
    EmptyWindow,
    /// No such task.
    #[error("there is no such task, or it was settled")]
    NoTask,
}

impl Refusal {
    /// The rule's name, the same each time.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Mandatory(_) => "contact/mandatory-topic",
            Self::AddressUnfit(_) => "contact/address-unfit",
            Self::TooMany => "contact/too-many-addresses",
            Self::InboxIsThere => "contact/inbox",
            Self::UnknownZone(_) => "contact/unknown-zone",
            Self::EmptyWindow => "contact/empty-window",
            Self::NoTask => "contact/no-task",
        }
    }
}

impl Contact {
    /// Takes note of what happened.
    pub fn evolve(&mut self, event: &ContactEvent) {
        match event {
            ContactEvent::AddressesSet(event) => {
                // An address that is set again gets another chance.
                self.marks.retain(|to, _| !event.addresses.contains(to));
                if event.verified {
                    let marks = event.addresses.iter().map(|to| (to.clone(), (Mark::Verified, event.act.at)));
                    self.marks.extend(marks);
                }
                self.addresses.clone_from(&event.addresses);
                self.changed = Some(event.act.clone());
            }
            ContactEvent::PreferencesSet(event) => {
                self.preferences = event.preferences.clone();
                self.changed = Some(event.act.clone());
            }
            ContactEvent::Troubled(event) => {
                let mark = match event.trouble {
                    Trouble::AddressBounced => Some(Mark::Bounced),
                    Trouble::AddressComplained => Some(Mark::Complained),
                    Trouble::NoAddress => None,
                };
                if let (Some(to), Some(mark)) = (&event.to, mark) {
                    self.marks.insert(to.clone(), (mark, event.at));
                }
                self.tasks.insert(event.task, event.clone());
            }
            ContactEvent::Settled(event) => {
                self.tasks.remove(&event.task);
            }
        }
    }

    /// What is known of an address.
    pub fn mark(&self, to: &Destination) -> Option<Mark> {
        self.marks.get(to).map(|(mark, _)| *mark)
    }

    /// Says where the contact is reached.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn set_addresses(
        &self,
        addresses: &[Destination],
        verified: bool,
        act: &Act,
    ) -> Result<Vec<ContactEvent>, Refusal> {
        if addresses.len() > MOST_ADDRESSES {
            return Err(Refusal::TooMany);
        }
        if addresses.iter().any(|to| to.channel() == Channel::Inbox) {
            return Err(Refusal::InboxIsThere);
        }
        if let Some(unfit) = addresses.iter().find(|to| !to.is_fit()) {
            return Err(Refusal::AddressUnfit(unfit.channel()));
        }
        let mut unique: Vec<Destination> = Vec::with_capacity(addresses.len());
        for to in addresses {
            if !unique.contains(to) {
                unique.push(to.clone());
            }
        }
        let set = AddressesSet { addresses: unique, verified, act: act.clone() };
        Ok(vec![ContactEvent::AddressesSet(set)])
    }

    /// Changes what the contact wants.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn set_preferences(&self, wanted: &Preferences, act: &Act) -> Result<Vec<ContactEvent>, Refusal> {
        if let Some(mandatory) = wanted.muted.iter().find(|topic| !TOPICS.contains(&topic.as_str())) {
            return Err(Refusal::Mandatory(mandatory.clone()));
        }
        if !wanted.time_zone.is_empty() && TimeZone::get(&wanted.time_zone).is_err() {
            return Err(Refusal::UnknownZone(wanted.time_zone.clone()));
        }
        if wanted.open.iter().any(|window| window.hours.from >= window.hours.until) {
            return Err(Refusal::EmptyWindow);
        }
        if *wanted == self.preferences {
            return Ok(Vec::new());
        }
        let set = PreferencesSet { preferences: wanted.clone(), act: act.clone() };
        Ok(vec![ContactEvent::PreferencesSet(set)])
    }

    /// Takes note of what a notice showed. One task a trouble and address, for as long as it waits.
    pub fn trouble(
        &self,
        key: &str,
        trouble: Trouble,
        to: Option<&Destination>,
        notice: NoticeId,
        detail: &str,
        at: Timestamp,
    ) -> Vec<ContactEvent> {
        let address = to.map(Destination::shown).unwrap_or_default();
        let task = derive_uuid("contact-task", &[key, trouble.name(), &address, &notice.to_string()]);
        let same = |known: &Troubled| known.trouble == trouble && known.to.as_ref() == to;
        if self.tasks.contains_key(&task) || self.tasks.values().any(same) {
            return Vec::new();
        }
        vec![ContactEvent::Troubled(Troubled {
            task,
            trouble,
            to: to.cloned(),
            channel: to.map(Destination::channel),
            notice,
            detail: detail.to_owned(),
            at,
        })]
    }

    /// Somebody looked after a task.
    ///
    /// # Errors
    /// There is none.
    pub fn settle(&self, task: Uuid, act: &Act) -> Result<Vec<ContactEvent>, Refusal> {
        if !self.tasks.contains_key(&task) {
            return Err(Refusal::NoTask);
        }
        Ok(vec![ContactEvent::Settled(Settled { task, act: act.clone() })])
    }
}
