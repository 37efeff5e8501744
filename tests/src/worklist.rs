//! What is owed, as the product says and as somebody else says, and how the two differ.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use countersign_testkit::program::{Program, run};
use jiff::Timestamp;
use serde::Deserialize;

use crate::{api, place::Place};

/// Differences that are told in full.
const TOLD: usize = 20;

/// Which deficiency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Facility code.
    pub facility: String,
    /// Visit number.
    pub encounter: String,
    /// Rule.
    pub rule: String,
    /// Document or procedure it is about.
    pub subject: Option<String>,
}

/// One deficiency, as the command line and the API print it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Deficiency {
    /// Its id.
    pub id: String,
    /// Id of its chart.
    pub chart: String,
    /// Facility code.
    pub facility: String,
    /// Visit number.
    pub encounter: String,
    /// Rule.
    pub rule: String,
    /// Version of the rules.
    pub rule_version: u32,
    /// Document or procedure it is about.
    pub subject: Option<String>,
    /// The document it asks for.
    pub document_type: String,
    /// Who owes it.
    pub responsible: Option<String>,
    /// `open`, `satisfied`, `voided` or `waived`.
    pub status: String,
    /// What the limit counts from.
    pub anchor_at: Option<Timestamp>,
    /// The limit.
    pub due_at: Option<Timestamp>,
    /// When it arose.
    pub opened_at: Timestamp,
    /// When it closed.
    pub closed_at: Option<Timestamp>,
}

impl Deficiency {
    /// Which one it is.
    pub fn key(&self) -> Key {
        Key {
            facility: self.facility.clone(),
            encounter: self.encounter.clone(),
            rule: self.rule.clone(),
            subject: self.subject.clone(),
        }
    }
}

/// `R13 - open 7001, 2026-05-09T05:10:00Z to 2026-05-17T04:59:59Z`, and when it closed. For a chart as a whole
/// it is the facility that owes.
pub fn in_words(row: &Deficiency) -> String {
    let subject = row.subject.as_deref().unwrap_or("-");
    let nobody = if row.document_type == "chart" { "facility" } else { "nobody" };
    let who = row.responsible.as_deref().unwrap_or(nobody);
    let closed = row.closed_at.map(|at| format!(", {at}")).unwrap_or_default();
    format!(
        "{} {subject} {} {who}, {} to {}{closed}",
        row.rule,
        row.status,
        instant(row.anchor_at),
        instant(row.due_at)
    )
}

/// What is owed, by key.
pub type Worklist = BTreeMap<Key, Deficiency>;

/// A list by key; no key may come twice.
pub fn by_key(rows: Vec<Deficiency>) -> Worklist {
    let mut list = Worklist::new();
    for row in rows {
        let key = row.key();
        if let Some(other) = list.insert(key.clone(), row) {
            panic!("two deficiencies for {key:?}, one of them {other:?}");
        }
    }
    list
}

/// What a data folder that no process has open says.
pub fn of_folder(data: &Path) -> Worklist {
    by_key(rows_of_folder(data, &[]))
}

/// The same with further arguments of `countersign deficiencies`.
pub fn rows_of_folder(data: &Path, extra: &[&str]) -> Vec<Deficiency> {
    let data = data.to_string_lossy();
    let mut arguments = vec!["deficiencies", "--data", &*data, "--json"];
    arguments.extend(extra);
    run(arguments).well().json()
}

/// What is owed by these messages when one process takes them in, in this order, undisturbed.
pub fn of_messages(messages: &[impl AsRef<[u8]>]) -> Worklist {
    let place = Place::new();
    let file = place.write_messages("in.hl7", messages);
    run(["ingest", &*file.to_string_lossy(), "--data", &*place.data().to_string_lossy()]).well();
    of_folder(&place.data())
}

/// What a running program says.
pub fn of_program(program: &Program) -> Worklist {
    by_key(api::all(program, "/api/v1/deficiencies", 1000))
}

/// Fields by name, for comparison and for people. Ids are the same only where the messages were.
fn fields(row: &Deficiency) -> [(&'static str, String); 8] {
    [
        ("document_type", row.document_type.clone()),
        ("responsible", row.responsible.clone().unwrap_or_else(|| "nobody".to_owned())),
        ("status", row.status.clone()),
        ("anchor_at", instant(row.anchor_at)),
        ("due_at", instant(row.due_at)),
        ("opened_at", row.opened_at.to_string()),
        ("closed_at", row.closed_at.map_or_else(|| "never".to_owned(), |at| at.to_string())),
        ("rule_version", row.rule_version.to_string()),
    ]
}

/// How two lists differ, for people; nothing when they do not. `tags` says what was unusual about a
/// deficiency.
pub fn difference(wanted: &Worklist, found: &Worklist, tags: impl Fn(&Key) -> Vec<String>) -> Option<String> {
    let mut told = String::new();
    let mut count = 0;
    let mut sorts: BTreeMap<String, usize> = BTreeMap::new();
    let keys: BTreeSet<&Key> = wanted.keys().chain(found.keys()).collect();
    for key in keys {
        let (what, sort) = match (wanted.get(key), found.get(key)) {
            (Some(wanted), Some(found)) => {
                let differing: Vec<_> = fields(wanted)
                    .into_iter()
                    .zip(fields(found))
                    .filter(|(wanted, found)| wanted != found)
                    .collect();
                if differing.is_empty() {
                    continue;
                }
                let names: Vec<_> = differing.iter().map(|((name, _), _)| *name).collect();
                let what: Vec<_> = differing
                    .iter()
                    .map(|((name, wanted), (_, found))| format!("{name}: {found} instead of {wanted}"))
                    .collect();
                (what.join("; "), names.join("+"))
            }
            (Some(wanted), None) => (format!("is missing: {}", in_short(wanted)), "missing".to_owned()),
            (None, Some(found)) => (format!("should not be: {}", in_short(found)), "too many".to_owned()),
            (None, None) => continue,
        };
        count += 1;
        *sorts.entry(format!("{} {sort}", key.rule)).or_default() += 1;
        if count <= TOLD {
            let Key { facility, encounter, rule, subject } = key;
            let subject = subject.as_deref().unwrap_or("-");
            let _ = writeln!(told, "  {facility} {encounter} {rule} {subject}: {what} {:?}", tags(key));
        }
    }
    (count > 0).then(|| {
        let sorts: Vec<_> = sorts.iter().map(|(sort, count)| format!("{sort}: {count}")).collect();
        format!("{count} deficiencies differ ({}), the first:\n{told}", sorts.join(", "))
    })
}

fn in_short(row: &Deficiency) -> String {
    let fields: Vec<_> = fields(row).iter().map(|(name, value)| format!("{name} {value}")).collect();
    fields.join(", ")
}

/// Panics when two lists differ, ids included: they come from the messages, so that every installation that
/// saw the same ones has the same.
pub fn assert_same(wanted: &Worklist, found: &Worklist) {
    assert!(!wanted.is_empty(), "nothing to compare with");
    let ids = |list: &Worklist| -> Vec<(String, String)> {
        list.values().map(|row| (row.id.clone(), row.chart.clone())).collect()
    };
    if wanted.len() == found.len() {
        assert_eq!(ids(wanted), ids(found), "ids differ");
    }
    if let Some(difference) = difference(wanted, found, |_| Vec::new()) {
        panic!("{difference}");
    }
}

/// What does not fall due shows a stroke.
fn instant(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.to_string())
}
