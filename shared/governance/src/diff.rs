//! What differs between two governed texts: part by part, field by field, in the words of the file.
//!
//! Works on the files (TOML), so that it shows every field there is, also those this module knows nothing of.

use std::collections::{BTreeMap, BTreeSet};

use countersign_contracts::api::governed::{FieldDiff, PartDiff};
use toml::{Table, Value};

/// What differs between two files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Fields of the file as a whole.
    pub settings: Vec<FieldChange>,
    /// Parts with an id (a rule, a ladder) that were added, removed or changed, in the order of the new file.
    pub parts: Vec<PartChange>,
}

/// A part with an id that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartChange {
    /// What kind of part, by the name of the list that it stands in: `rule`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How it differs.
    pub change: Change,
    /// Its fields that differ; for an added or removed part, all of them.
    pub fields: Vec<FieldChange>,
}

/// How a part differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Only the new file has it.
    Added,
    /// Only the old file has it.
    Removed,
    /// Both have it.
    Changed,
}

impl Change {
    /// The name used in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Its name in the file, with those of the tables around it: `applies.classes`.
    pub field: String,
    /// What it was; `None` when it was not there.
    pub was: Option<String>,
    /// What it is; `None` when it is not there any more.
    pub is: Option<String>,
}

impl FieldChange {
    /// In a sentence.
    pub fn words(&self) -> String {
        let field = self.field.replace('_', " ");
        match (&self.was, &self.is) {
            (Some(was), Some(is)) => format!("{field} was {was}, is {is}"),
            (None, Some(is)) => format!("{field} is {is} (was not set)"),
            (Some(was), None) => format!("{field} is no longer set (was {was})"),
            (None, None) => format!("{field} is the same"),
        }
    }
}

impl From<FieldChange> for FieldDiff {
    fn from(change: FieldChange) -> Self {
        Self { words: change.words(), field: change.field, was: change.was, is: change.is }
    }
}

impl From<PartChange> for PartDiff {
    fn from(change: PartChange) -> Self {
        Self {
            kind: change.kind,
            id: change.id,
            title: change.title,
            change: change.change.name().to_owned(),
            fields: change.fields.into_iter().map(FieldDiff::from).collect(),
        }
    }
}

/// Compares two files.
pub fn between(old: Table, new: Table) -> Difference {
    let (old, new) = (Document::of(old), Document::of(new));
    let mut difference = Difference { settings: fields(&old.settings, &new.settings), parts: Vec::new() };
    for (key, part) in &new.parts {
        match old.part(key) {
            None => {
                difference.parts.push(part.changed(key, Change::Added, fields(&Fields::new(), &part.fields)));
            }
            Some(before) => {
                let fields = fields(&before.fields, &part.fields);
                if !fields.is_empty() {
                    difference.parts.push(part.changed(key, Change::Changed, fields));
                }
            }
        }
    }
    for (key, part) in &old.parts {
        if new.part(key).is_none() {
            difference.parts.push(part.changed(key, Change::Removed, fields(&part.fields, &Fields::new())));
        }
    }
    difference
}

type Fields = BTreeMap<String, String>;

/// A file, flattened.
#[derive(Default)]
struct Document {
    settings: Fields,
    /// By kind and id, in the order of the file.
    parts: Vec<((String, String), Part)>,
}

struct Part {
    title: String,
    fields: Fields,
}

impl Part {
    fn changed(&self, (kind, id): &(String, String), change: Change, fields: Vec<FieldChange>) -> PartChange {
        PartChange { kind: kind.clone(), id: id.clone(), title: self.title.clone(), change, fields }
    }
}

impl Document {
    fn of(file: Table) -> Self {
        let mut document = Self::default();
        for (key, value) in file {
            let parts = value.as_array().and_then(|array| named_parts(array));
            match parts {
                Some(parts) => {
                    document.parts.extend(parts.into_iter().map(|(id, part)| ((key.clone(), id), part)));
                }
                None => flatten(&key, &value, &mut document.settings),
            }
        }
        document
    }

    fn part(&self, key: &(String, String)) -> Option<&Part> {
        self.parts.iter().find(|(other, _)| other == key).map(|(_, part)| part)
    }
}

/// The parts of an array of tables that each have an id.
fn named_parts(array: &[Value]) -> Option<Vec<(String, Part)>> {
    if array.is_empty() {
        return None;
    }
    array
        .iter()
        .map(|value| {
            let table = value.as_table()?;
            let id = table.get("id")?.as_str()?.to_owned();
            let title = table.get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
            let mut fields = Fields::new();
            for (key, value) in table.iter().filter(|(key, _)| *key != "id") {
                flatten(key, value, &mut fields);
            }
            Some((id, Part { title, fields }))
        })
        .collect()
}

fn flatten(path: &str, value: &Value, into: &mut Fields) {
    match value {
        // `{ days = 7 }` is one thing: 7 days
        Value::Table(table) if !is_quantity(table) => {
            for (key, value) in table {
                flatten(&format!("{path}.{key}"), value, into);
            }
        }
        value => {
            into.insert(path.to_owned(), readable(value));
        }
    }
}

fn is_quantity(table: &Table) -> bool {
    table.len() == 1 && table.values().all(Value::is_integer)
}

fn readable(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{text}\""),
        Value::Boolean(true) => "yes".to_owned(),
        Value::Boolean(false) => "no".to_owned(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(readable).collect::<Vec<_>>().join(", "),
        Value::Table(table) if is_quantity(table) => {
            let parts: Vec<String> =
                table.iter().map(|(unit, number)| format!("{number} {}", unit.replace('_', " "))).collect();
            parts.join(" ")
        }
        Value::Table(table) => {
            let fields: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{} {}", key.replace('_', " "), readable(value)))
                .collect();
            format!("({})", fields.join(", "))
        }
        other => other.to_string(),
    }
}

fn fields(old: &Fields, new: &Fields) -> Vec<FieldChange> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| FieldChange {
            field: name.clone(),
            was: old.get(name).cloned(),
            is: new.get(name).cloned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Change, Difference, FieldChange, Table};

    const OLD: &str = r#"
        title = "One"
        [[rule]]
        id = "R13"
        title = "Discharge summary"
        due = { days = 7 }
        holds_bill = true
        responsible = ["author", "attending"]
        applies = { classes = ["inpatient"], stay_at_least_hours = 48 }
        [[rule]]
        id = "R05"
        title = "Operative report"
        due = { hours = 24 }
    "#;

    fn between(old: &str, new: &str) -> Difference {
        let file = |text: &str| text.parse::<Table>().expect("a file");
        super::between(file(old), file(new))
    }

    #[test]
    fn a_file_does_not_differ_from_itself_nor_by_layout() {
        assert_eq!(between(OLD, OLD), Difference::default());
        assert_eq!(between(OLD, &OLD.replace("due = {", "# when\n due  =  {")), Difference::default());
    }

    #[test]
    fn what_differs_is_told_rule_by_rule_and_field_by_field_in_words() {
        let new = OLD
            .replace("\"One\"", "\"Two\"")
            .replace("days = 7", "days = 5")
            .replace("holds_bill = true", "holds_bill = false")
            .replace("\"author\", ", "")
            .replace(", stay_at_least_hours = 48", "")
            .replace("R05", "R18");
        let difference = between(OLD, &new);
        let words = |fields: &[FieldChange]| fields.iter().map(FieldChange::words).collect::<Vec<_>>();
        assert_eq!(words(&difference.settings), ["title was \"One\", is \"Two\""]);
        let parts: Vec<_> = difference.parts.iter().map(|part| (part.id.as_str(), part.change)).collect();
        assert_eq!(parts, [("R13", Change::Changed), ("R18", Change::Added), ("R05", Change::Removed)]);
        assert_eq!(
            words(&difference.parts[0].fields),
            [
                "applies.stay at least hours is no longer set (was 48)",
                "due was 7 days, is 5 days",
                "holds bill was yes, is no",
                "responsible was \"author\", \"attending\", is \"attending\"",
            ]
        );
        assert_eq!(words(&difference.parts[1].fields)[0], "due is 24 hours (was not set)");
        assert_eq!(difference.parts[2].title, "Operative report");
    }
}
