//! Guard (e): a suspension that would leave a service of the policy's list without anybody takes an override by the chief
//! medical officer.

use std::collections::BTreeSet;

use countersign_kernel::Timestamp;
use countersign_owed::{Directory, Party};
use uuid::Uuid;

use super::policy::Policy;

/// A service of the policy's list that somebody belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guarded<'a> {
    /// Its name, as the policy has it.
    pub service: &'a str,
    directory: &'a Directory,
    party: &'a Party,
    now: Timestamp,
}

/// The service of the policy's list that a provider belongs to at a facility; nothing where the list does not name the
/// provider's specialty, or nobody knows it.
pub fn guarded<'a>(
    policy: &'a Policy,
    directory: &'a Directory,
    party: &'a Party,
    now: Timestamp,
) -> Option<Guarded<'a>> {
    let coverage = &policy.suspension.coverage;
    if coverage.is_empty() {
        return None;
    }
    let own = specialty(directory, party.provider, &party.facility, now)?;
    let service = coverage.iter().find(|service| service.eq_ignore_ascii_case(own))?;
    Some(Guarded { service, directory, party, now })
}

impl Guarded<'_> {
    /// Whether anybody else would be left at the facility: of the specialty, active, not away and not suspended.
    /// `suspended`: keys of who is suspended there.
    pub fn is_covered_without(&self, suspended: &BTreeSet<Uuid>) -> bool {
        let people = &self.directory.people;
        let own = people.root(self.party.provider);
        let suspended: BTreeSet<Uuid> = suspended.iter().map(|key| people.root(*key)).collect();
        people.providers().any(|other| {
            other.key != own
                && specialty(self.directory, other.key, &self.party.facility, self.now)
                    .is_some_and(|theirs| theirs.eq_ignore_ascii_case(self.service))
                && people.is_active_at(other.key, self.now)
                && people.leave_at(other.key, self.now).is_none()
                && !suspended.contains(&other.key)
        })
    }
}

/// The specialty of somebody who works at the facility.
fn specialty<'a>(directory: &'a Directory, key: Uuid, facility: &str, now: Timestamp) -> Option<&'a str> {
    let details = directory.people.provider(key)?.details_at(now)?;
    let here = details.facilities.is_empty() || details.facilities.iter().any(|code| code == facility);
    details.specialty.as_deref().filter(|_| here)
}
