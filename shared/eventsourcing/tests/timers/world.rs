//! A hospital's worth of timers: a journal, a read model that follows it, and an owner of tracks.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use countersign_eventsourcing::{
    journal::{
        AppendError, Expected, Filter, Journal, Metadata, NewEvent, PortFuture, Position, RecordedEvent,
        StreamName,
    },
    projection::{Projection, ProjectionError},
    read_model::ReadModel,
    timer::{
        Due, FireError, Fired, Firing, FiringLoop, Owner, Reign, Rivals, Settings, TimerEvent, TimerFired,
        Timers, table,
    },
};
use countersign_kernel::{EventId, FixedClock, TimerId, Timestamp};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use rusqlite::Transaction;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn start() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().expect("an instant")
}

/// So many milliseconds after the start.
pub(crate) fn at(millis: i64) -> Timestamp {
    start() + jiff::SignedDuration::from_millis(millis)
}

pub(crate) fn stream(number: usize) -> StreamName {
    StreamName::new("track", number)
}

pub(crate) fn timer(stream: usize, number: usize) -> TimerId {
    TimerId::derive(&["test", &stream.to_string(), &number.to_string()])
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("not so after {PATIENCE:?}: {what}"));
}

/// The timers of all tracks.
pub(crate) struct Tracks;

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

    fn apply(&mut self, tables: &Transaction<'_>, event: &RecordedEvent) -> Result<(), ProjectionError> {
        table::apply(tables, event).map(drop)
    }
}

pub(crate) fn new_event(event: &TimerEvent, id: EventId, now: Timestamp) -> NewEvent {
    NewEvent::encode(id, event.kind(), event, metadata(now)).expect("JSON")
}

fn metadata(now: Timestamp) -> Metadata {
    Metadata {
        correlation: Uuid::nil(),
        causation: None,
        traceparent: None,
        schema: 1,
        actor: "test".to_owned(),
        occurred_at: now,
        recorded_at: None,
        received_at: now,
    }
}

/// Owns the tracks. What it is told to dislike it does not let fire.
pub(crate) struct Store {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) poison: Mutex<HashSet<TimerId>>,
    pub(crate) later: Mutex<HashSet<TimerId>>,
    /// How often each was asked for.
    pub(crate) asked: Mutex<HashMap<TimerId, u32>>,
    /// Those asked for now, by stream, and whether two of one stream ever were.
    busy: Mutex<(HashSet<StreamName>, bool)>,
}

impl Store {
    pub(crate) fn new(journal: Arc<dyn Journal>) -> Arc<Self> {
        Arc::new(Self {
            journal,
            poison: Mutex::default(),
            later: Mutex::default(),
            asked: Mutex::default(),
            busy: Mutex::default(),
        })
    }

    pub(crate) fn asked(&self, timer: TimerId) -> u32 {
        self.asked.lock().unwrap().get(&timer).copied().unwrap_or_default()
    }

    pub(crate) fn two_of_one_stream(&self) -> bool {
        self.busy.lock().unwrap().1
    }

    async fn decide(&self, due: &Due, at: Firing) -> Result<Fired, FireError> {
        let events = self.journal.read_stream(due.stream.clone(), 0).await?;
        let Some(fired) = fold(&events).fire(due.timer, due.arming, at.now, at.epoch) else {
            return Ok(Fired::Gone);
        };
        let revision = events.last().map_or(0, |event| event.revision);
        let id = TimerFired::event_id(due.timer, due.arming);
        let step = EventId::derive(&["step", &due.timer.to_string(), &due.arming.to_string()]);
        let events = vec![
            new_event(&fired, id, at.now),
            NewEvent::encode(step, "step", &due.timer, metadata(at.now)).expect("JSON"),
        ];
        let appended = self.journal.append(due.stream.clone(), Expected::Revision(revision), events).await?;
        Ok(Fired::At(appended.position))
    }
}

impl Owner for Store {
    fn fire<'a>(&'a self, due: &'a Due, at: Firing) -> PortFuture<'a, Result<Fired, FireError>> {
        Box::pin(async move {
            *self.asked.lock().unwrap().entry(due.timer).or_default() += 1;
            if self.poison.lock().unwrap().contains(&due.timer) {
                return Err(FireError::Poison("does not decode".to_owned()));
            }
            if self.later.lock().unwrap().contains(&due.timer) {
                return Err(FireError::Retry("paused".to_owned()));
            }
            {
                let mut busy = self.busy.lock().unwrap();
                busy.1 |= !busy.0.insert(due.stream.clone());
            }
            let outcome = self.decide(due, at).await;
            self.busy.lock().unwrap().0.remove(&due.stream);
            outcome
        })
    }
}

pub(crate) fn fold(events: &[RecordedEvent]) -> Timers {
    let mut timers = Timers::default();
    for event in events {
        if let Some(event) = TimerEvent::decode(&event.kind, &event.data) {
            timers.evolve(&event.expect("it decodes"));
        }
    }
    timers
}

pub(crate) fn journal(folder: &Path) -> Arc<SqliteJournal> {
    let folder = DataFolder::open_exclusive(folder, "test").expect("the folder");
    SqliteJournal::open(folder, Options::default()).expect("the journal")
}

/// A journal, its clock, and a read model that follows it.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) journal: Arc<SqliteJournal>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) model: Arc<ReadModel>,
    pub(crate) store: Arc<Store>,
    following: tokio::task::JoinHandle<()>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.following.abort();
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = journal(&folder.path().join("data"));
        let model = ReadModel::open(&folder.path().join("models"), Box::new(Tracks)).expect("the read model");
        let model = Arc::new(model);
        let following = tokio::spawn({
            let (model, journal) = (Arc::clone(&model), Arc::clone(&journal));
            async move { model.follow(&*journal).await.expect("every event applies") }
        });
        let store = Store::new(Arc::clone(&journal) as Arc<dyn Journal>);
        Self { folder, journal, clock: Arc::new(FixedClock::at(start())), model, store, following }
    }

    /// A reign of its own, which is taken at once.
    pub(crate) async fn reign(&self, name: &str) -> Arc<Reign> {
        let reign = Reign::new(self.journal.clone(), self.clock.clone(), name, name.to_owned(), Rivals::None);
        reign.step().await.expect("a reign");
        assert!(reign.epoch().is_some());
        Arc::new(reign)
    }

    /// A loop that does not run yet.
    pub(crate) async fn firing(&self, name: &'static str, settings: Settings) -> Arc<FiringLoop> {
        let reign = self.reign(name).await;
        Arc::new(FiringLoop::new(
            name,
            self.model.clone(),
            self.store.clone(),
            self.clock.clone(),
            reign,
            settings,
        ))
    }

    /// Arms timers of one stream, in one append.
    pub(crate) async fn arm(&self, number: usize, timers: &[(usize, Timestamp)]) -> Position {
        let events = self.journal.read_stream(stream(number), 0).await.expect("a stream");
        let mut known = fold(&events);
        let new: Vec<NewEvent> = timers
            .iter()
            .filter_map(|(timer_number, due)| {
                let id = timer(number, *timer_number);
                let event = known.arm(id, *due, "test", "as the test says")?;
                known.evolve(&event);
                let TimerEvent::Armed(armed) = &event else { panic!("not armed") };
                let event_id = EventId::derive(&["armed", &id.to_string(), &armed.arming.to_string()]);
                Some(new_event(&event, event_id, start()))
            })
            .collect();
        let expected = events.last().map_or(Expected::NoStream, |last| Expected::Revision(last.revision));
        let appended = self.journal.append(stream(number), expected, new).await.expect("appended");
        appended.position
    }

    /// Cancels a timer, if it is armed still; `false` when somebody else wrote at the same moment.
    pub(crate) async fn cancel(&self, number: usize, timer_number: usize) -> bool {
        let events = self.journal.read_stream(stream(number), 0).await.expect("a stream");
        let Some(event) = fold(&events).cancel(timer(number, timer_number), "as the test says") else {
            return true;
        };
        let revision = events.last().expect("an event").revision;
        let id = EventId::derive(&["cancelled", stream(number).as_str(), &revision.to_string()]);
        let new = vec![new_event(&event, id, start())];
        match self.journal.append(stream(number), Expected::Revision(revision), new).await {
            Ok(_) => true,
            Err(AppendError::Conflict { .. }) => false,
            Err(AppendError::Journal(error)) => panic!("{error}"),
        }
    }

    pub(crate) async fn caught_up(&self) {
        let head = self.journal.head().await.expect("a head");
        assert!(self.model.wait_for(head, PATIENCE).await, "the read model does not catch up");
    }

    pub(crate) async fn counts(&self) -> table::Numbers {
        self.caught_up().await;
        let now = countersign_kernel::Clock::now(&*self.clock);
        self.model.query(move |tables| table::numbers(tables, now, 0)).await.expect("numbers")
    }

    /// Everything that fired, in journal order. Proves on the way that each arming fired once at most, while it was
    /// armed, never early, and with its consequence.
    pub(crate) async fn fired(&self) -> Vec<TimerFired> {
        let mut fired = Vec::new();
        let (mut timers, mut steps): (BTreeMap<String, Timers>, usize) = (BTreeMap::new(), 0);
        let mut after = Position::START;
        loop {
            let page =
                self.journal.read_all(after, Filter::Categories(vec!["track"]), 4096).await.expect("a page");
            for event in page.events {
                steps += usize::from(&*event.kind == "step");
                let Some(decoded) = TimerEvent::decode(&event.kind, &event.data) else { continue };
                let decoded = decoded.expect("it decodes");
                let timers = timers.entry(event.stream.to_string()).or_default();
                if let TimerEvent::Fired(event) = &decoded {
                    assert!(event.fired_at >= event.due_at, "early: {event:?}");
                    assert!(timers.may_fire(event.timer, event.arming, event.fired_at), "twice: {event:?}");
                    fired.push(event.clone());
                }
                timers.evolve(&decoded);
            }
            after = page.upto;
            if page.caught_up {
                assert_eq!(steps, fired.len(), "a firing without its consequence");
                return fired;
            }
        }
    }
}

/// A task that ends with the test.
pub(crate) struct Running(tokio::task::JoinHandle<()>);

impl Running {
    pub(crate) fn of(firing: &Arc<FiringLoop>) -> Self {
        let firing = Arc::clone(firing);
        Self(tokio::spawn(async move { firing.run().await }))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}
