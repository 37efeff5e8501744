//! One row per deficiency: the worklist.

use countersign_contracts::api::{DeficiencyView, Page};
use countersign_kernel::{DeficiencyId, EncounterId, Phi, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, Transaction, params};

use super::{patients, time};
use crate::domain::{
    events::{Change, DeficiencyEvent},
    rules::RuleSet,
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
    let responsible = deficiency.responsible.as_ref();
    tables
        .prepare_cached(
            "INSERT INTO deficiency VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
             ON CONFLICT (id) DO UPDATE SET
             encounter = excluded.encounter, facility = excluded.facility, visit = excluded.visit, rule =
             excluded.rule, rule_version = excluded.rule_version, rule_about_chart =
             excluded.rule_about_chart, subject = excluded.subject, document_type =
             excluded.document_type, responsible = excluded.responsible, responsible_authority =
             excluded.responsible_authority, responsible_name = excluded.responsible_name,
             responsible_because = excluded.responsible_because, status = excluded.status, anchor_at =
             excluded.anchor_at, due_at = excluded.due_at, target_at = excluded.target_at, opened_at =
             excluded.opened_at, closed_at = excluded.closed_at, closed_because =
             excluded.closed_because, holds_bill = excluded.holds_bill",
        )?
        .execute(params![
            deficiency.id.to_string(),
            encounter,
            key.facility,
            key.visit,
            deficiency.rule,
            deficiency.rule_version,
            deficiency.document_type == "chart",
            deficiency.subject,
            deficiency.document_type,
            responsible.and_then(|person| person.id.as_ref()),
            responsible.map(|person| &person.authority),
            responsible.map(countersign_kernel::Person::display_name),
            deficiency.responsible_because,
            deficiency.status.name(),
            time::store(deficiency.anchor_at),
            time::store(deficiency.due_at),
            time::store_some(deficiency.target_at),
            time::store(deficiency.opened_at),
            time::store_some(deficiency.closed_at),
            deficiency.closed_because,
            deficiency.holds_bill,
        ])?;
    Ok(())
}

/// What a reader of the worklist wants to see.
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
    /// At most so many rows.
    pub limit: usize,
    /// Where the last page ended: due instant (µs) and id.
    pub after: Option<(i64, String)>,
}

/// The answer, and the place where the next page begins.
pub type Worklist = Page<DeficiencyView>;

const ROW: &str = "SELECT d.*, c.time_zone, c.patient_key, c.patient, c.patient_name
                   FROM deficiency d LEFT JOIN chart c ON c.encounter = d.encounter";

fn view(
    sql: &Connection,
    row: &Row<'_>,
    rules: &RuleSet,
    now: Timestamp,
) -> Result<DeficiencyView, rusqlite::Error> {
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let invalid = || rusqlite::Error::InvalidQuery;
    let rule: String = row.get("rule")?;
    let status: String = row.get("status")?;
    let due_at = time::get(row, "due_at")?;
    let patient = match text("patient_key")? {
        Some(key) => patients::survivor(sql, &key)?.or(text("patient")?),
        None => None,
    };
    Ok(DeficiencyView {
        id: row.get::<_, String>("id")?.parse().map_err(|_| invalid())?,
        facility: row.get("facility")?,
        encounter: row.get("visit")?,
        chart: row.get::<_, String>("encounter")?.parse().map_err(|_| invalid())?,
        rule_version: row.get("rule_version")?,
        title: rules.rule(&rule).map_or_else(|| rule.clone(), |rule| rule.title.clone()),
        rule,
        document_type: row.get("document_type")?,
        subject: text("subject")?,
        responsible: text("responsible")?,
        responsible_name: text("responsible_name")?,
        responsible_because: row.get("responsible_because")?,
        overdue: status == "open" && now > due_at,
        status,
        anchor_at: time::get(row, "anchor_at")?,
        due_at,
        target_at: time::get_some(row, "target_at")?,
        opened_at: time::get(row, "opened_at")?,
        closed_at: time::get_some(row, "closed_at")?,
        closed_because: text("closed_because")?,
        holds_bill: row.get("holds_bill")?,
        patient: patient.map(Phi::new),
        patient_name: text("patient_name")?.map(Phi::new),
        time_zone: text("time_zone")?.unwrap_or_else(|| "UTC".to_owned()),
    })
}

/// A page of deficiencies, the earliest due first.
pub fn worklist(
    sql: &Connection,
    query: &Query,
    rules: &RuleSet,
    now: Timestamp,
    position: u64,
) -> Result<Worklist, rusqlite::Error> {
    let mut conditions: Vec<&str> = vec!["1 = 1"];
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    for (condition, value) in [
        ("d.responsible = ?", &query.provider),
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
    if query.unassigned {
        conditions.push("d.responsible IS NULL AND d.rule_about_chart = 0");
    }
    if query.overdue {
        conditions.push("d.status = 'open' AND d.due_at < ?");
        values.push(Box::new(time::store(now)));
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
        .query_map(rusqlite::params_from_iter(values.iter()), |row| view(sql, row, rules, now))?
        .collect::<Result<_, _>>()?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| format!("{}_{}", time::store(last.due_at), last.id));
    Ok(Page { items, next, total, position })
}

/// The deficiency with this id.
pub fn deficiency(
    sql: &Connection,
    id: DeficiencyId,
    rules: &RuleSet,
    now: Timestamp,
) -> Result<Option<DeficiencyView>, rusqlite::Error> {
    sql.prepare_cached(&format!("{ROW} WHERE d.id = ?1"))?
        .query_row([id.to_string()], |row| view(sql, row, rules, now))
        .optional()
}

/// The chart of a deficiency.
pub fn encounter_of(sql: &Connection, id: DeficiencyId) -> Result<Option<EncounterId>, rusqlite::Error> {
    let encounter: Option<String> = sql
        .prepare_cached("SELECT encounter FROM deficiency WHERE id = ?1")?
        .query_row([id.to_string()], |row| row.get(0))
        .optional()?;
    Ok(encounter.and_then(|id| id.parse().ok()))
}

/// Everything owed in one chart.
pub fn in_chart(
    sql: &Connection,
    encounter: EncounterId,
    rules: &RuleSet,
    now: Timestamp,
) -> Result<Vec<DeficiencyView>, rusqlite::Error> {
    sql.prepare_cached(&format!("{ROW} WHERE d.encounter = ?1 ORDER BY d.due_at, d.id"))?
        .query_map([encounter.to_string()], |row| view(sql, row, rules, now))?
        .collect()
}
