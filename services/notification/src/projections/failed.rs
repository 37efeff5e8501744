//! What did not arrive.

use countersign_contracts::notice::Channel;
use countersign_kernel::{NoticeId, Timestamp};
use rusqlite::{Connection, params};

use super::{
    listed::{List, Listed, Order, as_json},
    notices::{NoticeRow, notice_id, notice_row, with_legs},
    time,
};

/// Notices of which a leg failed and nothing better has become, the latest failure first.
pub fn dead_letters(
    sql: &Connection,
    facilities: &[String],
    limit: usize,
    after: Option<&str>,
) -> Result<Listed<NoticeRow>, rusqlite::Error> {
    let facilities = as_json(facilities);
    let list = List {
        columns: "*",
        tables: "notice",
        wanted: "standing IN ('live', 'exhausted')
             AND (?1 = '[]' OR facility IN (SELECT value FROM json_each(?1)))
             AND (standing = 'exhausted'
                  OR id IN (SELECT notice FROM leg WHERE failed_at IS NOT NULL AND copy = 0))",
        values: &[&facilities],
        by: "changed_at",
        id: "id",
        order: Order::Latest,
    };
    let Listed { rows, next, total } = list.page(sql, limit, after, notice_row)?;
    let rows = rows.into_iter().map(|notice| with_legs(sql, notice)).collect::<Result<_, _>>()?;
    Ok(Listed { rows, next, total })
}

/// A leg that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedLeg {
    /// Its notice.
    pub notice: NoticeId,
    /// Its number.
    pub leg: u32,
    /// When it failed.
    pub failed_at: Timestamp,
}

/// Legs that failed since an instant and are still failed, the oldest first; after one, when that is given.
pub fn failed_since(
    sql: &Connection,
    since: Timestamp,
    channel: Option<Channel>,
    after: Option<FailedLeg>,
    limit: usize,
) -> Result<Vec<FailedLeg>, rusqlite::Error> {
    sql.prepare_cached(
        "SELECT leg.notice AS notice, leg.leg AS leg, leg.failed_at AS failed_at FROM leg JOIN notice ON notice.id = leg.notice
         WHERE leg.failed_at >= ?1 AND leg.copy = 0 AND (?2 IS NULL OR leg.channel = ?2)
         AND leg.state IN ('failed', 'bounced', 'unknown') AND notice.standing IN ('live', 'exhausted')
         AND (?4 IS NULL OR (leg.failed_at, leg.notice, leg.leg) > (?4, ?5, ?6))
         ORDER BY leg.failed_at, leg.notice, leg.leg LIMIT ?3",
    )?
    .query_map(
        params![
            time::store(since),
            channel.map(Channel::name),
            i64::try_from(limit).unwrap_or(i64::MAX),
            after.map(|after| time::store(after.failed_at)),
            after.map(|after| after.notice.to_string()),
            after.map(|after| after.leg)
        ],
        |row| {
            Ok(FailedLeg {
                notice: notice_id(row, "notice")?,
                leg: row.get("leg")?,
                failed_at: time::get(row, "failed_at")?,
            })
        },
    )?
    .collect()
}
