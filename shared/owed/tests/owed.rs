//! What is owed by whom: the ledger, its tables, the clock, and the re-check against a real journal.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "owed/clock.rs"]
mod clock;
#[path = "owed/given.rs"]
mod given;
#[path = "owed/laws.rs"]
mod laws;
#[path = "owed/ledger.rs"]
mod ledger;
#[path = "owed/oracle.rs"]
mod oracle;
#[path = "owed/recheck.rs"]
mod recheck;
