//! Guard (e): a suspension that would leave a service of the policy's list without anybody takes an override by the chief
//! medical officer.

use std::collections::BTreeSet;

use countersign_kernel::Timestamp;
use countersign_owed::{Directory, Party};
use uuid::Uuid;

use super::policy::Policy;

/// The services of the policy's list that somebody belongs to at a facility, by specialty or department.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded<'a> {
    services: Vec<&'a str>,
    directory: &'a Directory,
    party: &'a Party,
    now: Timestamp,
}

/// The services of the policy's list that a provider belongs to at a facility; nothing where the list names neither the
/// provider's specialty nor a department, or nobody knows them.
pub fn guarded<'a>(
    policy: &'a Policy,
    directory: &'a Directory,
    party: &'a Party,
    now: Timestamp,
) -> Option<Guarded<'a>> {
    let services = policy.suspension.coverage.iter().map(String::as_str);
    let services: Vec<&str> =
        services.filter(|service| works_for(directory, party.provider, party, now, service)).collect();
    (!services.is_empty()).then_some(Guarded { services, directory, party, now })
}

impl Guarded<'_> {
    /// Those that would have nobody left at the facility: nobody else who is active, not away and not suspended.
    /// `suspended`: keys of who is suspended there.
    pub fn uncovered_without(&self, suspended: &BTreeSet<Uuid>) -> Vec<String> {
        let people = &self.directory.people;
        let own = people.root(self.party.provider);
        let suspended: BTreeSet<Uuid> = suspended.iter().map(|key| people.root(*key)).collect();
        let somebody_left = |service: &str| {
            people.providers().any(|other| {
                other.key != own
                    && works_for(self.directory, other.key, self.party, self.now, service)
                    && people.is_active_at(other.key, self.now)
                    && people.leave_at(other.key, self.now).is_none()
                    && !suspended.contains(&other.key)
            })
        };
        self.services
            .iter()
            .filter(|service| !somebody_left(service))
            .map(|&service| service.to_owned())
            .collect()
    }
}

/// Whether somebody works for a service at the facility: by specialty or department.
fn works_for(directory: &Directory, key: Uuid, party: &Party, now: Timestamp, service: &str) -> bool {
    let details = directory.people.provider(key).and_then(|provider| provider.details_at(now));
    details
        .filter(|details| details.facilities.is_empty() || details.facilities.contains(&party.facility))
        .is_some_and(|details| {
            let mut theirs = details.specialty.iter().chain(&details.departments);
            theirs.any(|theirs| theirs.eq_ignore_ascii_case(service))
        })
}
