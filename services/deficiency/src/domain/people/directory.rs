//! Everybody: records under their identifiers, duplicates merged, and the questions that charts ask.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use countersign_contracts::staff::StaffIdentifier;
use countersign_kernel::{Person, ProviderId, Timestamp};
use uuid::Uuid;

use super::{
    events::{PeopleEvent, ProvidersMerged, key_of},
    leave::{Approval, Leave, LeaveHistory, LeaveId},
    provider::{Details, Provider, Standing, Version, details_at},
    record::{Record, Statement},
};
use crate::domain::attribution::Attribution;

/// A record that was merged into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// Key of the record that it was merged into.
    pub survivor: Uuid,
    /// Who, when, why.
    pub act: Attribution,
}

/// Every provider that is known otherwise than by being named in messages. Fold the events of the category
/// [`PROVIDER`](super::events::PROVIDER) in journal order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Directory {
    pub(super) records: BTreeMap<Uuid, Record>,
    pub(super) merges: BTreeMap<Uuid, Merge>,
    pub(super) providers: BTreeMap<Uuid, Provider>,
    /// Identifier, then authority, then the records that claim it.
    claims: BTreeMap<String, BTreeMap<String, BTreeSet<Uuid>>>,
    /// In whose record a leave is kept.
    pub(super) leaves: BTreeMap<LeaveId, Uuid>,
}

impl Directory {
    /// Folds one event. A snapshot changes nothing: it repeats what the others made.
    pub fn evolve(&mut self, event: &PeopleEvent) {
        if matches!(event, PeopleEvent::Snapshot(_)) {
            return;
        }
        let key = self.enter(event.provider());
        match event {
            PeopleEvent::Reported(event) => self.state(key, Statement::from(&event.report)),
            PeopleEvent::Edited(event) => self.state(key, Statement::from(event.as_ref())),
            PeopleEvent::Merged(event) => self.merge(key, event),
            PeopleEvent::MergeUndone(_) => {
                let root = self.root(key);
                self.merges.remove(&key);
                self.refresh(root);
                self.refresh(key);
            }
            PeopleEvent::LeaveRecorded(event) => {
                let approval = awaited(event.approval_needed);
                let leave = Leave {
                    id: event.leave,
                    kind: event.kind,
                    from: event.from,
                    until: event.until,
                    recorded: event.act.clone(),
                    changed: None,
                    approval,
                    cancelled: None,
                };
                self.leaves.insert(event.leave, key);
                if let Some(record) = self.records.get_mut(&key) {
                    record.leaves.push(LeaveHistory::new(leave));
                }
                self.refresh(key);
            }
            PeopleEvent::LeaveChanged(event) => self.step(key, event.leave, &event.act, |leave| {
                leave.kind = event.kind;
                leave.from = event.from;
                leave.until = event.until;
                leave.approval = awaited(event.approval_needed);
                leave.changed = Some(event.act.clone());
            }),
            PeopleEvent::LeaveDecided(event) => self.step(key, event.leave, &event.act, |leave| {
                let act = event.act.clone();
                leave.approval =
                    if event.approved { Approval::Given { act } } else { Approval::Refused { act } };
            }),
            PeopleEvent::LeaveCancelled(event) => self.step(key, event.leave, &event.act, |leave| {
                leave.cancelled = Some(event.act.clone());
            }),
            PeopleEvent::Snapshot(_) => {}
        }
    }

    /// Everybody, duplicates merged, in a stable order.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers.values()
    }

    /// The provider with this key: the surviving one, when the record was merged.
    pub fn provider(&self, key: Uuid) -> Option<&Provider> {
        self.providers.get(&self.root(key))
    }

    /// The provider that a message names: by identifier and authority, after merges. A person without an authority is
    /// the only provider with that identifier; nobody when there are several, and nobody without an identifier. Of
    /// several records that claim one identifier the one counts whose main identifier it is.
    pub fn resolve(&self, person: &Person) -> Option<&Provider> {
        let authorities = self.claims.get(person.id.as_deref()?)?;
        let claims = match authorities.get(&person.authority) {
            Some(claims) => claims.clone(),
            None if person.authority.is_empty() => authorities.values().flatten().copied().collect(),
            None => return None,
        };
        let roots: BTreeSet<Uuid> = claims.iter().map(|key| self.root(*key)).collect();
        let root = if roots.len() == 1 {
            roots.first().copied()?
        } else {
            let id = ProviderId { id: person.id.clone()?, authority: person.authority.clone() };
            let own = key_of(&id);
            claims.contains(&own).then(|| self.root(own))?
        };
        self.providers.get(&root)
    }

    /// Main identifier of the record that claims an identifier, whatever it was merged into: the record whose main
    /// identifier it is, else the only one that claims it.
    pub fn record_with(&self, id: &ProviderId) -> Option<&ProviderId> {
        let claims = self.claims.get(&id.id)?.get(&id.authority)?;
        let own = key_of(id);
        let key = match claims.len() {
            1 => claims.first()?,
            _ => claims.get(&own)?,
        };
        self.main_id(*key)
    }

    /// The provider with this identifier.
    pub fn find(&self, id: &ProviderId) -> Option<&Provider> {
        self.resolve(&person_of(id))
    }

    /// Where a person stands at an instant. `strict`: the site says that its directory is complete
    /// ([`Site::strict_directory`](crate::domain::site::Site::strict_directory)), so whoever is not in it is unknown;
    /// else people who are only named in messages are active. Whoever has no identifier is unknown: a name alone
    /// proves nothing.
    pub fn standing(&self, person: &Person, at: Timestamp, strict: bool) -> Standing {
        if person.id.is_none() {
            return Standing::Unknown;
        }
        match self.resolve(person) {
            Some(provider) if provider.listed => provider.standing(at),
            _ if strict => Standing::Unknown,
            _ => Standing::Active,
        }
    }

    /// The next instant after this one at which the person's standing changes by its dates.
    pub fn next_change(&self, person: &Person, after: Timestamp) -> Option<Timestamp> {
        self.resolve(person)?.next_change(after)
    }

    /// Codes of the person's departments at an instant.
    pub fn departments_of(&self, person: &Person, at: Timestamp) -> &[String] {
        self.resolve(person)
            .and_then(|provider| provider.details_at(at))
            .map_or(&[], |details| details.departments.as_slice())
    }

    /// Codes of the person's facilities at an instant; none when nobody said.
    pub fn facilities_of(&self, person: &Person, at: Timestamp) -> &[String] {
        self.resolve(person)
            .and_then(|provider| provider.details_at(at))
            .map_or(&[], |details| details.facilities.as_slice())
    }

    /// Who supervises the person at an instant.
    pub fn supervisor_of(&self, person: &Person, at: Timestamp) -> Option<Person> {
        let details = self.resolve(person)?.details_at(at)?;
        Some(self.named(details.supervisor.as_ref()?, at))
    }

    /// Who may look after the person's list at an instant.
    pub fn delegate_of(&self, person: &Person, at: Timestamp) -> Option<Person> {
        let details = self.resolve(person)?.details_at(at)?;
        Some(self.named(details.delegate.as_ref()?, at))
    }

    /// The person's leaves that are not cancelled, by their beginning; also those that wait for approval
    /// ([`Leave::counts`] tells).
    pub fn leaves_of(&self, person: &Person) -> &[Leave] {
        self.resolve(person).map_or(&[], |provider| provider.leaves.as_slice())
    }

    /// The same as it was known at an instant.
    pub fn leaves_known(&self, person: &Person, known_at: Timestamp) -> Vec<Leave> {
        let Some(provider) = self.resolve(person) else { return Vec::new() };
        self.leaves_in(provider.key, |history| history.known_at(known_at))
    }

    /// The leave with this id, cancelled or not, and the main identifier of the record that it is kept in.
    pub fn leave(&self, id: LeaveId) -> Option<(&ProviderId, &Leave)> {
        let record = self.records.get(self.leaves.get(&id)?)?;
        let history = record.leaves.iter().find(|history| history.current().id == id)?;
        Some((&record.id, history.current()))
    }

    /// Into what a record was merged, if it was.
    pub fn merge_of(&self, id: &ProviderId) -> Option<&Merge> {
        self.merges.get(&key_of(id))
    }

    /// Main identifier of the record with this key, merged or not.
    pub fn main_id(&self, key: Uuid) -> Option<&ProviderId> {
        self.records.get(&key).map(|record| &record.id)
    }

    /// Whether the event would make anything other than it is.
    pub fn is_changed_by(&self, event: &PeopleEvent) -> bool {
        let key = key_of(event.provider());
        let statement = match event {
            PeopleEvent::Reported(event) => Statement::from(&event.report),
            PeopleEvent::Edited(event) => Statement::from(event.as_ref()),
            _ => return true,
        };
        let Some(record) = self.records.get(&key) else { return true };
        let mut changed = record.clone();
        changed.state(statement);
        changed.folded != record.folded
    }

    /// Members of a department at an instant, in a stable order.
    pub fn members_of<'a>(
        &'a self,
        department: &'a str,
        at: Timestamp,
    ) -> impl Iterator<Item = &'a Provider> + 'a {
        self.providers.values().filter(move |provider| {
            provider
                .details_at(at)
                .is_some_and(|details| details.departments.iter().any(|code| code == department))
        })
    }

    fn named(&self, id: &ProviderId, at: Timestamp) -> Person {
        self.find(id).map_or_else(|| person_of(id), |provider| provider.person(at))
    }

    /// The record under a main identifier, made when there is none.
    fn enter(&mut self, id: &ProviderId) -> Uuid {
        let key = key_of(id);
        if let Entry::Vacant(place) = self.records.entry(key) {
            place.insert(Record::new(id.clone()));
            self.claim(key, id);
            self.refresh(key);
        }
        key
    }

    fn state(&mut self, key: Uuid, statement: Statement) {
        let Some(record) = self.records.get_mut(&key) else { return };
        let before = record.folded.identifiers.clone();
        record.state(statement);
        let after = record.folded.identifiers.clone();
        for gone in before.difference(&after) {
            self.unclaim(key, &gone.id);
        }
        for identifier in &after {
            self.claim(key, &identifier.id);
        }
        self.refresh(key);
    }

    /// A merge that would close a circle has no effect: two people merged two records into each other at once, and
    /// the one that came first counts.
    fn merge(&mut self, retired: Uuid, event: &ProvidersMerged) {
        let survivor = self.enter(&event.survivor);
        if self.leads_to(survivor, retired) {
            return;
        }
        let before = self.root(retired);
        self.providers.remove(&retired);
        self.merges.insert(retired, Merge { survivor, act: event.act.clone() });
        self.refresh(retired);
        // Two people merged one record into two others at once: it leaves the first.
        if before != retired {
            self.refresh(before);
        }
    }

    fn step(&mut self, key: Uuid, leave: LeaveId, act: &Attribution, change: impl FnOnce(&mut Leave)) {
        let histories = self.records.get_mut(&key).map(|record| &mut record.leaves);
        let history = histories.and_then(|all| all.iter_mut().find(|history| history.current().id == leave));
        if let Some(history) = history {
            history.step(act.at, change);
        }
        self.refresh(key);
    }

    fn claim(&mut self, key: Uuid, id: &ProviderId) {
        let authorities = self.claims.entry(id.id.clone()).or_default();
        authorities.entry(id.authority.clone()).or_default().insert(key);
    }

    fn unclaim(&mut self, key: Uuid, id: &ProviderId) {
        let Some(authorities) = self.claims.get_mut(&id.id) else { return };
        if let Some(claims) = authorities.get_mut(&id.authority) {
            claims.remove(&key);
            if claims.is_empty() {
                authorities.remove(&id.authority);
            }
        }
        if authorities.is_empty() {
            self.claims.remove(&id.id);
        }
    }

    /// Whether merges lead from one record over or to another.
    fn leads_to(&self, mut key: Uuid, other: Uuid) -> bool {
        loop {
            if key == other {
                return true;
            }
            let Some(merge) = self.merges.get(&key) else { return false };
            key = merge.survivor;
        }
    }

    /// The record that remains after all merges. Merges make no circles.
    pub(super) fn root(&self, mut key: Uuid) -> Uuid {
        while let Some(merge) = self.merges.get(&key) {
            key = merge.survivor;
        }
        key
    }

    /// Keys of the records that make one provider, the surviving one first, the others in a stable order.
    pub(super) fn members(&self, root: Uuid) -> Vec<Uuid> {
        let retired = self.merges.keys().copied().filter(|key| self.root(*key) == root);
        std::iter::once(root).chain(retired).collect()
    }

    fn leaves_in<'a>(
        &'a self,
        root: Uuid,
        state: impl Fn(&'a LeaveHistory) -> Option<&'a Leave>,
    ) -> Vec<Leave> {
        let members = self.members(root);
        let records = members.iter().filter_map(|key| self.records.get(key));
        let mut leaves: Vec<Leave> = records
            .flat_map(|record| &record.leaves)
            .filter_map(state)
            .filter(|leave| leave.cancelled.is_none())
            .cloned()
            .collect();
        leaves.sort_by_key(|leave| (leave.from, leave.id));
        leaves
    }

    /// Makes the provider of this record anew.
    fn refresh(&mut self, key: Uuid) {
        let root = self.root(key);
        let members = self.members(root);
        let records: Vec<&Record> = members.iter().filter_map(|key| self.records.get(key)).collect();
        let Some(own) = records.first() else { return };
        // The surviving record's word counts; where nothing was said of it, the merged records speak.
        let telling = records.iter().find(|record| record.folded.listed).unwrap_or(own);
        let identifiers: BTreeSet<StaffIdentifier> =
            records.iter().flat_map(|record| record.folded.identifiers.iter().cloned()).collect();
        let provider = Provider {
            key: root,
            id: own.id.clone(),
            identifiers: identifiers.into_iter().collect(),
            listed: telling.folded.listed,
            activity: telling.folded.activity.clone(),
            versions: overlaid(&records),
            leaves: self.leaves_in(root, |history| Some(history.current())),
            merged: records[1..].iter().map(|record| record.id.clone()).collect(),
        };
        self.providers.insert(root, provider);
    }
}

/// Details of several records of one person: the first that says something counts.
fn overlaid(records: &[&Record]) -> Vec<Version> {
    if let [own] = records {
        return own.folded.versions.clone();
    }
    let instants: BTreeSet<Timestamp> =
        records.iter().flat_map(|record| record.folded.versions.iter().map(|version| version.from)).collect();
    let mut versions: Vec<Version> = Vec::with_capacity(instants.len());
    for from in instants {
        let details = records
            .iter()
            .filter_map(|record| details_at(&record.folded.versions, from))
            .fold(Details::default(), Details::or);
        if versions.last().is_none_or(|last| last.details != details) {
            versions.push(Version { from, details });
        }
    }
    versions
}

fn awaited(needed: bool) -> Approval {
    if needed { Approval::Awaited } else { Approval::NotNeeded }
}

fn person_of(id: &ProviderId) -> Person {
    Person { id: Some(id.id.clone()), authority: id.authority.clone(), ..Person::default() }
}
