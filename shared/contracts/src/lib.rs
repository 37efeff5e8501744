//! What services say to each other: the envelope, the subjects and partitions it travels on, and the
//! version-1 events. Public and additive: a released field is never renamed, retyped or removed.

pub mod api;
pub mod chart;
pub mod deficiency;
pub mod directory;
mod envelope;
mod field;
pub mod notice;
mod partition;
pub mod patient;
pub mod staff;

pub use envelope::{Envelope, EnvelopeError, TraceParent};
pub use field::Field;
pub use partition::{PARTITIONS, Partition, subject, subject_filter};
