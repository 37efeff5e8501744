//! Why a service cannot go on, or cannot answer: one type for all services, whatever their parts are.

use std::{error::Error, fmt};

use rusqlite::ErrorCode;

use crate::{
    consumer::{CheckpointError, SkipError},
    journal::JournalError,
    read_model::ReadModelError,
};

/// What may befall a part of a service.
pub trait Fault: Error + Send + Sync + 'static {
    /// Trying again later may help.
    fn is_passing(&self) -> bool {
        false
    }
}

impl Fault for JournalError {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl Fault for CheckpointError {}
impl Fault for SkipError {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Journal(error) if error.is_passing())
    }
}
impl Fault for ReadModelError {
    /// Also when the file could not be got at just now: an event must not stop its partition, nor a timer be set aside
    /// until an operator comes, because the disk was full for a minute.
    fn is_passing(&self) -> bool {
        match self {
            Self::Journal(error) => error.is_passing(),
            Self::Sql(error) => is_of_the_moment(error),
            Self::File { .. } | Self::Stopped { .. } | Self::Interrupted => false,
        }
    }
}

/// The system refused something that it may grant the next time: a lock, space, memory, another open file.
fn is_of_the_moment(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::OutOfMemory
        )
    )
}

/// A service cannot go on, or cannot answer. Says what its part says.
#[derive(Debug)]
pub struct ServiceError(Box<dyn Fault>);

impl ServiceError {
    /// Trying again later may help.
    pub fn is_passing(&self) -> bool {
        self.0.is_passing()
    }
}

impl<F: Fault> From<F> for ServiceError {
    fn from(fault: F) -> Self {
        Self(Box::new(fault))
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for ServiceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn what_the_system_refuses_for_a_moment_is_tried_again_and_what_is_wrong_is_not() {
        let error = |code| ReadModelError::Sql(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        let passing = [
            ffi::SQLITE_BUSY,
            ffi::SQLITE_FULL,
            ffi::SQLITE_CANTOPEN,
            ffi::SQLITE_IOERR_READ,
            ffi::SQLITE_NOMEM,
        ];
        for code in passing {
            assert!(error(code).is_passing(), "{code}");
        }
        for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_ERROR, ffi::SQLITE_CONSTRAINT, ffi::SQLITE_NOTADB] {
            assert!(!error(code).is_passing(), "{code}");
        }
        // a row that says something else than the program expects says so every time
        assert!(!ReadModelError::Sql(rusqlite::Error::InvalidQuery).is_passing());
    }
}
