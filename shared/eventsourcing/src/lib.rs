//! Ports and laws of event sourcing. This crate knows no adapter: SQLite's journal, EventStoreDB and NATS
//! live in `shared/adapters` and are held to the specifications in [`spec`].
//!
//! - [`journal`]: the record. Append first, everything else can be rebuilt from it.
//! - [`publish`]: stored events (private) become contract events (public).
//! - [`feed`]: contract events in order per key, from the journal's tail or from NATS.
//! - [`consumer`]: works through a feed; its effects happen once.
//! - [`timer`]: instants that something waits for, durable.
//! - [`projection`]: folds the journal into tables; [`read_model`] keeps the file, rebuilds it and proves it.

pub mod consumer;
pub mod feed;
pub mod journal;
pub mod projection;
pub mod publish;
pub mod read_model;
pub mod service;
pub mod spec;
pub mod timer;
