//! Projections: folds of the journal into tables. A projection sends nothing and asks nobody, so a rebuild
//! has no side effect.

use rusqlite::Transaction;

use crate::journal::{Filter, JournalError, RecordedEvent};

/// Why an event could not be applied. The event is poison: the projection stops at it, visibly.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// The event does not decode.
    #[error(transparent)]
    Event(#[from] JournalError),
    /// The table refused.
    #[error("the read model refused: {0}")]
    Sql(#[from] rusqlite::Error),
    /// The events contradict each other.
    #[error("{0}")]
    Contradiction(String),
}

/// One read model: its tables and how events change them. Facts, not counters: numbers are queries.
pub trait Projection: Send + 'static {
    /// Name of the read model, which is also its file name.
    fn name(&self) -> &'static str;

    /// Raised whenever tables or `apply` change: a model of another version is rebuilt, never patched.
    fn version(&self) -> u32;

    /// Which events it folds.
    fn filter(&self) -> Filter;

    /// Creates the tables.
    fn schema(&self) -> &'static str;

    /// Folds one event. Called once per event, in journal order, inside the transaction that also moves the
    /// checkpoint.
    fn apply(&mut self, tables: &Transaction<'_>, event: &RecordedEvent) -> Result<(), ProjectionError>;
}
