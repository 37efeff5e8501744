//! Timers that survive anything: armed, moved, cancelled and fired as events in the stream of whatever they belong to.
//!
//! A timer is armed in the same append as the event that makes it necessary, so there is never one without the other.
//! Firing is an append to the same stream under the revision that was read, with an event id derived from timer and
//! arming: so it happens once, whoever tries and however often.
//!
//! - [`events`], [`armed`]: what is stored, and the timers of one owner folded from it.
//! - [`table`]: the timers of all owners as rows of the service's read model.
//! - [`owner`]: how a service lets a timer fire.
//! - [`firing`]: the loop that asks the owners when it is time.
//! - [`reign`]: which process's loop does, where there are several.
//! - [`seat`]: how a process knows that the one before it is gone.
//! - [`trust`]: whether the wall clock can be believed.

pub mod armed;
pub mod events;
pub mod firing;
mod held;
mod instant;
mod newest;
pub mod owner;
pub mod reign;
pub mod seat;
pub mod table;
pub mod trust;

pub use armed::{Armed, Timers};
pub use events::{TimerArmed, TimerCancelled, TimerEvent, TimerFired};
pub use firing::{Counts, FiringLoop, Settings};
pub use held::SetAside;
pub use owner::{FireError, Fired, Firing, Owner};
pub use reign::{Reign, Rivals};
pub use table::Due;
pub use trust::{Trust, TrustState};
