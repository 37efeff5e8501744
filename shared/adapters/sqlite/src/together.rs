//! Streams that are asked for at the same time are read together.
//!
//! After an outage hundreds of timers fire side by side, and each wants its stream. A thread woken for each, and a
//! snapshot taken for each, cost several times what the reading does: `SQLite` forgets all pages that a connection has
//! in memory as soon as a commit lies between two snapshots. So what has been asked for waits in a row; a thread takes
//! a part of it and reads that from one snapshot. Whoever asks alone waits for nobody.
//!
//! The snapshot is taken after the questions were: an answer holds everything that was appended before its question.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use countersign_eventsourcing::journal::{JournalError, RecordedEvent, StreamName};
use tokio::sync::oneshot;

use crate::{failure::unavailable, readers::Readers};

/// Most streams of one snapshot: one that is held long keeps the write-ahead log from starting over.
const OF_ONE_SNAPSHOT: usize = 64;
/// So many may wait for each thread at work before another one is woken.
const BEHIND_ONE: usize = 8;

type Answer = Result<Vec<RecordedEvent>, JournalError>;

/// A stream that somebody waits for.
struct Asked {
    stream: StreamName,
    from_revision: u64,
    answer: oneshot::Sender<Answer>,
}

#[derive(Default)]
struct Row {
    asked: VecDeque<Asked>,
    at_work: usize,
}

/// What is asked for, and how many threads read it.
pub(crate) struct Together {
    row: Mutex<Row>,
    most_at_work: usize,
}

impl Together {
    pub(crate) fn new(threads: usize) -> Self {
        Self { row: Mutex::default(), most_at_work: threads.max(1) }
    }

    fn row(&self) -> MutexGuard<'_, Row> {
        self.row.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a stream.
    pub(crate) async fn ask(readers: &Arc<Readers>, stream: StreamName, from_revision: u64) -> Answer {
        let (answer, answered) = oneshot::channel();
        let together = readers.together();
        let wake = {
            let mut row = together.row();
            row.asked.push_back(Asked { stream, from_revision, answer });
            let wake = row.at_work < together.most_at_work
                && row.asked.len() > row.at_work.saturating_mul(BEHIND_ONE);
            row.at_work += usize::from(wake);
            wake
        };
        if wake {
            let at_work = AtWork { readers: Arc::clone(readers), ended: false };
            tokio::task::spawn_blocking(move || at_work.run());
        }
        answered.await.map_err(|_| JournalError::Unavailable("a read was broken off".to_owned()))?
    }
}

/// A thread that reads, counted for as long as it does.
struct AtWork {
    readers: Arc<Readers>,
    ended: bool,
}

impl AtWork {
    fn run(mut self) {
        while let Some(asked) = self.next() {
            self.read(asked);
        }
    }

    /// A part of what is asked for. When there is nothing, this thread is at work no longer: in the same moment, so that
    /// whoever asks next knows to wake one.
    fn next(&mut self) -> Option<VecDeque<Asked>> {
        let mut row = self.readers.together().row();
        if row.asked.is_empty() {
            row.at_work -= 1;
            self.ended = true;
            return None;
        }
        let part = row.asked.len().min(OF_ONE_SNAPSHOT);
        Some(row.asked.drain(..part).collect())
    }

    fn read(&self, mut asked: VecDeque<Asked>) {
        let mut reader = match self.readers.take() {
            Ok(reader) => reader,
            Err(error) => return refuse(asked, &error),
        };
        let wanted = asked.len();
        let outcome = reader.streams(|streams| {
            while let Some(Asked { stream, from_revision, answer }) = asked.pop_front() {
                // Whoever asked may have given up.
                if answer.is_closed() {
                    continue;
                }
                let mut events = Vec::new();
                let shown = streams.show(&stream, from_revision, |event| events.push(event.to_recorded()));
                let _ = answer.send(match &shown {
                    Ok(()) => Ok(events),
                    Err(error) => Err(unavailable(error)),
                });
                shown?;
            }
            Ok(())
        });
        match outcome {
            Ok(()) => self.readers.give_back(reader),
            Err(error) if asked.len() == wanted => refuse(asked, &error),
            // A connection that met an error is not trusted with the streams behind it: they get another one.
            Err(_) => self.read(asked),
        }
    }
}

impl Drop for AtWork {
    /// A thread that was never started, or that panicked: nobody may wait for it.
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut row = self.readers.together().row();
        row.at_work -= 1;
        if row.at_work == 0 {
            row.asked.clear();
        }
    }
}

fn refuse(asked: VecDeque<Asked>, error: &rusqlite::Error) {
    for Asked { answer, .. } in asked {
        let _ = answer.send(Err(unavailable(error)));
    }
}
