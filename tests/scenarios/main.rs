//! Scenarios: the real program, real files, real sockets.

mod truth;
