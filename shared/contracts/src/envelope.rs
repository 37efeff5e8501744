//! The envelope around every event that leaves a service (attribute names of CloudEvents 1.0).

use countersign_kernel::{EventId, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::Partition;

/// A W3C `traceparent` value: joins the spans of one message across services.
pub type TraceParent = String;

/// One event on its way between services.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope {
    /// The event's id: the same on every delivery, so that a receiver can know it again.
    pub id: EventId,
    /// The service that says it, e.g. `intake`.
    pub source: String,
    /// The versioned type, e.g. `chart-facts-reported`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The category of its subject, e.g. `facts`.
    pub category: String,
    /// The key within which order holds (an encounter, a patient, a provider).
    pub key: Uuid,
    /// When it was received here.
    pub time: Timestamp,
    /// Position in the journal of the event it was made from: rises with every event, may repeat when one
    /// stored event says several things.
    pub position: u64,
    /// What set the whole chain off: the received message.
    pub correlation: Uuid,
    /// Trace context, when the message was traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
    /// The event itself.
    pub data: Box<RawValue>,
}

/// An event whose data is not what its type promises. Told without serde's own words, which may quote the
/// content.
#[derive(Debug, thiserror::Error)]
#[error("event {id} of type {kind} does not decode: {reason}")]
pub struct EnvelopeError {
    /// The event.
    pub id: EventId,
    /// Its type.
    pub kind: String,
    /// Where decoding stopped.
    pub reason: String,
}

impl Envelope {
    /// The partition of the event's key.
    pub fn partition(&self) -> Partition {
        Partition::of(self.key)
    }

    /// The subject the event travels on.
    pub fn subject(&self) -> String {
        crate::subject(&self.category, self.partition(), &self.kind)
    }

    /// The event, decoded.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, EnvelopeError> {
        serde_json::from_str(self.data.get()).map_err(|error| EnvelopeError {
            id: self.id,
            kind: self.kind.clone(),
            reason: format!(
                "{:?} error at line {} column {}",
                error.classify(),
                error.line(),
                error.column()
            ),
        })
    }
}
