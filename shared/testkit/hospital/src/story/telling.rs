//! Putting a story together.

use jiff::Timestamp;

use super::{
    Class, Event, Scene, Story, Trigger, Visit, What,
    stay::{Kind, Stay},
};
use crate::{
    calendar::{DAY, MINUTE, plus},
    dice::{Dice, Purpose},
    hospital::World,
    staff::{ProviderIndex, Staff},
};

/// A story in the making.
pub(super) struct Telling<'a> {
    pub(super) world: &'a World,
    pub(super) staff: &'a Staff,
    pub(super) dice: Dice,
    /// Decides over human mistakes; apart from `dice`, so that mistakes do not change the rest.
    pub(super) mistakes: Dice,
    pub(super) story: Story,
}

impl<'a> Telling<'a> {
    pub(super) fn new(world: &'a World, number: u64, begins: Timestamp) -> Self {
        let seed = world.settings.seed;
        let mut dice = Dice::new(seed, Purpose::Story, number);
        let facility = dice.index(world.facilities.len());
        let staff = &world.facilities[facility].staff;
        let patient = if dice.chance(0.12) && number > 0 {
            let back = i64::try_from(number.min(2_000)).expect("small");
            number - u64::try_from(dice.between(1, back)).expect("positive")
        } else {
            number
        };
        let admitting = staff.any_physician(&mut dice);
        let story = Story {
            number,
            facility,
            patient,
            admitted: begins,
            admitting,
            temporary_record: false,
            procedures: Vec::new(),
            documents: Vec::new(),
            events: Vec::new(),
            tags: Vec::new(),
        };
        Self { world, staff, dice, mistakes: Dice::new(seed, Purpose::Mistakes, number), story }
    }

    pub(super) fn tell(mut self, begins: Timestamp) -> Story {
        let begins = self.expressible(begins);
        let stay = Stay::begin(&mut self, begins);
        if stay.kind == Kind::NoShow {
            return self.finish(&stay);
        }
        stay.tell_visit(&mut self);
        self.document(&stay);
        if let Some(cancelled) = stay.cancelled {
            self.story.events.retain(|event| event.occurred < cancelled);
            let mut event = self.visit(cancelled, 0, Visit::plain(Trigger::A11));
            event.recorded = event.recorded.max(self.last_recorded());
            self.story.events.push(event);
        }
        self.finish(&stay)
    }

    /// An instant that the messages can tell.
    pub(super) fn expressible(&self, instant: Timestamp) -> Timestamp {
        self.world.calendar.expressible(instant)
    }

    /// An instant drawn between `low` and `high` seconds after `from`.
    pub(super) fn later(&mut self, from: Timestamp, low: i64, high: i64) -> Timestamp {
        let wait = self.dice.between(low, high);
        self.expressible(plus(from, wait))
    }

    pub(super) fn frailty(&self, provider: ProviderIndex) -> f64 {
        self.staff.get(provider).frailty
    }

    fn last_recorded(&self) -> Timestamp {
        self.story.events.iter().map(|event| event.recorded).max().unwrap_or(self.story.admitted)
    }

    /// A visit event that is entered up to `delay` seconds after it happened.
    pub(super) fn visit(&mut self, occurred: Timestamp, delay: i64, visit: Visit) -> Event {
        let entered_at_once = self.dice.chance(0.5);
        let wait = self.dice.between(0, delay);
        let recorded = if entered_at_once { occurred } else { self.expressible(plus(occurred, wait)) };
        let occurred_told = self.dice.chance(0.5);
        self.event(occurred, recorded, occurred_told, What::Visit(visit))
    }

    /// An event; its scene is painted by [`Telling::finish`].
    pub(super) fn event(
        &self,
        occurred: Timestamp,
        recorded: Timestamp,
        occurred_told: bool,
        what: What,
    ) -> Event {
        let scene = Scene {
            class: Class::Preadmit,
            attending: self.story.admitting,
            moves: 0,
            discharged: None,
            died: false,
            merged: false,
        };
        Event { occurred, recorded, occurred_told, what, scene }
    }

    /// Orders the events and writes down how the stay stands at each of them.
    fn finish(mut self, stay: &Stay) -> Story {
        if stay.merged_after.is_some() {
            self.story.temporary_record = true;
            self.story.tags.push("merged");
        }
        if let Some(after) = stay.merged_after {
            let at = self.expressible(plus(self.story.admitted, after));
            let event = self.visit(at, 30 * MINUTE, Visit::plain(Trigger::A40));
            self.story.events.push(event);
        }
        self.story.events.sort_by_key(|event| event.occurred);
        let mut scene = Scene {
            class: stay.first_class,
            attending: stay.first_attending,
            moves: 0,
            discharged: None,
            died: false,
            merged: false,
        };
        for event in &mut self.story.events {
            if let What::Visit(visit) = event.what {
                scene.class = visit.class.unwrap_or(scene.class);
                scene.attending = visit.attending.unwrap_or(scene.attending);
                match visit.trigger {
                    Trigger::A02 => scene.moves += 1,
                    Trigger::A12 => scene.moves = scene.moves.saturating_sub(1),
                    Trigger::A03 => (scene.discharged, scene.died) = (Some(event.occurred), visit.died),
                    Trigger::A13 => (scene.discharged, scene.died) = (None, false),
                    Trigger::A40 => scene.merged = true,
                    _ => {}
                }
            }
            event.scene = scene;
        }
        self.story
    }

    /// When an A40 will retire the temporary record number, counted from the admission: three stays in a
    /// thousand.
    pub(super) fn merge_later(&mut self) -> Option<i64> {
        let merge = self.dice.chance(0.003);
        let after = self.dice.between(10 * MINUTE, 5 * DAY);
        merge.then_some(after)
    }
}
