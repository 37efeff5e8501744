//! The service on an embedded journal: consumer, journal, read model; without network or timers.

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc};

use countersign_contracts::{
    Envelope,
    chart::ChartFactsReported,
    patient::{PatientId, PatientMerged},
};
use countersign_deficiency::{
    consume::{Charts, read_chart},
    domain::state::ChartState,
    lookup::Lookup,
    projections::{self, Query, Worklist},
};
use countersign_eventsourcing::{consumer::Handler, journal::Journal, read_model::ReadModel};
use countersign_kernel::{EncounterId, EventId, FixedClock, MessageId, Phi, Timestamp};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use rusqlite::{Connection, types::Value};
use serde_json::value::to_raw_value;
use tempfile::TempDir;

use crate::given::{Message, RULES, at};

pub(super) struct Hospital {
    pub(super) journal: Arc<dyn Journal>,
    charts: Charts,
    model: std::sync::Mutex<Arc<ReadModel>>,
    folder: TempDir,
}

/// The charts that messages are about, each once.
pub(super) fn charts_of(messages: &[Message]) -> Vec<EncounterId> {
    let mut charts: Vec<EncounterId> =
        messages.iter().map(|message| message.reported.encounter.id()).collect();
    charts.sort();
    charts.dedup();
    charts
}

fn envelope(
    kind: &str,
    category: &str,
    key: uuid::Uuid,
    parts: &[&str],
    data: &impl serde::Serialize,
) -> Envelope {
    let id = EventId::derive(parts);
    Envelope {
        id,
        source: "intake".to_owned(),
        kind: kind.to_owned(),
        category: category.to_owned(),
        key,
        time: at("01-01 00:00"),
        position: 1,
        correlation: id.0,
        traceparent: None,
        data: to_raw_value(data).expect("JSON"),
    }
}

fn told(message: &Message) -> Envelope {
    let reported = &message.reported;
    let encounter = reported.encounter.id();
    let parts = [encounter.to_string(), reported.message.to_string(), reported.reading.to_string()];
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    envelope(ChartFactsReported::TYPE, countersign_contracts::chart::CATEGORY, encounter.0, &parts, reported)
}

fn charts(journal: &Arc<dyn Journal>) -> Charts {
    let clock = Arc::new(FixedClock::at(at("02-01 00:00")));
    // Room for two charts only, so that most are read back from the journal.
    let cached = NonZeroUsize::new(2).expect("two");
    Charts::new(Arc::clone(journal), clock, Arc::new(Lookup::new(RULES.clone())), cached)
}

async fn deliver(charts: &Charts, messages: &[Message]) {
    for message in messages {
        charts.handle(&told(message)).await.expect("handled");
    }
}

impl Hospital {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open_exclusive(folder.path(), "test").expect("ours");
        let journal: Arc<dyn Journal> = SqliteJournal::open(data, Options::default()).expect("a journal");
        let model = ReadModel::open(&folder.path().join("models"), Box::new(projections::Charts::default()));
        let model = std::sync::Mutex::new(Arc::new(model.expect("a read model")));
        Self { charts: charts(&journal), journal, model, folder }
    }

    fn model(&self) -> Arc<ReadModel> {
        Arc::clone(&self.model.lock().expect("not poisoned"))
    }

    fn models(&self) -> PathBuf {
        self.folder.path().join("models")
    }

    /// Delivers messages one by one, and brings the read model up to date.
    pub(super) async fn deliver(&self, messages: &[Message]) {
        deliver(&self.charts, messages).await;
        self.catch_up().await;
    }

    /// Delivers messages to another process of the same service.
    pub(super) async fn deliver_to_another_replica(&self, messages: &[Message]) {
        deliver(&charts(&self.journal), messages).await;
    }

    pub(super) async fn catch_up(&self) {
        self.model().catch_up(self.journal.as_ref()).await.expect("folds");
    }

    /// Wakes charts until none waits any more.
    pub(super) async fn let_time_pass(&self, now: Timestamp) {
        loop {
            let due = self.model().query_blocking(|sql| projections::due_wakes(sql, now)).expect("a query");
            if due.is_empty() {
                return;
            }
            for encounter in due {
                self.charts.pass_time(&encounter, now).await.expect("time passes");
            }
            self.catch_up().await;
        }
    }

    /// A40.
    pub(super) async fn merge(&self, retired: &str, survivor: &str) {
        let patient = |id: &str| PatientId { id: Phi::new(id.to_owned()), authority: "HOSP1".to_owned() };
        let merged = PatientMerged {
            message: MessageId::derive(&["merge", retired, survivor]),
            retired: patient(retired),
            survivor: patient(survivor),
            occurred_at: at("01-15 08:00"),
            received_at: at("01-15 08:00"),
        };
        let key = merged.retired.key();
        let category = countersign_contracts::patient::CATEGORY;
        let envelope = envelope(PatientMerged::TYPE, category, key, &["merge", retired, survivor], &merged);
        for _ in 0..2 {
            self.charts.handle(&envelope).await.expect("handled");
        }
        self.catch_up().await;
    }

    pub(super) async fn chart(&self, chart: EncounterId) -> ChartState {
        read_chart(self.journal.as_ref(), chart).await.expect("the journal").0
    }

    pub(super) fn worklist(&self, query: Query, now: Timestamp) -> Worklist {
        let model = self.model();
        let position = model.position().0;
        let read = move |sql: &Connection| projections::worklist(sql, &query, &RULES, now, position);
        model.query_blocking(read).expect("a query")
    }

    /// Every row of a table.
    pub(super) fn rows(&self, table: &str) -> Vec<Vec<Value>> {
        self.model()
            .query_blocking(|sql| {
                let mut statement = sql.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))?;
                let columns = statement.column_count();
                statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?.collect()
            })
            .expect("a query")
    }

    /// The first difference between the read model and a fold of the journal from zero.
    pub(super) async fn difference(&self) -> Option<String> {
        let fresh = Box::new(projections::Charts::default());
        self.model().difference(fresh, self.journal.as_ref()).await.expect("a proof")
    }

    /// Changes the read model behind the program's back.
    pub(super) fn tamper(&self, sql: &str) {
        let file = Connection::open(self.models().join("deficiency.v2.db")).expect("the file");
        assert!(file.execute(sql, []).expect("it is tampered with") > 0);
    }

    /// Builds the read model anew.
    pub(super) async fn rebuild(&self) {
        let projection = Box::new(projections::Charts::default());
        ReadModel::rebuild(&self.models(), projection, self.journal.as_ref(), |_| ()).await.expect("rebuilt");
        let model = ReadModel::open(&self.models(), Box::new(projections::Charts::default())).expect("opens");
        *self.model.lock().expect("not poisoned") = Arc::new(model);
    }
}
