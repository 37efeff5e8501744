//! The journal on EventStoreDB.
