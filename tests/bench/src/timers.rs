//! Timers: the loop in this process, on a durable journal, with an owner that reads its stream, decides and appends.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use countersign_eventsourcing::{
    journal::{Expected, Filter, Journal, Metadata, NewEvent, PortFuture, RecordedEvent, StreamName},
    projection::{Projection, ProjectionError},
    read_model::ReadModel,
    timer::{
        Due, FireError, Fired, Firing, FiringLoop, Owner, Reign, Rivals, Settings, TimerEvent, TimerFired,
        Timers, table,
    },
};
use countersign_kernel::{Clock, EventId, TimerId, Timestamp};
use countersign_sqlite::SqliteJournal;
use serde::Serialize;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    Effort,
    raw_journal::{self, Append},
    report::{Figure, Section},
};

/// Timers of one owner: a track has a few.
const OF_ONE: usize = 4;
/// Appends under way while timers are armed, and of the baseline.
const UNDER_WAY: usize = 256;
/// Offered load of the lateness rows, timers a second.
const OFFERED: usize = 1_000;
/// After that the measurement has failed.
const PATIENCE: Duration = Duration::from_mins(5);

/// The machine's time that passes, from a fixed instant, with as much more as the bench lets pass.
struct Passing {
    began: Instant,
    skipped: Mutex<Duration>,
}

impl Passing {
    fn new() -> Self {
        Self { began: Instant::now(), skipped: Mutex::default() }
    }

    fn skip(&self, by: Duration) {
        *self.skipped.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }

    fn passed(&self) -> Duration {
        self.began.elapsed() + *self.skipped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for Passing {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH.checked_add(self.passed()).unwrap_or(Timestamp::MAX)
    }

    fn ran(&self) -> jiff::SignedDuration {
        jiff::SignedDuration::try_from(self.passed()).unwrap_or_default()
    }
}

/// The read model: timers and nothing else.
struct Tracks;

impl Projection for Tracks {
    fn name(&self) -> &'static str {
        "tracks"
    }

    fn version(&self) -> u32 {
        1
    }

    fn filter(&self) -> Filter {
        Filter::Categories(vec!["track"])
    }

    fn schema(&self) -> &'static str {
        table::SCHEMA
    }

    fn indexes(&self) -> &'static str {
        table::INDEXES
    }

    fn apply(
        &mut self,
        tables: &rusqlite::Transaction<'_>,
        event: &RecordedEvent,
    ) -> Result<(), ProjectionError> {
        table::apply(tables, event).map(drop)
    }
}

fn event(id: EventId, kind: &'static str, content: &impl Serialize, now: Timestamp) -> NewEvent {
    let metadata = Metadata {
        correlation: id.0,
        causation: None,
        traceparent: None,
        schema: 1,
        actor: "bench".to_owned(),
        occurred_at: now,
        recorded_at: None,
        received_at: now,
    };
    NewEvent::encode(id, kind, content, metadata).expect("JSON")
}

/// A firing and what follows from it.
fn consequences(fired: &TimerEvent, due: &Due, now: Timestamp) -> Vec<NewEvent> {
    let (timer, arming) = (due.timer.to_string(), due.arming.to_string());
    let step = EventId::derive(&["step", &timer, &arming]);
    vec![
        event(TimerFired::event_id(due.timer, due.arming), fired.kind(), fired, now),
        event(step, "step", &BTreeMap::from([("timer", timer), ("purpose", due.purpose.clone())]), now),
    ]
}

/// Owns the tracks, and notes how late each firing is durable.
struct Store {
    journal: Arc<SqliteJournal>,
    clock: Arc<Passing>,
    lateness: Mutex<Vec<f64>>,
}

impl Store {
    async fn decide(&self, due: &Due, at: Firing) -> Result<Fired, FireError> {
        let events = self.journal.read_stream(due.stream.clone(), 0).await?;
        let mut timers = Timers::default();
        for event in &events {
            if let Some(decoded) = TimerEvent::decode(&event.kind, &event.data) {
                timers.evolve(&decoded.map_err(|error| event.undecodable(&error))?);
            }
        }
        let Some(fired) = timers.fire(due.timer, due.arming, at.now, at.epoch) else {
            return Ok(Fired::Gone);
        };
        let revision = events.last().map_or(0, |event| event.revision);
        let events = consequences(&fired, due, at.now);
        let appended = self.journal.append(due.stream.clone(), Expected::Revision(revision), events).await?;
        let late = self.clock.now().duration_since(due.due_at).as_secs_f64() * 1_000.0;
        self.lateness.lock().unwrap_or_else(PoisonError::into_inner).push(late);
        Ok(Fired::At(appended.position))
    }
}

impl Owner for Store {
    fn fire<'a>(&'a self, due: &'a Due, at: Firing) -> PortFuture<'a, Result<Fired, FireError>> {
        Box::pin(self.decide(due, at))
    }
}

fn stream(name: &str, number: usize) -> StreamName {
    StreamName::new("track", format_args!("{name}-{number}"))
}

/// Arms timers, a few in each stream and append, with 256 appends under way.
async fn arm(
    journal: &Arc<SqliteJournal>,
    name: &str,
    count: usize,
    due: impl Fn(usize) -> Timestamp,
) -> anyhow::Result<()> {
    let places = Arc::new(Semaphore::new(UNDER_WAY));
    let mut tasks = JoinSet::new();
    for number in 0..count.div_ceil(OF_ONE) {
        let events = (number * OF_ONE..count.min((number + 1) * OF_ONE)).map(|index| {
            let timer = TimerId::derive(&[name, &index.to_string()]);
            let armed = Timers::default().arm(timer, due(index), "ladder", "a bench's rule");
            armed.map(|armed| {
                let id = EventId::derive(&["armed", &timer.to_string()]);
                event(id, armed.kind(), &armed, Timestamp::UNIX_EPOCH)
            })
        });
        let events: Option<Vec<NewEvent>> = events.collect();
        let events = events.context("a new timer is armed")?;
        let place = Arc::clone(&places).acquire_owned().await?;
        let (journal, stream) = (Arc::clone(journal), stream(name, number));
        tasks.spawn(async move {
            let appended = journal.append(stream, Expected::NoStream, events).await;
            drop(place);
            appended
        });
        while let Some(ended) = tasks.try_join_next() {
            ended??;
        }
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

async fn fired(firing: &FiringLoop, count: u64) -> anyhow::Result<()> {
    let began = Instant::now();
    while firing.counts().fired < count {
        ensure!(began.elapsed() < PATIENCE, "{:?} instead of {count} fired", firing.counts());
        ensure!(firing.set_aside().is_empty(), "{:?}", firing.set_aside());
        // The resolution of what is measured: a round takes seconds.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

/// The same appends that a round of catching up makes, for a bare journal.
fn baseline(name: &str, count: usize) -> Vec<Append> {
    let now = Timestamp::UNIX_EPOCH;
    let fired = |index: usize| {
        let stream = stream(name, index / OF_ONE);
        let timer = TimerId::derive(&["baseline", &index.to_string()]);
        let due = Due { stream, timer, arming: 0, due_at: now, purpose: "ladder".to_owned() };
        let fired = TimerFired { timer, arming: 0, due_at: now, fired_at: now, epoch: 1 };
        Append::new(due.stream.clone(), consequences(&TimerEvent::Fired(fired), &due, now))
    };
    (0..count).map(fired).collect()
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn share(part: usize) -> f64 {
    part as f64
}

/// Resident memory of this process, MiB.
fn resident() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the kernel tells")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}

/// Processor time of this process so far, in microseconds: user and kernel, all threads.
fn processor() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in parentheses; 14 and 15 are ticks in user and kernel.
    let behind = stat.rsplit_once(')').context("the kernel tells")?.1;
    let ticks = behind.split_whitespace().skip(11).take(2).map(str::parse::<u32>).sum::<Result<u32, _>>()?;
    Ok(f64::from(ticks) * 1_000_000.0 / share(usize::try_from(rustix::param::clock_ticks_per_second())?))
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

pub(crate) async fn measure(effort: Effort) -> anyhow::Result<Section> {
    eprintln!("timers");
    let (armed, of_round) = effort.timers;
    let folder = tempfile::tempdir()?;
    let journal = raw_journal::open(&folder.path().join("data"))?;
    let clock = Arc::new(Passing::new());
    // Round by round so many come due together, a day apart; the rest a year later.
    let day = Duration::from_hours(24);
    let due = |index: usize| {
        let round = index / of_round;
        let days = if round < effort.rounds { round + 1 } else { 365 };
        let after = day * u32::try_from(days).unwrap_or(365) + Duration::from_millis((index % 997) as u64);
        Timestamp::UNIX_EPOCH.checked_add(after).unwrap_or(Timestamp::MAX)
    };
    let began = Instant::now();
    arm(&journal, "far", armed, due).await?;
    let arming = share(armed) / began.elapsed().as_secs_f64();
    let model = Arc::new(ReadModel::open(&folder.path().join("models"), Box::new(Tracks))?);
    let began = Instant::now();
    model.catch_up(&*journal).await?;
    let folding = share(armed) / began.elapsed().as_secs_f64();
    let store =
        Arc::new(Store { journal: journal.clone(), clock: clock.clone(), lateness: Mutex::default() });
    let reign = Arc::new(Reign::new(journal.clone(), clock.clone(), "bench", "bench", Rivals::None));
    reign.step().await?;
    let settings = Settings::default();
    let firing =
        FiringLoop::new("bench", model.clone(), store.clone(), clock.clone(), reign.clone(), settings);
    let firing = Arc::new(firing);
    let mut tasks = JoinSet::new();
    tasks.spawn({
        let firing = firing.clone();
        async move { firing.run().await }
    });
    tasks.spawn({
        let (model, journal) = (model.clone(), journal.clone());
        async move {
            if let Err(error) = model.follow(&*journal).await {
                eprintln!("{error}");
            }
        }
    });
    let (mut caught, mut bare, mut memory, mut total) = (Vec::new(), Vec::new(), Vec::new(), 0);
    let mut worked = Vec::new();
    for round in 0..effort.rounds {
        let (began, worked_before) = (Instant::now(), processor()?);
        clock.skip(day);
        // The first milliseconds of the day are the last that are due.
        clock.skip(Duration::from_secs(u64::from(round == 0)));
        firing.wake();
        total += of_round as u64;
        fired(&firing, total).await?;
        caught.push(share(of_round) / began.elapsed().as_secs_f64());
        memory.push(resident()?);
        ensure!(model.wait_for(journal.head().await?, PATIENCE).await, "the read model follows");
        worked.push((processor()? - worked_before) / share(of_round));
        bare.push(raw_journal::rate(baseline("bare", of_round), UNDER_WAY).await?);
    }
    let (mut middle, mut high, mut worst) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..effort.rounds {
        let seconds = usize::try_from(effort.seconds)?;
        let name = format!("near-{round}");
        let first = clock.now().checked_add(Duration::from_secs(3))?;
        let due = |index: usize| {
            let after = Duration::from_secs(1) * u32::try_from(index).unwrap_or(0) / 1_000;
            first.checked_add(after).unwrap_or(Timestamp::MAX)
        };
        arm(&journal, &name, OFFERED * seconds, due).await?;
        store.lateness.lock().unwrap_or_else(PoisonError::into_inner).clear();
        total += (OFFERED * seconds) as u64;
        fired(&firing, total).await?;
        let mut late = std::mem::take(&mut *store.lateness.lock().unwrap_or_else(PoisonError::into_inner));
        late.sort_by(f64::total_cmp);
        ensure!(late.first().is_some_and(|least| *least >= 0.0), "a timer fired early");
        middle.push(percentile(&late, 50));
        high.push(percentile(&late, 99));
        worst.push(percentile(&late, 100));
    }
    tasks.shutdown().await;
    let mut section = Section::new(
        "Timers: armed, due after an outage, and in time",
        format!(
            "{armed} timers, {OF_ONE} in a stream, armed by durable appends ({OF_ONE} events each, {UNDER_WAY} under way) \
             and folded by a read model that has nothing else. The loop runs in this process with its shipped settings; \
             its owner reads the stream, folds it and appends the firing with one consequence, durably, under the \
             revision read. Catching up: {of_round} come due at once. Beside it: as many appends of the same two events \
             to a bare journal, {UNDER_WAY} under way, which read nothing. Lateness: {OFFERED} come due a second for {} \
             seconds, from the instant each is due until its firing is durable. Memory is that of this process: journal, \
             read model, loop and the bench itself.",
            effort.seconds
        ),
    );
    let caught = Figure::new("catching up, fired", "timers/s", caught);
    let bare = Figure::new("bare journal, the same appends", "appends/s", bare);
    let over = caught.over(&bare, "catching up ÷ bare journal");
    section.add(caught);
    section.add(bare);
    section.add(over);
    section.add(Figure::new("processor time of a firing, folded too", "µs", worked));
    section.add(Figure::new("lateness at 1,000/s, median", "ms", middle));
    section.add(Figure::new("lateness at 1,000/s, 99th percentile", "ms", high));
    section.add(Figure::new("lateness at 1,000/s, worst", "ms", worst));
    section.add(Figure::new("resident memory while catching up", "MiB", memory));
    section.add(Figure::new("arming", "timers/s", vec![arming]));
    section.add(Figure::new("folding what was armed", "timers/s", vec![folding]));
    Ok(section)
}
