//! What a chart owes, and what it says of itself.

use countersign_contracts::{
    chart::{ChartFactsReported, EncounterKey},
    deficiency::DeficiencyStatus,
};
use countersign_deficiency::domain::{
    decide::facts_to_hand_over,
    events::{Deficiency, Description, Stage, Waits},
    state::ChartState,
};
use countersign_kernel::Timestamp;

use super::at;

/// A chart after its story.
pub(crate) struct Then {
    pub(crate) state: ChartState,
    now: Timestamp,
}

impl Then {
    pub(crate) fn new(state: ChartState, now: Timestamp) -> Self {
        Self { state, now }
    }

    /// The outcome of another telling is the same, to the last word.
    pub(crate) fn assert_same_as(&self, other: &ChartState, order: &[usize]) {
        let mine: Vec<&Deficiency> = self.state.deficiencies.values().collect();
        let others: Vec<&Deficiency> = other.deficiencies.values().collect();
        assert_eq!(mine, others, "told in the order {order:?}, up to {}", self.now);
        assert_eq!(self.state.description, other.description, "told in the order {order:?}");
    }

    pub(crate) fn description(&self) -> &Description {
        self.state.description.as_ref().expect("the chart is known")
    }

    pub(crate) fn stage(&self, stage: Stage) -> &Self {
        assert_eq!(self.description().stage, stage);
        self
    }

    pub(crate) fn finding(&self, part: &str) -> &Self {
        let findings = &self.description().findings;
        assert!(findings.iter().any(|finding| finding.contains(part)), "{findings:?}");
        self
    }

    pub(crate) fn waits_until(&self, wake_at: Option<&str>) -> &Self {
        assert_eq!(self.description().wake_at, wake_at.map(at));
        self
    }

    /// Nothing was ever asked for under this rule.
    pub(crate) fn never_owed(&self, rule: &str) -> &Self {
        assert_eq!(self.rows(rule), Vec::<&Deficiency>::new());
        self
    }

    /// Nothing was ever asked for.
    pub(crate) fn never_owed_anything(&self) -> &Self {
        assert!(self.state.deficiencies.is_empty(), "{:?}", self.state.deficiencies);
        self
    }

    /// The only deficiency under this rule.
    pub(crate) fn owes(&self, rule: &str) -> Owed<'_> {
        match self.rows(rule).as_slice() {
            [only] => Owed(only),
            rows => panic!("{rule}: one expected, there are {rows:#?}"),
        }
    }

    /// The deficiency under this rule about a document or procedure.
    pub(crate) fn owes_for(&self, rule: &str, subject: &str) -> Owed<'_> {
        let mut rows = self.rows(rule);
        rows.retain(|row| row.subject.as_deref() == Some(subject));
        match rows.as_slice() {
            [only] => Owed(only),
            rows => panic!("{rule} for {subject}: one expected, there are {rows:#?}"),
        }
    }

    pub(crate) fn rows(&self, rule: &str) -> Vec<&Deficiency> {
        self.state.deficiencies.values().filter(|row| row.rule == rule).collect()
    }

    /// Where the visit goes on, and everything the chart there must know.
    pub(crate) fn hands_over(&self) -> (EncounterKey, Vec<(ChartFactsReported, EncounterKey)>) {
        facts_to_hand_over(&self.state).expect("the visit continues elsewhere")
    }
}

/// One deficiency.
#[derive(Clone, Copy)]
pub(crate) struct Owed<'a>(pub(crate) &'a Deficiency);

impl Owed<'_> {
    /// Visible, without a clock, for what it waits.
    pub(crate) fn dormant(self, waits: Waits, since: &str) -> Self {
        let owed = self.0;
        assert_eq!((owed.status, owed.waits_for), (DeficiencyStatus::Dormant, Some(waits)), "{owed:#?}");
        assert_eq!((owed.dormant_since, owed.due_at), (Some(at(since)), None), "{owed:#?}");
        self
    }

    fn status(self, status: DeficiencyStatus, closed_at: Option<&str>) -> Self {
        assert_eq!((self.0.status, self.0.closed_at), (status, closed_at.map(at)), "{:#?}", self.0);
        self
    }

    pub(crate) fn open(self) -> Self {
        self.status(DeficiencyStatus::Open, None)
    }

    pub(crate) fn satisfied(self, closed_at: &str) -> Self {
        self.status(DeficiencyStatus::Satisfied, Some(closed_at))
    }

    pub(crate) fn voided(self, closed_at: &str) -> Self {
        self.status(DeficiencyStatus::Voided, Some(closed_at))
    }

    /// What the limit counts from, which is also when it arose.
    pub(crate) fn since(self, anchor_at: &str) -> Self {
        self.anchored(anchor_at).opened(anchor_at)
    }

    pub(crate) fn anchored(self, anchor_at: &str) -> Self {
        assert_eq!(self.0.anchor_at, Some(at(anchor_at)), "{:#?}", self.0);
        self
    }

    pub(crate) fn opened(self, opened_at: &str) -> Self {
        assert_eq!(self.0.opened_at, at(opened_at), "{:#?}", self.0);
        self
    }

    pub(crate) fn due(self, due_at: &str) -> Self {
        assert_eq!(self.0.due_at, Some(at(due_at)), "{:#?}", self.0);
        self
    }

    pub(crate) fn target(self, target_at: &str) -> Self {
        assert_eq!(self.0.target_at, Some(at(target_at)), "{:#?}", self.0);
        self
    }

    pub(crate) fn by(self, id: &str) -> Self {
        let responsible = self.0.responsible.as_ref().and_then(|person| person.id.as_deref());
        assert_eq!(responsible, Some(id), "{:#?}", self.0);
        self
    }

    pub(crate) fn unassigned(self) -> Self {
        assert_eq!(self.0.responsible, None, "{:#?}", self.0);
        self
    }

    pub(crate) fn because(self, part: &str) -> Self {
        assert!(self.0.responsible_because.contains(part), "{:#?}", self.0);
        self
    }

    pub(crate) fn closed_because(self, part: &str) -> Self {
        assert!(self.0.closed_because.as_deref().is_some_and(|why| why.contains(part)), "{:#?}", self.0);
        self
    }

    /// The triggers of the facts that it rests on.
    pub(crate) fn resting_on(self, triggers: &[&str]) -> Self {
        let matched: Vec<&str> = self.0.matched.iter().map(|fact| fact.trigger.as_str()).collect();
        assert_eq!(matched, triggers, "{:#?}", self.0);
        self
    }
}
