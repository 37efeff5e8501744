//! What was sent.

use std::collections::BTreeMap;

use super::MessageCount;
use crate::{
    besides::Beside,
    dirt::{Content, Delivery, Undecodable, Unmapped},
    messages,
    story::{Story, What},
};

/// Messages counted by type.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) total: MessageCount,
    pub(super) by_type: BTreeMap<String, MessageCount>,
}

impl Tally {
    pub(super) fn count(&mut self, story: &Story, delivery: &Delivery) {
        let one = MessageCount {
            sent: 1,
            duplicates: u64::from(delivery.copy),
            unmapped: u64::from(matches!(delivery.content, Content::Unmapped(_))),
            quarantined: u64::from(matches!(delivery.content, Content::Undecodable(_))),
            late: u64::from(delivery.late && !delivery.copy),
            reused_control_ids: u64::from(delivery.reused_control_id && !delivery.copy),
        };
        self.total.add(one);
        let name = name(story, delivery.content);
        match self.by_type.get_mut(&*name) {
            Some(count) => count.add(one),
            None => drop(self.by_type.insert(name, one)),
        }
    }
}

impl MessageCount {
    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.duplicates += other.duplicates;
        self.unmapped += other.unmapped;
        self.quarantined += other.quarantined;
        self.late += other.late;
        self.reused_control_ids += other.reused_control_ids;
    }
}

/// Message type as in the first two components of MSH-9.
fn name(story: &Story, content: Content) -> String {
    match content {
        Content::Event { index, .. } => match story.events[index].what {
            What::Visit(visit) => format!("ADT^{}", messages::names(visit.trigger).0),
            What::Document { act, content, .. } => format!("MDM^{}", messages::trigger_of(act, content).0),
        },
        Content::Beside(Beside::Charges { .. }) => "DFT^P03".to_owned(),
        Content::Beside(Beside::Coded) => "BAR^P05".to_owned(),
        Content::Beside(Beside::Billed) => "BAR^P06".to_owned(),
        Content::Beside(Beside::Spoken { .. } | Beside::Signed { .. }) => "ORM^O01".to_owned(),
        Content::Unmapped(Unmapped::LaboratoryResult) => "ORU^R01".to_owned(),
        Content::Unmapped(Unmapped::Appointment) => "SIU^S12".to_owned(),
        Content::Undecodable(Undecodable::UpdateWithoutVisit) => "ADT^A08".to_owned(),
        Content::Undecodable(Undecodable::DocumentWithoutVisit) => "MDM^T02".to_owned(),
        Content::Undecodable(Undecodable::WithoutType | Undecodable::CutShort) => "none".to_owned(),
    }
}
