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
        Ok(()) => return Ok(Scope { facilities, ..Scope::default() }),
        Err(refusal) => refusal,
    };
    let mut keys: BTreeSet<Uuid> = BTreeSet::new();
    for id in actor.provider.iter().chain(&actor.for_providers) {
        if permit(actor, act, &About { provider: Some(id.clone()), ..About::default() }).is_ok() {
            keys.insert(directory.people.key_of(id));
        }
    }
    let mut parties: BTreeSet<Party> = BTreeSet::new();
    if act.by_chair() && actor.has_any(&[Role::DepartmentChair]) {
        for provider in directory.people.providers() {
            // As `permit_on` says of one track: a department's chair is one at its facility, and nowhere else.
            let headed = directory
                .places
                .facilities()
                .filter(|facility| is_chair(actor, provider.key, &facility.code, directory, now));
            let party = |code: &String| Party { provider: provider.key, facility: code.clone() };
            parties.extend(headed.map(|facility| party(&facility.code)));
        }
    }
    if keys.is_empty() && parties.is_empty() {
        return Err(refusal);
    }
    Ok(Scope { facilities, providers: Some(keys), parties })
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

#[cfg(test)]
mod tests {
    use countersign_contracts::{
        directory::{DepartmentDescribed, DetailsFrom, FacilityDescribed, ProviderDescribed, Span},
        staff,
    };
    use countersign_kernel::{Person, ProviderId};
    use jiff::tz::TimeZone;

    use super::*;

    fn somebody(id: &str) -> ProviderId {
        ProviderId { id: id.to_owned(), authority: "NORTH".to_owned() }
    }

    /// Two facilities with a department of the same code, each with a chair of its own, and a surgeon of both.
    fn directory() -> Directory {
        let mut directory = Directory::new(TimeZone::UTC);
        for (code, chair) in [("NORTH", "chair-north"), ("SOUTH", "chair-south")] {
            let facility = FacilityDescribed {
                code: code.to_owned(),
                name: String::new(),
                time_zone: String::new(),
                weekend: Vec::new(),
                holidays: Vec::new(),
                downtimes: Vec::new(),
            };
            directory.places.fold_facility(facility, 1);
            let department = DepartmentDescribed {
                facility: code.to_owned(),
                code: "SURG".to_owned(),
                name: "Surgery".to_owned(),
                chair: Some(somebody(chair)),
                effective_at: None,
                closed: false,
            };
            directory.places.fold_department(department, 2);
        }
        let surgeon = somebody("surgeon");
        let described = ProviderDescribed {
            key: staff::key_of(&surgeon),
            id: surgeon.clone(),
            identifiers: vec![surgeon],
            merged_into: None,
            name: Person::default(),
            details: vec![DetailsFrom {
                from: Timestamp::UNIX_EPOCH,
                departments: vec!["SURG".to_owned()],
                facilities: Vec::new(),
                specialty: None,
                delegate: None,
                email: None,
            }],
            activity: vec![Span { from: None, until: None }],
            leaves: Vec::new(),
        };
        directory.people.fold(described, 3);
        directory
    }

    #[test]
    fn a_list_shows_a_chair_what_the_chair_may_see_one_by_one() {
        // given the chair of a surgeon's department at one facility
        let directory = directory();
        let now = Timestamp::UNIX_EPOCH;
        let mut chair = Actor::new("chair", [Role::DepartmentChair]);
        chair.provider = Some(somebody("chair-north"));
        let party = |facility: &str| Party {
            provider: staff::key_of(&somebody("surgeon")),
            facility: facility.to_owned(),
        };
        let may = |facility| permit_on(&chair, Act::ReadTracks, &party(facility), &directory, now).is_ok();
        assert!(may("NORTH") && !may("SOUTH"));
        // when the chair asks for a list
        let scope = of(&chair, Act::ReadTracks, &directory, now).expect("something is theirs");
        // then it is about the surgeon there, and not at the facility where somebody else heads the department
        assert_eq!(scope.parties, [party("NORTH")].into());
    }
}
