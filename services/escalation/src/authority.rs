//! Who may do what about escalation. Nobody may do what the table does not allow.
//!
//! | Act | Who |
//! |---|---|
//! | read tracks | HIM, leadership, auditor; the provider and delegates their own; a chair those of the department |
//! | read the register | HIM manager, medical staff office, CMO, auditor; the provider the own; a chair the department's |
//! | decide about suspensions and reinstatements | medical staff office, CMO |
//! | override a guard | CMO |
//! | extend | CMO, HIM manager |
//! | exempt | medical staff office, CMO |
//! | acknowledge, note | medical staff office, CMO, HIM manager (corrections, undeliverable), the department's chair |
//! | draft policies | HIM manager, medical staff office |
//! | check and publish policies | rules approver |
//! | withdraw policies | HIM manager, rules approver |
//! | trust the clock, release held runs | administrator, CMO; HIM manager for runs |
//! | simulate | HIM manager, rules approver, medical staff office, CMO |
//! | read what the auditor found | administrator, auditor, HIM manager, leadership |

use countersign_kernel::Role;
use countersign_runtime::authority::{self, Rights};

use crate::domain::policy::APPROVERS;

/// What somebody may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// See tracks and why they stand where they stand.
    ReadTracks,
    /// See suspensions.
    ReadRegister,
    /// Confirm or reject a proposed suspension, confirm a reinstatement.
    DecideSuspension,
    /// Confirm a suspension against a guard, e.g. when nobody would be left.
    OverrideGuard,
    /// Grant more time.
    Extend,
    /// Exempt a track, or end that.
    Exempt,
    /// Acknowledge what waits for leadership.
    Acknowledge,
    /// Leave a note, tell that a correction is done.
    Note,
    /// Propose a policy.
    DraftPolicy,
    /// Confirm that a policy is right.
    CheckPolicy,
    /// Put a policy in force.
    PublishPolicy,
    /// Take a policy back.
    WithdrawPolicy,
    /// Say that the wall clock is right.
    TrustClock,
    /// Let many tracks move at once.
    ReleaseRun,
    /// Ask what a policy would have done.
    Simulate,
    /// See what the auditor found.
    ReadAudit,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 16] = [
        Self::ReadTracks,
        Self::ReadRegister,
        Self::DecideSuspension,
        Self::OverrideGuard,
        Self::Extend,
        Self::Exempt,
        Self::Acknowledge,
        Self::Note,
        Self::DraftPolicy,
        Self::CheckPolicy,
        Self::PublishPolicy,
        Self::WithdrawPolicy,
        Self::TrustClock,
        Self::ReleaseRun,
        Self::Simulate,
        Self::ReadAudit,
    ];

    /// The chair of a provider's department may do it, too.
    pub const fn by_chair(self) -> bool {
        matches!(self, Self::ReadTracks | Self::ReadRegister | Self::Acknowledge | Self::Note)
    }
}

impl authority::Act for Act {
    fn words(self) -> &'static str {
        match self {
            Self::ReadTracks => "read this track",
            Self::ReadRegister => "read the register of suspensions",
            Self::DecideSuspension => "decide about suspensions",
            Self::OverrideGuard => "override a guard of the policy",
            Self::Extend => "grant more time",
            Self::Exempt => "exempt providers",
            Self::Acknowledge => "acknowledge matters of leadership",
            Self::Note => "leave notes on tracks",
            Self::DraftPolicy => "draft escalation policies",
            Self::CheckPolicy => "check escalation policies",
            Self::PublishPolicy => "publish escalation policies",
            Self::WithdrawPolicy => "withdraw escalation policies",
            Self::TrustClock => "confirm the clock",
            Self::ReleaseRun => "release held runs",
            Self::Simulate => "simulate escalation policies",
            Self::ReadAudit => "read what the auditor found",
        }
    }

    fn rights(self) -> Rights {
        use Role::{
            Administrator, Auditor, ChiefMedicalOfficer, HimAnalyst, HimManager, MedicalStaffOffice,
            RulesApprover,
        };
        match self {
            Self::ReadTracks => Rights::of(&[
                HimAnalyst,
                HimManager,
                RulesApprover,
                MedicalStaffOffice,
                ChiefMedicalOfficer,
                Auditor,
            ])
            .and_provider()
            .and_delegate(),
            Self::ReadRegister => {
                Rights::of(&[HimManager, MedicalStaffOffice, ChiefMedicalOfficer, Auditor]).and_provider()
            }
            Self::DecideSuspension => Rights::of(APPROVERS),
            Self::Exempt => Rights::of(&[MedicalStaffOffice, ChiefMedicalOfficer]),
            Self::OverrideGuard => Rights::of(&[ChiefMedicalOfficer]),
            Self::Extend => Rights::of(&[HimManager, ChiefMedicalOfficer]),
            Self::Acknowledge | Self::Note => {
                Rights::of(&[HimManager, MedicalStaffOffice, ChiefMedicalOfficer])
            }
            Self::DraftPolicy => Rights::of(&[HimManager, MedicalStaffOffice]),
            Self::CheckPolicy | Self::PublishPolicy => Rights::of(&[RulesApprover]),
            Self::WithdrawPolicy => Rights::of(&[HimManager, RulesApprover]),
            Self::TrustClock => Rights::of(&[Administrator, ChiefMedicalOfficer]),
            Self::ReleaseRun => Rights::of(&[HimManager, ChiefMedicalOfficer, Administrator]),
            Self::Simulate => {
                Rights::of(&[HimManager, RulesApprover, MedicalStaffOffice, ChiefMedicalOfficer])
            }
            Self::ReadAudit => {
                Rights::of(&[HimManager, MedicalStaffOffice, ChiefMedicalOfficer, Administrator, Auditor])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_kernel::{Actor, ProviderId};
    use countersign_runtime::authority::{About, permit};

    use super::*;

    /// One line an act; one letter a role in the order of [`Role::ALL`]: `+` may on anything, `o` on own tracks, `.`
    /// never.
    const TABLE: &str = "
        ReadTracks        o o + + + . + + . . +
        ReadRegister      o . . + . . + + . . +
        DecideSuspension  . . . . . . + + . . .
        OverrideGuard     . . . . . . . + . . .
        Extend            . . . + . . . + . . .
        Exempt            . . . . . . + + . . .
        Acknowledge       . . . + . . + + . . .
        Note              . . . + . . + + . . .
        DraftPolicy       . . . + . . + . . . .
        CheckPolicy       . . . . + . . . . . .
        PublishPolicy     . . . . + . . . . . .
        WithdrawPolicy    . . . + + . . . . . .
        TrustClock        . . . . . . . + . + .
        ReleaseRun        . . . + . . . + . + .
        Simulate          . . . + + . + + . . .
        ReadAudit         . . . + . . + + . + +
    ";

    #[test]
    fn every_role_may_do_what_the_table_says_and_nothing_else() {
        let own = ProviderId { id: "1001".to_owned(), authority: "NPI".to_owned() };
        let other = ProviderId { id: "2002".to_owned(), authority: "NPI".to_owned() };
        let lines: Vec<Vec<&str>> = TABLE
            .lines()
            .map(|line| line.split_whitespace().collect())
            .filter(|line: &Vec<_>| !line.is_empty())
            .collect();
        assert_eq!(lines.len(), Act::ALL.len(), "an act has no line");
        for (act, line) in Act::ALL.into_iter().zip(lines) {
            assert_eq!(format!("{act:?}"), line[0]);
            assert_eq!(line.len() - 1, Role::ALL.len(), "{act:?}");
            for (role, cell) in Role::ALL.into_iter().zip(&line[1..]) {
                let somebody = Actor {
                    provider: Some(own.clone()),
                    for_providers: vec![own.clone()],
                    ..Actor::new("kim", [role])
                };
                let may = |whose: &ProviderId| {
                    permit(&somebody, act, &About::item(Some(whose.clone()), "MAIN")).is_ok()
                };
                let wanted = match *cell {
                    "+" => (true, true),
                    "o" => (true, false),
                    "." => (false, false),
                    cell => panic!("{cell}"),
                };
                assert_eq!((may(&own), may(&other)), wanted, "{act:?} by {role:?}: own, another's");
            }
        }
    }
}
