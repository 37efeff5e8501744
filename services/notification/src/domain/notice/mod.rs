//! One notice: asked for once, sent over one or several channels, until something became of it.
//!
//! Read in this order: [`events`] (what is stored) → [`state`] (what the events make) → [`decide`] (commands, and what
//! they lead to) → [`retry`] (when it is tried again) → [`refusal`].
//!
//! A notice has **legs**: one a channel and address. A leg is rendered once, and what was rendered is what is sent,
//! however often. Before a transport is called its attempt is on record; what it answered is recorded after that. An
//! attempt without an answer is one of unknown outcome: a reminder is not sent again then, a formal notice is, under the
//! same number and message id.

pub mod decide;
pub mod events;
pub mod refusal;
pub mod retry;
pub mod state;

pub use decide::{Answer, Change, Mode, Rendering, Settings};
pub use events::{NOTICE, NoticeEvent};
pub use refusal::Refusal;
pub use state::{Leg, LegState, Notice, Standing};
