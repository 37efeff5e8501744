//! Why a read model cannot be used, and whether that passes.

use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::{
    journal::{JournalError, Position},
    projection::ProjectionError,
    service::Fault,
};

/// A read model cannot be opened, read or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum ReadModelError {
    /// The file.
    #[error("read model {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the file system said.
        source: std::io::Error,
    },
    /// The database.
    #[error("read model: {0}")]
    Sql(#[from] rusqlite::Error),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An event that cannot be applied: the model stands still before it.
    #[error("read model {name} stopped before position {position}: {source}")]
    Stopped {
        /// Which model.
        name: &'static str,
        /// The event.
        position: Position,
        /// Why.
        source: ProjectionError,
    },
    /// A background task was cancelled.
    #[error("read model: interrupted")]
    Interrupted,
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
