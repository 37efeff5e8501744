//! What neighbours are told of people and places: every change with the record as it stands after it.

use std::{collections::BTreeMap, sync::Arc};

use countersign_contracts::{
    Envelope,
    directory::{DepartmentDescribed, FacilityDescribed, ProviderDescribed},
};
use countersign_deficiency::{
    domain::{
        attribution::Attribution,
        people::{
            Directory, LeaveKind,
            decide::Command,
            events::{
                Changes, LeaveCancelled, LeaveDecided, LeaveRecorded, MergeUndone, PeopleEvent,
                ProvidersMerged,
            },
        },
        site::{self, DowntimeId, decide::FacilityChanges},
    },
    people::People,
    publish::{DIRECTORY_STREAMS, publish_directory},
    register::Register,
    site::Sites,
};
use countersign_eventsourcing::{
    journal::{Expected, Filter, Journal, Metadata, NewEvent, Position, RecordedEvent, StreamName},
    publish::Publishers,
};
use countersign_kernel::{EventId, FixedClock, ProviderId, Role};
use countersign_owed::{Directory as Told, Owed};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use proptest::{collection::vec, option, prelude::*};

use crate::given::*;

struct Office {
    journal: Arc<SqliteJournal>,
    register: Arc<Register>,
    people: People,
    sites: Sites,
    commands: std::cell::Cell<u32>,
    _folder: tempfile::TempDir,
}

impl Office {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = DataFolder::open_exclusive(folder.path(), "test").unwrap();
        let journal = SqliteJournal::open(opened, Options::default()).unwrap();
        let register = register(&journal);
        Self {
            people: People::new(Arc::clone(&register)),
            sites: Sites::new(Arc::clone(&register)),
            register,
            journal,
            commands: std::cell::Cell::default(),
            _folder: folder,
        }
    }

    fn key(&self) -> String {
        self.commands.set(self.commands.get() + 1);
        self.commands.get().to_string()
    }

    async fn does(&self, command: Command) {
        self.people.execute(&manager(), "as agreed", &self.key(), command).await.unwrap();
    }

    async fn keeps(&self, command: site::decide::Command) {
        self.sites.execute(&manager(), "as agreed", &self.key(), command).await.unwrap();
    }

    async fn recorded(&self) -> Vec<RecordedEvent> {
        self.journal.read_all(Position::START, Filter::All, 1000).await.unwrap().events
    }

    /// Stream and kind of everything from a position on.
    async fn kinds_after(&self, position: u64) -> Vec<(String, String)> {
        let events = self.recorded().await.into_iter().filter(|event| event.position.0 > position);
        events.map(|event| (event.stream.to_string(), event.kind.to_string())).collect()
    }

    async fn head(&self) -> u64 {
        self.journal.head().await.unwrap().0
    }

    /// What the neighbours know.
    async fn told(&self) -> Told {
        let publishers = DIRECTORY_STREAMS.into_iter().fold(Publishers::default(), |all, streams| {
            all.saying(streams, &[countersign_contracts::directory::CATEGORY], publish_directory)
        });
        let mut owed = Owed::default();
        for event in self.recorded().await {
            owed.fold_recorded(&publishers, &event).unwrap();
        }
        owed.directory().clone()
    }

    /// An event as a version stored it that knew no snapshots.
    async fn stores_alone(&self, event: &PeopleEvent) {
        let id = EventId::derive(&["old", &self.key()]);
        let metadata = Metadata {
            correlation: id.0,
            causation: None,
            traceparent: None,
            schema: 1,
            actor: "deficiency".to_owned(),
            occurred_at: at("01-01"),
            recorded_at: None,
            received_at: at("01-01"),
        };
        let stored = NewEvent::encode(id, event.kind(), event, metadata).unwrap();
        self.journal.append(stream(event.provider()), Expected::Any, vec![stored]).await.unwrap();
    }
}

fn register(journal: &Arc<SqliteJournal>) -> Arc<Register> {
    let clock = Arc::new(FixedClock::at(at("03-01 12:00")));
    Arc::new(Register::new(Arc::clone(journal) as Arc<dyn Journal>, clock))
}

fn key(who: &ProviderId) -> uuid::Uuid {
    countersign_contracts::staff::key_of(who)
}

fn stream(who: &ProviderId) -> StreamName {
    StreamName::new("provider", key(who))
}

fn row(who: &str, kind: &str) -> (String, String) {
    (stream(&id(who)).to_string(), kind.to_owned())
}

fn departments(codes: &[&str]) -> Changes {
    let codes = codes.iter().map(|&code| code.to_owned()).collect();
    Changes { departments: Some(codes), ..Changes::default() }
}

#[tokio::test]
async fn a_change_is_stored_with_the_record_as_it_stands_after_it() {
    let office = Office::new();
    office.does(edit("1001@NORTH", "02-01", departments(&["CARD"]))).await;
    assert_eq!(
        office.kinds_after(0).await,
        [row("1001@NORTH", "provider-edited"), row("1001@NORTH", "provider-snapshot")]
    );
    // then the neighbours know the whole of it
    let told = office.told().await;
    let key = key(&id("1001@NORTH"));
    assert_eq!(told.people.departments_of(key, at("02-02")), ["CARD"]);
    assert!(told.people.is_active_at(key, at("02-02")));
    // and the same command again stores nothing
    let head = office.head().await;
    office.does(edit("1001@NORTH", "02-01", departments(&["CARD"]))).await;
    assert_eq!(office.head().await, head);
}

#[tokio::test]
async fn a_merge_and_its_undoing_tell_of_both_records_at_once() {
    let office = Office::new();
    office.does(edit("1001@NORTH", "02-01", departments(&["CARD"]))).await;
    office.does(edit("77@LAB", "02-01", departments(&["PATH"]))).await;
    office.does(leave("away", "77@LAB", "03-04", None)).await;
    let before = office.told().await.people;
    let head = office.head().await;
    // when the two are made one
    office.does(merge("77@LAB", "1001@NORTH")).await;
    let kinds: Vec<String> = office.kinds_after(head).await.into_iter().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, ["providers-merged", "provider-snapshot", "provider-snapshot"]);
    // then the survivor has identifiers and leaves of both
    let told = office.told().await.people;
    let survivor = key(&id("1001@NORTH"));
    assert_eq!(told.key_of(&id("77@LAB")), survivor);
    assert_eq!(told.leaves_of(survivor).len(), 1);
    // when something is said of the retired record, the survivor is told anew, in the retired one's stream
    let head = office.head().await;
    office.does(leave("again", "77@LAB", "05-04", None)).await;
    assert_eq!(office.kinds_after(head).await.len(), 2);
    assert_eq!(office.told().await.people.leaves_of(survivor).len(), 2);
    // and when the merge is undone, each has its own
    office.does(unmerge("77@LAB")).await;
    let told = office.told().await.people;
    assert_eq!(told.provider(survivor), before.provider(survivor));
    assert_eq!(told.leaves_of(key(&id("77@LAB"))).len(), 2);
}

#[tokio::test]
async fn a_leave_that_waits_for_approval_is_told_when_it_is_approved_and_no_longer_when_cancelled() {
    let office = Office::new();
    let ada = provider("ada", Role::Physician, id("1001@NORTH"));
    let who = key(&id("1001@NORTH"));
    let asked = leave("away", "1001@NORTH", "03-04", Some("03-09"));
    office.people.execute(&ada, "vacation", "l1", asked).await.unwrap();
    assert!(office.told().await.people.leaves_of(who).is_empty());
    office.does(Command::DecideLeave { leave: leave_id("away"), approve: true }).await;
    let told = office.told().await.people;
    let [told] = told.leaves_of(who) else { panic!("one leave") };
    assert_eq!((told.from, told.until, told.kind.as_str()), (at("03-04"), Some(at("03-09")), "planned"));
    assert_eq!((told.id, told.recorded_at), (leave_id("away").0, at("03-01 12:00")));
    office.does(Command::CancelLeave { leave: leave_id("away") }).await;
    assert!(office.told().await.people.leaves_of(who).is_empty());
}

#[tokio::test]
async fn facilities_and_departments_are_told_whole() {
    let office = Office::new();
    let chicago = FacilityChanges { time_zone: Some("America/Chicago".into()), ..FacilityChanges::default() };
    office
        .keeps(site::decide::Command::DescribeFacility { code: "NORTH".into(), changes: Box::new(chicago) })
        .await;
    let downtime = DowntimeId::derive(&["upgrade"]);
    let (from, until) = (at("02-01"), Some(at("02-02")));
    let facility = "NORTH".to_owned();
    office.keeps(site::decide::Command::RecordDowntime { downtime, facility, from, until }).await;
    let told = office.told().await.places;
    assert_eq!(told.zone("NORTH").iana_name(), Some("America/Chicago"));
    let down = told.downtimes("NORTH");
    assert_eq!(down.iter().map(|down| (down.from, down.until)).collect::<Vec<_>>(), [(from, until)]);
    assert!(told.calendar("NORTH").works_on("2026-03-06".parse().unwrap()));
    assert!(!told.calendar("NORTH").works_on("2026-03-07".parse().unwrap()));
    office.keeps(site::decide::Command::CancelDowntime { downtime }).await;
    assert!(office.told().await.places.downtimes("NORTH").is_empty());
}

#[tokio::test]
async fn a_journal_from_before_is_told_once_whoever_starts() {
    // given two records that were stored without snapshots
    let office = Office::new();
    for who in ["1001@NORTH", "77@LAB"] {
        office.stores_alone(&reported(report(who, "01-01"))).await;
    }
    // when the service starts
    assert_eq!(office.register.describe().await.unwrap(), 2);
    // then the neighbours know both, and nobody tells them again: neither this process nor another one
    let told = office.told().await.people;
    assert!(["1001@NORTH", "77@LAB"].iter().all(|who| told.provider(key(&id(who))).is_some()));
    assert_eq!(office.register.describe().await.unwrap(), 0);
    assert_eq!(register(&office.journal).describe().await.unwrap(), 0);
}

#[tokio::test]
async fn two_processes_that_start_at_once_tell_the_same_once() {
    let office = Office::new();
    office.stores_alone(&reported(report("1001@NORTH", "01-01"))).await;
    let other = register(&office.journal);
    let (one, two) = tokio::join!(office.register.describe(), other.describe());
    one.unwrap();
    two.unwrap();
    assert_eq!(
        office.kinds_after(0).await,
        [row("1001@NORTH", "provider-reported"), row("1001@NORTH", "provider-snapshot")]
    );
}

#[tokio::test]
async fn a_record_that_was_changed_by_a_process_without_snapshots_is_mended() {
    // given a record that was told of, and a change that was not
    let office = Office::new();
    office.does(edit("1001@NORTH", "02-01", departments(&["CARD"]))).await;
    office.does(edit("77@LAB", "02-01", departments(&["PATH"]))).await;
    let act = Attribution { by: "kim".into(), at: at("02-02"), why: "one person".into() };
    let merged = ProvidersMerged { retired: id("77@LAB"), survivor: id("1001@NORTH"), act };
    office.stores_alone(&PeopleEvent::Merged(merged)).await;
    // when the survivor is changed next, the whole of it is told, and at the start the retired record
    office.does(leave("away", "1001@NORTH", "03-04", None)).await;
    let survivor = key(&id("1001@NORTH"));
    assert_eq!(office.told().await.people.key_of(&id("77@LAB")), survivor);
    office.register.describe().await.unwrap();
    assert_eq!(office.told().await.people.root(key(&id("77@LAB"))), survivor);
    assert_eq!(office.register.describe().await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_said_travels_under_the_records_own_key() {
    let office = Office::new();
    office.does(edit("1001@NORTH", "02-01", departments(&["CARD"]))).await;
    office.does(edit("77@LAB", "02-01", departments(&["PATH"]))).await;
    office.does(merge("77@LAB", "1001@NORTH")).await;
    let north =
        Box::new(FacilityChanges { time_zone: Some("America/Chicago".into()), ..FacilityChanges::default() });
    office.keeps(site::decide::Command::DescribeFacility { code: "NORTH".into(), changes: north }).await;
    let department = site::decide::Command::DescribeDepartment {
        facility: "NORTH".into(),
        code: "CARD".into(),
        name: None,
        chair: countersign_contracts::Field::Value(id("1001@NORTH")),
        effective_at: Some(at("04-01")),
        closed: false,
    };
    office.keeps(department).await;
    let envelopes: Vec<Envelope> =
        office.recorded().await.iter().flat_map(|event| publish_directory(event).unwrap()).collect();
    let mut kinds = BTreeMap::new();
    for envelope in &envelopes {
        assert_eq!(envelope.category, countersign_contracts::directory::CATEGORY);
        *kinds.entry(envelope.kind.as_str()).or_insert(0) += 1;
        if envelope.kind == ProviderDescribed::TYPE {
            let said: ProviderDescribed = envelope.decode().unwrap();
            assert_eq!((envelope.key, said.key), (said.key, key(&said.id)));
        }
    }
    let expected =
        [(DepartmentDescribed::TYPE, 1), (FacilityDescribed::TYPE, 1), (ProviderDescribed::TYPE, 4)];
    assert_eq!(kinds, expected.into());
    // and a chair who begins in April is none in March
    let told = office.told().await;
    assert_eq!(told.places.department("NORTH", "CARD", at("03-31")), None);
    assert!(told.places.department("NORTH", "CARD", at("04-01")).is_some());
}

fn act() -> Attribution {
    Attribution { by: "kim".into(), at: at("06-01"), why: "as agreed".into() }
}

fn some_event() -> impl Strategy<Value = PeopleEvent> {
    let who = || (0_u8..4).prop_map(|who| id(&format!("{who}@H")));
    let away = || (0_u8..3).prop_map(|leave| leave_id(&leave.to_string()));
    prop_oneof![
        3 => (who(), 1_i8..28, option::of(0_u8..6), option::of(any::<bool>())).prop_map(|(who, day, other, active)| {
            let mut report = report(&format!("{}@H", who.id), &format!("01-{day:02}"));
            if let Some(other) = other {
                let id = ProviderId { id: other.to_string(), authority: "H".to_owned() };
                report.identifiers.push(countersign_contracts::staff::StaffIdentifier { id, kind: String::new() });
            }
            report.active = active;
            reported(report)
        }),
        2 => (who(), who()).prop_filter("two people", |(one, other)| one != other).prop_map(|(retired, survivor)| {
            PeopleEvent::Merged(ProvidersMerged { retired, survivor, act: act() })
        }),
        1 => (who(), who()).prop_map(|(retired, survivor)| {
            PeopleEvent::MergeUndone(MergeUndone { retired, survivor, act: act() })
        }),
        2 => (who(), away(), any::<bool>()).prop_map(|(provider, leave, approval_needed)| {
            let (from, until) = (at("03-04"), None);
            let kind = LeaveKind::Sick;
            PeopleEvent::LeaveRecorded(LeaveRecorded { provider, leave, kind, from, until, approval_needed, act: act() })
        }),
        1 => (who(), away(), any::<bool>()).prop_map(|(provider, leave, approved)| {
            PeopleEvent::LeaveDecided(LeaveDecided { provider, leave, approved, act: act() })
        }),
        1 => (who(), away()).prop_map(|(provider, leave)| {
            PeopleEvent::LeaveCancelled(LeaveCancelled { provider, leave, act: act() })
        }),
    ]
}

proptest! {
    /// The records that an event is said to change are those that it changes, and whoever folds what is told knows
    /// every identifier, leave and standing that the directory knows.
    #[test]
    fn what_is_told_is_what_the_directory_knows(events in vec(some_event(), 1..16)) {
        let mut directory = Directory::default();
        let mut told = BTreeMap::new();
        let mut people = countersign_owed::People::default();
        for (event, position) in events.iter().zip(1_u64..) {
            for described in directory.described_after(event) {
                if told.get(&described.key) != Some(&described) {
                    people.fold(described.clone(), position);
                    told.insert(described.key, described);
                }
            }
            directory.evolve(event);
            let known: BTreeMap<_, _> = directory.all_described().map(|one| (one.key, one)).collect();
            prop_assert_eq!(&told, &known);
        }
        for who in (0..6).map(|who| id(&format!("{who}@H"))) {
            let known = directory.find(&who);
            prop_assert_eq!(people.key_of(&who), known.map_or(key(&who), |known| known.key), "{}", who);
            let counting = known.map_or(0, |known| known.leaves.iter().filter(|leave| leave.counts()).count());
            prop_assert_eq!(people.leaves_of(people.key_of(&who)).len(), counting);
        }
    }
}
