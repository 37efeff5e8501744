//! What the fold looks up beside the chart's own facts: rules, people, places.

use std::{collections::BTreeMap, sync::Arc};

use countersign_kernel::{Person, Timestamp};

use super::{
    events::{Pause, PauseCause},
    people::Directory,
    rulebook::RuleBook,
    rules::{InForce, Rule, RuleSet},
    site::Site,
};

/// Everything that is looked up. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    /// The rule sets in the order in which they were in force, without gaps or overlaps.
    pub rules: Vec<InForce>,
    /// Every rule set that was ever published, by version.
    pub versions: BTreeMap<u32, Arc<RuleSet>>,
    /// The directory of providers.
    pub directory: Arc<Directory>,
    /// Facilities and departments.
    pub site: Arc<Site>,
}

impl Reference {
    /// One rule set that always was in force; nobody in the directory, no facility described.
    pub fn with_rules(rules: Arc<RuleSet>) -> Self {
        Self {
            versions: [(rules.version, Arc::clone(&rules))].into(),
            rules: vec![InForce::always(rules)],
            ..Self::default()
        }
    }

    /// What the record says now.
    pub fn new(book: &RuleBook, directory: Arc<Directory>, site: Arc<Site>) -> Self {
        let mut rules: Vec<InForce> = book
            .windows()
            .iter()
            .map(|window| InForce {
                rules: Arc::clone(&window.content),
                from: window.from,
                until: window.until,
            })
            .collect();
        // What is said to have happened before the first set took effect is judged by it.
        if let Some(first) = rules.first_mut() {
            first.from = Timestamp::MIN;
        }
        let versions = rules.iter().map(|set| (set.rules.version, Arc::clone(&set.rules))).collect();
        Self { rules, versions, directory, site }
    }

    /// The same with a candidate in force from an instant on, or always.
    #[must_use]
    pub fn trying(&self, candidate: Arc<RuleSet>, from: Option<Timestamp>) -> Self {
        let Some(from) = from else {
            return Self { rules: vec![InForce::always(candidate)], ..self.clone() };
        };
        let before = self.rules.iter().filter(|set| set.from < from).cloned();
        let mut rules: Vec<InForce> = before
            .map(|set| InForce { until: Some(set.until.map_or(from, |until| until.min(from))), ..set })
            .collect();
        rules.push(InForce { rules: candidate, from, until: None });
        Self { rules, ..self.clone() }
    }

    /// The rule set in force at an instant.
    pub fn in_force_at(&self, at: Timestamp) -> Option<&Arc<RuleSet>> {
        self.rules.iter().find(|set| set.holds_at(at)).map(|set| &set.rules)
    }

    /// A rule as the version names it; else as the latest version that has it.
    pub fn rule(&self, id: &str, version: u32) -> Option<(&Arc<RuleSet>, &Rule)> {
        let exact = self.versions.get(&version).into_iter();
        exact.chain(self.versions.values().rev()).find_map(|rules| rules.rule(id).map(|rule| (rules, rule)))
    }

    /// The stretches in which a person's clocks at a facility stand for reasons outside a single chart: leave
    /// that counts, and downtime of the facility. `known_at`: as far as that was on record at an instant.
    pub fn pauses(&self, person: Option<&Person>, facility: &str, known_at: Option<Timestamp>) -> Vec<Pause> {
        let leaves = match (person, known_at) {
            (None, _) => Vec::new(),
            (Some(person), None) => self.directory.leaves_of(person).to_vec(),
            (Some(person), Some(at)) => self.directory.leaves_known(person, at),
        };
        let leaves = leaves.into_iter().filter(super::people::Leave::counts).map(|leave| {
            let act = leave.last_act();
            Pause {
                act: countersign_kernel::EventId(leave.id.0),
                cause: PauseCause::PhysicianLeave,
                from: leave.from,
                until: leave.until,
                by: act.by.clone(),
                why: if act.why.is_empty() { leave.kind.name().to_owned() } else { act.why.clone() },
            }
        });
        let downtimes = self.site.downtimes(facility).iter();
        let downtimes = downtimes
            .filter(|downtime| known_at.is_none_or(|limit| downtime.act.at <= limit))
            .map(|downtime| Pause {
                act: countersign_kernel::EventId(downtime.id.0),
                cause: PauseCause::SystemDowntime,
                from: downtime.from,
                until: downtime.until,
                by: downtime.act.by.clone(),
                why: downtime.act.why.clone(),
            });
        leaves.chain(downtimes).collect()
    }
}

/// Whether two names are one person: by identifier, or because the directory knows them as one.
pub fn same_person(directory: &Directory, one: &Person, other: &Person) -> bool {
    one.same_id(other)
        || directory
            .resolve(one)
            .zip(directory.resolve(other))
            .is_some_and(|(one, other)| one.key == other.key)
}
