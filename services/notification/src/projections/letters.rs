//! Letters: waiting to be printed, printed, left.

use countersign_kernel::{NoticeId, Timestamp};
use jiff::civil::Date;
use rusqlite::{Connection, Row};

use super::{
    listed::{List, Listed, Order, as_json},
    notices::{date, destination, notice_id},
    time,
};
use crate::domain::{act::Act, contact::Destination};

/// One letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The notice.
    pub notice: NoticeId,
    /// Which leg of it.
    pub leg: u32,
    /// Which template.
    pub kind: String,
    /// Facility code.
    pub facility: String,
    /// Key of the recipient's contact.
    pub contact: String,
    /// Where to.
    pub to: Destination,
    /// Since when it waits.
    pub since: Timestamp,
    /// Who printed it.
    pub printed: Option<Act>,
    /// `mailed` or `handed_over`.
    pub how: Option<String>,
    /// When it left.
    pub left_on: Option<Date>,
    /// Who mailed it or handed it over.
    pub by_whom: Option<String>,
}

impl Letter {
    /// `waiting`, `printed` or `left`.
    pub const fn state(&self) -> &'static str {
        match (&self.left_on, &self.printed) {
            (Some(_), _) => "left",
            (None, Some(_)) => "printed",
            (None, None) => "waiting",
        }
    }
}

/// Letters in one state, those that wait longest first; those that left, the latest first. With the cursor of the next
/// page and how many there are in all.
pub fn letters(
    sql: &Connection,
    state: &str,
    facilities: &[String],
    limit: usize,
    after: Option<&str>,
) -> Result<Listed<Letter>, rusqlite::Error> {
    let (wanted, order) = match state {
        "printed" => ("leg.state = 'accepted' AND leg.printed_at IS NOT NULL", Order::Oldest),
        "left" => ("leg.state = 'delivered'", Order::Latest),
        _ => ("leg.state = 'accepted' AND leg.printed_at IS NULL", Order::Oldest),
    };
    let facilities = as_json(facilities);
    let list = List {
        columns: "leg.*, kind, facility, contact",
        tables: "leg JOIN notice ON notice.id = leg.notice",
        wanted: &format!(
            "leg.channel = 'letter' AND {wanted}
             AND (?1 = '[]' OR facility IN (SELECT value FROM json_each(?1)))"
        ),
        values: &[&facilities],
        by: "leg.accepted_at",
        id: "leg.notice || '/' || leg.leg",
        order,
    };
    list.page(sql, limit, after, letter)
}

fn letter(row: &Row<'_>) -> Result<Letter, rusqlite::Error> {
    let printed_at = time::get_some(row, "printed_at")?;
    let printed = match printed_at {
        Some(at) => {
            let why = row.get::<_, Option<String>>("printed_why")?.unwrap_or_default();
            Some(Act { by: row.get("printed_by")?, at, why })
        }
        None => None,
    };
    Ok(Letter {
        notice: notice_id(row, "notice")?,
        leg: row.get("leg")?,
        kind: row.get("kind")?,
        facility: row.get("facility")?,
        contact: row.get("contact")?,
        to: destination(&row.get::<_, String>("destination")?)?,
        since: time::get(row, "accepted_at")?,
        printed,
        how: row.get("how")?,
        left_on: date(row, "left_on")?,
        by_whom: row.get("by_whom")?,
    })
}
