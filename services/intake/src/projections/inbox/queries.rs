//! Questions to the inbox.

use countersign_kernel::{MessageId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{FindingCode, Reason};

/// The messages of one sender, by the profile that reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Feed {
    /// Name of the feed profile; `(unreadable)` for bytes that are no HL7.
    pub profile: String,
    /// Sending application (MSH-3).
    pub application: String,
    /// Sending facility (MSH-4).
    pub facility: String,
    /// Deliveries: the sum of `accepted`, `duplicate`, `quarantined` and `not_used`.
    pub received: u64,
    /// Messages that say something about a chart or a patient.
    pub accepted: u64,
    /// Deliveries of a message that was here already.
    pub duplicate: u64,
    /// Messages in quarantine, the rejected ones among them.
    pub quarantined: u64,
    /// Of these: messages that were refused (AR).
    pub rejected: u64,
    /// Messages of types that nothing asks for.
    pub not_used: u64,
    /// Messages whose control id (MSH-10) the sender had used before for another content.
    pub control_ids_reused: u64,
    /// When the last message came, first deliveries and repetitions alike.
    #[schema(value_type = String, format = DateTime)]
    pub last_message_at: Timestamp,
    /// What was odd, most frequent first.
    pub findings: Vec<FindingCount>,
}

/// How many messages have a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FindingCount {
    /// The finding's stable name.
    #[schema(example = "class-unmapped")]
    pub code: String,
    /// The feed's own code that it is about, or the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "ff")]
    pub detail: Option<String>,
    /// What it means.
    pub text: String,
    /// Messages with it.
    pub messages: u64,
}

/// One message in quarantine. Says nothing of its patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quarantined {
    /// The message.
    #[schema(value_type = Uuid)]
    pub id: MessageId,
    /// When it came first.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// Name of the feed profile.
    pub profile: String,
    /// Sending application (MSH-3).
    pub application: String,
    /// Sending facility (MSH-4).
    pub facility: String,
    /// Control id (MSH-10).
    pub control_id: String,
    /// Message code and trigger (MSH-9).
    pub message_type: String,
    /// Size in bytes.
    pub bytes: u64,
    /// `quarantined` (answered AE) or `rejected` (answered AR).
    pub outcome: String,
    /// Why, as a stable name.
    #[schema(example = "no-visit-number")]
    pub reason: String,
    /// Why, and what helps.
    pub reason_text: String,
    /// How often it has been read again.
    pub readings: u32,
    /// How often it came again.
    pub repeats: u64,
}

/// A page of the quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinePage {
    /// The messages, in the order in which they came.
    pub messages: Vec<Quarantined>,
    /// Journal position after which the next page begins; nothing on the last page.
    pub next: Option<u64>,
    /// Messages in quarantine in all.
    pub total: u64,
}

/// All feeds, by profile, application and facility.
pub fn feeds(connection: &Connection) -> Result<Vec<Feed>, rusqlite::Error> {
    let mut feeds: Vec<Feed> = connection
        .prepare_cached(
            "SELECT feed, application, facility,
                    count(*), sum(outcome = 'used'), sum(outcome = 'not_used'),
                    sum(reason IS NOT NULL), sum(outcome = 'rejected'), sum(control_id_reused), max(received_at)
             FROM message GROUP BY feed, application, facility ORDER BY feed, application, facility",
        )?
        .query_map([], |row| {
            Ok(Feed {
                profile: row.get(0)?,
                application: row.get(1)?,
                facility: row.get(2)?,
                received: row.get(3)?,
                accepted: row.get(4)?,
                duplicate: 0,
                quarantined: row.get(6)?,
                rejected: row.get(7)?,
                not_used: row.get(5)?,
                control_ids_reused: row.get(8)?,
                last_message_at: instant(row, 9)?,
                findings: Vec::new(),
            })
        })?
        .collect::<Result<_, _>>()?;
    let mut repetitions = connection.prepare_cached(
        "SELECT m.feed, m.application, m.facility, count(*), max(r.received_at)
         FROM repetition r JOIN message m ON m.position = r.message GROUP BY 1, 2, 3",
    )?;
    let mut rows = repetitions.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(feed) = find(&mut feeds, row)? {
            feed.duplicate = row.get(3)?;
            feed.received += feed.duplicate;
            feed.last_message_at = feed.last_message_at.max(instant(row, 4)?);
        }
    }
    let mut findings = connection.prepare_cached(
        "SELECT m.feed, m.application, m.facility, f.code, f.detail, count(*)
         FROM finding f JOIN message m ON m.position = f.message GROUP BY 1, 2, 3, 4, 5 ORDER BY 6 DESC, 4, 5",
    )?;
    let mut rows = findings.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(feed) = find(&mut feeds, row)? {
            let code: String = row.get(3)?;
            let detail: String = row.get(4)?;
            feed.findings.push(FindingCount {
                text: FindingCode::from_code(&code).map_or(String::new(), |code| code.text().to_owned()),
                code,
                detail: (!detail.is_empty()).then_some(detail),
                messages: row.get(5)?,
            });
        }
    }
    Ok(feeds)
}

fn find<'f>(feeds: &'f mut [Feed], row: &Row<'_>) -> Result<Option<&'f mut Feed>, rusqlite::Error> {
    let (profile, application, facility): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(feeds
        .iter_mut()
        .find(|feed| feed.profile == profile && feed.application == application && feed.facility == facility))
}

const QUARANTINED: &str = "SELECT position, id, received_at, feed, application, facility, control_id,
    message_type, bytes, outcome, reason, reading,
    (SELECT count(*) FROM repetition WHERE repetition.message = message.position)
    FROM message WHERE reason IS NOT NULL";

/// The quarantine, oldest first: `limit` messages that came after a journal position.
pub fn quarantine(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> Result<QuarantinePage, rusqlite::Error> {
    let mut rows: Vec<(u64, Quarantined)> = connection
        .prepare_cached(&format!("{QUARANTINED} AND position > ?1 ORDER BY position LIMIT ?2"))?
        .query_map(params![after, limit + 1], |row| Ok((row.get(0)?, quarantined(row)?)))?
        .collect::<Result<_, _>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|(position, _)| *position);
    let total = connection
        .prepare_cached("SELECT count(*) FROM message WHERE reason IS NOT NULL")?
        .query_row([], |row| row.get(0))?;
    Ok(QuarantinePage { messages: rows.into_iter().map(|(_, message)| message).collect(), next, total })
}

/// Ids of all messages in quarantine, oldest first.
pub fn quarantined_ids(connection: &Connection) -> Result<Vec<MessageId>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT id FROM message WHERE reason IS NOT NULL ORDER BY position")?
        .query_map([], |row| id(row, 0))?
        .collect()
}

/// One message in quarantine with its findings; nothing when it is not there (any more).
pub fn quarantined_message(
    connection: &Connection,
    message: MessageId,
) -> Result<Option<(Quarantined, Vec<FindingCount>)>, rusqlite::Error> {
    let found = connection
        .prepare_cached(&format!("{QUARANTINED} AND id = ?1"))?
        .query_row([message.0.as_bytes().as_slice()], |row| Ok((row.get::<_, u64>(0)?, quarantined(row)?)))
        .optional()?;
    let Some((position, row)) = found else { return Ok(None) };
    let findings = connection
        .prepare_cached("SELECT code, detail FROM finding WHERE message = ?1 ORDER BY code, detail")?
        .query_map([position], |row| {
            let code: String = row.get(0)?;
            let detail: String = row.get(1)?;
            Ok(FindingCount {
                text: FindingCode::from_code(&code).map_or(String::new(), |code| code.text().to_owned()),
                code,
                detail: (!detail.is_empty()).then_some(detail),
                messages: 1,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Some((row, findings)))
}

fn quarantined(row: &Row<'_>) -> Result<Quarantined, rusqlite::Error> {
    let reason: String = row.get(10)?;
    Ok(Quarantined {
        id: id(row, 1)?,
        received_at: instant(row, 2)?,
        profile: row.get(3)?,
        application: row.get(4)?,
        facility: row.get(5)?,
        control_id: row.get(6)?,
        message_type: row.get(7)?,
        bytes: row.get(8)?,
        outcome: row.get(9)?,
        reason_text: Reason::from_code(&reason).map_or(String::new(), |reason| reason.text().to_owned()),
        reason,
        readings: row.get(11)?,
        repeats: row.get(12)?,
    })
}

fn id(row: &Row<'_>, column: usize) -> Result<MessageId, rusqlite::Error> {
    let bytes: [u8; 16] = row.get(column)?;
    Ok(MessageId(Uuid::from_bytes(bytes)))
}

fn instant(row: &Row<'_>, column: usize) -> Result<Timestamp, rusqlite::Error> {
    Timestamp::from_microsecond(row.get(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Integer, Box::new(error))
    })
}
