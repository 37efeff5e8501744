//! What the stream of a facility's runs holds: `run-<facility code>`.
//!
//! **Stored format: version with care.** Names are pinned by serde renames, never by Rust identifiers; a golden file in
//! `tests/golden` keeps every released form.

use countersign_contracts::notice::PolicyReference;
use countersign_kernel::{ProviderId, Timestamp, TrackId};
use serde::{Deserialize, Serialize};

use crate::domain::events::ByWhom;

/// Category of run streams.
pub const RUN: &str = "run";

/// An event of a facility's runs. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEvent {
    /// The list for the next cutoff was published.
    Published(RunPublished),
    /// So many tracks would move at once that a human has to look first.
    Held(RunHeld),
    /// A human has looked.
    Released(RunReleased),
}

impl RunEvent {
    /// The stored type name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Published(_) => "run-published",
            Self::Held(_) => "run-held",
            Self::Released(_) => "run-released",
        }
    }

    /// Decodes by the stored type name; `None` for what only a newer program knows.
    pub fn decode(kind: &str, data: &[u8]) -> Option<Result<Self, serde_json::Error>> {
        Some(match kind {
            "run-published" => serde_json::from_slice(data).map(Self::Published),
            "run-held" => serde_json::from_slice(data).map(Self::Held),
            "run-released" => serde_json::from_slice(data).map(Self::Released),
            _ => return None,
        })
    }
}

impl Serialize for RunEvent {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Published(event) => event.serialize(to),
            Self::Held(event) => event.serialize(to),
            Self::Released(event) => event.serialize(to),
        }
    }
}

/// The list for the next cutoff was published. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPublished {
    /// Facility code.
    pub facility: String,
    /// When it was to be published.
    pub publish_at: Timestamp,
    /// When it was.
    pub at: Timestamp,
    /// The cutoff that it is for.
    pub cutoff_at: Timestamp,
    /// The policy whose calendar it follows.
    pub policy: PolicyReference,
    /// Who is on it.
    pub lines: Vec<Line>,
}

/// Somebody on the list of a run. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The track.
    pub track: TrackId,
    /// Who.
    pub provider: ProviderId,
    /// The step that is due at the cutoff.
    pub step: String,
    /// Items that count.
    pub counting: u32,
    /// The oldest of them, in days of its accountability clock.
    pub oldest_days: u32,
}

/// So many tracks would move at once that a human has to look first. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHeld {
    /// Facility code.
    pub facility: String,
    /// Since when.
    pub at: Timestamp,
    /// How many would move.
    pub tracks: u32,
    /// The policy's limit.
    pub limit: u32,
}

/// A human let them move. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReleased {
    /// Facility code.
    pub facility: String,
    /// Nothing is held again before.
    pub until: Timestamp,
    /// Who, when, why.
    pub by: ByWhom,
}
