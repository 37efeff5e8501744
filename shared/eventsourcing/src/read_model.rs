//! The file behind a projection: opened, brought up to date, rebuilt beside the old one, and proved equal to
//! a fold of the journal from zero.
//!
//! A read model is local to its process and may be deleted at any time. Its checkpoint moves in the
//! transaction of its rows, so after a crash it goes on exactly where its rows end.

mod error;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use rusqlite::{Connection, OpenFlags, Transaction, params};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    time::Instant,
};
use tracing::Span;

pub use error::ReadModelError;

use crate::{
    journal::{Batch, Journal, Position, RecordedEvent},
    projection::Projection,
};

/// Events folded in one transaction when a model is brought up to date or rebuilt.
const PAGE: usize = 4096;
/// From one transaction to the next, at least, while a model follows the journal: under load a few larger ones
/// cost far less than many small ones. The first event after a pause never waits.
const BREATH: Duration = Duration::from_millis(5);
/// A transaction that took longer than half of that is followed by a rest as long as itself, up to this: so models that
/// lag a little share the machine with what they lag behind.
const LONGEST_REST: Duration = Duration::from_millis(20);

/// Queries that run at once; others wait their turn. Each has a connection with pages of its own, and a thread: without a
/// limit a consumer that works through all its partitions at once leaves dozens of them behind.
const AT_ONCE: usize = 8;

/// Makes the span under which an event is folded, from the name of the read model's step and the event's W3C
/// trace context.
pub type SpanOf = fn(&'static str, Option<&str>) -> Span;

struct Writer {
    connection: Connection,
    projection: Box<dyn Projection>,
    span_of: Option<SpanOf>,
}

/// A projection with its file.
pub struct ReadModel {
    name: &'static str,
    path: PathBuf,
    writer: Arc<Mutex<Writer>>,
    readers: Mutex<Vec<Connection>>,
    turns: Arc<Semaphore>,
    applied: watch::Sender<Position>,
    stopped: Mutex<Option<String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `<folder>/<name>.v<version>.db`
fn file_of(folder: &Path, projection: &dyn Projection) -> PathBuf {
    folder.join(format!("{}.v{}.db", projection.name(), projection.version()))
}

fn open_writer(path: &Path, projection: &dyn Projection) -> Result<Connection, ReadModelError> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 10000;
         PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    if !connection.table_exists(None, "checkpoint")? {
        create_tables(&connection, projection, projection.indexes())?;
    }
    Ok(connection)
}

fn create_tables(
    connection: &Connection,
    projection: &dyn Projection,
    indexes: &str,
) -> Result<(), rusqlite::Error> {
    connection.execute_batch(&format!(
        "BEGIN;
         {}
         {indexes}
         CREATE TABLE checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), position INTEGER NOT NULL);
         INSERT INTO checkpoint VALUES (1, 0);
         COMMIT;",
        projection.schema()
    ))
}

fn checkpoint_of(connection: &Connection) -> Result<Position, rusqlite::Error> {
    connection
        .prepare_cached("SELECT position FROM checkpoint")?
        .query_row([], |row| row.get(0))
        .map(Position)
}

/// Folds a batch into the tables and moves the checkpoint, all in one transaction.
fn fold(
    tables: &Transaction<'_>,
    projection: &mut dyn Projection,
    span_of: Option<SpanOf>,
    batch: &Batch,
) -> Result<(), ReadModelError> {
    let name = projection.name();
    let stopped = |position| move |source| ReadModelError::Stopped { name, position, source };
    let before = checkpoint_of(tables)?;
    for event in batch.events.iter().filter(|event| event.position > before) {
        let span = span_of.and_then(|span_of| Some(span_of("read_model.apply", Some(&traceparent(event)?))));
        let _entered = span.as_ref().map(Span::enter);
        projection.apply(tables, event).map_err(stopped(event.position))?;
    }
    projection.settle(tables).map_err(stopped(batch.upto))?;
    tables
        .prepare_cached("UPDATE checkpoint SET position = max(position, ?1)")?
        .execute(params![batch.upto.0])?;
    Ok(())
}

impl Writer {
    fn apply(&mut self, batch: &Batch) -> Result<(), ReadModelError> {
        let Self { connection, projection, span_of } = self;
        let tables = connection.transaction()?;
        fold(&tables, projection.as_mut(), *span_of, batch)?;
        tables.commit()?;
        Ok(())
    }
}

/// The event's trace context. Few events have one, so the metadata is decoded only where the word occurs.
fn traceparent(event: &RecordedEvent) -> Option<String> {
    const WORD: &[u8] = b"traceparent";
    event
        .metadata
        .windows(WORD.len())
        .any(|window| window == WORD)
        .then(|| event.metadata().ok()?.traceparent)?
}

/// What a rebuild or a catch-up did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Folded {
    /// Events applied.
    pub events: u64,
    /// The model's new checkpoint.
    pub upto: Position,
}

impl ReadModel {
    /// Opens the model's file in `folder`, making an empty one when there is none of this version. Models of
    /// older versions are left alone for a roll-back, but for those older than the one before.
    pub fn open(folder: &Path, projection: Box<dyn Projection>) -> Result<Self, ReadModelError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| ReadModelError::File { path: folder.to_owned(), source })?;
        let path = file_of(folder, projection.as_ref());
        let connection = open_writer(&path, projection.as_ref())?;
        let applied = watch::Sender::new(checkpoint_of(&connection)?);
        for version in 1..projection.version().saturating_sub(1) {
            remove_database(&folder.join(format!("{}.v{version}.db", projection.name())))?;
        }
        Ok(Self {
            name: projection.name(),
            path,
            writer: Arc::new(Mutex::new(Writer { connection, projection, span_of: None })),
            readers: Mutex::default(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            applied,
            stopped: Mutex::default(),
        })
    }

    /// Joins the folding of traced events to their trace.
    #[must_use]
    pub fn traced(self, span_of: SpanOf) -> Self {
        lock(&self.writer).span_of = Some(span_of);
        self
    }

    /// The projection's name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How far the journal has been folded.
    pub fn position(&self) -> Position {
        *self.applied.borrow()
    }

    /// Why the model stands still, if it does.
    pub fn stopped(&self) -> Option<String> {
        lock(&self.stopped).clone()
    }

    /// Waits until the journal has been folded up to `position`, at most for `limit`. `false` when it took
    /// longer.
    pub async fn wait_for(&self, position: Position, limit: Duration) -> bool {
        let mut applied = self.applied.subscribe();
        tokio::time::timeout(limit, applied.wait_for(|now| *now >= position)).await.is_ok_and(|r| r.is_ok())
    }

    /// A signal for every batch that was folded.
    pub fn changes(&self) -> watch::Receiver<Position> {
        self.applied.subscribe()
    }

    async fn apply(&self, batch: Batch) -> Result<(), ReadModelError> {
        let upto = batch.upto;
        let writer = Arc::clone(&self.writer);
        let result = tokio::task::spawn_blocking(move || lock(&writer).apply(&batch))
            .await
            .map_err(|_| ReadModelError::Interrupted)?;
        if let Err(error) = &result {
            *lock(&self.stopped) = Some(error.to_string());
        } else {
            self.applied.send_if_modified(|now| {
                let moved = upto > *now;
                *now = (*now).max(upto);
                moved
            });
        }
        result
    }

    fn filter(&self) -> crate::journal::Filter {
        lock(&self.writer).projection.filter()
    }

    /// Folds everything that the journal holds now, and returns.
    pub async fn catch_up(&self, journal: &dyn Journal) -> Result<Folded, ReadModelError> {
        let mut folded = Folded { events: 0, upto: self.position() };
        loop {
            let batch = journal.read_all(folded.upto, self.filter(), PAGE).await?;
            let done = batch.caught_up;
            folded = Folded { events: folded.events + batch.events.len() as u64, upto: batch.upto };
            self.apply(batch).await?;
            if done {
                return Ok(folded);
            }
        }
    }

    /// Folds the journal for as long as the process lives. Ends only with an event that cannot be applied.
    pub async fn follow(&self, journal: &dyn Journal) -> Result<(), ReadModelError> {
        let mut batches = journal.subscribe(self.position(), self.filter());
        while let Some(batch) = batches.next().await {
            match batch {
                Ok(batch) => {
                    let (began, caught_up) = (Instant::now(), batch.caught_up);
                    self.apply(batch).await?;
                    if caught_up {
                        let took = began.elapsed();
                        tokio::time::sleep_until(began + BREATH.max(took + took.min(LONGEST_REST))).await;
                    }
                }
                Err(error) => tracing::warn!(read_model = self.name, %error, "journal interrupted, waiting"),
            }
        }
        Ok(())
    }

    /// Runs a query on a connection that can only read. Off the asynchronous workers.
    pub async fn query<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, ReadModelError> {
        let model = Arc::clone(self);
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| ReadModelError::Interrupted)?;
        tokio::task::spawn_blocking(move || {
            // Also when whoever asked has given up: until the connection is back.
            let _turn = turn;
            model.query_blocking(query)
        })
        .await
        .map_err(|_| ReadModelError::Interrupted)?
    }

    /// Runs a query on the present thread.
    pub fn query_blocking<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, ReadModelError> {
        let pooled = lock(&self.readers).pop();
        let connection = match pooled {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        // One snapshot for all statements of the query, so that its numbers agree with each other.
        connection.execute_batch("BEGIN")?;
        let result = query(&connection);
        connection.execute_batch("COMMIT")?;
        lock(&self.readers).push(connection);
        Ok(result?)
    }

    /// Builds the model anew beside the old file and puts it in its place when complete. No other process
    /// may have the folder open. `progress` is told the position reached.
    pub async fn rebuild(
        folder: &Path,
        projection: Box<dyn Projection>,
        journal: &dyn Journal,
        progress: impl FnMut(Position) + Send,
    ) -> Result<Folded, ReadModelError> {
        let path = file_of(folder, projection.as_ref());
        // A service that has never run here has no folder yet.
        std::fs::create_dir_all(folder)
            .map_err(|source| ReadModelError::File { path: folder.to_owned(), source })?;
        let beside = path.with_extension("db.building");
        let folded = build(&beside, projection, journal, None, progress).await?;
        remove_database(&path)?;
        std::fs::rename(&beside, &path).map_err(|source| ReadModelError::File { path, source })?;
        Ok(folded)
    }

    /// Folds the journal from zero into a second file and compares every row of every table. The answer is
    /// the first difference, or `None` when the model is what the journal says.
    pub async fn difference(
        &self,
        fresh: Box<dyn Projection>,
        journal: &dyn Journal,
    ) -> Result<Option<String>, ReadModelError> {
        let beside = self.path.with_extension("db.verifying");
        build(&beside, fresh, journal, Some(self.position()), |_| ()).await?;
        let result = self.query_blocking(|mine| {
            let other = Connection::open_with_flags(&beside, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            first_difference(mine, &other)
        });
        remove_database(&beside)?;
        result
    }
}

fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute_batch(
        "PRAGMA query_only = ON; PRAGMA busy_timeout = 10000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn remove_database(path: &Path) -> Result<(), ReadModelError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(ReadModelError::File { path: name.into(), source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// Builds a model in a file of its own. One thread reads ahead while another folds.
async fn build(
    path: &Path,
    projection: Box<dyn Projection>,
    journal: &dyn Journal,
    upto: Option<Position>,
    mut progress: impl FnMut(Position) + Send,
) -> Result<Folded, ReadModelError> {
    remove_database(path)?;
    let filter = projection.filter();
    let (pages, to_fold) = mpsc::channel(2);
    let file = path.to_owned();
    let folding = tokio::task::spawn_blocking(move || fold_all(&file, projection, to_fold));
    let mut folded = Folded { events: 0, upto: Position::START };
    loop {
        let mut batch = journal.read_all(folded.upto, filter.clone(), PAGE).await?;
        let mut done = batch.caught_up;
        if let Some(limit) = upto.filter(|limit| batch.upto >= *limit) {
            batch.events.retain(|event| event.position <= limit);
            batch.upto = limit;
            done = true;
        }
        folded = Folded { events: folded.events + batch.events.len() as u64, upto: batch.upto };
        // Nobody takes it any more: folding has failed, and says why.
        done |= pages.send(batch).await.is_err();
        progress(folded.upto);
        if done {
            break;
        }
    }
    drop(pages);
    folding.await.map_err(|_| ReadModelError::Interrupted)??;
    Ok(folded)
}

/// Folds everything that comes into a new file, in one transaction: it is thrown away after a crash, so there
/// is nothing to protect before it is complete.
fn fold_all(
    path: &Path,
    mut projection: Box<dyn Projection>,
    mut pages: mpsc::Receiver<Batch>,
) -> Result<(), ReadModelError> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -131072;
         PRAGMA temp_store = MEMORY; PRAGMA locking_mode = EXCLUSIVE;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    create_tables(&connection, projection.as_ref(), "")?;
    let tables = connection.transaction()?;
    while let Some(batch) = pages.blocking_recv() {
        fold(&tables, projection.as_mut(), None, &batch)?;
    }
    tables.execute_batch(projection.indexes())?;
    tables.commit()?;
    connection.execute_batch(
        "PRAGMA locking_mode = NORMAL; PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL;",
    )?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

fn tables_of(connection: &Connection) -> Result<Vec<(String, String)>, rusqlite::Error> {
    connection
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn first_difference(mine: &Connection, fresh: &Connection) -> Result<Option<String>, rusqlite::Error> {
    let tables = tables_of(mine)?;
    if tables != tables_of(fresh)? {
        return Ok(Some("the tables themselves differ".to_owned()));
    }
    for (table, _) in tables {
        let columns: Vec<String> = mine
            .prepare("SELECT name FROM pragma_table_info(?1)")?
            .query_map([&table], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let order: Vec<String> = (1..=columns.len()).map(|n| n.to_string()).collect();
        let sql = format!("SELECT * FROM \"{table}\" ORDER BY {}", order.join(", "));
        let (mut left, mut right) = (mine.prepare(&sql)?, fresh.prepare(&sql)?);
        let (mut left, mut right) = (left.query([])?, right.query([])?);
        for number in 1.. {
            let (a, b) = (left.next()?, right.next()?);
            match (a, b) {
                (None, None) => break,
                (Some(_), None) => {
                    return Ok(Some(format!("table {table} has more rows than the journal says")));
                }
                (None, Some(_)) => {
                    return Ok(Some(format!("table {table} has fewer rows than the journal says")));
                }
                (Some(a), Some(b)) => {
                    for (index, column) in columns.iter().enumerate() {
                        if a.get_ref(index)? != b.get_ref(index)? {
                            // The values may be patient data: the place is enough to find them.
                            return Ok(Some(format!("table {table}, row {number}, column {column} differs")));
                        }
                    }
                }
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::projection::ProjectionError;

    struct Nothing;

    impl Projection for Nothing {
        fn name(&self) -> &'static str {
            "nothing"
        }

        fn version(&self) -> u32 {
            1
        }

        fn filter(&self) -> crate::journal::Filter {
            crate::journal::Filter::All
        }

        fn schema(&self) -> &'static str {
            "CREATE TABLE entry (id INTEGER PRIMARY KEY);"
        }

        fn apply(&mut self, _: &Transaction<'_>, _: &RecordedEvent) -> Result<(), ProjectionError> {
            Ok(())
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn however_many_ask_at_once_a_few_connections_answer_all_of_them() {
        // given
        let folder = tempfile::tempdir().expect("a folder");
        let model = Arc::new(ReadModel::open(folder.path(), Box::new(Nothing)).expect("the model"));
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        // when two hundred ask, and some give up
        let asking = (0..200).map(|number| {
            let (model, now, most) = (Arc::clone(&model), Arc::clone(&now), Arc::clone(&most));
            tokio::spawn(async move {
                let asked = model.query(move |tables| {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let answer =
                        tables.query_row("SELECT count(*) FROM entry", [], |row| row.get::<_, u64>(0));
                    now.fetch_sub(1, Ordering::SeqCst);
                    answer
                });
                let patience = if number % 10 == 9 { Duration::ZERO } else { Duration::from_mins(1) };
                tokio::time::timeout(patience, asked).await
            })
        });
        let mut answered = 0;
        for asking in asking.collect::<Vec<_>>() {
            if let Ok(answer) = asking.await.expect("nobody panics") {
                assert_eq!(answer.expect("an answer"), 0_u64);
                answered += 1;
            }
        }
        // then all others were answered, by no more connections than may work at once
        assert!(answered >= 180, "{answered}");
        assert!(most.load(Ordering::SeqCst) <= AT_ONCE, "{most:?}");
        // and whoever gave up has left the turn to others
        assert_eq!(
            model.query(|tables| tables.query_row("SELECT 1", [], |row| row.get(0))).await.ok(),
            Some(1_u64)
        );
        assert!(lock(&model.readers).len() <= AT_ONCE);
    }
}
