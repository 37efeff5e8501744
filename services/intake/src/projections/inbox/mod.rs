//! The inbox: every message, what became of it, and what was odd about it.

mod queries;

use std::borrow::Cow;

use countersign_eventsourcing::{
    journal::{Filter, JournalError, RecordedEvent},
    projection::{Projection, ProjectionError},
};
use countersign_kernel::{MessageId, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};
use serde::Deserialize;

use crate::domain::{CATEGORY, Connection, Finding, MessageRead, MessageReceived, MessageRepeated};

pub use queries::{
    Feed, FindingCount, QuarantinePage, Quarantined, feeds, quarantine, quarantined_ids, quarantined_message,
};

/// Name of the read model.
pub const NAME: &str = "intake";
/// Raised whenever tables or [`Inbox::apply`] change.
pub const VERSION: u32 = 1;

/// Folds the streams of category `message`.
#[derive(Debug, Default)]
pub struct Inbox {
    /// A message whose row is not written yet: its first reading nearly always follows at once, and both then
    /// make one row.
    waiting: Option<RecordedEvent>,
}

/// [`MessageReceived`] without the message itself: the raw text is passed over, not copied.
#[derive(Deserialize)]
struct ReceivedRow<'a> {
    message: MessageId,
    received_at: Timestamp,
    connection: Connection,
    #[serde(borrow)]
    application: Cow<'a, str>,
    #[serde(borrow)]
    facility: Cow<'a, str>,
    #[serde(borrow)]
    control_id: Cow<'a, str>,
    #[serde(borrow)]
    message_type: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    bytes: u64,
}

/// [`MessageRead`] without what it says.
#[derive(Deserialize)]
struct ReadRow<'a> {
    message: MessageId,
    reading: u32,
    #[serde(borrow)]
    feed: Cow<'a, str>,
    outcome: &'a str,
    #[serde(default)]
    reason: Option<&'a str>,
    #[serde(default)]
    findings: Vec<Finding>,
}

impl Projection for Inbox {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn filter(&self) -> Filter {
        Filter::Categories(vec![CATEGORY])
    }

    fn schema(&self) -> &'static str {
        include_str!("schema.sql")
    }

    fn indexes(&self) -> &'static str {
        include_str!("indexes.sql")
    }

    fn apply(&mut self, tables: &Transaction<'_>, event: &RecordedEvent) -> Result<(), ProjectionError> {
        // What an attempt that failed has left behind comes again.
        let waiting = self.waiting.take().filter(|waiting| waiting.position < event.position);
        let first_reading = &*event.kind == MessageRead::KIND;
        if let Some(waiting) = waiting {
            let read = (first_reading && waiting.stream == event.stream).then_some(event);
            received(tables, &waiting, read)?;
            if read.is_some() {
                return Ok(());
            }
        }
        match &*event.kind {
            MessageReceived::KIND => self.waiting = Some(event.clone()),
            MessageRead::KIND => read(tables, event)?,
            MessageRepeated::KIND => repeated(tables, event)?,
            _ => {}
        }
        Ok(())
    }

    fn settle(&mut self, tables: &Transaction<'_>) -> Result<(), ProjectionError> {
        self.waiting.take().map_or(Ok(()), |waiting| received(tables, &waiting, None))
    }
}

/// A new message, and its first reading if that is known.
fn received(
    tables: &Transaction<'_>,
    event: &RecordedEvent,
    read: Option<&RecordedEvent>,
) -> Result<(), ProjectionError> {
    let row: ReceivedRow<'_> = borrowed(event)?;
    let read: Option<ReadRow<'_>> = read.map(borrowed).transpose()?;
    let named = !row.control_id.is_empty();
    let reused = named
        && tables
            .prepare_cached(
                "SELECT 1 FROM message WHERE control_id = ?1 AND application = ?2 AND facility = ?3 LIMIT 1",
            )?
            .exists(params![row.control_id, row.application, row.facility])?;
    // `mllp 127.0.0.1:41234` → `mllp`: addresses are for the journal.
    let source = row.connection.source.split(' ').next().unwrap_or_default();
    tables
        .prepare_cached(
            "INSERT INTO message (position, id, received_at, source, application, facility, control_id,
                control_id_reused, message_type, version, bytes, feed, outcome, reason, reading)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            event.position.0,
            row.message.0.as_bytes().as_slice(),
            row.received_at.as_microsecond(),
            source,
            row.application,
            row.facility,
            row.control_id,
            reused,
            row.message_type,
            row.version,
            row.bytes,
            read.as_ref().map_or("", |read| &read.feed),
            read.as_ref().map_or("not_used", |read| read.outcome),
            read.as_ref().and_then(|read| read.reason),
            read.as_ref().map_or(0, |read| read.reading),
        ])?;
    read.map_or(Ok(()), |read| note_findings(tables, event.position.0, &read.findings))
}

fn read(tables: &Transaction<'_>, event: &RecordedEvent) -> Result<(), ProjectionError> {
    let row: ReadRow<'_> = borrowed(event)?;
    let position = position_of(tables, row.message)?;
    tables
        .prepare_cached(
            "UPDATE message SET feed = ?2, outcome = ?3, reason = ?4, reading = ?5 WHERE position = ?1",
        )?
        .execute(params![position, row.feed, row.outcome, row.reason, row.reading])?;
    if row.reading > 0 {
        tables.prepare_cached("DELETE FROM finding WHERE message = ?1")?.execute([position])?;
    }
    note_findings(tables, position, &row.findings)
}

fn note_findings(
    tables: &Transaction<'_>,
    message: u64,
    findings: &[Finding],
) -> Result<(), ProjectionError> {
    for finding in findings {
        tables.prepare_cached("INSERT OR IGNORE INTO finding VALUES (?1, ?2, ?3)")?.execute(params![
            message,
            finding.code.code(),
            finding.detail.as_deref().unwrap_or_default()
        ])?;
    }
    Ok(())
}

fn repeated(tables: &Transaction<'_>, event: &RecordedEvent) -> Result<(), ProjectionError> {
    let row: MessageRepeated = event.decode()?;
    let position = position_of(tables, row.message)?;
    tables.prepare_cached("INSERT INTO repetition VALUES (?1, ?2, ?3)")?.execute(params![
        event.position.0,
        position,
        row.received_at.as_microsecond()
    ])?;
    Ok(())
}

fn position_of(tables: &Transaction<'_>, message: MessageId) -> Result<u64, ProjectionError> {
    tables
        .prepare_cached("SELECT position FROM message WHERE id = ?1")?
        .query_row([message.0.as_bytes().as_slice()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| ProjectionError::Contradiction(format!("message {message} was never received")))
}

fn borrowed<'a, T: Deserialize<'a>>(event: &'a RecordedEvent) -> Result<T, JournalError> {
    serde_json::from_slice(&event.data).map_err(|error| event.undecodable(&error))
}
