//! Notices with their legs and attempts.

use base64::{Engine, engine::general_purpose::STANDARD};
use countersign_contracts::notice::{Channel, NoticeClass};
use countersign_eventsourcing::projection::ProjectionError;
use countersign_kernel::{NoticeId, Timestamp, TrackId};
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, params};
use uuid::Uuid;

use super::{listed::as_json, time};
use crate::{
    channels::inbox,
    domain::{
        contact::Destination,
        notice::{
            NoticeEvent,
            events::{Ending, Requested},
        },
    },
};

/// Folds an event of a notice.
pub(super) fn apply(tables: &Transaction<'_>, id: &str, event: &NoticeEvent) -> Result<(), ProjectionError> {
    let set = |leg: u32, sql: &str, values: &[&dyn ToSql]| -> Result<(), rusqlite::Error> {
        let statement = format!("UPDATE leg SET {sql} WHERE notice = ?1 AND leg = ?2");
        let mut all: Vec<&dyn ToSql> = vec![&id, &leg];
        all.extend_from_slice(values);
        tables.prepare_cached(&statement)?.execute(all.as_slice()).map(drop)
    };
    let touch = |at: Timestamp| -> Result<(), rusqlite::Error> {
        tables
            .prepare_cached("UPDATE notice SET changed_at = max(changed_at, ?2) WHERE id = ?1")?
            .execute(params![id, time::store(at)])
            .map(drop)
    };
    match event {
        NoticeEvent::Requested(event) => requested(tables, id, event)?,
        NoticeEvent::Queued(event) => {
            let owner = match &event.to {
                Destination::Inbox { owner } => Some(owner.as_str()),
                _ => None,
            };
            tables
                .prepare_cached(
                    "INSERT INTO leg (notice, leg, channel, destination, owner, copy, state, attempts, not_before, detail)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', 0, ?7, ?8)
                     ON CONFLICT (notice, leg) DO UPDATE
                     SET state = 'queued', not_before = excluded.not_before, failed_at = NULL",
                )?
                .execute(params![
                    id,
                    event.leg.leg,
                    event.leg.channel.name(),
                    json(&event.to)?,
                    owner,
                    event.leg.copy,
                    time::store(event.not_before),
                    event.because
                ])?;
            touch(event.at)?;
        }
        NoticeEvent::Listed(event) => {
            tables
                .prepare_cached("UPDATE notice SET listed_in = ?2 WHERE id = ?1")?
                .execute(params![id, event.place.list.to_string()])?;
            touch(event.at)?;
        }
        NoticeEvent::Gathered(event) => {
            tables
                .prepare_cached("UPDATE notice SET items = items + ?2 WHERE id = ?1")?
                .execute(params![id, event.carried.items.len()])?;
            touch(event.at)?;
        }
        NoticeEvent::Told(event) => touch(event.at)?,
        NoticeEvent::ItemsDropped(event) => {
            tables
                .prepare_cached("UPDATE notice SET items = max(0, items - ?2) WHERE id = ?1")?
                .execute(params![id, event.items.len()])?;
            touch(event.at)?;
        }
        NoticeEvent::Rendered(event) => {
            set(
                event.leg.leg,
                "sha256 = ?3, template = ?4, content_type = ?5, message_id = ?6",
                &[&event.leg.sha256, &event.template, &event.content_type, &event.message_id],
            )?;
            if event.leg.channel == Channel::Inbox
                && let Ok(bytes) = STANDARD.decode(&event.bytes)
                && let Some((subject, text)) = inbox::parts_of(&event.content_type, &bytes)
            {
                set(event.leg.leg, "subject = ?3, body = ?4", &[&subject, &text])?;
            }
            touch(event.at)?;
        }
        NoticeEvent::AttemptBegun(event) => {
            set(event.leg.leg, "state = 'sending', attempts = ?3, not_before = NULL", &[&event.attempt])?;
            tables
                .prepare_cached(
                    "INSERT OR REPLACE INTO attempt
                     SELECT notice, leg, ?3, ?4, coalesce(?5, destination), NULL FROM leg
                     WHERE notice = ?1 AND leg = ?2",
                )?
                .execute(params![
                    id,
                    event.leg.leg,
                    event.attempt,
                    time::store(event.at),
                    event.redirected_to.as_ref().map(json).transpose()?
                ])?;
            touch(event.at)?;
        }
        NoticeEvent::AttemptEnded(event) => {
            tables
                .prepare_cached(
                    "UPDATE attempt SET ending = ?4 WHERE notice = ?1 AND leg = ?2 AND attempt = ?3",
                )?
                .execute(params![id, event.leg.leg, event.attempt, event.ending.name()])?;
            set(event.leg.leg, "detail = ?3", &[&event.detail])?;
            if event.ending == Ending::Accepted {
                set(
                    event.leg.leg,
                    "state = 'accepted', accepted_at = ?3, not_before = NULL, failed_at = NULL",
                    &[&time::store(event.at)],
                )?;
            }
            touch(event.at)?;
        }
        NoticeEvent::Delivered(event) => {
            set(
                event.leg.leg,
                "state = 'delivered', delivered_at = ?3, how = ?4, left_on = ?5, by_whom = ?6",
                &[
                    &time::store(event.at),
                    &event.how,
                    &event.on.map(|on| on.to_string()),
                    &event.by_whom.as_ref().or(event.act.as_ref().map(|act| &act.by)),
                ],
            )?;
            touch(event.at)?;
        }
        NoticeEvent::Read(event) => {
            set(event.leg.leg, "read_at = ?3", &[&time::store(event.at)])?;
            touch(event.at)?;
        }
        NoticeEvent::Bounced(event) => {
            let at = time::store(event.at);
            set(
                event.leg.leg,
                "state = 'bounced', detail = ?3, failed_at = ?4, not_before = NULL",
                &[&event.detail, &at],
            )?;
            touch(event.at)?;
        }
        NoticeEvent::Complained(event) => touch(event.at)?,
        NoticeEvent::GivenUp(event) => {
            let at = time::store(event.at);
            set(
                event.leg.leg,
                "state = 'failed', detail = ?3, failed_at = ?4, not_before = NULL",
                &[&event.because, &at],
            )?;
            touch(event.at)?;
        }
        NoticeEvent::Lost(event) => {
            let at = time::store(event.at);
            set(
                event.leg.leg,
                "state = 'unknown', detail = ?3, failed_at = ?4, not_before = NULL",
                &[&event.because, &at],
            )?;
            touch(event.at)?;
        }
        NoticeEvent::NotSetUp(event) => {
            set(event.leg.leg, "state = 'not_set_up', detail = ?3, not_before = NULL", &[&event.because])?;
            touch(event.at)?;
        }
        NoticeEvent::Withheld(event) => {
            set(event.leg.leg, "state = 'withheld', detail = ?3, not_before = NULL", &[&event.because])?;
            touch(event.at)?;
        }
        NoticeEvent::Printed(event) => {
            set(
                event.leg.leg,
                "printed_at = ?3, printed_by = ?4, printed_why = ?5",
                &[&time::store(event.act.at), &event.act.by, &event.act.why],
            )?;
            touch(event.act.at)?;
        }
        NoticeEvent::Exhausted(event) => {
            stand(tables, id, "exhausted", Some(&event.because), event.at)?;
        }
        NoticeEvent::Dropped(event) => end(tables, id, "dropped", &event.because, event.at)?,
        NoticeEvent::TakenOver(event) => end(tables, id, "taken_over", &event.act.why, event.act.at)?,
        NoticeEvent::Requeued(event) => stand(tables, id, "live", None, event.act.at)?,
        NoticeEvent::Unwanted(_) | NoticeEvent::Timer(_) => {}
    }
    Ok(())
}

fn requested(tables: &Transaction<'_>, id: &str, event: &Requested) -> Result<(), ProjectionError> {
    let request = &event.request;
    tables
        .prepare_cached(
            "INSERT OR IGNORE INTO notice VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'live', NULL, NULL, ?14, ?14, NULL)",
        )?
        .execute(params![
            id,
            event.which().track.map(|track| track.to_string()),
            request.kind,
            request.class == NoticeClass::Formal,
            request.number,
            request.facility,
            event.about.map(|key| key.to_string()),
            request.about.as_ref().map(|about| &about.id),
            request.about.as_ref().map(|about| &about.authority),
            event.contact,
            request.recipient.role(),
            request.items.len(),
            request.names_date.map(|date| date.to_string()),
            time::store(request.requested_at)
        ])?;
    Ok(())
}

fn stand(
    tables: &Transaction<'_>,
    id: &str,
    standing: &str,
    because: Option<&str>,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    tables
        .prepare_cached(
            "UPDATE notice SET standing = ?2, because = ?3, since = ?4, changed_at = max(changed_at, ?4) WHERE id = ?1",
        )?
        .execute(params![id, standing, because, time::store(at)])
        .map(drop)
}

fn end(
    tables: &Transaction<'_>,
    id: &str,
    standing: &str,
    because: &str,
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    stand(tables, id, standing, Some(because), at)?;
    tables
        .prepare_cached(
            "UPDATE leg SET state = 'dropped', not_before = NULL WHERE notice = ?1 AND state = 'queued'",
        )?
        .execute([id])
        .map(drop)
}

pub(super) fn json(to: &Destination) -> Result<String, ProjectionError> {
    serde_json::to_string(to)
        .map_err(|_| ProjectionError::Contradiction("an address cannot be written as JSON".to_owned()))
}

pub(super) fn destination(text: &str) -> Result<Destination, rusqlite::Error> {
    serde_json::from_str(text).map_err(unreadable)
}

pub(super) fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
}

pub(super) fn notice_id(row: &Row<'_>, column: &str) -> Result<NoticeId, rusqlite::Error> {
    row.get::<_, String>(column)?.parse().map_err(unreadable)
}

pub(super) fn date(row: &Row<'_>, column: &str) -> Result<Option<Date>, rusqlite::Error> {
    row.get::<_, Option<String>>(column)?.map(|text| text.parse().map_err(unreadable)).transpose()
}

pub(super) fn key(row: &Row<'_>, column: &str) -> Result<Option<Uuid>, rusqlite::Error> {
    row.get::<_, Option<String>>(column)?.map(|text| text.parse().map_err(unreadable)).transpose()
}

pub(super) fn channel(row: &Row<'_>, column: &str) -> Result<Channel, rusqlite::Error> {
    Channel::from_name(&row.get::<_, String>(column)?).ok_or(rusqlite::Error::InvalidQuery)
}

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// The notice.
    pub id: NoticeId,
    /// The track that asked for it.
    pub track: Option<TrackId>,
    /// Which template.
    pub kind: String,
    /// It is formal.
    pub formal: bool,
    /// Its number.
    pub number: u32,
    /// Facility code.
    pub facility: String,
    /// Key of the provider it is about; nothing when it is about a chart.
    pub about: Option<Uuid>,
    /// Identifier of that provider.
    pub about_id: Option<countersign_kernel::ProviderId>,
    /// Key of the recipient's contact.
    pub contact: String,
    /// In which part the recipient is told.
    pub role: String,
    /// How many items.
    pub items: u32,
    /// The day that it names.
    pub names_date: Option<Date>,
    /// `live`, `exhausted`, `dropped` or `taken_over`.
    pub standing: String,
    /// Why, in words.
    pub because: Option<String>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When something happened to it last.
    pub changed_at: Timestamp,
    /// The list that it goes out in.
    pub listed_in: Option<NoticeId>,
    /// Its legs; of what goes out in a list those of the list.
    pub legs: Vec<LegRow>,
}

/// One leg of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegRow {
    /// Its number.
    pub leg: u32,
    /// Its channel.
    pub channel: Channel,
    /// Where to.
    pub to: Destination,
    /// It is a copy.
    pub copy: bool,
    /// Where it stands, by the names of `LegState`.
    pub state: String,
    /// Attempts that were begun.
    pub attempts: u32,
    /// Not sent before.
    pub not_before: Option<Timestamp>,
    /// What was said last.
    pub detail: Option<String>,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
    /// When it was opened.
    pub read_at: Option<Timestamp>,
    /// When it was printed.
    pub printed_at: Option<Timestamp>,
    /// SHA-256 of the bytes.
    pub sha256: Option<String>,
    /// Name and version of the template.
    pub template: Option<String>,
    /// Media type.
    pub content_type: Option<String>,
    /// Message id.
    pub message_id: Option<String>,
}

/// States of legs, the best first.
const BEST: [&str; 10] = [
    "delivered",
    "accepted",
    "sending",
    "queued",
    "withheld",
    "unknown",
    "bounced",
    "failed",
    "not_set_up",
    "dropped",
];

impl NoticeRow {
    /// Where it stands, in one word: the best that became of any of its legs, copies left aside.
    pub fn state(&self) -> &str {
        match self.standing.as_str() {
            "live" => {}
            "exhausted" => return "dead",
            ended => return ended,
        }
        if self.legs.iter().any(|leg| !leg.copy && leg.read_at.is_some()) {
            return "read";
        }
        let best =
            BEST.into_iter().find(|state| self.legs.iter().any(|leg| !leg.copy && leg.state == *state));
        match best {
            Some("queued") | None => "waiting",
            Some(state) => state,
        }
    }

    /// When the recipient is known to have it.
    pub fn delivered_at(&self) -> Option<Timestamp> {
        self.legs
            .iter()
            .filter(|leg| !leg.copy && leg.state == "delivered")
            .filter_map(|leg| leg.delivered_at)
            .min()
    }
}

pub(super) fn notice_row(row: &Row<'_>) -> Result<NoticeRow, rusqlite::Error> {
    Ok(NoticeRow {
        id: notice_id(row, "id")?,
        track: row
            .get::<_, Option<String>>("track")?
            .map(|track| track.parse().map_err(unreadable))
            .transpose()?,
        kind: row.get("kind")?,
        formal: row.get("formal")?,
        number: row.get("number")?,
        facility: row.get("facility")?,
        about: key(row, "about")?,
        about_id: row
            .get::<_, Option<String>>("about_id")?
            .map(|id| {
                Ok::<_, rusqlite::Error>(countersign_kernel::ProviderId {
                    id,
                    authority: row.get("about_authority")?,
                })
            })
            .transpose()?,
        contact: row.get("contact")?,
        role: row.get("role")?,
        items: row.get("items")?,
        names_date: date(row, "names_date")?,
        standing: row.get("standing")?,
        because: row.get("because")?,
        since: time::get_some(row, "since")?,
        requested_at: time::get(row, "requested_at")?,
        changed_at: time::get(row, "changed_at")?,
        listed_in: row
            .get::<_, Option<String>>("listed_in")?
            .map(|list| list.parse().map_err(unreadable))
            .transpose()?,
        legs: Vec::new(),
    })
}

fn leg_row(row: &Row<'_>) -> Result<LegRow, rusqlite::Error> {
    Ok(LegRow {
        leg: row.get("leg")?,
        channel: channel(row, "channel")?,
        to: destination(&row.get::<_, String>("destination")?)?,
        copy: row.get("copy")?,
        state: row.get("state")?,
        attempts: row.get("attempts")?,
        not_before: time::get_some(row, "not_before")?,
        detail: row.get("detail")?,
        accepted_at: time::get_some(row, "accepted_at")?,
        delivered_at: time::get_some(row, "delivered_at")?,
        read_at: time::get_some(row, "read_at")?,
        printed_at: time::get_some(row, "printed_at")?,
        sha256: row.get("sha256")?,
        template: row.get("template")?,
        content_type: row.get("content_type")?,
        message_id: row.get("message_id")?,
    })
}

pub(super) fn with_legs(sql: &Connection, mut notice: NoticeRow) -> Result<NoticeRow, rusqlite::Error> {
    // What fell out of its list went out by no way.
    let of = notice.listed_in.filter(|_| notice.standing != "dropped").unwrap_or(notice.id);
    notice.legs = sql
        .prepare_cached("SELECT * FROM leg WHERE notice = ?1 ORDER BY leg")?
        .query_map([of.to_string()], leg_row)?
        .collect::<Result<_, _>>()?;
    Ok(notice)
}

/// One notice.
pub fn notice(sql: &Connection, id: NoticeId) -> Result<Option<NoticeRow>, rusqlite::Error> {
    let found = sql
        .prepare_cached("SELECT * FROM notice WHERE id = ?1")?
        .query_row([id.to_string()], notice_row)
        .optional()?;
    found.map(|notice| with_legs(sql, notice)).transpose()
}

/// Which notices are wanted.
#[derive(Debug, Clone, Default)]
pub struct NoticeFilter {
    /// About one of these providers.
    pub about: Option<Vec<Uuid>>,
    /// To this contact.
    pub contact: Option<String>,
    /// Of this track.
    pub track: Option<TrackId>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Formal ones, or reminders.
    pub formal: Option<bool>,
    /// Of one of these facilities. Empty: of all.
    pub facilities: Vec<String>,
    /// Asked for from this instant on.
    pub since: Option<Timestamp>,
    /// Rows at the most.
    pub limit: usize,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// Notices, the latest first, with the cursor of the next page and how many match in all.
pub fn notices(
    sql: &Connection,
    filter: &NoticeFilter,
) -> Result<(Vec<NoticeRow>, Option<String>, u64), rusqlite::Error> {
    let mut wheres = vec!["1 = 1".to_owned()];
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut add = |condition: &str, value: Box<dyn ToSql>| {
        values.push(value);
        wheres.push(condition.replace("{n}", &values.len().to_string()));
    };
    if let Some(about) = &filter.about {
        let keys: Vec<String> = about.iter().map(Uuid::to_string).collect();
        add("about IN (SELECT value FROM json_each(?{n}))", Box::new(as_json(&keys)));
    }
    if !filter.facilities.is_empty() {
        add("facility IN (SELECT value FROM json_each(?{n}))", Box::new(as_json(&filter.facilities)));
    }
    if let Some(contact) = &filter.contact {
        add("contact = ?{n}", Box::new(contact.clone()));
    }
    if let Some(track) = &filter.track {
        add("track = ?{n}", Box::new(track.to_string()));
    }
    if let Some(kind) = &filter.kind {
        add("kind = ?{n}", Box::new(kind.clone()));
    }
    if let Some(formal) = filter.formal {
        add("formal = ?{n}", Box::new(formal));
    }
    if let Some(since) = filter.since {
        add("requested_at >= ?{n}", Box::new(time::store(since)));
    }
    let total: i64 = sql
        .prepare_cached(&format!("SELECT count(*) FROM notice WHERE {}", wheres.join(" AND ")))?
        .query_row(rusqlite::params_from_iter(&values), |row| row.get(0))?;
    if let Some(after) = &filter.after {
        values.push(Box::new(after.clone()));
        let n = values.len();
        wheres.push(format!("(requested_at, id) < (SELECT requested_at, id FROM notice WHERE id = ?{n})"));
    }
    let page = i64::try_from(filter.limit.saturating_add(1)).unwrap_or(i64::MAX);
    let statement = format!(
        "SELECT * FROM notice WHERE {} ORDER BY requested_at DESC, id DESC LIMIT {page}",
        wheres.join(" AND ")
    );
    let mut found: Vec<NoticeRow> = sql
        .prepare_cached(&statement)?
        .query_map(rusqlite::params_from_iter(&values), notice_row)?
        .collect::<Result<_, _>>()?;
    let more = found.len() > filter.limit;
    found.truncate(filter.limit);
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    let rows = found.into_iter().map(|notice| with_legs(sql, notice)).collect::<Result<_, _>>()?;
    Ok((rows, next, u64::try_from(total).unwrap_or_default()))
}
