//! Ways to reach somebody. A channel renders a message to exact bytes and hands them over; it decides nothing about
//! retries, classes or who is told. A new one is one file with one [`Transport`] in it.

pub mod email;
pub(crate) mod hash;
pub mod inbox;
pub mod letter;
pub mod outlets;
mod secret;
pub mod webhook;

use std::time::Duration;

use bytes::Bytes;
use countersign_contracts::notice::Channel;
use countersign_eventsourcing::journal::PortFuture;
use countersign_kernel::NoticeId;
use sha2::{Digest, Sha256};

use crate::outbound::Message;

pub use secret::Secret;

/// Where a message goes on a channel. Contact data of staff: no patient data, and still nothing for a log.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// The list of messages behind sign-in: it needs no address.
    Inbox,
    /// E-mail.
    Email {
        /// The mailbox, e.g. `ana@example.org`.
        address: String,
        /// Name beside it.
        name: String,
    },
    /// A signed HTTP call to another system.
    Webhook {
        /// Name of the endpoint in configuration.
        endpoint: String,
        /// Its URL.
        url: String,
        /// Its secret as Standard Webhooks writes it: `whsec_` and base64.
        secret: String,
    },
    /// A printed letter.
    Letter {
        /// The postal address, line by line, or where it is handed over.
        lines: Vec<String>,
    },
}

impl Address {
    /// The channel it belongs to.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Inbox => Channel::Inbox,
            Self::Email { .. } => Channel::Email,
            Self::Webhook { .. } => Channel::Webhook,
            Self::Letter { .. } => Channel::Letter,
        }
    }
}

impl std::fmt::Debug for Address {
    /// The channel only: addresses and secrets do not belong in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Address({})", self.channel().name())
    }
}

/// The exact bytes of a message on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The bytes as they are handed over.
    pub bytes: Bytes,
    /// Their media type.
    pub content_type: &'static str,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// Which templates made them: `name@version`.
    pub template: String,
}

impl Rendered {
    /// Bytes with their hash.
    pub fn new(bytes: impl Into<Bytes>, content_type: &'static str, template: String) -> Self {
        let bytes = bytes.into();
        let sha256 = hash::hexadecimal(&Sha256::digest(&bytes));
        Self { bytes, content_type, sha256, template }
    }
}

/// One attempt to hand over a message.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The notice: the same at every attempt, so that a receiver can tell repeats.
    pub notice: NoticeId,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Message-ID without angle brackets, e.g. `8f2c@countersign.example.org`: the same at every attempt.
    pub message_id: &'a str,
    /// Where it goes.
    pub address: &'a Address,
    /// What is sent: the bytes that were kept.
    pub rendered: &'a Rendered,
}

/// What became of an attempt. The details are for people and for the notice's timeline: they hold no address, no
/// secret and no patient data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The next system took it over.
    Accepted {
        /// Its answer, e.g. `250 queued as 4XyZ`.
        detail: String,
    },
    /// Refused for good: the same attempt would be refused again.
    Refused {
        /// Why.
        detail: String,
    },
    /// Not taken now, and certainly not taken: to be tried again.
    Later {
        /// Why.
        detail: String,
        /// How long the other side asks to wait.
        after: Option<Duration>,
    },
    /// It may have been taken or not: nobody knows.
    Unknown {
        /// What happened.
        detail: String,
    },
}

/// Why a message cannot be rendered: a fault of templates or of an address, the same at every attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The template cannot be filled.
    #[error("template {template}: {problem}")]
    Template {
        /// Which: `name@version/part`.
        template: String,
        /// Why.
        problem: String,
    },
    /// The address is none of this channel, or cannot be used.
    #[error("the address cannot be used on the channel {channel}: {problem}", channel = .channel.name())]
    Address {
        /// The channel.
        channel: Channel,
        /// Why, without the address.
        problem: &'static str,
    },
    /// The document cannot be made.
    #[error("the document cannot be made: {problem}")]
    Document {
        /// Why.
        problem: String,
    },
}

/// A way to reach somebody.
pub trait Transport: Send + Sync {
    /// Which channel.
    fn channel(&self) -> Channel;

    /// The exact bytes of a message for an address. The same arguments give the same bytes.
    fn render(&self, message: &Message, address: &Address, message_id: &str)
    -> Result<Rendered, RenderError>;

    /// Longest time that [`send`](Self::send) takes to answer: an attempt without an answer counts as one of unknown
    /// outcome later than that, and never earlier.
    fn longest(&self) -> Duration;

    /// Why nothing can be handed over here at all, e.g. no server is set up: shadow mode still keeps what would have been
    /// sent, and else the next channel is tried at once. It says nothing about an address.
    fn obstacle(&self) -> Option<&'static str> {
        None
    }

    /// Hands the bytes over, once. It never retries after anything of the message has left.
    fn send<'a>(&'a self, outgoing: Outgoing<'a>) -> PortFuture<'a, Sent>;
}
