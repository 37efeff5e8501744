//! Tables of the journal file, and how connections to it are set up.

use std::{fs::File, path::Path, thread, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, config::DbConfig};

use crate::{journal::OpenError, reader::stored};

/// "CSJ" and a byte of its own: tells a journal from any other `SQLite` file.
const APPLICATION_ID: i32 = 0x4353_4a01;

/// Version of the tables below. Stored format: version with care.
const VERSION: i32 = 1;

/// Names of streams, categories and kinds are kept once and are integers everywhere else, which makes the
/// indexes small: an append writes to the table and to all three of its indexes. Nothing may be changed or
/// removed, so the numbers may be cached for ever once they are committed.
///
/// `category` repeats what the stream says, because readers filter by it: the index holds the position too
/// (it is the row id), so that a filter is a walk along the index in the journal's order.
const TABLES: &str = "
CREATE TABLE category (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE kind (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE stream (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  category INTEGER NOT NULL REFERENCES category (id)
) STRICT;
CREATE TABLE event (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  stream INTEGER NOT NULL REFERENCES stream (id),
  revision INTEGER NOT NULL,
  category INTEGER NOT NULL REFERENCES category (id),
  kind INTEGER NOT NULL REFERENCES kind (id),
  id BLOB NOT NULL,
  metadata BLOB NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_by_stream ON event (stream, revision);
CREATE UNIQUE INDEX event_by_id ON event (id);
CREATE INDEX event_by_category ON event (category);
";

/// Every table refuses to be changed, whoever asks.
fn immutable(table: &str) -> String {
    ["UPDATE", "DELETE"]
        .map(|verb| {
            let name = verb.to_lowercase();
            format!(
                "CREATE TRIGGER {table}_refuses_{name} BEFORE {verb} ON {table}
                 BEGIN SELECT raise(ABORT, 'the journal is append-only: {verb} of {table} refused'); END;"
            )
        })
        .concat()
}

/// Opens the file for writing and creates the tables if they are not there.
pub(crate) fn open_writer(file: &Path, patience: Duration) -> Result<Connection, OpenError> {
    let mut connection = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    wait_when_busy(&mut connection, patience)?;
    write_ahead_log(&connection, patience)?;
    // FULL: a commit has reached the disk when it returns. macOS needs the stronger flush for the same.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // The writer checkpoints by itself, so that errors of it are seen (SQLite hides those of its own).
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What a burst has made large is given back once it has been checkpointed.
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    // KiB. Event ids are random, so their index is written all over: keep its pages.
    connection.pragma_update(None, "cache_size", -64 * 1024)?;
    // Dictionaries are filled before the rows that refer to them, in one transaction by one writer.
    connection.pragma_update(None, "foreign_keys", false)?;
    create_tables(&mut connection, file)?;
    Ok(connection)
}

/// Opens the file for reading. The writer must have created it.
pub(crate) fn open_reader(file: &Path, patience: Duration) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    wait_when_busy(&mut connection, patience)?;
    connection.pragma_update(None, "query_only", true)?;
    // Plans must not depend on what is bound: with statistics compiled in, SQLite otherwise prepares a statement
    // anew whenever a position or a limit is bound to it, which is for every page.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -8 * 1024)?;
    Ok(connection)
}

/// Limits the size of the file. `SQLite` refuses to grow beyond it as if the disk were full.
pub(crate) fn limit_size(connection: &Connection, bytes: u64) -> rusqlite::Result<()> {
    let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    connection.pragma_update_and_check(None, "max_page_count", stored(bytes / page), |_| Ok(()))
}

/// Waits in steps of a millisecond. `SQLite`'s own waiting grows to steps of a tenth of a second, in which
/// another process that writes all the time always comes first.
fn wait_when_busy(connection: &mut Connection, patience: Duration) -> rusqlite::Result<()> {
    let attempts = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
    connection.busy_handler(Some(move |attempt: i32| {
        thread::sleep(Duration::from_millis(1));
        attempt < attempts
    }))
}

/// Changing the journal mode does not wait for others by itself.
fn write_ahead_log(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    let mut left = patience.as_millis();
    loop {
        let changed =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match changed {
            Ok(_) => return Ok(()),
            Err(error) if left > 0 && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                thread::sleep(Duration::from_millis(1));
                left -= 1;
            }
            Err(error) => return Err(error),
        }
    }
}

fn create_tables(connection: &mut Connection, file: &Path) -> Result<(), OpenError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, version, tables) {
        (APPLICATION_ID, VERSION, _) => return Ok(()),
        (APPLICATION_ID, found, _) => return Err(OpenError::Version { found, known: VERSION }),
        (0, 0, 0) => {}
        _ => return Err(OpenError::Foreign),
    }
    transaction.execute_batch(TABLES)?;
    for table in ["category", "kind", "stream", "event"] {
        transaction.execute_batch(&immutable(table))?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    // The name of a new file must survive a loss of power as well as what is in it.
    if let Some(folder) = file.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(OpenError::Folder)?;
    }
    Ok(())
}
