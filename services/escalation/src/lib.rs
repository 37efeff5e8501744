//! Policies, tracks from notice to suspension and back, the suspension register, and the auditor.

pub mod api;
pub mod auditor;
pub mod authority;
mod consume;
mod desk;
pub mod domain;
mod firing;
mod known;
pub mod lifecycle;
mod limits;
pub mod policies;
pub mod projections;
pub mod publish;
pub mod reading;
pub mod runs;
mod scope;
pub mod service;
mod show;
pub mod simulate;
mod streams;
mod tracks;
mod watches;
mod words;

pub use auditor::Heartbeat;
pub use desk::{ActRefused, DeskError};
pub use service::{Escalation, Ports, ServiceError};
pub use streams::StreamError;
