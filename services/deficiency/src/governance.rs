//! Rule sets as governed data: who may take which step, where the API offers them, and what is told of the rules.

use countersign_contracts::api::{
    RuleView,
    rules::{LintReport, RuleSetDetail, RuleSetDiff, RuleSetView},
};
use countersign_governance::{
    Guarded, StepKind, Version,
    api::{Address, Offered},
};

pub use countersign_governance::GovernanceError;

use crate::{
    authority::Act,
    domain::{rulebook::diff, rules::RuleSet},
    explain::rule_view,
};

/// The rule book in the journal, and the way to take steps in it.
pub type Governance = countersign_governance::Governance<RuleSet>;

impl Guarded for RuleSet {
    type Act = Act;

    fn act(step: StepKind) -> Act {
        match step {
            StepKind::Draft => Act::DraftRules,
            StepKind::Check => Act::CheckRules,
            StepKind::Publish => Act::PublishRules,
            StepKind::Withdraw => Act::WithdrawRules,
        }
    }
}

impl Offered for RuleSet {
    const ADDRESS: Address = Address {
        path: "/api/v1/rule-sets",
        tag: "rules",
        noun: "rule set",
        plural: "rule sets",
        short: "set",
        file: "rule file",
        content: "rules",
        part: "rule",
    };
    type Detail = RuleSetDetail;
    type Comparison = RuleSetDiff;
    type Lint = LintReport;

    fn detail(version: &Version<Self>, life: RuleSetView) -> RuleSetDetail {
        RuleSetDetail {
            set: life,
            rules: version.content.as_ref().map(|rules| rules_of(rules)).unwrap_or_default(),
            problem: version.content.as_ref().err().cloned(),
            text: version.text.to_string(),
        }
    }

    fn comparison(version: &Version<Self>, against: &Version<Self>) -> RuleSetDiff {
        let difference = diff::between(&against.text, &version.text);
        RuleSetDiff {
            version: version.version,
            against: against.version,
            settings: difference.settings.into_iter().map(Into::into).collect(),
            rules: difference.parts.into_iter().map(Into::into).collect(),
        }
    }

    fn lint(text: &str) -> LintReport {
        match Self::parse(text) {
            Ok(rules) => LintReport {
                valid: true,
                faults: Vec::new(),
                title: Some(rules.title.clone()),
                rules: rules_of(&rules),
            },
            Err(error) => {
                LintReport { valid: false, faults: vec![error.to_string()], title: None, rules: Vec::new() }
            }
        }
    }
}

fn rules_of(rules: &RuleSet) -> Vec<RuleView> {
    rules.rules.iter().map(|rule| rule_view(rule, rules.version)).collect()
}
