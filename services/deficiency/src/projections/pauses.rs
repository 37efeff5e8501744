//! Leave of providers and downtime of facilities, and what they do to the limits of what is owed.

use countersign_kernel::{BusinessCalendar, EventId, Person, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{deficiencies, time};
use crate::domain::{
    clock::{Days, accountability},
    decide::zone_of,
    events::{Deficiency, Pause, PauseCause},
};

/// The end of time, for what does not fall due.
pub(super) const NEVER: i64 = i64::MAX;

/// Whose clocks a pause stops.
pub(super) enum Scope<'a> {
    /// A provider's, by identifier and authority.
    Provider(&'a str, &'a str),
    /// A facility's.
    Facility(&'a str),
}

impl Scope<'_> {
    fn key(&self) -> String {
        match self {
            Self::Provider(id, authority) => format!("provider {id} {authority}"),
            Self::Facility(code) => format!("facility {code}"),
        }
    }
}

/// Takes a pause over, new or changed, and moves the limits that it touches.
pub(super) fn put(
    tables: &Transaction<'_>,
    scope: &Scope<'_>,
    pause: &Pause,
    counts: bool,
) -> Result<(), rusqlite::Error> {
    tables.prepare_cached("INSERT OR REPLACE INTO pause VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?.execute(
        params![
            scope.key(),
            pause.act.to_string(),
            pause.cause.name(),
            time::store(pause.from),
            time::store_some(pause.until),
            pause.by,
            pause.why,
            counts,
        ],
    )?;
    deficiencies::judge_limits_again(tables, scope)
}

/// Every pause from outside that counts for an item of this person at this facility.
pub(super) fn of(
    sql: &Connection,
    responsible: Option<&Person>,
    facility: &str,
) -> Result<Vec<Pause>, rusqlite::Error> {
    let mut scopes = vec![Scope::Facility(facility).key()];
    if let Some((person, id)) = responsible.and_then(|person| Some((person, person.id.as_deref()?))) {
        scopes.push(Scope::Provider(id, &person.authority).key());
        // A feed that names no authority means the only one there is.
        scopes.push(Scope::Provider(id, "").key());
    }
    scopes.dedup();
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
pub(super) fn calendar(_: &Connection, _: &str) -> Result<BusinessCalendar, rusqlite::Error> {
    Ok(BusinessCalendar::default())
}

/// IANA name of the zone in which a chart's days end.
pub(super) fn zone(sql: &Connection, encounter: &str) -> Result<String, rusqlite::Error> {
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
