//! People, as the directory tells of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

use countersign_contracts::{
    directory::{Leave, ProviderDescribed},
    staff,
};
use countersign_kernel::{Person, ProviderId, Timestamp};
use rpds::RedBlackTreeMapSync;
use uuid::Uuid;

/// Authority, then the records that claim an identifier under it.
pub(crate) type Claims = BTreeMap<String, BTreeSet<Uuid>>;

/// Every provider that the directory tells of, by key, with the identifiers that lead to it. Whoever is not in the
/// directory has the key that the directory would give (`staff::key_of`), so a record that is made later takes over
/// what was kept under it.
///
/// Its maps share what they have in common with their copies: whoever decides keeps the directory as it was while the
/// next record is folded, and a hospital that sends its staff of thousands causes as many copies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct People {
    records: RedBlackTreeMapSync<Uuid, Told>,
    claims: RedBlackTreeMapSync<String, Claims>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    described: ProviderDescribed,
    position: u64,
}

/// Every identifier of a record, its main one too.
pub(crate) fn identifiers(described: &ProviderDescribed) -> BTreeSet<&ProviderId> {
    described.identifiers.iter().chain([&described.id]).collect()
}

/// The key of the provider that goes by an identifier, from the records that claim it: the only one, after merges; of
/// several the one whose main identifier it is. Without an authority any authority's claim counts. Else the key that
/// the directory would give.
pub(crate) fn choose(id: &ProviderId, claims: Option<&Claims>, root: impl Fn(Uuid) -> Uuid) -> Uuid {
    let own = staff::key_of(id);
    let claiming: BTreeSet<Uuid> = match claims {
        None => BTreeSet::new(),
        Some(claims) => match claims.get(&id.authority) {
            Some(keys) => keys.clone(),
            None if id.authority.is_empty() => claims.values().flatten().copied().collect(),
            None => BTreeSet::new(),
        },
    };
    let roots: BTreeSet<Uuid> = claiming.iter().map(|key| root(*key)).collect();
    match roots.first() {
        Some(only) if roots.len() == 1 => *only,
        Some(_) if claiming.contains(&own) => root(own),
        _ => own,
    }
}

/// The record that remains after all merges. `next` tells what a record was merged into. Merges that run in a circle
/// end with the least key of the circle, wherever one began.
pub(crate) fn follow<E>(key: Uuid, mut next: impl FnMut(Uuid) -> Result<Option<Uuid>, E>) -> Result<Uuid, E> {
    let mut passed = vec![key];
    loop {
        let here = passed[passed.len() - 1];
        let Some(into) = next(here)? else { return Ok(here) };
        if let Some(start) = passed.iter().position(|known| *known == into) {
            return Ok(passed[start..].iter().min().copied().unwrap_or(into));
        }
        passed.push(into);
    }
}

impl People {
    /// Takes note of a record. Returns whether it is news: not told already at this position of the journal or later.
    pub fn fold(&mut self, described: ProviderDescribed, position: u64) -> bool {
        if self.records.get(&described.key).is_some_and(|told| told.position >= position) {
            return false;
        }
        let key = described.key;
        if let Some(before) = self.records.get(&key) {
            for id in identifiers(&before.described) {
                let Some(claims) = self.claims.get_mut(&id.id) else { continue };
                if let Some(keys) = claims.get_mut(&id.authority) {
                    keys.remove(&key);
                }
                claims.retain(|_, keys| !keys.is_empty());
                if claims.is_empty() {
                    self.claims.remove_mut(&id.id);
                }
            }
        }
        for id in identifiers(&described) {
            let mut claims = self.claims.get(&id.id).cloned().unwrap_or_default();
            claims.entry(id.authority.clone()).or_default().insert(key);
            self.claims.insert_mut(id.id.clone(), claims);
        }
        self.records.insert_mut(key, Told { described, position });
        true
    }

    /// The record under exactly this key, merged or not.
    pub fn record(&self, key: Uuid) -> Option<&ProviderDescribed> {
        self.records.get(&key).map(|told| &told.described)
    }

    /// The key of the record that remains after all merges; the key itself for somebody unknown.
    pub fn root(&self, key: Uuid) -> Uuid {
        let next = |key| Ok::<_, Infallible>(self.record(key).and_then(|known| known.merged_into));
        match follow(key, next) {
            Ok(root) => root,
            Err(never) => match never {},
        }
    }

    /// The provider with this key, merges followed; `None` for somebody who is not in the directory.
    pub fn provider(&self, key: Uuid) -> Option<&ProviderDescribed> {
        self.record(self.root(key))
    }

    /// Everybody, duplicates merged, in order of keys.
    pub fn providers(&self) -> impl Iterator<Item = &ProviderDescribed> {
        self.records.values().map(|told| &told.described).filter(|known| self.root(known.key) == known.key)
    }

    /// The keys of the record that remains and of every record that became part of it: what was kept under one of them
    /// is theirs.
    pub fn keys_of(&self, key: Uuid) -> BTreeSet<Uuid> {
        let root = self.root(key);
        let merged = self.records.keys().copied().filter(|known| self.root(*known) == root);
        merged.chain([root]).collect()
    }

    /// The key of the provider that goes by this identifier.
    pub fn key_of(&self, id: &ProviderId) -> Uuid {
        choose(id, self.claims.get(&id.id), |key| self.root(key))
    }

    /// The key of the provider that a message names; `None` when it names no identifier.
    pub fn key_of_person(&self, person: &Person) -> Option<Uuid> {
        let id = ProviderId { id: person.id.clone()?, authority: person.authority.clone() };
        Some(self.key_of(&id))
    }

    /// Main identifier of the provider with this key.
    pub fn id_of(&self, key: Uuid) -> Option<&ProviderId> {
        self.provider(key).map(|known| &known.id)
    }

    /// `Family, Given`, or the identifier: for people's eyes. `None` for somebody who is not in the directory.
    pub fn name_of(&self, key: Uuid) -> Option<String> {
        let known = self.provider(key)?;
        let nameless = known.name.family.is_empty() && known.name.given.is_empty();
        Some(if nameless { known.id.to_string() } else { known.name.display_name() })
    }

    /// Who may look after the provider's list at an instant.
    pub fn delegate_of(&self, key: Uuid, at: Timestamp) -> Option<&ProviderId> {
        self.provider(key)?.details_at(at)?.delegate.as_ref()
    }

    /// Codes of the provider's departments at an instant, in their order.
    pub fn departments_of(&self, key: Uuid, at: Timestamp) -> &[String] {
        let details = self.provider(key).and_then(|known| known.details_at(at));
        details.map_or(&[], |details| details.departments.as_slice())
    }

    /// Leaves that count, by their beginning.
    pub fn leaves_of(&self, key: Uuid) -> &[Leave] {
        self.provider(key).map_or(&[], |known| known.leaves.as_slice())
    }

    /// The leave that the provider is on at an instant, the one that began first.
    pub fn leave_at(&self, key: Uuid, at: Timestamp) -> Option<&Leave> {
        self.leaves_of(key)
            .iter()
            .find(|leave| leave.from <= at && leave.until.is_none_or(|until| at < until))
    }

    /// Whether the provider is active at an instant. Somebody who is not in the directory is: nothing says otherwise.
    pub fn is_active_at(&self, key: Uuid, at: Timestamp) -> bool {
        self.provider(key).is_none_or(|known| {
            known.activity.iter().any(|span| {
                span.from.is_none_or(|from| from <= at) && span.until.is_none_or(|until| at < until)
            })
        })
    }
}
