//! Charts, rules, deficiencies and why they exist.
//!
//! - [`domain`]: the pure core, from stored events to decisions.
//! - [`consume`]: contract events and decisions of people in, commands to charts.
//! - [`lookup`]: rules, people and places as they stand now.
//! - [`publish`]: stored events out, as contract events.
//! - [`projections`]: the read model, its tables and its queries.
//! - [`service`]: the parts put together, and their loops; [`api`]: the HTTP endpoints.
//! - [`claims`]: which bills wait for documentation.
//! - [`register`], [`people`], [`site`]: the directory of providers, facilities and departments, and their changes.
//! - [`authority`]: who may do what.
//! - [`lifecycle`]: decisions of people about charts and items.
//! - [`governance`]: rule sets, from draft to withdrawal.
//! - [`explain`]: one deficiency with everything that led to it.
//! - [`recorded`]: the recorded history in memory; [`what_if`]: a candidate rule set over it;
//!   [`peers`]: the arithmetic of other systems on it.

pub mod api;
pub mod authority;
pub mod claims;
pub mod consume;
pub mod domain;

pub mod explain;
pub mod governance;
pub mod imports;
mod keep;
pub mod lifecycle;
pub mod lookup;
pub mod peers;
pub mod people;
pub mod projections;
pub mod publish;
pub mod recorded;
pub mod register;
pub mod service;
mod show;
pub mod site;
pub mod what_if;
