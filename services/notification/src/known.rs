//! What is owed, by whom, and who is who: in memory, and brought up to date from the journal before every use.

use std::sync::Arc;

use countersign_eventsourcing::{
    journal::{Journal, JournalError, Position},
    publish::SharedPublishers,
};
use countersign_kernel::{Clock, Timestamp};
use countersign_owed::{CATEGORIES, Owed};
use jiff::{SignedDuration, tz::TimeZone};
use tokio::sync::{Mutex, MutexGuard};

/// Events read at a time.
const PAGE: usize = 4096;
/// What closed longer ago is let go of: no digest tells of it any more.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(60 * 24);
/// How often that is done.
const TIDY_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What is owed, as the journal has it now.
pub(crate) struct Known {
    journal: Arc<dyn Journal>,
    publishers: SharedPublishers,
    clock: Arc<dyn Clock>,
    owed: Mutex<Folded>,
}

/// What is owed at a position of the journal.
pub(crate) struct Folded {
    pub(crate) owed: Owed,
    upto: Position,
    tidied_at: Option<Timestamp>,
}

impl Known {
    /// Over this journal; nothing is read before it is needed.
    pub(crate) fn new(
        journal: Arc<dyn Journal>,
        publishers: SharedPublishers,
        clock: Arc<dyn Clock>,
        zone: TimeZone,
    ) -> Self {
        let owed = Folded { owed: Owed::new(zone), upto: Position::START, tidied_at: None };
        Self { journal, publishers, clock, owed: Mutex::new(owed) }
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
                self.tidy(&mut folded);
                return Ok(folded);
            }
        }
    }

    fn tidy(&self, folded: &mut Folded) {
        let now = self.clock.now();
        if folded.tidied_at.is_some_and(|at| now.duration_since(at) < TIDY_EVERY) {
            return;
        }
        folded.tidied_at = Some(now);
        if let Ok(before) = now.saturating_sub(REMEMBERED) {
            folded.owed.forget_closed_before(before);
        }
    }
}
