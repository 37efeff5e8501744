//! How much faster a clock runs than the one by which the machine sleeps: a demonstration lives a year in minutes.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;

/// Shortest sleep: the present is compared in whole milliseconds.
const LEAST: Duration = Duration::from_millis(1);

/// Compares a clock with the machine's.
#[derive(Debug)]
pub(super) struct Pace {
    began: Instant,
    ran: SignedDuration,
}

impl Pace {
    pub(super) fn new(ran: SignedDuration) -> Self {
        Self { began: Instant::now(), ran }
    }

    /// How many times faster the clock has run so far; at least once. A machine that slept is no faster clock, but one
    /// short sleep too many costs nothing.
    pub(super) fn factor(&self, ran: SignedDuration) -> f64 {
        let real = self.began.elapsed().as_secs_f64();
        if real < 0.001 { 1.0 } else { ((ran - self.ran).as_secs_f64() / real).max(1.0) }
    }
}

/// How long to sleep for a stretch of the clock's time, rounded up.
pub(super) fn to_wait(left: SignedDuration, factor: f64) -> Duration {
    let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
    // Within a tenth the two are the same clock, and no rounding is wanted.
    let real = if factor < 1.1 { left } else { left.div_f64(factor) };
    real.max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_runs_sixty_times_as_fast_is_slept_for_a_sixtieth() {
        assert_eq!(to_wait(SignedDuration::from_mins(1), 60.0), Duration::from_secs(1));
        assert_eq!(to_wait(SignedDuration::from_mins(1), 1.0), Duration::from_mins(1));
        // what is due is looked at in a millisecond, not at once and not never
        assert_eq!(to_wait(SignedDuration::from_secs(-5), 1.0), LEAST);
    }
}
