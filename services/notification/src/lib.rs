//! Digests, notices, channels, templates; delivery and its proof.
//!
//! - [`domain`]: the pure core: what was asked for, what was sent, what became of it.
//! - [`outbound`]: what may leave: a message made of values without patient data.
//! - [`channels`]: ways to reach somebody, each behind one trait.

pub mod channels;
pub mod domain;
pub mod outbound;
