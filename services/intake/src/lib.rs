//! Raw HL7 messages in, chart facts out: MLLP, feed profiles, raw archive, quarantine.
//!
//! - [`receive`]: one message from bytes to a durable record and its acknowledgement; [`server`] is MLLP around it.
//! - [`read`]: what a message says, purely; [`profile`]: how each feed is to be read.
//! - [`domain`]: what the journal keeps; [`publish`]: what the neighbours hear of it.

pub mod domain;
pub mod profile;
pub mod read;
