//! The read models of the intake.

pub mod inbox;

use countersign_eventsourcing::projection::Projection;

/// The intake's one read model, new and empty.
pub fn read_model() -> Box<dyn Projection> {
    Box::new(inbox::Inbox::default())
}
