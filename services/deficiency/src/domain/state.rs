//! What a chart's events make: the facts known, and the deficiencies as recorded.

use std::{collections::BTreeMap, sync::Arc};

use countersign_contracts::chart::{ChartFact, EncounterKey};
use countersign_kernel::{DeficiencyId, MessageId, Timestamp};

use super::events::{Change, ChartEvent, Deficiency, Description};

/// Under what the inbox knows a message: its id, and the chart it was first reported for when facts were
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
    /// What every message says.
    pub inbox: BTreeMap<InboxKey, Reported>,
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
                self.inbox.insert(
                    (recorded.message, recorded.adopted_from),
                    Reported {
                        reading: recorded.reading,
                        received_at: recorded.received_at,
                        facts: recorded.facts.into(),
                    },
                );
                self.encounter = Some(recorded.encounter);
                self.time_zone = recorded.time_zone;
            }
            ChartEvent::TimePassed(passed) => self.passed = self.passed.max(Some(passed.passed)),
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
    pub fn facts(&self) -> Vec<(MessageId, &ChartFact)> {
        let mut facts: Vec<(MessageId, &ChartFact)> = self
            .inbox
            .iter()
            .flat_map(|((message, _), reported)| reported.facts.iter().map(move |fact| (*message, fact)))
            .collect();
        facts.sort_by(|(left_message, left), (right_message, right)| {
            (left.occurred_at, rank(left), left.recorded_at, left_message).cmp(&(
                right.occurred_at,
                rank(right),
                right.recorded_at,
                right_message,
            ))
        });
        facts
    }
}

/// Which of two things that happened at the same instant comes first: a visit opens before anything else
/// happens in it, a document exists before its status changes, a cancellation comes last.
fn rank(fact: &ChartFact) -> u8 {
    use countersign_contracts::chart::{DocumentAction, What};
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
        What::Discharged { .. } => 11,
        What::Updated { .. } => 12,
        What::DischargeCancelled => 13,
        What::Renumbered { .. } => 14,
        What::Cancelled => 15,
    }
}
