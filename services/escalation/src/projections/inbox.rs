//! What waits for leadership or HIM.

use countersign_kernel::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use uuid::Uuid;

use super::{
    json,
    list::{Scope, within},
    time,
};
use crate::domain::events::{ByWhom, SuspensionProposed};

/// Something that waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Its id.
    pub id: Uuid,
    /// The stream that asks.
    pub stream: String,
    /// Which kind.
    pub kind: String,
    /// The proposal or suspension that it is about.
    pub proposal: Option<u32>,
    /// Cycle and rung of the step that is to be corrected.
    pub place: Option<(u32, u32)>,
    /// Since when.
    pub since: Timestamp,
    /// In words.
    pub text: String,
    /// The proposal, whole.
    pub proposed: Option<SuspensionProposed>,
    /// The first of two people has confirmed it.
    pub confirmed: Option<ByWhom>,
    /// Somebody has seen it.
    pub acknowledged: Option<ByWhom>,
}

fn waiting(row: &Row<'_>) -> Result<Waiting, rusqlite::Error> {
    let (cycle, rung): (Option<u32>, Option<u32>) = (row.get("cycle")?, row.get("rung")?);
    Ok(Waiting {
        id: row.get::<_, String>("id")?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
        stream: row.get("stream")?,
        kind: row.get("kind")?,
        proposal: row.get("proposal")?,
        place: cycle.zip(rung),
        since: time::get(row, "since")?,
        text: row.get("words")?,
        proposed: json::get_some(row, "body")?,
        confirmed: json::get_some(row, "confirmed")?,
        acknowledged: json::get_some(row, "acknowledged")?,
    })
}

/// Everything that waits, what has waited longest first: of tracks within the scope, and, where the scope has no
/// bounds, what is of no track.
pub fn inbox(sql: &Connection, scope: &Scope) -> Result<Vec<Waiting>, rusqlite::Error> {
    let (mut conditions, mut values) = (vec!["i.closed_at IS NULL".to_owned()], Vec::new());
    within(scope, &mut conditions, &mut values);
    let matching = conditions.join(" AND ");
    sql.prepare_cached(&format!(
        "SELECT i.* FROM inbox i LEFT JOIN track t ON 'track-' || t.id = i.stream
         WHERE {matching} ORDER BY i.since, i.id"
    ))?
    .query_map(params_from_iter(values.iter()), waiting)?
    .collect()
}

/// What waits of one stream.
pub fn inbox_of(sql: &Connection, stream: &str) -> Result<Vec<Waiting>, rusqlite::Error> {
    sql.prepare_cached("SELECT * FROM inbox WHERE stream = ?1 AND closed_at IS NULL ORDER BY since, id")?
        .query_map([stream], waiting)?
        .collect()
}

/// A proposal, decided about or not.
pub fn item_of_proposal(
    sql: &Connection,
    stream: &str,
    proposal: u32,
) -> Result<Option<Waiting>, rusqlite::Error> {
    sql.prepare_cached("SELECT * FROM inbox WHERE stream = ?1 AND kind = 'suspension' AND proposal = ?2")?
        .query_row(params![stream, proposal], waiting)
        .optional()
}
