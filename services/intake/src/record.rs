//! From a message and its reading to the events that are kept, and back.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use countersign_eventsourcing::journal::{JournalError, Metadata, NewEvent, RecordedEvent};
use countersign_hl7::Header;
use countersign_kernel::{EventId, MessageId, Timestamp};
use serde::Serialize;

use crate::{
    domain::{Connection, MessageIdentity, MessageRead, MessageReceived, MessageRepeated, identify},
    publish::SOURCE,
    read::Reading,
    replay::ReplayError,
};

/// Name under which the bytes are counted that no profile can be chosen for.
pub const UNREADABLE_FEED: &str = "(unreadable)";

/// What a header says of its sender, as far as there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sender {
    /// MSH-3, by its name or universal id; empty when not sent.
    pub(crate) application: String,
    /// MSH-4.
    pub(crate) facility: String,
    /// MSH-10.
    pub(crate) control_id: String,
    /// MSH-9 as `code^trigger`.
    pub(crate) message_type: String,
    /// MSH-12.
    pub(crate) version: String,
    /// The character set that the text was read as.
    pub(crate) charset: String,
}

impl Sender {
    /// From a header that was read.
    pub(crate) fn of(header: &Header, charset: countersign_hl7::Charset) -> Self {
        let (application, facility) = header.sender();
        let code = header.message_code.as_deref().unwrap_or_default();
        let trigger = header.trigger.as_deref().map(|trigger| format!("^{trigger}")).unwrap_or_default();
        Self {
            application: application.unwrap_or_default().to_owned(),
            facility: facility.unwrap_or_default().to_owned(),
            control_id: header.control_id.clone().unwrap_or_default(),
            message_type: format!("{code}{trigger}"),
            version: header.version.clone().unwrap_or_default(),
            charset: charset.to_string(),
        }
    }

    /// The id of the message that this sender sent with these bytes.
    pub(crate) fn identify(&self, bytes: &[u8]) -> MessageIdentity {
        identify(&self.application, &self.facility, &self.control_id, bytes)
    }

    /// The message type where it is one, for logs and metrics: a broken message may hold anything in MSH-9.
    pub(crate) fn safe_message_type(&self) -> &str {
        let is_code = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        match self.message_type.split_once('^') {
            Some((code, trigger)) if is_code(code) && is_code(trigger) => &self.message_type,
            _ => "other",
        }
    }
}

/// How one delivery of a message reached us.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) connection: Connection,
    pub(crate) received_at: Timestamp,
    /// Number of the delivery in this process: tells two of the same message at the same instant apart.
    pub(crate) number: u64,
    pub(crate) traceparent: Option<String>,
}

/// A message with everything that is kept of it.
pub(crate) struct Record<'a> {
    pub(crate) identity: &'a MessageIdentity,
    pub(crate) sender: &'a Sender,
    /// The bytes that are kept.
    pub(crate) bytes: &'a [u8],
    /// How many there were.
    pub(crate) size: u64,
    pub(crate) feed: &'a str,
    pub(crate) reading: Reading,
    pub(crate) delivery: &'a Delivery,
}

impl Record<'_> {
    /// The raw message and its first reading, to be appended together.
    pub(crate) fn into_events(self) -> Result<Vec<NewEvent>, JournalError> {
        let Self { identity, sender, bytes, size, feed, reading, delivery } = self;
        let message = identity.id;
        let times = Times::of(&reading);
        let received = MessageReceived {
            message,
            received_at: delivery.received_at,
            connection: delivery.connection.clone(),
            application: Cow::Borrowed(&sender.application),
            facility: Cow::Borrowed(&sender.facility),
            control_id: Cow::Borrowed(&sender.control_id),
            message_type: Cow::Borrowed(&sender.message_type),
            version: Cow::Borrowed(&sender.version),
            charset: Cow::Borrowed(&sender.charset),
            bytes: size,
            sha256: Cow::Borrowed(&identity.sha256),
            raw: Cow::Owned(STANDARD.encode(bytes)),
        };
        let received =
            delivery.event(message, MessageReceived::KIND, MessageReceived::SCHEMA, &received, times)?;
        let read = message_read(message, 0, feed, reading);
        let read = delivery.event(message, MessageRead::KIND, MessageRead::SCHEMA, &read, times)?;
        Ok(vec![received, read])
    }
}

impl Delivery {
    /// The same message came again.
    pub(crate) fn repetition(&self, message: MessageId) -> Result<NewEvent, JournalError> {
        let repeated =
            MessageRepeated { message, received_at: self.received_at, connection: self.connection.clone() };
        self.event(message, MessageRepeated::KIND, MessageRepeated::SCHEMA, &repeated, Times::default())
    }

    /// Event ids are derived from the delivery as well as from the message: a second delivery of the same message
    /// is a conflict, a second attempt of the journal to write the first one is not.
    fn event<T: Serialize>(
        &self,
        message: MessageId,
        kind: &'static str,
        schema: u16,
        event: &T,
        times: Times,
    ) -> Result<NewEvent, JournalError> {
        let id = EventId::derive(&[
            SOURCE,
            kind,
            &message.to_string(),
            &self.received_at.as_nanosecond().to_string(),
            &self.number.to_string(),
        ]);
        let metadata = Metadata {
            correlation: message.0,
            causation: None,
            traceparent: self.traceparent.clone(),
            schema,
            actor: SOURCE.to_owned(),
            occurred_at: times.occurred_at.unwrap_or(self.received_at),
            recorded_at: times.recorded_at,
            received_at: self.received_at,
        };
        NewEvent::encode(id, kind, event, metadata).map_err(|error| unencodable(&error))
    }
}

/// A reading in the form in which it is kept.
pub(crate) fn message_read(message: MessageId, number: u32, feed: &str, reading: Reading) -> MessageRead {
    let Reading { outcome, facts, merges, staff, findings } = reading;
    MessageRead { message, reading: number, feed: feed.to_owned(), outcome, facts, merges, staff, findings }
}

/// A later reading, caused by the first record of the message.
pub(crate) fn later_reading(
    read: &MessageRead,
    first: &RecordedEvent,
    actor: &str,
    now: Timestamp,
) -> Result<NewEvent, JournalError> {
    let id =
        EventId::derive(&[SOURCE, MessageRead::KIND, &read.message.to_string(), &read.reading.to_string()]);
    let metadata = Metadata {
        causation: Some(first.id.0),
        traceparent: None,
        schema: MessageRead::SCHEMA,
        actor: actor.to_owned(),
        received_at: now,
        ..first.metadata()?
    };
    NewEvent::encode(id, MessageRead::KIND, read, metadata).map_err(|error| unencodable(&error))
}

/// The raw bytes of a stored message.
pub(crate) fn raw_bytes(received: &MessageReceived<'_>) -> Result<Vec<u8>, ReplayError> {
    STANDARD.decode(&*received.raw).map_err(|_| ReplayError::Damaged(received.message))
}

/// When the events in a message happened and were recorded, by the first thing it says.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    occurred_at: Option<Timestamp>,
    recorded_at: Option<Timestamp>,
}

impl Times {
    fn of(reading: &Reading) -> Self {
        let fact = reading.facts.iter().flat_map(|report| &report.facts).next();
        let merge = reading.merges.first();
        let staff = reading.staff.first();
        Self {
            occurred_at: fact
                .map(|fact| fact.occurred_at)
                .or(merge.map(|merge| merge.occurred_at))
                .or(staff.map(|record| record.effective_at)),
            recorded_at: fact.map(|fact| fact.recorded_at).or(staff.and_then(|record| record.recorded_at)),
        }
    }
}

fn unencodable(error: &serde_json::Error) -> JournalError {
    // Strings, numbers and lists always encode; the error is passed on for completeness.
    JournalError::Unavailable(format!("an event does not encode: {error}"))
}
