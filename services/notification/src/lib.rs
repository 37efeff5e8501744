//! Digests, notices, channels, templates; delivery and its proof.
//!
//! - [`outbound`]: what may leave: a message made of values without patient data.
//! - [`channels`]: ways to reach somebody, each behind one trait.
//! - [`templates`]: texts, by kind and version.

pub mod channels;
pub mod outbound;
pub mod templates;
