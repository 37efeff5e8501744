//! The record of a data folder, read straight from its file: what a test says of it does not rest on our own code.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

/// One stored event.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Its place in the record.
    pub position: u64,
    /// Its stream, e.g. `track-…`.
    pub stream: String,
    /// Its stored type, e.g. `timer-fired`.
    pub kind: String,
    /// What it holds.
    pub data: Value,
}

impl Stored {
    /// The category of the stream: what stands before the first hyphen.
    pub fn category(&self) -> &str {
        self.stream.split_once('-').map_or(self.stream.as_str(), |(category, _)| category)
    }

    /// A field as text; empty when it is not there.
    pub fn text(&self, field: &str) -> &str {
        self.data[field].as_str().unwrap_or_default()
    }
}

/// Events of some categories behind a position, in order. A program may be running on the folder.
pub fn read(data: &Path, categories: &[&str], after: u64) -> Vec<Stored> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let file =
        Connection::open_with_flags(data.join("journal.sqlite"), flags).expect("the journal is a file");
    file.busy_timeout(std::time::Duration::from_secs(30)).expect("a time to wait");
    let mut statement = file
        .prepare(
            "SELECT event.position, stream.name, kind.name, event.data FROM event
             JOIN stream ON stream.id = event.stream JOIN kind ON kind.id = event.kind
             WHERE event.position > ?1 ORDER BY event.position",
        )
        .expect("the tables of the journal");
    let rows = statement
        .query_map([i64::try_from(after).expect("a position")], |row| {
            let position: i64 = row.get(0)?;
            Ok((position, row.get::<_, String>(1)?, row.get::<_, String>(2)?, row.get::<_, Vec<u8>>(3)?))
        })
        .expect("the journal can be read");
    let events = rows.map(|row| row.expect("a row")).filter_map(|(position, stream, kind, data)| {
        let category = stream.split_once('-').map_or(stream.as_str(), |(category, _)| category);
        categories.contains(&category).then(|| Stored {
            position: u64::try_from(position).expect("a position"),
            data: serde_json::from_slice(&data).expect("stored events are JSON"),
            stream,
            kind,
        })
    });
    events.collect()
}
