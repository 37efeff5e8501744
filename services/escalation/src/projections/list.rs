//! Tracks as a list, and what the loops ask of them.

use std::collections::BTreeSet;

use countersign_contracts::notice::PolicyReference;
use countersign_kernel::{ProviderId, Timestamp, TrackId};
use countersign_owed::Party;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};
use uuid::Uuid;

use super::{json, time, tracks::track_id};
use crate::domain::events::ByWhom;

/// Which tracks somebody may see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Only these facilities; `None`: all.
    pub facilities: Option<Vec<String>>,
    /// Only these providers, by key, wherever they are, and those of [`Scope::parties`]; `None`: all.
    pub providers: Option<BTreeSet<Uuid>>,
    /// Beside those, these at these facilities: a department is one of a facility.
    pub parties: BTreeSet<Party>,
}

/// Which tracks are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TrackQuery {
    /// Whose, by key.
    pub provider: Option<Uuid>,
    /// Facility code.
    pub facility: Option<String>,
    /// `idle`, `open`, `proposed` or `suspended`; nothing: all but idle ones.
    pub state: Option<String>,
    /// Why nothing followed last.
    pub held: Option<String>,
    /// At most so many rows.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<Place>,
}

/// The place of a track in the list: the most severe first, then the oldest, then by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// 0 suspended, 1 proposed, 2 open, 3 idle.
    pub grade: u8,
    /// Days of the oldest item that counted, negated.
    pub youth: i64,
    /// Id.
    pub id: TrackId,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}_{}", self.grade, self.youth, self.id)
    }
}

impl std::str::FromStr for Place {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '_');
        let mut next = || parts.next().ok_or(());
        Ok(Self {
            grade: next()?.parse().map_err(|_| ())?,
            youth: next()?.parse().map_err(|_| ())?,
            id: next()?.parse().map_err(|_| ())?,
        })
    }
}

/// A track as the table has it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackRow {
    /// Its id.
    pub id: TrackId,
    /// Key of the provider's record when the cycle began.
    pub provider_key: Uuid,
    /// Main identifier of the provider then.
    pub provider: ProviderId,
    /// Facility code.
    pub facility: String,
    /// Revision of the stream.
    pub revision: u64,
    /// Which cycle.
    pub cycle: u32,
    /// When it began.
    pub opened_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// Its policy.
    pub policy: PolicyReference,
    /// The highest step taken in it.
    pub step: Option<String>,
    /// When.
    pub step_at: Option<Timestamp>,
    /// Items that counted last.
    pub counting: u32,
    /// The oldest of them.
    pub oldest_days: u32,
    /// Why nothing followed last.
    pub held: Option<String>,
    /// `extended` or `exempted`.
    pub granted: Option<String>,
    /// Until when.
    pub granted_until: Option<Timestamp>,
    /// By whom.
    pub granted_by: Option<ByWhom>,
    /// An open proposal.
    pub proposed: Option<u32>,
    /// The suspension in force.
    pub suspended: Option<u32>,
    /// Since when.
    pub suspended_from: Option<Timestamp>,
    /// When it is looked at next.
    pub next_at: Option<Timestamp>,
}

impl TrackRow {
    /// Whose, and where.
    pub fn party(&self) -> Party {
        Party { provider: self.provider_key, facility: self.facility.clone() }
    }

    /// `idle`, `open`, `proposed` or `suspended`.
    pub const fn state(&self) -> &'static str {
        match self.grade() {
            0 => "suspended",
            1 => "proposed",
            2 => "open",
            _ => "idle",
        }
    }

    const fn grade(&self) -> u8 {
        match (self.suspended, self.proposed, self.closed_at) {
            (Some(_), ..) => 0,
            (None, Some(_), _) => 1,
            (None, None, None) => 2,
            (None, None, Some(_)) => 3,
        }
    }

    /// Its place in the list.
    pub fn place(&self) -> Place {
        Place { grade: self.grade(), youth: -i64::from(self.oldest_days), id: self.id }
    }
}

const GRADE: &str = "CASE WHEN t.suspended IS NOT NULL THEN 0 WHEN t.proposed IS NOT NULL THEN 1
                          WHEN t.closed_at IS NULL THEN 2 ELSE 3 END";
/// Timers wait in whole milliseconds.
const NEXT: &str = "(SELECT min(w.due) FROM timer w WHERE w.stream = 'track-' || t.id AND w.state + 0 = 0)";

fn row(row: &Row<'_>) -> Result<TrackRow, rusqlite::Error> {
    let next: Option<i64> = row.get("next")?;
    Ok(TrackRow {
        id: track_id(&row.get::<_, String>("id")?)?,
        provider_key: row
            .get::<_, String>("provider_key")?
            .parse()
            .map_err(|_| rusqlite::Error::InvalidQuery)?,
        provider: ProviderId { id: row.get("provider")?, authority: row.get("authority")? },
        facility: row.get("facility")?,
        revision: row.get("revision")?,
        cycle: row.get("cycle")?,
        opened_at: time::get(row, "opened_at")?,
        closed_at: time::get_some(row, "closed_at")?,
        policy: json::get(row, "policy")?,
        step: row.get("step")?,
        step_at: time::get_some(row, "step_at")?,
        counting: row.get("counting")?,
        oldest_days: row.get("oldest_days")?,
        held: row.get("held")?,
        granted: row.get("granted")?,
        granted_until: time::get_some(row, "granted_until")?,
        granted_by: json::get_some(row, "granted_by")?,
        proposed: row.get("proposed")?,
        suspended: row.get("suspended")?,
        suspended_from: time::get_some(row, "suspended_from")?,
        next_at: next.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
    })
}

type Values = Vec<Box<dyn ToSql>>;

pub(super) fn within(scope: &Scope, conditions: &mut Vec<String>, values: &mut Values) {
    if let Some(facilities) = &scope.facilities {
        conditions.push(format!("t.facility IN ({})", vec!["?"; facilities.len()].join(", ")));
        values.extend(facilities.iter().map(|code| Box::new(code.clone()) as Box<dyn ToSql>));
    }
    if let Some(providers) = &scope.providers {
        let mut theirs = format!("t.provider_key IN ({})", vec!["?"; providers.len()].join(", "));
        values.extend(providers.iter().map(|key| Box::new(key.to_string()) as Box<dyn ToSql>));
        if !scope.parties.is_empty() {
            let pairs = vec!["(?, ?)"; scope.parties.len()].join(", ");
            theirs = format!("({theirs} OR (t.provider_key, t.facility) IN (VALUES {pairs}))");
            for Party { provider, facility } in &scope.parties {
                values.push(Box::new(provider.to_string()));
                values.push(Box::new(facility.clone()));
            }
        }
        conditions.push(theirs);
    }
}

/// A page of tracks, the most severe first, and how many there are in all.
pub fn tracks(
    sql: &Connection,
    query: &TrackQuery,
    scope: &Scope,
) -> Result<(Vec<TrackRow>, u64), rusqlite::Error> {
    let (mut conditions, mut values) = (vec!["1 = 1".to_owned()], Values::new());
    within(scope, &mut conditions, &mut values);
    for (condition, value) in [
        ("t.provider_key = ?", query.provider.map(|key| key.to_string())),
        ("t.facility = ?", query.facility.clone()),
        ("t.held = ?", query.held.clone()),
    ] {
        if let Some(value) = value {
            conditions.push(condition.to_owned());
            values.push(Box::new(value));
        }
    }
    let grade = match query.state.as_deref() {
        None => format!("{GRADE} < 3"),
        Some("suspended") => format!("{GRADE} = 0"),
        Some("proposed") => format!("{GRADE} = 1"),
        Some("open") => format!("{GRADE} = 2"),
        Some("idle") => format!("{GRADE} = 3"),
        Some(_) => "1 = 1".to_owned(),
    };
    conditions.push(grade);
    let matching = conditions.join(" AND ");
    let total: u64 = sql
        .prepare_cached(&format!("SELECT count(*) FROM track t WHERE {matching}"))?
        .query_row(params_from_iter(values.iter()), |row| row.get(0))?;
    let mut page = String::new();
    if let Some(after) = query.after {
        page = format!(" AND ({GRADE}, -t.oldest_days, t.id) > (?, ?, ?)");
        values.push(Box::new(after.grade));
        values.push(Box::new(after.youth));
        values.push(Box::new(after.id.to_string()));
    }
    values.push(Box::new(query.limit as u64));
    let rows = sql
        .prepare_cached(&format!(
            "SELECT t.*, {NEXT} AS next FROM track t WHERE {matching}{page}
             ORDER BY {GRADE}, -t.oldest_days, t.id LIMIT ?"
        ))?
        .query_map(params_from_iter(values.iter()), row)?
        .collect::<Result<_, _>>()?;
    Ok((rows, total))
}

/// One track.
pub fn track(sql: &Connection, id: TrackId) -> Result<Option<TrackRow>, rusqlite::Error> {
    sql.prepare_cached(&format!("SELECT t.*, {NEXT} AS next FROM track t WHERE t.id = ?1"))?
        .query_row([id.to_string()], row)
        .optional()
}

/// Tracks of which something was held for this reason last.
pub fn held_because(sql: &Connection, because: &str) -> Result<Vec<TrackId>, rusqlite::Error> {
    sql.prepare_cached("SELECT id FROM track WHERE held = ?1 ORDER BY id")?
        .query_map([because], |row| track_id(&row.get::<_, String>(0)?))?
        .collect()
}

/// How many tracks are in each state, the most severe first.
pub fn states(sql: &Connection) -> Result<[(&'static str, u64); 4], rusqlite::Error> {
    let mut states = [("suspended", 0), ("proposed", 0), ("open", 0), ("idle", 0)];
    let mut select =
        sql.prepare_cached(&format!("SELECT {GRADE} AS grade, count(*) FROM track t GROUP BY grade"))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let grade: usize = row.get(0)?;
        if let Some(state) = states.get_mut(grade) {
            state.1 = row.get(1)?;
        }
    }
    Ok(states)
}

/// Tracks whose cycle runs or that are suspended, since when the cycle runs, and whether a timer waits for them.
pub fn open_with_timer(sql: &Connection) -> Result<Vec<(TrackId, Timestamp, bool)>, rusqlite::Error> {
    sql.prepare_cached(&format!(
        "SELECT t.id, t.opened_at, {NEXT} IS NOT NULL AS waits FROM track t
         WHERE t.closed_at IS NULL OR t.suspended IS NOT NULL ORDER BY t.id"
    ))?
    .query_map(params![], |row| {
        Ok((track_id(&row.get::<_, String>(0)?)?, time::get(row, "opened_at")?, row.get(2)?))
    })?
    .collect()
}

/// Codes of facilities that have tracks.
pub fn facilities_with_tracks(sql: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    sql.prepare_cached("SELECT DISTINCT facility FROM track ORDER BY facility")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// `CROSS`, so that SQLite begins with the few timers that are due, and not with every track and all its timers of old.
const DUE_TRACKS: &str = "SELECT count(DISTINCT t.id) FROM timer w
     CROSS JOIN track t ON t.id = substr(w.stream, 7) AND w.stream = 'track-' || t.id
     WHERE w.state = 0 AND w.due <= ?2 AND t.facility = ?1";

/// How many tracks of a facility have a timer that is due.
pub fn due_tracks(sql: &Connection, facility: &str, now: Timestamp) -> Result<u32, rusqlite::Error> {
    sql.prepare_cached(DUE_TRACKS)?.query_row(params![facility, now.as_millisecond()], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tracks_that_are_due_are_found_by_the_timers_that_are() {
        // given
        let sql = Connection::open_in_memory().expect("a database");
        let schema = format!("{}{}", *super::super::SCHEMA, *super::super::INDEXES);
        sql.execute_batch(&schema).expect("the schema");
        // when
        let mut statement = sql.prepare(&format!("EXPLAIN QUERY PLAN {DUE_TRACKS}")).expect("a statement");
        let plan: Vec<String> = statement
            .query_map(params!["a facility", 0], |row| row.get::<_, String>(3))
            .and_then(Iterator::collect)
            .expect("a plan");
        // then
        assert!(plan.iter().any(|step| step.starts_with("SEARCH w USING INDEX timer_due")), "{plan:?}");
        assert!(!plan.iter().any(|step| step.contains("SCAN")), "{plan:?}");
    }

    #[test]
    fn who_heads_somebody_at_one_facility_does_not_see_them_at_another() {
        // given two providers, each with a track at two facilities
        let sql = Connection::open_in_memory().expect("a database");
        sql.execute_batch("CREATE TABLE t (provider_key TEXT, facility TEXT)").expect("a table");
        let key = |name: &str| countersign_kernel::derive_uuid("provider", &[name]);
        for (name, facility) in [("a", "NORTH"), ("a", "SOUTH"), ("b", "NORTH"), ("b", "SOUTH")] {
            sql.execute("INSERT INTO t VALUES (?1, ?2)", params![key(name).to_string(), facility])
                .expect("a row");
        }
        let seen = |scope: &Scope| -> u32 {
            let (mut conditions, mut values) = (vec!["1 = 1".to_owned()], Values::new());
            within(scope, &mut conditions, &mut values);
            let statement = format!("SELECT count(*) FROM t WHERE {}", conditions.join(" AND "));
            sql.query_row(&statement, params_from_iter(values.iter()), |row| row.get(0)).expect("counted")
        };
        let headed = Party { provider: key("a"), facility: "NORTH".to_owned() };
        // then whoever heads one of them at one facility sees one track, beside the own ones
        let chair = Scope { providers: Some(BTreeSet::new()), parties: [headed].into(), facilities: None };
        assert_eq!(seen(&chair), 1);
        let with_own = Scope { providers: Some([key("b")].into()), ..chair.clone() };
        assert_eq!(seen(&with_own), 3);
        assert_eq!(seen(&Scope { facilities: Some(vec!["SOUTH".to_owned()]), ..with_own }), 1);
        // and whoever sees everything, everything
        assert_eq!(seen(&Scope::default()), 4);
    }
}
