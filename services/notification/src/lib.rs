//! Digests, notices, channels, templates; delivery and its proof.
//!
//! - [`domain`]: the pure core: what was asked for, what was sent, what became of it.

pub mod domain;
