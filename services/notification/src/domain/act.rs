//! Who did something by hand, when and why.

use countersign_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// An act of a person. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The name under which the person's acts go on record.
    pub by: String,
    /// When it was done here.
    pub at: Timestamp,
    /// Why; empty where no reason is asked for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}
