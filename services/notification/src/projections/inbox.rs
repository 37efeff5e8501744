//! Messages behind sign-in.

use countersign_kernel::{NoticeId, Timestamp};
use jiff::civil::Date;
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{
    listed::as_json,
    notices::{date, key, notice_id},
    time,
};

/// One message of an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The notice.
    pub id: NoticeId,
    /// Which template.
    pub kind: String,
    /// It is formal.
    pub formal: bool,
    /// Facility code.
    pub facility: String,
    /// Key of the provider it is about; nothing when it is about a chart.
    pub about: Option<Uuid>,
    /// Whose inbox.
    pub owner: String,
    /// How many items.
    pub items: u32,
    /// The day that it names.
    pub names_date: Option<Date>,
    /// Since when it is there.
    pub at: Timestamp,
    /// When it was opened.
    pub read_at: Option<Timestamp>,
    /// Its subject, as the template renders it; nothing in messages of before it was kept.
    pub subject: Option<String>,
    /// Its text, likewise.
    pub text: Option<String>,
}

/// The messages of these inboxes, the latest first, with how many there are and how many are unread.
pub fn inbox(
    sql: &Connection,
    owners: &[String],
    unread_only: bool,
    limit: usize,
    after: Option<NoticeId>,
) -> Result<(Vec<Message>, u64), rusqlite::Error> {
    let owners = as_json(owners);
    let wanted = "leg.channel = 'inbox' AND leg.delivered_at IS NOT NULL
        AND leg.owner IN (SELECT value FROM json_each(?1)) AND (?2 = 0 OR leg.read_at IS NULL)";
    let total: i64 = sql
        .prepare_cached(&format!("SELECT count(*) FROM leg WHERE {wanted}"))?
        .query_row(params![owners, unread_only], |row| row.get(0))?;
    let messages = sql
        .prepare_cached(&format!(
            "SELECT notice.id AS id, kind, formal, facility, about, leg.owner AS owner, items, names_date,
                    leg.delivered_at AS at, leg.read_at AS read_at, leg.subject AS subject, leg.body AS body
             FROM leg JOIN notice ON notice.id = leg.notice
             WHERE {wanted} AND (?3 IS NULL OR (leg.delivered_at, leg.notice) <
                (SELECT delivered_at, notice FROM leg WHERE notice = ?3 AND channel = 'inbox' LIMIT 1))
             ORDER BY leg.delivered_at DESC, leg.notice DESC LIMIT ?4"
        ))?
        .query_map(
            params![
                owners,
                unread_only,
                after.map(|id| id.to_string()),
                i64::try_from(limit).unwrap_or(i64::MAX)
            ],
            |row| {
                Ok(Message {
                    id: notice_id(row, "id")?,
                    kind: row.get("kind")?,
                    formal: row.get("formal")?,
                    facility: row.get("facility")?,
                    about: key(row, "about")?,
                    owner: row.get("owner")?,
                    items: row.get("items")?,
                    names_date: date(row, "names_date")?,
                    at: time::get(row, "at")?,
                    read_at: time::get_some(row, "read_at")?,
                    subject: row.get("subject")?,
                    text: row.get("body")?,
                })
            },
        )?
        .collect::<Result<_, _>>()?;
    Ok((messages, u64::try_from(total).unwrap_or_default()))
}
