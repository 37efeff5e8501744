//! What a chart's events make: the facts known, and the deficiencies as recorded.

use std::{collections::BTreeMap, sync::Arc};

use countersign_contracts::chart::{ChartFact, DocumentAction, EncounterKey, OrderAction, What};
use countersign_kernel::{DeficiencyId, EventId, MessageId, Timestamp};

use super::{
    acts::Act,
    events::{Change, ChartEvent, Deficiency, Description},
};

/// Under what the inbox knows a message: its id, and the chart it was first reported for when its facts were
/// taken over from another number of the same visit.
pub type InboxKey = (MessageId, Option<EncounterKey>);

/// What one message says, by its latest reading.
#[derive(Debug, Clone, PartialEq)]
pub struct Reported {
    /// The latest reading.
    pub reading: u32,
    /// When the message was received here.
    pub received_at: Timestamp,
    /// What it says.
    pub facts: Arc<[ChartFact]>,
}

/// A chart as recorded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChartState {
    /// The natural key; `None` before the first event.
    pub encounter: Option<EncounterKey>,
    /// IANA name of the facility's time zone.
    pub time_zone: String,
    /// Receipt of the message that gave the two above: the latest received decides, in whatever order they are
    /// recorded.
    named_by: Option<(Timestamp, MessageId)>,
    /// What every message says.
    pub inbox: BTreeMap<InboxKey, Reported>,
    /// What people decided, by the id of the decision.
    pub acts: BTreeMap<EventId, Act>,
    /// The latest instant that was waited for and has passed.
    pub passed: Option<Timestamp>,
    /// The description as last recorded.
    pub description: Option<Description>,
    /// The deficiencies as recorded.
    pub deficiencies: BTreeMap<DeficiencyId, Deficiency>,
}

impl ChartState {
    /// Folds one event.
    pub fn evolve(&mut self, event: ChartEvent) {
        match event {
            ChartEvent::FactsRecorded(recorded) => {
                let receipt = Some((recorded.received_at, recorded.message));
                if self.named_by <= receipt {
                    self.named_by = receipt;
                    self.encounter = Some(recorded.encounter);
                    self.time_zone = recorded.time_zone;
                }
                self.inbox.insert(
                    (recorded.message, recorded.adopted_from),
                    Reported {
                        reading: recorded.reading,
                        received_at: recorded.received_at,
                        facts: recorded.facts.into(),
                    },
                );
            }
            ChartEvent::TimePassed(passed) => self.passed = self.passed.max(Some(passed.passed)),
            ChartEvent::Act(recorded) => {
                self.encounter.get_or_insert(recorded.encounter);
                self.acts.insert(recorded.act.id, recorded.act);
            }
            ChartEvent::Described(description) => self.description = Some(*description),
            ChartEvent::Deficiency(event) => {
                if event.change == Change::Retracted {
                    self.deficiencies.remove(&event.deficiency.id);
                } else {
                    self.deficiencies.insert(event.deficiency.id, event.deficiency);
                }
            }
        }
    }

    /// Every fact known, in the order in which it happened. The order depends on the facts alone, never on
    /// their arrival: shuffled, late and repeated messages end in the same sequence.
    pub fn facts(&self) -> Vec<KnownFact<'_>> {
        self.facts_that(|_| true)
    }

    /// Those of the facts that are wanted, in that order.
    pub fn facts_that(&self, wanted: impl Fn(&KnownFact<'_>) -> bool) -> Vec<KnownFact<'_>> {
        let mut facts: Vec<KnownFact<'_>> = self
            .inbox
            .iter()
            .flat_map(|((message, _), reported)| {
                let Reported { received_at, facts, .. } = reported;
                facts.iter().map(|fact| KnownFact { message: *message, received_at: *received_at, fact })
            })
            .filter(wanted)
            .collect();
        facts.sort_by_cached_key(|KnownFact { message, fact, .. }| {
            let opening = matches!(fact.what, What::Preadmitted | What::Opened);
            // At the same instant a visit opens before anything else happens in it; then the source's own
            // order counts; then what such things usually come after.
            (fact.occurred_at, !opening, fact.recorded_at, rank(fact), *message)
        });
        facts
    }
}

/// A fact, and who said so when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KnownFact<'a> {
    /// The message.
    pub message: MessageId,
    /// When the message was received here.
    pub received_at: Timestamp,
    /// What it says.
    pub fact: &'a ChartFact,
}

/// Which of two things that happened and were recorded at the same instant comes first: a document exists
/// before its status changes, a cancellation comes last.
fn rank(fact: &ChartFact) -> u8 {
    match &fact.what {
        What::Preadmitted => 0,
        What::Opened => 1,
        What::ClassChanged => 2,
        What::Transferred => 3,
        What::TransferCancelled => 4,
        What::Document(document) => match document.action {
            DocumentAction::Originated => 5,
            DocumentAction::Replaced => 6,
            DocumentAction::AddendumAdded => 7,
            DocumentAction::Edited => 8,
            DocumentAction::StatusChanged => 9,
            DocumentAction::Cancelled => 10,
        },
        What::Order(order) => match order.action {
            OrderAction::Placed => 11,
            OrderAction::Completed => 12,
            OrderAction::Authenticated => 13,
            OrderAction::Cancelled => 14,
        },
        What::Charged(_) => 15,
        What::Account(_) => 16,
        What::Discharged { .. } => 17,
        What::Updated { .. } => 18,
        What::DischargeCancelled => 19,
        What::Renumbered { .. } => 20,
        What::Cancelled => 21,
    }
}
