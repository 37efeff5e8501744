//! When encounters begin.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    calendar::{DAY, plus},
    dice::{Dice, Purpose},
    hospital::World,
};

/// Encounters for one discharge of a class that carries rules: emergency and outpatient visits, cancelled
/// admissions and booked patients who never come are on top of it (see `story::stay`).
const ENCOUNTERS_PER_DISCHARGE: f64 = 1.8;
const MONTHS_PER_YEAR: f64 = 12.0;
const DAYS_PER_YEAR: f64 = 365.25;

/// The encounters of a run in order of their beginning: number and first instant.
#[derive(Debug)]
pub(crate) struct Arrivals {
    world: Arc<World>,
    day: u64,
    today: std::vec::IntoIter<(u64, Timestamp)>,
}

impl Arrivals {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world, day: 0, today: Vec::new().into_iter() }
    }

    /// Number of encounters that began before elapsed day `day`.
    #[expect(clippy::cast_precision_loss, reason = "days of a run are few")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count below 2^53")]
    fn before(&self, day: u64) -> u64 {
        let daily = f64::from(self.world.settings.discharges_per_month) * MONTHS_PER_YEAR / DAYS_PER_YEAR;
        (day as f64 * daily * ENCOUNTERS_PER_DISCHARGE).floor() as u64
    }
}

impl Iterator for Arrivals {
    type Item = (u64, Timestamp);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(arrival) = self.today.next() {
                return (arrival.1 < self.world.end).then_some(arrival);
            }
            let offset = i64::try_from(self.day).ok()?.checked_mul(DAY)?;
            let midnight = plus(self.world.settings.start, offset);
            if midnight >= self.world.end {
                return None;
            }
            let mut dice = Dice::new(self.world.settings.seed, Purpose::Arrivals, self.day);
            let numbers = self.before(self.day)..self.before(self.day + 1);
            let mut begins: Vec<_> =
                numbers.clone().map(|_| plus(midnight, dice.between(0, DAY - 1))).collect();
            begins.sort_unstable();
            self.today = numbers.zip(begins).collect::<Vec<_>>().into_iter();
            self.day += 1;
        }
    }
}
