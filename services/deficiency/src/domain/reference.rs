//! What the fold looks up beside the chart's own facts: rules, people, places.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use countersign_kernel::{BusinessCalendar, Person, Timestamp};

use super::rules::{InForce, RuleSet};

/// Whether a person can be held responsible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Active,
    /// Not any more, or not yet: since this instant, where that is known.
    Inactive {
        /// The end of the last time of activity.
        since: Option<Timestamp>,
    },
    /// The directory does not have the person, and the site wants everybody in it.
    Unknown,
}

/// What the fold asks of the directory of providers.
pub trait People: std::fmt::Debug + Send + Sync {
    /// Where the person stands at an instant.
    fn standing(&self, person: &Person, at: Timestamp) -> Standing;
    /// Whether two identifiers are one person.
    fn same(&self, one: &Person, other: &Person) -> bool;
    /// The person's supervisor at an instant.
    fn supervisor(&self, person: &Person, at: Timestamp) -> Option<Person>;
    /// The next instant after this one at which the person's standing changes by itself.
    fn next_change(&self, person: &Person, after: Timestamp) -> Option<Timestamp>;
}

/// A directory that knows nobody: whoever is named in a message is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDirectory;

impl People for NoDirectory {
    fn standing(&self, _: &Person, _: Timestamp) -> Standing {
        Standing::Active
    }

    fn same(&self, one: &Person, other: &Person) -> bool {
        one.same_id(other)
    }

    fn supervisor(&self, _: &Person, _: Timestamp) -> Option<Person> {
        None
    }

    fn next_change(&self, _: &Person, _: Timestamp) -> Option<Timestamp> {
        None
    }
}

/// What the fold must know of a facility.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Place {
    /// The jurisdiction whose rules are laid over those of everywhere, e.g. `US-CA`.
    pub jurisdiction: Option<String>,
    /// Days of business.
    pub calendar: BusinessCalendar,
}

/// Everything that is looked up.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The rule sets in the order in which they were in force, without gaps or overlaps.
    pub rules: Vec<InForce>,
    /// Every rule set that was ever published, by version.
    pub versions: BTreeMap<u32, Arc<RuleSet>>,
    /// The directory of providers.
    pub people: Arc<dyn People>,
    /// Facilities by code; one that is not described counts as an ordinary one.
    pub places: HashMap<String, Place>,
    ordinary: Place,
}

impl Reference {
    /// One rule set that always was in force; no directory, no facilities.
    pub fn with_rules(rules: Arc<RuleSet>) -> Self {
        Self {
            versions: [(rules.version, Arc::clone(&rules))].into(),
            rules: vec![InForce::always(rules)],
            people: Arc::new(NoDirectory),
            places: HashMap::new(),
            ordinary: Place::default(),
        }
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

    /// The facility with this code.
    pub fn place(&self, facility: &str) -> &Place {
        self.places.get(facility).unwrap_or(&self.ordinary)
    }

    /// The rule set in force at an instant; before the first one, the first.
    pub fn in_force_at(&self, at: Timestamp) -> Option<&Arc<RuleSet>> {
        let found = self.rules.iter().find(|set| set.holds_at(at)).or_else(|| self.rules.first());
        found.map(|set| &set.rules)
    }

    /// A rule as the version names it; else as any later version has it.
    pub fn rule(&self, id: &str, version: u32) -> Option<(&Arc<RuleSet>, &super::rules::Rule)> {
        let exact = self.versions.get(&version).into_iter();
        exact.chain(self.versions.values().rev()).find_map(|rules| rules.rule(id).map(|rule| (rules, rule)))
    }
}
