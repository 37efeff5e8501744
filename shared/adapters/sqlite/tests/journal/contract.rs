//! The specification, with the folder shared (so that a second handle can be opened) and with the folder
//! owned alone where one handle is enough.

use std::sync::Arc;

use countersign_eventsourcing::{
    journal::{Journal, PortFuture},
    spec::journal::Store,
};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use tempfile::TempDir;

/// A throw-away folder that is opened again for every handle.
pub(crate) struct Shared(pub(crate) TempDir);

impl Store for Shared {
    fn open(&self) -> PortFuture<'_, Arc<dyn Journal>> {
        let folder = DataFolder::open_shared(self.0.path(), "spec").expect("the folder is free");
        let journal = SqliteJournal::open(folder, Options::default()).expect("the journal opens");
        Box::pin(std::future::ready(journal as Arc<dyn Journal>))
    }
}

async fn shared_folder() -> impl Store {
    Shared(TempDir::new().expect("a folder"))
}

countersign_eventsourcing::journal_spec!(shared_folder);
