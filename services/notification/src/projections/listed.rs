//! Lists that are read page by page: rows in an order, from where the page before ended.

use rusqlite::{Connection, Row, ToSql};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// Its rows.
    pub rows: Vec<T>,
    /// Where the next page begins; nothing: this is the last one.
    pub next: Option<String>,
    /// How many rows there are on all pages.
    pub total: u64,
}

/// Which end of the list comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// What is there for the longest time.
    Oldest,
    /// What came last.
    Latest,
}

/// A list: parts of a statement, written here in the program, and values for its first parameters.
pub(super) struct List<'a> {
    pub(super) columns: &'a str,
    pub(super) tables: &'a str,
    pub(super) wanted: &'a str,
    pub(super) values: &'a [&'a dyn ToSql],
    /// The instant by which rows are ordered.
    pub(super) by: &'a str,
    /// What names a row, as a text: it decides between rows of the same instant, and with the instant it is the cursor.
    pub(super) id: &'a str,
    pub(super) order: Order,
}

impl List<'_> {
    /// The rows after the cursor, which is the `next` of the page before.
    pub(super) fn page<T>(
        &self,
        sql: &Connection,
        limit: usize,
        after: Option<&str>,
        read: impl Fn(&Row<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<Listed<T>, rusqlite::Error> {
        let Self { columns, tables, wanted, values, by, id, order } = self;
        let total: i64 = sql
            .prepare_cached(&format!("SELECT count(*) FROM {tables} WHERE {wanted}"))?
            .query_row(*values, |row| row.get(0))?;
        let (direction, beyond) = match order {
            Order::Oldest => ("ASC", ">"),
            Order::Latest => ("DESC", "<"),
        };
        let (at, name) = after.map_or(Ok((None, None)), |cursor| {
            let (at, name) = cursor.split_once('~').ok_or(rusqlite::Error::InvalidQuery)?;
            let at: i64 = at.parse().map_err(|_| rusqlite::Error::InvalidQuery)?;
            Ok::<_, rusqlite::Error>((Some(at), Some(name)))
        })?;
        let first = values.len() + 1;
        let (second, third) = (first + 1, first + 2);
        let statement = format!(
            "SELECT {columns}, {by} || '~' || {id} AS cursor_of_row FROM {tables} WHERE {wanted}
             AND (?{first} IS NULL OR ({by}, {id}) {beyond} (?{first}, ?{second}))
             ORDER BY {by} {direction}, {id} {direction} LIMIT ?{third}"
        );
        let most = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
        let mut all: Vec<&dyn ToSql> = values.to_vec();
        all.extend([&at as &dyn ToSql, &name, &most]);
        let mut rows: Vec<(T, String)> = sql
            .prepare_cached(&statement)?
            .query_map(all.as_slice(), |row| Ok((read(row)?, row.get("cursor_of_row")?)))?
            .collect::<Result<_, _>>()?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|(_, cursor)| cursor.clone());
        let rows = rows.into_iter().map(|(row, _)| row).collect();
        Ok(Listed { rows, next, total: u64::try_from(total).unwrap_or_default() })
    }
}

/// Texts as a statement takes several of them. There is no other answer than all of them: none stands for every facility.
pub(super) fn as_json(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

/// Whether a text can be the cursor of such a list: an instant and the name of a row.
pub fn is_cursor(text: &str) -> bool {
    text.split_once('~').is_some_and(|(at, name)| at.parse::<i64>().is_ok() && !name.is_empty())
}
