//! Careers of tracks in a small simulated world on a virtual clock. After every event the invariants are checked.

mod careers;
mod edges;
mod golden;
mod hospitals;
mod invariants;
mod model;
mod outages;
mod people;
mod planted;
mod post;
mod random;
mod words;
mod world;
