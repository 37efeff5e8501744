//! The pure core: from stored events and what is owed to decisions. No I/O, no clock, no randomness.

pub mod events;
pub mod policy;
pub mod standing;
pub mod track;
