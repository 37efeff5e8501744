//! Subscriptions: pages as long as there are any, and then whenever the head moves.

use std::{sync::Arc, time::Duration};

use countersign_eventsourcing::journal::{Batch, Filter, JournalError, Position};
use futures::{StreamExt, stream, stream::BoxStream};
use tokio::sync::watch;

use crate::{journal::Shared, readers};

/// Most events of one batch.
const BATCH: usize = 1_000;
/// Before the first new try after an error; doubled up to the last one.
const FIRST_RETRY: Duration = Duration::from_millis(50);
/// Longest wait before a new try.
const LAST_RETRY: Duration = Duration::from_secs(2);

struct Follower {
    journal: Arc<Shared>,
    heads: watch::Receiver<Position>,
    filter: Filter,
    upto: Position,
    /// The reader knows that it has caught up, so it needs no batch that says so and nothing else.
    told: bool,
    retry: Duration,
    failed: bool,
}

pub(crate) fn follow(
    journal: Arc<Shared>,
    after: Position,
    filter: Filter,
) -> BoxStream<'static, Result<Batch, JournalError>> {
    let heads = journal.heads();
    let follower =
        Follower { journal, heads, filter, upto: after, told: false, retry: FIRST_RETRY, failed: false };
    stream::unfold(follower, |mut follower| async move {
        let item = follower.next().await;
        Some((item, follower))
    })
    .boxed()
}

impl Follower {
    async fn next(&mut self) -> Result<Batch, JournalError> {
        if self.failed {
            tokio::time::sleep(self.retry).await;
            self.retry = (self.retry * 2).min(LAST_RETRY);
        }
        loop {
            // Marked as seen before the file is read: whatever is appended after that wakes us.
            self.heads.mark_unchanged();
            let read =
                readers::read_page(self.journal.readers(), self.upto, self.filter.clone(), BATCH).await;
            self.failed = read.is_err();
            let batch = read?;
            self.retry = FIRST_RETRY;
            let news = batch.upto > self.upto || !batch.events.is_empty();
            self.upto = batch.upto;
            if news || batch.caught_up != self.told {
                self.told = batch.caught_up;
                return Ok(batch);
            }
            // The sender lives in `journal`, which we hold: this waits for news and for nothing else.
            let _ = self.heads.changed().await;
        }
    }
}
