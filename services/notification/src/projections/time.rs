//! Instants in tables: whole microseconds since 1970-01-01T00:00:00Z, so that order is the order of numbers.

use countersign_kernel::Timestamp;
use rusqlite::types::Type;

pub(super) fn store(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(super) fn load(column: usize, stored: i64) -> Result<Timestamp, rusqlite::Error> {
    Timestamp::from_microsecond(stored)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error)))
}

pub(super) fn get(row: &rusqlite::Row<'_>, column: &str) -> Result<Timestamp, rusqlite::Error> {
    load(0, row.get(column)?)
}

pub(super) fn get_some(row: &rusqlite::Row<'_>, column: &str) -> Result<Option<Timestamp>, rusqlite::Error> {
    row.get::<_, Option<i64>>(column)?.map(|stored| load(0, stored)).transpose()
}
