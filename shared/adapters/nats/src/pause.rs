//! Waiting between attempts.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::sync::watch;

use crate::connection::Link;

const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// Delays that grow with every failure in a row, with jitter.
pub(crate) struct Pause {
    delays: ExponentialBackoff,
    due: Option<Duration>,
}

impl Pause {
    pub(crate) fn new() -> Self {
        let delays = ExponentialBuilder::default()
            .with_min_delay(SHORTEST)
            .with_max_delay(LONGEST)
            .without_max_times()
            .with_jitter()
            .build();
        Self { delays, due: None }
    }

    /// The attempt failed: the next [`wait`](Self::wait) takes longer than the last.
    pub(crate) fn failed(&mut self) {
        self.due = Some(self.delays.next().unwrap_or(LONGEST));
    }

    /// There was success: the next failure starts again with the shortest delay.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::new();
    }

    /// Waits if the last attempt failed; not longer than until the connection changes.
    pub(crate) async fn wait(&mut self, link: &mut watch::Receiver<Link>) {
        if let Some(due) = self.due.take() {
            tokio::select! {
                () = tokio::time::sleep(due) => {}
                Ok(()) = link.changed() => {}
            }
        }
    }
}
