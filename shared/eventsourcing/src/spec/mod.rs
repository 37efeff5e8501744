//! Specifications that every adapter of a port is run against.

pub mod feed;
pub mod journal;
