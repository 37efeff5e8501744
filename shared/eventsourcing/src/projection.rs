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

    /// Creates the tables, with the keys and indexes that [`apply`](Self::apply) itself looks things up by.
    fn schema(&self) -> &'static str;

    /// Creates the indexes that only queries need. When a model is built anew they are made at the end, in one
    /// sweep each, which costs a fraction of keeping them in order row by row.
    fn indexes(&self) -> &'static str {
        ""
    }

    /// Folds one event. Called once per event, in journal order, inside the transaction that also moves the
    /// checkpoint.
    fn apply(&mut self, tables: &Transaction<'_>, event: &RecordedEvent) -> Result<(), ProjectionError>;

    /// Writes what [`apply`](Self::apply) has kept back. Called before the checkpoint moves, in its transaction.
    fn settle(&mut self, _tables: &Transaction<'_>) -> Result<(), ProjectionError> {
        Ok(())
    }
}
