//! The rule file: TOML in, types out.

use countersign_contracts::chart::DocumentType;
use countersign_kernel::Timestamp;
use serde::Deserialize;

use super::{Anchor, Applies, Confidence, Limit, Requirement, ResponsibleStep, Rule, RuleSet};

/// A rule file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RuleFileError {
    /// It is not TOML of this shape. The message holds line, column and what was expected.
    #[error("{0}")]
    Shape(#[from] toml::de::Error),
    /// It contradicts itself.
    #[error("rule {rule}: {problem}")]
    Rule {
        /// Which rule.
        rule: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    title: String,
    effective_from: Timestamp,
    rule: Vec<RuleText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    id: String,
    title: String,
    requires: RequirementName,
    document: Option<DocumentType>,
    anchor: Anchor,
    due: Limit,
    target: Option<Limit>,
    responsible: Vec<ResponsibleStep>,
    holds_bill: bool,
    citation: String,
    confidence: Confidence,
    #[serde(default)]
    note: String,
    applies: Applies,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RequirementName {
    EncounterDocumentSigned,
    EncounterDocumentPresent,
    DocumentPerProcedure,
    DocumentSigned,
    DocumentCosigned,
    ChartComplete,
}

pub(super) fn parse(text: &str) -> Result<RuleSet, RuleFileError> {
    let file: File = toml::from_str(text)?;
    let mut rules: Vec<Rule> = Vec::with_capacity(file.rule.len());
    for text in file.rule {
        let rule = text.into_rule()?;
        if rules.iter().any(|other| other.id == rule.id) {
            return Err(RuleFileError::Rule {
                rule: rule.id,
                problem: "this id is used twice; ids name a rule for ever, choose another".to_owned(),
            });
        }
        rules.push(rule);
    }
    // The chart is complete when everything else is: judged last.
    rules.sort_by_key(|rule| rule.requires == Requirement::ChartComplete);
    Ok(RuleSet { version: file.version, title: file.title, effective_from: file.effective_from, rules })
}

impl RuleText {
    fn into_rule(self) -> Result<Rule, RuleFileError> {
        let problem =
            |problem: &str| RuleFileError::Rule { rule: self.id.clone(), problem: problem.to_owned() };
        let document = |allowed_anchors: &[Anchor]| {
            if !allowed_anchors.contains(&self.anchor) {
                return Err(problem(&format!(
                    "anchor must be one of {allowed_anchors:?} for what it requires"
                )));
            }
            self.document
                .clone()
                .ok_or_else(|| problem("`document` is missing: say which document it requires"))
        };
        let requires = match self.requires {
            RequirementName::EncounterDocumentSigned => {
                Requirement::EncounterDocumentSigned(document(&[Anchor::Admission, Anchor::Discharge])?)
            }
            RequirementName::EncounterDocumentPresent => {
                Requirement::EncounterDocumentPresent(document(&[Anchor::Admission, Anchor::Discharge])?)
            }
            RequirementName::DocumentPerProcedure => {
                Requirement::DocumentPerProcedure(document(&[Anchor::ProcedureEnd])?)
            }
            RequirementName::DocumentSigned => {
                Requirement::DocumentSigned(document(&[Anchor::DocumentAvailable])?)
            }
            RequirementName::DocumentCosigned => {
                Requirement::DocumentCosigned(document(&[Anchor::AuthorSignature])?)
            }
            RequirementName::ChartComplete if self.document.is_some() => {
                return Err(problem("a rule that requires the complete chart names no `document`"));
            }
            RequirementName::ChartComplete if self.anchor != Anchor::Discharge => {
                return Err(problem("a rule that requires the complete chart counts from `discharge`"));
            }
            RequirementName::ChartComplete => Requirement::ChartComplete,
        };
        if self.applies.classes.is_empty() {
            return Err(problem("`applies.classes` is empty: the rule would never apply"));
        }
        Ok(Rule {
            id: self.id,
            title: self.title,
            requires,
            anchor: self.anchor,
            due: self.due,
            target: self.target,
            responsible: self.responsible,
            holds_bill: self.holds_bill,
            citation: self.citation,
            confidence: self.confidence,
            note: self.note,
            applies: self.applies,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_rules_are_the_starter_set() {
        let rules = parse(RuleSet::DEFAULT_FILE).expect("the shipped file parses");
        let ids: Vec<&str> = rules.rules.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, ["R01", "R05", "R06", "R13", "R14", "R15", "C0", "C1"]);
    }

    #[test]
    fn a_rule_that_contradicts_itself_is_refused_with_its_id() {
        let text = RuleSet::DEFAULT_FILE.replacen("anchor = \"admission\"", "anchor = \"procedure_end\"", 1);
        let error = parse(&text).expect_err("refused").to_string();
        assert!(error.starts_with("rule R01: anchor must be one of"), "{error}");
    }

    #[test]
    fn an_unknown_word_is_refused_with_its_line() {
        let text = RuleSet::DEFAULT_FILE.replacen("holds_bill = true", "hold_bill = true", 1);
        let error = parse(&text).expect_err("refused").to_string();
        assert!(error.contains("hold_bill") && error.contains("line"), "{error}");
    }
}
