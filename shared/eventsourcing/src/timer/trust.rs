//! Whether the wall clock can be believed. A clock that is set forward would make notices' windows end before anybody
//! had the time that was promised; one that is set back would let them begin again. So a service that acts on people's
//! privileges asks here first, and waits while the clock is doubted, until a person says that it is right.
//!
//! Two things make a clock doubtful: that it went forward by more than ten minutes beyond what really passed, measured
//! in one process by a clock that nobody can set; and that it shows an instant before one it has shown, over restarts
//! too. **What cannot be seen:** a clock that was set forward while nothing ran looks like an outage of that length.
//! [`Trust::gap`] tells that length, and the rules for outages keep notices' windows as long as they were promised. A
//! machine that was suspended looks like a clock set forward, and is doubted.
//!
//! The latest instant that was seen, the mark, is an event of the stream `clock-<name>` each hour, and in a small file
//! each ten seconds. The file may be deleted: then the last event counts. Each event says all there is to know.

mod watch;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use countersign_kernel::{Clock, EventId, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

pub use watch::{ClockWatch, Doubt, Limits, Reading, Why};

use super::newest::newest;
use crate::journal::{
    AppendError, Expected, Journal, JournalError, Metadata, NewEvent, RecordedEvent, StreamName,
};

/// How often the mark is written to the file.
const FILE_EVERY: Duration = Duration::from_secs(10);
/// How often it is an event.
const EVENT_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How often a confirmation is tried while others write to the stream.
const TRIES: usize = 8;

/// Stored type names.
const OBSERVED: &str = "clock-observed";
const DOUBTED: &str = "clock-doubted";
const TRUSTED: &str = "clock-trusted";

/// What is known of the wall clock after an event: the mark moved, or the clock is doubted, or was confirmed. Stored
/// format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockNoted {
    /// The latest instant that was seen and believed.
    pub mark: Timestamp,
    /// Why the clock is doubted, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// How often somebody confirmed it.
    pub confirmed: u64,
    /// Who confirmed it, where this event says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The file beside the state: the mark, and after how many confirmations. One from before the last confirmation does
/// not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    mark: Timestamp,
    confirmed: u64,
}

/// Whether the wall clock can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustState {
    /// Nothing speaks against it.
    Trusted,
    /// It was set, and nobody has confirmed it.
    Doubted {
        /// Since when, by the doubted clock.
        since: Timestamp,
        /// What was seen.
        doubt: Doubt,
    },
}

struct Known {
    watch: ClockWatch,
    /// Revision of the last event.
    revision: Option<u64>,
    confirmed: u64,
    /// The doubt that the last event tells.
    told: Option<Doubt>,
    /// When the last event was, by the clock that nobody can set; `None`: before this process.
    told_at: Option<SignedDuration>,
}

/// Watches the wall clock of one process.
pub struct Trust {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    stream: StreamName,
    file: Option<PathBuf>,
    gap: Option<SignedDuration>,
    known: Mutex<Known>,
    noticed: Notify,
    /// Appends one at a time.
    writing: tokio::sync::Mutex<()>,
}

impl Trust {
    /// Begins to watch. `name` names the process's clock, over restarts; the file is made when there is none.
    pub async fn open(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        name: &str,
        file: Option<PathBuf>,
        limits: Limits,
    ) -> Result<Self, JournalError> {
        let stream = StreamName::new("clock", name);
        let last = newest(&*journal, &stream).await?;
        let noted = last.as_ref().map(RecordedEvent::decode::<ClockNoted>).transpose()?;
        let confirmed = noted.as_ref().map_or(0, |noted| noted.confirmed);
        let kept = match &file {
            Some(file) => read(file).await.filter(|kept| kept.confirmed >= confirmed),
            None => None,
        };
        let told = noted.as_ref().and_then(|noted| noted.doubt);
        let mark = noted.map(|noted| noted.mark).into_iter().chain(kept.map(|kept| kept.mark)).max();
        let mut watch = ClockWatch::new(limits, mark, told);
        let reading = Reading { now: clock.now(), ran: clock.ran() };
        watch.observe(reading);
        let gap = match (mark, watch.doubt()) {
            (Some(mark), None) => Some(reading.now.duration_since(mark).max(SignedDuration::ZERO)),
            _ => None,
        };
        let revision = last.map(|last| last.revision);
        Ok(Self {
            journal,
            clock,
            stream,
            file,
            gap,
            known: Mutex::new(Known { watch, revision, confirmed, told, told_at: None }),
            noticed: Notify::new(),
            writing: tokio::sync::Mutex::default(),
        })
    }

    /// Whether the wall clock can be believed at this moment: it is read, so that nobody acts on a clock that was set a
    /// moment ago.
    pub fn state(&self) -> TrustState {
        let mut known = self.known();
        let before = known.watch.doubt();
        known.watch.observe(self.reading());
        match known.watch.doubt() {
            None => TrustState::Trusted,
            Some(doubt) => {
                if before.is_none() {
                    // So that it is an event soon.
                    self.noticed.notify_one();
                }
                TrustState::Doubted { since: doubt.to, doubt }
            }
        }
    }

    /// How long nothing ran before this process, to about ten seconds; `None` when that cannot be said: it never ran,
    /// or the clock was doubted at the start.
    pub const fn gap(&self) -> Option<SignedDuration> {
        self.gap
    }

    /// The latest instant that was seen and believed.
    pub fn mark(&self) -> Option<Timestamp> {
        self.known().watch.mark()
    }

    /// Somebody says that the clock is right as it is. `false`: nobody doubted it.
    pub async fn confirm(&self, by: &str, why: &str) -> Result<bool, JournalError> {
        // What is confirmed is on record first.
        self.step().await?;
        for _ in 0..TRIES {
            let writing = self.writing.lock().await;
            self.look().await?;
            let (noted, expected) = {
                let known = self.known();
                if known.watch.doubt().is_none() {
                    return Ok(false);
                }
                let noted = ClockNoted {
                    mark: self.clock.now(),
                    doubt: None,
                    confirmed: known.confirmed + 1,
                    by: Some(by.to_owned()),
                    why: Some(why.to_owned()),
                };
                (noted, known.revision)
            };
            if self.tell(TRUSTED, &noted, expected).await? {
                {
                    let mut known = self.known();
                    known.watch.trust(self.reading());
                    known.confirmed = noted.confirmed;
                }
                tracing::warn!(clock = %self.stream, by, why, "the clock is trusted again");
                drop(writing);
                self.keep().await;
                return Ok(true);
            }
        }
        Err(JournalError::Unavailable("the clock's stream does not come to rest".to_owned()))
    }

    /// Watches for as long as the process lives.
    pub async fn run(&self) {
        loop {
            if let Err(error) = self.step().await {
                tracing::warn!(clock = %self.stream, %error, "the clock's mark cannot be recorded, waiting");
            }
            tokio::select! {
                () = tokio::time::sleep(FILE_EVERY) => {}
                () = self.noticed.notified() => {}
            }
        }
    }

    /// Reads the clock, and writes down what is to be written down now.
    pub async fn step(&self) -> Result<(), JournalError> {
        let writing = self.writing.lock().await;
        // Others may have confirmed the clock.
        self.look().await?;
        let due = {
            let mut known = self.known();
            let reading = self.reading();
            known.watch.observe(reading);
            let doubt = known.watch.doubt();
            let news = doubt.filter(|_| doubt != known.told);
            let hourly = known.told_at.is_none_or(|at| reading.ran - at >= EVENT_EVERY) && doubt.is_none();
            let kind = if news.is_some() { DOUBTED } else { OBSERVED };
            let mark = known.watch.mark().unwrap_or(reading.now);
            let noted = ClockNoted { mark, doubt, confirmed: known.confirmed, by: None, why: None };
            (news.is_some() || hourly).then_some((kind, noted, known.revision))
        };
        if let Some((kind, noted, expected)) = due {
            if let Some(doubt) = noted.doubt {
                tracing::error!(
                    clock = %self.stream, from = %doubt.from, to = %doubt.to,
                    "{}: what depends on it waits for somebody to confirm it", doubt.why.words()
                );
            }
            self.tell(kind, &noted, expected).await?;
        }
        drop(writing);
        self.keep().await;
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reading(&self) -> Reading {
        Reading { now: self.clock.now(), ran: self.clock.ran() }
    }

    /// Takes note of what others appended.
    async fn look(&self) -> Result<(), JournalError> {
        let from = self.known().revision.map_or(0, |revision| revision + 1);
        let Some(last) = self.journal.read_stream(self.stream.clone(), from).await?.pop() else {
            return Ok(());
        };
        let noted: ClockNoted = last.decode()?;
        let mut known = self.known();
        known.revision = Some(last.revision);
        known.told = noted.doubt;
        if noted.confirmed > known.confirmed {
            known.confirmed = noted.confirmed;
            known.watch.trust(self.reading());
        }
        Ok(())
    }

    /// Appends; `false` when others did at the same moment.
    async fn tell(
        &self,
        kind: &'static str,
        noted: &ClockNoted,
        after: Option<u64>,
    ) -> Result<bool, JournalError> {
        let place = after.map_or_else(|| "first".to_owned(), |revision| revision.to_string());
        let now = self.clock.now();
        let id = EventId::derive(&[kind, self.stream.as_str(), &place, &now.to_string()]);
        let metadata = Metadata {
            correlation: id.0,
            causation: None,
            traceparent: None,
            schema: 1,
            actor: noted.by.clone().unwrap_or_else(|| "clock".to_owned()),
            occurred_at: now,
            recorded_at: None,
            received_at: now,
        };
        let event = NewEvent::encode(id, kind, noted, metadata)
            .map_err(|error| JournalError::Unavailable(format!("a clock cannot be noted: {error}")))?;
        let expected = after.map_or(Expected::NoStream, Expected::Revision);
        match self.journal.append(self.stream.clone(), expected, vec![event]).await {
            Ok(appended) => {
                let ran = self.clock.ran();
                let mut known = self.known();
                known.revision = Some(appended.revision);
                known.told = noted.doubt;
                known.told_at = Some(ran);
                Ok(true)
            }
            Err(AppendError::Conflict { .. }) => Ok(false),
            Err(AppendError::Journal(error)) => Err(error),
        }
    }

    /// Writes the file. It may fail: then the last event counts, which is an hour old at most.
    async fn keep(&self) {
        let Some(file) = &self.file else { return };
        let kept = {
            let known = self.known();
            known.watch.mark().map(|mark| Kept { mark, confirmed: known.confirmed })
        };
        let Some(bytes) = kept.and_then(|kept| serde_json::to_vec(&kept).ok()) else { return };
        let beside = file.with_extension("new");
        let written = match tokio::fs::write(&beside, bytes).await {
            Ok(()) => tokio::fs::rename(&beside, file).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            tracing::warn!(file = %file.display(), %error, "the clock's mark is not kept in its file");
        }
    }
}

/// What the file holds; nothing when it is not there, or torn.
async fn read(file: &std::path::Path) -> Option<Kept> {
    serde_json::from_slice(&tokio::fs::read(file).await.ok()?).ok()
}
