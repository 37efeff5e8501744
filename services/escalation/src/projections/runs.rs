//! Runs of the weekly cycle, and those that wait for a human.

use countersign_kernel::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{json, time};
use crate::{
    domain::events::ByWhom,
    runs::events::{RunEvent, RunHeld, RunPublished},
};

pub(super) fn apply(tables: &Transaction<'_>, event: &RunEvent) -> Result<(), rusqlite::Error> {
    match event {
        RunEvent::Published(published) => {
            tables.prepare_cached("INSERT OR IGNORE INTO run VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(
                params![
                    published.facility,
                    time::store(published.publish_at),
                    time::store(published.at),
                    time::store(published.cutoff_at),
                    published.lines.len() as u64,
                    json::store(published)?,
                ],
            )?;
        }
        RunEvent::Held(held) => {
            tables
                .prepare_cached("INSERT OR REPLACE INTO held_run VALUES (?1, ?2, ?3, ?4, NULL, NULL)")?
                .execute(params![held.facility, time::store(held.at), held.tracks, held.limit])?;
        }
        RunEvent::Released(released) => {
            tables
                .prepare_cached(
                    "UPDATE held_run SET released_until = ?2, released_by = ?3 WHERE facility = ?1",
                )?
                .execute(params![
                    released.facility,
                    time::store(released.until),
                    json::store(&released.by)?
                ])?;
        }
    }
    Ok(())
}

/// Lists that were published, the latest first, at most `limit`.
pub fn runs(
    sql: &Connection,
    facility: Option<&str>,
    limit: usize,
) -> Result<Vec<RunPublished>, rusqlite::Error> {
    sql.prepare_cached(
        "SELECT body FROM run WHERE ?1 IS NULL OR facility = ?1 ORDER BY publish_at DESC, facility LIMIT ?2",
    )?
    .query_map(params![facility, limit], |row| json::get(row, "body"))?
    .collect()
}

/// One of them.
pub fn run(
    sql: &Connection,
    facility: &str,
    publish_at: Timestamp,
) -> Result<Option<RunPublished>, rusqlite::Error> {
    sql.prepare_cached("SELECT body FROM run WHERE facility = ?1 AND publish_at = ?2")?
        .query_row(params![facility, time::store(publish_at)], |row| json::get(row, "body"))
        .optional()
}

/// A run that waits or waited for a human.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What was held.
    pub held: RunHeld,
    /// Until when it is released, and by whom.
    pub released: Option<(Timestamp, ByWhom)>,
}

fn held_of(row: &Row<'_>) -> Result<Held, rusqlite::Error> {
    let until = time::get_some(row, "released_until")?;
    Ok(Held {
        held: RunHeld {
            facility: row.get("facility")?,
            at: time::get(row, "at")?,
            tracks: row.get("tracks")?,
            limit: row.get("most")?,
        },
        released: until.zip(json::get_some(row, "released_by")?),
    })
}

/// The last run of each facility that was held.
pub fn held_runs(sql: &Connection) -> Result<Vec<Held>, rusqlite::Error> {
    sql.prepare_cached("SELECT * FROM held_run ORDER BY facility")?.query_map([], held_of)?.collect()
}

/// The last run of a facility that was held.
pub fn held_run(sql: &Connection, facility: &str) -> Result<Option<Held>, rusqlite::Error> {
    sql.prepare_cached("SELECT * FROM held_run WHERE facility = ?1")?
        .query_row([facility], held_of)
        .optional()
}
