//! The stored format, for ever.
//!
//! `chart_events_v1.jsonl` holds one line for every form in which an event has ever been stored. Lines are
//! only ever added: when a field is added to an event, the sample below gains it, and a new line the file.

use countersign_contracts::{
    Field, Partition,
    chart::{
        AccountFact, Charge, ChartFact, CompletionStatus, DocumentAction, DocumentFact, DocumentType,
        EncounterClass, EncounterKey, OrderAction, OrderFact, OrderMode, Procedure, Signature, VisitSnapshot,
        What,
    },
    deficiency::DeficiencyStatus,
    patient::PatientId,
};
use countersign_deficiency::domain::{
    events::{
        AccountDescription, Change, ChartEvent, Deficiency, DeficiencyEvent, Description, FactRef,
        FactsRecorded, IdentifierRetired, Stage, Stretch, TimePassed, Waits,
    },
    rules::Limit,
};
use countersign_eventsourcing::consumer::DeliverySkipped;
use countersign_kernel::{Cents, DeficiencyId, EventId, MessageId, Person, Phi};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::given::at;

const FILE: &str = include_str!("chart_events_v1.jsonl");

#[derive(Deserialize)]
struct Line<'a> {
    kind: String,
    #[serde(borrow)]
    data: &'a RawValue,
}

fn lines() -> impl Iterator<Item = Line<'static>> {
    FILE.lines().map(|line| serde_json::from_str(line).expect("a line of the golden file"))
}

fn line(kind: &str, event: &impl Serialize) -> String {
    format!(r#"{{"kind":"{kind}","data":{}}}"#, serde_json::to_string(event).expect("an event is JSON"))
}

fn encoded_again<T: DeserializeOwned + Serialize>(data: &RawValue) -> Result<String, serde_json::Error> {
    serde_json::from_str::<T>(data.get()).and_then(|event| serde_json::to_string(&event))
}

#[test]
fn every_stored_form_decodes_and_encodes_to_itself() {
    for Line { kind, data } in lines() {
        let again = match kind.as_str() {
            IdentifierRetired::KIND => encoded_again::<IdentifierRetired>(data),
            DeliverySkipped::KIND => encoded_again::<DeliverySkipped>(data),
            _ => {
                let event = ChartEvent::decode(&kind, data.get().as_bytes()).expect("decodes");
                assert_eq!(event.kind(), kind);
                serde_json::to_string(&event)
            }
        };
        assert_eq!(again.expect("encodes"), data.get(), "{kind}");
    }
}

#[test]
fn every_form_of_today_is_in_the_file() {
    let known: Vec<&str> = FILE.lines().collect();
    let mut today: Vec<String> = samples().iter().map(|event| line(event.kind(), event)).collect();
    today.push(line(IdentifierRetired::KIND, &identifier_retired()));
    today.push(line(DeliverySkipped::KIND, &delivery_skipped()));
    today.retain(|form| !known.contains(&form.as_str()));
    assert!(today.is_empty(), "add to chart_events_v1.jsonl:\n{}", today.join("\n"));
}

#[test]
fn an_unknown_kind_is_an_error_not_a_guess() {
    assert!(ChartEvent::decode("chart-painted", b"{}").is_err());
}

/// One event of each kind with every field set. No `..Default`: a new field must be thought of here.
fn samples() -> Vec<ChartEvent> {
    let everything = VisitSnapshot {
        patient: Some(patient("MRN-1")),
        patient_name: Some(Phi::new("EVERYWOMAN, EVE".to_owned())),
        account: Some(Phi::new("ACC-1".to_owned())),
        class: Field::Value(EncounterClass::Inpatient),
        location: Field::Value("3W^301^A".to_owned()),
        service: Field::Value("MED".to_owned()),
        attending: Field::Value(somebody()),
        admitting: Field::Value(somebody()),
        admitted_at: Field::Value(at("01-05 10:00")),
        died: Field::Value(true),
        disposition: Field::Value("20".to_owned()),
        procedures: vec![Procedure {
            id: "P1".to_owned(),
            code: "0DTJ4ZZ".to_owned(),
            started_at: at("01-05 11:00"),
            ended_at: at("01-05 12:30"),
            surgeon: Some(somebody()),
            functional_type: None,
            anesthesia: false,
            anesthesiologist: None,
        }],
    };
    let deleted = VisitSnapshot {
        patient: None,
        patient_name: None,
        account: None,
        class: Field::Null,
        location: Field::Null,
        service: Field::Null,
        attending: Field::Null,
        admitting: Field::Null,
        admitted_at: Field::Null,
        died: Field::Null,
        disposition: Field::Null,
        procedures: Vec::new(),
    };
    let classes = [
        EncounterClass::Observation,
        EncounterClass::DaySurgery,
        EncounterClass::Emergency,
        EncounterClass::Outpatient,
        EncounterClass::Preadmit,
        EncounterClass::Recurring,
        EncounterClass::Unmapped("ff".to_owned()),
    ];
    let of_class = |class| VisitSnapshot { class: Field::Value(class), ..VisitSnapshot::default() };
    let mut facts = vec![
        fact("ADT^A05", What::Preadmitted, deleted),
        fact("ADT^A01", What::Opened, everything),
        fact("ADT^A02", What::Transferred, VisitSnapshot::default()),
        fact("ADT^A12", What::TransferCancelled, VisitSnapshot::default()),
        fact(
            "ADT^A03",
            What::Discharged { at: at("01-09 15:00"), from: "PV1-45".to_owned(), date_only: true },
            VisitSnapshot::default(),
        ),
        fact("ADT^A13", What::DischargeCancelled, VisitSnapshot::default()),
        fact("ADT^A11", What::Cancelled, VisitSnapshot::default()),
        fact("ADT^A06", What::Renumbered { to: key("V2") }, VisitSnapshot::default()),
    ];
    facts.extend(classes.map(|class| fact("ADT^A07", What::ClassChanged, of_class(class))));
    for discharged_at in [Field::Absent, Field::Null, Field::Value(at("01-09 14:00"))] {
        facts.push(fact("ADT^A08", What::Updated { discharged_at }, VisitSnapshot::default()));
    }
    facts.extend(
        documents()
            .into_iter()
            .map(|document| fact("MDM^T04", What::Document(document), VisitSnapshot::default())),
    );
    let recorded = |adopted_from, reading, facts| {
        ChartEvent::FactsRecorded(FactsRecorded {
            encounter: key("V1"),
            message: message(),
            reading,
            adopted_from,
            time_zone: "America/New_York".to_owned(),
            received_at: at("01-05 10:00:02"),
            facts,
        })
    };
    let mut samples = vec![
        recorded(None, 0, facts),
        recorded(Some(key("V0")), 1, Vec::new()),
        ChartEvent::TimePassed(TimePassed { passed: at("01-06 10:00") }),
        recorded(None, 2, orders_and_money()),
    ];
    samples.extend(
        [
            Stage::Inferred,
            Stage::Preadmitted,
            Stage::Open,
            Stage::Discharged,
            Stage::Cancelled,
            Stage::Renumbered,
        ]
        .map(described),
    );
    samples.push(ChartEvent::Described(Box::new(Description {
        encounter: key("V1"),
        time_zone: "UTC".to_owned(),
        stage: Stage::Inferred,
        class: None,
        location: None,
        service: None,
        attending: None,
        admitted_at: None,
        discharged_at: None,
        patient: None,
        patient_name: None,
        wake_at: None,
        continues_as: None,
        findings: Vec::new(),
        account: None,
        taken_back: Vec::new(),
    })));
    samples.extend(
        [
            (Change::Opened, DeficiencyStatus::Open),
            (Change::Changed, DeficiencyStatus::Open),
            (Change::Satisfied, DeficiencyStatus::Satisfied),
            (Change::Reopened, DeficiencyStatus::Open),
            (Change::Voided, DeficiencyStatus::Voided),
            (Change::Retracted, DeficiencyStatus::Waived),
        ]
        .map(|(change, status)| deficiency(change, status)),
    );
    samples.extend(with_money());
    samples
}

fn key(visit: &str) -> EncounterKey {
    EncounterKey { facility: "HOSP1".to_owned(), authority: "HOSP1".to_owned(), visit: visit.to_owned() }
}

fn message() -> MessageId {
    MessageId::derive(&["golden"])
}

fn patient(id: &str) -> PatientId {
    PatientId { id: Phi::new(id.to_owned()), authority: "HOSP1".to_owned() }
}

fn somebody() -> Person {
    Person {
        id: Some("A1".to_owned()),
        authority: "NPI".to_owned(),
        family: "Doe".to_owned(),
        given: "Ada".to_owned(),
        credentials: vec!["MD".to_owned()],
    }
}

fn fact(trigger: &str, what: What, visit: VisitSnapshot) -> ChartFact {
    ChartFact {
        trigger: trigger.to_owned(),
        occurred_at: at("01-05 10:00"),
        occurred_from: "EVN-6".to_owned(),
        recorded_at: at("01-05 10:00:01"),
        what,
        visit,
        findings: vec!["encounter class taken from the trigger".to_owned()],
    }
}

fn documents() -> Vec<DocumentFact> {
    use CompletionStatus as Status;
    use DocumentAction as Action;
    let document = |action, document_type, status| DocumentFact {
        action,
        number: "D1".to_owned(),
        parent: Some("D0".to_owned()),
        document_type,
        status,
        originator: Some(somebody()),
        authenticators: vec![somebody()],
        trainee_author: true,
        activity_at: Some(at("01-05 11:00")),
        signatures: vec![Signature { by: Some(somebody()), at: at("01-05 13:00"), inferred: true }],
    };
    let bare = DocumentFact {
        action: Action::Originated,
        number: "D2".to_owned(),
        parent: None,
        document_type: DocumentType::Other("PN".to_owned()),
        status: Status::Unknown,
        originator: None,
        authenticators: Vec::new(),
        trainee_author: false,
        activity_at: None,
        signatures: Vec::new(),
    };
    vec![
        document(Action::Originated, DocumentType::HistoryAndPhysical, Status::Dictated),
        document(Action::StatusChanged, DocumentType::OperativeReport, Status::InProgress),
        document(Action::AddendumAdded, DocumentType::DischargeSummary, Status::Incomplete),
        document(Action::Edited, DocumentType::DischargeSummary, Status::Documented),
        document(Action::Replaced, DocumentType::DischargeSummary, Status::PreAuthenticated),
        document(Action::Cancelled, DocumentType::DischargeSummary, Status::Authenticated),
        document(Action::StatusChanged, DocumentType::DischargeSummary, Status::LegallyAuthenticated),
        bare,
    ]
}

fn described(stage: Stage) -> ChartEvent {
    ChartEvent::Described(Box::new(Description {
        encounter: key("V1"),
        time_zone: "America/New_York".to_owned(),
        stage,
        class: Some(EncounterClass::Inpatient),
        location: Some("3W^301^A".to_owned()),
        service: Some("MED".to_owned()),
        attending: Some(somebody()),
        admitted_at: Some(at("01-05 10:00")),
        discharged_at: Some(at("01-09 15:00")),
        patient: Some(patient("MRN-1")),
        patient_name: Some(Phi::new("EVERYWOMAN, EVE".to_owned())),
        wake_at: Some(at("01-06 10:00")),
        continues_as: Some(key("V2")),
        findings: vec!["the admission names no encounter class (PV1-2)".to_owned()],
        account: None,
        taken_back: Vec::new(),
    }))
}

fn orders_and_money() -> Vec<ChartFact> {
    let order = |action, mode, consultation, signed: bool| {
        What::Order(OrderFact {
            action,
            number: "O1".to_owned(),
            mode,
            consultation,
            placed_at: at("01-05 10:00"),
            ordering: Some(somebody()),
            consultant: consultation.then(somebody),
            authenticated: signed.then(|| Signature {
                by: Some(somebody()),
                at: at("01-05 13:00"),
                inferred: false,
            }),
        })
    };
    let charge =
        Charge { transaction: "T1".to_owned(), amount: Cents(-12_345), posted_at: at("01-09 00:00") };
    let account = |coded_at, billed_at, total| {
        What::Account(AccountFact { total, coded_at, billed_at, payer: total.map(|_| "ACME".to_owned()) })
    };
    let set = Field::Value(at("01-12 09:00"));
    [
        order(OrderAction::Placed, OrderMode::Verbal, false, false),
        order(OrderAction::Authenticated, OrderMode::Unknown, false, true),
        order(OrderAction::Cancelled, OrderMode::Telephone, false, false),
        order(OrderAction::Completed, OrderMode::Written, true, false),
        What::Charged(charge),
        account(set, set, Some(Cents(100))),
        account(Field::Null, Field::Absent, None),
    ]
    .map(|what| fact("ORM^O01", what, VisitSnapshot::default()))
    .into()
}

/// With what claim holds are told from.
fn with_money() -> [ChartEvent; 2] {
    let (ChartEvent::Described(mut description), ChartEvent::Deficiency(mut event)) =
        (described(Stage::Discharged), deficiency(Change::Reopened, DeficiencyStatus::Open))
    else {
        unreachable!("a description and a deficiency")
    };
    description.account = Some(AccountDescription {
        charges: Some(Cents(1_234_567)),
        coded_at: Some(at("01-12 09:00")),
        billed_at: Some(at("01-14 09:00")),
        payer: Some("ACME".to_owned()),
    });
    description.taken_back = vec![Stretch { from: at("01-08 15:00"), until: at("01-08 16:00") }];
    event.deficiency.open_before = vec![Stretch { from: at("01-09 16:00"), until: at("01-10 09:00") }];
    event.deficiency.reopened_at = Some(at("01-11 09:00"));
    [ChartEvent::Described(description), ChartEvent::Deficiency(event)]
}

fn deficiency(change: Change, status: DeficiencyStatus) -> ChartEvent {
    let closed = status != DeficiencyStatus::Open;
    ChartEvent::Deficiency(Box::new(DeficiencyEvent {
        encounter: key("V1"),
        change,
        deficiency: Deficiency {
            id: DeficiencyId::derive(&["golden"]),
            rule: "R14".to_owned(),
            rule_version: 1,
            subject: Some("D1".to_owned()),
            document_type: "discharge_summary".to_owned(),
            responsible: Some(somebody()),
            responsible_because: "originator of the document (TXA-9)".to_owned(),
            status,
            anchor_at: Some(at("01-09 16:00")),
            due_at: Some(at("01-16 23:59:59")),
            target_at: Some(at("01-12 16:00")),
            opened_at: at("01-09 16:00"),
            closed_at: closed.then(|| at("01-10 09:00")),
            closed_because: closed.then(|| "signed".to_owned()),
            holds_bill: true,
            title: None,
            delinquent_at: Some(at("01-30 23:59:59")),
            limit: Some(Limit::Days(7)),
            dormant_since: Some(at("01-09 12:00")),
            waits_for: Some(Waits::Transcription),
            pauses: Vec::new(),
            dispute: None,
            open_before: Vec::new(),
            reopened_at: None,
            matched: vec![FactRef {
                says: "available for signing".to_owned(),
                message: message(),
                trigger: "MDM^T02".to_owned(),
                occurred_at: at("01-09 16:00"),
            }],
        },
    }))
}

fn identifier_retired() -> IdentifierRetired {
    IdentifierRetired {
        message: message(),
        retired: patient("MRN-2"),
        survivor: patient("MRN-1"),
        occurred_at: at("01-07 08:00"),
    }
}

fn delivery_skipped() -> DeliverySkipped {
    let event = EventId::derive(&["golden"]);
    DeliverySkipped {
        event,
        kind: "chart-facts-reported".to_owned(),
        partition: Partition::of(event.0),
        reason: "it does not decode".to_owned(),
        actor: "operator".to_owned(),
        why: "a test message of the vendor".to_owned(),
    }
}
