//! The adapter against a real server.

mod cluster;
mod connecting;
mod installation;
mod interruptions;
mod journal_tail;
mod leases;
mod nats_feed;
mod relaying;
mod retention;
