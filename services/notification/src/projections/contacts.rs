//! Contacts, tasks about them, and their digests.

use std::collections::BTreeSet;

use countersign_eventsourcing::{journal::RecordedEvent, projection::ProjectionError};
use countersign_kernel::{NoticeId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use uuid::Uuid;

use super::{
    listed::{List, Listed, Order},
    notices::{notice_id, unreadable},
    time,
};
use crate::domain::{act::Act, contact::ContactEvent, digest::DigestEvent};

pub(super) fn apply(
    tables: &Transaction<'_>,
    event: &RecordedEvent,
    decoded: &ContactEvent,
) -> Result<(), ProjectionError> {
    let key = event.stream.id();
    let changed = |at: Timestamp| -> Result<(), rusqlite::Error> {
        tables
            .prepare_cached(
                "INSERT INTO contact VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET changed_at = excluded.changed_at",
            )?
            .execute(params![key, time::store(at)])
            .map(drop)
    };
    match decoded {
        ContactEvent::AddressesSet(event) => changed(event.act.at)?,
        ContactEvent::PreferencesSet(event) => changed(event.act.at)?,
        ContactEvent::Troubled(event) => {
            tables
                .prepare_cached(
                    "INSERT OR REPLACE INTO task VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, NULL, NULL)",
                )?
                .execute(params![
                    event.task.to_string(),
                    key,
                    event.trouble.name(),
                    event.channel.map(countersign_contracts::notice::Channel::name),
                    event.notice.to_string(),
                    event.detail,
                    time::store(event.at)
                ])?;
        }
        ContactEvent::Settled(event) => {
            tables
                .prepare_cached(
                    "UPDATE task SET settled_by = ?2, settled_at = ?3, settled_why = ?4 WHERE id = ?1",
                )?
                .execute(params![
                    event.task.to_string(),
                    event.act.by,
                    time::store(event.act.at),
                    event.act.why
                ])?;
        }
    }
    Ok(())
}

pub(super) fn apply_digest(
    tables: &Transaction<'_>,
    provider: &str,
    event: &DigestEvent,
) -> Result<(), ProjectionError> {
    match event {
        DigestEvent::Released(event) => {
            tables
                .prepare_cached(
                    "INSERT INTO digest (provider, released_at, notice) VALUES (?1, ?2, ?3) ON CONFLICT (provider)
                     DO UPDATE SET released_at = excluded.released_at, notice = excluded.notice,
                     skipped_at = NULL, skipped_because = NULL",
                )?
                .execute(params![provider, time::store(event.at), event.request.notice.to_string()])?;
        }
        DigestEvent::Skipped(event) => {
            tables
                .prepare_cached(
                    "INSERT INTO digest (provider, skipped_at, skipped_because) VALUES (?1, ?2, ?3)
                     ON CONFLICT (provider) DO UPDATE
                     SET skipped_at = excluded.skipped_at, skipped_because = excluded.skipped_because",
                )?
                .execute(params![provider, time::store(event.at), event.because])?;
        }
        DigestEvent::Timer(_) => {}
    }
    Ok(())
}

/// Keys of contacts that somebody has changed, in their order.
pub fn contacts(sql: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    sql.prepare_cached("SELECT key FROM contact ORDER BY key")?.query_map([], |row| row.get(0))?.collect()
}

/// Providers whose next digest is armed.
pub fn digest_timers(sql: &Connection) -> Result<BTreeSet<Uuid>, rusqlite::Error> {
    sql.prepare_cached("SELECT stream FROM timer WHERE state = 0 AND purpose = 'digest'")?
        .query_map([], |row| {
            let stream: String = row.get(0)?;
            stream.strip_prefix("digest-").unwrap_or_default().parse().map_err(unreadable)
        })?
        .collect()
}

/// Something for HIM to look after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: Uuid,
    /// The contact.
    pub contact: String,
    /// What is wrong.
    pub kind: String,
    /// On which channel.
    pub channel: Option<String>,
    /// The notice that showed it.
    pub notice: NoticeId,
    /// What was reported.
    pub detail: String,
    /// Since when.
    pub since: Timestamp,
    /// Who settled it.
    pub settled: Option<Act>,
}

/// Tasks that wait, the oldest first; or those that were settled, the latest first.
pub fn tasks(
    sql: &Connection,
    settled: bool,
    limit: usize,
    after: Option<&str>,
) -> Result<Listed<Task>, rusqlite::Error> {
    let (by, order) = if settled { ("settled_at", Order::Latest) } else { ("since", Order::Oldest) };
    let list = List {
        columns: "*",
        tables: "task",
        wanted: "(settled_at IS NOT NULL) = ?1",
        values: &[&settled],
        by,
        id: "id",
        order,
    };
    list.page(sql, limit, after, |row| {
        let settled = match time::get_some(row, "settled_at")? {
            Some(at) => Some(Act {
                by: row.get("settled_by")?,
                at,
                why: row.get::<_, Option<String>>("settled_why")?.unwrap_or_default(),
            }),
            None => None,
        };
        Ok(Task {
            id: row.get::<_, String>("id")?.parse().map_err(unreadable)?,
            contact: row.get("contact")?,
            kind: row.get("kind")?,
            channel: row.get("channel")?,
            notice: notice_id(row, "notice")?,
            detail: row.get("detail")?,
            since: time::get(row, "since")?,
            settled,
        })
    })
}

/// Whose a task is.
pub fn contact_of_task(sql: &Connection, task: Uuid) -> Result<Option<String>, rusqlite::Error> {
    sql.prepare_cached("SELECT contact FROM task WHERE id = ?1")?
        .query_row([task.to_string()], |row| row.get(0))
        .optional()
}

/// Contact and kind of every task that nobody has settled.
pub fn open_tasks(sql: &Connection) -> Result<Vec<(String, String)>, rusqlite::Error> {
    sql.prepare_cached("SELECT contact, kind FROM task WHERE settled_at IS NULL")?
        .query_map([], |row| Ok((row.get("contact")?, row.get("kind")?)))?
        .collect()
}
