//! Where a message goes. Staff data, no patient data; never logged.

use countersign_contracts::notice::Channel;
use serde::{Deserialize, Serialize};

/// An address on one channel. Stored format: version with care.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Destination {
    /// The list of messages behind sign-in.
    Inbox {
        /// Whose: the key of a contact.
        owner: String,
    },
    /// A mailbox.
    Email {
        /// Its address.
        address: String,
    },
    /// Another system.
    Webhook {
        /// Name of the endpoint as the configuration has it, or its URL.
        endpoint: String,
    },
    /// A postal address, or the pigeonhole in the medical staff office.
    Letter {
        /// Its lines.
        lines: Vec<String>,
    },
}

impl std::fmt::Debug for Destination {
    /// The channel alone: addresses do not belong into logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Destination({})", self.channel().name())
    }
}

impl Destination {
    /// The channel.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Inbox { .. } => Channel::Inbox,
            Self::Email { .. } => Channel::Email,
            Self::Webhook { .. } => Channel::Webhook,
            Self::Letter { .. } => Channel::Letter,
        }
    }

    /// Whether a message there may wake somebody. An inbox waits until it is opened; a letter until it is carried.
    pub const fn disturbs(&self) -> bool {
        matches!(self, Self::Email { .. } | Self::Webhook { .. })
    }

    /// Whether it can be an address at all. What it really is, the first message tells.
    pub fn is_fit(&self) -> bool {
        match self {
            Self::Inbox { owner } => !owner.trim().is_empty(),
            Self::Email { address } => {
                let parts = address.rsplit_once('@');
                let plain =
                    !address.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c));
                plain && parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
            }
            Self::Webhook { endpoint } => {
                !endpoint.trim().is_empty() && !endpoint.chars().any(char::is_control)
            }
            Self::Letter { lines } => {
                lines.iter().any(|line| !line.trim().is_empty())
                    && !lines.iter().any(|line| line.chars().any(char::is_control))
            }
        }
    }

    /// Whether it says who, and not where: a letter with nothing but a name on it goes nowhere.
    pub fn says_no_place(&self, name: &str) -> bool {
        matches!(self, Self::Letter { lines } if !names_a_place(lines, name))
    }

    /// The address in one line, for people who may see it.
    pub fn shown(&self) -> String {
        match self {
            Self::Inbox { owner } => owner.clone(),
            Self::Email { address } => address.clone(),
            Self::Webhook { endpoint } => endpoint.clone(),
            Self::Letter { lines } => lines.join(", "),
        }
    }

    /// What throttles and circuit breakers count by: the server behind it, not the single address.
    pub fn peer(&self) -> &str {
        match self {
            Self::Inbox { .. } | Self::Letter { .. } => "here",
            Self::Email { address } => address.rsplit_once('@').map_or("", |(_, domain)| domain),
            Self::Webhook { endpoint } => endpoint,
        }
    }
}

/// Whether the lines of a letter's address say more than a name: a street, a room, a pigeonhole.
pub fn names_a_place(lines: &[String], name: &str) -> bool {
    lines
        .iter()
        .map(|line| line.trim())
        .any(|line| !line.is_empty() && !line.eq_ignore_ascii_case(name.trim()))
}
