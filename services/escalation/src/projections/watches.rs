//! Charts whose regulatory clock went to the offices.

use countersign_kernel::{EncounterId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{json, time};
use crate::domain::{events::ByWhom, limit::LimitEvent};

pub(super) fn apply(
    tables: &Transaction<'_>,
    chart: &str,
    event: &LimitEvent,
) -> Result<(), rusqlite::Error> {
    match event {
        LimitEvent::Reached(reached) => {
            tables
                .prepare_cached("INSERT OR REPLACE INTO watch VALUES (?1, ?2, ?3, ?4, ?5, NULL, NULL)")?
                .execute(params![
                    chart,
                    reached.facility,
                    time::store(reached.discharged_at),
                    time::store(reached.due_at),
                    time::store(reached.at)
                ])?;
        }
        LimitEvent::Closed(closed) => {
            tables
                .prepare_cached("UPDATE watch SET closed_at = ?2 WHERE chart = ?1")?
                .execute(params![chart, time::store(closed.at)])?;
        }
        LimitEvent::Acknowledged(acknowledged) => {
            tables
                .prepare_cached("UPDATE watch SET acknowledged = ?2 WHERE chart = ?1")?
                .execute(params![chart, json::store(&acknowledged.by)?])?;
        }
        LimitEvent::NoticeRequested(_)
        | LimitEvent::NoticeWithdrawn(_)
        | LimitEvent::NoticeAnswered(_)
        | LimitEvent::Timer(_) => {}
    }
    Ok(())
}

/// A chart close to the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The discharge.
    pub discharged_at: Timestamp,
    /// When it was to go to the offices.
    pub due_at: Timestamp,
    /// When it went.
    pub reached_at: Timestamp,
    /// When it was complete.
    pub closed_at: Option<Timestamp>,
}

/// A chart that went to the offices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// The chart.
    pub chart: EncounterId,
    /// Facility code.
    pub facility: String,
    /// When what happened.
    pub times: Times,
    /// Items that are open in it, the one about the chart apart.
    pub open: u32,
    /// Who has seen it last.
    pub acknowledged: Option<ByWhom>,
}

const WATCH: &str =
    "SELECT w.*, (SELECT count(*) FROM owed_item o WHERE o.encounter = w.chart AND o.status = 'open'
                                    AND o.chart_level = 0) AS open FROM watch w";

fn read(row: &Row<'_>) -> Result<Watch, rusqlite::Error> {
    Ok(Watch {
        chart: row.get::<_, String>("chart")?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
        facility: row.get("facility")?,
        times: Times {
            discharged_at: time::get(row, "discharged_at")?,
            due_at: time::get(row, "due_at")?,
            reached_at: time::get(row, "reached_at")?,
            closed_at: time::get_some(row, "closed_at")?,
        },
        open: row.get("open")?,
        acknowledged: json::get_some(row, "acknowledged")?,
    })
}

/// Charts that went to the offices and are incomplete; with `all`, those that were completed too, the latest first. Only
/// those of the facilities `within`, if there are any: a thousand of somebody else's hide none of them.
pub fn watches(
    sql: &Connection,
    facility: Option<&str>,
    within: &[String],
    all: bool,
) -> Result<Vec<Watch>, rusqlite::Error> {
    let within = serde_json::Value::from(within).to_string();
    sql.prepare_cached(&format!(
        "{WATCH} WHERE (?1 IS NULL OR w.facility = ?1) AND (?2 OR w.closed_at IS NULL)
             AND (?3 = '[]' OR w.facility IN (SELECT value FROM json_each(?3)))
         ORDER BY w.closed_at IS NOT NULL, w.reached_at DESC, w.chart LIMIT 1000"
    ))?
    .query_map(params![facility, all, within], read)?
    .collect()
}

/// One that went to the offices.
pub fn watch(sql: &Connection, chart: EncounterId) -> Result<Option<Watch>, rusqlite::Error> {
    sql.prepare_cached(&format!("{WATCH} WHERE w.chart = ?1"))?
        .query_row([chart.to_string()], read)
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_sees_one_facility_finds_its_charts_behind_a_thousand_of_another() {
        // given a chart of one facility, and a thousand of another that went to the offices after it
        let sql = Connection::open_in_memory().expect("a database");
        sql.execute_batch(super::super::SCHEMA.as_str()).expect("the schema");
        let went = |number: i64, facility: &str| {
            let chart = EncounterId::derive(&[facility, &number.to_string()]).to_string();
            sql.execute(
                "INSERT INTO watch VALUES (?1, ?2, 0, 0, ?3, NULL, NULL)",
                params![chart, facility, number],
            )
            .expect("a row");
        };
        went(0, "SOUTH");
        (1..=1000).for_each(|number| went(number, "NORTH"));
        // when
        let seen = |within: &[String]| watches(&sql, None, within, false).expect("read");
        // then
        let own = seen(&["SOUTH".to_owned()]);
        assert_eq!(own.iter().map(|watch| watch.facility.as_str()).collect::<Vec<_>>(), ["SOUTH"]);
        assert_eq!(seen(&[]).len(), 1000);
    }
}
