//! What the stream of governed texts holds.
//!
//! **Stored format: version with care.** Names are pinned by serde renames, never by Rust identifiers.

use countersign_kernel::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Governed;

/// A step in the life of a governed text. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// Somebody proposed it.
    Drafted(Drafted),
    /// Somebody else confirmed that it is right.
    Checked(Checked),
    /// It was put in force.
    Published(Published),
    /// It was taken back.
    Withdrawn(Withdrawn),
}

/// Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drafted {
    /// Its number: one more than the last.
    pub version: u32,
    /// Its name for people.
    pub title: String,
    /// The whole text.
    pub text: String,
    /// SHA-256 of the text, hexadecimal.
    pub sha256: String,
    /// The version that was in force when it was drafted; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub based_on: Option<u32>,
    /// Who drafted it.
    pub author: String,
    /// Why.
    pub why: String,
}

/// Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Which.
    pub version: u32,
    /// Who checked it.
    pub by: String,
    /// What was looked at, or why it is right.
    pub why: String,
}

/// Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Which.
    pub version: u32,
    /// What arises from this instant on is judged by it.
    pub effective_from: Timestamp,
    /// Who published it.
    pub by: String,
    /// Why.
    pub why: String,
}

/// Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    /// Which.
    pub version: u32,
    /// Who withdrew it.
    pub by: String,
    /// Why.
    pub why: String,
}

impl Event {
    /// What was done: `drafted`, `checked`, `published` or `withdrawn`.
    pub const fn step(&self) -> &'static str {
        match self {
            Self::Drafted(_) => "drafted",
            Self::Checked(_) => "checked",
            Self::Published(_) => "published",
            Self::Withdrawn(_) => "withdrawn",
        }
    }

    /// The stored type name for a step in the life of a `T`: `rules-drafted`.
    pub fn kind<T: Governed>(&self) -> String {
        format!("{}-{}", T::CATEGORY, self.step())
    }

    /// Decodes by the stored type name. `None`: a type of a newer program.
    pub fn decode<T: Governed>(kind: &str, data: &[u8]) -> Option<Result<Self, serde_json::Error>> {
        let step = kind.strip_prefix(T::CATEGORY)?.strip_prefix('-')?;
        Some(match step {
            "drafted" => serde_json::from_slice(data).map(Self::Drafted),
            "checked" => serde_json::from_slice(data).map(Self::Checked),
            "published" => serde_json::from_slice(data).map(Self::Published),
            "withdrawn" => serde_json::from_slice(data).map(Self::Withdrawn),
            _ => return None,
        })
    }

    /// The version that it is about.
    pub const fn version(&self) -> u32 {
        match self {
            Self::Drafted(event) => event.version,
            Self::Checked(event) => event.version,
            Self::Published(event) => event.version,
            Self::Withdrawn(event) => event.version,
        }
    }

    /// Who acted.
    pub fn by(&self) -> &str {
        match self {
            Self::Drafted(event) => &event.author,
            Self::Checked(event) => &event.by,
            Self::Published(event) => &event.by,
            Self::Withdrawn(event) => &event.by,
        }
    }
}
