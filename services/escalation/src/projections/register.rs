//! The register of suspensions.

use countersign_kernel::{DeficiencyId, ProviderId, Timestamp, TrackId};
use rusqlite::{Connection, Row, params, params_from_iter};
use uuid::Uuid;

use super::{
    json,
    list::{Scope, within},
    time,
    tracks::track_id,
};
use crate::domain::events::{ByWhom, Suspended};

/// A suspension.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspension {
    /// The track.
    pub track: TrackId,
    /// Key of the provider's record.
    pub provider_key: Uuid,
    /// Main identifier of the provider.
    pub provider: ProviderId,
    /// Facility code.
    pub facility: String,
    /// What came into force.
    pub suspended: Suspended,
    /// Until when it was.
    pub until: Option<Timestamp>,
    /// Why it ended.
    pub ended_because: Option<String>,
    /// Who confirmed that.
    pub ended_by: Option<ByWhom>,
    /// When the NPDB question was put.
    pub npdb_asked_at: Option<Timestamp>,
    /// What was answered.
    pub npdb_answer: Option<ByWhom>,
    /// A step of its cycle would not have been taken on what is known now.
    pub superseded: bool,
}

/// Which suspensions are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SuspensionQuery {
    /// Whose, by key.
    pub provider: Option<Uuid>,
    /// Facility code.
    pub facility: Option<String>,
    /// Only those that are in force.
    pub in_force: bool,
    /// Only those that were in force at this instant or later.
    pub from: Option<Timestamp>,
    /// Only those that began before this instant.
    pub until: Option<Timestamp>,
}

const SUSPENSION: &str = "SELECT s.*, t.provider_key, t.provider, t.authority, t.facility
                          FROM suspension s JOIN track t ON t.id = s.track";

fn suspension(row: &Row<'_>) -> Result<Suspension, rusqlite::Error> {
    Ok(Suspension {
        track: track_id(&row.get::<_, String>("track")?)?,
        provider_key: row
            .get::<_, String>("provider_key")?
            .parse()
            .map_err(|_| rusqlite::Error::InvalidQuery)?,
        provider: ProviderId { id: row.get("provider")?, authority: row.get("authority")? },
        facility: row.get("facility")?,
        suspended: json::get(row, "body")?,
        until: time::get_some(row, "until")?,
        ended_because: row.get("ended_because")?,
        ended_by: json::get_some(row, "ended_by")?,
        npdb_asked_at: time::get_some(row, "npdb_asked_at")?,
        npdb_answer: json::get_some(row, "npdb_answer")?,
        superseded: row.get("superseded")?,
    })
}

/// Suspensions, the latest first.
pub fn suspensions(
    sql: &Connection,
    query: &SuspensionQuery,
    scope: &Scope,
) -> Result<Vec<Suspension>, rusqlite::Error> {
    let (mut conditions, mut values) = (vec!["1 = 1".to_owned()], Vec::new());
    within(scope, &mut conditions, &mut values);
    if let Some(key) = query.provider {
        conditions.push("t.provider_key = ?".to_owned());
        values.push(Box::new(key.to_string()));
    }
    if let Some(facility) = &query.facility {
        conditions.push("t.facility = ?".to_owned());
        values.push(Box::new(facility.clone()));
    }
    if query.in_force {
        conditions.push("s.until IS NULL".to_owned());
    }
    if let Some(from) = query.from {
        conditions.push("(s.until IS NULL OR s.until >= ?)".to_owned());
        values.push(Box::new(time::store(from)));
    }
    if let Some(until) = query.until {
        conditions.push("s.since < ?".to_owned());
        values.push(Box::new(time::store(until)));
    }
    let matching = conditions.join(" AND ");
    sql.prepare_cached(&format!(
        "{SUSPENSION} WHERE {matching} ORDER BY s.since DESC, s.track, s.proposal DESC"
    ))?
    .query_map(params_from_iter(values.iter()), suspension)?
    .collect()
}

/// How many suspensions are in force.
pub fn in_force(sql: &Connection) -> Result<u64, rusqlite::Error> {
    sql.prepare_cached("SELECT count(*) FROM suspension WHERE until IS NULL")?.query_row([], |row| row.get(0))
}

/// Tracks whose suspension in force rests on an item.
pub fn suspended_by(sql: &Connection, item: DeficiencyId) -> Result<Vec<TrackId>, rusqlite::Error> {
    sql.prepare_cached("SELECT DISTINCT track FROM suspension_item WHERE deficiency = ?1 ORDER BY track")?
        .query_map([item.to_string()], |row| track_id(&row.get::<_, String>(0)?))?
        .collect()
}

/// Suspensions in force of which no item is open any more and nobody was asked to end them: the track, the proposal,
/// and when the last item was closed, as far as it was told.
pub fn ended_conditions(sql: &Connection) -> Result<Vec<(TrackId, u32, Timestamp)>, rusqlite::Error> {
    let mut ended = Vec::new();
    let mut select = sql.prepare_cached(
        "SELECT s.track, s.proposal, s.since,
                (SELECT max(o.told_at) FROM suspension_item x JOIN owed_item o ON o.id = x.deficiency
                 WHERE x.track = s.track AND x.proposal = s.proposal) AS told
         FROM suspension s
         WHERE s.until IS NULL
           AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.stream = 'track-' || s.track AND i.kind = 'reinstatement'
                           AND i.proposal = s.proposal)
           AND NOT EXISTS (SELECT 1 FROM suspension_item x JOIN owed_item o ON o.id = x.deficiency
                           WHERE x.track = s.track AND x.proposal = s.proposal AND o.status IN ('open', 'dormant'))
         ORDER BY s.track",
    )?;
    let mut rows = select.query(params![])?;
    while let Some(row) = rows.next()? {
        let since = time::get(row, "since")?;
        let told: Option<String> = row.get("told")?;
        let told = told.and_then(|text| text.parse().ok()).unwrap_or(since);
        ended.push((track_id(&row.get::<_, String>(0)?)?, row.get(1)?, since.max(told)));
    }
    Ok(ended)
}
