//! All numbers together.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use countersign_contracts::api::{
    Definition, WhatIfDelinquency, WhatIfGroup, WhatIfHeldGroup, WhatIfReport, WhatIfRules,
};
use countersign_eventsourcing::journal::Position;
use sha2::{Digest, Sha256};

use super::{
    csv,
    judge::Window,
    money::{self, Account, Sums},
    row::Row,
    tally::{DEFINITIONS, Tally},
};
use crate::domain::rules::{Requirement, RuleSet};

/// What was compared.
pub(super) struct About<'a> {
    pub(super) position: Position,
    pub(super) window: Window,
    pub(super) published: &'a RuleSet,
    pub(super) candidate: &'a RuleSet,
    pub(super) candidate_sha256: &'a str,
    pub(super) charts: usize,
}

/// SHA-256 in lower-case hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(Sha256::digest(bytes).as_slice())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The report on rows in their order.
pub(super) fn report(about: &About<'_>, rows: &[Row], accounts: &[Account]) -> WhatIfReport {
    let About { position, window: Window { from, now }, published, candidate, candidate_sha256, charts } =
        about;
    let now = *now;
    let mut total = Tally::default();
    let mut by_rule = Groups::default();
    let mut by_service = Groups::default();
    let mut by_facility = Groups::default();
    let mut by_provider = Groups::default();
    let mut digest = Sha256::new();
    let mut line = String::new();
    csv::heading(&mut line);
    for row in rows {
        total.add(row, now);
        by_rule.of(&row.rule).add(row, now);
        by_service.of(&row.service).add(row, now);
        by_facility.of(&row.facility).add(row, now);
        let verdicts = [&row.published, &row.candidate].into_iter().flatten();
        for provider in verdicts.map(|verdict| row.owed_by(verdict)).collect::<BTreeSet<_>>() {
            by_provider.of(provider).compare(row);
        }
        if let Some(verdict) = &row.published {
            by_provider.of(row.owed_by(verdict)).published.add(verdict, now);
        }
        if let Some(verdict) = &row.candidate {
            by_provider.of(row.owed_by(verdict)).candidate.add(verdict, now);
        }
        csv::line(&mut line, row, now);
        digest.update(line.as_bytes());
        line.clear();
    }
    digest.update(line.as_bytes());
    WhatIfReport {
        position: position.0,
        now,
        from: *from,
        published: named(published, None),
        candidate: named(candidate, Some((*candidate_sha256).to_owned())),
        charts: *charts as u64,
        rows: rows.len() as u64,
        rows_sha256: hexadecimal(digest.finalize().as_slice()),
        total: total.group("all".to_owned()),
        held: Sums::by(accounts, |_, _| "all".to_owned())
            .pop()
            .unwrap_or_else(|| WhatIfHeldGroup { key: "all".to_owned(), ..WhatIfHeldGroup::default() }),
        held_by_rule: Sums::by(accounts, |_, hold| money::rule(hold)),
        held_by_service: Sums::by(accounts, |account, _| account.service.to_string()),
        held_by_facility: Sums::by(accounts, |account, _| account.facility.to_string()),
        held_by_provider: Sums::by(accounts, |_, hold| money::provider(hold)),
        accounts: accounts.len() as u64,
        accounts_sha256: sha256(csv::accounts(accounts.iter()).as_bytes()),
        delinquent_charts: by_rule.delinquent(published, candidate),
        by_rule: by_rule.done(),
        by_service: by_service.done(),
        by_facility: by_facility.done(),
        by_provider: by_provider.done(),
        definitions: DEFINITIONS
            .iter()
            .map(|(name, meaning)| Definition { name: (*name).to_owned(), meaning: (*meaning).to_owned() })
            .collect(),
    }
}

fn named(rules: &RuleSet, sha256: Option<String>) -> WhatIfRules {
    WhatIfRules { version: rules.version, title: rules.title.clone(), sha256 }
}

/// Groups by key, in the order of their keys.
#[derive(Default)]
struct Groups(BTreeMap<String, Tally>);

impl Groups {
    fn of(&mut self, key: &str) -> &mut Tally {
        if !self.0.contains_key(key) {
            self.0.insert(key.to_owned(), Tally::default());
        }
        self.0.get_mut(key).expect("just inserted")
    }

    fn done(self) -> Vec<WhatIfGroup> {
        self.0.into_iter().map(|(key, tally)| tally.group(key)).collect()
    }

    /// Of groups by rule: what is overdue of the rules about the chart as a whole, of either set.
    fn delinquent(&self, published: &RuleSet, candidate: &RuleSet) -> Vec<WhatIfDelinquency> {
        let rules = published.rules.iter().chain(&candidate.rules);
        let whole: BTreeSet<&str> = rules
            .filter(|rule| rule.requires == Requirement::ChartComplete)
            .map(|rule| rule.id.as_str())
            .collect();
        let overdue = |rule: &str| {
            self.0.get(rule).map_or((0, 0), |tally| (tally.published.overdue(), tally.candidate.overdue()))
        };
        whole
            .into_iter()
            .map(|rule| {
                let (published, candidate) = overdue(rule);
                WhatIfDelinquency { rule: rule.to_owned(), published, candidate }
            })
            .collect()
    }
}
