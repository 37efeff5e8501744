//! Partitions and subjects. Order is promised per key only; a key always lands in the same partition.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How many partitions there are. Fixed for ever: a stored subject contains the number.
pub const PARTITIONS: u8 = 64;

/// One of the [`PARTITIONS`] lanes in which events keep their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Partition(u8);

impl Partition {
    /// The partition of a key. The key is a derived (version 5) id, whose first bytes are SHA-1 output and
    /// so evenly spread: no second hash is needed.
    pub fn of(key: Uuid) -> Self {
        Self(key.as_bytes()[0] % PARTITIONS)
    }

    /// The partition with this number, if there is one.
    pub fn new(number: u8) -> Option<Self> {
        (number < PARTITIONS).then_some(Self(number))
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS).map(Self)
    }

    /// 0 to 63.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl std::fmt::Display for Partition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

/// The subject an event travels on: `countersign.v1.<category>.<partition>.<type>`. It holds no patient data
/// and no natural identifier.
pub fn subject(category: &str, partition: Partition, kind: &str) -> String {
    format!("countersign.v1.{category}.{partition}.{kind}")
}

/// The subject filter for every event of a category.
pub fn subject_filter(category: &str) -> String {
    format!("countersign.v1.{category}.>")
}
