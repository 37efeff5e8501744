//! What other systems send about a stay when they are asked to: charges and coding of the billing system, and orders
//! that were spoken. Drawn from dice of their own, so that they change nothing of the story, its messages or the truth
//! about its documents.

use jiff::Timestamp;

use crate::{
    calendar::{DAY, HOUR, MINUTE, between, plus},
    dice::{Dice, Purpose},
    dirt::{Content, Delivery},
    hospital::World,
    staff::ProviderIndex,
    story::{Class, Event, Scene, Story, Trigger, Visit, What},
};

/// Control numbers of these messages: behind those of any story.
const FIRST_CONTROL: u16 = 5_000;

/// One message of another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// DFT^P03 with the charges of the stay.
    Charges {
        /// Cents of room and board, of supplies, and of a credit.
        cents: [i64; 3],
    },
    /// BAR^P05 with final diagnoses.
    Coded,
    /// BAR^P06 when the final bill has gone out: PV1-41 says `BILLED`.
    Billed,
    /// ORM^O01 of an order that was spoken.
    Spoken {
        /// Its number within the stay.
        number: u8,
        /// Who gave it.
        by: ProviderIndex,
        /// By telephone, not in person.
        telephone: bool,
    },
    /// ORM^O01 in which the ordering provider signs it.
    Signed {
        /// Its number within the stay.
        number: u8,
        /// Who gave it and signs it.
        by: ProviderIndex,
    },
}

/// What the settings ask for about one encounter, in order of sending.
pub(crate) fn deliveries(world: &World, story: &Story) -> Vec<Delivery> {
    let mut besides = Besides { world, story, planned: Vec::new() };
    if world.settings.orders {
        besides.orders(&mut Dice::new(world.settings.seed, Purpose::Orders, story.number));
    }
    if world.settings.charges {
        besides.charges(&mut Dice::new(world.settings.seed, Purpose::Charges, story.number));
    }
    besides.planned
}

struct Besides<'a> {
    world: &'a World,
    story: &'a Story,
    planned: Vec<Delivery>,
}

impl Besides<'_> {
    fn send(&mut self, at: Timestamp, beside: Beside) {
        let at = self.world.calendar.expressible(at);
        // What would be said after the end of the run is not said.
        if at >= self.world.end {
            return;
        }
        let control = FIRST_CONTROL + u16::try_from(self.planned.len()).unwrap_or(u16::MAX - FIRST_CONTROL);
        self.planned.push(Delivery {
            send_at: at,
            written_at: at,
            content: Content::Beside(beside),
            control,
            copy: false,
            late: false,
            reused_control_id: false,
        });
    }

    /// About one order in fifteen hours of an inpatient stay is spoken; most are signed within days, some never.
    fn orders(&mut self, dice: &mut Dice) {
        let Some((left, scene)) = discharge(self.story) else { return };
        if scene.class != Class::Inpatient {
            return;
        }
        let hours = between(self.story.admitted, left) / HOUR;
        for number in 0..u8::try_from((hours / 15).clamp(0, 40)).unwrap_or(0) {
            let at = plus(self.story.admitted, dice.between(10 * MINUTE, (hours * HOUR).max(HOUR)));
            let telephone = dice.chance(0.6);
            let by = if dice.chance(0.7) { scene.attending } else { self.story.admitting };
            let after = dice.lognormal(20.0 * 3_600.0, 1.1).clamp(HOUR, 40 * DAY);
            let signs = dice.chance(0.93);
            self.send(at, Beside::Spoken { number, by, telephone });
            if signs {
                self.send(plus(at, after), Beside::Signed { number, by });
            }
        }
    }

    /// Charges in the night after the discharge, coding some days later, and the bill when it is coded and nothing more
    /// happens to a document: a hospital that waits for its documentation.
    fn charges(&mut self, dice: &mut Dice) {
        let Some((left, scene)) = discharge(self.story) else { return };
        if !scene.class.has_rules() {
            return;
        }
        let days = between(self.story.admitted, left) / DAY + 1;
        let daily = dice.lognormal(3_800.0 * 100.0, 0.5).clamp(50_000, 5_000_000);
        let supplies = dice.lognormal(2_500.0 * 100.0, 1.0).clamp(1_000, 50_000_000);
        let credit = if dice.chance(0.1) { supplies / dice.between(2, 8) } else { 0 };
        let posted = plus(left, dice.between(2 * HOUR, 14 * HOUR));
        let coded = plus(posted, dice.lognormal(2.5 * 86_400.0, 0.7).clamp(6 * HOUR, 30 * DAY));
        let document = |event: &&Event| matches!(event.what, What::Document { .. });
        let written = self.story.events.iter().filter(document).map(|event| event.recorded).max();
        let billed = plus(written.map_or(coded, |written| written.max(coded)), dice.between(DAY, 5 * DAY));
        self.send(posted, Beside::Charges { cents: [daily.saturating_mul(days), supplies, credit] });
        self.send(coded, Beside::Coded);
        self.send(billed, Beside::Billed);
    }
}

/// The discharge that counts, and the stay as it stood then. Nothing for a stay that was cancelled.
fn discharge(story: &Story) -> Option<(Timestamp, Scene)> {
    let trigger = |event: &Event| match event.what {
        What::Visit(Visit { trigger, .. }) => Some(trigger),
        What::Document { .. } => None,
    };
    let last = story.events.iter().rev().find(|event| trigger(event) == Some(Trigger::A03))?;
    Some((last.occurred, last.scene))
}
