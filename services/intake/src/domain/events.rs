//! What the journal keeps of a message: the stream `message-<id>` begins with the raw bytes and goes on with
//! every reading of them.

use std::borrow::Cow;

use countersign_contracts::{chart::ChartFactsReported, patient::PatientMerged, staff::StaffReported};
use countersign_kernel::{MessageId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Finding, Outcome};

/// Category of the streams that hold received messages.
pub const CATEGORY: &str = "message";

/// Over what a message came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Connection {
    /// How it came and from whom, e.g. `mllp 127.0.0.1:41234`, `mllps 10.0.0.7:50000`, `file`.
    pub source: String,
    /// Number of the message on that connection, from 1; 0 where messages are not counted.
    pub sequence: u64,
}

impl Connection {
    /// A message from a file.
    pub fn file() -> Self {
        Self { source: "file".to_owned(), sequence: 0 }
    }
}

/// The raw message, first fact of its stream. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageReceived<'a> {
    /// The message.
    pub message: MessageId,
    /// When it was received here.
    pub received_at: Timestamp,
    /// Over what it came.
    pub connection: Connection,
    /// Sending application (MSH-3); empty when not sent or not readable.
    pub application: Cow<'a, str>,
    /// Sending facility (MSH-4).
    pub facility: Cow<'a, str>,
    /// Control id (MSH-10).
    pub control_id: Cow<'a, str>,
    /// Message code and trigger (MSH-9), e.g. `ADT^A03`.
    pub message_type: Cow<'a, str>,
    /// HL7 version (MSH-12).
    pub version: Cow<'a, str>,
    /// The character set that the text was read as.
    pub charset: Cow<'a, str>,
    /// Size in bytes, also when only the beginning was kept.
    pub bytes: u64,
    /// SHA-256 of the content.
    pub sha256: Cow<'a, str>,
    /// The bytes, without framing, in Base64 (RFC 4648).
    pub raw: Cow<'a, str>,
}

impl MessageReceived<'_> {
    /// Stored type name.
    pub const KIND: &'static str = "message-received";
    /// Version of the stored format.
    pub const SCHEMA: u16 = 1;
}

/// One reading of the raw message. The last one counts. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageRead {
    /// The message.
    pub message: MessageId,
    /// How often it had been read before: 0 the first time.
    pub reading: u32,
    /// Name of the feed profile by which it was read.
    pub feed: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What it says about charts. An empty list of facts takes back what an earlier reading said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<ChartFactsReported>,
    /// What it says about patients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merges: Vec<PatientMerged>,
    /// What it says about providers. A withdrawn record takes back what an earlier reading said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub staff: Vec<StaffReported>,
    /// What was odd.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

impl MessageRead {
    /// Stored type name.
    pub const KIND: &'static str = "message-read";
    /// Version of the stored format.
    pub const SCHEMA: u16 = 1;
}

/// The same message came again: it was answered as before and had no second effect. Stored format: version with
/// care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRepeated {
    /// The message.
    pub message: MessageId,
    /// When it came again.
    pub received_at: Timestamp,
    /// Over what.
    pub connection: Connection,
}

impl MessageRepeated {
    /// Stored type name.
    pub const KIND: &'static str = "message-repeated";
    /// Version of the stored format.
    pub const SCHEMA: u16 = 1;
}
