//! Which version of a rule is asked, and of what.

use countersign_contracts::chart::DocumentType;
use countersign_kernel::Timestamp;

use crate::domain::{reference::Reference, rules::Rule};

/// A rule of one version, and the requirements that are its to judge.
pub(super) struct Asked<'a> {
    pub(super) rule: &'a Rule,
    pub(super) version: u32,
    scope: Scope,
}

#[derive(Clone, Copy)]
enum Scope {
    /// What arose while the version was in force.
    Arisen { from: Timestamp, until: Option<Timestamp> },
    /// What it has judged already.
    Known,
    /// Whatever no earlier version has judged.
    Unjudged,
}

impl<'a> Asked<'a> {
    /// A version that was applied to the chart by somebody's decision.
    pub(super) fn everything(rule: &'a Rule, version: u32) -> Self {
        Self { rule, version, scope: Scope::Unjudged }
    }

    /// No new requirement any more.
    pub(super) fn freeze(&mut self) {
        self.scope = Scope::Known;
    }

    /// Whether a requirement known since this instant is this one's to judge. `mine`: it has judged it
    /// already; `others`: an earlier version has.
    pub(super) fn admits(&self, known_since: Timestamp, mine: bool, others: impl Fn() -> bool) -> bool {
        match self.scope {
            Scope::Arisen { from, until } => {
                from <= known_since && until.is_none_or(|until| known_since < until)
            }
            Scope::Known => mine,
            Scope::Unjudged => mine || !others(),
        }
    }

    /// Whether it looks at documents of one of these types.
    pub(super) fn concerns(&self, kinds: &[DocumentType]) -> bool {
        self.rule.requires.documents().iter().any(|kind| kinds.contains(kind))
    }
}

/// The rules of every version that was in force at or after the earliest instant the chart knows of.
pub(super) fn in_force<'a>(
    reference: &'a Reference,
    jurisdiction: Option<&str>,
    earliest: Option<Timestamp>,
) -> Vec<Asked<'a>> {
    let mut asked = Vec::new();
    for set in &reference.rules {
        if set.until.is_some_and(|until| earliest.is_none_or(|earliest| until <= earliest)) {
            continue;
        }
        let scope = Scope::Arisen { from: set.from, until: set.until };
        let rules = set.rules.of(jurisdiction);
        asked.extend(rules.iter().map(|rule| Asked { rule, version: set.rules.version, scope }));
    }
    asked
}
