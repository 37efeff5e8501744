//! What the streams `digest-<provider key>` hold.
//!
//! **Stored format: version with care.** Names are pinned by serde renames, never by Rust identifiers.

use std::collections::BTreeMap;

use countersign_contracts::notice::NoticeRequested;
use countersign_eventsourcing::timer::TimerEvent;
use countersign_kernel::{DeficiencyId, Timestamp};
use serde::{Deserialize, Serialize, de::Error};

use super::Standing;
use crate::domain::notice::events::DigestFacts;

/// Category of the streams of digests.
pub const DIGEST: &str = "digest";

/// An event of a provider's digests. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum DigestEvent {
    /// A digest goes out.
    Released(Box<DigestReleased>),
    /// None goes out this time.
    Skipped(DigestSkipped),
    /// What happened to the timer of the next one.
    Timer(TimerEvent),
}

impl DigestEvent {
    /// The stored type name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Released(_) => "digest-released",
            Self::Skipped(_) => "digest-skipped",
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
            "digest-released" => Self::Released(serde_json::from_slice(data)?),
            "digest-skipped" => Self::Skipped(serde_json::from_slice(data)?),
            _ => return Err(serde_json::Error::custom("an event of a later version")),
        })
    }
}

/// A digest goes out: the notice that it becomes. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DigestReleased {
    /// What is asked for. Its track is the provider's own, and none of escalation's.
    pub request: NoticeRequested,
    /// What it tells beside its items.
    pub facts: DigestFacts,
    /// How every open item stood: what the next digest is compared with.
    pub standings: BTreeMap<DeficiencyId, Standing>,
    /// When.
    pub at: Timestamp,
}

impl DigestReleased {
    /// Type name within the service's own part of the feed.
    pub const TYPE: &'static str = "digest-released";
}

/// No digest goes out this time. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestSkipped {
    /// Why, in words.
    pub because: String,
    /// When.
    pub at: Timestamp,
}
