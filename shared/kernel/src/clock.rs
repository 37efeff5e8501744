//! The clock port. Nothing in the core asks the machine for the time.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

/// Tells the present instant (UTC). The real one lives in `countersign-runtime`; tests and simulation use
/// [`FixedClock`]; demonstrations that live a year in minutes use [`AcceleratedClock`].
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    /// A clock that shows `at`.
    pub fn at(at: Timestamp) -> Self {
        Self(Mutex::new(at))
    }

    /// Moves the clock to `at`, forward or backward.
    pub fn set(&self, at: Timestamp) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = at;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A clock that starts at one instant and runs `factor` times as fast as the clock it is built on.
#[derive(Debug)]
pub struct AcceleratedClock<C> {
    inner: C,
    real_start: Timestamp,
    shown_start: Timestamp,
    factor: i32,
}

impl<C: Clock> AcceleratedClock<C> {
    /// Shows `start` now and runs `factor` times as fast as `inner`.
    pub fn new(inner: C, start: Timestamp, factor: i32) -> Self {
        let real_start = inner.now();
        Self { inner, real_start, shown_start: start, factor }
    }
}

impl<C: Clock> Clock for AcceleratedClock<C> {
    fn now(&self) -> Timestamp {
        let elapsed: SignedDuration = self.inner.now().duration_since(self.real_start);
        self.shown_start.saturating_add(elapsed.saturating_mul(self.factor)).unwrap_or(self.shown_start)
    }
}
