//! The specification of feeds, for the feed inside one process over the embedded journal.

use std::sync::Arc;

use countersign_eventsourcing::{
    feed::{Feed, JournalTail},
    journal::{Journal, PortFuture},
    publish::SharedPublishers,
    spec::feed::Fixture,
};
use countersign_sqlite::SqliteJournal;
use tempfile::TempDir;

use crate::installation::fresh_journal;

struct Embedded {
    journal: Arc<SqliteJournal>,
    publishers: SharedPublishers,
    _folder: TempDir,
}

async fn embedded(publishers: SharedPublishers) -> impl Fixture {
    let (journal, folder) = fresh_journal();
    Embedded { journal, publishers, _folder: folder }
}

impl Fixture for Embedded {
    fn journal(&self) -> Arc<dyn Journal> {
        self.journal.clone()
    }

    fn feed(&self) -> Arc<dyn Feed> {
        Arc::new(JournalTail::new(self.journal.clone(), self.publishers.clone()))
    }

    fn problem(&self) -> PortFuture<'_, Option<String>> {
        Box::pin(std::future::ready(None))
    }
}

countersign_eventsourcing::feed_spec!(embedded);
