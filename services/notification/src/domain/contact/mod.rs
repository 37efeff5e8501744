//! How people and offices can be reached, and what they want to be told.

pub mod destination;

pub use destination::Destination;
