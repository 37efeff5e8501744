//! The policy file: TOML in, types out.

use std::fmt::Write as _;

use countersign_contracts::notice::PolicyReference;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::{Spanned, Table, Value};

use super::{Policy, PolicySet, check::Place};

/// A policy file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFileError {
    /// It is not TOML of this shape. The message holds line, column and what was expected.
    #[error("{0}")]
    Shape(#[from] toml::de::Error),
    /// What a facility has of its own is not of this shape.
    #[error("facility {facility}: {problem} (line {line})")]
    Facility {
        /// Its code.
        facility: String,
        /// The line on which it begins, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// It contradicts itself.
    #[error("{place}: {problem} (line {line})")]
    Contradiction {
        /// Which section or step, and at which facility.
        place: String,
        /// The line on which it begins, from 1.
        line: usize,
        /// What is wrong and what would be right.
        problem: String,
    },
}

/// Where things stand in the text.
#[derive(Deserialize)]
struct Lines {
    #[serde(default)]
    step: Vec<StepLine>,
}

#[derive(Deserialize)]
struct StepLine {
    name: Spanned<String>,
}

pub(super) fn read(text: &str, version: u32) -> Result<PolicySet, PolicyFileError> {
    let mut everywhere: Policy = toml::from_str(text)?;
    let lines: Lines = toml::from_str(text)?;
    let reference = PolicyReference { version, title: everywhere.title.clone(), sha256: sha256(text) };
    everywhere.reference = reference.clone();
    let overrides = std::mem::take(&mut everywhere.overrides);
    refuse_contradictions(&everywhere, None, text, &lines)?;
    let mut base: Table = toml::from_str(text)?;
    base.remove("facility");
    let mut set = PolicySet { everywhere, facilities: std::collections::BTreeMap::new() };
    for (facility, changes) in overrides {
        let line = line_of(text, &format!("[facility.{facility}"))
            .or_else(|| line_of(text, &format!("[[facility.{facility}")))
            .or_else(|| line_of(text, &format!("[facility.\"{facility}\"")))
            .unwrap_or(1);
        let refused =
            |problem: String| PolicyFileError::Facility { facility: facility.clone(), line, problem };
        let mut merged = base.clone();
        merge(&mut merged, changes).map_err(refused)?;
        let mut policy: Policy =
            merged.try_into().map_err(|error: toml::de::Error| refused(error.message().to_owned()))?;
        if !policy.overrides.is_empty() {
            return Err(refused("a facility has no facilities of its own: take `facility` out".to_owned()));
        }
        policy.reference = reference.clone();
        refuse_contradictions(&policy, Some((&facility, line)), text, &lines)?;
        set.facilities.insert(facility, policy);
    }
    Ok(set)
}

fn refuse_contradictions(
    policy: &Policy,
    facility: Option<(&str, usize)>,
    text: &str,
    lines: &Lines,
) -> Result<(), PolicyFileError> {
    let Some((place, problem)) = policy.contradictions().into_iter().next() else { return Ok(()) };
    let of_step = |rung: usize| lines.step.get(rung).map(|step| line_at(text, step.name.span().start));
    let line = match (facility, place) {
        (Some((_, line)), _) => line,
        (None, Place::Step(rung)) => of_step(rung).unwrap_or(1),
        (None, Place::Section(name)) => {
            line_of(text, &format!("[{name}]")).or_else(|| line_of(text, &format!("[[{name}]]"))).unwrap_or(1)
        }
    };
    let mut named = match place {
        Place::Section(name) => name.to_owned(),
        Place::Step(rung) => {
            policy.steps.get(rung).map_or_else(String::new, |step| format!("step {}", step.name))
        }
    };
    if let Some((facility, _)) = facility {
        let _ = write!(named, " of facility {facility}");
    }
    Err(PolicyFileError::Contradiction { place: named, line, problem })
}

/// Lays changes over a table, field by field. Steps change by their name; any other list is replaced.
fn merge(base: &mut Table, changes: Table) -> Result<(), String> {
    for (key, change) in changes {
        match (base.get_mut(&key), change) {
            (Some(Value::Table(known)), Value::Table(change)) => merge(known, change)?,
            (Some(Value::Array(steps)), Value::Array(changes)) if key == "step" => {
                for change in changes {
                    merge_step(steps, change)?;
                }
            }
            (_, change) => {
                base.insert(key, change);
            }
        }
    }
    Ok(())
}

fn merge_step(steps: &mut [Value], change: Value) -> Result<(), String> {
    let name = |step: &Value| step.get("name").and_then(Value::as_str).map(str::to_owned);
    let wanted = name(&change).ok_or("a step to change is named by `name`: it is missing")?;
    let known = steps.iter_mut().find(|step| name(step).as_ref() == Some(&wanted));
    match (known, change) {
        (Some(Value::Table(known)), Value::Table(change)) => merge(known, change),
        _ => Err(format!(
            "there is no step {wanted} to change; the ladder's steps stand at the top of the file"
        )),
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or(text).matches('\n').count() + 1
}

fn line_of(text: &str, start: &str) -> Option<usize> {
    text.lines().position(|line| line.trim_start().starts_with(start)).map(|line| line + 1)
}

/// SHA-256 of a text, hexadecimal.
pub(in crate::domain) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        PolicySet::read(text, 1).expect_err("refused").to_string()
    }

    fn changed(from: &str, to: &str) -> String {
        assert!(PolicySet::DEFAULT_FILE.contains(from), "the default file says {from}");
        PolicySet::DEFAULT_FILE.replacen(from, to, 1)
    }

    fn line(text: &str, start: &str) -> usize {
        text.lines().position(|line| line.starts_with(start)).expect("a line") + 1
    }

    #[test]
    fn the_shipped_policy_is_the_ladder_of_the_handbook() {
        let policy = PolicySet::read(PolicySet::DEFAULT_FILE, 3).expect("the shipped file parses").everywhere;
        let steps: Vec<_> = policy.steps.iter().map(|step| (step.name.as_str(), step.after_days)).collect();
        assert_eq!(steps, [("digest", 3), ("notice-1", 7), ("notice-2", 14), ("delinquent", 21)]);
        assert_eq!(policy.warning_rung(), Some(3));
        assert_eq!(
            (policy.suspension.notice_days, policy.suspension.at),
            (7, crate::domain::policy::Moment::Run)
        );
        assert_eq!(policy.reference.version, 3);
        assert_eq!(policy.reference.sha256.len(), 64);
    }

    #[test]
    fn the_arithmetic_of_the_default_passes_the_federal_limit_and_says_so() {
        let set = PolicySet::read(PolicySet::DEFAULT_FILE, 1).expect("parses");
        let texts: Vec<_> = set.remarks().into_iter().map(|remark| remark.text).collect();
        assert_eq!(texts.len(), 1, "{texts:?}");
        assert!(
            texts[0].contains("on day 28 to 34") && texts[0].contains("delinquent after 16 days"),
            "{texts:?}"
        );
        // given a step five days earlier, then nothing is to be said
        let early = PolicySet::read(&changed("after_days = 21", "after_days = 16"), 1).expect("parses");
        assert_eq!(early.remarks(), []);
    }

    #[test]
    fn a_facility_changes_single_fields_and_single_steps() {
        let text = format!(
            "{}\n[facility.NORTH.suspension]\nnotice_days = 10\n[[facility.NORTH.step]]\nname = \"delinquent\"\n\
             after_days = 18\n",
            PolicySet::DEFAULT_FILE
        );
        let set = PolicySet::read(&text, 1).expect("parses");
        let north = set.of("NORTH");
        assert_eq!((north.suspension.notice_days, north.steps[3].after_days), (10, 18));
        assert_eq!((north.suspension.scope.len(), north.steps[3].kind.as_str()), (3, "pre-suspension"));
        assert_eq!((set.of("SOUTH").suspension.notice_days, set.of("SOUTH").steps[3].after_days), (7, 21));
    }

    #[test]
    fn what_a_facility_changes_wrongly_is_refused_with_its_line() {
        let unknown_step =
            format!("{}\n[[facility.NORTH.step]]\nname = \"notice-9\"\n", PolicySet::DEFAULT_FILE);
        let expected = format!("(line {})", line(&unknown_step, "[[facility.NORTH.step]]"));
        let error = refused(&unknown_step);
        assert!(error.contains("there is no step notice-9") && error.ends_with(&expected), "{error}");
        let unknown_word =
            format!("{}\n[facility.NORTH.suspension]\nnotice_day = 9\n", PolicySet::DEFAULT_FILE);
        let error = refused(&unknown_word);
        assert!(error.starts_with("facility NORTH: unknown field `notice_day`"), "{error}");
        let contradiction =
            format!("{}\n[facility.NORTH.suspension]\nnotice_days = 0\n", PolicySet::DEFAULT_FILE);
        let error = refused(&contradiction);
        assert!(error.starts_with("suspension of facility NORTH: notice_days = 0"), "{error}");
    }

    #[test]
    fn a_role_that_may_not_decide_is_no_approver() {
        // given a policy that lets HIM confirm suspensions, which no sign-in would allow
        let text = changed(
            "approver_roles = [\"medical_staff_office\", \"chief_medical_officer\"]",
            "approver_roles = [\"him_manager\"]",
        );
        let error = refused(&text);
        assert!(
            error.contains("names him_manager") && error.contains("write medical_staff_office or chief"),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_word_is_refused_with_its_line() {
        let text = changed("notice_days = 7", "notice_day = 7");
        let error = refused(&text);
        assert!(
            error.contains("notice_day") && error.contains(&format!("line {}", line(&text, "notice_day")))
        );
    }

    #[test]
    fn contradictions_are_refused_with_line_and_remedy() {
        for (from, to, expected, at) in [
            ("notice_days = 7", "notice_days = 0", "suspension: notice_days = 0", "[suspension]"),
            ("warns_of_suspension = true\n", "", "suspension: 0 steps warn", "[suspension]"),
            (
                "after_days = 14",
                "after_days = 4",
                "step notice-2: after_days = 4 comes before",
                "name = \"notice-2\"",
            ),
            (
                "name = \"notice-2\"",
                "name = \"notice-1\"",
                "step notice-1: this name is used",
                "name = \"notice-1\"",
            ),
            (
                "\"delegate\", \"chair\"]",
                "\"dean\"]",
                "step notice-2: \"dean\" is nobody",
                "name = \"notice-2\"",
            ),
            ("approvals = 1", "approvals = 3", "suspension: approvals is 1 or 2", "[suspension]"),
            ("\nenabled = true", "\nenabled = false", "suspension: a step warns", "[suspension]"),
            (
                "to = [\"provider\", \"delegate\"]",
                "to = [\"delegate\"]",
                "step notice-1: `to` does not",
                "name = \"notice-1\"",
            ),
            (
                "kind = \"warning\"",
                "kind = \"warnings\"",
                "step notice-2: kind = \"warnings\" has no text that could be sent here",
                "name = \"notice-2\"",
            ),
            (
                "kind = \"pre-suspension\"",
                "kind = \"warning\"",
                "step delinquent: kind = \"pre-suspension\" is the one notice that names the day",
                "name = \"delinquent\"",
            ),
            (
                "required = \"any\"",
                "required = \"all\"",
                "step notice-1: its channels can never",
                "name = \"notice-1\"",
            ),
        ] {
            let text = changed(from, to);
            let error = refused(&text);
            assert!(error.starts_with(expected), "{error}");
            // The second step of a name is the one that is wrong.
            let line =
                text.lines().enumerate().filter(|(_, line)| line.starts_with(at)).last().expect("a line").0
                    + 1;
            assert!(error.ends_with(&format!("(line {line})")), "{error} is not at line {line}");
        }
        let error = refused(&changed("kind = \"credentials-letter\"", "kind = \"revocation\""));
        assert!(error.starts_with("repeat: kind = \"revocation\" has no text"), "{error}");
    }

    #[test]
    fn items_of_a_type_have_days_of_their_own() {
        let text = format!(
            "{}\n[[type]]\ndocument_types = [\"operative_report\"]\nafter_days = {{ notice-1 = 2, notice-2 = 5, delinquent = 10 }}\n",
            PolicySet::DEFAULT_FILE.replacen("after_days = 3\n", "after_days = 1\n", 1)
        );
        let set = PolicySet::read(&text, 1).expect("parses");
        assert_eq!(set.everywhere.days_for("R05", "operative_report"), [1, 2, 5, 10]);
        assert_eq!(set.everywhere.days_for("R13", "discharge_summary"), [1, 7, 14, 21]);
    }

    #[test]
    fn the_schema_knows_every_section_of_the_shipped_file() {
        let schema = PolicySet::schema();
        let properties = schema.get("properties").and_then(|all| all.as_object()).expect("properties");
        let table: Table = toml::from_str(PolicySet::DEFAULT_FILE).expect("TOML");
        for section in table.keys() {
            assert!(properties.contains_key(section), "{section}");
        }
    }
}
