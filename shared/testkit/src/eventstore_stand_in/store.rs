//! What the stand-in keeps: one log in memory and the streams within it, with the server's own rules for
//! expected revisions and repeated appends.

use std::{collections::HashMap, sync::Arc};

use super::wire::{ExpectedRevision, ProposedEvent};

/// One record of the log.
pub(super) struct Record {
    pub(super) position: u64,
    pub(super) stream: String,
    pub(super) revision: u64,
    pub(super) event: ProposedEvent,
}

/// Where an append went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) revision: u64,
    pub(super) position: u64,
}

/// The stream was not as expected; what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) current: Option<u64>,
}

#[derive(Default)]
pub(super) struct Store {
    log: Vec<Arc<Record>>,
    streams: HashMap<String, Vec<Arc<Record>>>,
    end: u64,
    /// The server's memory of event ids is best effort; this is the bad day.
    pub(super) forgetful: bool,
}

impl Store {
    pub(super) fn append(
        &mut self,
        stream: &str,
        expected: ExpectedRevision,
        events: Vec<ProposedEvent>,
    ) -> Result<Written, Refused> {
        let current = self.revision_of(stream);
        let as_expected = match expected {
            ExpectedRevision::Any(()) => true,
            ExpectedRevision::StreamExists(()) => current.is_some(),
            ExpectedRevision::NoStream(()) => current.is_none(),
            ExpectedRevision::Revision(revision) => current == Some(revision),
        };
        let place = match expected {
            ExpectedRevision::NoStream(()) => Some(0),
            ExpectedRevision::Revision(revision) => Some(revision + 1),
            ExpectedRevision::Any(()) | ExpectedRevision::StreamExists(()) => {
                self.place_of(stream, events.first())
            }
        };
        if let Some(place) = place
            && !self.forgetful
            && let Some(written) = self.repetition(stream, place, &events)
        {
            return Ok(written);
        }
        if !as_expected {
            return Err(Refused { current });
        }
        Ok(self
            .write(stream, events)
            .unwrap_or(Written { revision: current.unwrap_or(0), position: self.end }))
    }

    /// Writes without asking, as another writer or the server itself does.
    pub(super) fn write(&mut self, stream: &str, events: Vec<ProposedEvent>) -> Option<Written> {
        let mut last = None;
        for event in events {
            let size = 64 + event.data.len() + event.user_metadata.len() + stream.len();
            let records = self.streams.entry(stream.to_owned()).or_default();
            let record = Arc::new(Record {
                position: self.end,
                stream: stream.to_owned(),
                revision: records.len() as u64,
                event,
            });
            last = Some(Written { revision: record.revision, position: record.position });
            records.push(record.clone());
            self.log.push(record);
            self.end += size as u64;
        }
        last
    }

    fn place_of(&self, stream: &str, first: Option<&ProposedEvent>) -> Option<u64> {
        let id = first?.id.as_ref()?.id()?;
        self.stream(stream).iter().find(|record| record.id() == Some(id)).map(|record| record.revision)
    }

    fn repetition(&self, stream: &str, place: u64, events: &[ProposedEvent]) -> Option<Written> {
        let there = self.stream(stream).get(usize::try_from(place).ok()?..)?.get(..events.len())?;
        let same = there
            .iter()
            .zip(events)
            .all(|(record, event)| record.id() == event.id.as_ref().and_then(super::wire::Uuid::id));
        let last = there.last().filter(|_| same)?;
        Some(Written { revision: last.revision, position: last.position })
    }

    pub(super) fn revision_of(&self, stream: &str) -> Option<u64> {
        self.stream(stream).last().map(|record| record.revision)
    }

    /// The records of a stream, oldest first.
    pub(super) fn stream(&self, stream: &str) -> &[Arc<Record>] {
        self.streams.get(stream).map_or(&[], Vec::as_slice)
    }

    /// The whole log, oldest first.
    pub(super) fn log(&self) -> &[Arc<Record>] {
        &self.log
    }

    /// Where the next record will start.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Index of the first record at or after a position; `None` where no record starts (nor the log ends),
    /// which the real server refuses.
    pub(super) fn index_at(&self, position: u64) -> Option<usize> {
        if position == self.end {
            return Some(self.log.len());
        }
        self.log.binary_search_by_key(&position, |record| record.position).ok()
    }
}

impl Record {
    pub(super) fn id(&self) -> Option<uuid::Uuid> {
        self.event.id.as_ref().and_then(super::wire::Uuid::id)
    }
}
