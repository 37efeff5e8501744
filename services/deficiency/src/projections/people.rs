//! One row a provider of the directory, duplicates merged, with what lists filter by.
//!
//! What a provider is depends on other providers' events, too (merges), so the rows are written from the same
//! [`Directory`] that decides. It is in memory while the model follows the journal, and is made anew from the model's
//! own copy of the events after a start.

use std::collections::BTreeSet;

use countersign_contracts::api::{
    Page,
    people::{ByWhomView, IdentifierView, LeaveView, PeriodView, PersonView},
};
use countersign_eventsourcing::{journal::RecordedEvent, projection::ProjectionError};
use countersign_kernel::Timestamp;
use rusqlite::{Connection, OptionalExtension, ToSql, Transaction, params};
use uuid::Uuid;

use super::time;
use crate::domain::{
    attribution::Attribution,
    people::{
        Approval, Directory, Leave, Provider, Standing,
        events::{PeopleEvent, key_of},
    },
};

/// The directory as far as it is folded.
#[derive(Default)]
pub(super) struct Folded(Option<Directory>);

impl Folded {
    pub(super) fn apply(
        &mut self,
        tables: &Transaction<'_>,
        event: &RecordedEvent,
        decoded: &PeopleEvent,
    ) -> Result<(), ProjectionError> {
        // When the transaction fails the copy is ahead of the tables: it is taken out until the end.
        let mut directory = match self.0.take() {
            Some(directory) => directory,
            None => recall(tables)?,
        };
        tables.prepare_cached("INSERT INTO person_event VALUES (?1, ?2, ?3)")?.execute(params![
            position(event),
            &*event.kind,
            &*event.data
        ])?;
        let mut touched = BTreeSet::from([key_of(decoded.provider())]);
        if let PeopleEvent::Merged(event) = decoded {
            touched.insert(key_of(&event.survivor));
        }
        let roots = |directory: &Directory, keys: &BTreeSet<Uuid>| -> BTreeSet<Uuid> {
            keys.iter().filter_map(|key| directory.provider(*key)).map(|provider| provider.key).collect()
        };
        let mut rows = roots(&directory, &touched);
        directory.evolve(decoded);
        rows.extend(roots(&directory, &touched));
        rows.extend(touched);
        for key in rows {
            write(tables, key, directory.provider(key).filter(|provider| provider.key == key))?;
        }
        self.0 = Some(directory);
        Ok(())
    }
}

fn position(event: &RecordedEvent) -> i64 {
    i64::try_from(event.position.0).unwrap_or(i64::MAX)
}

fn recall(tables: &Transaction<'_>) -> Result<Directory, ProjectionError> {
    let mut directory = Directory::default();
    let mut statement = tables.prepare_cached("SELECT kind, data FROM person_event ORDER BY position")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, data): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let event = PeopleEvent::decode(&kind, &data).map_err(|_| {
            ProjectionError::Contradiction(format!("the read model's copy of a {kind} does not decode"))
        })?;
        directory.evolve(&event);
    }
    Ok(directory)
}

fn json(provider: &Provider) -> Result<String, ProjectionError> {
    serde_json::to_string(provider)
        .map_err(|_| ProjectionError::Contradiction("a provider cannot be written as JSON".to_owned()))
}

/// Writes the rows of one record: those of a provider, or none for a record that was merged into another.
fn write(tables: &Transaction<'_>, key: Uuid, provider: Option<&Provider>) -> Result<(), ProjectionError> {
    let row = key.to_string();
    for table in ["person", "person_identifier", "person_activity", "person_place", "person_leave"] {
        tables.prepare_cached(&format!("DELETE FROM {table} WHERE key = ?1"))?.execute([&row])?;
    }
    let Some(provider) = provider else { return Ok(()) };
    let latest = provider.versions.last().map_or(Timestamp::MAX, |version| version.from);
    let sort_name = provider.person(latest).display_name().to_lowercase();
    tables.prepare_cached("INSERT INTO person VALUES (?1, ?2, ?3)")?.execute(params![
        row,
        sort_name,
        json(provider)?
    ])?;
    for identifier in &provider.identifiers {
        tables
            .prepare_cached("INSERT OR IGNORE INTO person_identifier VALUES (?1, ?2, ?3)")?
            .execute(params![row, identifier.id.id, identifier.id.authority])?;
    }
    for (number, interval) in (0_i64..).zip(&provider.activity) {
        tables.prepare_cached("INSERT INTO person_activity VALUES (?1, ?2, ?3, ?4)")?.execute(params![
            row,
            number,
            time::store_some(interval.from),
            time::store_some(interval.until)
        ])?;
    }
    for (index, version) in provider.versions.iter().enumerate() {
        let number = i64::try_from(index).unwrap_or(i64::MAX);
        // The first version holds before its effect, too: nothing is known that says otherwise.
        let from = (index > 0).then(|| time::store(version.from));
        let until = provider.versions.get(index + 1).map(|next| time::store(next.from));
        let departments = version.details.departments.iter().map(|code| ("department", code));
        let facilities = version.details.facilities.iter().map(|code| ("facility", code));
        for (kind, code) in departments.chain(facilities) {
            tables
                .prepare_cached("INSERT INTO person_place VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
                .execute(params![row, number, kind, code, from, until])?;
        }
    }
    for leave in &provider.leaves {
        tables.prepare_cached("INSERT INTO person_leave VALUES (?1, ?2, ?3, ?4, ?5)")?.execute(params![
            row,
            leave.id.to_string(),
            time::store(leave.from),
            time::store_some(leave.until),
            leave.counts()
        ])?;
    }
    Ok(())
}

/// Which providers are wanted.
#[derive(Debug, Clone, Default)]
pub struct PeopleQuery {
    /// Part of the name, or an identifier.
    pub text: Option<String>,
    /// Code of a department.
    pub department: Option<String>,
    /// Code of a facility.
    pub facility: Option<String>,
    /// Active now, or not.
    pub active: Option<bool>,
    /// Away now, or not.
    pub on_leave: Option<bool>,
    /// Rows at the most.
    pub limit: usize,
    /// Key of the last row of the page before.
    pub after: Option<String>,
}

const HOLDS: &str = "(from_at IS NULL OR from_at <= ?1) AND (until_at IS NULL OR ?1 < until_at)";

/// Providers by name.
pub fn people(
    sql: &Connection,
    query: &PeopleQuery,
    now: Timestamp,
    position: u64,
) -> Result<Page<PersonView>, rusqlite::Error> {
    let at = time::store(now);
    let mut wheres = vec!["1 = 1".to_owned()];
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(at)];
    let mut add = |condition: &str, value: String| {
        values.push(Box::new(value));
        wheres.push(condition.replace("{n}", &values.len().to_string()));
    };
    if let Some(text) = &query.text {
        add(
            "(instr(sort_name, lower(?{n})) > 0
              OR key IN (SELECT key FROM person_identifier WHERE id = ?{n}))",
            text.trim().to_lowercase(),
        );
    }
    for (kind, code) in [("department", &query.department), ("facility", &query.facility)] {
        if let Some(code) = code {
            let condition = format!(
                "key IN (SELECT key FROM person_place WHERE kind = '{kind}' AND code = ?{{n}} AND {HOLDS})"
            );
            add(&condition, code.clone());
        }
    }
    let is = |wanted: bool| if wanted { "IN" } else { "NOT IN" };
    if let Some(active) = query.active {
        wheres.push(format!("key {} (SELECT key FROM person_activity WHERE {HOLDS})", is(active)));
    }
    if let Some(away) = query.on_leave {
        wheres.push(format!("key {} (SELECT key FROM person_leave WHERE counts = 1 AND {HOLDS})", is(away)));
    }
    let matching = wheres.join(" AND ");
    let total: i64 = sql
        // `?1` stands in every statement, also where no condition asks for the instant.
        .prepare_cached(&format!("SELECT count(*) FROM person WHERE ?1 IS NOT NULL AND {matching}"))?
        .query_row(rusqlite::params_from_iter(&values), |row| row.get(0))?;
    if let Some(after) = &query.after {
        values.push(Box::new(after.clone()));
        let number = values.len();
        wheres.push(format!("(sort_name, key) > (SELECT sort_name, key FROM person WHERE key = ?{number})"));
    }
    // SQLite counts rows in 64 bits with a sign.
    let page = i64::try_from(query.limit.saturating_add(1)).unwrap_or(i64::MAX);
    let statement = format!(
        "SELECT provider FROM person WHERE ?1 IS NOT NULL AND {} ORDER BY sort_name, key LIMIT {page}",
        wheres.join(" AND ")
    );
    let mut found: Vec<Provider> = sql
        .prepare_cached(&statement)?
        .query_map(rusqlite::params_from_iter(&values), |row| decode(&row.get::<_, String>(0)?))?
        .collect::<Result<_, _>>()?;
    let more = found.len() > query.limit;
    found.truncate(query.limit);
    let next = found.last().filter(|_| more).map(|last| last.key.to_string());
    let items = found.iter().map(|provider| view(provider, now, true)).collect();
    Ok(Page { items, next, total: u64::try_from(total).unwrap_or_default(), position })
}

fn decode(text: &str) -> Result<Provider, rusqlite::Error> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// The provider of a record: the surviving one, when the record was merged.
pub fn person(sql: &Connection, key: Uuid, now: Timestamp) -> Result<Option<PersonView>, rusqlite::Error> {
    let found: Option<String> = sql
        .prepare_cached("SELECT provider FROM person WHERE key = ?1")?
        .query_row([key.to_string()], |row| row.get(0))
        .optional()?;
    found.map(|text| decode(&text).map(|provider| view(&provider, now, false))).transpose()
}

fn act(act: &Attribution) -> ByWhomView {
    ByWhomView { by: act.by.clone(), at: act.at, why: act.why.clone() }
}

fn leave_view(leave: &Leave) -> LeaveView {
    LeaveView {
        id: leave.id.0,
        kind: leave.kind.name().to_owned(),
        from: leave.from,
        until: leave.until,
        approval: leave.approval.name().to_owned(),
        counts: leave.counts(),
        entered_late: leave.entered_late(),
        recorded: act(&leave.recorded),
        changed: leave.changed.as_ref().map(act),
        decided: match &leave.approval {
            Approval::Given { act: decided } | Approval::Refused { act: decided } => Some(act(decided)),
            Approval::NotNeeded | Approval::Awaited => None,
        },
    }
}

fn view(provider: &Provider, now: Timestamp, without_past_leaves: bool) -> PersonView {
    let person = provider.person(now);
    let details = provider.details_at(now).cloned().unwrap_or_default();
    let (active, inactive_since) = match provider.standing(now) {
        Standing::Active => (true, None),
        Standing::Inactive { since } => (false, since),
        Standing::Unknown => (false, None),
    };
    let over = |leave: &&Leave| leave.until.is_some_and(|until| until <= now);
    PersonView {
        key: provider.key,
        id: provider.id.id.clone(),
        authority: provider.id.authority.clone(),
        identifiers: provider
            .identifiers
            .iter()
            .map(|known| IdentifierView { kind: known.kind.clone(), ..known.id.clone().into() })
            .collect(),
        name: person.display_name(),
        credentials: person.credentials,
        listed: provider.listed,
        active,
        inactive_since,
        activity: provider
            .activity
            .iter()
            .map(|interval| PeriodView { from: interval.from, until: interval.until })
            .collect(),
        departments: details.departments,
        facilities: details.facilities,
        service: details.service,
        specialty: details.specialty,
        group: details.group,
        supervisor: details.supervisor.map(Into::into),
        delegate: details.delegate.map(Into::into),
        email: details.email,
        telephone: details.telephone,
        on_leave: provider.leaves.iter().any(|leave| leave.covers(now)),
        leaves: provider
            .leaves
            .iter()
            .filter(|leave| !(without_past_leaves && over(leave)))
            .map(leave_view)
            .collect(),
        merged: provider.merged.iter().cloned().map(Into::into).collect(),
    }
}
