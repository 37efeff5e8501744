//! Providers seen in messages, and what they owe.

use std::collections::HashSet;

use countersign_contracts::api::{Page, ProviderView};
use countersign_eventsourcing::{journal::RecordedEvent, projection::ProjectionError};
use countersign_kernel::{Person, Timestamp};
use countersign_runtime::authority::Reach;
use rusqlite::{Connection, ToSql, Transaction, params};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{reach::Within, time};

/// People who are in the table already, as they stand in events: nearly every message names people who were
/// named before, in the same words.
#[derive(Default)]
pub(super) struct Seen(HashSet<Box<str>>);

/// As much of [`FactsRecorded`](crate::domain::events::FactsRecorded) as names people, each as it stands.
#[derive(Deserialize)]
struct Facts<'a> {
    #[serde(borrow)]
    facts: Vec<Fact<'a>>,
}

#[derive(Deserialize)]
struct Fact<'a> {
    #[serde(borrow, default)]
    visit: Visit<'a>,
    #[serde(borrow, default)]
    originator: Option<&'a RawValue>,
    #[serde(borrow, default)]
    authenticators: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    signatures: Vec<Signature<'a>>,
}

#[derive(Default, Deserialize)]
struct Visit<'a> {
    #[serde(borrow, default)]
    attending: Option<&'a RawValue>,
    #[serde(borrow, default)]
    admitting: Option<&'a RawValue>,
    #[serde(borrow, default)]
    procedures: Vec<Procedure<'a>>,
}

#[derive(Deserialize)]
struct Procedure<'a> {
    #[serde(borrow, default)]
    surgeon: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Signature<'a> {
    #[serde(borrow, default)]
    by: Option<&'a RawValue>,
}

impl Seen {
    pub(super) fn apply(
        &mut self,
        tables: &Transaction<'_>,
        event: &RecordedEvent,
    ) -> Result<(), ProjectionError> {
        let recorded: Facts<'_> =
            serde_json::from_slice(&event.data).map_err(|error| event.undecodable(&error))?;
        for fact in recorded.facts {
            let surgeons = fact.visit.procedures.into_iter().filter_map(|procedure| procedure.surgeon);
            let signers = fact.signatures.into_iter().filter_map(|signature| signature.by);
            let others = [fact.visit.attending, fact.visit.admitting, fact.originator];
            let people =
                others.into_iter().flatten().chain(surgeons).chain(fact.authenticators).chain(signers);
            for person in people {
                if !self.0.contains(person.get()) {
                    let decoded =
                        serde_json::from_str(person.get()).map_err(|error| event.undecodable(&error))?;
                    upsert(tables, &decoded)?;
                    self.0.insert(person.get().into());
                }
            }
        }
        Ok(())
    }
}

fn upsert(tables: &Transaction<'_>, person: &Person) -> Result<(), rusqlite::Error> {
    let Some(id) = &person.id else { return Ok(()) };
    let named = !(person.family.is_empty() && person.given.is_empty());
    tables
        .prepare_cached(
            "INSERT INTO provider VALUES (?1, ?2, ?3)
             ON CONFLICT (id, authority) DO UPDATE SET name = iif(?4, max(name, excluded.name), name)",
        )?
        .execute(params![id, person.authority, person.display_name(), named])?;
    Ok(())
}

/// The authorities under which charts name an identifier.
pub fn authorities(sql: &Connection, id: &str) -> Result<Vec<String>, rusqlite::Error> {
    sql.prepare_cached("SELECT authority FROM provider WHERE id = ?1 ORDER BY authority")?
        .query_map([id], |row| row.get(0))?
        .collect()
}

/// Everybody who owes something, as far as a reader's reach goes: most overdue first.
pub fn providers(
    sql: &Connection,
    reach: &Reach,
    now: Timestamp,
    position: u64,
) -> Result<Page<ProviderView>, rusqlite::Error> {
    let (within, reached) = Within::of(sql, reach)?.condition();
    let now = time::store(now);
    let values = std::iter::once(Box::new(now) as Box<dyn ToSql>).chain(reached);
    let items: Vec<ProviderView> = sql
        .prepare_cached(&format!(
            "SELECT responsible AS id, coalesce(max(p.authority), '') AS authority,
                    coalesce(max(responsible_name), max(p.name), responsible, '') AS name,
                    sum(d.status = 'open') AS open,
                    sum(d.status = 'open' AND d.due_at < ?) AS overdue,
                    min(CASE WHEN d.status = 'open' AND d.due_at < 9223372036854775807 THEN d.due_at END) AS next_due_at
             FROM deficiency d LEFT JOIN provider p ON p.id = d.responsible AND p.authority = d.responsible_authority
             WHERE d.about_chart = 0 AND {within}
             GROUP BY responsible
             ORDER BY overdue DESC, open DESC, name, id",
        ))?
        .query_map(rusqlite::params_from_iter(values), |row| {
            Ok(ProviderView {
                id: row.get("id")?,
                authority: row.get("authority")?,
                name: row.get("name")?,
                open: row.get("open")?,
                overdue: row.get("overdue")?,
                next_due_at: time::get_some(row, "next_due_at")?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Page { total: items.len() as u64, items, next: None, position })
}
