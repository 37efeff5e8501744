//! Runs that are asked for over the API: one at a time, the others wait; results are kept in memory, bounded.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use countersign_contracts::api::{WhatIfJob, WhatIfState};
use countersign_eventsourcing::journal::Journal;
use countersign_kernel::{Timestamp, derive_uuid};
use tokio::{runtime::Handle, sync::Semaphore};

use super::{Answer, Question, run};
use crate::{
    domain::reference::Reference,
    recorded::{HistoryError, Watch},
};

/// Runs that may wait or run at once; more are refused.
const MOST_UNFINISHED: usize = 16;
/// Results kept.
const MOST_RESULTS: usize = 8;
/// Rows of all results kept: some 300 MB.
const MOST_ROWS: usize = 1_000_000;

/// What [`WhatIfJob::kept`] says.
const KEPT: &str = "The last 8 results are kept in memory (1,000,000 rows at the most, the newest in any case), until \
                    this process ends. The same question to the same journal position gives the same answer.";

/// Too many runs wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{MOST_UNFINISHED} what-if runs wait already: wait for one, or cancel one")]
pub struct Busy;

/// All runs of this process.
#[derive(Debug)]
pub struct Jobs {
    turn: Arc<Semaphore>,
    shelf: Arc<Mutex<Shelf>>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), shelf: Arc::default() }
    }
}

/// Runs in the order in which they were asked for.
#[derive(Debug, Default)]
struct Shelf {
    asked: u64,
    jobs: VecDeque<Arc<Job>>,
}

/// One run.
#[derive(Debug)]
struct Job {
    id: String,
    asked_at: Timestamp,
    watch: Watch,
    stage: Mutex<Stage>,
}

#[derive(Debug, Clone)]
enum Stage {
    Queued,
    Running,
    Done(Arc<Answer>),
    Failed(String),
    Cancelled,
}

/// Ends the blocking part of a run when its task is dropped, as it is when the process ends.
struct EndWithTask(Arc<Job>);

impl Drop for EndWithTask {
    fn drop(&mut self) {
        self.0.watch.stop();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Job {
    fn stage(&self) -> Stage {
        lock(&self.stage).clone()
    }

    /// Enters a stage; one that was cancelled stays so.
    fn enter(&self, next: Stage) {
        let mut stage = lock(&self.stage);
        if !matches!(*stage, Stage::Cancelled) {
            *stage = next;
        }
    }

    fn finished(&self) -> bool {
        !matches!(self.stage(), Stage::Queued | Stage::Running)
    }

    fn rows(&self) -> usize {
        match self.stage() {
            Stage::Done(answer) => answer.len(),
            _ => 0,
        }
    }

    fn view(&self) -> WhatIfJob {
        let (charts_done, charts_total) = self.watch.progress();
        let (state, report, problem) = match self.stage() {
            Stage::Queued => (WhatIfState::Queued, None, None),
            Stage::Running => (WhatIfState::Running, None, None),
            Stage::Done(answer) => (WhatIfState::Done, Some(answer.report.clone()), None),
            Stage::Failed(problem) => (WhatIfState::Failed, None, Some(problem)),
            Stage::Cancelled => (WhatIfState::Cancelled, None, None),
        };
        WhatIfJob {
            id: self.id.clone(),
            state,
            asked_at: self.asked_at,
            charts_done,
            charts_total,
            report,
            problem,
            kept: KEPT.to_owned(),
        }
    }
}

impl Shelf {
    fn find(&self, id: &str) -> Option<Arc<Job>> {
        self.jobs.iter().find(|job| job.id == id).cloned()
    }

    /// Lets the oldest results go, as far as there are too many.
    fn tidy(&mut self) {
        loop {
            let finished: Vec<usize> =
                (0..self.jobs.len()).filter(|index| self.jobs[*index].finished()).collect();
            let rows: usize = self.jobs.iter().map(|job| job.rows()).sum();
            match finished.as_slice() {
                [oldest, _, ..] if finished.len() > MOST_RESULTS || rows > MOST_ROWS => {
                    self.jobs.remove(*oldest);
                }
                _ => return,
            }
        }
    }
}

impl Jobs {
    /// Begins a run, or lets it wait for its turn. Must be called on the runtime.
    pub fn ask(
        &self,
        journal: Arc<dyn Journal>,
        published: Arc<Reference>,
        question: Question,
        now: Timestamp,
    ) -> Result<WhatIfJob, Busy> {
        let job = {
            let mut shelf = lock(&self.shelf);
            if shelf.jobs.iter().filter(|job| !job.finished()).count() >= MOST_UNFINISHED {
                return Err(Busy);
            }
            shelf.asked += 1;
            let job = Arc::new(Job {
                id: derive_uuid("what-if", &[&now.to_string(), &shelf.asked.to_string()]).to_string(),
                asked_at: now,
                watch: Watch::default(),
                stage: Mutex::new(Stage::Queued),
            });
            shelf.jobs.push_back(Arc::clone(&job));
            job
        };
        let (turn, shelf, begun) = (Arc::clone(&self.turn), Arc::clone(&self.shelf), Arc::clone(&job));
        tokio::spawn(async move {
            let end = EndWithTask(begun);
            let job = &end.0;
            // Cancelled while it waited: it gives up its place.
            let Some(Ok(_turn)) = job.watch.unless_stopped(turn.acquire()).await else { return };
            job.enter(Stage::Running);
            let (working, runtime) = (Arc::clone(job), Handle::current());
            let work = tokio::task::spawn_blocking(move || {
                run(journal.as_ref(), &runtime, &published, &question, &working.watch)
            });
            job.enter(match work.await {
                Ok(Ok(answer)) => Stage::Done(Arc::new(answer)),
                Ok(Err(HistoryError::Stopped)) => Stage::Cancelled,
                Ok(Err(error)) => Stage::Failed(error.to_string()),
                Err(_) => Stage::Failed("a fault in Countersign: the log of the server says more".to_owned()),
            });
            lock(&shelf).tidy();
        });
        Ok(job.view())
    }

    /// Where a run stands; `None` when there is none with this id (any more).
    pub fn view(&self, id: &str) -> Option<WhatIfJob> {
        let job = lock(&self.shelf).find(id)?;
        Some(job.view())
    }

    /// The answer of a run that has one.
    pub fn answer(&self, id: &str) -> Option<Arc<Answer>> {
        let job = lock(&self.shelf).find(id)?;
        match job.stage() {
            Stage::Done(answer) => Some(answer),
            _ => None,
        }
    }

    /// Stops a run that waits or runs; lets the result of one that has ended go. `false`: there is none.
    pub fn cancel(&self, id: &str) -> bool {
        let mut shelf = lock(&self.shelf);
        let Some(job) = shelf.find(id) else { return false };
        if job.finished() {
            shelf.jobs.retain(|known| known.id != id);
        } else {
            job.enter(Stage::Cancelled);
            job.watch.stop();
            shelf.tidy();
        }
        true
    }
}
