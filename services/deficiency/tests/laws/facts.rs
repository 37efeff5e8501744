//! Stories without sense: any facts at any time. Instants lie on a coarse grid over a change to summer time,
//! so that much happens at the same moment.

use countersign_contracts::{
    Field,
    chart::{
        ChartFact, ChartFactsReported, CompletionStatus, DocumentAction, DocumentFact, DocumentType,
        EncounterClass, EncounterKey, Procedure, Signature, VisitSnapshot, What,
    },
};
use countersign_kernel::{MessageId, Person, Timestamp};
use jiff::SignedDuration;
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::given::Message;

const STEPS: i64 = 40;

pub(super) fn instant(step: i64) -> Timestamp {
    let start: Timestamp = "2026-03-05T04:00:00Z".parse().expect("an instant");
    start + SignedDuration::from_hours(6 * step)
}

/// When everything has happened.
pub(super) fn end_of_time() -> Timestamp {
    instant(STEPS * 4)
}

/// A message, received before all others, with addenda to nothing at every instant of the grid and between.
pub(super) fn addenda() -> Message {
    let instants = (0..STEPS).flat_map(|step| [instant(step), instant(step) + SignedDuration::from_hours(3)]);
    let addendum = |(number, at): (usize, Timestamp)| ChartFact {
        trigger: "MDM^T06".to_owned(),
        occurred_at: at,
        occurred_from: "EVN-2".to_owned(),
        recorded_at: at,
        what: What::Document(DocumentFact {
            action: DocumentAction::AddendumAdded,
            number: format!("addendum {number}"),
            parent: None,
            document_type: DocumentType::DischargeSummary,
            status: CompletionStatus::Authenticated,
            originator: None,
            authenticators: Vec::new(),
            trainee_author: false,
            activity_at: None,
            signatures: Vec::new(),
        }),
        visit: VisitSnapshot::default(),
        findings: Vec::new(),
    };
    let mut message = reported(usize::MAX, 0, instants.enumerate().map(addendum).collect());
    message.reported.received_at = Timestamp::UNIX_EPOCH;
    message
}

/// Up to twelve messages; some of them read a second time.
pub(super) fn any_story() -> impl Strategy<Value = Vec<Message>> {
    vec((vec(any_fact(), 1..3), option::weighted(0.15, vec(any_fact(), 0..2))), 1..12).prop_map(|messages| {
        let mut told = Vec::new();
        for (number, (facts, again)) in messages.into_iter().enumerate() {
            let first = reported(number, 0, facts);
            told.push(first);
            told.extend(again.map(|facts| reported(number, 1, facts)));
        }
        told
    })
}

fn reported(number: usize, reading: u32, facts: Vec<ChartFact>) -> Message {
    let received = facts.iter().map(|fact| fact.recorded_at).max().unwrap_or(instant(0));
    let reported = ChartFactsReported {
        encounter: key("V1"),
        message: MessageId::derive(&["any", &number.to_string()]),
        reading,
        time_zone: "America/New_York".to_owned(),
        received_at: received,
        facts,
    };
    Message { reported, adopted_from: None }
}

fn key(visit: &str) -> EncounterKey {
    EncounterKey { facility: "HOSP1".to_owned(), authority: "HOSP1".to_owned(), visit: visit.to_owned() }
}

fn any_instant() -> impl Strategy<Value = Timestamp> {
    (0..STEPS).prop_map(instant)
}

fn any_person() -> impl Strategy<Value = Person> {
    select(vec![Some("A1"), Some("R1"), Some("S1"), None]).prop_map(|id| Person {
        id: id.map(str::to_owned),
        family: "Somebody".to_owned(),
        ..Person::default()
    })
}

fn any_field<T: Clone + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Field<T>> {
    prop_oneof![
        6 => Just(()).prop_map(|()| Field::Absent),
        1 => Just(()).prop_map(|()| Field::Null),
        3 => value.prop_map(Field::Value),
    ]
}

fn any_class() -> impl Strategy<Value = EncounterClass> {
    prop_oneof![
        4 => Just(EncounterClass::Inpatient),
        3 => Just(EncounterClass::Observation),
        1 => Just(EncounterClass::DaySurgery),
        1 => Just(EncounterClass::Emergency),
        1 => Just(EncounterClass::Unmapped("ff".to_owned())),
    ]
}

fn any_procedure() -> impl Strategy<Value = Procedure> {
    let hours = select(vec![0, 2, 7]);
    (select(vec!["P1", "P2"]), any_instant(), hours, option::of(any_person())).prop_map(
        |(id, started_at, hours, surgeon)| Procedure {
            id: id.to_owned(),
            code: String::new(),
            started_at,
            ended_at: started_at + SignedDuration::from_hours(hours),
            surgeon,
            functional_type: None,
            anesthesia: false,
            anesthesiologist: None,
        },
    )
}

fn any_visit() -> impl Strategy<Value = VisitSnapshot> {
    (
        any_field(any_class()),
        any_field(any_person()),
        any_field(any_person()),
        any_field(any_instant()),
        any_field(any::<bool>()),
        option::weighted(0.25, any_procedure()),
    )
        .prop_map(|(class, attending, admitting, admitted_at, died, procedures)| VisitSnapshot {
            class,
            attending,
            admitting,
            admitted_at,
            died,
            procedures: procedures.into_iter().collect(),
            ..VisitSnapshot::default()
        })
}

fn any_document() -> impl Strategy<Value = DocumentFact> {
    use CompletionStatus as Status;
    use DocumentAction as Action;
    let kinds = vec![
        DocumentType::HistoryAndPhysical,
        DocumentType::OperativeReport,
        DocumentType::DischargeSummary,
        DocumentType::DischargeSummary,
        DocumentType::Other("PN".to_owned()),
    ];
    let statuses = vec![
        Status::Unknown,
        Status::Dictated,
        Status::InProgress,
        Status::Documented,
        Status::PreAuthenticated,
        Status::Authenticated,
        Status::Authenticated,
        Status::LegallyAuthenticated,
    ];
    let actions = vec![
        Action::Originated,
        Action::StatusChanged,
        Action::StatusChanged,
        Action::AddendumAdded,
        Action::Edited,
        Action::Replaced,
        Action::Cancelled,
    ];
    let signature = (option::of(any_person()), any_instant(), any::<bool>())
        .prop_map(|(by, at, inferred)| Signature { by, at, inferred });
    let numbers = || select(vec!["D1", "D2", "D3"]).prop_map(str::to_owned);
    (
        (select(actions), numbers(), option::of(numbers()), select(kinds), select(statuses)),
        (
            option::of(any_person()),
            vec(any_person(), 0..3),
            prop::bool::weighted(0.2),
            option::of(any_instant()),
        ),
        vec(signature, 0..3),
    )
        .prop_map(
            |(
                (action, number, parent, document_type, status),
                (originator, authenticators, trainee_author, activity_at),
                signatures,
            )| DocumentFact {
                action,
                number,
                parent,
                document_type,
                status,
                originator,
                authenticators,
                trainee_author,
                activity_at,
                signatures,
            },
        )
}

fn any_what() -> impl Strategy<Value = What> {
    let from = select(vec!["PV1-45", "EVN-6", "EVN-2"]);
    prop_oneof![
        1 => Just(What::Preadmitted),
        4 => Just(What::Opened),
        1 => Just(What::Transferred),
        2 => Just(What::ClassChanged),
        4 => (any_instant(), from, any::<bool>()).prop_map(|(at, from, date_only)| What::Discharged {
            at,
            from: from.to_owned(),
            date_only,
        }),
        2 => Just(What::DischargeCancelled),
        1 => Just(What::Cancelled),
        2 => any_field(any_instant()).prop_map(|discharged_at| What::Updated { discharged_at }),
        1 => Just(What::Renumbered { to: key("V2") }),
        14 => any_document().prop_map(What::Document),
    ]
}

fn any_fact() -> impl Strategy<Value = ChartFact> {
    let late = select(vec![0, 0, 10, 7_200]);
    (any_instant(), late, any_what(), any_visit()).prop_map(|(occurred_at, late, what, visit)| ChartFact {
        trigger: trigger(&what).to_owned(),
        occurred_at,
        occurred_from: "EVN-6".to_owned(),
        recorded_at: occurred_at + SignedDuration::from_secs(late),
        what,
        visit,
        findings: Vec::new(),
    })
}

fn trigger(what: &What) -> &'static str {
    match what {
        What::Preadmitted => "ADT^A05",
        What::Opened => "ADT^A01",
        What::Transferred => "ADT^A02",
        What::TransferCancelled => "ADT^A12",
        What::ClassChanged | What::Renumbered { .. } => "ADT^A06",
        What::Discharged { .. } => "ADT^A03",
        What::DischargeCancelled => "ADT^A13",
        What::Cancelled => "ADT^A11",
        What::Updated { .. } => "ADT^A08",
        What::Document(_) => "MDM^T04",
        What::Order(_) => "ORM^O01",
        What::Charged(_) => "DFT^P03",
        What::Account(_) => "BAR^P05",
    }
}
