//! Providers, statements and actors for the specs.

use countersign_contracts::{
    Field,
    staff::{StaffIdentifier, StaffReported},
};
use countersign_deficiency::domain::{
    people::{
        Directory, LeaveId, LeaveKind, Refusal,
        decide::{Asked, Command, Period, decide},
        events::{Changes, PeopleEvent, ProviderReported},
    },
    site::Site,
};
use countersign_kernel::{Actor, MessageId, Person, ProviderId, Role, Timestamp};

/// `03-01` or `03-01 12:00` of 2026, UTC.
pub(crate) fn at(text: &str) -> Timestamp {
    let (day, time) = text.split_once(' ').unwrap_or((text, "00:00"));
    format!("2026-{day}T{time}:00Z").parse().unwrap()
}

/// `1001@HOSP`, or an identifier without authority.
pub(crate) fn id(text: &str) -> ProviderId {
    let (id, authority) = text.split_once('@').unwrap_or((text, ""));
    ProviderId { id: id.to_owned(), authority: authority.to_owned() }
}

pub(crate) fn person(text: &str) -> Person {
    let ProviderId { id, authority } = id(text);
    Person { id: Some(id), authority, ..Person::default() }
}

/// A record about somebody, in effect from then on and received at once.
pub(crate) fn report(who: &str, effective: &str) -> StaffReported {
    let id = id(who);
    StaffReported {
        message: MessageId::derive(&["staff", who, effective]),
        record: 0,
        reading: 0,
        identifiers: vec![StaffIdentifier { id: id.clone(), kind: String::new() }],
        id,
        name: None,
        active: None,
        effective_at: at(effective),
        active_from: Field::Absent,
        active_until: Field::Absent,
        departments: Vec::new(),
        service: Field::Absent,
        specialty: Field::Absent,
        group: Field::Absent,
        supervisor: Field::Absent,
        delegate: Field::Absent,
        email: Field::Absent,
        telephone: Field::Absent,
        facilities: Vec::new(),
        time_zone: String::new(),
        recorded_at: None,
        withdrawn: false,
        received_at: at(effective),
    }
}

pub(crate) fn reported(report: StaffReported) -> PeopleEvent {
    let provider = report.id.clone();
    PeopleEvent::Reported(Box::new(ProviderReported { provider, report, imported: None }))
}

pub(crate) fn directory(reports: impl IntoIterator<Item = StaffReported>) -> Directory {
    let mut directory = Directory::default();
    for report in reports {
        directory.evolve(&reported(report));
    }
    directory
}

pub(crate) fn actor(name: &str, roles: &[Role]) -> Actor {
    Actor::new(name, roles)
}

pub(crate) fn manager() -> Actor {
    actor("kim", &[Role::HimManager])
}

pub(crate) fn provider(name: &str, role: Role, id: ProviderId) -> Actor {
    Actor { provider: Some(id), ..actor(name, &[role]) }
}

/// Decides and, when something comes of it, folds it.
pub(crate) fn ask(
    directory: &mut Directory,
    who: &Actor,
    when: &str,
    command: Command,
) -> Result<Option<PeopleEvent>, Refusal> {
    let asked = Asked { actor: who, at: at(when), why: "as agreed" };
    let event = decide(directory, &Site::default(), command, &asked)?;
    if let Some(event) = &event {
        directory.evolve(event);
    }
    Ok(event)
}

pub(crate) fn merge(retired: &str, survivor: &str) -> Command {
    Command::Merge { retired: id(retired), survivor: id(survivor) }
}

pub(crate) fn unmerge(retired: &str) -> Command {
    Command::Unmerge { retired: id(retired) }
}

pub(crate) fn edit(who: &str, effective: &str, changes: Changes) -> Command {
    Command::Edit { provider: id(who), changes: Box::new(changes), effective_at: Some(at(effective)) }
}

pub(crate) fn leave_id(name: &str) -> LeaveId {
    LeaveId::derive(&[name])
}

pub(crate) fn period(from: &str, until: Option<&str>) -> Period {
    Period { kind: LeaveKind::Planned, from: at(from), until: until.map(at) }
}

pub(crate) fn leave(name: &str, who: &str, from: &str, until: Option<&str>) -> Command {
    Command::RecordLeave { leave: leave_id(name), provider: id(who), period: period(from, until) }
}
