//! The recorded history of all charts, in memory: read once from the journal, judged as often as one likes.
//!
//! What charts were told (and what people did to them) is kept as it is stored and decoded chart by chart
//! while it is judged, so that a year of a hospital fits into memory. What this service concluded itself is
//! passed over without decoding: it is what is to be judged anew.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use bytes::Bytes;
use countersign_eventsourcing::journal::{
    Filter, Journal, JournalError, Position, RecordedEvent, StreamName,
};
use countersign_kernel::Timestamp;
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::domain::{
    events::{CHART, Change, ChartEvent},
    state::ChartState,
};

/// Events of one page of the journal.
const PAGE: usize = 4_096;
/// Pages read ahead.
const PAGES_AHEAD: usize = 4;
/// Charts that a thread takes at a time: enough to share no cache line, few enough to end together.
const CHARTS_AT_A_TIME: usize = 16;

/// How far a long run is, and the way to stop it.
#[derive(Debug, Default)]
pub struct Watch {
    done: AtomicU64,
    total: AtomicU64,
    stopped: CancellationToken,
}

impl Watch {
    /// Charts judged, and charts to judge (0 while the record is being read).
    pub fn progress(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }

    /// Makes the run end at once, with nothing.
    pub fn stop(&self) {
        self.stopped.cancel();
    }

    /// Does something for as long as nobody stops the run; `None`: somebody did.
    pub async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.stopped.run_until_cancelled(work).await
    }

    fn go_on(&self) -> Result<(), HistoryError> {
        if self.stopped.is_cancelled() { Err(HistoryError::Stopped) } else { Ok(()) }
    }
}

/// The history cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// [`Watch::stop`] was called.
    #[error("stopped on request")]
    Stopped,
    /// Nothing was ever recorded about a chart.
    #[error("the journal has no chart: send messages first")]
    Empty,
}

/// What all charts were told, up to a position.
#[derive(Debug)]
pub struct Recorded {
    /// The journal's last position when it was read; everything up to it is here.
    pub position: Position,
    /// When the last message about a chart was received. `None`: no chart.
    pub last_received: Option<Timestamp>,
    charts: Vec<Vec<Stored>>,
}

/// An event as it is stored.
#[derive(Debug)]
struct Stored {
    position: Position,
    kind: Arc<str>,
    data: Bytes,
}

/// The part of a recorded fact that says when it came.
#[derive(Deserialize)]
struct Receipt {
    received_at: Timestamp,
}

/// Threads to judge on when nobody says how many: one for each core.
pub fn all_cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

impl Recorded {
    /// Reads the journal up to its present end. Blocks: not for async workers.
    pub fn read(journal: &dyn Journal, runtime: &Handle, watch: &Watch) -> Result<Self, HistoryError> {
        let head = runtime.block_on(journal.head())?;
        let mut last_received: Option<Timestamp> = None;
        let mut charts: HashMap<StreamName, Vec<Stored>> = HashMap::new();
        thread::scope(|scope| {
            let (pages, read) = mpsc::sync_channel(PAGES_AHEAD);
            let reader = scope.spawn(move || read_pages(journal, runtime, head, watch, &pages));
            for event in read.into_iter().flatten() {
                if &*event.kind == "facts-recorded" {
                    let receipt: Receipt = event.decode()?;
                    last_received = last_received.max(Some(receipt.received_at));
                }
                let RecordedEvent { position, stream, kind, data, .. } = event;
                charts.entry(stream).or_default().push(Stored { position, kind, data });
            }
            reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })?;
        Ok(Self { position: head, last_received, charts: charts.into_values().collect() })
    }

    /// How many charts there are.
    pub fn charts(&self) -> usize {
        self.charts.len()
    }

    /// Judges every chart, each once, on so many threads. The charts come in no particular order: sort what
    /// comes of them. Blocks: not for async workers.
    pub fn judge<T: Send>(
        &self,
        threads: NonZeroUsize,
        watch: &Watch,
        judge: impl Fn(&ChartState, &mut Vec<T>) + Sync,
    ) -> Result<Vec<T>, HistoryError> {
        watch.total.store(self.charts.len() as u64, Ordering::Relaxed);
        let next = AtomicUsize::new(0);
        let work = || -> Result<Vec<T>, HistoryError> {
            let mut made = Vec::new();
            loop {
                let first = next.fetch_add(CHARTS_AT_A_TIME, Ordering::Relaxed);
                let Some(charts) = self.charts.get(first..) else { return Ok(made) };
                for stored in charts.iter().take(CHARTS_AT_A_TIME) {
                    watch.go_on()?;
                    judge(&decode(stored)?, &mut made);
                    watch.done.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        let parts: Vec<Vec<T>> = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads.get()).map(|_| scope.spawn(work)).collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect::<Result<_, _>>()
        })?;
        Ok(parts.into_iter().flatten().collect())
    }
}

fn read_pages(
    journal: &dyn Journal,
    runtime: &Handle,
    head: Position,
    watch: &Watch,
    pages: &mpsc::SyncSender<Vec<RecordedEvent>>,
) -> Result<(), HistoryError> {
    let mut after = Position::START;
    while after < head {
        let page = journal.read_all(after, Filter::Categories(vec![CHART]), PAGE);
        let batch = runtime.block_on(watch.unless_stopped(page)).ok_or(HistoryError::Stopped)??;
        let mut events = batch.events;
        events.retain(|event| event.position <= head && !concluded(&event.kind));
        if pages.send(events).is_err() {
            // Whoever takes them met an error, and says so.
            return Ok(());
        }
        if batch.caught_up {
            break;
        }
        after = batch.upto;
    }
    Ok(())
}

/// Whether an event is a conclusion of this service, not something that a chart was told.
fn concluded(kind: &str) -> bool {
    const CONCLUSIONS: [Change; 7] = [
        Change::Opened,
        Change::Changed,
        Change::Satisfied,
        Change::Reopened,
        Change::Voided,
        Change::Waived,
        Change::Retracted,
    ];
    kind == "chart-described" || CONCLUSIONS.iter().any(|change| change.kind() == kind)
}

fn decode(stored: &[Stored]) -> Result<ChartState, HistoryError> {
    let mut state = ChartState::default();
    for Stored { position, kind, data } in stored {
        let event = ChartEvent::decode(kind, data).map_err(|error| {
            // What the decoder says may quote patient data: only kind and place of its complaint are kept.
            let reason =
                format!("{:?} error at line {} column {}", error.classify(), error.line(), error.column());
            JournalError::Undecodable { position: *position, kind: kind.to_string(), reason }
        })?;
        state.evolve(event);
    }
    Ok(state)
}
