//! What differs between two rule sets, in effect and not in how many words it is said.

use countersign_governance::diff::{self, Difference};
use toml::{Table, Value};

use crate::domain::rules::RuleSet;

/// Compares two rule files. A text that is no TOML counts as an empty one.
pub fn between(old: &str, new: &str) -> Difference {
    let file = |text: &str| whole(text.parse::<Table>().unwrap_or_default());
    diff::between(file(old), file(new))
}

/// The file with the shipped set that it extends written out, and its changes laid over it: what differs in effect
/// is what counts, not in how many words it is said.
fn whole(mut file: Table) -> Table {
    let Some(name) = file.remove("extends") else { return file };
    let shipped = name.as_str().and_then(RuleSet::shipped).and_then(|text| text.parse::<Table>().ok());
    let mut base = shipped.unwrap_or_default();
    let changes = lists(&mut file, "override");
    let rules = lists(&mut file, "rule");
    if let Some(Value::Array(known)) = base.get_mut("rule") {
        lay_over(known, changes);
        known.extend(rules);
    }
    for overlay in lists(&mut file, "jurisdiction") {
        let Some(Value::Array(known)) = base.get_mut("jurisdiction") else {
            base.insert("jurisdiction".to_owned(), Value::Array(vec![overlay]));
            continue;
        };
        known.push(overlay);
    }
    base.extend(file);
    base
}

/// Takes a list out of a table.
fn lists(table: &mut Table, key: &str) -> Vec<Value> {
    match table.remove(key) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

fn lay_over(rules: &mut [Value], changes: Vec<Value>) {
    for change in changes {
        let Value::Table(change) = change else { continue };
        let same = |rule: &&mut Value| rule.get("id") == change.get("id");
        if let Some(Value::Table(rule)) = rules.iter_mut().find(same) {
            rule.extend(change);
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_governance::diff::FieldChange;

    use super::*;

    #[test]
    fn a_set_that_extends_a_shipped_one_differs_in_what_it_changes_and_in_nothing_else() {
        let new = "title = \"Countersign default rules\"\nextends = \"default-1\"\n\
                   [[override]]\nid = \"R13\"\ndue = { days = 5 }\n";
        let difference = between(RuleSet::DEFAULT_FILE, new);
        let told: Vec<(&str, Vec<String>)> = difference
            .parts
            .iter()
            .map(|part| (part.id.as_str(), part.fields.iter().map(FieldChange::words).collect()))
            .collect();
        assert_eq!(told, [("R13", vec!["due was 7 days, is 5 days".to_owned()])]);
        assert_eq!(difference.settings, Vec::new());
    }
}
