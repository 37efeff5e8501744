//! One append inside the writer's transaction: every check by query, before anything is inserted, so that a
//! refused append leaves nothing behind and does not fail those that share the transaction.

use std::{borrow::Cow, collections::HashMap};

use bytes::Bytes;
use countersign_eventsourcing::journal::{AppendError, Appended, Expected, Position, StreamName};
use rusqlite::{Connection, OptionalExtension, Statement, params};
use uuid::Uuid;

use crate::reader::stored;

/// An event ready to be inserted.
#[derive(Debug)]
pub(crate) struct EncodedEvent {
    pub(crate) id: Uuid,
    pub(crate) kind: Cow<'static, str>,
    pub(crate) data: Bytes,
    pub(crate) metadata: Vec<u8>,
}

/// What somebody wants appended.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) stream: StreamName,
    pub(crate) expected: Expected,
    pub(crate) events: Vec<EncodedEvent>,
}

/// Streams remembered. Beyond that many the memory is emptied and filled anew.
const REMEMBERED: usize = 50_000;

/// A stream that has events.
#[derive(Debug, Clone, Copy)]
struct Known {
    id: i64,
    category: i64,
    last_revision: u64,
    last_position: Position,
    /// Of which [`Appender::epoch`] the last two are.
    epoch: u64,
}

/// Prepared statements, and what is known of the file. Whatever is remembered is what this connection has
/// seen in its transactions; after a rollback it is forgotten, and after somebody else's commit the last
/// revisions are read again.
pub(crate) struct Appender<'c> {
    begin: Statement<'c>,
    commit: Statement<'c>,
    rollback: Statement<'c>,
    data_version: Statement<'c>,
    find_event: Statement<'c>,
    find_stream: Statement<'c>,
    last_event: Statement<'c>,
    find_category: Statement<'c>,
    find_kind: Statement<'c>,
    insert_stream: Statement<'c>,
    insert_category: Statement<'c>,
    insert_kind: Statement<'c>,
    insert_event: Statement<'c>,
    connection: &'c Connection,
    streams: HashMap<StreamName, Known>,
    categories: HashMap<String, i64>,
    kinds: HashMap<String, i64>,
    version: i64,
    epoch: u64,
}

impl<'c> Appender<'c> {
    pub(crate) fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            rollback: connection.prepare("ROLLBACK")?,
            data_version: connection.prepare("PRAGMA data_version")?,
            find_event: connection.prepare("SELECT stream, revision, position FROM event WHERE id = ?1")?,
            find_stream: connection.prepare("SELECT id, category FROM stream WHERE name = ?1")?,
            last_event: connection.prepare(
                "SELECT revision, position FROM event WHERE stream = ?1 ORDER BY revision DESC LIMIT 1",
            )?,
            find_category: connection.prepare("SELECT id FROM category WHERE name = ?1")?,
            find_kind: connection.prepare("SELECT id FROM kind WHERE name = ?1")?,
            insert_stream: connection.prepare("INSERT INTO stream (name, category) VALUES (?1, ?2)")?,
            insert_category: connection.prepare("INSERT INTO category (name) VALUES (?1)")?,
            insert_kind: connection.prepare("INSERT INTO kind (name) VALUES (?1)")?,
            insert_event: connection.prepare(
                "INSERT INTO event (stream, revision, category, kind, id, metadata, data)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            connection,
            streams: HashMap::new(),
            categories: HashMap::new(),
            kinds: HashMap::new(),
            version: 0,
            epoch: 0,
        })
    }

    /// Takes the write lock, waiting for other processes as long as the connection's patience lasts.
    pub(crate) fn begin(&mut self) -> rusqlite::Result<()> {
        self.begin.execute([])?;
        let version = self.data_version.query_row([], |row| row.get(0))?;
        if version != self.version {
            self.version = version;
            self.epoch += 1;
        }
        Ok(())
    }

    /// Returns when everything since [`begin`](Self::begin) is on the disk.
    pub(crate) fn commit(&mut self) -> rusqlite::Result<()> {
        self.commit.execute([]).map(drop)
    }

    /// Undoes everything since [`begin`](Self::begin).
    pub(crate) fn rollback(&mut self) -> rusqlite::Result<()> {
        self.streams.clear();
        self.categories.clear();
        self.kinds.clear();
        // After some errors SQLite has done it already.
        if !self.connection.is_autocommit() {
            self.rollback.execute([])?;
        }
        Ok(())
    }

    /// Appends, or says why not. An error of `SQLite` means that the whole transaction must be rolled back.
    pub(crate) fn append(&mut self, wanted: &Wanted) -> rusqlite::Result<Result<Appended, AppendError>> {
        let known = self.stream(&wanted.stream)?;
        let actual = known.map(|known| known.last_revision);
        let conflict = || Ok(Err(AppendError::Conflict { stream: wanted.stream.clone(), actual }));
        if wanted.events.is_empty() {
            // All of nothing is there already.
            return Ok(Ok(Appended {
                revision: actual.unwrap_or(0),
                position: known.map_or(Position::START, |known| known.last_position),
                repeated: true,
            }));
        }
        match self.overlap(known, &wanted.events)? {
            Overlap::Whole(appended) => return Ok(Ok(appended)),
            Overlap::Partial => return conflict(),
            Overlap::None => {}
        }
        let holds = match wanted.expected {
            Expected::Any => true,
            Expected::NoStream => actual.is_none(),
            Expected::Revision(revision) => actual == Some(revision),
        };
        if !holds {
            return conflict();
        }
        self.insert(wanted, known).map(Ok)
    }

    fn insert(&mut self, wanted: &Wanted, known: Option<Known>) -> rusqlite::Result<Appended> {
        let (id, category) = match known {
            Some(known) => (known.id, known.category),
            None => self.create_stream(&wanted.stream)?,
        };
        let mut next = known.map_or(0, |known| known.last_revision + 1);
        let mut position = 0;
        for event in &wanted.events {
            let kind = self.kind(&event.kind)?;
            position = self.insert_event.insert(params![
                id,
                stored(next),
                category,
                kind,
                event.id.as_bytes(),
                event.metadata,
                &event.data[..],
            ])?;
            next += 1;
        }
        let appended =
            Appended { revision: next - 1, position: Position(position.unsigned_abs()), repeated: false };
        self.remember(
            &wanted.stream,
            Known {
                id,
                category,
                last_revision: appended.revision,
                last_position: appended.position,
                epoch: self.epoch,
            },
        );
        Ok(appended)
    }

    fn overlap(&mut self, known: Option<Known>, events: &[EncodedEvent]) -> rusqlite::Result<Overlap> {
        let mut found = 0;
        let mut in_order = true;
        let mut last: Option<(i64, u64, u64)> = None;
        for event in events {
            let place: Option<(i64, u64, u64)> = self
                .find_event
                .query_row([event.id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let Some(place) = place else { continue };
            found += 1;
            in_order &= last.is_none_or(|(_, revision, _)| place.1 == revision + 1)
                && known.is_some_and(|known| known.id == place.0);
            last = Some(place);
        }
        Ok(match last {
            Some((_, revision, position)) if found == events.len() && in_order => {
                Overlap::Whole(Appended { revision, position: Position(position), repeated: true })
            }
            Some(_) => Overlap::Partial,
            None if repeats_itself(events) => Overlap::Partial,
            None => Overlap::None,
        })
    }

    fn stream(&mut self, name: &StreamName) -> rusqlite::Result<Option<Known>> {
        let remembered = self.streams.get(name).copied();
        if let Some(known) = remembered
            && known.epoch == self.epoch
        {
            return Ok(Some(known));
        }
        let found: Option<(i64, i64)> = match remembered {
            Some(known) => Some((known.id, known.category)),
            None => self
                .find_stream
                .query_row([name.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?,
        };
        let Some((id, category)) = found else { return Ok(None) };
        let (last_revision, last_position) =
            self.last_event.query_row([id], |row| Ok((row.get(0)?, Position(row.get(1)?))))?;
        let known = Known { id, category, last_revision, last_position, epoch: self.epoch };
        self.remember(name, known);
        Ok(Some(known))
    }

    fn remember(&mut self, name: &StreamName, known: Known) {
        if let Some(slot) = self.streams.get_mut(name) {
            *slot = known;
            return;
        }
        if self.streams.len() >= REMEMBERED {
            self.streams.clear();
        }
        self.streams.insert(name.clone(), known);
    }

    fn create_stream(&mut self, name: &StreamName) -> rusqlite::Result<(i64, i64)> {
        let text = name.category();
        let category = if let Some(id) = self.categories.get(text) {
            *id
        } else {
            let id = number(&mut self.find_category, &mut self.insert_category, text)?;
            self.categories.insert(text.to_owned(), id);
            id
        };
        Ok((self.insert_stream.insert(params![name.as_str(), category])?, category))
    }

    fn kind(&mut self, kind: &str) -> rusqlite::Result<i64> {
        if let Some(id) = self.kinds.get(kind) {
            return Ok(*id);
        }
        let id = number(&mut self.find_kind, &mut self.insert_kind, kind)?;
        self.kinds.insert(kind.to_owned(), id);
        Ok(id)
    }
}

/// How much of an append is in the journal already.
enum Overlap {
    None,
    Partial,
    Whole(Appended),
}

/// Whether an id occurs twice in one append, which can never be right.
fn repeats_itself(events: &[EncodedEvent]) -> bool {
    if events.len() < 2 {
        return false;
    }
    let mut ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
    ids.sort_unstable();
    ids.windows(2).any(|pair| pair[0] == pair[1])
}

/// The number of a name in a dictionary, given to it now if it has none.
fn number(find: &mut Statement<'_>, insert: &mut Statement<'_>, name: &str) -> rusqlite::Result<i64> {
    match find.query_row([name], |row| row.get(0)).optional()? {
        Some(id) => Ok(id),
        None => insert.insert([name]),
    }
}
