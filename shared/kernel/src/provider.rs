//! People who owe documents. Their names are staff data, not patient data.

use serde::{Deserialize, Serialize};

/// A provider's identifier as the feed sent it, with the authority that assigned it where one is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProviderId {
    /// The identifier, e.g. XCN-1.
    pub id: String,
    /// The assigning authority, e.g. XCN-9.1; empty when the feed named none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authority: String,
}

impl std::fmt::Display for ProviderId {
    /// `id`, or `id (authority)`: for people's eyes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.authority.is_empty() {
            f.write_str(&self.id)
        } else {
            write!(f, "{} ({})", self.id, self.authority)
        }
    }
}

/// A provider as one message names it (HL7 XCN or PPN): the id may be missing, the name too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Person {
    /// Identifier (XCN-1); `None` for a person sent by name only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Assigning authority of the identifier (XCN-9).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub authority: String,
    /// Family name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub family: String,
    /// Given name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub given: String,
    /// Degrees and professional suffixes as sent (XCN-7, XCN-5, XCN-21), e.g. `MD`, `RES`, `PA-C`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<String>,
}

impl Person {
    /// Whether both name the same identifier. People without an id are never the same as anybody: a name
    /// alone proves nothing.
    pub fn same_id(&self, other: &Self) -> bool {
        self.id.is_some() && self.id == other.id
    }

    /// `Family, Given`, the id, or `unknown`: for people's eyes.
    pub fn display_name(&self) -> String {
        match (self.family.is_empty(), self.given.is_empty(), &self.id) {
            (false, false, _) => format!("{}, {}", self.family, self.given),
            (false, true, _) => self.family.clone(),
            (true, false, _) => self.given.clone(),
            (true, true, Some(id)) => id.clone(),
            (true, true, None) => "unknown".to_owned(),
        }
    }
}
