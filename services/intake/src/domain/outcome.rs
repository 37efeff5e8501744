//! What became of a message.

use serde::{Deserialize, Serialize};

/// What became of a message, by its latest reading. Every received message has exactly one.
/// Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "snake_case")]
pub enum Outcome {
    /// It says something about a chart or a patient. Answered AA.
    Used,
    /// Kept, but of a type or content that nothing here asks for. Answered AA.
    NotUsed,
    /// HL7, of a type that is wanted, but it cannot be assigned as it stands. Answered AE; a corrected feed
    /// profile may release it.
    Quarantined(Reason),
    /// Not HL7, or refused. Answered AR; kept in quarantine as far as there are bytes.
    Rejected(Reason),
}

impl Outcome {
    /// The outcome's name in tables, in the API and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::NotUsed => "not_used",
            Self::Quarantined(_) => "quarantined",
            Self::Rejected(_) => "rejected",
        }
    }

    /// Why the message is in quarantine, if it is.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Used | Self::NotUsed => None,
            Self::Quarantined(reason) | Self::Rejected(reason) => Some(reason),
        }
    }
}

/// Why a message is in quarantine. Carries no text of the message, so that it may be logged and sent back.
/// Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// MSH-9 is empty.
    NoMessageType,
    /// MSH-9.2 is empty and EVN-1 does not help.
    NoTrigger,
    /// None of the fields that the profile names holds a visit number.
    NoVisitNumber,
    /// An MDM without TXA.
    NoDocument,
    /// A merge without a usable pair of PID-3 and MRG-1.
    NoMergePair,
    /// A row of a file with a column that cannot be used; the findings name it.
    BadRow,
    /// A staff master file without a record that names anybody.
    NoStaffRecord,
    /// No bytes but blanks or framing.
    Empty,
    /// It does not begin with MSH.
    NotHl7,
    /// A batch (FHS or BHS) inside one frame or piece.
    Batch,
    /// UTF-16 or UTF-32.
    Utf16,
    /// MSH-1 or MSH-2 holds a character outside ASCII.
    NonAsciiDelimiter,
    /// MSH-2 does not hold encoding characters.
    BadDelimiters,
    /// Larger than the limit; only the beginning is kept.
    TooLarge,
    /// More segments, or more fields in one, than the limit.
    TooManyParts,
    /// The connection or the frame ended before the message did; only its beginning is kept.
    Incomplete,
}

impl Reason {
    /// The stored name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoMessageType => "no-message-type",
            Self::NoTrigger => "no-trigger",
            Self::NoVisitNumber => "no-visit-number",
            Self::NoDocument => "no-document",
            Self::NoMergePair => "no-merge-pair",
            Self::BadRow => "bad-row",
            Self::NoStaffRecord => "no-staff-record",
            Self::Empty => "empty",
            Self::NotHl7 => "not-hl7",
            Self::Batch => "batch",
            Self::Utf16 => "utf16",
            Self::NonAsciiDelimiter => "non-ascii-delimiter",
            Self::BadDelimiters => "bad-delimiters",
            Self::TooLarge => "too-large",
            Self::TooManyParts => "too-many-parts",
            Self::Incomplete => "incomplete",
        }
    }

    /// What it means and what helps, for the sender's log and for the person who looks at the quarantine.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoMessageType => "MSH-9 holds no message type",
            Self::NoTrigger => "MSH-9 holds no trigger event",
            Self::NoVisitNumber => {
                "no visit number in PV1-19; if this feed sends it in PID-18 or PV1-50, say so in its profile and replay"
            }
            Self::NoDocument => "a document notification without TXA",
            Self::NoMergePair => "a merge without an identifier in PID-3 and in MRG-1",
            Self::BadRow => "a column of the row cannot be used: correct the file and import it again",
            Self::NoStaffRecord => {
                "a staff master file without an identifier in MFE-4, STF-1, STF-2 or PRA-6"
            }
            Self::Empty => "the message is empty",
            Self::NotHl7 => "not an HL7 message: it does not begin with MSH",
            Self::Batch => "a batch file in one frame: send its messages one by one",
            Self::Utf16 => "UTF-16 is not supported: send UTF-8 or an 8-bit character set",
            Self::NonAsciiDelimiter => "a separator in MSH-1 or MSH-2 is not a single ASCII character",
            Self::BadDelimiters => "MSH-2 does not hold encoding characters",
            Self::TooLarge => "the message is larger than the configured limit",
            Self::TooManyParts => "the message has more segments or fields than the limit",
            Self::Incomplete => "the message was cut off before its end",
        }
    }

    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::NoMessageType,
        Self::NoTrigger,
        Self::NoVisitNumber,
        Self::NoDocument,
        Self::NoMergePair,
        Self::BadRow,
        Self::NoStaffRecord,
        Self::Empty,
        Self::NotHl7,
        Self::Batch,
        Self::Utf16,
        Self::NonAsciiDelimiter,
        Self::BadDelimiters,
        Self::TooLarge,
        Self::TooManyParts,
        Self::Incomplete,
    ];

    /// The reason with this stored name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

impl From<countersign_hl7::ReadError> for Reason {
    fn from(error: countersign_hl7::ReadError) -> Self {
        use countersign_hl7::ReadError;
        match error {
            ReadError::Empty => Self::Empty,
            ReadError::NotHl7 => Self::NotHl7,
            ReadError::Batch => Self::Batch,
            ReadError::Utf16 => Self::Utf16,
            ReadError::NonAsciiDelimiter { .. } => Self::NonAsciiDelimiter,
            ReadError::EncodingCharacters => Self::BadDelimiters,
            ReadError::TooLarge { .. } => Self::TooLarge,
            ReadError::TooManySegments { .. } | ReadError::TooManyFields { .. } => Self::TooManyParts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_names_are_pinned() {
        for (outcome, json) in [
            (Outcome::Used, r#"{"outcome":"used"}"#),
            (Outcome::NotUsed, r#"{"outcome":"not_used"}"#),
            (
                Outcome::Quarantined(Reason::NoVisitNumber),
                r#"{"outcome":"quarantined","reason":"no-visit-number"}"#,
            ),
            (
                Outcome::Rejected(Reason::NonAsciiDelimiter),
                r#"{"outcome":"rejected","reason":"non-ascii-delimiter"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&outcome).expect("json"), json);
            assert_eq!(serde_json::from_str::<Outcome>(json).expect("outcome"), outcome);
        }
    }

    #[test]
    fn every_reason_is_found_by_the_name_it_is_stored_under() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(reason));
            assert_eq!(serde_json::to_string(&reason).expect("json"), format!("\"{}\"", reason.code()));
        }
        assert_eq!(Reason::from_code("?"), None);
    }
}
