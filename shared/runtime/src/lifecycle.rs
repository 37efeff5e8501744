//! Start, stop and failure of a process.
//!
//! Everything that runs for long is a named loop of one [`Life`]. A loop that ends with an error, panics, or
//! simply ends although nobody asked it to, stops the others and becomes the reason with which the process
//! ends. SIGTERM and SIGINT ask for a stop; loops then have a limited time to finish what they hold; a second
//! signal ends the process at once.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long loops may take to finish after a stop was asked for. Less than the 30 seconds that container
/// platforms grant by default, so that the reason can still be told.
pub const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Why a process ended other than by an orderly stop.
#[derive(Debug, thiserror::Error)]
pub enum LifeError {
    /// A loop gave up.
    #[error("{name} failed: {reason:#}")]
    Failed {
        /// The loop.
        name: Cow<'static, str>,
        /// Its error.
        reason: anyhow::Error,
    },
    /// A loop panicked. Where, stands in the log (the message may hold patient data and is withheld).
    #[error("{name} panicked; the log says where. This is a fault in Countersign")]
    Panicked {
        /// The loop.
        name: Cow<'static, str>,
    },
    /// A loop ended although no stop was asked for.
    #[error("{name} ended although no stop was asked for. This is a fault in Countersign")]
    EndedEarly {
        /// The loop.
        name: Cow<'static, str>,
    },
    /// Loops did not finish in time after a stop was asked for. The journal holds everything that was
    /// acknowledged; the next start continues from there.
    #[error("not finished {limit:?} after the stop was asked for: {}", running.join(", "))]
    StopTookTooLong {
        /// The time they had.
        limit: Duration,
        /// Those that still ran.
        running: Vec<Cow<'static, str>>,
    },
    /// A second signal ended the wait.
    #[error("ended at once by a second signal while {} still ran", running.join(", "))]
    Interrupted {
        /// Those that still ran.
        running: Vec<Cow<'static, str>>,
    },
    /// Signals cannot be received here.
    #[error("cannot listen for signals: {0}")]
    NoSignals(std::io::Error),
}

/// The life of this process: a handle, cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Life(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    token: CancellationToken,
    tracker: TaskTracker,
    first_failure: Mutex<Option<LifeError>>,
    running: Mutex<BTreeMap<u64, Cow<'static, str>>>,
    next: AtomicU64,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Loop,
    Task,
}

impl Life {
    /// A life in which nothing runs yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Is cancelled when the process is to stop. Loops select on it.
    pub fn stopping(&self) -> CancellationToken {
        self.0.token.clone()
    }

    /// Asks every loop to stop.
    pub fn stop(&self) {
        self.0.token.cancel();
    }

    /// Runs a loop. It gets the token to select on, must not end before the token is cancelled, and returns
    /// soon after.
    pub fn spawn<Make, Run, E>(&self, name: impl Into<Cow<'static, str>>, make: Make)
    where
        Make: FnOnce(CancellationToken) -> Run,
        Run: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<anyhow::Error> + Send + 'static,
    {
        self.start(name.into(), Kind::Loop, make(self.stopping()));
    }

    /// Runs a task that may end by itself; only an error or a panic stops the process.
    pub fn spawn_task<Make, Run, E>(&self, name: impl Into<Cow<'static, str>>, make: Make)
    where
        Make: FnOnce(CancellationToken) -> Run,
        Run: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<anyhow::Error> + Send + 'static,
    {
        self.start(name.into(), Kind::Task, make(self.stopping()));
    }

    /// Stops the process for a reason that arose outside a loop, e.g. on a thread of its own. The first
    /// reason counts.
    pub fn fail(&self, name: impl Into<Cow<'static, str>>, reason: impl Into<anyhow::Error>) {
        self.0.fail(LifeError::Failed { name: name.into(), reason: reason.into() });
    }

    /// Waits for a signal, for [`Life::stop`] or for a failure; then gives the loops `limit` to finish.
    ///
    /// # Errors
    /// Why it was not an orderly stop. `main` returns this, so that the process ends non-zero and says it.
    pub async fn wait(self, limit: Duration) -> Result<(), LifeError> {
        let mut signals = Signals::listen().map_err(LifeError::NoSignals)?;
        let inner = &self.0;
        tokio::select! {
            () = inner.token.cancelled() => {}
            name = signals.next() => {
                tracing::info!(signal = name, "stopping");
                inner.token.cancel();
            }
        }
        inner.tracker.close();
        let late = tokio::select! {
            biased;
            () = inner.tracker.wait() => None,
            () = tokio::time::sleep(limit) => Some(LifeError::StopTookTooLong { limit, running: inner.running() }),
            _ = signals.next() => Some(LifeError::Interrupted { running: inner.running() }),
        };
        // what went wrong first explains what is late
        let first = inner.first_failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        first.or(late).map_or(Ok(()), Err)
    }

    fn start<Run, E>(&self, name: Cow<'static, str>, kind: Kind, run: Run)
    where
        Run: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<anyhow::Error> + Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        let id = inner.next.fetch_add(1, Ordering::Relaxed);
        inner.running.lock().unwrap_or_else(PoisonError::into_inner).insert(id, name.clone());
        tracing::debug!(name = %name, "started");
        // a task of its own, because its panic arrives as a value
        let work = tokio::spawn(run);
        self.0.tracker.spawn(async move {
            let ended = work.await;
            inner.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            match ended {
                Ok(Ok(())) if kind == Kind::Loop && !inner.token.is_cancelled() => {
                    inner.fail(LifeError::EndedEarly { name });
                }
                Ok(Ok(())) => tracing::debug!(name = %name, "ended"),
                Ok(Err(reason)) => inner.fail(LifeError::Failed { name, reason: reason.into() }),
                Err(error) if error.is_panic() => inner.fail(LifeError::Panicked { name }),
                Err(_) => tracing::debug!(name = %name, "aborted with the runtime"),
            }
        });
    }
}

impl Inner {
    fn fail(&self, failure: LifeError) {
        tracing::error!(reason = %failure, "stopping, because of a failure");
        let mut first = self.first_failure.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(failure);
        self.token.cancel();
    }

    fn running(&self) -> Vec<Cow<'static, str>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "the same shape as on Unix")]
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(5);

    async fn until_stop(stop: CancellationToken) -> anyhow::Result<()> {
        stop.cancelled().await;
        Ok(())
    }

    #[tokio::test]
    async fn a_stop_lets_every_loop_finish_its_work() {
        // given a loop that still has something to do after the stop
        let life = Life::new();
        let (done, finished) = tokio::sync::oneshot::channel();
        life.spawn("writer", |stop| async move {
            stop.cancelled().await;
            tokio::task::yield_now().await;
            done.send("flushed").map_err(anyhow::Error::msg)
        });
        // when
        life.stop();
        // then it was waited for
        life.wait(SOON).await.expect("an orderly stop");
        assert_eq!(finished.await, Ok("flushed"));
    }

    #[tokio::test]
    async fn a_loop_that_fails_ends_the_others_and_is_the_reason() {
        let life = Life::new();
        life.spawn("healthy", until_stop);
        life.spawn("relay", |_| async {
            Err::<(), _>(anyhow::anyhow!("disk full").context("cannot append"))
        });
        let reason = life.wait(SOON).await.expect_err("not an orderly stop");
        assert_eq!(reason.to_string(), "relay failed: cannot append: disk full");
    }

    #[tokio::test]
    async fn a_panic_is_a_reason_and_its_message_stays_inside() {
        let life = Life::new();
        life.spawn("healthy", until_stop);
        life.spawn("reader", |_| async {
            let surname = "MARKER";
            assert_eq!(surname, "other", "a patient");
            Ok::<(), anyhow::Error>(())
        });
        let reason = life.wait(SOON).await.expect_err("not an orderly stop");
        assert!(matches!(&reason, LifeError::Panicked { name } if name == "reader"), "{reason}");
        assert!(!format!("{reason} {reason:?}").contains("MARKER"));
    }

    #[tokio::test]
    async fn a_loop_that_just_ends_is_a_fault_and_a_task_is_not() {
        let life = Life::new();
        life.spawn_task("import", |_| async { Ok::<(), anyhow::Error>(()) });
        life.spawn("timer", |_| async { Ok::<(), anyhow::Error>(()) });
        let reason = life.wait(SOON).await.expect_err("not an orderly stop");
        assert!(matches!(&reason, LifeError::EndedEarly { name } if name == "timer"), "{reason}");
    }

    #[tokio::test]
    async fn a_loop_that_does_not_stop_is_named_after_the_limit() {
        let life = Life::new();
        life.spawn("stuck", |_| std::future::pending::<anyhow::Result<()>>());
        life.spawn("fine", until_stop);
        life.stop();
        let reason = life.wait(Duration::from_millis(50)).await.expect_err("too late");
        assert_eq!(reason.to_string(), "not finished 50ms after the stop was asked for: stuck");
    }

    #[tokio::test]
    async fn a_failure_outside_a_loop_counts_and_the_first_one_wins() {
        let life = Life::new();
        life.spawn("healthy", until_stop);
        life.fail("journal writer", anyhow::anyhow!("fsync failed"));
        life.fail("journal writer", anyhow::anyhow!("second"));
        let reason = life.wait(SOON).await.expect_err("not an orderly stop");
        assert_eq!(reason.to_string(), "journal writer failed: fsync failed");
    }
}
