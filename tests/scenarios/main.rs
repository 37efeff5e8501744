//! Scenarios: the real program, real files, real sockets.

mod arrival;
mod commands;
mod corpus;
mod crash;
mod distributed;
mod journey;
mod privacy;
mod truth;
