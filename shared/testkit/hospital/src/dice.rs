//! Randomness that is the same for the same seed, whatever the platform and the order of use.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// What a stream of random numbers is for: streams of different purpose never influence each other, so
/// that more dirt does not change the story.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    Staff = 1,
    Arrivals = 2,
    Story = 3,
    Mistakes = 4,
    Transport = 5,
    Charges = 6,
    Orders = 7,
}

/// One stream of random numbers.
///
/// Integers and fractions are derived from the raw `ChaCha` output here and not by a library, so that an
/// update of that library cannot change the hospital.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream for one purpose and one numbered thing (an encounter, a day, a facility).
    pub(crate) fn new(seed: u64, purpose: Purpose, number: u64) -> Self {
        let mut bytes = [0_u8; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
        bytes[16..24].copy_from_slice(&number.to_le_bytes());
        Self(ChaCha8Rng::from_seed(bytes))
    }

    /// A fraction in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        // 53 random bits fill the mantissa of an f64 exactly.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let bits = (self.0.next_u64() >> 11) as f64;
        bits / 9_007_199_254_740_992.0
    }

    /// True with the given probability. Always consumes one number, also for 0 and 1.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number in `low..=high`.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u128::from(high.abs_diff(low)) + 1;
        let draw = (u128::from(self.0.next_u64()) * span) >> 64;
        low + i64::try_from(draw).expect("smaller than the span")
    }

    /// A fraction in `low..high`.
    pub(crate) fn fraction(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// An index below `count`; `count` must not be zero.
    pub(crate) fn index(&mut self, count: usize) -> usize {
        let high = i64::try_from(count).expect("small counts") - 1;
        usize::try_from(self.between(0, high)).expect("not negative")
    }

    /// An index drawn in proportion to its weight.
    pub(crate) fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len() - 1
    }

    /// A standard normal variate.
    pub(crate) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// Seconds drawn from a lognormal distribution with the given median (seconds) and sigma.
    pub(crate) fn lognormal(&mut self, median: f64, sigma: f64) -> i64 {
        seconds(median * (sigma * self.normal()).exp())
    }
}

/// Whole seconds of a positive duration, capped at twenty years so that sums stay on the calendar.
#[expect(clippy::cast_possible_truncation, reason = "capped before the cast")]
pub(crate) fn seconds(value: f64) -> i64 {
    value.clamp(0.0, 20.0 * 366.0 * 86_400.0).round() as i64
}
