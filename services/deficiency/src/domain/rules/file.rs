//! The rule file: TOML in, types out.

use std::collections::BTreeMap;

use countersign_contracts::chart::DocumentType;
use serde::Deserialize;
use toml::Spanned;

use super::{
    Anchor, Applies, Confidence, Limit, Policy, Requirement, ResponsibleStep, Rule, RuleSet, schema,
};

/// A rule file that cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RuleFileError {
    /// It is not TOML of this shape. The message holds line, column and what was expected.
    #[error("{0}")]
    Shape(#[from] toml::de::Error),
    /// It contradicts itself.
    #[error("rule {rule}: {problem} (line {line})")]
    Rule {
        /// Which rule.
        rule: String,
        /// The line on which it begins, from 1.
        line: usize,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// It builds on a file that this program does not have.
    #[error("extends = \"{name}\": there is no such rule set; there is {known}")]
    Extends {
        /// What it names.
        name: String,
        /// What there is.
        known: String,
    },
}

/// A rule file: rules of its own, or changes to a shipped set, or both.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Countersign rule set")]
pub(super) struct File {
    /// Name for people.
    title: String,
    /// A shipped set that this one builds on, e.g. `default-1`.
    #[serde(default)]
    extends: Option<String>,
    /// What people may decide about single items.
    #[serde(default)]
    #[schemars(with = "Option<PolicySchema>")]
    policy: Option<Policy>,
    /// New rules, whole.
    #[serde(default)]
    rule: Vec<RuleText>,
    /// Changes to rules of the set that this one extends: only what differs.
    #[serde(default, rename = "override")]
    changes: Vec<RuleText>,
    /// What differs for facilities in a jurisdiction.
    #[serde(default)]
    jurisdiction: Vec<Jurisdiction>,
}

/// What differs for facilities in a jurisdiction.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Jurisdiction {
    /// Its name as facilities bear it, e.g. `US-CA`.
    name: String,
    /// Rules that hold only there.
    #[serde(default)]
    rule: Vec<RuleText>,
    /// Changes to rules that hold everywhere.
    #[serde(default, rename = "override")]
    changes: Vec<RuleText>,
}

#[derive(schemars::JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct PolicySchema {
    /// HIM answers a dispute within so many days of business.
    dispute_answer_business_days: Option<u16>,
    /// An extension moves the limit by at most so many days in all.
    extension_days_at_most: Option<u16>,
    /// Kinds of hold that count only once somebody else has approved them.
    holds_needing_approval: Option<Vec<String>>,
}

/// A rule as written, whole or in part.
#[derive(Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct RuleText {
    /// Its number, for ever: `R13`.
    #[schemars(with = "String")]
    id: Spanned<String>,
    /// What it asks for, in a few words.
    title: Option<String>,
    /// `false`: kept in the file, asks for nothing.
    enabled: Option<bool>,
    /// What must be there.
    requires: Option<RequirementName>,
    /// The type of document.
    #[schemars(schema_with = "schema::document_type")]
    document: Option<DocumentType>,
    /// Other types that will do as well.
    #[serde(default)]
    #[schemars(schema_with = "schema::document_types")]
    or_documents: Option<Vec<DocumentType>>,
    /// What the limit counts from.
    anchor: Option<Anchor>,
    /// The limit: later is overdue.
    due: Option<Limit>,
    /// What scorecards aim at.
    target: Option<Limit>,
    /// From the anchor: later is delinquent.
    delinquent_after: Option<Limit>,
    /// Who owes it: the first step that names somebody decides.
    responsible: Option<Vec<ResponsibleStep>>,
    /// The rule that takes over when this one is done.
    next_in_chain: Option<String>,
    /// Whether the bill waits for it.
    holds_bill: Option<bool>,
    /// Where the requirement comes from.
    citation: Option<String>,
    /// How sure that is.
    confidence: Option<Confidence>,
    /// What a reader should know beside.
    note: Option<String>,
    /// Which charts it concerns. In a change: takes the place of all conditions.
    applies: Option<Applies>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum RequirementName {
    /// A signed document, once per encounter.
    EncounterDocumentSigned,
    /// A document, dictated or written, once per encounter.
    EncounterDocumentPresent,
    /// A document for every procedure.
    DocumentPerProcedure,
    /// A document that is there when a procedure begins.
    DocumentBeforeProcedure,
    /// A signed document for every consultation that was held.
    DocumentPerConsultation,
    /// A document for every move.
    DocumentPerTransfer,
    /// A document for every calendar day in the hospital.
    DocumentPerDay,
    /// The author's signature on every document of the type.
    DocumentSigned,
    /// The cosigner's signature on every document of the type.
    DocumentCosigned,
    /// The authentication of every spoken order.
    OrderAuthenticated,
    /// Everything else of the chart.
    ChartComplete,
}

/// Rules on their way: in order, with the line where each begins.
#[derive(Clone, Default)]
struct Draft {
    rules: Vec<(usize, RuleText)>,
}

pub(super) fn parse(text: &str) -> Result<RuleSet, RuleFileError> {
    let file: File = toml::from_str(text)?;
    let (mut draft, inherited) = match &file.extends {
        None => (Draft::default(), None),
        Some(name) => {
            let shipped = RuleSet::SHIPPED.iter().find(|(known, _)| known == name);
            let (_, base_text) = shipped.ok_or_else(|| RuleFileError::Extends {
                name: name.clone(),
                known: RuleSet::SHIPPED.map(|(known, _)| known).join(", "),
            })?;
            let base: File = toml::from_str(base_text)?;
            let mut draft = Draft::default();
            draft.add(base_text, base.rule)?;
            (draft, Some((*base_text, base.jurisdiction, base.policy)))
        }
    };
    draft.add(text, file.rule)?;
    draft.change(text, file.changes)?;
    let (base_text, base_jurisdictions, base_policy) = inherited.unwrap_or_default();
    let mut by_jurisdiction: BTreeMap<String, Draft> = BTreeMap::new();
    let overlays = base_jurisdictions.into_iter().map(|overlay| (base_text, overlay));
    for (source, overlay) in overlays.chain(file.jurisdiction.into_iter().map(|overlay| (text, overlay))) {
        let own = by_jurisdiction.entry(overlay.name).or_insert_with(|| draft.clone());
        own.add(source, overlay.rule)?;
        own.change(source, overlay.changes)?;
    }
    let (rules, off) = draft.finish()?;
    let jurisdictions = by_jurisdiction
        .into_iter()
        .map(|(name, draft)| Ok((name, draft.finish()?.0)))
        .collect::<Result<_, RuleFileError>>()?;
    let policy = file.policy.or(base_policy).unwrap_or_default();
    Ok(RuleSet { version: 0, title: file.title, policy, rules, off, jurisdictions })
}

fn line_of(text: &str, rule: &RuleText) -> usize {
    let before = text.get(..rule.id.span().start).unwrap_or(text);
    before.matches('\n').count() + 1
}

impl Draft {
    fn add(&mut self, text: &str, rules: Vec<RuleText>) -> Result<(), RuleFileError> {
        for rule in rules {
            let line = line_of(text, &rule);
            if self.position(rule.id.as_ref()).is_some() {
                return Err(RuleFileError::Rule {
                    rule: rule.id.into_inner(),
                    line,
                    problem:
                        "this id is used already; ids name a rule for ever: choose another, or change the \
                              rule with [[override]]"
                            .to_owned(),
                });
            }
            self.rules.push((line, rule));
        }
        Ok(())
    }

    fn change(&mut self, text: &str, changes: Vec<RuleText>) -> Result<(), RuleFileError> {
        for change in changes {
            let line = line_of(text, &change);
            let Some(position) = self.position(change.id.as_ref()) else {
                return Err(RuleFileError::Rule {
                    rule: change.id.into_inner(),
                    line,
                    problem: "there is no rule of this id to change; a new rule goes into [[rule]]"
                        .to_owned(),
                });
            };
            let (at, rule) = &mut self.rules[position];
            *at = line;
            rule.change(change);
        }
        Ok(())
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.rules.iter().position(|(_, rule)| rule.id.as_ref() == id)
    }

    /// The rules that are on, and those that are off.
    fn finish(self) -> Result<(Vec<Rule>, Vec<Rule>), RuleFileError> {
        let ids: Vec<String> = self.rules.iter().map(|(_, rule)| rule.id.as_ref().clone()).collect();
        let (mut on, mut off) = (Vec::new(), Vec::new());
        for (line, text) in self.rules {
            let id = text.id.as_ref().clone();
            let enabled = text.enabled.unwrap_or(true);
            let rule = text
                .into_rule()
                .and_then(|rule| match &rule.next_in_chain {
                    Some(next) if !ids.contains(next) => {
                        Err(format!("next_in_chain = \"{next}\": there is no rule of this id"))
                    }
                    _ => Ok(rule),
                })
                .map_err(|problem| RuleFileError::Rule { rule: id, line, problem })?;
            if enabled { on.push(rule) } else { off.push(rule) }
        }
        // The chart is complete when everything else is: judged last.
        on.sort_by_key(|rule| rule.requires == Requirement::ChartComplete);
        Ok((on, off))
    }
}

impl RuleText {
    fn change(&mut self, change: Self) {
        macro_rules! take {
            ($($field:ident),*) => { $(if change.$field.is_some() { self.$field = change.$field; })* };
        }
        take!(
            title,
            enabled,
            requires,
            document,
            or_documents,
            anchor,
            due,
            target,
            delinquent_after,
            responsible,
            next_in_chain,
            holds_bill,
            citation,
            confidence,
            note,
            applies
        );
    }

    fn into_rule(self) -> Result<Rule, String> {
        fn needed<T>(value: Option<T>, name: &str, example: &str) -> Result<T, String> {
            value.ok_or_else(|| format!("`{name}` is missing: write for example {name} = {example}"))
        }
        let name = needed(self.requires, "requires", "\"encounter_document_present\"")?;
        let anchor = needed(self.anchor, "anchor", "\"discharge\"")?;
        let applies = self.applies.unwrap_or_default();
        let documents: Vec<DocumentType> =
            self.document.into_iter().chain(self.or_documents.unwrap_or_default()).collect();
        let requires = requirement(name, anchor, documents)?;
        if applies.classes.is_empty() {
            return Err("`applies.classes` is empty: the rule would never apply".to_owned());
        }
        Ok(Rule {
            id: self.id.into_inner(),
            title: needed(self.title, "title", "\"Discharge summary present\"")?,
            requires,
            anchor,
            due: needed(self.due, "due", "{ days = 7 }")?,
            target: self.target,
            delinquent_after: self.delinquent_after,
            responsible: needed(self.responsible, "responsible", "[\"attending\"]")?,
            next_in_chain: self.next_in_chain,
            holds_bill: needed(self.holds_bill, "holds_bill", "false")?,
            citation: needed(self.citation, "citation", "\"hospital policy 12\"")?,
            confidence: needed(self.confidence, "confidence", "\"policy\"")?,
            note: self.note.unwrap_or_default(),
            applies,
        })
    }
}

fn requirement(
    name: RequirementName,
    anchor: Anchor,
    documents: Vec<DocumentType>,
) -> Result<Requirement, String> {
    use RequirementName as Name;
    type Make = fn(Vec<DocumentType>) -> Requirement;
    let (allowed, make): (&[Anchor], Make) = match name {
        Name::EncounterDocumentSigned => {
            (&[Anchor::Admission, Anchor::Discharge], Requirement::EncounterDocumentSigned)
        }
        Name::EncounterDocumentPresent => {
            (&[Anchor::Admission, Anchor::Discharge], Requirement::EncounterDocumentPresent)
        }
        Name::DocumentPerProcedure => (&[Anchor::ProcedureEnd], Requirement::DocumentPerProcedure),
        Name::DocumentBeforeProcedure => (&[Anchor::ProcedureStart], Requirement::DocumentBeforeProcedure),
        Name::DocumentPerConsultation => (&[Anchor::Consultation], Requirement::DocumentPerConsultation),
        Name::DocumentPerTransfer => (&[Anchor::Transfer], Requirement::DocumentPerTransfer),
        Name::DocumentPerDay => (&[Anchor::Day], Requirement::DocumentPerDay),
        Name::DocumentSigned => (&[Anchor::DocumentAvailable], Requirement::DocumentSigned),
        Name::DocumentCosigned => (&[Anchor::AuthorSignature], Requirement::DocumentCosigned),
        Name::OrderAuthenticated => (&[Anchor::Order], |_| Requirement::OrderAuthenticated),
        Name::ChartComplete => (&[Anchor::Discharge], |_| Requirement::ChartComplete),
    };
    if !allowed.contains(&anchor) {
        let names: Vec<String> = allowed.iter().map(|anchor| format!("\"{}\"", word(*anchor))).collect();
        return Err(format!("anchor must be {} for what it requires", names.join(" or ")));
    }
    match (name, documents.is_empty()) {
        (Name::ChartComplete | Name::OrderAuthenticated, false) => {
            Err("what it requires is no document: leave `document` out".to_owned())
        }
        (Name::ChartComplete | Name::OrderAuthenticated, true) | (_, false) => Ok(make(documents)),
        (_, true) => Err("`document` is missing: say which document it requires".to_owned()),
    }
}

fn word(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Admission => "admission",
        Anchor::Discharge => "discharge",
        Anchor::ProcedureStart => "procedure_start",
        Anchor::ProcedureEnd => "procedure_end",
        Anchor::DocumentAvailable => "document_available",
        Anchor::AuthorSignature => "author_signature",
        Anchor::Order => "order",
        Anchor::Consultation => "consultation",
        Anchor::Transfer => "transfer",
        Anchor::Day => "day",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_rules_are_the_whole_catalogue_and_those_that_any_feed_can_meet_are_on() {
        let rules = RuleSet::parse(RuleSet::DEFAULT_FILE).expect("the shipped file parses");
        let ids = |rules: &[Rule]| rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&rules.rules), ["R01", "R05", "R06", "R10", "R13", "R14", "R15", "R19", "C0", "C1"]);
        assert_eq!(
            ids(&rules.off),
            ["R02", "R03", "R04", "R07", "R08", "R09", "R11", "R12", "R16", "R17", "R18", "R20"]
        );
    }

    #[test]
    fn a_jurisdiction_lays_its_changes_over_the_rules_of_everywhere() {
        let rules = RuleSet::parse(RuleSet::DEFAULT_FILE).expect("the shipped file parses");
        let limit =
            |jurisdiction| rules.of(jurisdiction).iter().find(|rule| rule.id == "C1").map(|rule| rule.due);
        assert_eq!(limit(None), Some(Limit::Days(30)));
        assert_eq!(limit(Some("US-CA")), Some(Limit::Days(14)));
        assert_eq!(limit(Some("US-TX")), Some(Limit::Days(30)));
    }

    #[test]
    fn a_site_changes_a_default_without_copying_it() {
        let text = "title = \"Ours\"\nextends = \"default-1\"\n[[override]]\nid = \"R13\"\ndue = { days = 5 }\n\
                    [[override]]\nid = \"R16\"\nenabled = true\n";
        let rules = RuleSet::parse(text).expect("parses");
        let summary = rules.rule("R13").expect("R13");
        assert_eq!((summary.due, summary.title.as_str()), (Limit::Days(5), "Discharge summary present"));
        assert!(rules.rules.iter().any(|rule| rule.id == "R16"));
    }

    #[test]
    fn a_rule_that_contradicts_itself_is_refused_with_its_id_and_line() {
        let text = RuleSet::DEFAULT_FILE.replacen("anchor = \"admission\"", "anchor = \"procedure_end\"", 1);
        let error = RuleSet::parse(&text).expect_err("refused").to_string();
        assert!(error.starts_with("rule R01: anchor must be \"admission\" or \"discharge\""), "{error}");
        let line = text.lines().position(|line| line == "id = \"R01\"").expect("R01") + 1;
        assert!(error.ends_with(&format!("(line {line})")), "{error}");
    }

    #[test]
    fn a_change_to_a_rule_that_is_not_there_is_refused_with_its_line() {
        let error = RuleSet::parse("title = \"Ours\"\nextends = \"default-1\"\n[[override]]\nid = \"R99\"\n")
            .expect_err("refused")
            .to_string();
        assert!(
            error.starts_with("rule R99: there is no rule of this id") && error.ends_with("(line 4)"),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_word_is_refused_with_its_line() {
        let text = RuleSet::DEFAULT_FILE.replacen("holds_bill = true", "hold_bill = true", 1);
        let error = RuleSet::parse(&text).expect_err("refused").to_string();
        assert!(error.contains("hold_bill") && error.contains("line"), "{error}");
    }
}
