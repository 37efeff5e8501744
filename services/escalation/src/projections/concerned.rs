//! Whom an event concerned, as it was folded: those who owe an item and those who owed it before. A consumer that comes
//! later could not tell any more.

use std::collections::BTreeSet;

use countersign_eventsourcing::{journal::Position, projection::ProjectionError};
use countersign_owed::{Party, Touched, tables};
use rusqlite::{Connection, Transaction, params};

/// Positions for which whom they concerned is kept, at least: a consumer is not that far behind the read model, or it
/// looks at everybody.
pub const KEPT: u64 = 2_000_000;

pub(super) fn note(
    transaction: &Transaction<'_>,
    position: Position,
    touched: &[Touched],
) -> Result<(), ProjectionError> {
    let mut concerned: BTreeSet<Party> = BTreeSet::new();
    for touched in touched {
        concerned.append(&mut tables::parties_of(transaction, touched)?);
        if let Touched::Provider { keys } = touched {
            // Somebody who owes nothing any more may have a track under the key.
            for key in keys {
                concerned.append(&mut of_tracks(transaction, &key.to_string())?);
            }
        }
    }
    let mut insert = transaction.prepare_cached("INSERT OR IGNORE INTO concerned VALUES (?1, ?2, ?3)")?;
    for party in concerned {
        insert.execute(params![position.0, party.provider.to_string(), party.facility])?;
    }
    if position.0.is_multiple_of(1024) {
        transaction
            .prepare_cached("DELETE FROM concerned WHERE position < ?1")?
            .execute([position.0.saturating_sub(KEPT)])?;
    }
    Ok(())
}

fn party(row: &rusqlite::Row<'_>) -> Result<Party, rusqlite::Error> {
    let provider = row.get::<_, String>(0)?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?;
    Ok(Party { provider, facility: row.get(1)? })
}

fn of_tracks(sql: &Connection, key: &str) -> Result<BTreeSet<Party>, rusqlite::Error> {
    sql.prepare_cached("SELECT provider_key, facility FROM track WHERE provider_key = ?1")?
        .query_map([key], party)?
        .collect()
}

/// Whom the event at a position concerned.
pub fn concerned(sql: &Connection, position: u64) -> Result<BTreeSet<Party>, rusqlite::Error> {
    sql.prepare_cached("SELECT provider, facility FROM concerned WHERE position = ?1")?
        .query_map([position], party)?
        .collect()
}

/// Everybody with something open, or with a track.
pub fn everybody(sql: &Connection) -> Result<BTreeSet<Party>, rusqlite::Error> {
    let mut everybody = tables::parties_with_open_items(sql)?;
    let with_track: BTreeSet<Party> = sql
        .prepare_cached("SELECT provider_key, facility FROM track")?
        .query_map([], party)?
        .collect::<Result<_, _>>()?;
    everybody.extend(with_track);
    Ok(everybody)
}
