//! What the tests stand on: an intake over a journal in a throw-away folder, and messages to give it.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use countersign_eventsourcing::{
    journal::{
        AppendError, Appended, Batch, Expected, Filter, Journal, JournalError, NewEvent, PortFuture,
        Position, RecordedEvent, StreamName,
    },
    read_model::ReadModel,
};
use countersign_intake::{
    Disposition, Intake, Received,
    domain::{Connection, MessageRead, Outcome, stream_of},
    profile::{ProfileStore, Profiles},
    projections::{self, inbox},
};
use countersign_kernel::{FixedClock, MessageId, Timestamp};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use futures::stream::BoxStream;
use tempfile::TempDir;

pub(crate) const NOW: &str = "2026-03-10T12:00:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// An intake with everything below it.
pub(crate) struct Hospital {
    pub(crate) intake: Arc<Intake>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) profiles: Arc<ProfileStore>,
    pub(crate) clock: Arc<FixedClock>,
    folder: TempDir,
}

impl Hospital {
    pub(crate) fn open() -> Self {
        Self::open_with(|intake| intake)
    }

    pub(crate) fn open_with(change: impl FnOnce(Intake) -> Intake) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open_exclusive(folder.path(), "test").expect("a data folder");
        let journal = SqliteJournal::open(data, Options::default()).expect("a journal");
        Self::over(folder, journal, change)
    }

    fn over(folder: TempDir, journal: Arc<dyn Journal>, change: impl FnOnce(Intake) -> Intake) -> Self {
        let profiles = Arc::new(ProfileStore::fixed(Profiles::built_in("UTC").expect("profiles")));
        let clock = Arc::new(FixedClock::at(at(NOW)));
        let intake = Intake::new(Arc::clone(&journal), Arc::clone(&profiles), Arc::clone(&clock) as Arc<_>);
        Self { intake: Arc::new(change(intake)), journal, profiles, clock, folder }
    }

    /// One whose journal can be told to fail.
    pub(crate) fn failing() -> (Self, Arc<Failing>) {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open_exclusive(folder.path(), "test").expect("a data folder");
        let inner = SqliteJournal::open(data, Options::default()).expect("a journal");
        let journal = Arc::new(Failing { inner, fails: AtomicBool::new(false) });
        (Self::over(folder, Arc::clone(&journal) as Arc<_>, |intake| intake), journal)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn set_profiles(&self, text: &str) {
        self.profiles.replace(Profiles::from_toml(text, "UTC").expect("profiles"));
    }

    pub(crate) async fn receive(&self, text: &str) -> Received {
        self.intake.receive(text.as_bytes(), Connection::file()).await
    }

    pub(crate) async fn stream(&self, message: MessageId) -> Vec<RecordedEvent> {
        self.journal.read_stream(stream_of(message), 0).await.expect("a stream")
    }

    pub(crate) async fn readings(&self, message: MessageId) -> Vec<MessageRead> {
        let events = self.stream(message).await;
        events
            .iter()
            .filter(|event| &*event.kind == MessageRead::KIND)
            .map(|event| event.decode().expect("a reading"))
            .collect()
    }

    /// Kinds of all events, in journal order.
    pub(crate) async fn kinds(&self) -> Vec<String> {
        let batch = self.journal.read_all(Position::START, Filter::All, 10_000).await.expect("events");
        batch.events.iter().map(|event| event.kind.to_string()).collect()
    }

    /// The read model, brought up to date.
    pub(crate) async fn inbox(&self) -> Arc<ReadModel> {
        let model = Arc::new(
            ReadModel::open(&self.path().join("state"), projections::read_model()).expect("a model"),
        );
        model.catch_up(self.journal.as_ref()).await.expect("up to date");
        model
    }

    pub(crate) async fn feeds(&self) -> Vec<inbox::Feed> {
        self.inbox().await.query(inbox::feeds).await.expect("feeds")
    }
}

/// A journal that fails when it is told to.
pub(crate) struct Failing {
    inner: Arc<SqliteJournal>,
    fails: AtomicBool,
}

impl Failing {
    pub(crate) fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }
}

impl Journal for Failing {
    fn append(
        &self,
        stream: StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> PortFuture<'_, Result<Appended, AppendError>> {
        if self.fails.load(Ordering::SeqCst) {
            return Box::pin(async { Err(JournalError::Unavailable("told to fail".to_owned()).into()) });
        }
        self.inner.append(stream, expected, events)
    }

    fn read_stream(
        &self,
        stream: StreamName,
        from_revision: u64,
    ) -> PortFuture<'_, Result<Vec<RecordedEvent>, JournalError>> {
        self.inner.read_stream(stream, from_revision)
    }

    fn read_all(
        &self,
        after: Position,
        filter: Filter,
        limit: usize,
    ) -> PortFuture<'_, Result<Batch, JournalError>> {
        self.inner.read_all(after, filter, limit)
    }

    fn subscribe(&self, after: Position, filter: Filter) -> BoxStream<'static, Result<Batch, JournalError>> {
        self.inner.subscribe(after, filter)
    }

    fn head(&self) -> PortFuture<'_, Result<Position, JournalError>> {
        self.inner.head()
    }
}

/// An admission of one visit.
pub(crate) fn admission(control_id: &str, visit: &str) -> String {
    adt("A01", control_id, visit, "")
}

/// An ADT message; `pv1_44_45` begins behind the separator of PV1-44.
pub(crate) fn adt(trigger: &str, control_id: &str, visit: &str, pv1_44_45: &str) -> String {
    [
        format!("MSH|^~\\&|EHR|NORTH|CS|CS|20260309101500||ADT^{trigger}|{control_id}|P|2.5.1"),
        format!("EVN|{trigger}|20260309101400"),
        "PID|1||MRN1^^^NORTH^MR||DOE^JANE".to_owned(),
        format!("PV1|1|I|W1^1^1||||11^Attend^Ann||||||||||||{visit}|||||||||||||||||||||||||{pv1_44_45}"),
    ]
    .join("\r")
}

/// A header with other acknowledgement wishes (MSH-15, MSH-16).
pub(crate) fn with_wishes(message: &str, accept: &str, application: &str) -> String {
    message.replacen("|P|2.5.1", &format!("|P|2.5.1|||{accept}|{application}"), 1)
}

/// MSA of an acknowledgement: code, control id, text.
pub(crate) fn msa(ack: &[u8]) -> (String, String, Option<String>) {
    let read = countersign_hl7::ack::read(ack).expect("an acknowledgement");
    (read.code.as_str().to_owned(), read.control_id.unwrap_or_default(), read.text)
}

pub(crate) fn code(received: &Received) -> String {
    msa(received.ack.as_deref().expect("an acknowledgement")).0
}

pub(crate) fn outcome(received: &Received) -> Outcome {
    match received.disposition {
        Disposition::New(outcome) | Disposition::Duplicate(outcome) => outcome,
        Disposition::NotStored => panic!("not stored"),
    }
}
