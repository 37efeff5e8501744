//! Everything in the journal's order with borrowed data: the quickest way through the file.

use std::{ops::ControlFlow, sync::Arc};

use bytes::Bytes;
use countersign_eventsourcing::journal::{Filter, JournalError, Position, RecordedEvent, StreamName};
use countersign_kernel::EventId;

use crate::{SqliteJournal, failure::unavailable, reader::Reader};

/// Events read in one snapshot. A snapshot that is held long keeps the write-ahead log from starting over.
const SNAPSHOT: usize = 20_000;

/// An event as it lies in the file. Lives until the next one is read.
#[derive(Debug, Clone, Copy)]
pub struct ScannedEvent<'a> {
    /// Place in the whole journal.
    pub position: Position,
    /// Its stream.
    pub stream: &'a StreamName,
    /// Place in its stream, from 0.
    pub revision: u64,
    /// Its id.
    pub id: EventId,
    /// Its stored type name.
    pub kind: &'a Arc<str>,
    /// Its metadata as JSON.
    pub metadata: &'a [u8],
    /// Its content as JSON.
    pub data: &'a [u8],
}

impl ScannedEvent<'_> {
    /// A copy to keep.
    pub fn to_recorded(&self) -> RecordedEvent {
        RecordedEvent {
            position: self.position,
            stream: self.stream.clone(),
            revision: self.revision,
            id: self.id,
            kind: Arc::clone(self.kind),
            data: Bytes::copy_from_slice(self.data),
            metadata: Bytes::copy_from_slice(self.metadata),
        }
    }
}

impl SqliteJournal {
    /// Shows every admitted event after a position, in order, until there is no more or the visitor breaks
    /// off. Returns how far it came. Blocks: not for async workers.
    pub fn scan(
        &self,
        after: Position,
        filter: &Filter,
        mut visit: impl FnMut(&ScannedEvent<'_>) -> ControlFlow<()>,
    ) -> Result<Position, JournalError> {
        let mut reader = Reader::open(self.file(), self.patience()).map_err(|error| unavailable(&error))?;
        let mut upto = after;
        let mut stopped = false;
        loop {
            let page = reader
                .page(upto, filter, SNAPSHOT, |event| {
                    let flow = visit(event);
                    stopped = flow.is_break();
                    flow
                })
                .map_err(|error| unavailable(&error))?;
            upto = page.upto;
            if stopped || page.caught_up {
                return Ok(upto);
            }
        }
    }
}
