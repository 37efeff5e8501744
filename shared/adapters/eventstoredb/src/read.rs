//! Reading streams and the whole log.
//!
//! Positions: the server's commit position of an event, which for everything appended through gRPC is also its
//! prepare position. Only positions of events are ever sent to the server (see `subscription`). Reads forwards
//! from a position include what is there, reads backwards do not, subscriptions do not.

use countersign_eventsourcing::journal::{Batch, Filter, JournalError, Position, RecordedEvent, StreamName};
use eventstore::{ReadAllOptions, ReadStreamOptions, StreamPosition};

use crate::{
    Inner,
    event::{incoming, is_system},
    failure::Failure,
    known::WINDOW,
};

/// Events in one request of a stream.
const STREAM_PAGE: usize = 1000;
/// Fewest and most events in one request of the whole log.
const LOG_PAGE: (usize, usize) = (64, 1000);
/// A scan for events that are hardly there stops after so many requests, and says how far it came.
const MOST_PAGES: usize = 32;

impl Inner {
    pub(crate) async fn read_stream(
        &self,
        stream: &StreamName,
        from_revision: u64,
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        let mut events: Vec<RecordedEvent> = Vec::new();
        loop {
            let from = events.last().map_or(from_revision, |event| event.revision + 1);
            let page = self.stream_page(stream, from, STREAM_PAGE).await?;
            let whole = page.len() == STREAM_PAGE;
            events.extend(page);
            if !whole {
                self.known.learn(stream, from_revision, &events);
                return Ok(events);
            }
        }
    }

    /// At most `count` events of a stream from a revision on; none when there is no such stream.
    pub(crate) async fn stream_page(
        &self,
        stream: &StreamName,
        from: u64,
        count: usize,
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        let options =
            ReadStreamOptions::default().position(StreamPosition::Position(from)).forwards().max_count(count);
        self.stream_events(stream, options).await
    }

    /// Brings what is known of a stream up to date.
    pub(crate) async fn refresh(&self, stream: &StreamName) -> Result<(), JournalError> {
        if let Some(next) = self.known.next(stream) {
            self.read_stream(stream, next).await?;
        } else {
            let options = ReadStreamOptions::default().position(StreamPosition::End).max_count(WINDOW);
            let mut newest = self.stream_events(stream, options).await?;
            newest.reverse();
            let from = newest.first().map_or(0, |event| event.revision);
            self.known.learn(stream, from, &newest);
        }
        Ok(())
    }

    async fn stream_events(
        &self,
        stream: &StreamName,
        options: ReadStreamOptions,
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        let options = &options.requires_leader(true).deadline(self.connection.options.deadline);
        let name = stream.as_str();
        let read = self.connection.insist(|client| async move {
            let mut reading = client.read_stream(name, options).await?;
            let mut events = Vec::new();
            while let Some(event) = reading.next().await? {
                events.extend(incoming(event));
            }
            Ok(events)
        });
        match read.await {
            Err(Failure::NoSuchStream) => Ok(Vec::new()),
            read => Ok(read?),
        }
    }

    /// The client's reads of the whole log know no filter; its subscriptions do. This one looks at everything
    /// and keeps what is admitted.
    pub(crate) async fn read_all(
        &self,
        after: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<Batch, JournalError> {
        let mut batch = Batch { events: Vec::new(), upto: after, caught_up: false };
        if after > self.head_at_least() && after >= self.head().await? {
            // The server refuses positions at which it has no record.
            batch.caught_up = true;
            return Ok(batch);
        }
        let mut next = after;
        for _ in 0..MOST_PAGES {
            // One more than wanted tells whether there is more; and the first may be the one at `next`.
            let count = limit.saturating_add(2).clamp(LOG_PAGE.0, LOG_PAGE.1);
            let from = if next == Position::START { StreamPosition::Start } else { at(next) };
            let page = self.log_events(ReadAllOptions::default().position(from).forwards(), count).await?;
            let whole = page.len() == count;
            for event in page {
                if event.position <= next && next != Position::START {
                    continue;
                }
                next = event.position;
                if is_system(event.stream.as_str()) {
                    continue;
                }
                if filter.admits(event.stream.category()) {
                    if batch.events.len() >= limit {
                        self.note_head(batch.upto);
                        return Ok(batch);
                    }
                    batch.upto = event.position;
                    batch.events.push(event);
                } else {
                    batch.upto = event.position;
                }
            }
            if !whole {
                batch.caught_up = true;
                break;
            }
        }
        self.note_head(batch.upto);
        Ok(batch)
    }

    /// Position of the last event of ours.
    pub(crate) async fn head(&self) -> Result<Position, JournalError> {
        let head = self.last_before(None, self.head_at_least()).await?;
        self.note_head(head);
        Ok(head)
    }

    /// Position of the last event of ours before a position, or of all. Looks back no further than to `known`,
    /// which must be such a position and is given back when there is none after it.
    pub(crate) async fn last_before(
        &self,
        before: Option<u64>,
        known: Position,
    ) -> Result<Position, JournalError> {
        let mut from = before.map_or(StreamPosition::End, |before| at(Position(before)));
        let mut count = 8;
        loop {
            let page = self.log_events(ReadAllOptions::default().position(from).backwards(), count).await?;
            let whole = page.len() == count;
            for event in page {
                if event.position <= known {
                    return Ok(known);
                }
                if !is_system(event.stream.as_str()) {
                    return Ok(event.position);
                }
                from = at(event.position);
            }
            if !whole {
                return Ok(known);
            }
            // Behind a tail of the server's own records, as a quiet weekend leaves them.
            count = (count * 4).min(LOG_PAGE.1);
        }
    }

    async fn log_events(
        &self,
        options: ReadAllOptions,
        count: usize,
    ) -> Result<Vec<RecordedEvent>, JournalError> {
        let options =
            &options.max_count(count).requires_leader(true).deadline(self.connection.options.deadline);
        let read = self.connection.insist(|client| async move {
            let mut reading = client.read_all(options).await?;
            let mut events = Vec::new();
            while let Some(event) = reading.next().await? {
                events.extend(incoming(event));
            }
            Ok(events)
        });
        Ok(read.await?)
    }
}

fn at(position: Position) -> StreamPosition<eventstore::Position> {
    StreamPosition::Position(eventstore::Position { commit: position.0, prepare: position.0 })
}
