//! The pure core: a chart is the set of facts reported about it; what is owed is a function of that set and
//! of the rules. No I/O, no clock, no randomness.
//!
//! Read in this order: [`events`] (what is stored) → [`state`] (what the events make) → [`chart`] (what the
//! facts mean, in the order in which they happened) → [`ledger`] (which requirements arose and closed) →
//! [`decide`] (the difference between that and what is recorded).
//!
//! Beside the charts: [`people`] (the directory of providers) and [`site`] (facilities and departments).
//! [`decide`] (the difference between that and what is recorded). Which rules those are, and since when, is
//! governed in the [`rulebook`].

pub mod account;
pub mod acts;
pub mod attribution;
pub mod chart;
pub mod claims;
pub mod clock;
pub mod decide;
pub mod document;
pub mod events;
pub mod ledger;
pub mod order;
pub mod people;
pub mod reference;
pub mod rulebook;
pub mod rules;
pub mod site;
pub mod state;
