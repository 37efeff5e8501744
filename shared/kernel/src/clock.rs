//! The clock port. Nothing in the core asks the machine for the time.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

/// Tells the present instant (UTC). The real one lives in `countersign-runtime`; tests and simulation use
/// [`FixedClock`]; demonstrations that live a year in minutes use [`AcceleratedClock`].
pub trait Clock: Send + Sync + 'static {
    /// The present instant, by the wall clock: people and time servers may set it.
    fn now(&self) -> Timestamp;

    /// How long this clock has run, by a source that nobody can set: only differences mean anything. A wall
    /// clock that moved by another amount in between was set.
    fn ran(&self) -> SignedDuration;
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct FixedClock(Mutex<Shown>);

#[derive(Debug, Clone, Copy)]
struct Shown {
    now: Timestamp,
    ran: SignedDuration,
}

impl FixedClock {
    /// A clock that shows `at`.
    pub fn at(at: Timestamp) -> Self {
        Self(Mutex::new(Shown { now: at, ran: SignedDuration::ZERO }))
    }

    /// Time passes until it is `at`. Going back is no passage of time, but a clock that was set.
    pub fn set(&self, at: Timestamp) {
        let mut shown = self.shown();
        let passed = at.duration_since(shown.now);
        shown.ran += passed.max(SignedDuration::ZERO);
        shown.now = at;
    }

    /// Somebody sets the wall clock to `at`: no time passes.
    pub fn jump(&self, at: Timestamp) {
        self.shown().now = at;
    }

    fn shown(&self) -> std::sync::MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.shown().now
    }

    fn ran(&self) -> SignedDuration {
        self.shown().ran
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

    fn ran(&self) -> SignedDuration {
        self.inner.ran().saturating_mul(self.factor)
    }
}
