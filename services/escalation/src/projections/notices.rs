//! Which stream a notice belongs to, and whether anything became of it: for routing outcomes and for the auditor.

use countersign_contracts::notice::{NoticeClass, NoticeRequested, NoticeWithdrawn, Outcome};
use countersign_eventsourcing::journal::StreamName;
use countersign_kernel::{NoticeId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::time;
use crate::domain::events::NoticeAnswered;

pub(super) fn requested(
    tables: &Transaction<'_>,
    stream: &StreamName,
    requested: &NoticeRequested,
) -> Result<(), rusqlite::Error> {
    tables
        .prepare_cached(
            "INSERT OR IGNORE INTO notice (id, stream, number, kind, formal, requested_at, settled)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
        )?
        .execute(params![
            requested.notice.to_string(),
            stream.as_str(),
            requested.number,
            requested.kind,
            requested.class == NoticeClass::Formal,
            time::store(requested.requested_at),
        ])?;
    Ok(())
}

pub(super) fn withdrawn(
    tables: &Transaction<'_>,
    withdrawn: &NoticeWithdrawn,
) -> Result<(), rusqlite::Error> {
    tables
        .prepare_cached("UPDATE notice SET withdrawn_at = ?2, settled = 1 WHERE id = ?1")?
        .execute(params![withdrawn.notice.to_string(), time::store(withdrawn.at)])?;
    Ok(())
}

pub(super) fn answered(tables: &Transaction<'_>, answered: &NoticeAnswered) -> Result<(), rusqlite::Error> {
    // Accepted is on its way, unknown is not known: neither is an end.
    let settled = !matches!(answered.outcome, Outcome::Accepted | Outcome::Unknown);
    tables
        .prepare_cached("UPDATE notice SET answered_at = ?2, settled = max(settled, ?3) WHERE id = ?1")?
        .execute(params![answered.notice.to_string(), time::store(answered.at), settled])?;
    Ok(())
}

/// The stream that asked for a notice; `None`: not one of this service.
pub fn stream_of_notice(sql: &Connection, notice: NoticeId) -> Result<Option<StreamName>, rusqlite::Error> {
    let stream: Option<String> = sql
        .prepare_cached("SELECT stream FROM notice WHERE id = ?1")?
        .query_row([notice.to_string()], |row| row.get(0))
        .optional()?;
    Ok(stream.as_deref().map(StreamName::from_stored))
}

/// A formal notice of which nothing has come for long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// Which.
    pub notice: NoticeId,
    /// The stream that asked for it.
    pub stream: String,
    /// Its number there.
    pub number: u32,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

/// Formal notices that were asked for before an instant and have come to no end: those without any answer before
/// `silent_before`, those that are on their way before `unsettled_before`.
pub fn unanswered(
    sql: &Connection,
    silent_before: Timestamp,
    unsettled_before: Timestamp,
) -> Result<Vec<Unanswered>, rusqlite::Error> {
    sql.prepare_cached(
        "SELECT id, stream, number, requested_at FROM notice
         WHERE settled = 0 AND formal = 1 AND requested_at < ?1 AND (answered_at IS NULL OR requested_at < ?2)
         ORDER BY requested_at",
    )?
    .query_map(params![time::store(silent_before), time::store(unsettled_before)], |row| {
        Ok(Unanswered {
            notice: row.get::<_, String>(0)?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
            stream: row.get(1)?,
            number: row.get(2)?,
            requested_at: time::get(row, "requested_at")?,
        })
    })?
    .collect()
}

/// How many formal notices have come to no end.
pub fn waiting(sql: &Connection) -> Result<u64, rusqlite::Error> {
    sql.prepare_cached("SELECT count(*) FROM notice WHERE settled = 0 AND formal = 1")?
        .query_row([], |row| row.get(0))
}
