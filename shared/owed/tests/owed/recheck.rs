//! The re-check against the embedded journal.

use std::{collections::BTreeSet, sync::Arc};

use countersign_contracts::{
    Envelope,
    deficiency::{self, DeficiencyChanged},
    directory::{self, ProviderDescribed},
};
use countersign_eventsourcing::{
    journal::{Expected, Journal, JournalError, Metadata, NewEvent, Position, RecordedEvent, StreamName},
    publish::Publishers,
};
use countersign_kernel::EventId;
use countersign_owed::{Directory, Owed, recheck};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};

use crate::given::*;

/// A stored event is what it says.
fn publish(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    let said = match event.stream.category() {
        "chart" => Said::Item(event.decode::<DeficiencyChanged>()?),
        _ => Said::Provider(event.decode::<ProviderDescribed>()?),
    };
    Ok(vec![said.envelope(event.position.0)])
}

fn publishers() -> Publishers {
    Publishers::default().saying("chart", &[deficiency::CATEGORY], publish).saying(
        "provider",
        &[directory::CATEGORY],
        publish,
    )
}

struct Hospital {
    journal: Arc<SqliteJournal>,
    said: std::cell::Cell<u64>,
    _folder: tempfile::TempDir,
}

impl Hospital {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = DataFolder::open_exclusive(folder.path(), "test").unwrap();
        let journal = SqliteJournal::open(opened, Options::default()).unwrap();
        Self { journal, said: std::cell::Cell::default(), _folder: folder }
    }

    async fn says(&self, stream: StreamName, said: &impl serde::Serialize) {
        self.said.set(self.said.get() + 1);
        let id = EventId::derive(&[&self.said.get().to_string()]);
        let metadata = Metadata {
            correlation: id.0,
            causation: None,
            traceparent: None,
            schema: 1,
            actor: "test".to_owned(),
            occurred_at: at("03-02"),
            recorded_at: None,
            received_at: at("03-02"),
        };
        let event = NewEvent::encode(id, "said", said, metadata).unwrap();
        self.journal.append(stream, Expected::Any, vec![event]).await.unwrap();
    }

    async fn item(&self, said: DeficiencyChanged) {
        self.says(StreamName::new("chart", said.encounter), &said).await;
    }

    async fn provider(&self, said: ProviderDescribed) {
        self.says(StreamName::new("provider", said.key), &said).await;
    }

    async fn recheck(&self, directory: Directory) -> (Owed, Position) {
        let charts = BTreeSet::from([chart("V1")]);
        recheck(self.journal.as_ref(), &publishers(), &charts, directory).await.unwrap()
    }
}

#[tokio::test]
async fn it_sees_what_a_read_model_that_lags_does_not_know_yet() {
    // given a read model that knows a provider without leave, and an item of hers
    let hospital = Hospital::new();
    hospital.provider(provider("1001@NORTH")).await;
    hospital.item(owed("a", Some("1001@NORTH"))).await;
    let (known, _) = hospital.recheck(Directory::default()).await;
    let lagging = known.directory().clone();
    // when she goes on leave, another record of hers is merged into this one, and the item is done
    hospital
        .provider(ProviderDescribed { leaves: vec![leave("03-04", None)], ..provider("1001@NORTH") })
        .await;
    let retired = ProviderDescribed { merged_into: Some(key("1001@NORTH")), ..provider("77@LAB") };
    hospital.provider(retired).await;
    hospital.item(done("a", Some("1001@NORTH"), "03-05")).await;
    hospital.item(owed("b", Some("77@LAB"))).await;
    // then the re-check knows all of it, whatever it is given to stand on
    for directory in [lagging, Directory::default()] {
        let (owed, seen) = hospital.recheck(directory).await;
        assert!(owed.item(item_id("a")).unwrap().is_closed());
        let open = owed.open_items_of(key("1001@NORTH"), "NORTH");
        assert_eq!(open.iter().map(|item| item.changed.id).collect::<Vec<_>>(), [item_id("b")]);
        assert!(owed.people().leave_at(key("1001@NORTH"), at("03-05")).is_some());
        assert_eq!(seen, hospital.journal.head().await.unwrap());
    }
}

#[tokio::test]
async fn charts_that_were_not_asked_for_are_not_read() {
    let hospital = Hospital::new();
    let elsewhere = DeficiencyChanged { encounter: chart("V2"), ..owed("z", Some("1001@NORTH")) };
    hospital.item(elsewhere).await;
    let (owed, _) = hospital.recheck(Directory::default()).await;
    assert_eq!(owed.items().count(), 0);
}
