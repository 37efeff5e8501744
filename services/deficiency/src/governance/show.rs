//! What the rule book shows.

use countersign_contracts::api::{
    RuleView,
    rules::{
        FieldDiff, LintReport, RuleDiff, RuleSetAct, RuleSetDetail, RuleSetDiff, RuleSetView, RuleSetsView,
        RuleWindow, RulesStep,
    },
};
use countersign_kernel::Timestamp;

use super::{Governance, GovernanceError, Taken};
use crate::{
    domain::{
        rulebook::{
            RuleBook, RulesEvent, RulesRefusal, Step, Version,
            diff::{self, FieldChange, PartChange},
        },
        rules::RuleSet,
    },
    explain::rule_view,
};

impl Governance {
    /// Every rule set, and which is in force when.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn list(&self) -> Result<RuleSetsView, GovernanceError> {
        let known = self.refresh().await?;
        let now = self.clock.now();
        let windows = known.book.windows().iter();
        Ok(RuleSetsView {
            items: known.book.versions().map(|version| set(&known.book, version, now)).collect(),
            windows: windows
                .map(|window| RuleWindow { version: window.version, from: window.from, until: window.until })
                .collect(),
            in_force: known.book.in_force_at(now).map(|rules| rules.version),
            position: known.position.0,
        })
    }

    /// One rule set with everything in it.
    ///
    /// # Errors
    /// There is no such version, or the journal cannot be read.
    pub async fn show(&self, version: u32) -> Result<RuleSetDetail, GovernanceError> {
        let known = self.refresh().await?;
        let version = find(&known.book, version)?;
        Ok(RuleSetDetail {
            set: set(&known.book, version, self.clock.now()),
            rules: version.rules.as_ref().map(|rules| rules_of(rules)).unwrap_or_default(),
            problem: version.rules.as_ref().err().cloned(),
            text: version.text.to_string(),
        })
    }

    /// What differs in a rule set from another one; left out, from the one it was based on, or for the first
    /// one from itself.
    ///
    /// # Errors
    /// There is no such version, or the journal cannot be read.
    pub async fn diff(&self, version: u32, against: Option<u32>) -> Result<RuleSetDiff, GovernanceError> {
        let known = self.refresh().await?;
        let new = find(&known.book, version)?;
        let old = find(&known.book, against.or(new.based_on).unwrap_or(version))?;
        let difference = diff::between(&old.text, &new.text);
        Ok(RuleSetDiff {
            version,
            against: old.version,
            settings: difference.settings.into_iter().map(field).collect(),
            rules: difference.parts.into_iter().map(part).collect(),
        })
    }
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

pub(super) fn step(taken: &Taken) -> RulesStep {
    let (step, effective_from) = match &*taken.event {
        RulesEvent::Drafted(_) => ("drafted", None),
        RulesEvent::Checked(_) => ("checked", None),
        RulesEvent::Published(published) => ("published", Some(published.effective_from)),
        RulesEvent::Withdrawn(_) => ("withdrawn", None),
    };
    RulesStep {
        version: taken.event.version(),
        step: step.to_owned(),
        by: taken.event.by().to_owned(),
        at: taken.at,
        effective_from,
        position: taken.position.0,
    }
}

fn find(book: &RuleBook, version: u32) -> Result<&Version, RulesRefusal> {
    let last = book.versions().len();
    book.version(version)
        .ok_or(RulesRefusal::Unknown { version, last: u32::try_from(last).unwrap_or(u32::MAX) })
}

fn rules_of(rules: &RuleSet) -> Vec<RuleView> {
    rules.rules.iter().map(|rule| rule_view(rule, rules.version)).collect()
}

fn set(book: &RuleBook, version: &Version, now: Timestamp) -> RuleSetView {
    let act = |step: &Step| RuleSetAct { by: step.by.clone(), at: step.at, why: step.why.clone() };
    RuleSetView {
        version: version.version,
        title: version.title.clone(),
        status: book.status(version, now).name().to_owned(),
        sha256: version.sha256.clone(),
        based_on: version.based_on,
        effective_from: version.published.as_ref().map(|(_, from)| *from),
        drafted: act(&version.drafted),
        checked: version.checked.as_ref().map(act),
        published: version.published.as_ref().map(|(step, _)| act(step)),
        withdrawn: version.withdrawn.as_ref().map(act),
    }
}

fn field(change: FieldChange) -> FieldDiff {
    FieldDiff { words: change.words(), field: change.field, was: change.was, is: change.is }
}

fn part(change: PartChange) -> RuleDiff {
    RuleDiff {
        kind: change.kind,
        id: change.id,
        title: change.title,
        change: change.change.name().to_owned(),
        fields: change.fields.into_iter().map(field).collect(),
    }
}
