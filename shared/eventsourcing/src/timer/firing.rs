//! The loop that lets timers fire.
//!
//! **Never early.** Every time it wakes it reads the clock again; it never sleeps for longer than half a minute, so
//! that a clock that was set is noticed; whole milliseconds are compared, the present rounded down. The owner compares
//! again, with the stream.
//!
//! **Once.** That is the owner's append; the loop may ask twice, and after a crash it will.
//!
//! **All of them.** What is armed is in the table, which is a fold of the journal; memory holds the nearest, and is
//! read anew from time to time. After an outage everything that is due fires in the order of due, as a stream: as many
//! streams side by side as the settings say, one stream's timers one after the other. What must be tried again steps
//! aside for the others, of its own stream too; what cannot be worked on is set aside, visibly, until it is armed
//! anew, somebody resumes it, or the process starts again. Where the table lags far behind what has fired, firing waits
//! for it.

mod pace;

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use countersign_kernel::{Clock, Timestamp};
use futures::FutureExt;

use tokio::{
    sync::{Notify, watch},
    task::{JoinError, JoinSet},
    time::Instant,
};

use super::{
    held::{Attempt, Held, SetAside},
    instant::{rounded_down, shown},
    owner::{FireError, Fired, Firing, Owner},
    reign::Reign,
    table::{self, Due},
    trust::{Trust, TrustState},
};
use crate::{
    journal::Position,
    read_model::{ReadModel, ReadModelError},
};
use pace::Pace;

/// Time from one look at the whole table to the next, at least, while there is more to be tried again than memory
/// holds; and from one look for a journal out of reach to the next.
const BREATH: Duration = Duration::from_secs(1);

/// How the loop is run. The defaults are right for production.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Timers held in memory, the nearest.
    pub nearest: usize,
    /// Most that owners are asked for at once.
    pub under_way: usize,
    /// Longest sleep before the clock is looked at again.
    pub slice: Duration,
    /// After that time memory is read anew from the table.
    pub anew: Duration,
    /// How often the table is counted.
    pub count_every: Duration,
    /// Milliseconds after which a timer that is due counts as late.
    pub late_after: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            nearest: 10_000,
            under_way: 256,
            slice: Duration::from_secs(30),
            anew: Duration::from_mins(1),
            count_every: Duration::from_secs(5),
            late_after: 1_000,
        }
    }
}

/// Figures of a loop, for metrics and the auditor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Armed: due or not yet.
    pub armed: u64,
    /// Armed and due.
    pub due: u64,
    /// Due for longer than [`Settings::late_after`].
    pub late: u64,
    /// For how many milliseconds the oldest of those that are due has been.
    pub late_ms: u64,
    /// Fired by this loop since the process began.
    pub fired: u64,
    /// Asked for in vain by this loop, and to be asked for again.
    pub retried: u64,
    /// Wait to be tried again.
    pub waiting: u64,
    /// Set aside.
    pub set_aside: u64,
    /// Held in memory, in whatever state.
    pub held: u64,
    /// The reign of this loop; `None`: it stands by.
    pub epoch: Option<u64>,
    /// Whether the wall clock is doubted.
    pub doubted: bool,
    /// When the loop last looked, by the wall clock; `None`: never.
    pub looked_at: Option<Timestamp>,
    /// When the table was last counted; `None`: never, and the figures above that come from it mean nothing.
    pub counted_at: Option<Timestamp>,
}

/// Lets the timers of one read model fire.
pub struct FiringLoop {
    name: &'static str,
    model: Arc<ReadModel>,
    owner: Arc<dyn Owner>,
    clock: Arc<dyn Clock>,
    reign: Arc<Reign>,
    trust: Option<Arc<Trust>>,
    settings: Settings,
    wake: Notify,
    counts: Mutex<Counts>,
    set_aside: Mutex<Vec<SetAside>>,
    resumed: watch::Sender<u64>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FiringLoop {
    /// A loop over the table of `model`, for the owner of all its timers.
    pub fn new(
        name: &'static str,
        model: Arc<ReadModel>,
        owner: Arc<dyn Owner>,
        clock: Arc<dyn Clock>,
        reign: Arc<Reign>,
        settings: Settings,
    ) -> Self {
        Self {
            name,
            model,
            owner,
            clock,
            reign,
            trust: None,
            settings,
            wake: Notify::new(),
            counts: Mutex::default(),
            set_aside: Mutex::default(),
            resumed: watch::Sender::new(0),
        }
    }

    /// Counts whether the wall clock is doubted, too. Timers fire on a doubted clock: what may not happen then is for
    /// the owner to know, who asks himself.
    #[must_use]
    pub fn watching(mut self, trust: Arc<Trust>) -> Self {
        self.trust = Some(trust);
        self
    }

    /// The figures now; those of the table as of a few seconds ago.
    pub fn counts(&self) -> Counts {
        let doubted =
            self.trust.as_ref().is_some_and(|trust| matches!(trust.state(), TrustState::Doubted { .. }));
        Counts { doubted, epoch: self.reign.epoch(), ..*lock(&self.counts) }
    }

    /// What is set aside, and why.
    pub fn set_aside(&self) -> Vec<SetAside> {
        lock(&self.set_aside).clone()
    }

    /// Lets what was set aside try again, after whatever was wrong has been put right.
    pub fn resume(&self) {
        self.resumed.send_modify(|count| *count += 1);
        self.wake.notify_one();
    }

    /// Looks at the clock now: it was moved by somebody who knows that nobody else can notice.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Lets timers fire for as long as the process lives. [`Reign::run`] runs beside it.
    pub async fn run(&self) {
        tokio::join!(self.fire_all(), self.count_all());
    }

    async fn fire_all(&self) {
        let mut work = Work::new(self);
        let mut folded = self.model.changes();
        let mut reigns = self.reign.changes();
        loop {
            if let Err(error) = work.read_table(&mut folded).await {
                tracing::error!(timers = self.name, %error, "the table of timers cannot be read, waiting");
                work.rests_until = Some(Instant::now() + Duration::from_secs(1));
            }
            let epoch = self.reign.confirmed().await;
            reigns.borrow_and_update();
            work.start_due(epoch);
            work.tell();
            let until = work.sleeps_until(epoch);
            tokio::select! {
                biased;
                Some(finished) = work.running.join_next() => work.finished(finished, epoch),
                Ok(()) = folded.changed() => work.table_changed = true,
                Ok(()) = reigns.changed() => {}
                () = self.wake.notified() => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// Counts the table, beside the loop: a million rows take some milliseconds.
    async fn count_all(&self) {
        loop {
            let (now, late_after) = (self.clock.now(), self.settings.late_after);
            match self.model.query(move |tables| table::numbers(tables, now, late_after)).await {
                Ok(table::Numbers { armed, due, late, oldest }) => {
                    let late_ms = oldest.map_or(0, |oldest| now.duration_since(oldest).as_millis());
                    let mut counts = lock(&self.counts);
                    *counts = Counts { armed, due, late, counted_at: Some(now), ..*counts };
                    counts.late_ms = u64::try_from(late_ms).unwrap_or(0);
                }
                Err(error) => {
                    tracing::error!(timers = self.name, %error, "the table of timers cannot be counted");
                }
            }
            tokio::time::sleep(self.settings.count_every).await;
        }
    }
}

/// What became of an attempt; `Err`: the owner panicked.
struct Finished {
    attempt: Attempt,
    outcome: Result<Result<Fired, FireError>, ()>,
}

/// One run of the loop.
struct Work<'l> {
    of: &'l FiringLoop,
    held: Held,
    running: JoinSet<Finished>,
    /// Number of the newest row of the table that was read.
    newest: Option<i64>,
    table_changed: bool,
    /// When memory was read anew.
    anew: Instant,
    /// Nothing starts before.
    rests_until: Option<Instant>,
    resumed: u64,
    fired: u64,
    retried: u64,
    shown_aside: bool,
    pace: Pace,
}

impl<'l> Work<'l> {
    fn new(of: &'l FiringLoop) -> Self {
        Self {
            of,
            held: Held::new(of.settings.nearest),
            running: JoinSet::new(),
            newest: None,
            table_changed: true,
            anew: Instant::now(),
            rests_until: None,
            resumed: *of.resumed.borrow(),
            fired: 0,
            retried: 0,
            shown_aside: false,
            pace: Pace::new(of.clock.ran()),
        }
    }

    /// Brings memory up to date with the table, as far as the loop wants to know.
    async fn read_table(&mut self, folded: &mut watch::Receiver<Position>) -> Result<(), ReadModelError> {
        let resumed = *self.of.resumed.borrow();
        if std::mem::replace(&mut self.resumed, resumed) != resumed {
            self.held.resume();
            self.shown_aside = false;
        }
        if self.newest.is_none()
            || self.anew.elapsed() >= self.of.settings.anew
            || (self.held.should_start_over() && self.anew.elapsed() >= BREATH)
        {
            self.start_over().await?;
        }
        if std::mem::take(&mut self.table_changed) {
            // In this order: what fired up to here is not armed in what is read below.
            self.held.folded(*folded.borrow_and_update());
            self.read_new().await.inspect_err(|_| self.table_changed = true)?;
        }
        self.read_ready().await?;
        while let Some((after, wanted)) = self.held.wants() {
            let rows = self.of.model.query(move |tables| table::nearest(tables, after, wanted)).await?;
            self.held.refill(rows, wanted);
        }
        Ok(())
    }

    /// What was armed since the last look. When that is more than memory holds, memory is read anew.
    async fn read_new(&mut self) -> Result<(), ReadModelError> {
        let (after, most) = (self.newest.unwrap_or_default(), self.of.settings.nearest);
        let rows = self.of.model.query(move |tables| table::armed_since(tables, after, most)).await?;
        if rows.len() >= most {
            return self.start_over().await;
        }
        for (number, due) in rows {
            self.newest = Some(number);
            self.held.admit(due);
        }
        Ok(())
    }

    async fn start_over(&mut self) -> Result<(), ReadModelError> {
        let aside: Vec<(_, u32)> =
            self.held.set_aside().map(|aside| (aside.due.timer, aside.due.arming)).collect();
        let (newest, over) = self
            .of
            .model
            .query(move |tables| {
                let mut over = Vec::new();
                for (timer, arming) in aside {
                    if !table::is_armed(tables, timer, arming)? {
                        over.push((timer, arming));
                    }
                }
                Ok((table::newest(tables)?, over))
            })
            .await?;
        for (timer, arming) in over {
            self.held.forget_set_aside(timer, arming);
            self.shown_aside = false;
        }
        self.newest = Some(newest);
        self.held.start_over();
        self.anew = Instant::now();
        Ok(())
    }

    /// Those whose wait is over. Where the stream said that one is not armed, the table may know by now.
    async fn read_ready(&mut self) -> Result<(), ReadModelError> {
        let (doubtful, ready): (Vec<_>, Vec<_>) =
            self.held.ready().into_iter().partition(|attempt| attempt.gone);
        for attempt in ready {
            self.held.retry(attempt);
        }
        if doubtful.is_empty() {
            return Ok(());
        }
        let armed = self
            .of
            .model
            .query(move |tables| {
                let mut armed = Vec::new();
                for attempt in doubtful {
                    if table::is_armed(tables, attempt.due.timer, attempt.due.arming)? {
                        armed.push(attempt);
                    }
                }
                Ok(armed)
            })
            .await?;
        for attempt in armed {
            self.held.retry(attempt);
        }
        Ok(())
    }

    /// The present instant in whole milliseconds.
    fn now(&self) -> Timestamp {
        shown(rounded_down(self.of.clock.now()))
    }

    fn is_full(&self) -> bool {
        self.running.len() >= self.of.settings.under_way.max(1)
    }

    fn start_due(&mut self, epoch: Option<u64>) {
        let Some(epoch) = epoch else { return };
        if self.rests_until.is_some_and(|until| until > Instant::now()) {
            return;
        }
        self.rests_until = None;
        let now = self.now();
        while !self.is_full() && !self.held.ahead_of_table() {
            let Some(attempt) = self.held.next(now) else { break };
            self.start(attempt, Firing { now, epoch });
        }
    }

    fn start(&mut self, attempt: Attempt, at: Firing) {
        let owner = Arc::clone(&self.of.owner);
        self.running.spawn(async move {
            let firing = AssertUnwindSafe(async { owner.fire(&attempt.due, at).await });
            let outcome = firing.catch_unwind().await.map_err(drop);
            Finished { attempt, outcome }
        });
    }

    fn finished(&mut self, first: Result<Finished, JoinError>, epoch: Option<u64>) {
        let mut next = Some(first);
        while let Some(result) = next {
            // A task ends without an answer only when the runtime ends.
            if let Ok(finished) = result {
                self.settle(finished, epoch);
            }
            next = self.running.try_join_next();
        }
    }

    fn settle(&mut self, Finished { attempt, outcome }: Finished, epoch: Option<u64>) {
        let due = &attempt.due;
        let behind = match outcome {
            Ok(Ok(Fired::At(position))) => {
                self.fired += 1;
                self.held.done(&attempt, position, self.of.model.position())
            }
            Ok(Ok(Fired::Gone)) if Held::contradicts(&attempt) => {
                self.put_aside(attempt, "the table says that it is armed, its stream does not".to_owned())
            }
            Ok(Ok(Fired::Gone)) => self.held.again(attempt, true),
            Ok(Err(FireError::Retry(reason))) => {
                tracing::debug!(timers = self.of.name, timer = %due.timer, reason, "waiting to try again");
                self.retried += 1;
                self.held.again(attempt, false)
            }
            Ok(Err(FireError::Poison(reason))) => self.put_aside(attempt, reason),
            Err(()) => self.put_aside(attempt, "the owner panicked".to_owned()),
        };
        let Some(behind) = behind else { return };
        match epoch {
            Some(epoch) if !self.held.ahead_of_table() => {
                let now = self.now();
                self.start(behind, Firing { now, epoch });
            }
            _ => self.held.give_back(behind),
        }
    }

    fn put_aside(&mut self, attempt: Attempt, reason: String) -> Option<Attempt> {
        let Due { timer, arming, stream, purpose, .. } = &attempt.due;
        tracing::error!(timers = self.of.name, %timer, arming, %stream, purpose, reason, "a timer is set aside");
        self.shown_aside = false;
        self.held.put_aside(attempt, reason, self.of.clock.now())
    }

    fn tell(&mut self) {
        {
            let mut counts = lock(&self.of.counts);
            counts.fired += std::mem::take(&mut self.fired);
            counts.retried += std::mem::take(&mut self.retried);
            counts.waiting = self.held.waiting() as u64;
            counts.set_aside = self.held.set_aside().len() as u64;
            counts.held = self.held.len() as u64;
            counts.looked_at = Some(self.of.clock.now());
        }
        if !std::mem::replace(&mut self.shown_aside, true) {
            *lock(&self.of.set_aside) = self.held.set_aside().cloned().collect();
        }
    }

    /// Until when there is nothing to do, unless something changes.
    fn sleeps_until(&mut self, epoch: Option<u64>) -> Instant {
        let now = Instant::now();
        let slice = now + self.of.settings.slice;
        let retry = self.held.next_retry().unwrap_or(slice);
        let factor = self.pace.factor(self.of.clock.ran());
        let due = match self.held.next_due() {
            // The journal was out of reach, and nobody tells when it is back.
            _ if epoch.is_none() && self.of.reign.epoch().is_some() => now + BREATH,
            // What ends one of these wakes the loop.
            _ if epoch.is_none() || self.is_full() || self.held.ahead_of_table() => slice,
            None => slice,
            Some(due) => now + pace::to_wait(due.duration_since(self.of.clock.now()), factor),
        };
        let anew = if self.held.should_start_over() { BREATH } else { self.of.settings.anew };
        let next = slice.min(retry).min(due).min(self.anew + anew);
        self.rests_until.map_or(next, |until| next.max(until)).max(now)
    }
}
