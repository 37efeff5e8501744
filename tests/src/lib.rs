//! Black-box tests: the real program driven from the outside. What scenarios share: a client for MLLP that
//! is not the product's own, small hospitals, worklists and how they differ, questions to the API.

pub mod api;
pub mod collector;
pub mod corpus;
pub mod feeds;
pub mod hospital;
pub mod house;
pub mod journal;
pub mod load;
pub mod mllp;
pub mod place;
pub mod promises;
pub mod python;
pub mod receiver;
pub mod sample;
pub mod stay;
pub mod system;
pub mod wiretap;
pub mod worklist;
