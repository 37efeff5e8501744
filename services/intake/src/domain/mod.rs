//! What the intake stores and what it says of a message. No I/O, no clock.

mod events;
mod finding;
mod identity;
mod outcome;

pub use events::{CATEGORY, Connection, MessageRead, MessageReceived, MessageRepeated};
pub use finding::{Finding, FindingCode};
pub use identity::{MessageIdentity, identify, stream_of};
pub use outcome::{Outcome, Reason};
