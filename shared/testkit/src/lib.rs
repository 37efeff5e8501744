//! What tests stand on: a real NATS server process, a real mail server, an `EventStoreDB` stand-in, program harness.

#[cfg(feature = "eventstore")]
pub mod eventstore_stand_in;
pub mod nats_server;
pub mod program;
pub mod python;
pub mod smtp_peer;
