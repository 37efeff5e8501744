//! What tests stand on: a real NATS server process, an EventStoreDB stand-in, program harness.
