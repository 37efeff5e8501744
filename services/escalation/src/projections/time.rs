//! Instants in tables: whole microseconds since 1970-01-01T00:00:00Z, so that order is the order of numbers.

use countersign_kernel::Timestamp;
use rusqlite::{Row, types::Type};

pub(crate) fn store(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(crate) fn store_some(at: Option<Timestamp>) -> Option<i64> {
    at.map(store)
}

pub(crate) fn load(stored: i64) -> Result<Timestamp, rusqlite::Error> {
    Timestamp::from_microsecond(stored)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Integer, Box::new(error)))
}

pub(crate) fn get(row: &Row<'_>, column: &str) -> Result<Timestamp, rusqlite::Error> {
    load(row.get(column)?)
}

pub(crate) fn get_some(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>, rusqlite::Error> {
    row.get::<_, Option<i64>>(column)?.map(load).transpose()
}
