//! Scenarios: the real program, real files, real sockets.

mod journey;
mod truth;
