//! A consumer works through a feed. Partitions proceed side by side, each in order. The consumer's place is
//! its own: kept in its own file, not in the transport, and moved only after the effects are durable. It stays
//! before the first event whose effects are not, however far other partitions have come.
//!
//! **Effects happen once.** A consumer's effects are appends to the journal whose event ids are derived from
//! the delivered event, under an expected revision; a delivery that comes again finds its effect in the
//! stream. So a crash between effect and checkpoint repeats work, never effects.
//!
//! **Poison.** An event that a handler cannot process stops its partition: later events of that partition
//! wait, other partitions go on, the reason is shown, and only an operator's `resume` or (recorded) `skip`
//! moves it. So does one over which a handler panics: were it to end the process, it would end the next one, too.

mod passed_over;
#[cfg(test)]
mod tests;
mod under_way;

use std::{
    panic::AssertUnwindSafe,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use countersign_contracts::{Envelope, Partition};
use countersign_kernel::{Clock, EventId, Timestamp};
use futures::{FutureExt, StreamExt};
use rusqlite::{Connection, OptionalExtension, params};
use tokio::{
    sync::watch,
    task::{JoinError, JoinSet},
};

use crate::{
    feed::{Cursor, Deliveries, Delivery, Feed, Subscription},
    journal::{PortFuture, Position},
};
pub use passed_over::{Consuming, DeliverySkipped, OPERATOR, SkipError, recall_skips, skip};
use under_way::{Numbered, UnderWay};

/// Events that may wait or be worked on at once: enough that no partition idles while another is slow.
const MOST_UNDER_WAY: usize = 1024;
/// How often the place is written down while there is much to do.
const RECORD_EVERY: Duration = Duration::from_millis(50);
/// Why a partition stands still when a handler panicked over an event.
const PANICKED: &str = "a fault in Countersign: the handler panicked, and the log says where";

/// Why a handler did not process an event.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// Something is unavailable now: the consumer waits and tries again.
    #[error("{0}")]
    Retry(String),
    /// The event itself cannot be processed: the partition stops.
    #[error("{0}")]
    Poison(String),
}

/// Processes one event at a time per partition.
pub trait Handler: Send + Sync + 'static {
    /// Processes an event. On `Ok` its effects are durable.
    fn handle<'a>(&'a self, event: &'a Envelope) -> PortFuture<'a, Result<(), HandleError>>;
}

/// A partition that stands still.
#[derive(Debug, Clone, PartialEq)]
pub struct Stopped {
    /// Which one.
    pub partition: Partition,
    /// The event that could not be processed.
    pub event: EventId,
    /// Its type.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// Where the partition resumes.
    pub before: Cursor,
}

/// The consumer's own file: how far it came, which partitions stand still, what is to be passed over.
pub struct Checkpoints {
    connection: Mutex<Connection>,
}

/// The checkpoint file failed.
#[derive(Debug, thiserror::Error)]
#[error("consumer checkpoints: {0}")]
pub struct CheckpointError(#[from] rusqlite::Error);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS place (
        consumer TEXT PRIMARY KEY, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, position INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS stopped (
        consumer TEXT NOT NULL, partition INTEGER NOT NULL, event TEXT NOT NULL, kind TEXT NOT NULL,
        reason TEXT NOT NULL, since TEXT NOT NULL,
        epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, position INTEGER NOT NULL,
        PRIMARY KEY (consumer, partition)
    );
    CREATE TABLE IF NOT EXISTS skipped (
        consumer TEXT NOT NULL, event TEXT NOT NULL, PRIMARY KEY (consumer, event)
    );";

impl Checkpoints {
    /// Opens the file, making it when there is none.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 10000;",
        )?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    fn sql(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far the consumer came.
    pub fn place(&self, consumer: &str) -> Result<Option<Cursor>, CheckpointError> {
        Ok(self
            .sql()
            .query_row("SELECT epoch, sequence, position FROM place WHERE consumer = ?1", [consumer], |row| {
                Ok(Cursor { epoch: row.get(0)?, sequence: row.get(1)?, position: Position(row.get(2)?) })
            })
            .optional()?)
    }

    /// Keeps how far a reader of the journal itself came, under a name of its own.
    pub fn keep_place(&self, reader: &str, position: Position) -> Result<(), CheckpointError> {
        self.record(reader, Cursor { epoch: 0, sequence: 0, position }, &[])
    }

    fn record(
        &self,
        consumer: &str,
        place: Cursor,
        newly_stopped: &[Stopped],
    ) -> Result<(), CheckpointError> {
        let mut sql = self.sql();
        let tx = sql.transaction()?;
        tx.prepare_cached(
            "INSERT INTO place VALUES (?1, ?2, ?3, ?4) ON CONFLICT (consumer) DO UPDATE
             SET epoch = excluded.epoch, sequence = excluded.sequence, position = excluded.position",
        )?
        .execute(params![consumer, place.epoch, place.sequence, place.position.0])?;
        for stop in newly_stopped {
            tx.execute(
                "INSERT OR REPLACE INTO stopped VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    consumer,
                    stop.partition.number(),
                    stop.event.to_string(),
                    stop.kind,
                    stop.reason,
                    stop.since.to_string(),
                    stop.before.epoch,
                    stop.before.sequence,
                    stop.before.position.0
                ],
            )?;
        }
        Ok(tx.commit()?)
    }

    /// The partitions that stand still.
    pub fn stopped(&self, consumer: &str) -> Result<Vec<Stopped>, CheckpointError> {
        let sql = self.sql();
        let mut statement = sql.prepare_cached(
            "SELECT partition, event, kind, reason, since, epoch, sequence, position
             FROM stopped WHERE consumer = ?1 ORDER BY partition",
        )?;
        let rows = statement.query_map([consumer], |row| {
            let text = |index| row.get::<_, String>(index);
            Ok(Stopped {
                partition: Partition::new(row.get(0)?)
                    .ok_or(rusqlite::Error::IntegralValueOutOfRange(0, 0))?,
                event: text(1)?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
                kind: text(2)?,
                reason: text(3)?,
                since: text(4)?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
                before: Cursor { epoch: row.get(5)?, sequence: row.get(6)?, position: Position(row.get(7)?) },
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn is_skipped(&self, consumer: &str, event: EventId) -> Result<bool, CheckpointError> {
        Ok(self
            .sql()
            .prepare_cached("SELECT 1 FROM skipped WHERE consumer = ?1 AND event = ?2")?
            .exists(params![consumer, event.to_string()])?)
    }

    /// Moves the consumer back to before the first event at which a partition stands, and forgets that any
    /// stands. What other partitions did since is delivered again, and found done.
    fn rewind(&self, consumer: &str) -> Result<(), CheckpointError> {
        let first = self.stopped(consumer)?.into_iter().map(|stop| stop.before).min_by_key(|at| at.position);
        if let Some(Cursor { epoch, sequence, position }) = first {
            let mut sql = self.sql();
            let tx = sql.transaction()?;
            tx.execute(
                "UPDATE place SET epoch = ?2, sequence = ?3, position = ?4 WHERE consumer = ?1",
                params![consumer, epoch, sequence.saturating_sub(1), position.0.saturating_sub(1)],
            )?;
            tx.execute("DELETE FROM stopped WHERE consumer = ?1", [consumer])?;
            tx.commit()?;
        }
        Ok(())
    }

    fn pass_over(&self, consumer: &str, event: EventId) -> Result<(), CheckpointError> {
        self.sql()
            .execute("INSERT OR IGNORE INTO skipped VALUES (?1, ?2)", params![consumer, event.to_string()])?;
        Ok(())
    }
}

/// A running consumer.
pub struct Consumer {
    name: &'static str,
    categories: Vec<&'static str>,
    feed: Arc<dyn Feed>,
    checkpoints: Arc<Checkpoints>,
    handler: Arc<dyn Handler>,
    clock: Arc<dyn Clock>,
    place: watch::Sender<Cursor>,
    wake: watch::Sender<u64>,
}

impl Consumer {
    /// A consumer of these categories. `name` identifies its checkpoint.
    pub fn new(
        name: &'static str,
        categories: Vec<&'static str>,
        feed: Arc<dyn Feed>,
        checkpoints: Arc<Checkpoints>,
        handler: Arc<dyn Handler>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CheckpointError> {
        let place = checkpoints.place(name)?.unwrap_or_default();
        Ok(Self {
            name,
            categories,
            feed,
            checkpoints,
            handler,
            clock,
            place: watch::Sender::new(place),
            wake: watch::Sender::new(0),
        })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How far the feed has been worked through (stopped partitions aside).
    pub fn place(&self) -> Cursor {
        *self.place.borrow()
    }

    /// Waits until everything up to a journal position has been worked through, at most for `limit`.
    pub async fn wait_for(&self, position: Position, limit: Duration) -> bool {
        let mut place = self.place.subscribe();
        tokio::time::timeout(limit, place.wait_for(|now| now.position >= position))
            .await
            .is_ok_and(|result| result.is_ok())
    }

    /// The partitions that stand still.
    pub fn stopped(&self) -> Result<Vec<Stopped>, CheckpointError> {
        self.checkpoints.stopped(self.name)
    }

    /// Lets the stopped partitions try again, after whatever was wrong has been put right.
    pub fn resume(&self) {
        self.wake.send_modify(|count| *count += 1);
    }

    /// From now on this event is passed over when it cannot be processed. Who decided so, and why, is in the journal
    /// ([`skip`]): this file may be deleted.
    fn pass_over(&self, event: EventId) -> Result<(), CheckpointError> {
        self.checkpoints.pass_over(self.name, event)
    }

    /// Works for as long as the process lives.
    pub async fn run(&self) -> Result<(), CheckpointError> {
        loop {
            let wanted = *self.wake.borrow();
            self.run_until_woken(wanted, false).await?;
        }
    }

    /// Works through everything the feed holds now, and returns: for commands that run without a server.
    pub async fn catch_up(&self) -> Result<(), CheckpointError> {
        let wanted = *self.wake.borrow();
        self.run_until_woken(wanted, true).await
    }

    /// One subscription's worth of work: ends when an operator wants a stopped partition to try again.
    async fn run_until_woken(&self, wake_seen: u64, until_caught_up: bool) -> Result<(), CheckpointError> {
        let mut wake = self.wake.subscribe();
        self.checkpoints.rewind(self.name)?;
        let after = self.checkpoints.place(self.name)?;
        self.place.send_replace(after.unwrap_or_default());
        let mut deliveries = self.feed.subscribe(Subscription {
            consumer: self.name.to_owned(),
            categories: self.categories.clone(),
            after,
        });
        let mut work = Work::new(self);
        // Whether anything more is taken from the feed.
        let mut open = true;
        while open || !work.running.is_empty() {
            tokio::select! {
                biased;
                Some(finished) = work.running.join_next() => work.finished(finished)?,
                _ = wake.wait_for(|count| *count != wake_seen), if open => {
                    open = false;
                    work.under_way.leave_waiting();
                }
                next = deliveries.next(), if open && work.under_way.len() < MOST_UNDER_WAY => match next {
                    None => open = false,
                    Some(Ok(batch)) => {
                        open = !(until_caught_up && batch.caught_up);
                        work.take(batch);
                    }
                    Some(Err(error)) => {
                        tracing::warn!(consumer = self.name, %error, "feed interrupted, waiting");
                    }
                },
            }
            work.advance()?;
        }
        Ok(())
    }
}

/// One subscription's work.
struct Work<'c> {
    consumer: &'c Consumer,
    /// How far deliveries have been taken.
    taken: Cursor,
    under_way: UnderWay,
    running: JoinSet<Finished>,
    /// Partitions that stand still.
    stopped: Vec<Partition>,
    /// Stops that are not recorded yet.
    newly_stopped: Vec<Stopped>,
    /// The place as recorded, and when that was.
    recorded: Cursor,
    recorded_at: Instant,
}

/// What became of a delivery.
struct Finished {
    numbered: Numbered,
    outcome: Result<(), String>,
}

impl<'c> Work<'c> {
    fn new(consumer: &'c Consumer) -> Self {
        let place = consumer.place();
        Self {
            consumer,
            taken: place,
            under_way: UnderWay::default(),
            running: JoinSet::new(),
            stopped: Vec::new(),
            newly_stopped: Vec::new(),
            recorded: place,
            recorded_at: Instant::now(),
        }
    }

    fn take(&mut self, batch: Deliveries) {
        // Several events may come from one place in the feed: all of a batch are compared with where it began.
        let began = self.taken;
        for delivery in batch.events {
            self.taken = furthest(self.taken, delivery.cursor);
            if !is_after(delivery.cursor, began) {
                continue;
            }
            if self.stopped.contains(&delivery.event.partition()) {
                self.under_way.pass(delivery.cursor);
            } else if let Some(numbered) = self.under_way.take(delivery) {
                self.start(numbered);
            }
        }
        if self.taken.epoch == 0 {
            // The journal's own tail: everything before `upto` has been passed, admitted or not.
            let upto = Cursor { epoch: 0, sequence: batch.upto.0, position: batch.upto };
            self.taken = furthest(self.taken, upto);
        }
        self.under_way.pass(self.taken);
    }

    fn start(&mut self, numbered: Numbered) {
        let handler = Arc::clone(&self.consumer.handler);
        let name = self.consumer.name;
        self.running.spawn(async move {
            let handling = handle_patiently(handler.as_ref(), name, &numbered.delivery.event);
            let outcome = AssertUnwindSafe(handling).catch_unwind().await;
            // What was said in the panic may tell of a patient: the log has the place of it.
            let outcome = outcome.unwrap_or_else(|_| Err(PANICKED.to_owned()));
            Finished { numbered, outcome }
        });
    }

    fn finished(&mut self, first: Result<Finished, JoinError>) -> Result<(), CheckpointError> {
        let mut next = Some(first);
        while let Some(result) = next {
            // A task ends without an answer only when the runtime ends.
            if let Ok(finished) = result {
                self.settle(finished)?;
            }
            next = self.running.try_join_next();
        }
        Ok(())
    }

    fn settle(&mut self, finished: Finished) -> Result<(), CheckpointError> {
        let Finished { numbered: Numbered { number, delivery }, outcome } = finished;
        let Consumer { name, checkpoints, clock, .. } = self.consumer;
        let Delivery { cursor, event } = delivery;
        let partition = event.partition();
        if let Err(reason) = outcome
            && !checkpoints.is_skipped(name, event.id)?
        {
            tracing::error!(consumer = name, %partition, event = %event.id, reason, "partition stopped");
            self.stopped.push(partition);
            self.newly_stopped.push(Stopped {
                partition,
                event: event.id,
                kind: event.kind,
                reason,
                since: clock.now(),
                before: cursor,
            });
            self.under_way.stop(partition, number);
        } else if let Some(next) = self.under_way.done(partition, number) {
            self.start(next);
        }
        Ok(())
    }

    /// Moves the place as far as everything before it is done. Others are told at once, the file from time to
    /// time: after a crash a few events are found done.
    fn advance(&mut self) -> Result<(), CheckpointError> {
        let before = self.consumer.place();
        let place = self.under_way.passed().fold(before, furthest);
        let due = self.running.is_empty() || self.recorded_at.elapsed() >= RECORD_EVERY;
        if !self.newly_stopped.is_empty() || (place != self.recorded && due) {
            self.consumer.checkpoints.record(self.consumer.name, place, &self.newly_stopped)?;
            self.newly_stopped.clear();
            self.recorded = place;
            self.recorded_at = Instant::now();
        }
        if place != before {
            self.consumer.place.send_replace(place);
        }
        Ok(())
    }
}

/// Tries until the handler succeeds or says that the event is poison.
async fn handle_patiently(handler: &dyn Handler, consumer: &str, event: &Envelope) -> Result<(), String> {
    let mut wait = Duration::from_millis(20);
    loop {
        match handler.handle(event).await {
            Ok(()) => return Ok(()),
            Err(HandleError::Poison(reason)) => return Err(reason),
            Err(HandleError::Retry(reason)) => {
                tracing::warn!(consumer, event = %event.id, reason, "waiting to try again");
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(Duration::from_secs(5));
            }
        }
    }
}

/// Within one epoch the sequence decides. After the transport was wiped and refilled only the journal
/// position is comparable, and an event at the very position is taken again: its effect is there already.
fn is_after(cursor: Cursor, place: Cursor) -> bool {
    if cursor.epoch == place.epoch {
        cursor.sequence > place.sequence
    } else {
        cursor.position >= place.position
    }
}

/// A refilled transport starts over with low positions: the place moves to it only when it has caught up
/// with what was done before.
fn furthest(place: Cursor, cursor: Cursor) -> Cursor {
    if cursor.epoch == place.epoch {
        if cursor.sequence > place.sequence { cursor } else { place }
    } else if cursor.position >= place.position {
        cursor
    } else {
        place
    }
}
