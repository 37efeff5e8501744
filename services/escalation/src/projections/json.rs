//! Values that are shown whole and never looked up by: JSON in a column.

use rusqlite::{Row, types::Type};
use serde::{Serialize, de::DeserializeOwned};

pub(crate) fn store(value: &impl Serialize) -> Result<String, rusqlite::Error> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

pub(crate) fn get<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, rusqlite::Error> {
    load(&row.get::<_, String>(column)?)
}

pub(crate) fn get_some<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> Result<Option<T>, rusqlite::Error> {
    row.get::<_, Option<String>>(column)?.as_deref().map(load).transpose()
}

fn load<T: DeserializeOwned>(stored: &str) -> Result<T, rusqlite::Error> {
    serde_json::from_str(stored)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}
