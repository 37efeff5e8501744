//! Timers that survive anything: armed, moved, cancelled and fired as events in the stream of whatever they belong to.
//!
//! A timer is armed in the same append as the event that makes it necessary, so there is never one without the other.
//! Firing is an append to the same stream under the revision that was read, with an event id derived from timer and
//! arming: so it happens once, whoever tries and however often.

pub mod armed;
pub mod events;

pub use armed::{Armed, Timers};
pub use events::{TimerArmed, TimerCancelled, TimerEvent, TimerFired};
