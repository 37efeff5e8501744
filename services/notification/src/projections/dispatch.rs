//! What waits to be sent, what is being sent, and what was sent lately.

use countersign_kernel::{NoticeId, Timestamp};
use rusqlite::{Connection, params};

use super::{
    notices::{destination, notice_id},
    time,
};
use crate::domain::{contact::Destination, notice::events::Ending, throttle::Attempt};

/// A leg that may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueLeg {
    /// Its notice.
    pub notice: NoticeId,
    /// Its number.
    pub leg: u32,
    /// Where to.
    pub to: Destination,
}

/// Legs whose time has come: formal notices first, then whoever waits longest.
pub fn due_legs(sql: &Connection, now: Timestamp, limit: usize) -> Result<Vec<DueLeg>, rusqlite::Error> {
    sql.prepare_cached(
        "SELECT leg.notice AS notice, leg.leg AS leg, leg.destination AS destination
         FROM leg JOIN notice ON notice.id = leg.notice
         WHERE leg.state = 'queued' AND leg.not_before <= ?1 AND notice.standing = 'live'
         ORDER BY notice.formal DESC, leg.not_before, leg.notice, leg.leg LIMIT ?2",
    )?
    .query_map(params![time::store(now), i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
        Ok(DueLeg {
            notice: notice_id(row, "notice")?,
            leg: row.get("leg")?,
            to: destination(&row.get::<_, String>("destination")?)?,
        })
    })?
    .collect()
}

/// Legs of which an attempt has no answer: notice, leg, attempt.
pub fn sending(sql: &Connection) -> Result<Vec<(NoticeId, u32, u32)>, rusqlite::Error> {
    sql.prepare_cached("SELECT notice, leg, attempts FROM leg WHERE state = 'sending' ORDER BY notice, leg")?
        .query_map([], |row| Ok((notice_id(row, "notice")?, row.get("leg")?, row.get("attempts")?)))?
        .collect()
}

/// Attempts since an instant, for throttles and circuit breakers.
pub fn attempts_since(sql: &Connection, since: Timestamp) -> Result<Vec<Attempt>, rusqlite::Error> {
    sql.prepare_cached("SELECT destination, at, ending FROM attempt WHERE at >= ?1 ORDER BY at")?
        .query_map([time::store(since)], |row| {
            let ending = row.get::<_, Option<String>>("ending")?;
            Ok(Attempt {
                to: destination(&row.get::<_, String>("destination")?)?,
                at: time::get(row, "at")?,
                ending: ending.and_then(|name| {
                    [Ending::Accepted, Ending::Refused, Ending::Later, Ending::Unknown]
                        .into_iter()
                        .find(|ending| ending.name() == name)
                }),
            })
        })?
        .collect()
}
