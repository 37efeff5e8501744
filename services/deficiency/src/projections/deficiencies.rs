//! One row per deficiency: the worklist.

use countersign_contracts::api::{ChartView, DeficiencyView, Page};
use countersign_kernel::{DeficiencyId, EncounterId, Phi, Timestamp};
use countersign_runtime::authority::Reach;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, params};

use super::{
    ChartRow, patients,
    pauses::{self, NEVER, Scope},
    reach::Within,
    time,
};
use crate::{
    domain::{
        events::{Change, DeficiencyEvent},
        reference::Reference,
    },
    show::{self, Seen},
};

pub(super) fn apply(
    tables: &Transaction<'_>,
    encounter: &str,
    event: &DeficiencyEvent,
) -> Result<(), rusqlite::Error> {
    let DeficiencyEvent { encounter: key, change, deficiency } = event;
    if *change == Change::Retracted {
        tables
            .prepare_cached("DELETE FROM deficiency WHERE id = ?1")?
            .execute([deficiency.id.to_string()])?;
        return Ok(());
    }
    let (due_at, delinquent_at) = pauses::limits(tables, encounter, &key.facility, deficiency)?;
    let responsible = deficiency.responsible.as_ref();
    tables
        .prepare_cached(
            "INSERT OR REPLACE INTO deficiency VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        )?
        .execute(params![
            deficiency.id.to_string(),
            encounter,
            key.facility,
            key.visit,
            deficiency.rule,
            deficiency.rule_version,
            deficiency.document_type == "chart",
            responsible.and_then(|person| person.id.as_ref()),
            responsible.map(|person| &person.authority),
            responsible.map(countersign_kernel::Person::display_name),
            deficiency.status.name(),
            due_at,
            delinquent_at,
            time::store(deficiency.opened_at),
            time::store_some(deficiency.closed_at),
            deficiency.holds_bill,
            deficiency.dispute.as_ref().is_some_and(|dispute| dispute.decided.is_none()),
            body(deficiency)?,
        ])?;
    Ok(())
}

/// Moves the limits of what is not closed in a scope, after its pauses have changed.
pub(super) fn judge_limits_again(tables: &Transaction<'_>, scope: &Scope<'_>) -> Result<(), rusqlite::Error> {
    let (column, values) = match scope {
        Scope::People(ids) => ("responsible", ids.as_slice()),
        Scope::Facility(code) => ("facility", &[(*code).to_owned()][..]),
    };
    let mut rows: Vec<(String, String, String, Vec<u8>)> = Vec::new();
    let mut select = tables.prepare_cached(&format!(
        "SELECT id, encounter, facility, body FROM deficiency WHERE {column} = ?1 AND about_chart = 0"
    ))?;
    for value in values {
        let found =
            select.query_map([value], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        rows.extend(found.collect::<Result<Vec<_>, _>>()?);
    }
    for (id, encounter, facility, body) in rows {
        let (due_at, delinquent_at) = pauses::limits(tables, &encounter, &facility, &decoded(&body)?)?;
        tables
            .prepare_cached("UPDATE deficiency SET due_at = ?2, delinquent_at = ?3 WHERE id = ?1")?
            .execute(params![id, due_at, delinquent_at])?;
    }
    Ok(())
}

fn decoded(body: &[u8]) -> Result<crate::domain::events::Deficiency, rusqlite::Error> {
    serde_json::from_slice(body).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, Box::new(error))
    })
}

fn body(deficiency: &crate::domain::events::Deficiency) -> Result<Vec<u8>, rusqlite::Error> {
    serde_json::to_vec(deficiency).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// What a reader of the worklist wants to see.
#[expect(clippy::struct_excessive_bools, reason = "each is a filter of its own")]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Responsible provider's identifier.
    pub provider: Option<String>,
    /// Only items that nobody is responsible for (the chart limits aside).
    pub unassigned: bool,
    /// Status.
    pub status: Option<String>,
    /// Rule.
    pub rule: Option<String>,
    /// Facility code.
    pub facility: Option<String>,
    /// Id of the chart.
    pub chart: Option<String>,
    /// Only items that are open and past due.
    pub overdue: bool,
    /// Only items that are open and delinquent.
    pub delinquent: bool,
    /// Only items whose dispute waits for HIM's answer.
    pub disputed: bool,
    /// Only what the reader may see.
    pub reach: Reach,
    /// At most so many rows.
    pub limit: usize,
    /// Where the last page ended: due instant (µs) and id.
    pub after: Option<(i64, String)>,
}

/// The answer, and the place where the next page begins.
pub type Worklist = Page<DeficiencyView>;

const ROW: &str = "SELECT d.*, c.time_zone, c.patient_key, c.patient, c.patient_name, c.discharged_at,
                          (SELECT r.due_at FROM deficiency r WHERE r.encounter = d.encounter AND r.rule = 'C1')
                              AS regulatory_due_at
                   FROM deficiency d LEFT JOIN chart c ON c.encounter = d.encounter";

fn view(
    sql: &Connection,
    row: &Row<'_>,
    reference: &Reference,
    now: Timestamp,
) -> Result<DeficiencyView, rusqlite::Error> {
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let invalid = || rusqlite::Error::InvalidQuery;
    let patient = match text("patient_key")? {
        Some(key) => patients::survivor(sql, &key)?.or(text("patient")?),
        None => None,
    };
    let facility: String = row.get("facility")?;
    let deficiency = decoded(&row.get::<_, Vec<u8>>("body")?)?;
    let regulatory_due_at = row.get::<_, Option<i64>>("regulatory_due_at")?.filter(|due| *due != NEVER);
    let seen = Seen {
        encounter: row.get("visit")?,
        chart: row.get::<_, String>("encounter")?.parse().map_err(|_| invalid())?,
        patient: patient.map(Phi::new),
        patient_name: text("patient_name")?.map(Phi::new),
        time_zone: text("time_zone")?.unwrap_or_else(|| "UTC".to_owned()),
        discharged_at: time::get_some(row, "discharged_at")?,
        regulatory_due_at: regulatory_due_at.map(|due| time::load(0, due)).transpose()?,
        elsewhere: pauses::of(sql, deficiency.responsible.as_ref(), &facility)?,
        facility,
    };
    Ok(show::deficiency(&deficiency, seen, reference, now))
}

/// A page of deficiencies, the earliest due first.
pub fn worklist(
    sql: &Connection,
    query: &Query,
    reference: &Reference,
    now: Timestamp,
    position: u64,
) -> Result<Worklist, rusqlite::Error> {
    let mut conditions: Vec<&str> = vec!["1 = 1"];
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    for (condition, value) in [
        ("d.status = ?", &query.status),
        ("d.rule = ?", &query.rule),
        ("d.facility = ?", &query.facility),
        ("d.encounter = ?", &query.chart),
    ] {
        if let Some(value) = value {
            conditions.push(condition);
            values.push(Box::new(value.clone()));
        }
    }
    // A provider whose identities were merged is asked for under any of them.
    let own = query.provider.as_ref().map(|id| pauses::same_person(sql, id)).transpose()?;
    let (within, reached) = Within::of(sql, &query.reach)?.condition();
    conditions.push(&within);
    values.extend(reached);
    let own = own.map(|ids| (format!("d.responsible IN ({})", vec!["?"; ids.len()].join(", ")), ids));
    if let Some((condition, ids)) = &own {
        conditions.push(condition);
        values.extend(ids.iter().map(|id| Box::new(id.clone()) as Box<dyn ToSql>));
    }
    if query.unassigned {
        conditions.push("d.responsible IS NULL AND d.about_chart = 0");
    }
    if query.overdue {
        conditions.push("d.status = 'open' AND d.due_at < ?");
        values.push(Box::new(time::store(now)));
    }
    if query.delinquent {
        conditions.push("d.status = 'open' AND d.delinquent_at < ?");
        values.push(Box::new(time::store(now)));
    }
    if query.disputed {
        conditions.push("d.disputed = 1");
    }
    let matching = conditions.join(" AND ");
    let total: u64 = sql
        .prepare_cached(&format!("SELECT count(*) FROM deficiency d WHERE {matching}"))?
        .query_row(rusqlite::params_from_iter(values.iter()), |row| row.get(0))?;
    let mut page = String::new();
    if let Some((due_at, id)) = &query.after {
        page.push_str(" AND (d.due_at, d.id) > (?, ?)");
        values.push(Box::new(*due_at));
        values.push(Box::new(id.clone()));
    }
    let limit = query.limit.max(1);
    values.push(Box::new(limit as u64 + 1));
    let mut items: Vec<DeficiencyView> = sql
        .prepare_cached(&format!("{ROW} WHERE {matching}{page} ORDER BY d.due_at, d.id LIMIT ?"))?
        .query_map(rusqlite::params_from_iter(values.iter()), |row| view(sql, row, reference, now))?
        .collect::<Result<_, _>>()?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(cursor);
    Ok(Page { items, next, total, position })
}

/// Where a page ends: due instant and id.
pub fn cursor(last: &DeficiencyView) -> String {
    format!("{}_{}", last.due_at.map_or(NEVER, time::store), last.id)
}

/// The deficiency with this id, if it is within a reader's reach.
pub fn deficiency(
    sql: &Connection,
    id: DeficiencyId,
    reach: &Reach,
    reference: &Reference,
    now: Timestamp,
) -> Result<Option<DeficiencyView>, rusqlite::Error> {
    let (within, mut values) = Within::of(sql, reach)?.condition();
    values.push(Box::new(id.to_string()));
    sql.prepare_cached(&format!("{ROW} WHERE {within} AND d.id = ?"))?
        .query_row(rusqlite::params_from_iter(values), |row| view(sql, row, reference, now))
        .optional()
}

/// The chart of a deficiency, if that is within a reader's reach.
pub fn encounter_of(
    sql: &Connection,
    id: DeficiencyId,
    reach: &Reach,
) -> Result<Option<EncounterId>, rusqlite::Error> {
    let (within, mut values) = Within::of(sql, reach)?.condition();
    values.push(Box::new(id.to_string()));
    let encounter: Option<String> = sql
        .prepare_cached(&format!("SELECT encounter FROM deficiency d WHERE {within} AND id = ?"))?
        .query_row(rusqlite::params_from_iter(values), |row| row.get(0))
        .optional()?;
    Ok(encounter.and_then(|id| id.parse().ok()))
}

/// What is owed in one chart, as far as a reader's reach goes.
pub fn in_chart(
    sql: &Connection,
    encounter: EncounterId,
    within: &Within,
    reference: &Reference,
    now: Timestamp,
) -> Result<Vec<DeficiencyView>, rusqlite::Error> {
    let (within, mut values) = within.condition();
    values.push(Box::new(encounter.to_string()));
    sql.prepare_cached(&format!("{ROW} WHERE {within} AND d.encounter = ? ORDER BY d.due_at, d.id"))?
        .query_map(rusqlite::params_from_iter(values), |row| view(sql, row, reference, now))?
        .collect()
}

/// A chart with what is owed in it, as far as a reader's reach goes; `None` when the reader may not see it. Who
/// reads single providers' items sees the charts in which they have one.
pub fn chart_within(
    sql: &Connection,
    id: EncounterId,
    reach: &Reach,
    reference: &Reference,
    now: Timestamp,
) -> Result<Option<ChartView>, rusqlite::Error> {
    let Some(ChartRow(chart)) = super::chart(sql, id)? else { return Ok(None) };
    let within = Within::of(sql, reach)?;
    let deficiencies = in_chart(sql, id, &within, reference, now)?;
    let visible =
        within.includes_facility(&chart.facility) && !(within.is_of_providers() && deficiencies.is_empty());
    Ok(visible.then_some(ChartView { deficiencies, ..chart }))
}
