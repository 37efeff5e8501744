//! Figures for `/metrics`.

use countersign_kernel::Timestamp;
use rusqlite::{Connection, params};

use super::time;

/// How many of what there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Notices by where they stand: `live`, `exhausted`, `dropped`, `taken_over`.
    pub notices: Vec<(String, u64)>,
    /// Legs by channel and state, copies too.
    pub legs: Vec<(String, String, u64)>,
    /// Legs whose time has come, and since when the first of them waits.
    pub queue: (u64, Option<Timestamp>),
    /// Notices of which a leg failed and nothing better has become.
    pub dead_letters: u64,
    /// Tasks about addresses that nobody has settled.
    pub open_tasks: u64,
}

/// The figures at an instant. Every one of them is read from an index.
pub fn figures(sql: &Connection, now: Timestamp) -> Result<Figures, rusqlite::Error> {
    let notices = sql
        .prepare_cached("SELECT standing, count(*) FROM notice GROUP BY standing")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let legs = sql
        .prepare_cached("SELECT channel, state, count(*) FROM leg GROUP BY channel, state")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let (queued, first) = sql
        .prepare_cached(
            "SELECT count(*), min(leg.not_before) FROM leg JOIN notice ON notice.id = leg.notice
             WHERE leg.state = 'queued' AND leg.not_before <= ?1 AND notice.standing = 'live'",
        )?
        .query_row(params![time::store(now)], |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?)))?;
    let dead_letters = sql
        .prepare_cached(
            "SELECT (SELECT count(*) FROM notice WHERE standing = 'exhausted')
             + (SELECT count(DISTINCT notice) FROM leg JOIN notice ON notice.id = leg.notice
                WHERE leg.failed_at IS NOT NULL AND leg.copy = 0 AND notice.standing = 'live')",
        )?
        .query_row([], |row| row.get(0))?;
    let open_tasks = sql
        .prepare_cached("SELECT count(*) FROM task WHERE settled_at IS NULL")?
        .query_row([], |row| row.get(0))?;
    let first = first.map(|first| time::load(1, first)).transpose()?;
    Ok(Figures { notices, legs, queue: (queued, first), dead_letters, open_tasks })
}
