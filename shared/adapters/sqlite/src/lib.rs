//! The embedded journal on `SQLite`: one file, one writer thread with group commit, readers of their own.
//!
//! - [`folder`]: who may use a data folder: one process alone, or several on one host together.
//! - [`journal`]: the [`Journal`](countersign_eventsourcing::journal::Journal) port on a file in that folder.
//! - [`scan`]: everything in order with borrowed data, for rebuilds and baselines.
//! - [`verify`]: whether the file holds what its promises say, and how large it is.

pub mod folder;
pub mod journal;
pub mod scan;
pub mod verify;

mod append;
mod failure;
mod follow;
mod reader;
mod readers;
mod schema;
mod together;
mod watcher;
mod writer;

pub use folder::{DataFolder, FolderError};
pub use journal::{OpenError, Options, SqliteJournal};
