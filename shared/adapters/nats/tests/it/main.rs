//! The adapter against a real server.

mod installation;
mod journal_tail;
mod nats_feed;
