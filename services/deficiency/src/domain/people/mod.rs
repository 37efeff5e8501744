//! The directory of providers: who is who, who is active, who is away. Staff data, no patient data.
//!
//! Read in this order: [`events`] (what is stored) → [`record`] (what the statements about one person make, in the
//! order in which they take effect) → [`directory`] (everybody, with merges of duplicates, and the questions that
//! charts ask) → [`decide`] (commands and refusals) → `described` (what neighbours are told).

pub mod decide;
mod described;
pub mod directory;
pub mod events;
pub mod leave;
pub mod provider;
pub mod record;
pub mod refusal;

pub use directory::Directory;
pub use leave::{Approval, Leave, LeaveId, LeaveKind};
pub use provider::{Details, Provider, Standing};
pub use refusal::Refusal;
