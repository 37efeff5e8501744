//! Raw HL7 messages in, chart facts out: MLLP, feed profiles, raw archive, quarantine.
//!
//! - [`receive`]: one message from bytes to a durable record and its acknowledgement; [`server`] is MLLP around it.
//! - [`read`]: what a message says, purely; [`profile`]: how each feed is to be read.
//! - [`import`]: files of charges, row by row, the same way.
//! - [`replay`]: stored messages read again after a profile was corrected.
//! - [`authority`]: who may do what.
//! - [`domain`]: what the journal keeps; [`publish`]: what the neighbours hear of it.
//! - [`projections`]: the inbox, a read model of all messages and the quarantine; [`service`] answers from it,
//!   [`api`] over HTTP.

mod answer;
pub mod api;
pub mod authority;
pub mod domain;
pub mod import;
pub mod profile;
pub mod projections;
pub mod publish;
pub mod read;
pub mod receive;
mod record;
pub mod replay;
pub mod server;
pub mod service;
mod telemetry;

pub use receive::{Disposition, Intake, Received};
pub use record::UNREADABLE_FEED;
pub use telemetry::TraceParentOf;
