//! The visit: admission, class, transfers, operations, discharge.

use jiff::Timestamp;

use super::{Class, Procedure, Trigger, Visit, telling::Telling};
use crate::{
    calendar::{DAY, HOUR, MINUTE, between, plus},
    staff::ProviderIndex,
};

/// What sort of encounter it is going to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Inpatient,
    Observation,
    DaySurgery,
    Emergency,
    Outpatient,
    /// Booked, never came.
    NoShow,
    /// Admitted by mistake.
    Cancelled,
}

/// How many of each come with one discharge of a class that carries rules. The sum is the number of
/// encounters that `arrivals` makes for one discharge.
const MIX: [(Kind, f64); 7] = [
    (Kind::Inpatient, 0.58),
    (Kind::Observation, 0.20),
    (Kind::DaySurgery, 0.22),
    (Kind::Emergency, 0.40),
    (Kind::Outpatient, 0.30),
    (Kind::NoShow, 0.04),
    (Kind::Cancelled, 0.06),
];

/// The plan of a stay.
#[derive(Debug, Clone)]
pub(super) struct Stay {
    pub(super) kind: Kind,
    pub(super) first_class: Class,
    /// As told first; wrong if `corrected` says so.
    pub(super) first_attending: ProviderIndex,
    /// The attending who really looks after the patient.
    pub(super) attending: ProviderIndex,
    pub(super) admitted: Timestamp,
    /// A06 or A07.
    pub(super) class_change: Option<(Timestamp, Class)>,
    /// The attending hands over.
    pub(super) handed_over: Option<(Timestamp, ProviderIndex)>,
    /// An A08 puts the attending right.
    pub(super) corrected: Option<Timestamp>,
    pub(super) cancelled: Option<Timestamp>,
    /// Discharges in order; all but the last are cancelled at the instant beside them.
    pub(super) discharges: Vec<(Timestamp, Option<Timestamp>)>,
    pub(super) died: bool,
    pub(super) merged_after: Option<i64>,
}

impl Stay {
    /// Plans the stay that first shows at `begins`.
    pub(super) fn begin(telling: &mut Telling<'_>, begins: Timestamp) -> Self {
        let kind = MIX[telling.dice.weighted(&MIX.map(|(_, share)| share))].0;
        let first_class = match kind {
            Kind::Observation => Class::Observation,
            Kind::Cancelled if telling.dice.chance(0.4) => Class::Observation,
            Kind::Inpatient | Kind::Cancelled => Class::Inpatient,
            Kind::DaySurgery => Class::DaySurgery,
            Kind::Emergency => Class::Emergency,
            Kind::Outpatient => Class::Outpatient,
            Kind::NoShow => Class::Preadmit,
        };
        let attending = match kind {
            Kind::DaySurgery => telling.staff.any_surgeon(&mut telling.dice),
            _ => telling.staff.any_physician(&mut telling.dice),
        };
        if telling.dice.chance(0.7) {
            telling.story.admitting = attending;
        }
        let booking = match kind {
            Kind::DaySurgery => 0.7,
            Kind::Inpatient => 0.15,
            Kind::NoShow => 1.0,
            _ => 0.0,
        };
        let booked = telling.dice.chance(booking).then_some(begins);
        let admitted = match booked {
            Some(_) => {
                let day = plus(begins, telling.dice.between(DAY, 14 * DAY));
                let hour = i8::try_from(telling.dice.between(5, 10)).expect("an hour");
                telling.expressible(telling.world.calendar.at_hour(day, hour))
            }
            None => begins,
        };
        let admitted = admitted.max(plus(begins, if booked.is_some() { HOUR } else { 0 }));
        telling.story.admitted = admitted;
        let mut stay = Self {
            kind,
            first_class,
            first_attending: attending,
            attending,
            admitted,
            class_change: None,
            handed_over: None,
            corrected: None,
            cancelled: None,
            discharges: Vec::new(),
            died: false,
            merged_after: telling.merge_later(),
        };
        if let Some(booked) = booked {
            let event = telling.visit(
                booked,
                20 * MINUTE,
                Visit { class: Some(Class::Preadmit), ..Visit::plain(Trigger::A05) },
            );
            telling.story.events.push(event);
        }
        if kind == Kind::NoShow {
            stay.merged_after = None;
            return stay;
        }
        stay.plan(telling);
        stay
    }

    fn plan(&mut self, telling: &mut Telling<'_>) {
        if self.kind == Kind::Cancelled {
            let after = telling.dice.between(20 * MINUTE, 20 * HOUR);
            self.cancelled = Some(telling.expressible(plus(self.admitted, after)));
            self.merged_after = None;
            telling.story.tags.push("cancelled-admission");
            return;
        }
        let length = self.length(telling);
        let mut leaves = telling.expressible(plus(self.admitted, length));
        self.plan_class_change(telling, &mut leaves);
        if matches!(self.final_class(), Class::Inpatient | Class::Observation) {
            leaves = by_day(telling, leaves);
        }
        self.operate(telling, &mut leaves);
        self.died = match self.final_class() {
            Class::Inpatient => telling.dice.chance(0.022),
            Class::Observation => telling.dice.chance(0.006),
            Class::Emergency => telling.dice.chance(0.003),
            _ => false,
        };
        if self.died {
            telling.story.tags.push("died");
        }
        self.discharge(telling, leaves);
        self.attend(telling);
    }

    fn length(&self, telling: &mut Telling<'_>) -> i64 {
        let dice = &mut telling.dice;
        match self.first_class {
            Class::Inpatient => dice.lognormal(3.4 * 86_400.0, 0.75).clamp(10 * HOUR, 120 * DAY),
            Class::Observation => dice.lognormal(22.0 * 3_600.0, 0.5).clamp(5 * HOUR, 6 * DAY),
            Class::DaySurgery => dice.between(5 * HOUR, 13 * HOUR),
            Class::Emergency => dice.lognormal(4.0 * 3_600.0, 0.6).clamp(30 * MINUTE, 2 * DAY),
            Class::Outpatient | Class::Preadmit => dice.between(30 * MINUTE, 3 * HOUR),
        }
    }

    /// A06 for observation or day surgery patients who stay; rarely A07, an admission downgraded.
    fn plan_class_change(&mut self, telling: &mut Telling<'_>, leaves: &mut Timestamp) {
        let dice = &mut telling.dice;
        let change = match self.first_class {
            Class::Observation if dice.chance(0.3) => {
                let after = if dice.chance(0.8) {
                    dice.between(3 * HOUR, 22 * HOUR)
                } else {
                    dice.between(25 * HOUR, 44 * HOUR)
                };
                Some((after, Class::Inpatient, dice.lognormal(2.6 * 86_400.0, 0.7).clamp(8 * HOUR, 60 * DAY)))
            }
            Class::DaySurgery if dice.chance(0.05) => {
                let after = dice.between(8 * HOUR, 14 * HOUR);
                Some((after, Class::Inpatient, dice.lognormal(1.6 * 86_400.0, 0.6).clamp(8 * HOUR, 30 * DAY)))
            }
            Class::Inpatient if dice.chance(0.006) => Some((
                dice.between(2 * HOUR, 20 * HOUR),
                Class::Observation,
                dice.between(4 * HOUR, 40 * HOUR),
            )),
            _ => None,
        };
        let Some((after, class, stays)) = change else { return };
        let at = telling.expressible(plus(self.admitted, after));
        telling.story.tags.push(match class {
            Class::Inpatient if self.first_class == Class::Observation && after > DAY => {
                "observation-over-24h-then-inpatient"
            }
            Class::Inpatient => "became-inpatient",
            _ => "became-observation",
        });
        *leaves = telling.expressible(plus(at, stays));
        self.class_change = Some((at, class));
    }

    fn operate(&mut self, telling: &mut Telling<'_>, leaves: &mut Timestamp) {
        let dice = &mut telling.dice;
        let count = match self.first_class {
            Class::DaySurgery => 1 + u8::from(dice.chance(0.06)),
            Class::Inpatient if dice.chance(0.28) => 1 + u8::from(dice.chance(0.15)),
            Class::Observation => u8::from(dice.chance(0.05)),
            // A minor procedure in the clinic or the emergency department: owes nothing by these rules.
            Class::Outpatient | Class::Emergency => u8::from(dice.chance(0.04)),
            _ => 0,
        };
        let mut free = plus(self.admitted, HOUR);
        let mut surgeon = match self.first_class {
            Class::DaySurgery => self.attending,
            _ => telling.staff.any_surgeon(dice),
        };
        for index in 0..count {
            if index > 0 && telling.dice.chance(0.4) {
                surgeon = telling.staff.any_surgeon(&mut telling.dice);
            }
            let minutes = telling.dice.lognormal(75.0, 0.5).clamp(15, 600);
            let room = between(free, *leaves) - minutes * MINUTE - 2 * HOUR;
            let wait = match self.first_class {
                Class::Inpatient if room > 0 => telling.dice.between(0, room),
                _ => telling.dice.between(0, 2 * HOUR),
            };
            let start = telling.expressible(plus(free, wait));
            let code = u32::try_from(telling.dice.between(1, 400)).expect("small");
            let procedure = Procedure { start, minutes, surgeon, code };
            free = plus(procedure.end(), HOUR);
            telling.story.procedures.push(procedure);
        }
        if count > 0 {
            *leaves = telling.expressible((*leaves).max(plus(free, HOUR)));
            if let Some((at, _)) = self.class_change {
                // A day surgery patient is kept after the operation, not during it.
                let at = telling.expressible(at.max(free));
                self.class_change = self.class_change.map(|(_, class)| (at, class));
                *leaves = telling.expressible((*leaves).max(plus(at, 3 * HOUR)));
            }
        }
    }

    /// One discharge, or one that is cancelled and a later one: five in a thousand of all discharges, all of
    /// them inpatients of more than two days.
    fn discharge(&mut self, telling: &mut Telling<'_>, leaves: Timestamp) {
        let long = self.final_class() == Class::Inpatient && between(self.admitted, leaves) > 2 * DAY;
        if telling.dice.chance(0.011) && long && !self.died {
            let back = telling.later(leaves, HOUR, 20 * HOUR);
            let again = telling.later(back, 6 * HOUR, 4 * DAY);
            self.discharges = vec![(leaves, Some(back)), (again, None)];
            telling.story.tags.push("discharge-cancelled");
        } else {
            self.discharges = vec![(leaves, None)];
        }
    }

    /// Who is attending: handed over in long stays, and told wrongly at first in some.
    fn attend(&mut self, telling: &mut Telling<'_>) {
        let leaves = self.left().expect("planned after the discharge");
        let length = between(self.admitted, leaves);
        if self.first_class == Class::Inpatient && length > 4 * DAY && telling.dice.chance(0.25) {
            let at = telling.later(self.admitted, 3 * DAY, length - 12 * HOUR);
            let to = telling.staff.another_physician(self.attending, &mut telling.dice);
            self.handed_over = Some((at, to));
            telling.story.tags.push("attending-changed");
        }
        let wrong = telling.mistakes.chance(telling.world.settings.dirt.wrong_responsible);
        let colleague = telling.staff.another_physician(self.attending, &mut telling.mistakes);
        let after = telling.mistakes.between(2 * HOUR, 5 * DAY);
        if wrong && self.first_class.has_rules() && self.handed_over.is_none() {
            self.first_attending = colleague;
            self.corrected = Some(telling.expressible(plus(self.admitted, after)));
            telling.story.tags.push("attending-corrected");
        }
    }

    pub(super) fn final_class(&self) -> Class {
        self.class_change.map_or(self.first_class, |(_, class)| class)
    }

    /// The discharge that counts.
    pub(super) fn left(&self) -> Option<Timestamp> {
        self.discharges.last().map(|(at, _)| *at)
    }

    /// The attending really in charge at an instant.
    pub(super) fn in_charge(&self, at: Timestamp) -> ProviderIndex {
        match self.handed_over {
            Some((since, provider)) if at >= since => provider,
            _ => self.attending,
        }
    }

    /// Tells the visit events up to and after the discharge.
    pub(super) fn tell_visit(&self, telling: &mut Telling<'_>) {
        let trigger = match self.first_class {
            Class::Inpatient | Class::Preadmit => Trigger::A01,
            Class::Observation if telling.dice.chance(0.7) => Trigger::A01,
            Class::DaySurgery if telling.dice.chance(0.3) => Trigger::A01,
            _ => Trigger::A04,
        };
        let admission = Visit {
            class: Some(self.first_class),
            attending: Some(self.first_attending),
            ..Visit::plain(trigger)
        };
        let mut events = vec![telling.visit(self.admitted, 20 * MINUTE, admission)];
        if let Some((at, class)) = self.class_change {
            let trigger = if class == Class::Inpatient { Trigger::A06 } else { Trigger::A07 };
            events.push(telling.visit(at, HOUR, Visit { class: Some(class), ..Visit::plain(trigger) }));
        }
        let left = self.left().or(self.cancelled).expect("every stay ends");
        self.tell_moves(telling, left, &mut events);
        let told = Self::tell_operations(telling, &mut events);
        self.tell_updates(telling, left, &mut events);
        for (at, cancelled) in &self.discharges {
            let listed = !told || telling.dice.chance(0.5);
            let discharge = Visit { procedures: listed, died: self.died, ..Visit::plain(Trigger::A03) };
            events.push(telling.visit(*at, HOUR, discharge));
            if let Some(cancelled) = cancelled {
                events.push(telling.visit(*cancelled, 20 * MINUTE, Visit::plain(Trigger::A13)));
            }
        }
        telling.story.events.append(&mut events);
    }

    fn tell_moves(&self, telling: &mut Telling<'_>, left: Timestamp, events: &mut Vec<super::Event>) {
        let room = between(self.admitted, left) - HOUR;
        if self.first_class != Class::Inpatient || room < 4 * HOUR || !telling.dice.chance(0.45) {
            return;
        }
        let at = telling.later(self.admitted, 2 * HOUR, room - HOUR);
        events.push(telling.visit(at, 30 * MINUTE, Visit::plain(Trigger::A02)));
        if telling.dice.chance(0.02) {
            let back = telling.later(at, 5 * MINUTE, 50 * MINUTE);
            events.push(telling.visit(back, 5 * MINUTE, Visit::plain(Trigger::A12)));
        }
    }

    /// An A08 with PR1 after most operations. True if every operation was told that way; the A03 must list
    /// them otherwise.
    fn tell_operations(telling: &mut Telling<'_>, events: &mut Vec<super::Event>) -> bool {
        let mut all = true;
        for index in 0..telling.story.procedures.len() {
            let ended = telling.story.procedures[index].end();
            if telling.dice.chance(0.85) {
                let at = telling.later(ended, 5 * MINUTE, 50 * MINUTE);
                let update = Visit { procedures: true, ..Visit::plain(Trigger::A08) };
                events.push(telling.visit(at, 30 * MINUTE, update));
            } else {
                all = false;
            }
        }
        all
    }

    fn tell_updates(&self, telling: &mut Telling<'_>, left: Timestamp, events: &mut Vec<super::Event>) {
        if telling.dice.chance(0.35) {
            let room = between(self.admitted, left).max(MINUTE);
            let at = telling.later(self.admitted, 1, room);
            events.push(telling.visit(at, 30 * MINUTE, Visit::plain(Trigger::A08)));
        }
        if telling.dice.chance(0.12) && self.cancelled.is_none() {
            let at = telling.later(left, HOUR, 2 * DAY);
            events.push(telling.visit(at, 30 * MINUTE, Visit::plain(Trigger::A08)));
        }
        if let Some((at, provider)) = self.handed_over {
            let update = Visit { attending: Some(provider), ..Visit::plain(Trigger::A08) };
            events.push(telling.visit(at, 0, update));
        }
        if let Some(at) = self.corrected {
            let update = Visit { attending: Some(self.attending), ..Visit::plain(Trigger::A08) };
            // Drawn by the dice of mistakes elsewhere: entered at once, so that no other draw moves.
            events.push(telling.event(at, at, false, super::What::Visit(update)));
        }
    }
}

/// Patients go home by day: an instant in the night is moved to the following local morning or afternoon.
fn by_day(telling: &mut Telling<'_>, leaves: Timestamp) -> Timestamp {
    let hour = i8::try_from(telling.dice.between(9, 18)).expect("an hour");
    if (8..20).contains(&telling.world.calendar.hour(leaves)) {
        return leaves;
    }
    let later = if telling.world.calendar.hour(leaves) >= 20 { plus(leaves, DAY) } else { leaves };
    telling.expressible(telling.world.calendar.at_hour(later, hour))
}
