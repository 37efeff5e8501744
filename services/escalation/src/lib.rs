//! Policies, tracks from notice to suspension and back, the suspension register, and the auditor.

pub mod domain;
