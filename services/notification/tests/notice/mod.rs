//! One notice, whatever happens.

mod laws;
mod stories;
