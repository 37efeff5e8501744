//! Whether the file holds what the journal promises, and how large it is.

use countersign_eventsourcing::journal::{JournalError, Position, StreamName};

use crate::{SqliteJournal, reader::Reader};

/// The first place where a stream is not what it must be: revisions 0, 1, 2, ... at growing positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamGap {
    /// The stream.
    pub stream: StreamName,
    /// The revision that should come next.
    pub expected: u64,
    /// The revision that comes next. Equal to `expected` when only its position is out of order.
    pub found: u64,
    /// Where it is.
    pub position: Position,
}

/// Size of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Events. Positions of this adapter have no gaps, so this is the head too.
    pub events: u64,
    /// Streams.
    pub streams: u64,
    /// Bytes of the file, without the log.
    pub file_bytes: u64,
    /// Bytes of the write-ahead log. It is kept for reuse when its content has been moved into the file.
    pub log_bytes: u64,
}

impl SqliteJournal {
    /// The first stream, in order of creation, whose revisions have a gap or go against the journal's order.
    /// `None` is what every sound journal answers. Reads the whole index of streams.
    pub async fn stream_gaps(&self) -> Result<Option<StreamGap>, JournalError> {
        self.readers().run(find_gap).await
    }

    /// `SQLite`'s own check of the file: its complaints, none when it is sound. Reads everything.
    pub async fn integrity_errors(&self) -> Result<Vec<String>, JournalError> {
        self.readers()
            .run(|reader| {
                let mut check = reader.connection().prepare("PRAGMA integrity_check")?;
                let lines: Vec<String> =
                    check.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
                Ok(lines.into_iter().filter(|line| line != "ok").collect())
            })
            .await
    }

    /// How large the journal is. Cheap at any size.
    pub async fn stats(&self) -> Result<Stats, JournalError> {
        let (events, streams) = self
            .readers()
            .run(|reader| {
                let count = |sql| reader.connection().prepare_cached(sql)?.query_row([], |row| row.get(0));
                // Nothing is ever removed, so the last number is the count.
                Ok((reader.head()?.0, count("SELECT coalesce(max(id), 0) FROM stream")?))
            })
            .await?;
        let mut log = self.file().as_os_str().to_owned();
        log.push("-wal");
        let size = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Ok(Stats { events, streams, file_bytes: size(self.file()), log_bytes: size(log.as_ref()) })
    }
}

fn find_gap(reader: &mut Reader) -> rusqlite::Result<Option<StreamGap>> {
    let connection = reader.connection();
    // All three columns are in the index of streams: the table itself is not read.
    let mut statement =
        connection.prepare("SELECT stream, revision, position FROM event ORDER BY stream, revision")?;
    let mut rows = statement.query([])?;
    let mut before: Option<(i64, u64, u64)> = None;
    while let Some(row) = rows.next()? {
        let (stream, found, position): (i64, u64, u64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (expected, after) = match before {
            Some((same, revision, position)) if same == stream => (revision + 1, position),
            _ => (0, 0),
        };
        if found != expected || position <= after {
            let name = connection.query_row("SELECT name FROM stream WHERE id = ?1", [stream], |row| {
                Ok(StreamName::from_stored(row.get_ref(0)?.as_str()?))
            })?;
            return Ok(Some(StreamGap { stream: name, expected, found, position: Position(position) }));
        }
        before = Some((stream, found, position));
    }
    Ok(None)
}
