//! Typed identifiers. Ids of facts are derived from what they are for, so that the same cause always gives
//! the same id: on every replica, on every replay.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Root of every derived id (chosen once, never to change: stored ids depend on it).
const ROOT: Uuid = Uuid::from_u128(0x6f1d_4c52_9a07_5e0b_8c34_c0a7_e251_9e01);

/// Derives a stable id (RFC 9562 version 5) from a kind and the parts that identify the thing. Parts are
/// length-prefixed, so that `["ab", "c"]` and `["a", "bc"]` differ.
pub fn derive_uuid(kind: &str, parts: &[&str]) -> Uuid {
    let mut name = String::with_capacity(kind.len() + parts.iter().map(|part| part.len() + 5).sum::<usize>());
    for part in std::iter::once(&kind).chain(parts) {
        name.push_str(&part.len().to_string());
        name.push(':');
        name.push_str(part);
    }
    Uuid::new_v5(&ROOT, name.as_bytes())
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Derives the id from the parts that identify the thing.
            pub fn derive(parts: &[&str]) -> Self {
                Self(derive_uuid($kind, parts))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

typed_id!(
    /// One event in the journal.
    EventId,
    "event"
);
typed_id!(
    /// One received HL7 message: derived from sending application, sending facility, MSH-10 and content.
    MessageId,
    "message"
);
typed_id!(
    /// One encounter, which is one chart: derived from the authority of the visit number and the number.
    EncounterId,
    "encounter"
);
typed_id!(
    /// One deficiency: derived from its chart, the rule and what the rule is about (a document, a procedure).
    DeficiencyId,
    "deficiency"
);

typed_id!(
    /// One timer: derived from what it is for (a track, its cycle, its purpose).
    TimerId,
    "timer"
);
typed_id!(
    /// One escalation track: derived from provider and facility.
    TrackId,
    "track"
);
typed_id!(
    /// One notice to one recipient: derived from the step that asks for it and the recipient. The same notice
    /// keeps its id however often it is sent.
    NoticeId,
    "notice"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_give_the_same_id_and_other_cuts_another() {
        assert_eq!(EncounterId::derive(&["HOSP", "V1"]), EncounterId::derive(&["HOSP", "V1"]));
        assert_ne!(EncounterId::derive(&["HOSPV", "1"]), EncounterId::derive(&["HOSP", "V1"]));
        assert_ne!(EncounterId::derive(&["a"]).0, DeficiencyId::derive(&["a"]).0);
    }
}
