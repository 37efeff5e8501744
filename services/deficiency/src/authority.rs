//! Who may do what: one function, and nobody may do what it does not allow.
//!
//! | Act | Who |
//! |---|---|
//! | draft rules, re-evaluate charts | HIM manager |
//! | check, publish rules | rules approver (a second person: the rule book itself refuses the author) |
//! | withdraw rules | HIM manager, rules approver |
//! | keep the directory | HIM manager, medical staff office |
//! | keep facilities and calendars | HIM manager, administrator |
//! | record a leave | provider for themselves, delegate, HIM analyst and manager, medical staff office |
//! | raise, decide a dispute, reassign, hold, release, void, answered elsewhere | HIM analyst and manager |
//! | dispute, request a hold | provider for own items, delegate for those of named providers |
//! | extend | HIM analyst and manager (as far as policy goes), chief medical officer |
//! | waive | chief medical officer; HIM manager who names the authority (a resolution, a minute) |
//! | ask a query | HIM analyst and manager, revenue cycle (coders, documentation specialists) |
//! | answer a query | provider for own items; HIM analyst and manager, for an answer that came on paper |
//! | run a what-if | HIM manager, rules approver, chief medical officer |
//! | read claims | revenue cycle, HIM analyst and manager, chief medical officer, auditor |
//! | read charts | everybody but administrators; physicians their own, delegates those of named providers |
//!
//! A delegate does not answer queries: the answer is a clinical statement, and only the provider can make it.
//! A waiver closes an item that was never done, so that it needs the medical staff's authority: the chief
//! medical officer has it, an HIM manager carries it out and says whose it is. Somebody who works for named
//! facilities may act on nothing of another one.

use countersign_kernel::Role;
use countersign_runtime::authority::{self, Rights};

pub use countersign_runtime::authority::{About, Refusal, RefusedBy, permit};

/// Something that a person may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// Propose a rule set.
    DraftRules,
    /// Confirm that a proposed rule set is right.
    CheckRules,
    /// Put a checked rule set in force.
    PublishRules,
    /// Take a rule set back.
    WithdrawRules,
    /// Judge open charts by another version of the rules.
    ReevaluateCharts,
    /// Change the directory of providers.
    KeepDirectory,
    /// Change facilities, departments, calendars.
    KeepSite,
    /// Say that a provider is away.
    RecordLeave,
    /// Raise a deficiency by hand.
    Raise,
    /// Say that a deficiency is wrong.
    Dispute,
    /// Decide such a dispute.
    DecideDispute,
    /// Give a deficiency to somebody else.
    Reassign,
    /// Ask that a clock be stopped.
    RequestHold,
    /// Stop a clock.
    Hold,
    /// Let it run again.
    Release,
    /// Allow more time.
    Extend,
    /// Close what was raised in error.
    Void,
    /// Close what will not be done.
    Waive,
    /// Record that the chart has what is asked for in another place.
    AnswerElsewhere,
    /// Ask a provider about the documentation.
    AskQuery,
    /// Answer such a question.
    AnswerQuery,
    /// Try out a rule set on the record.
    RunWhatIf,
    /// See claims and what holds them.
    ReadClaims,
    /// See charts.
    ReadCharts,
}

impl Act {
    /// Every act.
    pub const ALL: [Self; 24] = [
        Self::DraftRules,
        Self::CheckRules,
        Self::PublishRules,
        Self::WithdrawRules,
        Self::ReevaluateCharts,
        Self::KeepDirectory,
        Self::KeepSite,
        Self::RecordLeave,
        Self::Raise,
        Self::Dispute,
        Self::DecideDispute,
        Self::Reassign,
        Self::RequestHold,
        Self::Hold,
        Self::Release,
        Self::Extend,
        Self::Void,
        Self::Waive,
        Self::AnswerElsewhere,
        Self::AskQuery,
        Self::AnswerQuery,
        Self::RunWhatIf,
        Self::ReadClaims,
        Self::ReadCharts,
    ];
}

impl authority::Act for Act {
    fn words(self) -> &'static str {
        match self {
            Self::DraftRules => "draft rules",
            Self::CheckRules => "check rules",
            Self::PublishRules => "publish rules",
            Self::WithdrawRules => "withdraw rules",
            Self::ReevaluateCharts => "re-evaluate charts",
            Self::KeepDirectory => "change the directory of providers",
            Self::KeepSite => "change facilities and calendars",
            Self::RecordLeave => "record this leave",
            Self::Raise => "raise deficiencies",
            Self::Dispute => "dispute this deficiency",
            Self::DecideDispute => "decide disputes",
            Self::Reassign => "reassign deficiencies",
            Self::RequestHold => "request a hold of this deficiency",
            Self::Hold => "put deficiencies on hold",
            Self::Release => "release holds",
            Self::Extend => "extend deficiencies",
            Self::Void => "void deficiencies",
            Self::Waive => "waive deficiencies",
            Self::AnswerElsewhere => "mark deficiencies as answered elsewhere",
            Self::AskQuery => "ask queries",
            Self::AnswerQuery => "answer this query",
            Self::RunWhatIf => "run a what-if",
            Self::ReadClaims => "read claims",
            Self::ReadCharts => "read this chart",
        }
    }

    /// The module's table says the same in words.
    fn rights(self) -> Rights {
        use Role::{
            Administrator, Auditor, ChiefMedicalOfficer, DepartmentChair, HimAnalyst, HimManager,
            MedicalStaffOffice, RevenueCycle, RulesApprover,
        };
        const HIM: &[Role] = &[HimAnalyst, HimManager];
        match self {
            Self::DraftRules | Self::ReevaluateCharts => Rights::of(&[HimManager]),
            Self::CheckRules | Self::PublishRules => Rights::of(&[RulesApprover]),
            Self::WithdrawRules => Rights::of(&[HimManager, RulesApprover]),
            Self::KeepDirectory => Rights::of(&[HimManager, MedicalStaffOffice]),
            Self::KeepSite => Rights::of(&[HimManager, Administrator]),
            Self::RecordLeave => {
                Rights::of(&[HimAnalyst, HimManager, MedicalStaffOffice]).and_provider().and_delegate()
            }
            Self::Raise
            | Self::DecideDispute
            | Self::Reassign
            | Self::Hold
            | Self::Release
            | Self::Void
            | Self::AnswerElsewhere => Rights::of(HIM),
            Self::Dispute => Rights::of(&[]).and_provider().and_delegate(),
            Self::RequestHold => Rights::of(HIM).and_provider().and_delegate(),
            Self::Extend => Rights::of(&[HimAnalyst, HimManager, ChiefMedicalOfficer]),
            Self::Waive => Rights::of(&[ChiefMedicalOfficer]).and_on_authority(&[HimManager]),
            Self::AskQuery => Rights::of(&[HimAnalyst, HimManager, RevenueCycle]),
            Self::AnswerQuery => Rights::of(HIM).and_provider(),
            Self::RunWhatIf => Rights::of(&[HimManager, RulesApprover, ChiefMedicalOfficer]),
            Self::ReadClaims => {
                Rights::of(&[HimAnalyst, HimManager, ChiefMedicalOfficer, RevenueCycle, Auditor])
            }
            Self::ReadCharts => Rights::of(&[
                HimAnalyst,
                HimManager,
                RulesApprover,
                DepartmentChair,
                MedicalStaffOffice,
                ChiefMedicalOfficer,
                RevenueCycle,
                Auditor,
            ])
            .and_provider()
            .and_delegate(),
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_kernel::{Actor, ProviderId};

    use super::*;

    fn provider(id: &str, authority: &str) -> ProviderId {
        ProviderId { id: id.to_owned(), authority: authority.to_owned() }
    }

    fn own() -> About {
        About::item(Some(provider("1001", "NPI")), "MAIN")
    }

    fn of_another() -> About {
        About::item(Some(provider("2002", "NPI")), "MAIN")
    }

    /// Somebody in one role, who is provider 1001 and is named for it too.
    fn somebody(role: Role) -> Actor {
        Actor {
            provider: Some(provider("1001", "NPI")),
            for_providers: vec![provider("1001", "NPI")],
            ..Actor::new("kim", [role])
        }
    }

    /// One line an act; one letter a role in the order of [`Role::ALL`]: `+` may on anything, `o` on own
    /// items, `a` on anything when an authority is named, `.` never.
    const TABLE: &str = "
        DraftRules        . . . + . . . . . . .
        CheckRules        . . . . + . . . . . .
        PublishRules      . . . . + . . . . . .
        WithdrawRules     . . . + + . . . . . .
        ReevaluateCharts  . . . + . . . . . . .
        KeepDirectory     . . . + . . + . . . .
        KeepSite          . . . + . . . . . + .
        RecordLeave       o o + + . . + . . . .
        Raise             . . + + . . . . . . .
        Dispute           o o . . . . . . . . .
        DecideDispute     . . + + . . . . . . .
        Reassign          . . + + . . . . . . .
        RequestHold       o o + + . . . . . . .
        Hold              . . + + . . . . . . .
        Release           . . + + . . . . . . .
        Extend            . . + + . . . + . . .
        Void              . . + + . . . . . . .
        Waive             . . . a . . . + . . .
        AnswerElsewhere   . . + + . . . . . . .
        AskQuery          . . + + . . . . + . .
        AnswerQuery       o . + + . . . . . . .
        RunWhatIf         . . . + + . . + . . .
        ReadClaims        . . + + . . . + + . +
        ReadCharts        o o + + + + + + + . +
    ";

    #[test]
    fn every_role_may_do_what_the_table_says_and_nothing_else() {
        let lines: Vec<Vec<&str>> = TABLE
            .lines()
            .map(|line| line.split_whitespace().collect())
            .filter(|l: &Vec<_>| !l.is_empty())
            .collect();
        assert_eq!(lines.len(), Act::ALL.len(), "an act has no line");
        for (act, line) in Act::ALL.into_iter().zip(lines) {
            assert_eq!(format!("{act:?}"), line[0]);
            assert_eq!(line.len() - 1, Role::ALL.len(), "{act:?}");
            for (role, cell) in Role::ALL.into_iter().zip(&line[1..]) {
                let may = |about: &About| permit(&somebody(role), act, about).is_ok();
                let nobodys = About::item(None, "MAIN");
                let found = (
                    may(&own()),
                    may(&of_another()),
                    may(&nobodys),
                    may(&of_another().on_authority("MEC 2026-03-02")),
                );
                let wanted = match *cell {
                    "+" => (true, true, true, true),
                    "o" => (true, false, false, false),
                    "a" => (false, false, false, true),
                    "." => (false, false, false, false),
                    other => panic!("{other}"),
                };
                assert_eq!(found, wanted, "{act:?} by {role:?}: own, another's, nobody's, on authority");
            }
        }
    }

    #[test]
    fn who_has_no_role_may_do_nothing() {
        let nobody = Actor { roles: vec![], ..somebody(Role::Physician) };
        for act in Act::ALL {
            let refusal = permit(&nobody, act, &own().on_authority("MEC")).expect_err("refused");
            assert_eq!(refusal.rule, RefusedBy::Role, "{act:?}");
        }
    }

    #[test]
    fn a_refusal_names_the_rule_and_who_may() {
        let said = |role, act, about: &About| permit(&somebody(role), act, about).unwrap_err().to_string();
        assert_eq!(
            said(Role::HimAnalyst, Act::Waive, &own()),
            "kim may not waive deficiencies; allowed: chief_medical_officer, him_manager naming the authority \
             (rule authority/role; roles are given with `countersign access roles`)"
        );
        let blank = own().on_authority(" ");
        assert!(said(Role::HimManager, Act::Waive, &blank).contains("on whose `authority`"));
        assert!(
            said(Role::Physician, Act::AnswerQuery, &of_another())
                .contains("him_analyst, him_manager, physician for own items (rule authority/role")
        );
    }
}
