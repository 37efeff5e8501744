//! Scenarios: the real program, real files, real sockets.

mod api;
mod arrival;
mod clients;
mod commands;
mod corpus;
mod crash;
mod distributed;
mod edge_cases;
mod eventstoredb;
mod journey;
mod kill;
mod mail;
mod privacy;
mod suspension;
mod truth;
mod walls;
