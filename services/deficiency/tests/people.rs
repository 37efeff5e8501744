//! The directory of providers, facilities and departments: pure specs, laws, and the way from message, file and
//! command to the API.
#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "people/api.rs"]
mod api;
#[path = "people/directory.rs"]
mod directory;
#[path = "people/given.rs"]
mod given;
#[path = "people/golden.rs"]
mod golden;
#[path = "people/laws.rs"]
mod laws;
#[path = "people/leaves.rs"]
mod leaves;
#[path = "people/site.rs"]
mod site;
#[path = "people/snapshots.rs"]
mod snapshots;
