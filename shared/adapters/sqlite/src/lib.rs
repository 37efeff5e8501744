//! The embedded journal and read-model files on SQLite.
