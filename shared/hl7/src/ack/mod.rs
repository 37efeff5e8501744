//! Acknowledgements (HL7 v2 chapter 2, "Acknowledgment messages" and "Enhanced acknowledgment mode").

use std::fmt;

mod build;
mod received;
mod wanted;

pub use build::{Answer, Location, Problem, Severity, build, refuse};
pub use received::{Ack, AckError, read};
pub use wanted::{Outcome, Reply, wanted};

/// Acknowledgement code (HL7 table 0008).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AckCode {
    /// AA, application accept.
    ApplicationAccept,
    /// AE, application error: the sender may try again.
    ApplicationError,
    /// AR, application reject: sending the same again will not help.
    ApplicationReject,
    /// CA, commit accept: safely stored.
    CommitAccept,
    /// CE, commit error: could not be stored, the sender may try again.
    CommitError,
    /// CR, commit reject.
    CommitReject,
}

impl AckCode {
    /// The code as it stands in MSA-1.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApplicationAccept => "AA",
            Self::ApplicationError => "AE",
            Self::ApplicationReject => "AR",
            Self::CommitAccept => "CA",
            Self::CommitError => "CE",
            Self::CommitReject => "CR",
        }
    }

    /// Reads MSA-1.
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "AA" => Self::ApplicationAccept,
            "AE" => Self::ApplicationError,
            "AR" => Self::ApplicationReject,
            "CA" => Self::CommitAccept,
            "CE" => Self::CommitError,
            "CR" => Self::CommitReject,
            _ => return None,
        })
    }

    /// AA or CA.
    pub const fn is_accept(self) -> bool {
        matches!(self, Self::ApplicationAccept | Self::CommitAccept)
    }
}

impl fmt::Display for AckCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
