//! What tests stand on: a real NATS server process, an `EventStoreDB` stand-in, program harness.

#[cfg(feature = "eventstore")]
pub mod eventstore_stand_in;
pub mod nats_server;
pub mod program;
