//! What can go wrong with a request, sorted by what to do about it.

use countersign_eventsourcing::journal::JournalError;
use eventstore::Error;

/// Codes of gRPC that the client crate hands through and that a later attempt can cure: cancelled, resource
/// exhausted, aborted.
const TRANSIENT_CODES: [i32; 3] = [1, 8, 10];
/// gRPC: invalid argument, with which the server refuses an append that is too large.
const INVALID_ARGUMENT: i32 = 3;

#[derive(Debug)]
pub(crate) enum Failure {
    /// Trying again may help. An append that failed so may have taken effect.
    Transient(String),
    /// Trying again does not help.
    Permanent(String),
    /// The append found its stream at another revision. The one that the answer tells is not used: the stream
    /// is read again anyway, to tell a conflict from a repetition.
    WrongRevision,
    /// There is no such stream.
    NoSuchStream,
    /// The server refused an append for its size.
    TooLarge {
        /// The server's limit, if it told.
        limit: Option<usize>,
    },
}

/// Whether the client that failed so is of any further use.
pub(crate) fn wears_out(error: &Error) -> bool {
    // The task inside the client that keeps its connection ends with the first connection that cannot be
    // made; from then on the client answers nothing but "closed".
    matches!(error, Error::ConnectionClosed | Error::GrpcConnectionError(_))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::WrongExpectedVersion { .. } => Self::WrongRevision,
            Error::ResourceNotFound => Self::NoSuchStream,
            Error::ServerError(_)
            | Error::NotLeaderException(_)
            | Error::ConnectionClosed
            | Error::GrpcConnectionError(_)
            | Error::DeadlineExceeded => Self::Transient(error.to_string()),
            Error::Grpc { code, ref message } => {
                let code = code as i32;
                if code == INVALID_ARGUMENT && message.contains("Append Size") {
                    let limit = message.split(|c: char| !c.is_ascii_digit()).find_map(|n| n.parse().ok());
                    Self::TooLarge { limit }
                } else if TRANSIENT_CODES.contains(&code) {
                    Self::Transient(error.to_string())
                } else {
                    Self::Permanent(error.to_string())
                }
            }
            Error::ResourceDeleted => Self::Permanent("the stream was deleted; ours never are".to_owned()),
            other => Self::Permanent(other.to_string()),
        }
    }
}

impl From<Failure> for JournalError {
    fn from(failure: Failure) -> Self {
        Self::Unavailable(match failure {
            Failure::Transient(reason) | Failure::Permanent(reason) => reason,
            Failure::WrongRevision => "the stream keeps changing".to_owned(),
            Failure::NoSuchStream => "the server knows no such stream".to_owned(),
            Failure::TooLarge { .. } => "the server refused an append for its size".to_owned(),
        })
    }
}
