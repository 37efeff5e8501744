//! What is owed, by whom, and who is who: in memory, and brought up to date from the journal before every use.

use std::sync::Arc;

use countersign_eventsourcing::{
    journal::{Journal, JournalError, Position},
    publish::SharedPublishers,
};
use countersign_owed::{CATEGORIES, Owed};
use jiff::tz::TimeZone;
use tokio::sync::{Mutex, MutexGuard};

/// Events read at a time.
const PAGE: usize = 4096;

/// What is owed, as the journal has it now.
pub(crate) struct Known {
    journal: Arc<dyn Journal>,
    publishers: SharedPublishers,
    owed: Mutex<Folded>,
}

/// What is owed at a position of the journal.
pub(crate) struct Folded {
    pub(crate) owed: Owed,
    upto: Position,
}

impl Known {
    /// Over this journal; nothing is read before it is needed.
    pub(crate) fn new(journal: Arc<dyn Journal>, publishers: SharedPublishers, zone: TimeZone) -> Self {
        let owed = Mutex::new(Folded { owed: Owed::new(zone), upto: Position::START });
        Self { journal, publishers, owed }
    }

    /// Everything that is in the journal now.
    pub(crate) async fn current(&self) -> Result<MutexGuard<'_, Folded>, JournalError> {
        let mut folded = self.owed.lock().await;
        let filter = self.publishers.filter_for(&CATEGORIES);
        loop {
            let batch = self.journal.read_all(folded.upto, filter.clone(), PAGE).await?;
            let done = batch.caught_up;
            for event in &batch.events {
                folded.owed.fold_recorded(&self.publishers, event)?;
            }
            folded.upto = folded.upto.max(batch.upto);
            if done {
                return Ok(folded);
            }
        }
    }
}
