//! Who may do what about notices and contacts.
//!
//! | Act | Who |
//! |---|---|
//! | read notices and letters | HIM, medical staff office, chair, chief medical officer, auditor; providers and delegates those about themselves |
//! | see addresses, keep contacts | HIM, medical staff office; providers and delegates their own |
//! | keep letters: print, confirm | HIM, medical staff office |
//! | send again, take over | HIM manager, medical staff office |
//! | settle tasks about addresses | HIM, medical staff office |
//! | run a digest now | HIM, medical staff office; providers and delegates their own |
//! | decide whether anything leaves | HIM manager, administrator |
//! | see templates | HIM manager, medical staff office, chief medical officer, administrator, auditor |
//!
//! Nobody reads any of it unknown, even where reading is open elsewhere: it is about people's privileges. Only the state
//! of the installation (mode, templates) is read as everything else is.
//!
//! An inbox is its owner's: a provider's, a delegate's for the providers named, an office's whoever works there.

use countersign_kernel::{Actor, Role};
use countersign_owed::Owed;
use countersign_runtime::authority::{self, Rights};

pub use countersign_runtime::authority::{About, permit, reach};

use crate::domain::contact;

/// Something that a person may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// See what was sent, and what became of it.
    ReadNotices,
    /// Change how somebody is reached and what they want to be told.
    KeepContacts,
    /// Print letters and say when they left.
    KeepLetters,
    /// Have a failed notice sent again, or take it over.
    SendAgain,
    /// Settle a task about an address.
    SettleTasks,
    /// Have a digest sent now.
    RunDigest,
    /// Decide whether anything leaves.
    SetMode,
    /// See templates.
    ReadTemplates,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 8] = [
        Self::ReadNotices,
        Self::KeepContacts,
        Self::KeepLetters,
        Self::SendAgain,
        Self::SettleTasks,
        Self::RunDigest,
        Self::SetMode,
        Self::ReadTemplates,
    ];
}

impl authority::Act for Act {
    fn words(self) -> &'static str {
        match self {
            Self::ReadNotices => "read these notices",
            Self::KeepContacts => "change this contact",
            Self::KeepLetters => "keep letters",
            Self::SendAgain => "send notices again or take them over",
            Self::SettleTasks => "settle tasks about addresses",
            Self::RunDigest => "run this digest",
            Self::SetMode => "decide whether anything leaves the installation",
            Self::ReadTemplates => "see templates",
        }
    }

    fn rights(self) -> Rights {
        use Role::{
            Administrator, Auditor, ChiefMedicalOfficer, DepartmentChair, HimAnalyst, HimManager,
            MedicalStaffOffice,
        };
        const OFFICE: &[Role] = &[HimAnalyst, HimManager, MedicalStaffOffice];
        match self {
            Self::ReadNotices => Rights::of(&[
                HimAnalyst,
                HimManager,
                MedicalStaffOffice,
                DepartmentChair,
                ChiefMedicalOfficer,
                Auditor,
            ])
            .and_provider()
            .and_delegate(),
            Self::KeepContacts | Self::RunDigest => Rights::of(OFFICE).and_provider().and_delegate(),
            Self::KeepLetters | Self::SettleTasks => Rights::of(OFFICE),
            Self::SendAgain => Rights::of(&[HimManager, MedicalStaffOffice]),
            Self::SetMode => Rights::of(&[HimManager, Administrator]),
            Self::ReadTemplates => {
                Rights::of(&[HimManager, MedicalStaffOffice, ChiefMedicalOfficer, Administrator, Auditor])
            }
        }
    }
}

/// The person with every identifier by its main one: the sign-in may know somebody by another than the directory.
pub(crate) fn as_known(actor: &Actor, owed: &Owed) -> Actor {
    let people = owed.people();
    let main = |id: &countersign_kernel::ProviderId| {
        people.id_of(people.key_of(id)).cloned().unwrap_or_else(|| id.clone())
    };
    Actor {
        provider: actor.provider.as_ref().map(main),
        for_providers: actor.for_providers.iter().map(main).collect(),
        ..actor.clone()
    }
}

/// Keys of the contacts whose inboxes are open to somebody.
pub(crate) fn inboxes(actor: &Actor, owed: &Owed) -> Vec<String> {
    let people = owed.people();
    let mut owners = Vec::new();
    // What came before records were merged is in the inbox of the one that it was sent to.
    let of = |id: &countersign_kernel::ProviderId| {
        people.keys_of(people.key_of(id)).into_iter().map(contact::key_of_provider)
    };
    if actor.has_any(&[Role::Physician, Role::DepartmentChair]) {
        owners.extend(actor.provider.iter().flat_map(of));
    }
    if actor.has_any(&[Role::Delegate]) {
        owners.extend(actor.for_providers.iter().flat_map(of));
        owners.extend(actor.provider.iter().flat_map(of));
    }
    let offices: [(&[Role], &[&str]); 3] = [
        (&[Role::HimAnalyst, Role::HimManager], &["him", "scheduling"]),
        (&[Role::MedicalStaffOffice], &["medical_staff_office", "executive_committee", "scheduling"]),
        (&[Role::ChiefMedicalOfficer], &["chief_medical_officer", "chief_of_staff", "executive_committee"]),
    ];
    for (roles, names) in offices {
        if actor.has_any(roles) {
            owners.extend(names.iter().map(|name| contact::key_of_office(name)));
        }
    }
    owners.sort();
    owners.dedup();
    owners
}

#[cfg(test)]
mod tests {
    use countersign_kernel::ProviderId;

    use super::*;

    /// One line an act; one letter a role in the order of [`Role::ALL`]: `+` may on anything, `o` on own items, `.`
    /// never.
    const TABLE: &str = "
        ReadNotices    o o + + . + + + . . +
        KeepContacts   o o + + . . + . . . .
        KeepLetters    . . + + . . + . . . .
        SendAgain      . . . + . . + . . . .
        SettleTasks    . . + + . . + . . . .
        RunDigest      o o + + . . + . . . .
        SetMode        . . . + . . . . . + .
        ReadTemplates  . . . + . . + + . + +
    ";

    #[test]
    fn every_role_may_do_what_the_table_says_and_nothing_else() {
        let id = |id: &str| ProviderId { id: id.to_owned(), authority: String::new() };
        let lines: Vec<Vec<&str>> = TABLE
            .lines()
            .map(|line| line.split_whitespace().collect())
            .filter(|l: &Vec<_>| !l.is_empty())
            .collect();
        assert_eq!(lines.len(), Act::ALL.len());
        for (act, line) in Act::ALL.into_iter().zip(lines) {
            assert_eq!((format!("{act:?}").as_str(), line.len()), (line[0], Role::ALL.len() + 1));
            for (role, cell) in Role::ALL.into_iter().zip(&line[1..]) {
                let actor = Actor {
                    provider: Some(id("1")),
                    for_providers: vec![id("1")],
                    ..Actor::new("kim", [role])
                };
                let may = |of: &str| permit(&actor, act, &About::item(Some(id(of)), "MAIN")).is_ok();
                let wanted = match *cell {
                    "+" => (true, true),
                    "o" => (true, false),
                    _ => (false, false),
                };
                assert_eq!((may("1"), may("2")), wanted, "{act:?} by {role:?}");
            }
        }
    }
}
