//! Scenarios: the real program, real files, real sockets.

mod commands;
mod journey;
mod truth;
