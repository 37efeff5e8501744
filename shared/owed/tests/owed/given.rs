//! Items, people and places for the specs.

use countersign_contracts::{
    Envelope,
    deficiency::{self, DeficiencyChanged, DeficiencyStatus, LimitUnit, Pause},
    directory::{
        self, DepartmentDescribed, DetailsFrom, Downtime, FacilityDescribed, Leave, ProviderDescribed, Span,
    },
    staff,
};
use countersign_kernel::{DeficiencyId, EncounterId, EventId, Person, ProviderId, Timestamp, derive_uuid};
use serde::Serialize;
use uuid::Uuid;

/// `03-01` or `03-01 12:00` of 2026, UTC.
pub(crate) fn at(text: &str) -> Timestamp {
    let (day, time) = text.split_once(' ').unwrap_or((text, "00:00:00"));
    let seconds = if time.len() == 5 { ":00" } else { "" };
    format!("2026-{day}T{time}{seconds}Z").parse().unwrap()
}

/// `1001@NORTH`, or an identifier without authority.
pub(crate) fn id(text: &str) -> ProviderId {
    let (id, authority) = text.split_once('@').unwrap_or((text, ""));
    ProviderId { id: id.to_owned(), authority: authority.to_owned() }
}

pub(crate) fn person(text: &str) -> Person {
    let ProviderId { id, authority } = id(text);
    Person { id: Some(id), authority, ..Person::default() }
}

pub(crate) fn key(text: &str) -> Uuid {
    staff::key_of(&id(text))
}

pub(crate) fn chart(name: &str) -> EncounterId {
    EncounterId::derive(&["NORTH", name])
}

pub(crate) fn item_id(name: &str) -> DeficiencyId {
    DeficiencyId::derive(&[name])
}

/// An open discharge summary, owed at NORTH from a discharge on the second of March at noon, due within seven days.
pub(crate) fn owed(name: &str, who: Option<&str>) -> DeficiencyChanged {
    DeficiencyChanged {
        id: item_id(name),
        encounter: chart("V1"),
        facility: "NORTH".to_owned(),
        change: "opened".to_owned(),
        rule: "R13".to_owned(),
        rule_version: 1,
        document_type: "discharge_summary".to_owned(),
        responsible: who.map(person),
        status: DeficiencyStatus::Open,
        anchor_at: Some(at("03-02 12:00")),
        due_at: Some(at("03-09 23:59:59")),
        limit: Some(LimitUnit::Days),
        opened_at: at("03-02 12:00"),
        closed_at: None,
        delinquent_at: Some(at("03-23 23:59:59")),
        target_at: None,
        reopened_at: None,
        holds_bill: true,
        pauses: Vec::new(),
        disputed_since: None,
    }
}

pub(crate) fn done(name: &str, who: Option<&str>, when: &str) -> DeficiencyChanged {
    DeficiencyChanged {
        change: "satisfied".to_owned(),
        status: DeficiencyStatus::Satisfied,
        closed_at: Some(at(when)),
        ..owed(name, who)
    }
}

pub(crate) fn pause(cause: &str, from: &str, until: Option<&str>) -> Pause {
    Pause { cause: cause.to_owned(), from: at(from), until: until.map(at) }
}

pub(crate) fn leave(from: &str, until: Option<&str>) -> Leave {
    Leave {
        id: derive_uuid("leave", &[from]),
        kind: "planned".to_owned(),
        from: at(from),
        until: until.map(at),
        recorded_at: at("03-01"),
    }
}

pub(crate) fn downtime(from: &str, until: Option<&str>) -> Downtime {
    Downtime { from: at(from), until: until.map(at) }
}

pub(crate) fn provider(who: &str) -> ProviderDescribed {
    ProviderDescribed {
        key: key(who),
        id: id(who),
        identifiers: vec![id(who)],
        merged_into: None,
        name: Person::default(),
        details: Vec::new(),
        activity: vec![Span { from: None, until: None }],
        leaves: Vec::new(),
    }
}

pub(crate) fn details(from: &str, departments: &[&str]) -> DetailsFrom {
    DetailsFrom {
        from: at(from),
        departments: departments.iter().map(|&code| code.to_owned()).collect(),
        facilities: Vec::new(),
        specialty: None,
        delegate: None,
        email: None,
    }
}

pub(crate) fn facility(code: &str) -> FacilityDescribed {
    FacilityDescribed {
        code: code.to_owned(),
        name: String::new(),
        time_zone: String::new(),
        weekend: vec!["saturday".to_owned(), "sunday".to_owned()],
        holidays: Vec::new(),
        downtimes: Vec::new(),
    }
}

pub(crate) fn department(code: &str, chair: Option<&str>, from: Option<&str>) -> DepartmentDescribed {
    DepartmentDescribed {
        facility: "NORTH".to_owned(),
        code: code.to_owned(),
        name: code.to_owned(),
        chair: chair.map(id),
        effective_at: from.map(at),
        closed: false,
    }
}

/// Something that the deficiency service says.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    Item(DeficiencyChanged),
    Provider(ProviderDescribed),
    Facility(FacilityDescribed),
    Department(DepartmentDescribed),
}

impl Said {
    /// Its envelope, published from the event at this position; at noon of the first of March and a second more for
    /// each position.
    pub(crate) fn envelope(&self, position: u64) -> Envelope {
        match self {
            Self::Item(said) => {
                envelope(DeficiencyChanged::TYPE, deficiency::CATEGORY, said.encounter.0, said, position)
            }
            Self::Provider(said) => {
                envelope(ProviderDescribed::TYPE, directory::CATEGORY, said.key, said, position)
            }
            Self::Facility(said) => {
                let key = derive_uuid("facility", &[&said.code]);
                envelope(FacilityDescribed::TYPE, directory::CATEGORY, key, said, position)
            }
            Self::Department(said) => {
                let key = derive_uuid("department", &[&said.facility, &said.code]);
                envelope(DepartmentDescribed::TYPE, directory::CATEGORY, key, said, position)
            }
        }
    }
}

pub(crate) fn told_at(position: u64) -> Timestamp {
    at("03-01 12:00") + jiff::SignedDuration::from_secs(i64::try_from(position).unwrap())
}

fn envelope(kind: &str, category: &str, key: Uuid, said: &impl Serialize, position: u64) -> Envelope {
    Envelope {
        id: EventId::derive(&[kind, &position.to_string()]),
        source: "deficiency".to_owned(),
        kind: kind.to_owned(),
        category: category.to_owned(),
        key,
        time: told_at(position),
        position,
        correlation: key,
        traceparent: None,
        data: serde_json::value::to_raw_value(said).unwrap(),
    }
}

/// What was said, folded in this order from position 1 on.
pub(crate) fn folded(said: impl IntoIterator<Item = Said>) -> countersign_owed::Owed {
    let mut owed = countersign_owed::Owed::default();
    for (said, position) in said.into_iter().zip(1..) {
        owed.fold(&said.envelope(position)).unwrap();
    }
    owed
}
