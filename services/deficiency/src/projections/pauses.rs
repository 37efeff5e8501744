//! Leave of providers and downtime of facilities, and what they do to the limits of what is owed.

use countersign_kernel::{BusinessCalendar, EventId, Person, ProviderId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use uuid::Uuid;

use super::{deficiencies, time};
use crate::domain::{
    attribution::Attribution,
    clock::{Days, accountability},
    decide::zone_of,
    events::{Deficiency, Pause, PauseCause},
    people::events::{PeopleEvent, key_of},
    site::events::{FacilityData, SiteEvent, facility_key},
};

/// The end of time, for what does not fall due.
pub(super) const NEVER: i64 = i64::MAX;

/// Whose clocks a change touches.
pub(super) enum Scope<'a> {
    /// Whoever goes by one of these identifiers.
    People(Vec<String>),
    /// Everybody at a facility.
    Facility(&'a str),
}

/// Takes an event of the directory over.
pub(super) fn people(tables: &Transaction<'_>, event: &PeopleEvent) -> Result<(), rusqlite::Error> {
    let key = key_of(event.provider());
    let put = |id: Uuid, cause: PauseCause, from, until, act: &Attribution, counts: bool| {
        put(tables, &key.to_string(), id, cause, (from, until), act, counts)
    };
    match event {
        PeopleEvent::Reported(reported) => {
            known_as(tables, key, event.provider())?;
            for identifier in &reported.report.identifiers {
                known_as(tables, key, &identifier.id)?;
            }
        }
        PeopleEvent::Edited(edited) => {
            known_as(tables, key, event.provider())?;
            for identifier in &edited.changes.identifiers {
                known_as(tables, key, &identifier.id)?;
            }
            for gone in &edited.changes.without_identifiers {
                tables
                    .prepare_cached(
                        "DELETE FROM known_as WHERE id = ?1 AND authority = ?2 AND provider = ?3",
                    )?
                    .execute(params![gone.id, gone.authority, key.to_string()])?;
            }
        }
        PeopleEvent::Merged(merged) => {
            tables.prepare_cached("INSERT OR REPLACE INTO merged_provider VALUES (?1, ?2)")?.execute(
                params![key_of(&merged.retired).to_string(), key_of(&merged.survivor).to_string()],
            )?;
        }
        PeopleEvent::MergeUndone(undone) => {
            tables
                .prepare_cached("DELETE FROM merged_provider WHERE retired = ?1")?
                .execute([key_of(&undone.retired).to_string()])?;
        }
        PeopleEvent::LeaveRecorded(leave) => {
            known_as(tables, key, event.provider())?;
            let cause = PauseCause::PhysicianLeave;
            put(leave.leave.0, cause, leave.from, leave.until, &leave.act, !leave.approval_needed)?;
        }
        PeopleEvent::LeaveChanged(leave) => {
            let cause = PauseCause::PhysicianLeave;
            put(leave.leave.0, cause, leave.from, leave.until, &leave.act, !leave.approval_needed)?;
        }
        PeopleEvent::LeaveDecided(decided) => {
            tables
                .prepare_cached("UPDATE pause SET counts = ?2 WHERE id = ?1")?
                .execute(params![decided.leave.0.to_string(), decided.approved])?;
        }
        PeopleEvent::LeaveCancelled(cancelled) => remove(tables, cancelled.leave.0)?,
        PeopleEvent::Snapshot(_) => return Ok(()),
    }
    let ids = identifiers(tables, &cluster(tables, &key.to_string())?)?;
    deficiencies::judge_limits_again(tables, &Scope::People(ids))
}

/// Takes an event of a facility over.
pub(super) fn site(tables: &Transaction<'_>, event: &SiteEvent) -> Result<(), rusqlite::Error> {
    let facility = match event {
        SiteEvent::FacilityDescribed(described) => {
            describe(tables, &described.facility)?;
            &described.facility.code
        }
        SiteEvent::DowntimeRecorded(downtime) => {
            put(
                tables,
                &facility_key(&downtime.facility).to_string(),
                downtime.downtime.0,
                PauseCause::SystemDowntime,
                (downtime.from, downtime.until),
                &downtime.act,
                true,
            )?;
            &downtime.facility
        }
        SiteEvent::DowntimeCancelled(cancelled) => {
            remove(tables, cancelled.downtime.0)?;
            &cancelled.facility
        }
        SiteEvent::DepartmentDescribed(_) | SiteEvent::Snapshot(_) => return Ok(()),
    };
    deficiencies::judge_limits_again(tables, &Scope::Facility(facility))
}

fn known_as(tables: &Transaction<'_>, key: Uuid, id: &ProviderId) -> Result<(), rusqlite::Error> {
    tables.prepare_cached("INSERT OR IGNORE INTO known_as VALUES (?1, ?2, ?3)")?.execute(params![
        id.id,
        id.authority,
        key.to_string()
    ])?;
    Ok(())
}

fn put(
    tables: &Transaction<'_>,
    scope: &str,
    id: Uuid,
    cause: PauseCause,
    (from, until): (Timestamp, Option<Timestamp>),
    act: &Attribution,
    counts: bool,
) -> Result<(), rusqlite::Error> {
    tables.prepare_cached("INSERT OR REPLACE INTO pause VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?.execute(
        params![
            id.to_string(),
            scope,
            cause.name(),
            time::store(from),
            time::store_some(until),
            act.by,
            act.why,
            counts,
        ],
    )?;
    Ok(())
}

fn remove(tables: &Transaction<'_>, id: Uuid) -> Result<(), rusqlite::Error> {
    tables.prepare_cached("DELETE FROM pause WHERE id = ?1")?.execute([id.to_string()])?;
    Ok(())
}

fn describe(tables: &Transaction<'_>, facility: &FacilityData) -> Result<(), rusqlite::Error> {
    let days = facility.holidays.iter().map(|holiday| holiday.date.to_string());
    let weekend = facility.weekend.iter().map(|day| day.to_monday_one_offset().to_string());
    tables.prepare_cached("INSERT OR REPLACE INTO business_days VALUES (?1, ?2, ?3)")?.execute(params![
        facility.code,
        weekend.collect::<Vec<_>>().join(" "),
        days.collect::<Vec<_>>().join(" "),
    ])?;
    Ok(())
}

/// The records that are one person with this one.
fn cluster(sql: &Connection, key: &str) -> Result<Vec<String>, rusqlite::Error> {
    sql.prepare_cached(
        "WITH RECURSIVE same(key) AS (
             SELECT ?1
             UNION SELECT survivor FROM merged_provider, same WHERE retired = key
             UNION SELECT retired FROM merged_provider, same WHERE survivor = key)
         SELECT key FROM same",
    )?
    .query_map([key], |row| row.get(0))?
    .collect()
}

/// The identifiers under which the records go.
fn identifiers(sql: &Connection, keys: &[String]) -> Result<Vec<String>, rusqlite::Error> {
    let mut select = sql.prepare_cached("SELECT id FROM known_as WHERE provider = ?1")?;
    let mut ids = Vec::new();
    for key in keys {
        ids.extend(select.query_map([key], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?);
    }
    Ok(ids)
}

/// Every identifier under which the person with this one goes, with it.
pub(super) fn same_person(sql: &Connection, id: &str) -> Result<Vec<String>, rusqlite::Error> {
    let keys: Vec<String> = sql
        .prepare_cached("SELECT DISTINCT provider FROM known_as WHERE id = ?1")?
        .query_map([id], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut ids = vec![id.to_owned()];
    // An identifier that two people bear under different authorities stands for itself alone.
    if let [key] = keys.as_slice() {
        ids.extend(identifiers(sql, &cluster(sql, key)?)?);
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// Every identifier, with its authority, under which this provider goes; the one that is asked for first.
pub(super) fn identities(
    sql: &Connection,
    provider: &ProviderId,
) -> Result<Vec<ProviderId>, rusqlite::Error> {
    let keys: Vec<String> = sql
        .prepare_cached(
            "SELECT DISTINCT provider FROM known_as
             WHERE id = ?1 AND (authority IN ('', ?2) OR ?2 = '')",
        )?
        .query_map([&provider.id, &provider.authority], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut identities = vec![provider.clone()];
    // An identifier that two people bear under different authorities stands for itself alone.
    if let [key] = keys.as_slice() {
        let mut select = sql.prepare_cached("SELECT id, authority FROM known_as WHERE provider = ?1")?;
        for key in cluster(sql, key)? {
            let found =
                select.query_map([key], |row| Ok(ProviderId { id: row.get(0)?, authority: row.get(1)? }))?;
            identities.extend(found.collect::<Result<Vec<_>, _>>()?);
        }
    }
    Ok(identities)
}

/// Every pause from outside that counts for an item of this person at this facility.
pub(super) fn of(
    sql: &Connection,
    responsible: Option<&Person>,
    facility: &str,
) -> Result<Vec<Pause>, rusqlite::Error> {
    let mut scopes = vec![facility_key(facility).to_string()];
    if let Some((person, id)) = responsible.and_then(|person| Some((person, person.id.as_deref()?))) {
        // A feed that names no authority means the only one there is.
        let keys: Vec<String> = sql
            .prepare_cached(
                "SELECT DISTINCT provider FROM known_as WHERE id = ?1 AND (authority = ?2 OR ?2 = '')",
            )?
            .query_map([id, &person.authority], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        if let [key] = keys.as_slice() {
            scopes.extend(cluster(sql, key)?);
        }
    }
    let mut pauses = Vec::new();
    let mut select = sql.prepare_cached(
        "SELECT id, cause, from_at, until_at, decided_by, why FROM pause WHERE scope = ?1 AND counts = 1",
    )?;
    for scope in scopes {
        let found = select.query_map([scope], |row| {
            let id: String = row.get("id")?;
            let cause: String = row.get("cause")?;
            Ok(Pause {
                act: id.parse::<EventId>().map_err(|_| rusqlite::Error::InvalidQuery)?,
                cause: PauseCause::from_name(&cause).ok_or(rusqlite::Error::InvalidQuery)?,
                from: time::get(row, "from_at")?,
                until: time::get_some(row, "until_at")?,
                by: row.get("decided_by")?,
                why: row.get("why")?,
            })
        })?;
        pauses.extend(found.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(pauses)
}

/// Days of business of a facility.
fn calendar(sql: &Connection, facility: &str) -> Result<BusinessCalendar, rusqlite::Error> {
    let described: Option<(String, String)> = sql
        .prepare_cached("SELECT weekend, holidays FROM business_days WHERE facility = ?1")?
        .query_row([facility], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(described.map_or_else(BusinessCalendar::default, |(weekend, holidays)| BusinessCalendar {
        weekend: weekend
            .split_whitespace()
            .filter_map(|day| jiff::civil::Weekday::from_monday_one_offset(day.parse().ok()?).ok())
            .collect(),
        holidays: holidays.split_whitespace().filter_map(|day| day.parse().ok()).collect(),
    }))
}

/// IANA name of the zone in which a chart's days end.
fn zone(sql: &Connection, encounter: &str) -> Result<String, rusqlite::Error> {
    let zone: Option<String> = sql
        .prepare_cached("SELECT time_zone FROM chart WHERE encounter = ?1")?
        .query_row([encounter], |row| row.get(0))
        .optional()?;
    Ok(zone.unwrap_or_else(|| "UTC".to_owned()))
}

/// Due and delinquent by the accountability clock, as stored.
pub(super) fn limits(
    sql: &Connection,
    encounter: &str,
    facility: &str,
    deficiency: &Deficiency,
) -> Result<(i64, i64), rusqlite::Error> {
    let store = |at: Option<Timestamp>| at.map_or(NEVER, time::store);
    let elsewhere = of(sql, deficiency.responsible.as_ref(), facility)?;
    if elsewhere.is_empty() && deficiency.pauses.is_empty() {
        return Ok((store(deficiency.due_at), store(deficiency.delinquent_at)));
    }
    let (zone, calendar) = (zone_of(&zone(sql, encounter)?), calendar(sql, facility)?);
    let days = Days { zone: &zone, calendar: &calendar };
    let clock = accountability(deficiency, &elsewhere, days, deficiency.opened_at);
    Ok((store(clock.due_at), store(clock.delinquent_at)))
}
