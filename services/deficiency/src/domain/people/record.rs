//! One record: what was stated about a person, folded in the order in which it takes effect, whatever the order in
//! which it arrived.

use std::collections::BTreeSet;

use countersign_contracts::{
    Field,
    staff::{StaffIdentifier, StaffReported},
};
use countersign_kernel::{MessageId, Person, ProviderId, Timestamp};
use jiff::{civil::Date, tz::TimeZone};

use super::{
    events::{Changes, ProviderEdited},
    leave::LeaveHistory,
    provider::{Details, Interval, Version},
};

/// Where a statement stands among the others: by its effect, then by when the source wrote it down, then by arrival.
type Order = (Timestamp, Timestamp, Timestamp, Option<(MessageId, u32)>);

/// One statement about a person.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    order: Order,
    reading: u32,
    withdrawn: bool,
    changes: Changes,
}

impl From<&StaffReported> for Statement {
    fn from(report: &StaffReported) -> Self {
        let recorded_at = report.recorded_at.unwrap_or(report.received_at);
        Self {
            order: (
                report.effective_at,
                recorded_at,
                report.received_at,
                Some((report.message, report.record)),
            ),
            reading: report.reading,
            withdrawn: report.withdrawn,
            changes: Changes::from(report),
        }
    }
}

impl From<&ProviderEdited> for Statement {
    fn from(edited: &ProviderEdited) -> Self {
        Self {
            order: (edited.effective_at, edited.act.at, edited.act.at, None),
            reading: 0,
            withdrawn: false,
            changes: edited.changes.clone(),
        }
    }
}

/// What the statements about a person make.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Folded {
    pub(super) listed: bool,
    pub(super) identifiers: BTreeSet<StaffIdentifier>,
    pub(super) activity: Vec<Interval>,
    pub(super) versions: Vec<Version>,
}

/// Everything that is recorded under one main identifier.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub(super) id: ProviderId,
    pub(super) folded: Folded,
    pub(super) leaves: Vec<LeaveHistory>,
    statements: Vec<Statement>,
}

impl Record {
    pub(super) fn new(id: ProviderId) -> Self {
        let folded = fold(&id, &[]);
        Self { id, folded, leaves: Vec::new(), statements: Vec::new() }
    }

    /// Takes note of a statement. Of the readings of one record in one message the last counts.
    pub(super) fn state(&mut self, statement: Statement) {
        let source = statement.order.3;
        let known = self.statements.iter().position(|known| source.is_some() && known.order.3 == source);
        if let Some(known) = known {
            if self.statements[known].reading >= statement.reading {
                return;
            }
            self.statements.remove(known);
        }
        let place = self.statements.partition_point(|known| known.order <= statement.order);
        self.statements.insert(place, statement);
        self.folded = fold(&self.id, &self.statements);
    }
}

fn fold(id: &ProviderId, statements: &[Statement]) -> Folded {
    let mut folded = Folded { activity: vec![Interval::ALWAYS], ..Folded::default() };
    let mut details = Details::default();
    for Statement { order, changes, .. } in statements.iter().filter(|statement| !statement.withdrawn) {
        folded.listed = true;
        for identifier in &changes.identifiers {
            // The kind may be sent in one message and left out in another.
            if !identifier.kind.is_empty() {
                folded.identifiers.retain(|known| known.id != identifier.id);
            }
            if !folded.identifiers.iter().any(|known| known.id == identifier.id) {
                folded.identifiers.insert(identifier.clone());
            }
        }
        folded.identifiers.retain(|known| !changes.without_identifiers.contains(&known.id));
        change_activity(&mut folded.activity, order.0, changes);
        change_details(&mut details, changes);
        match folded.versions.last_mut() {
            Some(last) if last.details == details => {}
            Some(last) if last.from == order.0 => last.details = details.clone(),
            _ => folded.versions.push(Version { from: order.0, details: details.clone() }),
        }
    }
    folded.versions.dedup_by(|later, earlier| later.details == earlier.details);
    if !folded.identifiers.iter().any(|known| known.id == *id) {
        folded.identifiers.insert(StaffIdentifier { id: id.clone(), kind: String::new() });
    }
    folded
}

fn change_details(details: &mut Details, changes: &Changes) {
    let listed = |codes: &[String]| -> Vec<String> {
        codes.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect()
    };
    if let Some(name) = &changes.name {
        // A name without credentials says nothing of them.
        let known = details.name.take().map(|known| known.credentials).unwrap_or_default();
        let credentials = if name.credentials.is_empty() { known } else { name.credentials.clone() };
        details.name = Some(Person { id: None, authority: String::new(), credentials, ..name.clone() });
    }
    if let Some(departments) = &changes.departments {
        details.departments = listed(departments);
    }
    if let Some(facilities) = &changes.facilities {
        details.facilities = listed(facilities);
    }
    changes.service.apply_to(&mut details.service);
    changes.specialty.apply_to(&mut details.specialty);
    changes.group.apply_to(&mut details.group);
    changes.supervisor.apply_to(&mut details.supervisor);
    changes.delegate.apply_to(&mut details.delegate);
    changes.email.apply_to(&mut details.email);
    changes.telephone.apply_to(&mut details.telephone);
}

/// Before the first statement a person counts as active, until a first day is stated. Dates speak of the whole of
/// the period that is under way, also when they are stated later; "active" and "inactive" speak from the
/// statement's own effect on.
fn change_activity(activity: &mut Vec<Interval>, effective_at: Timestamp, changes: &Changes) {
    let zone = TimeZone::get(&changes.time_zone).unwrap_or(TimeZone::UTC);
    let ended = |interval: &Interval| interval.until.is_some_and(|until| until <= effective_at);
    let from = changes.active_from.map(|day| start_of(day, &zone));
    let until = changes.active_until.map(|day| start_of(day.tomorrow().unwrap_or(day), &zone));
    let past = activity.last().and_then(|last| last.until);
    let returns = changes.active == Some(true) && activity.last().is_none_or(ended);
    let begins_anew =
        from.value().is_some_and(|from| activity.is_empty() || past.is_some_and(|past| past <= *from));
    if returns || begins_anew {
        // Somebody comes back: the period that ended stays what it was. A first day that lies in it is that period's.
        let begins = from.value().copied().filter(|from| past.is_none_or(|past| past <= *from));
        activity.push(Interval { from: Some(begins.unwrap_or(effective_at)), until: None });
    } else {
        let before = activity.len().checked_sub(2).and_then(|index| activity[index].until);
        if let Some(last) = activity.last_mut() {
            match from {
                Field::Value(from) if before.is_none_or(|before| before <= from) => last.from = Some(from),
                Field::Null if before.is_none() => last.from = None,
                _ => {}
            }
        }
    }
    if let Some(last) = activity.last_mut() {
        until.apply_to(&mut last.until);
        if changes.active == Some(false) && !ended(last) {
            last.until = Some(effective_at);
        }
    }
    activity.retain(|interval| !interval.is_empty());
}

fn start_of(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone()).map_or(Timestamp::MAX, |start| start.timestamp())
}
