//! One message, from bytes to a durable record and its acknowledgement. Used by the MLLP server, by the ingestion of
//! files and by tests alike.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use countersign_eventsourcing::journal::{AppendError, Expected, Journal, JournalError, RecordedEvent};
use countersign_hl7::{Header, Limits, Message};
use countersign_kernel::{Clock, MessageId, Timestamp};
use tracing::{Instrument, Span, field::Empty};

use crate::{
    answer::Acknowledgement,
    domain::{Connection, MessageIdentity, MessageRead, Outcome, Reason, stream_of},
    import::{CHARGES_FEED, row_sender},
    profile::ProfileStore,
    read::{FeedContext, Reading, read_charge_row, read_message},
    record::{Delivery, Record, Sender, UNREADABLE_FEED},
    telemetry::{Measures, TraceParentOf},
};

/// Most bytes that are kept of something that was refused for its size.
const KEPT_OF_REFUSED: usize = 64 * 1024;

/// What became of one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// A message that was not here before; it is durable now.
    New(Outcome),
    /// The same message again. The repetition is recorded; nothing else happened.
    Duplicate(Outcome),
    /// The journal could not take it: the sender has to send it again.
    NotStored,
}

impl Disposition {
    /// Why the message is in quarantine, if it is.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::New(outcome) | Self::Duplicate(outcome) => outcome.reason(),
            Self::NotStored => None,
        }
    }

    /// The name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New(outcome) => outcome.name(),
            Self::Duplicate(_) => "duplicate",
            Self::NotStored => "not_stored",
        }
    }

    pub(crate) const fn is_rejected(self) -> bool {
        matches!(self, Self::New(Outcome::Rejected(_)) | Self::Duplicate(Outcome::Rejected(_)))
    }

    pub(crate) const fn is_not_used(self) -> bool {
        matches!(self, Self::New(Outcome::NotUsed))
    }
}

/// What became of a message, and the answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The message's id.
    pub message: MessageId,
    /// What became of it.
    pub disposition: Disposition,
    /// The acknowledgement without framing; nothing when the sender wants none (MSH-15, MSH-16).
    pub ack: Option<Vec<u8>>,
}

/// Takes messages in.
pub struct Intake {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) profiles: Arc<ProfileStore>,
    pub(crate) clock: Arc<dyn Clock>,
    limits: Limits,
    trace: TraceParentOf,
    measures: Measures,
    deliveries: AtomicU64,
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Intake {
    /// An intake over a journal. Nothing is traced or measured until [`Intake::traced`] and [`Intake::measured`].
    pub fn new(journal: Arc<dyn Journal>, profiles: Arc<ProfileStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            journal,
            profiles,
            clock,
            limits: Limits::default(),
            trace: || None,
            measures: Measures::default(),
            deliveries: AtomicU64::new(0),
        }
    }

    /// With another limit on the size of a message, in bytes.
    #[must_use]
    pub fn with_max_message_bytes(mut self, bytes: usize) -> Self {
        self.limits.max_bytes = bytes;
        self
    }

    /// Stores the trace context of the current span, as this function tells it, with every message.
    #[must_use]
    pub fn traced(mut self, trace: TraceParentOf) -> Self {
        self.trace = trace;
        self
    }

    /// Counts messages and times appends on this meter.
    #[must_use]
    pub fn measured(mut self, meter: &opentelemetry::metrics::Meter) -> Self {
        self.measures = Measures::on(meter);
        self
    }

    /// The feed profiles: call [`ProfileStore::reload`] when their file changed.
    pub const fn profiles(&self) -> &Arc<ProfileStore> {
        &self.profiles
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) const fn measures(&self) -> &Measures {
        &self.measures
    }

    /// Takes one message in. Returns when it is durable, or known not to be.
    ///
    /// Messages keep their order in the embedded journal when the futures of this function are first polled in that
    /// order, from one task.
    pub async fn receive(&self, bytes: &[u8], connection: Connection) -> Received {
        let span = receive_span(bytes.len());
        in_turn(self.receive_in_span(bytes, connection).instrument(span)).await
    }

    /// Takes in what is no message: `kept` is what is left of it, `size` how many bytes it had.
    pub async fn receive_refused(
        &self,
        kept: &[u8],
        size: u64,
        reason: Reason,
        connection: Connection,
    ) -> Received {
        let span = receive_span(usize::try_from(size).unwrap_or(usize::MAX));
        in_turn(self.refuse(kept, size, reason, self.delivery(connection)).instrument(span)).await
    }

    async fn receive_in_span(&self, bytes: &[u8], connection: Connection) -> Received {
        let delivery = self.delivery(connection);
        let message = match Message::parse_within(bytes, &self.limits) {
            Ok(message) => message,
            Err(error) => return self.refuse(bytes, bytes.len() as u64, error.into(), delivery).await,
        };
        let header = Header::of(&message);
        let sender = Sender::of(&header, message.charset());
        let identity = sender.identify(bytes);
        let profiles = self.profiles.current();
        let profile = profiles.of(&sender.application, &sender.facility);
        let context = FeedContext { message: identity.id, reading: 0, received_at: delivery.received_at };
        let reading = read_message(&message, &header, profile, &context);
        let outcome = reading.outcome;
        let record = Record {
            identity: &identity,
            sender: &sender,
            bytes,
            size: bytes.len() as u64,
            feed: &profile.name,
            reading,
            delivery: &delivery,
        };
        Span::current().record("message_type", sender.safe_message_type());
        Span::current().record("feed", profile.name.as_str());
        let disposition = match self.store(record, outcome).await {
            Ok(disposition) => disposition,
            Err(JournalError::TooLarge { .. }) => {
                return self.refuse(bytes, bytes.len() as u64, Reason::TooLarge, delivery).await;
            }
            Err(error) => {
                tracing::error!(%error, "a message could not be stored; the sender is told to send it again");
                Disposition::NotStored
            }
        };
        self.note(&identity, &profile.name, disposition);
        let ack = Acknowledgement {
            message: identity.id,
            disposition,
            at: delivery.received_at,
            read: Some((&message, &header)),
            bytes,
        };
        Received { message: identity.id, disposition, ack: ack.build() }
    }

    /// Takes in one row of a file of charges, in the form in which it is kept.
    pub(crate) async fn receive_row(
        &self,
        facility: &str,
        row: &[u8],
        connection: Connection,
        received_at: Timestamp,
    ) -> Received {
        let delivery = Delivery { received_at, ..self.delivery(connection) };
        in_turn(self.keep_row(facility, row, delivery).instrument(receive_span(row.len()))).await
    }

    async fn keep_row(&self, facility: &str, row: &[u8], delivery: Delivery) -> Received {
        let sender = row_sender(facility);
        let identity = sender.identify(row);
        let profiles = self.profiles.current();
        let profile = profiles.of(CHARGES_FEED, facility);
        let context = FeedContext { message: identity.id, reading: 0, received_at: delivery.received_at };
        let reading = read_charge_row(row, profile, &context);
        let outcome = reading.outcome;
        let record = Record {
            identity: &identity,
            sender: &sender,
            bytes: row,
            size: row.len() as u64,
            feed: CHARGES_FEED,
            reading,
            delivery: &delivery,
        };
        Span::current().record("message_type", sender.safe_message_type());
        Span::current().record("feed", CHARGES_FEED);
        let disposition = self.store(record, outcome).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a row could not be stored; the file has to be imported again");
            Disposition::NotStored
        });
        self.note(&identity, CHARGES_FEED, disposition);
        Received { message: identity.id, disposition, ack: None }
    }

    async fn refuse(&self, bytes: &[u8], size: u64, reason: Reason, delivery: Delivery) -> Received {
        let kept = &bytes[..bytes.len().min(KEPT_OF_REFUSED)];
        let sender = Sender::default();
        let identity = sender.identify(kept);
        let record = Record {
            identity: &identity,
            sender: &sender,
            bytes: kept,
            size,
            feed: UNREADABLE_FEED,
            reading: Reading::rejected(reason),
            delivery: &delivery,
        };
        Span::current().record("message_type", "other");
        Span::current().record("feed", UNREADABLE_FEED);
        let disposition = self.store(record, Outcome::Rejected(reason)).await.unwrap_or_else(|error| {
            tracing::error!(%error, "refused bytes could not be stored");
            Disposition::NotStored
        });
        self.note(&identity, UNREADABLE_FEED, disposition);
        let ack = Acknowledgement {
            message: identity.id,
            disposition,
            at: delivery.received_at,
            read: None,
            bytes,
        };
        Received { message: identity.id, disposition, ack: ack.build() }
    }

    /// Appends a message that is new, or the repetition of one that is not.
    async fn store(&self, record: Record<'_>, outcome: Outcome) -> Result<Disposition, JournalError> {
        let message = record.identity.id;
        let delivery = record.delivery;
        let stream = stream_of(message);
        let began = Instant::now();
        let appended = self.journal.append(stream.clone(), Expected::NoStream, record.into_events()?).await;
        self.measures.appended(began.elapsed());
        match appended {
            Ok(_) => Ok(Disposition::New(outcome)),
            Err(AppendError::Conflict { .. }) => {
                // Revision 0 holds the raw bytes: the readings begin behind it.
                let known = last_reading(&self.journal.read_stream(stream.clone(), 1).await?)?;
                let repetition = delivery.repetition(message)?;
                match self.journal.append(stream, Expected::Any, vec![repetition]).await {
                    Ok(_) => Ok(Disposition::Duplicate(known.map_or(outcome, |read| read.outcome))),
                    Err(AppendError::Conflict { .. }) => Err(JournalError::Unavailable(
                        "an append without expectation was a conflict".to_owned(),
                    )),
                    Err(AppendError::Journal(error)) => Err(error),
                }
            }
            Err(AppendError::Journal(error)) => Err(error),
        }
    }

    fn delivery(&self, connection: Connection) -> Delivery {
        Delivery {
            connection,
            received_at: self.clock.now(),
            number: self.deliveries.fetch_add(1, Ordering::Relaxed),
            traceparent: (self.trace)(),
        }
    }

    fn note(&self, identity: &MessageIdentity, feed: &str, disposition: Disposition) {
        Span::current().record("outcome", disposition.name());
        self.measures.received(feed, disposition.name());
        if let Some(reason) = disposition.reason() {
            let (reason, outcome) = (reason.code(), disposition.name());
            tracing::info!(message_id = %identity.id, feed, reason, outcome, "quarantined");
        } else {
            tracing::debug!(message_id = %identity.id, feed, outcome = disposition.name(), "received");
        }
    }
}

/// Lets the first poll of a message reach the journal's queue. Tokio's cooperative budget could send it back before
/// that, and a later message of the same connection would overtake it.
fn in_turn<F: Future>(receiving: F) -> impl Future<Output = F::Output> {
    tokio::task::unconstrained(receiving)
}

/// The span of one message. It names no patient, visit or document.
fn receive_span(bytes: usize) -> Span {
    tracing::info_span!("intake.receive", bytes, message_type = Empty, feed = Empty, outcome = Empty)
}

/// The latest reading among the events of a message's stream.
pub(crate) fn last_reading(events: &[RecordedEvent]) -> Result<Option<MessageRead>, JournalError> {
    events.iter().rev().find(|event| &*event.kind == MessageRead::KIND).map(RecordedEvent::decode).transpose()
}
