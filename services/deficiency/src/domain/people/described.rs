//! Records as neighbours are told of them: whole, duplicates merged.

use std::collections::{BTreeMap, BTreeSet};

use countersign_contracts::directory::{DetailsFrom, Leave, ProviderDescribed, Span};
use countersign_kernel::{Person, ProviderId, Timestamp};
use uuid::Uuid;

use super::{
    directory::Directory,
    events::{PeopleEvent, key_of},
    provider::Provider,
};

impl Directory {
    /// The record with this key as it stands. One that was merged tells only where everything of it is found now.
    pub fn described(&self, key: Uuid) -> Option<ProviderDescribed> {
        let record = self.records.get(&key)?;
        match self.merges.get(&key) {
            None => self.providers.get(&key).map(whole),
            Some(merge) => Some(ProviderDescribed {
                key,
                id: record.id.clone(),
                identifiers: vec![record.id.clone()],
                merged_into: Some(merge.survivor),
                name: Person::default(),
                details: Vec::new(),
                activity: Vec::new(),
                leaves: Vec::new(),
            }),
        }
    }

    /// Every record as it stands, merged ones too, in order of keys.
    pub fn all_described(&self) -> impl Iterator<Item = ProviderDescribed> {
        self.records.keys().filter_map(|key| self.described(*key))
    }

    /// The records that an event may change, as they stand after it: those of the people it is about. The directory
    /// itself stays as it is.
    pub fn described_after(&self, event: &PeopleEvent) -> Vec<ProviderDescribed> {
        let mut keys = BTreeSet::from([key_of(event.provider())]);
        match event {
            PeopleEvent::Merged(event) => {
                keys.insert(key_of(&event.survivor));
            }
            PeopleEvent::Snapshot(_) => return Vec::new(),
            _ => {}
        }
        let mut excerpt = self.excerpt(&keys);
        excerpt.evolve(event);
        excerpt.all_described().collect()
    }

    /// These records, and those that are one person with them, without the index of identifiers.
    fn excerpt(&self, keys: &BTreeSet<Uuid>) -> Self {
        let roots: BTreeSet<Uuid> = keys.iter().map(|key| self.root(*key)).collect();
        let members: BTreeSet<Uuid> = roots.iter().flat_map(|root| self.members(*root)).collect();
        let mut excerpt = Self::default();
        let leaves = self.leaves.iter().filter(|(_, record)| members.contains(*record));
        excerpt.leaves.extend(leaves.map(|(leave, record)| (*leave, *record)));
        for key in &members {
            copy(&self.records, &mut excerpt.records, *key);
            copy(&self.merges, &mut excerpt.merges, *key);
            copy(&self.providers, &mut excerpt.providers, *key);
        }
        excerpt
    }
}

fn copy<T: Clone>(from: &BTreeMap<Uuid, T>, to: &mut BTreeMap<Uuid, T>, key: Uuid) {
    if let Some(found) = from.get(&key) {
        to.insert(key, found.clone());
    }
}

fn whole(provider: &Provider) -> ProviderDescribed {
    let identifiers: BTreeSet<&ProviderId> = std::iter::once(&provider.id)
        .chain(provider.identifiers.iter().map(|identifier| &identifier.id))
        .chain(&provider.merged)
        .collect();
    ProviderDescribed {
        key: provider.key,
        id: provider.id.clone(),
        identifiers: identifiers.into_iter().cloned().collect(),
        merged_into: None,
        // The name that holds last: nobody is written to under a former one.
        name: provider.person(Timestamp::MAX),
        details: provider
            .versions
            .iter()
            .map(|version| DetailsFrom {
                from: version.from,
                departments: version.details.departments.clone(),
                facilities: version.details.facilities.clone(),
                specialty: version.details.specialty.clone(),
                delegate: version.details.delegate.clone(),
                email: version.details.email.clone(),
            })
            .collect(),
        activity: provider
            .activity
            .iter()
            .map(|interval| Span { from: interval.from, until: interval.until })
            .collect(),
        leaves: provider
            .leaves
            .iter()
            .filter(|leave| leave.counts())
            .map(|leave| Leave {
                id: leave.id.0,
                kind: leave.kind.name().to_owned(),
                from: leave.from,
                until: leave.until,
                recorded_at: leave.recorded.at,
            })
            .collect(),
    }
}
