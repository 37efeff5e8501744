//! What the streams `contact-<contact key>` hold.
//!
//! **Stored format: version with care.** Names are pinned by serde renames, never by Rust identifiers.

use countersign_contracts::notice::Channel;
use countersign_kernel::{NoticeId, Timestamp};
use serde::{Deserialize, Serialize, de::Error};
use uuid::Uuid;

use super::{Destination, Preferences};
use crate::domain::act::Act;

/// Category of the streams of contacts.
pub const CONTACT: &str = "contact";

/// An event of a contact. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ContactEvent {
    /// Somebody said where the contact is reached.
    AddressesSet(AddressesSet),
    /// Somebody changed what the contact wants.
    PreferencesSet(PreferencesSet),
    /// An address turned out to be of no use, or there is none.
    Troubled(Troubled),
    /// Somebody looked after it.
    Settled(Settled),
}

impl ContactEvent {
    /// The stored type name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AddressesSet(_) => "contact-addresses-set",
            Self::PreferencesSet(_) => "contact-preferences-set",
            Self::Troubled(_) => "contact-troubled",
            Self::Settled(_) => "contact-settled",
        }
    }

    /// Decodes by the stored type name.
    ///
    /// # Errors
    /// The content is not what the type promises, or the type is of a later version.
    pub fn decode(kind: &str, data: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            "contact-addresses-set" => Self::AddressesSet(serde_json::from_slice(data)?),
            "contact-preferences-set" => Self::PreferencesSet(serde_json::from_slice(data)?),
            "contact-troubled" => Self::Troubled(serde_json::from_slice(data)?),
            "contact-settled" => Self::Settled(serde_json::from_slice(data)?),
            _ => return Err(serde_json::Error::custom("an event of a later version")),
        })
    }
}

/// Somebody said where the contact is reached: all of it. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressesSet {
    /// Every address.
    pub addresses: Vec<Destination>,
    /// They were checked with their owner.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified: bool,
    /// Who, when, why.
    pub act: Act,
}

/// Somebody changed what the contact wants: all of it. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreferencesSet {
    /// What it wants from now on.
    pub preferences: Preferences,
    /// Who, when, why.
    pub act: Act,
}

/// What is wrong with an address. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// It came back, or was refused for good.
    AddressBounced,
    /// The recipient called a message a nuisance.
    AddressComplained,
    /// There is no address at all, or none on this channel.
    NoAddress,
}

impl Trouble {
    /// The name used in the API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AddressBounced => "address_bounced",
            Self::AddressComplained => "address_complained",
            Self::NoAddress => "no_address",
        }
    }
}

/// A notice showed that something is wrong: a task for HIM. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Troubled {
    /// The task: derived from contact, trouble and address, so that there is one of each.
    pub task: Uuid,
    /// What is wrong.
    pub trouble: Trouble,
    /// With which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Destination>,
    /// On which channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Which notice showed it.
    pub notice: NoticeId,
    /// What was reported, without an address.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// Somebody looked after a task. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Which.
    pub task: Uuid,
    /// Who, when, why.
    pub act: Act,
}
