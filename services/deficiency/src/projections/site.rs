//! Facilities with their downtimes, and departments.

use std::collections::BTreeMap;

use countersign_contracts::api::people::{
    ByWhomView, DepartmentView, DowntimeView, FacilityView, HolidayView,
};
use countersign_eventsourcing::{journal::RecordedEvent, projection::ProjectionError};
use countersign_kernel::Timestamp;
use rusqlite::{Connection, Transaction, params, types::Type};
use serde::de::DeserializeOwned;

use super::time;
use crate::domain::{
    attribution::Attribution,
    site::{
        events::{DepartmentDescribed, DowntimeRecorded, FacilityData, SiteEvent},
        weekday_name,
    },
};

pub(super) fn apply(
    tables: &Transaction<'_>,
    event: &RecordedEvent,
    decoded: SiteEvent,
) -> Result<(), ProjectionError> {
    let undecodable = |error: serde_json::Error| event.undecodable(&error);
    match decoded {
        SiteEvent::FacilityDescribed(described) => {
            let data = serde_json::to_string(&described.facility).map_err(undecodable)?;
            tables
                .prepare_cached("INSERT OR REPLACE INTO facility VALUES (?1, ?2)")?
                .execute(params![described.facility.code, data])?;
        }
        SiteEvent::DowntimeRecorded(recorded) => {
            let data = serde_json::to_string(&recorded).map_err(undecodable)?;
            tables.prepare_cached("INSERT OR REPLACE INTO downtime VALUES (?1, ?2, ?3, ?4)")?.execute(
                params![recorded.downtime.to_string(), recorded.facility, time::store(recorded.from), data],
            )?;
        }
        SiteEvent::DowntimeCancelled(cancelled) => {
            tables
                .prepare_cached("DELETE FROM downtime WHERE id = ?1")?
                .execute([cancelled.downtime.to_string()])?;
        }
        SiteEvent::Snapshot(_) => {}
        SiteEvent::DepartmentDescribed(described) => {
            let data = serde_json::to_string(&described).map_err(undecodable)?;
            tables.prepare_cached("INSERT OR REPLACE INTO department VALUES (?1, ?2, ?3, ?4)")?.execute(
                params![described.facility, described.code, time::store(described.effective_at), data],
            )?;
        }
    }
    Ok(())
}

fn decode<T: DeserializeOwned>(text: &str) -> Result<T, rusqlite::Error> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}

fn all<T: DeserializeOwned>(sql: &Connection, statement: &str) -> Result<Vec<T>, rusqlite::Error> {
    sql.prepare_cached(statement)?.query_map([], |row| decode(&row.get::<_, String>(0)?))?.collect()
}

fn act(act: Attribution) -> ByWhomView {
    ByWhomView { by: act.by, at: act.at, why: act.why }
}

/// Every facility that was described, by code.
pub fn facilities(sql: &Connection) -> Result<Vec<FacilityView>, rusqlite::Error> {
    let mut downtimes: BTreeMap<String, Vec<DowntimeView>> = BTreeMap::new();
    for recorded in all::<DowntimeRecorded>(sql, "SELECT recorded FROM downtime ORDER BY from_at, id")? {
        downtimes.entry(recorded.facility).or_default().push(DowntimeView {
            id: recorded.downtime.0,
            from: recorded.from,
            until: recorded.until,
            recorded: act(recorded.act),
        });
    }
    let described: Vec<FacilityData> = all(sql, "SELECT described FROM facility ORDER BY code")?;
    Ok(described
        .into_iter()
        .map(|data| FacilityView {
            downtimes: downtimes.remove(&data.code).unwrap_or_default(),
            code: data.code,
            name: data.name,
            jurisdiction: data.jurisdiction,
            time_zone: data.time_zone,
            weekend: data.weekend.into_iter().map(|day| weekday_name(day).to_owned()).collect(),
            holidays: data
                .holidays
                .into_iter()
                .map(|holiday| HolidayView { date: holiday.date, name: holiday.name })
                .collect(),
            minimum_bill_hold_days: data.minimum_bill_hold_days,
            strict_directory: data.strict_directory,
            own_leave_needs_approval: data.own_leave_needs_approval,
        })
        .collect())
}

/// Departments as they are at an instant, of one facility or of all, by facility and code.
pub fn departments(
    sql: &Connection,
    facility: Option<&str>,
    at: Timestamp,
) -> Result<Vec<DepartmentView>, rusqlite::Error> {
    let described: Vec<DepartmentDescribed> = sql
        .prepare_cached(
            "SELECT described FROM department d
             WHERE from_at = (SELECT max(from_at) FROM department
                              WHERE facility = d.facility AND code = d.code AND from_at <= ?1)
               AND (?2 IS NULL OR facility = ?2)
             ORDER BY facility, code",
        )?
        .query_map(params![time::store(at), facility], |row| decode(&row.get::<_, String>(0)?))?
        .collect::<Result<_, _>>()?;
    Ok(described
        .into_iter()
        .filter(|described| !described.closed)
        .map(|described| DepartmentView {
            facility: described.facility,
            code: described.code,
            name: described.name,
            chair: described.chair.map(Into::into),
            from: described.effective_at,
        })
        .collect())
}
