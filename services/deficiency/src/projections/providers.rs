//! Providers seen in messages, and what they owe.

use std::collections::HashSet;

use countersign_contracts::{
    api::{Page, ProviderView},
    chart::What,
};
use countersign_kernel::{Person, Timestamp};
use rusqlite::{Connection, Transaction, params};

use super::time;
use crate::domain::events::FactsRecorded;

/// Rows that are in the table already: nearly every message names people who were named before.
#[derive(Default)]
pub(super) struct Seen(HashSet<(String, String, String)>);

impl Seen {
    pub(super) fn apply(
        &mut self,
        tables: &Transaction<'_>,
        recorded: &FactsRecorded,
    ) -> Result<(), rusqlite::Error> {
        for fact in &recorded.facts {
            let visit = &fact.visit;
            let people = visit.attending.value().into_iter().chain(visit.admitting.value());
            let surgeons = visit.procedures.iter().filter_map(|procedure| procedure.surgeon.as_ref());
            people.chain(surgeons).try_for_each(|person| self.upsert(tables, person))?;
            if let What::Document(document) = &fact.what {
                let signers = document.signatures.iter().filter_map(|signature| signature.by.as_ref());
                let people = document.originator.iter().chain(&document.authenticators).chain(signers);
                people.into_iter().try_for_each(|person| self.upsert(tables, person))?;
            }
        }
        Ok(())
    }

    fn upsert(&mut self, tables: &Transaction<'_>, person: &Person) -> Result<(), rusqlite::Error> {
        let Some(id) = &person.id else { return Ok(()) };
        let named = !(person.family.is_empty() && person.given.is_empty());
        let row = (id.clone(), person.authority.clone(), person.display_name());
        if self.0.contains(&row) {
            return Ok(());
        }
        tables
            .prepare_cached(
                "INSERT INTO provider VALUES (?1, ?2, ?3)
                 ON CONFLICT (id, authority) DO UPDATE SET name = iif(?4, max(name, excluded.name), name)",
            )?
            .execute(params![row.0, row.1, row.2, named])?;
        self.0.insert(row);
        Ok(())
    }
}

/// Everybody who owes something, and everybody known: most overdue first.
pub fn providers(
    sql: &Connection,
    now: Timestamp,
    position: u64,
) -> Result<Page<ProviderView>, rusqlite::Error> {
    let items: Vec<ProviderView> = sql
        .prepare_cached(
            "SELECT responsible AS id, coalesce(max(p.authority), '') AS authority,
                    coalesce(max(responsible_name), max(p.name), responsible, '') AS name,
                    sum(d.status = 'open') AS open,
                    sum(d.status = 'open' AND d.due_at < ?1) AS overdue,
                    min(CASE WHEN d.status = 'open' THEN d.due_at END) AS next_due_at
             FROM deficiency d LEFT JOIN provider p ON p.id = d.responsible AND p.authority = d.responsible_authority
             WHERE d.rule_about_chart = 0
             GROUP BY responsible
             ORDER BY overdue DESC, open DESC, name, id",
        )?
        .query_map([time::store(now)], |row| {
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
