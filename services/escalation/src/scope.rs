//! What of the tracks somebody may see or decide about: everything by a role, the own, or the department's.

use std::collections::BTreeSet;

use countersign_kernel::{Actor, Role, Timestamp};
use countersign_owed::{Directory, Party};
use countersign_runtime::authority::{About, Refusal, permit};
use uuid::Uuid;

use crate::{authority::Act, projections::Scope};

/// What somebody may see.
///
/// # Errors
/// Nothing at all: no role allows it, and nothing is theirs.
pub(crate) fn of(actor: &Actor, act: Act, directory: &Directory, now: Timestamp) -> Result<Scope, Refusal> {
    let facilities = (!actor.facilities.is_empty()).then(|| actor.facilities.clone());
    let refusal = match permit(actor, act, &About::everything()) {
        Ok(()) => return Ok(Scope { facilities, providers: None }),
        Err(refusal) => refusal,
    };
    let mut keys: BTreeSet<Uuid> = BTreeSet::new();
    for id in actor.provider.iter().chain(&actor.for_providers) {
        if permit(actor, act, &About { provider: Some(id.clone()), ..About::default() }).is_ok() {
            keys.insert(directory.people.key_of(id));
        }
    }
    if act.by_chair() && actor.has_any(&[Role::DepartmentChair]) {
        for provider in directory.people.providers() {
            let headed = directory
                .places
                .facilities()
                .any(|facility| is_chair(actor, provider.key, &facility.code, directory, now));
            if headed {
                keys.insert(provider.key);
            }
        }
    }
    if keys.is_empty() { Err(refusal) } else { Ok(Scope { facilities, providers: Some(keys) }) }
}

fn is_chair(actor: &Actor, provider: Uuid, facility: &str, directory: &Directory, now: Timestamp) -> bool {
    let Some(own) = &actor.provider else { return false };
    directory
        .chair_of(provider, facility, now)
        .is_some_and(|chair| directory.people.key_of(chair) == directory.people.key_of(own))
}

/// Whether somebody may do something about a track.
///
/// # Errors
/// The rule that refused, and who may.
pub(crate) fn permit_on(
    actor: &Actor,
    act: Act,
    party: &Party,
    directory: &Directory,
    now: Timestamp,
) -> Result<(), Refusal> {
    let people = &directory.people;
    // Under whichever identifier somebody is known here: the directory says who is the same person.
    let key = people.root(party.provider);
    let own = actor.provider.iter().chain(&actor.for_providers).find(|id| people.key_of(id) == key);
    let provider = own.cloned().or_else(|| people.id_of(key).cloned());
    let about = About::item(provider, party.facility.clone());
    permit(actor, act, &about).or_else(|refusal| {
        let chairs = act.by_chair()
            && actor.has_any(&[Role::DepartmentChair])
            && is_chair(actor, key, &party.facility, directory, now)
            && (actor.facilities.is_empty() || actor.facilities.contains(&party.facility));
        if chairs { Ok(()) } else { Err(refusal) }
    })
}

/// Whether a right is one of a role, on everything.
pub(crate) fn permit_everywhere(actor: &Actor, act: Act) -> Result<(), Refusal> {
    permit(actor, act, &About::everything())
}
