//! The fold as tables inside a service's own read model. A projection puts [`SCHEMA`] and [`INDEXES`] beside its own
//! tables (all names begin with `owed_`), hands its events to [`apply_recorded`], and admits
//! `publishers.filter_for(&CATEGORIES)` beside its own categories. What is asked is answered as by
//! [`Owed`](crate::Owed): the same events make the same answers.

mod queries;

use std::collections::{BTreeMap, BTreeSet};

use countersign_contracts::{
    Envelope, EnvelopeError,
    deficiency::DeficiencyChanged,
    directory::{DepartmentDescribed, FacilityDescribed, ProviderDescribed},
};
use countersign_eventsourcing::{
    journal::{JournalError, Position, RecordedEvent},
    projection::ProjectionError,
    publish::Publishers,
};
use countersign_kernel::{ProviderId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params, types::Type};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

pub use queries::{
    ITEMS_OF, KINDS_OPEN_OF, chart_level_items, closed_between, directory, facilities_of, item, items_of,
    items_of_chart, kinds_open_of, open_items_of, parties_of, parties_with_open_items, unassigned,
};

use crate::{
    item::OwedItem,
    ledger::{Party, Touched},
    people::{Claims, choose, follow, identifiers},
};

/// The tables, with what [`apply`] looks things up by.
pub const SCHEMA: &str = include_str!("schema.sql");
/// Indexes that only queries need.
pub const INDEXES: &str = include_str!("indexes.sql");

fn undecodable(error: EnvelopeError, position: u64) -> ProjectionError {
    let EnvelopeError { kind, reason, .. } = error;
    ProjectionError::Event(JournalError::Undecodable { position: Position(position), kind, reason })
}

fn decode<T: DeserializeOwned>(text: &str) -> Result<T, rusqlite::Error> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

fn encode(value: &impl Serialize) -> Result<String, rusqlite::Error> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn key_from(text: &str) -> Result<Uuid, rusqlite::Error> {
    Uuid::parse_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

/// Folds what a stored event says to the neighbours.
///
/// # Errors
/// The event is not what its type promises, or the tables refuse.
pub fn apply_recorded(
    tables: &Transaction<'_>,
    publishers: &Publishers,
    event: &RecordedEvent,
) -> Result<Vec<Touched>, ProjectionError> {
    let mut touched = Vec::new();
    for envelope in publishers.publish(event)? {
        touched.extend(apply(tables, &envelope)?);
    }
    Ok(touched)
}

/// Folds one event. `None`: it is of another type, or was folded already.
///
/// # Errors
/// The event is not what its type promises, or the tables refuse.
pub fn apply(tables: &Transaction<'_>, event: &Envelope) -> Result<Option<Touched>, ProjectionError> {
    let failed = |error| undecodable(error, event.position);
    match event.kind.as_str() {
        DeficiencyChanged::TYPE => {
            let changed = event.decode().map_err(failed)?;
            Ok(apply_item(tables, event, changed)?)
        }
        ProviderDescribed::TYPE => {
            let described = event.decode().map_err(failed)?;
            Ok(apply_provider(tables, &described, event.position)?)
        }
        FacilityDescribed::TYPE => {
            let described: FacilityDescribed = event.decode().map_err(failed)?;
            let changed = tables
                .prepare_cached(
                    "INSERT INTO owed_facility VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE
                     SET position = ?2, described = ?3 WHERE position < ?2",
                )?
                .execute(params![described.code, event.position, encode(&described)?])?;
            Ok((changed > 0).then_some(Touched::Facility { code: described.code }))
        }
        DepartmentDescribed::TYPE => {
            let described: DepartmentDescribed = event.decode().map_err(failed)?;
            let effective_at = described.effective_at.map(|at| at.to_string()).unwrap_or_default();
            let changed = tables
                .prepare_cached(
                    "INSERT INTO owed_department VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE
                     SET position = ?4, described = ?5 WHERE position < ?4",
                )?
                .execute(params![
                    described.facility,
                    described.code,
                    effective_at,
                    event.position,
                    encode(&described)?
                ])?;
            let DepartmentDescribed { facility, code, .. } = described;
            Ok((changed > 0).then_some(Touched::Department { facility, code }))
        }
        _ => Ok(None),
    }
}

fn apply_item(
    tables: &Transaction<'_>,
    event: &Envelope,
    changed: DeficiencyChanged,
) -> Result<Option<Touched>, rusqlite::Error> {
    let id = changed.id;
    let before = item(tables, id)?;
    if before.as_ref().is_some_and(|known| known.position >= event.position) {
        return Ok(None);
    }
    let known_at = before.as_ref().map_or(event.time, |known| known.known_at);
    let item = OwedItem { changed, known_at, told_at: event.time, position: event.position };
    let mut parties = BTreeSet::new();
    let was = before.as_ref().and_then(OwedItem::named);
    if let (Some(before), Some(was)) = (&before, &was) {
        let facility = before.changed.facility.clone();
        parties.insert(Party { provider: known_as(tables, was)?, facility });
    }
    let name = item.named();
    tables
        .prepare_cached(
            "INSERT OR REPLACE INTO owed_item
             (id, encounter, facility, named_id, named_authority, status, chart_level, rule, document_type, closed_at,
              known_at, told_at, position, changed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?
        .execute(params![
            id.to_string(),
            item.changed.encounter.to_string(),
            item.changed.facility,
            name.as_ref().map(|name| &name.id),
            name.as_ref().map(|name| &name.authority),
            item.changed.status.name(),
            item.is_chart_level(),
            item.changed.rule,
            item.changed.document_type,
            item.closed_at().map(Timestamp::as_microsecond),
            item.known_at.to_string(),
            item.told_at.to_string(),
            item.position,
            encode(&item.changed)?,
        ])?;
    if let Some(was) = was.filter(|was| name.as_ref() != Some(was)) {
        tables
            .prepare_cached(
                "DELETE FROM owed_name WHERE id = ?1 AND authority = ?2 AND NOT EXISTS
                 (SELECT 1 FROM owed_item WHERE named_id = ?1 AND named_authority = ?2)",
            )?
            .execute([&was.id, &was.authority])?;
    }
    if let Some(name) = &name {
        let provider = known_as(tables, name)?;
        tables.prepare_cached("INSERT OR REPLACE INTO owed_name VALUES (?1, ?2, ?3)")?.execute(params![
            name.id,
            name.authority,
            provider.to_string()
        ])?;
        parties.insert(Party { provider, facility: item.changed.facility.clone() });
    }
    Ok(Some(Touched::Item { id, parties }))
}

fn apply_provider(
    tables: &Transaction<'_>,
    described: &ProviderDescribed,
    position: u64,
) -> Result<Option<Touched>, rusqlite::Error> {
    let key = described.key;
    let mut keys: BTreeSet<Uuid> = [key, root(tables, key)?].into();
    let before: Option<(u64, String)> = tables
        .prepare_cached("SELECT position, described FROM owed_provider WHERE provider = ?1")?
        .query_row([key.to_string()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if before.as_ref().is_some_and(|(told, _)| *told >= position) {
        return Ok(None);
    }
    let before: Option<ProviderDescribed> = before.map(|(_, text)| decode(&text)).transpose()?;
    tables.prepare_cached("INSERT OR REPLACE INTO owed_provider VALUES (?1, ?2, ?3, ?4)")?.execute(
        params![
            key.to_string(),
            described.merged_into.map(|into| into.to_string()),
            position,
            encode(described)?
        ],
    )?;
    tables.prepare_cached("DELETE FROM owed_identifier WHERE provider = ?1")?.execute([key.to_string()])?;
    let mut claim = tables.prepare_cached("INSERT OR IGNORE INTO owed_identifier VALUES (?1, ?2, ?3)")?;
    for id in identifiers(described) {
        claim.execute(params![id.id, id.authority, key.to_string()])?;
    }
    keys.insert(root(tables, key)?);
    let merge_is_news = before.as_ref().and_then(|known| known.merged_into) != described.merged_into;
    let affected = if merge_is_news {
        all_names(tables)?
    } else {
        let ids: BTreeSet<&str> = before
            .iter()
            .chain([described])
            .flat_map(identifiers)
            .map(|identifier| identifier.id.as_str())
            .collect();
        let mut affected = Vec::new();
        for id in ids {
            affected.extend(names_with(tables, id)?);
        }
        affected
    };
    let mut rename =
        tables.prepare_cached("UPDATE owed_name SET provider = ?3 WHERE id = ?1 AND authority = ?2")?;
    for (name, was) in affected {
        let is = known_as(tables, &name)?;
        if was != is {
            rename.execute(params![name.id, name.authority, is.to_string()])?;
            keys.extend([was, is]);
        }
    }
    Ok(Some(Touched::Provider { keys }))
}

fn name(row: &Row<'_>) -> Result<(ProviderId, Uuid), rusqlite::Error> {
    let name = ProviderId { id: row.get(0)?, authority: row.get(1)? };
    Ok((name, key_from(&row.get::<_, String>(2)?)?))
}

/// Every identifier under which somebody owes something, with whom it meant so far.
fn all_names(sql: &Connection) -> Result<Vec<(ProviderId, Uuid)>, rusqlite::Error> {
    sql.prepare_cached("SELECT id, authority, provider FROM owed_name")?.query_map([], name)?.collect()
}

/// The same, of those that read so under whatever authority.
fn names_with(sql: &Connection, id: &str) -> Result<Vec<(ProviderId, Uuid)>, rusqlite::Error> {
    sql.prepare_cached("SELECT id, authority, provider FROM owed_name WHERE id = ?1")?
        .query_map([id], name)?
        .collect()
}

/// The record that remains after all merges.
fn root(sql: &Connection, key: Uuid) -> Result<Uuid, rusqlite::Error> {
    let mut select = sql.prepare_cached("SELECT merged_into FROM owed_provider WHERE provider = ?1")?;
    follow(key, |key| {
        let into: Option<Option<String>> =
            select.query_row([key.to_string()], |row| row.get(0)).optional()?;
        into.flatten().map(|text| key_from(&text)).transpose()
    })
}

/// The key of the provider that goes by an identifier now.
fn known_as(sql: &Connection, name: &ProviderId) -> Result<Uuid, rusqlite::Error> {
    let mut claims = Claims::new();
    let mut select = sql.prepare_cached("SELECT authority, provider FROM owed_identifier WHERE id = ?1")?;
    let mut rows = select.query([&name.id])?;
    let mut roots = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let key = key_from(&row.get::<_, String>(1)?)?;
        claims.entry(row.get(0)?).or_default().insert(key);
        roots.insert(key, root(sql, key)?);
    }
    Ok(choose(name, Some(&claims), |key| roots.get(&key).copied().unwrap_or(key)))
}

/// Lets go of items that closed before an instant.
///
/// # Errors
/// The tables refuse.
pub fn forget_closed_before(tables: &Transaction<'_>, at: Timestamp) -> Result<(), rusqlite::Error> {
    tables
        .prepare_cached("DELETE FROM owed_item WHERE closed_at IS NOT NULL AND closed_at < ?1")?
        .execute([at.as_microsecond()])?;
    tables
        .prepare_cached(
            "DELETE FROM owed_name WHERE NOT EXISTS
             (SELECT 1 FROM owed_item WHERE named_id = owed_name.id AND named_authority = owed_name.authority)",
        )?
        .execute([])?;
    Ok(())
}
