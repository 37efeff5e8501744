//! One row per chart.

use countersign_contracts::{
    api::ChartView,
    chart::{EncounterClass, EncounterKey},
};
use countersign_kernel::{EncounterId, Phi, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{patients, pauses, time};
use crate::domain::events::{Description, Stage};

pub(super) fn apply(
    tables: &Transaction<'_>,
    encounter: &str,
    description: &Description,
) -> Result<(), rusqlite::Error> {
    let Description { encounter: key, attending, patient, .. } = description;
    tables
        .prepare_cached(
            "INSERT INTO chart VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
             ON CONFLICT (encounter) DO UPDATE SET
             facility = excluded.facility, authority = excluded.authority, visit = excluded.visit,
             time_zone = excluded.time_zone, stage = excluded.stage, class = excluded.class, location =
             excluded.location, service = excluded.service, attending = excluded.attending,
             attending_name = excluded.attending_name, admitted_at = excluded.admitted_at, discharged_at
             = excluded.discharged_at, patient_key = excluded.patient_key, patient = excluded.patient,
             patient_name = excluded.patient_name, wake_at = excluded.wake_at, continues_as =
             excluded.continues_as, findings = excluded.findings",
        )?
        .execute(params![
            encounter,
            key.facility,
            key.authority,
            key.visit,
            description.time_zone,
            stage_name(description.stage),
            description.class.as_ref().map(class_name),
            description.location,
            description.service,
            attending.as_ref().and_then(|person| person.id.as_ref()),
            attending.as_ref().map(countersign_kernel::Person::display_name),
            time::store_some(description.admitted_at),
            time::store_some(description.discharged_at),
            patient.as_ref().map(|patient| patient.key().to_string()),
            patient.as_ref().map(|patient| patient.id.reveal()),
            description.patient_name.as_ref().map(Phi::reveal),
            time::store_some(description.wake_at),
            description.continues_as.as_ref().map(|key| key.id().to_string()),
            description.findings.join("\n"),
        ])?;
    Ok(())
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Inferred => "inferred",
        Stage::Preadmitted => "preadmitted",
        Stage::Open => "open",
        Stage::Discharged => "discharged",
        Stage::Cancelled => "cancelled",
        Stage::Renumbered => "renumbered",
    }
}

pub(super) fn class_name(class: &EncounterClass) -> &str {
    match class {
        EncounterClass::Inpatient => "inpatient",
        EncounterClass::Observation => "observation",
        EncounterClass::DaySurgery => "day_surgery",
        EncounterClass::Emergency => "emergency",
        EncounterClass::Outpatient => "outpatient",
        EncounterClass::Preadmit => "preadmit",
        EncounterClass::Recurring => "recurring",
        EncounterClass::Unmapped(_) => "unmapped",
    }
}

/// A chart's row, before its deficiencies are added.
pub struct ChartRow(pub ChartView);

fn view(sql: &Connection, row: &Row<'_>) -> Result<ChartRow, rusqlite::Error> {
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let id = |column: &str| -> Result<Option<EncounterId>, rusqlite::Error> {
        Ok(text(column)?.and_then(|id| id.parse().ok()))
    };
    let patient = match text("patient_key")? {
        Some(key) => patients::survivor(sql, &key)?.or(text("patient")?),
        None => None,
    };
    Ok(ChartRow(ChartView {
        id: id("encounter")?.ok_or(rusqlite::Error::InvalidQuery)?,
        facility: row.get("facility")?,
        authority: row.get("authority")?,
        encounter: row.get("visit")?,
        stage: row.get("stage")?,
        class: text("class")?,
        location: text("location")?,
        service: text("service")?,
        attending: text("attending")?,
        attending_name: text("attending_name")?,
        admitted_at: time::get_some(row, "admitted_at")?,
        discharged_at: time::get_some(row, "discharged_at")?,
        patient: patient.map(Phi::new),
        patient_name: text("patient_name")?.map(Phi::new),
        time_zone: row.get("time_zone")?,
        continues_as: id("continues_as")?,
        findings: row.get::<_, String>("findings")?.lines().map(str::to_owned).collect(),
        deficiencies: Vec::new(),
    }))
}

/// The chart with this id.
pub fn chart(sql: &Connection, id: EncounterId) -> Result<Option<ChartRow>, rusqlite::Error> {
    sql.prepare_cached("SELECT * FROM chart WHERE encounter = ?1")?
        .query_row([id.to_string()], |row| view(sql, row))
        .optional()
}

/// Charts in which a requirement arises by the passing of time, at or before an instant.
pub fn due_wakes(sql: &Connection, now: Timestamp) -> Result<Vec<EncounterKey>, rusqlite::Error> {
    sql.prepare_cached(
        "SELECT facility, authority, visit FROM chart WHERE wake_at <= ?1 ORDER BY wake_at LIMIT 1000",
    )?
    .query_map([time::store(now)], |row| {
        Ok(EncounterKey { facility: row.get(0)?, authority: row.get(1)?, visit: row.get(2)? })
    })?
    .collect()
}

/// Every chart.
pub fn all_charts(sql: &Connection) -> Result<Vec<EncounterId>, rusqlite::Error> {
    let ids: Vec<String> = sql
        .prepare_cached("SELECT encounter FROM chart ORDER BY encounter")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Whom a change of directory or site concerns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concerned {
    /// Somebody who goes by this identifier.
    Person(String),
    /// Everything at a facility.
    Facility(String),
}

/// Charts with something owed by the person, by nobody while the person attends it, or at the facility.
pub fn charts_concerned(
    sql: &Connection,
    concerned: &Concerned,
) -> Result<Vec<EncounterKey>, rusqlite::Error> {
    let key = |row: &Row<'_>| {
        Ok(EncounterKey { facility: row.get(0)?, authority: row.get(1)?, visit: row.get(2)? })
    };
    match concerned {
        Concerned::Facility(code) => sql
            .prepare_cached(
                "SELECT facility, authority, visit FROM chart WHERE facility = ?1 ORDER BY encounter",
            )?
            .query_map([code], key)?
            .collect(),
        Concerned::Person(id) => {
            let ids = pauses::same_person(sql, id)?;
            let marks = vec!["?"; ids.len()].join(", ");
            // Who owes nothing yet may come to owe what is unassigned.
            sql.prepare(&format!(
                "SELECT DISTINCT c.facility, c.authority, c.visit FROM chart c
                 JOIN deficiency d ON d.encounter = c.encounter
                 WHERE d.status IN ('open', 'dormant') AND d.about_chart = 0
                   AND (d.responsible IN ({marks}) OR d.responsible IS NULL)
                 ORDER BY c.encounter"
            ))?
            .query_map(rusqlite::params_from_iter(ids), key)?
            .collect()
        }
    }
}

/// Charts that owe something which another version of the rules than this one asks for.
pub fn charts_owing_under_another(
    sql: &Connection,
    version: u32,
    facility: Option<&str>,
) -> Result<Vec<EncounterId>, rusqlite::Error> {
    let ids: Vec<String> = sql
        .prepare_cached(
            "SELECT DISTINCT encounter FROM deficiency
             WHERE status IN ('open', 'dormant') AND rule_version <> ?1 AND (?2 IS NULL OR facility = ?2)
             ORDER BY encounter",
        )?
        .query_map(params![version, facility], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}
