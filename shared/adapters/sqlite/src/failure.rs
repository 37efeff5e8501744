//! What an error of `SQLite` means for the journal.

use countersign_eventsourcing::journal::JournalError;
use rusqlite::{ErrorCode, ffi};

/// How the writer goes on after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    /// Nothing was written. Whoever asked may ask again.
    Refused,
    /// Nobody can tell what is on the disk: the only safe way on is to end and to recover at the next start.
    OutcomeUnknown,
}

/// When the error came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before or in the transaction: it was rolled back.
    Transaction,
    /// At the commit.
    Commit,
    /// While moving pages from the log into the file. The log still has them.
    Checkpoint,
}

/// A failed flush leaves pages that the kernel calls clean though they are not on the disk, so that the next
/// flush would succeed without them. A failed write is different: the transaction is not complete in the
/// log, and `SQLite` takes it back.
pub(crate) fn severity(error: &rusqlite::Error, stage: Stage) -> Severity {
    let Some(failure) = error.sqlite_error() else { return Severity::Refused };
    if failure.code != ErrorCode::SystemIoFailure {
        return Severity::Refused;
    }
    match failure.extended_code {
        ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC => Severity::OutcomeUnknown,
        ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_NOMEM => Severity::Refused,
        _ if stage == Stage::Commit => Severity::OutcomeUnknown,
        _ => Severity::Refused,
    }
}

/// The error in words for whoever asked, with what to do about it where that is known.
pub(crate) fn unavailable(error: &rusqlite::Error) -> JournalError {
    JournalError::Unavailable(match error.sqlite_error().map(|failure| failure.code) {
        Some(ErrorCode::DiskFull) => {
            "disk full: nothing was written; appends succeed again once there is space".to_owned()
        }
        Some(ErrorCode::DatabaseBusy) => "another process keeps the journal's write lock".to_owned(),
        Some(ErrorCode::SystemIoFailure) => format!("input/output error: {error}"),
        _ => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn a_failed_flush_ends_the_process_at_any_stage() {
        for stage in [Stage::Transaction, Stage::Commit, Stage::Checkpoint] {
            assert_eq!(severity(&failure(ffi::SQLITE_IOERR_FSYNC), stage), Severity::OutcomeUnknown);
            assert_eq!(severity(&failure(ffi::SQLITE_IOERR_DIR_FSYNC), stage), Severity::OutcomeUnknown);
        }
    }

    #[test]
    fn a_full_disk_or_a_failed_write_is_a_refusal_even_at_the_commit() {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_BUSY, ffi::SQLITE_CORRUPT] {
            assert_eq!(severity(&failure(code), Stage::Commit), Severity::Refused);
        }
    }

    #[test]
    fn any_other_input_output_error_is_of_unknown_outcome_at_the_commit_only() {
        assert_eq!(severity(&failure(ffi::SQLITE_IOERR_LOCK), Stage::Commit), Severity::OutcomeUnknown);
        assert_eq!(severity(&failure(ffi::SQLITE_IOERR_READ), Stage::Transaction), Severity::Refused);
    }
}
