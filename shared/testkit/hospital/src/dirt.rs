//! How real interfaces spoil what they send, and the plan of one encounter's deliveries.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    besides::{self, Beside},
    calendar::{DAY, HOUR, MINUTE, between, plus},
    dice::{Dice, Purpose},
    hospital::World,
    story::{Story, Trigger, Visit, What},
};

/// Rates of what goes wrong, each between 0 and 1.
///
/// The rates of transport (all but `wrong_responsible` and `signature_without_signer`) never change who owes
/// what; those two do, and the truth accounts for them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dirt {
    /// Of messages: sent again later with the same bytes.
    pub duplicates: f64,
    /// Of messages: delivered hours or days after they were written.
    pub late: f64,
    /// Of messages: change places with the next one of the same encounter.
    pub shuffled: f64,
    /// Of A03: no PV1-45; EVN-6 says when.
    pub discharge_without_time: f64,
    /// Of signatures: AU or LA with an empty TXA-22.
    pub signature_without_signer: f64,
    /// Of stays: the admission names a wrong attending, and a later A08 puts it right.
    pub wrong_responsible: f64,
    /// Of messages: MSH-10 is that of the message before, with other content.
    pub reused_control_id: f64,
    /// Additional messages per message that carry nothing for a chart: ORU and SIU.
    pub unmapped: f64,
    /// Additional messages per message that no reader can place: no visit number, no type, cut short.
    pub undecodable: f64,
}

impl Default for Dirt {
    /// What an ordinary interface does on ordinary days.
    fn default() -> Self {
        Self {
            duplicates: 0.02,
            late: 0.03,
            shuffled: 0.02,
            discharge_without_time: 0.25,
            signature_without_signer: 0.1,
            wrong_responsible: 0.04,
            reused_control_id: 0.005,
            unmapped: 0.05,
            undecodable: 0.002,
        }
    }
}

impl Dirt {
    /// An interface that makes no mistake.
    pub fn none() -> Self {
        Self {
            duplicates: 0.0,
            late: 0.0,
            shuffled: 0.0,
            discharge_without_time: 0.0,
            signature_without_signer: 0.0,
            wrong_responsible: 0.0,
            reused_control_id: 0.0,
            unmapped: 0.0,
            undecodable: 0.0,
        }
    }

    /// The first rate that is no probability.
    pub(crate) fn first_bad_rate(&self) -> Option<(&'static str, f64)> {
        [
            ("duplicates", self.duplicates),
            ("late", self.late),
            ("shuffled", self.shuffled),
            ("discharge_without_time", self.discharge_without_time),
            ("signature_without_signer", self.signature_without_signer),
            ("wrong_responsible", self.wrong_responsible),
            ("reused_control_id", self.reused_control_id),
            ("unmapped", self.unmapped),
            ("undecodable", self.undecodable),
        ]
        .into_iter()
        .find(|(_, rate)| !(0.0..=1.0).contains(rate))
    }
}

/// What one delivery carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// An event of the story.
    Event {
        /// Its index.
        index: usize,
        /// A03 only: PV1-45 is left out.
        without_discharge_time: bool,
    },
    /// What another system says about the stay.
    Beside(Beside),
    /// Nothing for a chart.
    Unmapped(Unmapped),
    /// Nothing that can be placed.
    Undecodable(Undecodable),
}

/// Messages of other subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unmapped {
    LaboratoryResult,
    Appointment,
}

/// Messages that must end in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undecodable {
    /// ADT^A08 with neither visit nor account number.
    UpdateWithoutVisit,
    /// MDM^T02 with neither visit nor account number.
    DocumentWithoutVisit,
    /// MSH-9 is empty.
    WithoutType,
    /// The line broke in the middle of MSH.
    CutShort,
}

/// One message on the wire.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delivery {
    pub(crate) send_at: Timestamp,
    /// MSH-7: when the sending system wrote it. Later than that only by delay on the way.
    pub(crate) written_at: Timestamp,
    pub(crate) content: Content,
    /// Number of the message within the encounter: the tail of MSH-10.
    pub(crate) control: u16,
    /// The same bytes were sent before.
    pub(crate) copy: bool,
    pub(crate) late: bool,
    pub(crate) reused_control_id: bool,
}

/// Seconds between an entry and the message about it.
const LATENCY: (i64, i64) = (1, 20);

/// Everything sent about one encounter until the end of the run, in order of sending.
pub(crate) fn deliveries(world: &World, story: &Story) -> Vec<Delivery> {
    let dirt = &world.settings.dirt;
    let last = plus(world.end, -1);
    let mut dice = Dice::new(world.settings.seed, Purpose::Transport, story.number);
    let mut planned: Vec<Delivery> = Vec::with_capacity(story.events.len() + 4);
    let mut spoiled = Spoiled { dice: &mut dice, dirt, last, extra: Vec::new(), previous: None, control: 0 };
    for (index, event) in story.events.iter().enumerate() {
        if event.recorded < world.end {
            let discharge = matches!(event.what, What::Visit(Visit { trigger: Trigger::A03, .. }));
            planned.push(spoiled.deliver(index, event.recorded, discharge));
        }
    }
    planned.append(&mut spoiled.extra);
    planned.sort_by_key(|delivery| (delivery.send_at, delivery.control, delivery.copy));
    shuffle(&mut planned, &mut dice, dirt.shuffled);
    let mut besides = besides::deliveries(world, story);
    if !besides.is_empty() {
        planned.append(&mut besides);
        // Stable: what stands at one instant keeps its order.
        planned.sort_by_key(|delivery| delivery.send_at);
    }
    planned
}

/// Plans the deliveries of the events of one encounter, one after the other.
struct Spoiled<'a> {
    dice: &'a mut Dice,
    dirt: &'a Dirt,
    last: Timestamp,
    extra: Vec<Delivery>,
    /// MSH-10 of the message before.
    previous: Option<u16>,
    control: u16,
}

impl Spoiled<'_> {
    fn deliver(&mut self, event: usize, recorded: Timestamp, discharge: bool) -> Delivery {
        // Every draw is made whatever the rates are, so that one rate does not move the others.
        let written_at = plus(recorded, self.dice.between(LATENCY.0, LATENCY.1)).min(self.last);
        let late = self.dice.chance(self.dirt.late);
        let delay = self.dice.lognormal(4.0 * 3_600.0, 1.2).clamp(10 * MINUTE, 4 * DAY);
        let send_at = if late { plus(written_at, delay).min(self.last) } else { written_at };
        let reused = self.dice.chance(self.dirt.reused_control_id);
        let without_discharge_time = self.dice.chance(self.dirt.discharge_without_time) && discharge;
        let own = self.next_control();
        let (control, reused_control_id) = match self.previous {
            Some(previous) if reused => (previous, true),
            _ => (own, false),
        };
        self.previous = Some(control);
        let delivery = Delivery {
            send_at,
            written_at,
            content: Content::Event { index: event, without_discharge_time },
            control,
            copy: false,
            late,
            reused_control_id,
        };
        let again = self.dice.chance(self.dirt.duplicates);
        let after = self.dice.lognormal(600.0, 2.0).clamp(1, 3 * DAY);
        if again {
            let send_at = plus(send_at, after).min(self.last);
            self.extra.push(Delivery { send_at, copy: true, ..delivery });
        }
        self.add(self.dirt.unmapped, written_at, |dice| {
            let result = dice.chance(0.7);
            Content::Unmapped(if result { Unmapped::LaboratoryResult } else { Unmapped::Appointment })
        });
        self.add(self.dirt.undecodable, written_at, |dice| {
            Content::Undecodable(match dice.between(0, 3) {
                0 => Undecodable::UpdateWithoutVisit,
                1 => Undecodable::DocumentWithoutVisit,
                2 => Undecodable::WithoutType,
                _ => Undecodable::CutShort,
            })
        });
        delivery
    }

    /// At the given rate, another message some time after the one written at `after`.
    fn add(&mut self, rate: f64, after: Timestamp, content: impl FnOnce(&mut Dice) -> Content) {
        let wanted = self.dice.chance(rate);
        let send_at = plus(after, self.dice.between(5, 3 * HOUR)).min(self.last);
        let content = content(self.dice);
        if wanted {
            let control = self.next_control();
            self.extra.push(Delivery {
                send_at,
                written_at: send_at,
                content,
                control,
                copy: false,
                late: false,
                reused_control_id: false,
            });
        }
    }

    fn next_control(&mut self) -> u16 {
        self.control += 1;
        self.control
    }
}

/// Neighbours change places: each is sent at the instant of the other. Not for copies, which would then
/// come before their original, nor for neighbours that are more than a day apart.
fn shuffle(planned: &mut [Delivery], dice: &mut Dice, rate: f64) {
    let mut index = 1;
    while index < planned.len() {
        let swap = dice.chance(rate);
        let (first, second) = (planned[index - 1], planned[index]);
        let copies = first.copy || second.copy;
        if swap && !copies && between(first.send_at, second.send_at) <= DAY {
            planned[index - 1] = Delivery { send_at: first.send_at, ..second };
            planned[index] = Delivery { send_at: second.send_at, ..first };
            index += 1;
        }
        index += 1;
    }
}
