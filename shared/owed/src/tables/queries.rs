//! What is asked of the tables.

use std::collections::BTreeSet;

use countersign_kernel::{DeficiencyId, EncounterId, Timestamp};
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension, Params, Row, named_params, params, types::Type};
use uuid::Uuid;

use super::{decode, key_from, root};
use crate::{
    directory::Directory,
    item::OwedItem,
    ledger::{Party, Touched},
};

const ITEM: &str = "SELECT i.changed, i.known_at, i.told_at, i.position FROM owed_item i";
/// From the provider to what they owe: `CROSS`, so that SQLite begins there. Left to itself it reads everything that is
/// open at the facility and asks of each whose it is.
macro_rules! of_provider {
    ($columns:literal, $which:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM owed_name n CROSS JOIN owed_item i ON i.named_id = n.id AND i.named_authority = n.authority
             WHERE n.provider = :provider AND ",
            $which
        )
    };
}

fn instant(row: &Row<'_>, column: usize) -> Result<Timestamp, rusqlite::Error> {
    row.get::<_, String>(column)?
        .parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

fn read(row: &Row<'_>) -> Result<OwedItem, rusqlite::Error> {
    Ok(OwedItem {
        changed: decode(&row.get::<_, String>(0)?)?,
        known_at: instant(row, 1)?,
        told_at: instant(row, 2)?,
        position: row.get(3)?,
    })
}

fn items(sql: &Connection, which: &str, parameters: impl Params) -> Result<Vec<OwedItem>, rusqlite::Error> {
    selected(sql, &format!("{ITEM} {which}"), parameters)
}

fn selected(
    sql: &Connection,
    statement: &str,
    parameters: impl Params,
) -> Result<Vec<OwedItem>, rusqlite::Error> {
    let mut items: Vec<OwedItem> =
        sql.prepare_cached(statement)?.query_map(parameters, read)?.collect::<Result<_, _>>()?;
    items.sort_by_key(|item| item.changed.id);
    Ok(items)
}

/// The item with this id.
pub fn item(sql: &Connection, id: DeficiencyId) -> Result<Option<OwedItem>, rusqlite::Error> {
    sql.prepare_cached(&format!("{ITEM} WHERE i.id = ?1"))?.query_row([id.to_string()], read).optional()
}

/// What [`items_of`] asks: shown for a test of its plan.
pub const ITEMS_OF: &str = of_provider!(
    "i.changed, i.known_at, i.told_at, i.position",
    "i.facility = :facility AND i.status IN ('open', 'dormant')"
);

/// What a provider owes at a facility, open and waiting for others, in order of ids.
pub fn items_of(sql: &Connection, provider: Uuid, facility: &str) -> Result<Vec<OwedItem>, rusqlite::Error> {
    let provider = root(sql, provider)?.to_string();
    selected(sql, ITEMS_OF, named_params! {":provider": provider, ":facility": facility})
}

/// The open ones of them.
pub fn open_items_of(
    sql: &Connection,
    provider: Uuid,
    facility: &str,
) -> Result<Vec<OwedItem>, rusqlite::Error> {
    let mut items = items_of(sql, provider, facility)?;
    items.retain(OwedItem::is_open);
    Ok(items)
}

/// What [`kinds_open_of`] asks: shown for a test of its plan. It is asked for every item that is closed.
pub const KINDS_OPEN_OF: &str = of_provider!(
    "DISTINCT i.rule, i.document_type",
    "i.facility = :facility AND i.status = 'open' AND i.chart_level = 0"
);

/// Rule and document type of what a provider has open at a facility, chart-level items apart: each kind once.
pub fn kinds_open_of(
    sql: &Connection,
    provider: Uuid,
    facility: &str,
) -> Result<BTreeSet<(String, String)>, rusqlite::Error> {
    let provider = root(sql, provider)?.to_string();
    sql.prepare_cached(KINDS_OPEN_OF)?
        .query_map(named_params! {":provider": provider, ":facility": facility}, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect()
}

/// Codes of the facilities at which a provider has something open.
pub fn facilities_of(sql: &Connection, provider: Uuid) -> Result<BTreeSet<String>, rusqlite::Error> {
    sql.prepare_cached(of_provider!("DISTINCT i.facility", "i.status = 'open'"))?
        .query_map(named_params! {":provider": root(sql, provider)?.to_string()}, |row| row.get(0))?
        .collect()
}

fn parties(
    sql: &Connection,
    which: &str,
    parameters: impl Params,
) -> Result<BTreeSet<Party>, rusqlite::Error> {
    let statement = format!(
        "SELECT DISTINCT n.provider, i.facility FROM owed_item i
         JOIN owed_name n ON n.id = i.named_id AND n.authority = i.named_authority WHERE {which}"
    );
    parties_in(sql, &statement, parameters)
}

fn parties_in(
    sql: &Connection,
    statement: &str,
    parameters: impl Params,
) -> Result<BTreeSet<Party>, rusqlite::Error> {
    sql.prepare_cached(statement)?
        .query_map(parameters, |row| {
            Ok(Party { provider: key_from(&row.get::<_, String>(0)?)?, facility: row.get(1)? })
        })?
        .collect()
}

/// Every provider with something open, at each facility.
pub fn parties_with_open_items(sql: &Connection) -> Result<BTreeSet<Party>, rusqlite::Error> {
    parties(sql, "i.status = 'open'", [])
}

/// The providers at their facilities whose ladder or digest an event may change, as
/// [`Owed::parties_of`](crate::Owed::parties_of) says.
pub fn parties_of(sql: &Connection, touched: &Touched) -> Result<BTreeSet<Party>, rusqlite::Error> {
    match touched {
        Touched::Item { parties, .. } => Ok(parties.clone()),
        Touched::Provider { keys } => {
            let mut found = BTreeSet::new();
            for key in keys {
                let key = root(sql, *key)?.to_string();
                let statement =
                    of_provider!("DISTINCT n.provider, i.facility", "i.status IN ('open', 'dormant')");
                found.append(&mut parties_in(sql, statement, named_params! {":provider": key})?);
            }
            Ok(found)
        }
        Touched::Facility { code } => {
            parties(sql, "i.facility = ?1 AND i.status IN ('open', 'dormant')", [code])
        }
        Touched::Department { .. } => Ok(BTreeSet::new()),
    }
}

/// Open items that nobody owes, chart-level ones apart, in order of ids.
pub fn unassigned(sql: &Connection) -> Result<Vec<OwedItem>, rusqlite::Error> {
    items(sql, "WHERE i.named_id IS NULL AND i.status = 'open' AND i.chart_level = 0", [])
}

/// Every item of a chart, in order of ids.
pub fn items_of_chart(sql: &Connection, encounter: EncounterId) -> Result<Vec<OwedItem>, rusqlite::Error> {
    items(sql, "WHERE i.encounter = ?1", [encounter.to_string()])
}

/// Open items about charts as a whole: the regulatory clock, in order of ids.
pub fn chart_level_items(sql: &Connection) -> Result<Vec<OwedItem>, rusqlite::Error> {
    items(sql, "WHERE i.chart_level = 1 AND i.status = 'open'", [])
}

/// What a provider had closed from an instant on up to but without another, by closing.
pub fn closed_between(
    sql: &Connection,
    provider: Uuid,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<OwedItem>, rusqlite::Error> {
    let provider = root(sql, provider)?.to_string();
    let mut closed = selected(
        sql,
        of_provider!("i.changed, i.known_at, i.told_at, i.position", "i.closed_at BETWEEN :from AND :until"),
        named_params! {
            ":provider": provider,
            ":from": from.as_microsecond(),
            ":until": until.as_microsecond(),
        },
    )?;
    // The column is cut to microseconds; the item is exact.
    closed.retain(|item| item.closed_at().is_some_and(|at| from <= at && at < until));
    closed.sort_by_key(|item| (item.closed_at(), item.changed.id));
    Ok(closed)
}

/// People and places, whole: some thousand records. `default_zone`: where days end at facilities that tell no zone.
pub fn directory(sql: &Connection, default_zone: TimeZone) -> Result<Directory, rusqlite::Error> {
    let mut directory = Directory::new(default_zone);
    let mut rows = sql.prepare_cached("SELECT described, position FROM owed_provider")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let position = row.get(1)?;
        directory.people.fold(decode(&row.get::<_, String>(0)?)?, position);
        directory.upto = directory.upto.max(position);
    }
    let mut rows = sql.prepare_cached("SELECT described, position FROM owed_facility")?;
    let mut rows = rows.query(params![])?;
    while let Some(row) = rows.next()? {
        let position = row.get(1)?;
        directory.places.fold_facility(decode(&row.get::<_, String>(0)?)?, position);
        directory.upto = directory.upto.max(position);
    }
    let mut rows = sql.prepare_cached("SELECT described, position FROM owed_department")?;
    let mut rows = rows.query(params![])?;
    while let Some(row) = rows.next()? {
        let position = row.get(1)?;
        directory.places.fold_department(decode(&row.get::<_, String>(0)?)?, position);
        directory.upto = directory.upto.max(position);
    }
    Ok(directory)
}
