//! Policies, tracks from notice to suspension and back, the suspension register, and the auditor.

pub mod authority;
pub mod domain;
mod known;
pub mod policies;
pub mod projections;
pub mod publish;
pub mod runs;
mod show;
mod streams;
mod tracks;
mod words;
