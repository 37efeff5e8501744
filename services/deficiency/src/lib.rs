//! Charts, rules, deficiencies and why they exist.
//!
//! - [`domain`]: the pure core, from stored events to decisions.
//! - [`consume`]: contract events in, commands to charts.
//! - [`publish`]: stored events out, as contract events.
//! - [`projections`]: the read model, its tables and its queries.
//! - [`service`]: the parts put together, and their loops; [`api`]: the HTTP endpoints.
//! - [`claims`]: which bills wait for documentation.
//! - [`skip`]: what an operator does about an event that cannot be processed.
//! - [`explain`]: one deficiency with everything that led to it.

pub mod api;
pub mod claims;
pub mod consume;
pub mod domain;

pub mod explain;
pub mod projections;
pub mod publish;
pub mod service;
pub mod skip;
