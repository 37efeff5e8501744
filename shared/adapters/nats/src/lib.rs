//! The feed, the relay target and leases on NATS JetStream.
