//! What waits to be sent, what is being sent, and what was sent lately.

use countersign_kernel::{NoticeId, Timestamp};
use rusqlite::{Connection, params};

use super::{
    notices::{destination, notice_id},
    time,
};
use crate::domain::{
    contact::Destination,
    notice::events::Ending,
    throttle::{Attempt, Message},
};

/// A leg that may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueLeg {
    /// Its notice.
    pub notice: NoticeId,
    /// Its number.
    pub leg: u32,
    /// It is a formal notice.
    pub formal: bool,
    /// Where to.
    pub to: Destination,
}

impl DueLeg {
    /// The message, as throttles count it.
    pub const fn message(&self) -> Message {
        Message { notice: self.notice, leg: self.leg, formal: self.formal }
    }
}

/// Legs whose time has come: what nothing holds back first, then formal notices, then whoever waits longest. `after`: how
/// many were looked at already.
pub fn due_legs(
    sql: &Connection,
    now: Timestamp,
    after: usize,
    limit: usize,
) -> Result<Vec<DueLeg>, rusqlite::Error> {
    sql.prepare_cached(
        "SELECT leg.notice AS notice, leg.leg AS leg, leg.destination AS destination, notice.formal AS formal
         FROM leg JOIN notice ON notice.id = leg.notice
         WHERE leg.state = 'queued' AND leg.not_before <= ?1 AND notice.standing = 'live'
         ORDER BY leg.channel IN ('inbox', 'letter') DESC, notice.formal DESC, leg.not_before, leg.notice, leg.leg
         LIMIT ?2 OFFSET ?3",
    )?
    .query_map(params![time::store(now), count(limit), count(after)], |row| {
        Ok(DueLeg {
            notice: notice_id(row, "notice")?,
            leg: row.get("leg")?,
            formal: row.get("formal")?,
            to: destination(&row.get::<_, String>("destination")?)?,
        })
    })?
    .collect()
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Legs of which an attempt has no answer: notice, leg, attempt.
pub fn sending(sql: &Connection) -> Result<Vec<(NoticeId, u32, u32)>, rusqlite::Error> {
    sql.prepare_cached("SELECT notice, leg, attempts FROM leg WHERE state = 'sending' ORDER BY notice, leg")?
        .query_map([], |row| Ok((notice_id(row, "notice")?, row.get("leg")?, row.get("attempts")?)))?
        .collect()
}

/// Attempts since an instant, for throttles and circuit breakers.
pub fn attempts_since(sql: &Connection, since: Timestamp) -> Result<Vec<Attempt>, rusqlite::Error> {
    sql.prepare_cached(
        "SELECT attempt.notice AS notice, leg, formal, destination, at, ending
         FROM attempt JOIN notice ON notice.id = attempt.notice WHERE at >= ?1 ORDER BY at",
    )?
    .query_map([time::store(since)], |row| {
        let of =
            Message { notice: notice_id(row, "notice")?, leg: row.get("leg")?, formal: row.get("formal")? };
        let ending = row.get::<_, Option<String>>("ending")?;
        Ok(Attempt {
            of,
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
