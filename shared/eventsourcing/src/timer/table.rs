//! Timers as rows: what is armed, what fired. A service's own [`Projection`](crate::projection::Projection) embeds
//! the table: it adds [`SCHEMA`] and [`INDEXES`] to its own and gives every event to [`apply`]. The loop
//! ([`firing`](super::firing)) and the auditor read it.
//!
//! One row per arming, never deleted: so the newest rows are those with the highest numbers, and who asks for what is
//! new need not look at what he knows. What has fired, was cancelled or moved stays for the auditor; it is in no index
//! that the loop reads.
//!
//! Instants are whole milliseconds. When a timer is due is rounded up and the present instant is rounded down, so
//! that no rounding makes anything early.

use countersign_kernel::{TimerId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use uuid::Uuid;

use super::{
    events::{TimerArmed, TimerCancelled, TimerEvent, TimerFired},
    instant::{Millis, rounded_down, rounded_up, shown},
};
use crate::{
    journal::{RecordedEvent, StreamName},
    projection::ProjectionError,
};

/// The table, with what [`apply`] looks up by. Goes into the projection's `schema`.
pub const SCHEMA: &str = "
    CREATE TABLE timer (
        number INTEGER PRIMARY KEY, timer BLOB NOT NULL, arming INTEGER NOT NULL, stream TEXT NOT NULL,
        due INTEGER NOT NULL, purpose TEXT NOT NULL, rule TEXT NOT NULL, state INTEGER NOT NULL, fired_at INTEGER,
        UNIQUE (timer, arming)
    );";

/// What queries look up by. Goes into the projection's `indexes`. Only what is armed is in the index by which the loop
/// reads; only what fired early, so nothing, is in the auditor's.
pub const INDEXES: &str = "
    CREATE INDEX timer_due ON timer (due, timer) WHERE state = 0;
    CREATE INDEX timer_stream ON timer (stream);
    CREATE INDEX timer_early ON timer (number) WHERE state = 1 AND fired_at < due;";

/// What became of an arming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits.
    Armed,
    /// It fired.
    Fired,
    /// It was cancelled, or moved: then there is a later arming.
    Cancelled,
}

impl State {
    const fn stored(self) -> i64 {
        match self {
            Self::Armed => 0,
            Self::Fired => 1,
            Self::Cancelled => 2,
        }
    }

    fn from_stored(stored: i64) -> Result<Self, rusqlite::Error> {
        match stored {
            0 => Ok(Self::Armed),
            1 => Ok(Self::Fired),
            2 => Ok(Self::Cancelled),
            other => Err(rusqlite::Error::IntegralValueOutOfRange(0, other)),
        }
    }
}

/// A timer that is armed, as far as the read model has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The stream of its owner.
    pub stream: StreamName,
    /// Which.
    pub timer: TimerId,
    /// Which arming.
    pub arming: u32,
    /// Never fires before: in whole milliseconds, rounded up.
    pub due_at: Timestamp,
    /// What for.
    pub purpose: String,
}

impl Due {
    /// Its place among all that are armed.
    pub fn key(&self) -> Key {
        Key { due: rounded_up(self.due_at), timer: self.timer }
    }
}

/// Place of a timer among all that are armed: they fire in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    due: Millis,
    timer: TimerId,
}

impl Key {
    /// Before all others.
    pub const START: Self = Self { due: Millis::MIN, timer: TimerId(Uuid::nil()) };

    /// When it is due, in whole milliseconds.
    pub fn due_at(self) -> Timestamp {
        shown(self.due)
    }

    /// A place before it and before everything that is due in the same millisecond.
    pub(super) const fn before(self) -> Self {
        Self { due: self.due.saturating_sub(1), timer: TimerId(Uuid::max()) }
    }

    pub(super) const fn due(self) -> Millis {
        self.due
    }
}

/// An arming and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arming {
    /// What was armed.
    pub due: Due,
    /// How the instant came about.
    pub rule: String,
    /// What became of it.
    pub state: State,
    /// When it fired, in whole milliseconds, rounded down.
    pub fired_at: Option<Timestamp>,
}

/// How many timers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers {
    /// Armed: due or not yet.
    pub armed: u64,
    /// Armed, and due by now.
    pub due: u64,
    /// Due for longer than was asked about.
    pub late: u64,
    /// The first of those that are due.
    pub oldest: Option<Timestamp>,
}

/// Folds an event. `false`: it is none of timers.
pub fn apply(tables: &Transaction<'_>, event: &RecordedEvent) -> Result<bool, ProjectionError> {
    let Some(decoded) = TimerEvent::decode(&event.kind, &event.data) else { return Ok(false) };
    match decoded.map_err(|error| event.undecodable(&error))? {
        TimerEvent::Armed(armed) => arm(tables, &event.stream, &armed)?,
        TimerEvent::Cancelled(TimerCancelled { timer, arming, .. }) => {
            end(tables, timer, arming, State::Cancelled, None)?;
        }
        TimerEvent::Fired(TimerFired { timer, arming, fired_at, .. }) => {
            end(tables, timer, arming, State::Fired, Some(rounded_down(fired_at)))?;
        }
    }
    Ok(true)
}

fn arm(tables: &Transaction<'_>, stream: &StreamName, armed: &TimerArmed) -> Result<(), ProjectionError> {
    let TimerArmed { timer, arming, due_at, purpose, rule } = armed;
    // Most timers are armed once: then there is none to move.
    if *arming > 0 {
        tables
            .prepare_cached("UPDATE timer SET state = 2 WHERE timer = ?1 AND state = 0")?
            .execute(params![timer.0.as_bytes()])?;
    }
    let noted = tables
        .prepare_cached(
            "INSERT INTO timer (timer, arming, stream, due, purpose, rule, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)
             ON CONFLICT (timer, arming) DO UPDATE
             SET due = excluded.due, purpose = excluded.purpose, rule = excluded.rule, state = 0, fired_at = NULL
             WHERE stream = excluded.stream",
        )?
        .execute(params![
            timer.0.as_bytes(),
            arming,
            stream.as_str(),
            rounded_up(*due_at),
            purpose,
            rule
        ])?;
    if noted == 0 {
        // Both firings would have the same event id: one of them could never happen.
        return Err(ProjectionError::Contradiction(format!(
            "timer {timer} of {stream} is a timer of another stream already"
        )));
    }
    Ok(())
}

fn end(
    tables: &Transaction<'_>,
    timer: TimerId,
    arming: u32,
    state: State,
    fired_at: Option<Millis>,
) -> Result<(), rusqlite::Error> {
    tables
        .prepare_cached(
            "UPDATE timer SET state = ?3, fired_at = ?4 WHERE timer = ?1 AND arming = ?2 AND state = 0",
        )?
        .execute(params![timer.0.as_bytes(), arming, state.stored(), fired_at])?;
    Ok(())
}

const DUE: &str = "timer, arming, stream, due, purpose";

fn timer_of(row: &Row<'_>, index: usize) -> Result<TimerId, rusqlite::Error> {
    let bytes: [u8; 16] = row.get(index)?;
    Ok(TimerId(Uuid::from_bytes(bytes)))
}

fn due_of(row: &Row<'_>) -> Result<Due, rusqlite::Error> {
    Ok(Due {
        timer: timer_of(row, 0)?,
        arming: row.get(1)?,
        stream: StreamName::from_stored(row.get_ref(2)?.as_str()?),
        due_at: shown(row.get(3)?),
        purpose: row.get(4)?,
    })
}

/// What is armed after a place, the nearest first, at most `limit`.
pub fn nearest(tables: &Connection, after: Key, limit: usize) -> Result<Vec<Due>, rusqlite::Error> {
    upto(tables, after, Millis::MAX, limit)
}

/// What is due by an instant, after a place, the longest due first, at most `limit`.
pub fn due(
    tables: &Connection,
    by: Timestamp,
    after: Key,
    limit: usize,
) -> Result<Vec<Due>, rusqlite::Error> {
    upto(tables, after, rounded_down(by), limit)
}

fn upto(tables: &Connection, after: Key, upto: Millis, limit: usize) -> Result<Vec<Due>, rusqlite::Error> {
    tables
        .prepare_cached(&format!(
            "SELECT {DUE} FROM timer WHERE state = 0 AND (due, timer) > (?1, ?2) AND due <= ?3
             ORDER BY due, timer LIMIT ?4"
        ))?
        .query_map(params![after.due, after.timer.0.as_bytes(), upto, limit], due_of)?
        .collect()
}

/// When the next timer is due, or the first of those that are.
pub fn next_due(tables: &Connection) -> Result<Option<Timestamp>, rusqlite::Error> {
    let next: Option<Millis> = tables
        .prepare_cached("SELECT due FROM timer WHERE state = 0 ORDER BY due, timer LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(next.map(shown))
}

// `state + 0`, so that SQLite does not take the index by due instant for a question about numbers or ids.

/// What was armed since the row with this number, and is armed still, at most `limit`, each with its number.
pub fn armed_since(
    tables: &Connection,
    number: i64,
    limit: usize,
) -> Result<Vec<(i64, Due)>, rusqlite::Error> {
    tables
        .prepare_cached(&format!(
            "SELECT {DUE}, number FROM timer WHERE number > ?1 AND state + 0 = 0 ORDER BY number LIMIT ?2"
        ))?
        .query_map(params![number, limit], |row| Ok((row.get(5)?, due_of(row)?)))?
        .collect()
}

/// Number of the newest row; zero when there is none.
pub fn newest(tables: &Connection) -> Result<i64, rusqlite::Error> {
    tables.prepare_cached("SELECT coalesce(max(number), 0) FROM timer")?.query_row([], |row| row.get(0))
}

/// Whether an arming is armed.
pub fn is_armed(tables: &Connection, timer: TimerId, arming: u32) -> Result<bool, rusqlite::Error> {
    tables
        .prepare_cached("SELECT 1 FROM timer WHERE timer = ?1 AND arming = ?2 AND state + 0 = 0")?
        .exists(params![timer.0.as_bytes(), arming])
}

/// Every arming of one owner, in the order in which they were armed.
pub fn of_stream(tables: &Connection, stream: &StreamName) -> Result<Vec<Arming>, rusqlite::Error> {
    armings(tables, "stream = ?1 ORDER BY number", params![stream.as_str()])
}

/// Firings that came early: there must be none.
pub fn fired_early(tables: &Connection, limit: usize) -> Result<Vec<Arming>, rusqlite::Error> {
    armings(tables, "state = 1 AND fired_at < due ORDER BY number LIMIT ?1", params![limit])
}

fn armings(
    tables: &Connection,
    which: &str,
    parameters: &[&dyn rusqlite::ToSql],
) -> Result<Vec<Arming>, rusqlite::Error> {
    tables
        .prepare_cached(&format!("SELECT {DUE}, rule, state, fired_at FROM timer WHERE {which}"))?
        .query_map(parameters, |row| {
            Ok(Arming {
                due: due_of(row)?,
                rule: row.get(5)?,
                state: State::from_stored(row.get(6)?)?,
                fired_at: row.get::<_, Option<Millis>>(7)?.map(shown),
            })
        })?
        .collect()
}

const DUE_BY: &str = "SELECT count(*) FROM timer WHERE state = 0 AND due <= ?1";

/// How many there are at an instant; `late` are those due for more than `late_after` milliseconds. Reads all of the
/// index by which the loop reads: some milliseconds for a million.
pub fn numbers(tables: &Connection, now: Timestamp, late_after: u32) -> Result<Numbers, rusqlite::Error> {
    let now = rounded_down(now);
    let count = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| {
        tables.prepare_cached(sql)?.query_row(parameters, |row| row.get::<_, u64>(0))
    };
    Ok(Numbers {
        armed: count("SELECT count(*) FROM timer WHERE state = 0", &[])?,
        due: count(DUE_BY, params![now])?,
        late: count(DUE_BY, params![now.saturating_sub(i64::from(late_after) + 1)])?,
        oldest: next_due(tables)?.filter(|next| rounded_up(*next) <= now),
    })
}

#[cfg(test)]
mod tests;
