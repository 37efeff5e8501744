//! Appending: exactly once, whatever the network does.
//!
//! The server checks an expected revision atomically, so nothing is ever sent without one: `Any` is sent as the
//! revision just read, and tried again when somebody was quicker. That makes every request safe to repeat, also
//! one whose answer was lost: either it took effect, and the repetition finds its ids in the stream, or it did
//! not, and then it never will once the stream has moved on. The server's own memory of event ids, which is
//! best effort, is not relied upon.

use countersign_eventsourcing::journal::{
    AppendError, Appended, Expected, JournalError, NewEvent, Position, StreamName,
};
use countersign_kernel::EventId;
use eventstore::{AppendToStreamOptions, ExpectedRevision};

use crate::{
    Inner,
    event::outgoing,
    failure::Failure,
    known::{Judgement, Verdict},
};

/// How often others may be quicker, one after the other, before an append counts as failed.
const MOST_RACES: usize = 64;

impl Inner {
    pub(crate) async fn append(
        &self,
        stream: StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> Result<Appended, AppendError> {
        let limit = self.connection.options.append_limit;
        let mut outgoing_events = Vec::with_capacity(events.len());
        let mut bytes = 0;
        for event in &events {
            let (event, weight) = outgoing(event).map_err(JournalError::from)?;
            bytes += weight;
            outgoing_events.push(event);
        }
        if bytes > limit {
            return Err(JournalError::TooLarge { bytes, limit }.into());
        }
        let ids: Vec<EventId> = events.iter().map(|event| event.id).collect();
        let mut pauses = self.connection.options.pauses();
        let mut races = 0;
        // An earlier attempt of this very call may have taken effect.
        let mut in_doubt = false;
        // Whoever has just read the stream need not wait for it to be read again. Any other expectation asks
        // for what is there now.
        let mut judgement = match self.known.judge(&stream, &ids) {
            Some(known)
                if known.settled && known.last.is_some_and(|last| expected == Expected::Revision(last)) =>
            {
                known
            }
            _ => self.judge_anew(&stream, &ids).await?,
        };
        loop {
            match judgement.verdict {
                Verdict::Repetition { revision, position } => {
                    return Ok(Appended { revision, position, repeated: !in_doubt });
                }
                Verdict::Overlap => return Err(AppendError::Conflict { stream, actual: judgement.last }),
                Verdict::Absent => {}
            }
            if !holds(expected, judgement.last) {
                if let Some((revision, position)) =
                    self.beyond_memory(&stream, expected, &ids, judgement).await?
                {
                    return Ok(Appended { revision, position, repeated: !in_doubt });
                }
                return Err(AppendError::Conflict { stream, actual: judgement.last });
            }
            if ids.is_empty() {
                let (revision, position) = (judgement.last.unwrap_or(0), judgement.position);
                return Ok(Appended { revision, position, repeated: true });
            }
            match self.send(&stream, judgement.last, outgoing_events.clone()).await {
                Ok((revision, position)) if position > Position::START => {
                    return Ok(Appended { revision, position, repeated: false });
                }
                // Taken, but the answer does not say where to: the stream does.
                Ok(_) => in_doubt = true,
                Err(Failure::WrongRevision) if races < MOST_RACES => races += 1,
                Err(Failure::TooLarge { limit }) => {
                    let limit = limit.unwrap_or(self.connection.options.append_limit);
                    return Err(JournalError::TooLarge { bytes, limit }.into());
                }
                Err(Failure::Transient(reason)) => {
                    in_doubt = true;
                    let Some(pause) = pauses.next() else {
                        return Err(JournalError::Unavailable(reason).into());
                    };
                    tracing::debug!(reason, ?pause, "EventStoreDB: appending again");
                    tokio::time::sleep(pause).await;
                }
                Err(failure) => return Err(JournalError::from(failure).into()),
            }
            judgement = self.judge_anew(&stream, &ids).await?;
        }
    }

    async fn send(
        &self,
        stream: &StreamName,
        last: Option<u64>,
        events: Vec<eventstore::EventData>,
    ) -> Result<(u64, Position), Failure> {
        let next = last.map_or(0, |last| last + 1) + events.len() as u64;
        self.known.sent(stream, next);
        let options = AppendToStreamOptions::default()
            .expected_revision(last.map_or(ExpectedRevision::NoStream, ExpectedRevision::Exact))
            .requires_leader(true)
            .deadline(self.connection.options.deadline);
        let name = stream.as_str().to_owned();
        let written = self
            .connection
            .attempt(|client| async move { client.append_to_stream(name, &options, events).await })
            .await?;
        let position = Position(written.position.commit);
        self.note_head(position);
        Ok((written.next_expected_version, position))
    }

    /// Reads what came since the stream was last read, and compares.
    async fn judge_anew(&self, stream: &StreamName, ids: &[EventId]) -> Result<Judgement, JournalError> {
        self.refresh(stream).await?;
        self.known
            .judge(stream, ids)
            .ok_or_else(|| JournalError::Unavailable("too many streams at once".to_owned()))
    }

    /// A repetition of something so old that its ids are not remembered: if the writer expects the revision that
    /// it expected then, the place tells.
    async fn beyond_memory(
        &self,
        stream: &StreamName,
        expected: Expected,
        ids: &[EventId],
        judgement: Judgement,
    ) -> Result<Option<(u64, Position)>, JournalError> {
        let place = match expected {
            Expected::Any => return Ok(None),
            Expected::NoStream => 0,
            Expected::Revision(revision) => revision.saturating_add(1),
        };
        if ids.is_empty() || place >= judgement.oldest {
            return Ok(None);
        }
        let there = self.stream_page(stream, place, ids.len()).await?;
        let same = there.len() == ids.len() && there.iter().zip(ids).all(|(event, id)| event.id == *id);
        Ok(there.last().filter(|_| same).map(|last| (last.revision, last.position)))
    }
}

fn holds(expected: Expected, last: Option<u64>) -> bool {
    match expected {
        Expected::Any => true,
        Expected::NoStream => last.is_none(),
        Expected::Revision(revision) => last == Some(revision),
    }
}
