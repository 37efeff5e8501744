//! What the rule book shows of its rules.

use countersign_contracts::api::{
    RuleView,
    rules::{FieldDiff, LintReport, RuleDiff, RuleSetDetail, RuleSetDiff},
};
use countersign_governance::version_view;

use super::{Governance, GovernanceError};
use crate::{
    domain::{rulebook::diff, rules::RuleSet},
    explain::rule_view,
};

/// One rule set with everything in it.
///
/// # Errors
/// There is no such version, or the journal cannot be read.
pub async fn detail(governance: &Governance, version: u32) -> Result<RuleSetDetail, GovernanceError> {
    let book = governance.current().await?;
    let version = book.find(version)?;
    Ok(RuleSetDetail {
        set: version_view(&book, version, governance.now()),
        rules: version.content.as_ref().map(|rules| rules_of(rules)).unwrap_or_default(),
        problem: version.content.as_ref().err().cloned(),
        text: version.text.to_string(),
    })
}

/// What differs in a rule set from another one; left out, from the one it was based on, or for the first one
/// from itself.
///
/// # Errors
/// There is no such version, or the journal cannot be read.
pub async fn difference(
    governance: &Governance,
    version: u32,
    against: Option<u32>,
) -> Result<RuleSetDiff, GovernanceError> {
    let book = governance.current().await?;
    let new = book.find(version)?;
    let old = book.find(against.or(new.based_on).unwrap_or(version))?;
    let difference = diff::between(&old.text, &new.text);
    Ok(RuleSetDiff {
        version,
        against: old.version,
        settings: difference.settings.into_iter().map(FieldDiff::from).collect(),
        rules: difference.parts.into_iter().map(RuleDiff::from).collect(),
    })
}

/// Whether a text is a rule file, and what it says.
pub fn lint(text: &str) -> LintReport {
    match RuleSet::parse(text) {
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

fn rules_of(rules: &RuleSet) -> Vec<RuleView> {
    rules.rules.iter().map(|rule| rule_view(rule, rules.version)).collect()
}
