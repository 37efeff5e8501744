//! One reading connection: pages of events in the journal's order.

use std::{fmt::Write as _, ops::ControlFlow, path::Path, sync::Arc, time::Duration};

use countersign_eventsourcing::journal::{Filter, Position, StreamName};
use countersign_kernel::EventId;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params_from_iter};
use uuid::Uuid;

use crate::{scan::ScannedEvent, schema};

/// Columns that every read of events selects, in the order in which [`Names::event`] takes them.
const COLUMNS: &str = "position, stream, revision, kind, id, metadata, data";

/// A connection for reading, and the names it has met.
pub(crate) struct Reader {
    connection: Connection,
    names: Names,
}

/// How far a page went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PageEnd {
    /// Everything up to here has been passed.
    pub(crate) upto: Position,
    /// The journal had nothing more.
    pub(crate) caught_up: bool,
}

impl Reader {
    pub(crate) fn open(file: &Path, patience: Duration) -> rusqlite::Result<Self> {
        Ok(Self { connection: schema::open_reader(file, patience)?, names: Names::default() })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Position of the last event.
    pub(crate) fn head(&self) -> rusqlite::Result<Position> {
        head(&self.connection)
    }

    /// Shows at most `limit` admitted events after a position, in order, from one snapshot. The visitor may
    /// break off after any event: the page then ends with that event.
    pub(crate) fn page(
        &mut self,
        after: Position,
        filter: &Filter,
        limit: usize,
        mut visit: impl FnMut(&ScannedEvent<'_>) -> ControlFlow<()>,
    ) -> rusqlite::Result<PageEnd> {
        let Self { connection, names } = self;
        // Head and events must be of the same moment, or the page would pass what it has not seen.
        let snapshot = connection.unchecked_transaction()?;
        let head = head(&snapshot)?;
        let nothing = PageEnd { upto: after.max(head), caught_up: true };
        if after >= head {
            return Ok(nothing);
        }
        let Some((mut statement, categories)) = selection(&snapshot, filter)? else { return Ok(nothing) };
        let parameters = [stored(after.0), i64::try_from(limit).unwrap_or(i64::MAX)];
        let mut rows = statement.query(params_from_iter(parameters.into_iter().chain(categories)))?;
        let mut seen = 0;
        let mut last = after;
        while let Some(row) = rows.next()? {
            let event = names.event(&snapshot, row)?;
            last = event.position;
            seen += 1;
            if visit(&event).is_break() {
                return Ok(PageEnd { upto: last, caught_up: last >= head });
            }
        }
        Ok(if seen < limit { nothing } else { PageEnd { upto: last, caught_up: last >= head } })
    }

    /// Lets several streams be read from one snapshot: one look at the log and at the pages that they share, rather
    /// than one for each. The snapshot holds whatever was committed before this was called.
    pub(crate) fn streams<T>(
        &mut self,
        read: impl FnOnce(&mut Streams<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let Self { connection, names } = self;
        let snapshot = connection.unchecked_transaction()?;
        let find = snapshot.prepare_cached("SELECT id FROM stream WHERE name = ?1")?;
        let events = snapshot.prepare_cached(STREAM)?;
        read(&mut Streams { snapshot: &snapshot, find, events, names })
    }
}

/// The events of one stream from a revision on.
const STREAM: &str = "SELECT position, stream, revision, kind, id, metadata, data FROM event
    WHERE stream = ?1 AND revision >= ?2 ORDER BY revision";

/// Streams of one snapshot.
pub(crate) struct Streams<'s> {
    snapshot: &'s Connection,
    find: CachedStatement<'s>,
    events: CachedStatement<'s>,
    names: &'s mut Names,
}

impl Streams<'_> {
    /// Shows the events of one stream from a revision on.
    pub(crate) fn show(
        &mut self,
        stream: &StreamName,
        from_revision: u64,
        mut visit: impl FnMut(&ScannedEvent<'_>),
    ) -> rusqlite::Result<()> {
        let known: Option<i64> = self.find.query_row([stream.as_str()], |row| row.get(0)).optional()?;
        let Some(id) = known else { return Ok(()) };
        self.names.remember(id, stream);
        let mut rows = self.events.query([id, stored(from_revision)])?;
        while let Some(row) = rows.next()? {
            visit(&self.names.event(self.snapshot, row)?);
        }
        Ok(())
    }
}

/// Position of the last event.
pub(crate) fn head(connection: &Connection) -> rusqlite::Result<Position> {
    connection
        .prepare_cached("SELECT coalesce(max(position), 0) FROM event")?
        .query_row([], |row| row.get(0))
        .map(Position)
}

/// `SQLite`'s integers are signed; no journal will ever be large enough to tell the difference.
pub(crate) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The statement that gives the admitted events, with the categories to bind after position and limit.
/// `None` when no event can be admitted.
fn selection<'c>(
    connection: &'c Connection,
    filter: &Filter,
) -> rusqlite::Result<Option<(CachedStatement<'c>, Vec<i64>)>> {
    let Filter::Categories(wanted) = filter else {
        let statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM event WHERE position > ?1 ORDER BY position LIMIT ?2"
        ))?;
        return Ok(Some((statement, Vec::new())));
    };
    let mut by_name = connection.prepare_cached("SELECT id FROM category WHERE name = ?1")?;
    let mut categories = Vec::with_capacity(wanted.len());
    for name in wanted {
        let id: Option<i64> = by_name.query_row([name], |row| row.get(0)).optional()?;
        categories.extend(id);
    }
    categories.sort_unstable();
    categories.dedup();
    if categories.is_empty() {
        return Ok(None);
    }
    // One walk along the index for each category, merged by position without sorting.
    let mut sql = "WITH admitted (at) AS (".to_owned();
    for n in 0..categories.len() {
        let union = if n == 0 { "" } else { " UNION ALL " };
        let _ =
            write!(sql, "{union}SELECT position FROM event WHERE category = ?{} AND position > ?1", n + 3);
    }
    let _ =
        write!(sql, " ORDER BY 1 LIMIT ?2) SELECT {COLUMNS} FROM admitted CROSS JOIN event ON position = at");
    Ok(Some((connection.prepare_cached(&sql)?, categories)))
}

/// Slots for names of streams. Numbers of streams that are busy at the same time lie close together, so a
/// slot for each of the last 16,384 serves nearly every event.
const SLOTS: usize = 1 << 14;

/// Names by number. Committed numbers never change their meaning, so nothing here goes stale.
struct Names {
    streams: Vec<Option<(i64, StreamName)>>,
    kinds: Vec<Option<Arc<str>>>,
}

impl Default for Names {
    fn default() -> Self {
        Self { streams: vec![None; SLOTS], kinds: Vec::new() }
    }
}

impl Names {
    fn event<'r>(
        &'r mut self,
        connection: &Connection,
        row: &'r Row<'_>,
    ) -> rusqlite::Result<ScannedEvent<'r>> {
        let (stream, kind): (i64, i64) = (row.get(1)?, row.get(3)?);
        self.meet_stream(connection, stream)?;
        self.meet_kind(connection, kind)?;
        let id: [u8; 16] = row.get(4)?;
        Ok(ScannedEvent {
            position: Position(row.get(0)?),
            stream: self.streams[slot(stream)].as_ref().map(|(_, name)| name).expect("just met"),
            revision: row.get(2)?,
            id: EventId(Uuid::from_bytes(id)),
            kind: self.kinds[index(kind)].as_ref().expect("just met"),
            metadata: row.get_ref(5)?.as_blob()?,
            data: row.get_ref(6)?.as_blob()?,
        })
    }

    /// Who asks for a stream by its name need not be told it.
    fn remember(&mut self, id: i64, name: &StreamName) {
        let known = &mut self.streams[slot(id)];
        if known.as_ref().is_none_or(|(known, _)| *known != id) {
            *known = Some((id, name.clone()));
        }
    }

    fn meet_stream(&mut self, connection: &Connection, id: i64) -> rusqlite::Result<()> {
        if self.streams[slot(id)].as_ref().is_none_or(|(known, _)| *known != id) {
            let name = connection
                .prepare_cached("SELECT name FROM stream WHERE id = ?1")?
                .query_row([id], |row| Ok(StreamName::from_stored(row.get_ref(0)?.as_str()?)))?;
            self.streams[slot(id)] = Some((id, name));
        }
        Ok(())
    }

    fn meet_kind(&mut self, connection: &Connection, id: i64) -> rusqlite::Result<()> {
        if self.kinds.len() <= index(id) {
            self.kinds.resize(index(id) + 1, None);
        }
        if self.kinds[index(id)].is_none() {
            let name: Arc<str> = connection
                .prepare_cached("SELECT name FROM kind WHERE id = ?1")?
                .query_row([id], |row| Ok(Arc::from(row.get_ref(0)?.as_str()?)))?;
            self.kinds[index(id)] = Some(name);
        }
        Ok(())
    }
}

fn slot(id: i64) -> usize {
    index(id) % SLOTS
}

fn index(id: i64) -> usize {
    usize::try_from(id).unwrap_or(0)
}
