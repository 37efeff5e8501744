//! What the stream of the rule sets holds.
//!
//! **Stored format: version with care.** Names are pinned by serde renames, never by Rust identifiers.

use countersign_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// Category of the stream in which rule sets are governed: `rules-site`.
pub const RULES: &str = "rules";

/// A step in the life of a rule set. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RulesEvent {
    /// Somebody proposed it.
    Drafted(RulesDrafted),
    /// Somebody else confirmed that it is right.
    Checked(RulesChecked),
    /// It was put in force.
    Published(RulesPublished),
    /// It was taken back.
    Withdrawn(RulesWithdrawn),
}

/// Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesDrafted {
    /// Its number: one more than the last.
    pub version: u32,
    /// Its name for people.
    pub title: String,
    /// The whole rule file.
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
pub struct RulesChecked {
    /// Which.
    pub version: u32,
    /// Who checked it.
    pub by: String,
    /// What was looked at, or why it is right.
    pub why: String,
}

/// Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesPublished {
    /// Which.
    pub version: u32,
    /// Facts from this instant on are judged by it.
    pub effective_from: Timestamp,
    /// Who published it.
    pub by: String,
    /// Why.
    pub why: String,
}

/// Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesWithdrawn {
    /// Which.
    pub version: u32,
    /// Who withdrew it.
    pub by: String,
    /// Why.
    pub why: String,
}

impl RulesEvent {
    /// The stored type name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Drafted(_) => "rules-drafted",
            Self::Checked(_) => "rules-checked",
            Self::Published(_) => "rules-published",
            Self::Withdrawn(_) => "rules-withdrawn",
        }
    }

    /// Decodes by the stored type name. `None`: a type of a newer program.
    pub fn decode(kind: &str, data: &[u8]) -> Option<Result<Self, serde_json::Error>> {
        Some(match kind {
            "rules-drafted" => serde_json::from_slice(data).map(Self::Drafted),
            "rules-checked" => serde_json::from_slice(data).map(Self::Checked),
            "rules-published" => serde_json::from_slice(data).map(Self::Published),
            "rules-withdrawn" => serde_json::from_slice(data).map(Self::Withdrawn),
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
