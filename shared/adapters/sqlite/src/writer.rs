//! The one thread that writes: it takes whatever has queued up meanwhile into one transaction, so that many
//! appends share one flush of the disk and a lone one never waits for company.

use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use countersign_eventsourcing::journal::{AppendError, Appended, JournalError, Position};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    DataFolder,
    append::{Appender, Wanted},
    failure::{Severity, Stage, severity, unavailable},
    journal::{FatalHook, OpenError, Options},
};

type Answer = Result<Appended, AppendError>;

/// An append on its way to the writer.
pub(crate) struct Request {
    pub(crate) wanted: Wanted,
    /// Size of contents and metadata.
    pub(crate) bytes: usize,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// The thread, and the way to it.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. It keeps the folder for as long as it runs.
    pub(crate) fn start(
        connection: Connection,
        folder: Arc<DataFolder>,
        head: watch::Sender<Position>,
        options: &Options,
    ) -> Result<Self, OpenError> {
        let (queue, requests) = mpsc::channel(options.queue.max(1));
        let (started, outcome) = std::sync::mpsc::sync_channel(1);
        let options = options.clone();
        let thread = thread::Builder::new()
            .name("journal-writer".to_owned())
            .spawn(move || {
                let _folder = folder;
                match Appender::new(&connection) {
                    Ok(appender) => {
                        let _ = started.send(Ok(()));
                        let work = Work {
                            connection: &connection,
                            appender,
                            head,
                            options,
                            company: 1,
                            commit_time: Duration::ZERO,
                            broken: None,
                        };
                        work.run(requests);
                    }
                    Err(error) => {
                        let _ = started.send(Err(error));
                    }
                }
            })
            .map_err(OpenError::Folder)?;
        let writer = Self { queue: Some(queue), thread: Some(thread) };
        match outcome.recv() {
            Ok(Ok(())) => Ok(writer),
            Ok(Err(error)) => Err(OpenError::Sqlite(error)),
            Err(_) => Err(OpenError::Folder(std::io::Error::other("the writer did not start"))),
        }
    }

    /// Appends. When the caller gives up meanwhile, the events may be written or not; appending them again
    /// tells.
    pub(crate) async fn append(&self, wanted: Wanted, bytes: usize) -> Answer {
        let closed = || JournalError::Unavailable("the journal is closed".to_owned());
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue.send(Request { wanted, bytes, answer }).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

impl Drop for Writer {
    /// Lets the thread finish what is queued, so that the folder is free and the file is whole afterwards.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the journal's writer panicked");
        }
    }
}

/// What the thread works with.
struct Work<'c> {
    connection: &'c Connection,
    appender: Appender<'c>,
    head: watch::Sender<Position>,
    options: Options,
    /// How many appends shared the last transaction.
    company: usize,
    /// How long its commit took.
    commit_time: Duration,
    /// Why nothing is written any more, if the hook for fatal errors has let the process live on.
    broken: Option<String>,
}

impl Work<'_> {
    fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let group = self.gather(first, &mut requests);
            self.company = group.len();
            self.write(group);
            self.checkpoint();
        }
    }

    /// Takes what is queued. Writers whose answers have just left come back within microseconds, one by one:
    /// starting with the first of them alone would make all others wait for two commits instead of one. So as
    /// many as came together before are given a fraction of a commit's time to come together again. Whoever
    /// was alone does not wait.
    fn gather(&self, first: Request, requests: &mut mpsc::Receiver<Request>) -> Vec<Request> {
        let company = self.company.min(self.options.group_appends);
        let mut began = None;
        let mut bytes = first.bytes;
        let mut group = vec![first];
        while group.len() < self.options.group_appends && bytes < self.options.group_bytes {
            match requests.try_recv() {
                Ok(next) => {
                    bytes += next.bytes;
                    group.push(next);
                }
                Err(_) if group.len() >= company => break,
                Err(_) if began.get_or_insert_with(Instant::now).elapsed() > self.commit_time / 4 => break,
                Err(_) => thread::yield_now(),
            }
        }
        group
    }

    fn write(&mut self, group: Vec<Request>) {
        if let Some(reason) = &self.broken {
            for request in group {
                let _ = request.answer.send(Err(JournalError::Unavailable(reason.clone()).into()));
            }
            return;
        }
        match self.transact(&group) {
            Ok(answers) => {
                let last = answers.iter().flatten().map(|appended| appended.position).max();
                raise(&self.head, last.unwrap_or_default());
                for (request, answer) in group.into_iter().zip(answers) {
                    // Whoever asked may have given up.
                    let _ = request.answer.send(answer);
                }
            }
            Err((error, stage)) => {
                if severity(&error, stage) == Severity::OutcomeUnknown {
                    self.fail(&format!("the journal's file cannot be flushed: {error}"));
                } else if let Err(second) = self.appender.rollback() {
                    self.fail(&format!(
                        "a transaction of the journal cannot be undone: {second}, after {error}"
                    ));
                } else {
                    tracing::warn!(%error, appends = group.len(), "the journal refused a group of appends");
                }
                for request in group {
                    let _ = request.answer.send(Err(unavailable(&error).into()));
                }
            }
        }
    }

    /// One transaction. No answer leaves before it is on the disk, not even a conflict: what it conflicts
    /// with may be in the same transaction.
    fn transact(&mut self, group: &[Request]) -> Result<Vec<Answer>, (rusqlite::Error, Stage)> {
        let before = |error| (error, Stage::Transaction);
        self.appender.begin().map_err(before)?;
        let answers = group
            .iter()
            .map(|request| self.appender.append(&request.wanted))
            .collect::<rusqlite::Result<Vec<Answer>>>()
            .map_err(before)?;
        let began = Instant::now();
        self.appender.commit().map_err(|error| (error, Stage::Commit))?;
        self.commit_time = began.elapsed();
        Ok(answers)
    }

    /// Moves the log into the file when enough has gathered. An error here loses nothing: the log still has
    /// it all. But a flush that failed must not be tried again.
    fn checkpoint(&mut self) {
        if self.broken.is_some() {
            return;
        }
        let outcome = self.log_pages("PRAGMA wal_checkpoint(NOOP)").and_then(|(logged, moved)| {
            if logged - moved < i64::from(self.options.checkpoint_pages) {
                return Ok(());
            }
            self.log_pages("PRAGMA wal_checkpoint(PASSIVE)").map(drop)
        });
        if let Err(error) = outcome {
            if severity(&error, Stage::Checkpoint) == Severity::OutcomeUnknown {
                self.fail(&format!("the journal's file cannot be flushed: {error}"));
            } else {
                tracing::warn!(%error, "the journal's log could not be moved into its file; it stays in the log");
            }
        }
    }

    /// Pages in the log, and how many of them are in the file too.
    fn log_pages(&self, pragma: &str) -> rusqlite::Result<(i64, i64)> {
        self.connection.prepare_cached(pragma)?.query_row([], |row| Ok((row.get(1)?, row.get(2)?)))
    }

    fn fail(&mut self, reason: &str) {
        tracing::error!(reason, "the journal ends the process: a restart recovers what is on the disk");
        let hook: &FatalHook = &self.options.on_fatal;
        hook(reason);
        self.broken = Some(reason.to_owned());
    }
}

/// Tells subscribers how far the journal reaches; never backwards.
pub(crate) fn raise(head: &watch::Sender<Position>, to: Position) {
    head.send_if_modified(|known| {
        let news = to > *known;
        *known = to.max(*known);
        news
    });
}
