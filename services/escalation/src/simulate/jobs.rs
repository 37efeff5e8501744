//! Simulations that are asked for over the API: one at a time, the others wait; results are kept in memory, bounded.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use countersign_contracts::api::escalation::{SimulateJob, SimulateReport};
use countersign_eventsourcing::{journal::Journal, publish::SharedPublishers};
use countersign_kernel::{Timestamp, derive_uuid};
use tokio::{runtime::Handle, sync::Semaphore};

use super::{Question, SimulateError, Watch, simulate};

/// Simulations that may wait or run at once; more are refused.
const MOST_UNFINISHED: usize = 8;
/// Results kept.
const MOST_RESULTS: usize = 8;

/// Too many wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{MOST_UNFINISHED} simulations wait already: wait for one, or cancel one")]
pub struct Busy;

/// All simulations of this process.
pub struct Jobs {
    turn: Arc<Semaphore>,
    shelf: Mutex<VecDeque<Arc<Job>>>,
    asked: std::sync::atomic::AtomicU64,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            shelf: Mutex::default(),
            asked: std::sync::atomic::AtomicU64::new(0),
        }
    }
}

struct Job {
    id: String,
    asked_at: Timestamp,
    watch: Watch,
    stage: Mutex<Stage>,
}

#[derive(Clone)]
enum Stage {
    Queued,
    Running,
    Done(Arc<SimulateReport>),
    Failed(String),
    Cancelled,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Job {
    fn stage(&self) -> Stage {
        lock(&self.stage).clone()
    }

    fn enter(&self, next: Stage) {
        let mut stage = lock(&self.stage);
        if !matches!(*stage, Stage::Cancelled) {
            *stage = next;
        }
    }

    fn finished(&self) -> bool {
        !matches!(self.stage(), Stage::Queued | Stage::Running)
    }

    fn view(&self) -> SimulateJob {
        let (done, total) = self.watch.progress();
        let (state, report, problem) = match self.stage() {
            Stage::Queued => ("queued", None, None),
            Stage::Running => ("running", None, None),
            Stage::Done(report) => ("done", Some(SimulateReport::clone(&report)), None),
            Stage::Failed(problem) => ("failed", None, Some(problem)),
            Stage::Cancelled => ("cancelled", None, None),
        };
        SimulateJob {
            id: self.id.clone(),
            state: state.to_owned(),
            asked_at: self.asked_at,
            events_done: done,
            events_total: total,
            report,
            problem,
        }
    }
}

/// Stops a simulation when its task is dropped, as it is when the process ends.
struct StopWithTask(Arc<Job>);

impl Drop for StopWithTask {
    fn drop(&mut self) {
        self.0.watch.stop();
    }
}

impl Jobs {
    /// Begins a simulation, or lets it wait for its turn. Must be called on the runtime.
    pub(crate) fn ask(
        &self,
        journal: Arc<dyn Journal>,
        publishers: SharedPublishers,
        question: Question,
        now: Timestamp,
    ) -> Result<SimulateJob, Busy> {
        let number = self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let job = Arc::new(Job {
            id: derive_uuid("simulation", &[&now.to_string(), &number.to_string()]).to_string(),
            asked_at: now,
            watch: Watch::default(),
            stage: Mutex::new(Stage::Queued),
        });
        {
            let mut shelf = lock(&self.shelf);
            if shelf.iter().filter(|job| !job.finished()).count() >= MOST_UNFINISHED {
                return Err(Busy);
            }
            while shelf.iter().filter(|job| job.finished()).count() >= MOST_RESULTS {
                let Some(oldest) = shelf.iter().position(|job| job.finished()) else { break };
                shelf.remove(oldest);
            }
            shelf.push_back(Arc::clone(&job));
        }
        let (turn, begun) = (Arc::clone(&self.turn), Arc::clone(&job));
        tokio::spawn(async move {
            let stop = StopWithTask(begun);
            let job = &stop.0;
            let Ok(_turn) = turn.acquire().await else { return };
            if job.finished() {
                return;
            }
            job.enter(Stage::Running);
            let (working, runtime) = (Arc::clone(job), Handle::current());
            let work = tokio::task::spawn_blocking(move || {
                runtime.block_on(simulate(journal.as_ref(), &publishers, &question, &working.watch))
            });
            job.enter(match work.await {
                Ok(Ok(report)) => Stage::Done(Arc::new(report)),
                Ok(Err(SimulateError::Stopped)) => Stage::Cancelled,
                Ok(Err(error)) => Stage::Failed(error.to_string()),
                Err(_) => Stage::Failed("a fault in Countersign: the log of the server says more".to_owned()),
            });
        });
        Ok(job.view())
    }

    /// Where a simulation stands; `None` when there is none with this id (any more).
    pub(crate) fn view(&self, id: &str) -> Option<SimulateJob> {
        lock(&self.shelf).iter().find(|job| job.id == id).map(|job| job.view())
    }

    /// Stops one that waits or runs; lets the result of one that has ended go. `false`: there is none.
    pub(crate) fn cancel(&self, id: &str) -> bool {
        let mut shelf = lock(&self.shelf);
        let Some(job) = shelf.iter().find(|job| job.id == id).cloned() else { return false };
        if job.finished() {
            shelf.retain(|known| known.id != id);
        } else {
            job.enter(Stage::Cancelled);
            job.watch.stop();
        }
        true
    }
}
