//! Who owns timers: a service's store of aggregates, asked by the loop to let one fire.

use countersign_kernel::Timestamp;

use super::table::Due;
use crate::journal::{AppendError, JournalError, PortFuture, Position};

/// In which circumstances a timer fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Firing {
    /// The present instant by the wall clock, in whole milliseconds, rounded down: this goes into the event.
    pub now: Timestamp,
    /// The reign of the loop that asks.
    pub epoch: u64,
}

/// What became of a timer that was to fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fired {
    /// It fired, and what follows from it is durable: here. Also when somebody else had appended it just now.
    At(Position),
    /// It is no longer armed, or not in this arming: nothing was appended.
    Gone,
}

/// Why a timer did not fire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FireError {
    /// Not now: somebody else wrote to the stream at the same moment, something is unavailable, or the owner wants to
    /// wait. The loop asks again, a little later each time, for as long as it takes.
    #[error("{0}")]
    Retry(String),
    /// It cannot be worked on: the loop sets it aside and shows why. Without patient data.
    #[error("{0}")]
    Poison(String),
}

impl From<JournalError> for FireError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Unavailable(_) => Self::Retry(error.to_string()),
            JournalError::Undecodable { .. } | JournalError::TooLarge { .. } => {
                Self::Poison(error.to_string())
            }
        }
    }
}

impl From<AppendError> for FireError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict { .. } => Self::Retry(error.to_string()),
            AppendError::Journal(error) => error.into(),
        }
    }
}

/// Lets timers fire. **Exactly once** is the owner's to keep, and simple: read the stream, fold its
/// [`Timers`](super::Timers), ask [`Timers::fire`](super::Timers::fire); when that gives nothing, answer
/// [`Fired::Gone`]; otherwise append its event under the id [`TimerFired::event_id`](super::TimerFired::event_id),
/// together with everything that follows from it, under the revision that was read. A conflict is a
/// [`FireError::Retry`].
///
/// Two timers of one stream are never asked for at once by one loop. Another loop may ask at the same time.
pub trait Owner: Send + Sync + 'static {
    /// Lets a timer fire, if the stream says that it still is to.
    fn fire<'a>(&'a self, due: &'a Due, at: Firing) -> PortFuture<'a, Result<Fired, FireError>>;
}
