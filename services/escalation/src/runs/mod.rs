//! The weekly cycle: who is due is published before each cutoff, and a human looks first when many would move at once.

pub mod events;
