//! People and places as the journal has them now: some thousand records, held in memory and brought up to date before
//! every decision.

use std::sync::{Arc, PoisonError, RwLock};

use countersign_contracts::directory as people_and_places;
use countersign_eventsourcing::{
    journal::{Journal, JournalError, Position},
    publish::SharedPublishers,
};
use countersign_owed::Directory;
use jiff::tz::TimeZone;
use tokio::sync::Mutex;

/// Events read at a time.
const PAGE: usize = 4096;

/// How far the directory may lag behind what was read, in positions of the journal: whoever re-checks reads from there.
const LAG: u64 = 10_000;

/// The present [`Directory`].
pub(crate) struct Known {
    journal: Arc<dyn Journal>,
    publishers: SharedPublishers,
    present: RwLock<Present>,
    /// Held while somebody reads for all who wait for the same.
    reading: Mutex<()>,
}

#[derive(Clone)]
struct Present {
    directory: Arc<Directory>,
    /// The journal was read up to here. The directory is not copied for positions at which nothing was said of it.
    read: Position,
}

impl Known {
    /// Nobody yet. `default_zone`: where days end at facilities that tell no zone.
    pub(crate) fn new(
        journal: Arc<dyn Journal>,
        publishers: SharedPublishers,
        default_zone: TimeZone,
    ) -> Self {
        let directory = Arc::new(Directory::new(default_zone));
        let present = RwLock::new(Present { directory, read: Position::START });
        Self { journal, publishers, present, reading: Mutex::new(()) }
    }

    /// As this process knows them.
    pub(crate) fn get(&self) -> Arc<Directory> {
        self.present().directory
    }

    fn present(&self) -> Present {
        self.present.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// With everything that is in the journal up to a position, at least. Hundreds of events are decided about at a time:
    /// one of them reads the journal, and the others find it read.
    pub(crate) async fn as_of(&self, position: Position) -> Result<Arc<Directory>, JournalError> {
        if let Some(directory) = self.read_up_to(position) {
            return Ok(directory);
        }
        let _reading = self.reading.lock().await;
        match self.read_up_to(position) {
            Some(directory) => Ok(directory),
            None => self.refresh().await,
        }
    }

    fn read_up_to(&self, position: Position) -> Option<Arc<Directory>> {
        let present = self.present.read().unwrap_or_else(PoisonError::into_inner);
        (present.read >= position).then(|| Arc::clone(&present.directory))
    }

    /// With everything that is in the journal now.
    pub(crate) async fn refresh(&self) -> Result<Arc<Directory>, JournalError> {
        let mut present = self.present();
        let said = self.publishers.filter_for(&[people_and_places::CATEGORY]);
        loop {
            let batch = self.journal.read_all(present.read, said.clone(), PAGE).await?;
            if !batch.events.is_empty() || batch.upto.0.saturating_sub(present.directory.upto) > LAG {
                let directory = Arc::make_mut(&mut present.directory);
                for event in &batch.events {
                    for envelope in self.publishers.publish(event)? {
                        directory.fold(&envelope).map_err(|error| JournalError::Undecodable {
                            position: event.position,
                            kind: error.kind,
                            reason: error.reason,
                        })?;
                    }
                }
                directory.upto = batch.upto.0;
            }
            present.read = present.read.max(batch.upto);
            if batch.caught_up {
                break;
            }
        }
        let mut known = self.present.write().unwrap_or_else(PoisonError::into_inner);
        // Another task may have read further meanwhile.
        if known.read < present.read {
            *known = present.clone();
        }
        Ok(present.directory)
    }
}
