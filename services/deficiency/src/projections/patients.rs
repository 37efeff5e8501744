//! Which patient identifiers were retired, and in whose favour.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::domain::events::IdentifierRetired;

pub(super) fn apply(tables: &Transaction<'_>, retired: &IdentifierRetired) -> Result<(), rusqlite::Error> {
    tables.prepare_cached("INSERT OR REPLACE INTO retired_identifier VALUES (?1, ?2, ?3)")?.execute(
        params![
            retired.retired.key().to_string(),
            retired.survivor.key().to_string(),
            retired.survivor.id.reveal()
        ],
    )?;
    Ok(())
}

/// The identifier that stands at the end of the chain of merges; `None` when this one was never retired.
/// Two identifiers retired in each other's favour end the walk where it began.
pub(super) fn survivor(sql: &Connection, key: &str) -> Result<Option<String>, rusqlite::Error> {
    let mut seen = vec![key.to_owned()];
    let mut last = None;
    let mut next =
        sql.prepare_cached("SELECT survivor_key, survivor FROM retired_identifier WHERE retired = ?1")?;
    while let Some((key, id)) = next
        .query_row([seen.last()], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .optional()?
    {
        if seen.contains(&key) {
            break;
        }
        seen.push(key);
        last = Some(id);
    }
    Ok(last)
}
