//! The intake over a real journal, real files and real sockets.

mod support;

mod api;
mod corpus;
mod documented;
mod importing;
mod privacy;
mod property;
mod publishing;
mod receiving;
mod replaying;
mod serving;
mod simulated;
mod tls;
