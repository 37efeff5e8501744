//! How long physicians take.

use jiff::Timestamp;

use crate::{
    calendar::{DAY, HOUR, MINUTE, plus},
    dice::{Dice, seconds},
};

/// Discharge to completed discharge summary: lognormal through the fifth part at 3 days and half at 8 days
/// (Hoyer 2016, 87,994 discharges).
const SUMMARY_MEDIAN: f64 = 8.0 * 86_400.0;
pub(super) const SIGMA: f64 = 1.165;
/// Share of the standard deviation that belongs to the person and not to the single item: few physicians
/// hold most of what is overdue.
const PERSONAL: f64 = 0.78;
/// Shortest time between two steps of one document: steps are never simultaneous.
const STEP: i64 = 5 * MINUTE;

/// A lognormal lag of one item of a provider with the given frailty.
pub(super) fn lag(dice: &mut Dice, median: f64, sigma: f64, frailty: f64) -> i64 {
    let own = (1.0 - PERSONAL * PERSONAL).sqrt() * dice.normal();
    seconds(median * (sigma * (PERSONAL * frailty + own)).exp())
}

/// Whether an item is simply never done. `rate` is the average over the staff; the slow forget more.
pub(super) fn never(dice: &mut Dice, rate: f64, frailty: f64) -> bool {
    // exp(s z) of a standard normal z has the mean exp(s^2 / 2).
    const STEEPNESS: f64 = 1.2;
    dice.chance((rate * (STEEPNESS * frailty - STEEPNESS * STEEPNESS / 2.0).exp()).min(0.6))
}

/// The steps of one document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course {
    /// Dictated, drafted or typed.
    pub(super) begun: Timestamp,
    /// Transcribed or finished: can be signed.
    pub(super) available: Timestamp,
    pub(super) signed: Option<Timestamp>,
    pub(super) cosigned: Option<Timestamp>,
}

impl Course {
    /// The steps as far as they happen, in order and apart.
    fn new(
        begun: Timestamp,
        available: Timestamp,
        signed: Option<Timestamp>,
        cosigned: Option<Timestamp>,
    ) -> Self {
        let available = available.max(plus(begun, STEP));
        let signed = signed.map(|at| at.max(plus(available, STEP)));
        let cosigned = signed.and_then(|signed| cosigned.map(|at| at.max(plus(signed, STEP))));
        Self { begun, available, signed, cosigned }
    }
}

/// Whose habits shape a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Habits {
    /// Frailty of the author.
    pub(super) author: f64,
    /// Frailty of the cosigner, when one is needed.
    pub(super) cosigner: Option<f64>,
}

impl Habits {
    fn joint(self) -> f64 {
        // Two independent standard normal scores: divided by the root of two the sum is one again.
        self.cosigner.map_or(self.author, |cosigner| (self.author + cosigner) / std::f64::consts::SQRT_2)
    }
}

/// History and physical: most are signed within 24 hours of the admission, some much later.
pub(super) fn history_and_physical(dice: &mut Dice, admitted: Timestamp, habits: Habits) -> Option<Course> {
    if never(dice, 0.012, habits.author) {
        return None;
    }
    let total = lag(dice, 5.0 * 3_600.0, SIGMA, habits.author);
    let begun = part(total, dice.fraction(0.3, 0.8));
    let available = begun + part(total - begun, dice.fraction(0.1, 0.6));
    let signed = (!never(dice, 0.01, habits.author)).then(|| plus(admitted, total));
    let cosigned = habits.cosigner.and_then(|cosigner| {
        let wait = lag(dice, 14.0 * 3_600.0, SIGMA, cosigner);
        (!never(dice, 0.02, cosigner)).then(|| plus(admitted, total + wait))
    });
    Some(Course::new(plus(admitted, begun), plus(admitted, available), signed, cosigned))
}

/// Operative report: most are dictated within hours of the end of the operation, and signed some days later.
pub(super) fn operative_report(dice: &mut Dice, ended: Timestamp, habits: Habits) -> Option<Course> {
    if never(dice, 0.015, habits.author) {
        return None;
    }
    let begun = lag(dice, 2.0 * 3_600.0, SIGMA, habits.author) + 10 * MINUTE;
    let available = begun + dice.between(HOUR, 12 * HOUR);
    let wait = lag(dice, 16.0 * 3_600.0, 1.3, habits.author);
    let signed = (!never(dice, 0.015, habits.author)).then(|| plus(ended, available + wait));
    Some(Course::new(plus(ended, begun), plus(ended, available), signed, None))
}

/// Discharge summary: the time to its *last* signature has the published distribution.
/// `early` starts it before the discharge.
pub(super) fn discharge_summary(
    dice: &mut Dice,
    discharged: Timestamp,
    habits: Habits,
    early: bool,
) -> Option<Course> {
    if never(dice, 0.02, habits.joint()) {
        return None;
    }
    let total = lag(dice, SUMMARY_MEDIAN, SIGMA, habits.joint()).max(30 * MINUTE);
    let begun = if early { -dice.between(HOUR, 8 * HOUR) } else { part(total, dice.fraction(0.3, 0.85)) };
    let available = begun + part(total - begun, dice.fraction(0.1, 0.6));
    let signed = match habits.cosigner {
        Some(_) => available + part(total - available, dice.fraction(0.2, 0.8)),
        None => total,
    };
    let signed = (!never(dice, 0.01, habits.author)).then(|| plus(discharged, signed));
    let cosigned =
        habits.cosigner.and_then(|cosigner| (!never(dice, 0.015, cosigner)).then(|| plus(discharged, total)));
    Some(Course::new(plus(discharged, begun), plus(discharged, available), signed, cosigned))
}

/// A document written to take the place of another one, begun some time after `occasion`.
pub(super) fn substitute(dice: &mut Dice, occasion: Timestamp, habits: Habits) -> Course {
    let begun = plus(occasion, lag(dice, 20.0 * 3_600.0, 1.0, habits.author));
    rewritten(dice, begun, habits)
}

/// A document that is available at once and still has to be signed.
pub(super) fn rewritten(dice: &mut Dice, begun: Timestamp, habits: Habits) -> Course {
    let available = plus(begun, STEP);
    let signed = resigned(dice, available, habits.author);
    let cosigned = habits.cosigner.and_then(|cosigner| {
        let wait = lag(dice, 2.0 * 86_400.0, SIGMA, cosigner);
        signed.filter(|_| !never(dice, 0.02, cosigner)).map(|signed| plus(signed, wait))
    });
    Course::new(begun, available, signed, cosigned)
}

/// When something that has to be signed again is signed again, if ever.
pub(super) fn resigned(dice: &mut Dice, since: Timestamp, frailty: f64) -> Option<Timestamp> {
    let wait = lag(dice, 1.5 * 86_400.0, SIGMA, frailty).clamp(STEP, 90 * DAY);
    (!never(dice, 0.05, frailty)).then(|| plus(since, wait))
}

/// A fraction of a duration in seconds.
#[expect(clippy::cast_precision_loss, reason = "durations of at most years")]
fn part(duration: i64, fraction: f64) -> i64 {
    seconds(duration.max(0) as f64 * fraction)
}
