//! Digests, notices, channels, templates; delivery and its proof.
//!
//! - [`domain`]: the pure core: what was asked for, what was sent, what became of it.
//! - [`outbound`]: what may leave: a message made of values without patient data.
//! - [`channels`]: ways to reach somebody, each behind one trait.
//! - [`templates`]: texts, by kind and version.

pub mod api;
pub mod authority;
pub mod channels;
pub mod config;
mod consume;
mod digests;
mod dispatch;
pub mod domain;
mod known;
mod metrics;
mod naming;
pub mod outbound;
mod owner;
pub mod projections;
pub mod publish;
pub mod service;
mod store;
pub mod templates;
