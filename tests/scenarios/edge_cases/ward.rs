//! A data folder that is told and asked by the program alone, and what it says in words.

use std::path::PathBuf;

use countersign_acceptance::place::Place;
use countersign_testkit::program::{Finished, Program, run};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

/// Chicago: six hours behind UTC, in summer five.
const ZONE: &str = "America/Chicago";

/// A hospital in Chicago.
pub(super) struct Ward {
    place: Place,
    config: PathBuf,
}

impl Ward {
    /// With the rules that the program brings.
    pub(super) fn open() -> Self {
        Self::configured(Place::new(), "")
    }

    /// With rules of its own that differ from those that the program brings in this.
    pub(super) fn with_rules(differences: &str) -> Self {
        let place = Place::new();
        let text = format!("title = \"Ours\"\nextends = \"default-1\"\n{differences}");
        let file = place.write("rules.toml", text);
        Self::configured(place, &format!("[deficiency]\nrules_file = {:?}\n", file.to_string_lossy()))
    }

    /// With a feed profile of its own.
    pub(super) fn with_profile(profile: &str) -> Self {
        let place = Place::new();
        let file = place.write("profiles.toml", profile);
        Self::configured(place, &format!("[intake]\nprofiles_file = {:?}\n", file.to_string_lossy()))
    }

    fn configured(place: Place, more: &str) -> Self {
        let config = place.write("countersign.toml", format!("[facility]\ntime_zone = {ZONE:?}\n{more}"));
        Self { place, config }
    }

    /// Runs a command on the folder.
    pub(super) fn tries(&self, arguments: &[&str]) -> Finished {
        let (data, config) = (self.place.data(), self.config.to_string_lossy());
        let data = data.to_string_lossy();
        run([arguments, &["--data", &*data, "--config", &*config]].concat())
    }

    /// Starts Countersign on the folder.
    pub(super) fn runs(&self) -> Program {
        Program::up_with(&self.place.data(), &["--config", &self.config.to_string_lossy()])
    }

    /// Runs a command that must succeed, and reads what it prints.
    pub(super) fn asks(&self, arguments: &[&str]) -> Value {
        self.tries(&[arguments, &["--json"]].concat()).well().json()
    }

    /// A command that is refused, with a reason that says all of this.
    pub(super) fn is_refused(&self, arguments: &[&str], parts: &[&str]) {
        let finished = self.tries(arguments).badly();
        for part in parts {
            assert!(finished.said().contains(part), "`{part}` is not in {finished}");
        }
    }

    /// Somebody may act.
    pub(super) fn employs(&self, name: &str, role: &str, more: &[&str]) {
        self.tries(&[&["access", "add", name, "--role", role], more].concat()).well();
    }

    /// A file for a command to read.
    pub(super) fn file(&self, name: &str, content: &str) -> String {
        self.place.write(name, content).to_string_lossy().into_owned()
    }

    /// Takes in messages, all of which can be read. Returns the summary.
    pub(super) fn receives(&self, messages: &[String]) -> Value {
        let file = self.place.write_messages("in.hl7", messages);
        let summary = self.asks(&["ingest", &file.to_string_lossy()]);
        let refused = [&summary["quarantined"], &summary["rejected"], &summary["not_used"]];
        assert!(refused.iter().all(|count| **count == 0), "{summary}");
        summary
    }

    /// Everything owed in a visit, past and present, in order of rules and subjects.
    pub(super) fn items(&self, visit: &str) -> Vec<Value> {
        self.items_as(visit, &[])
    }

    /// The same with more arguments: as of an instant, or as known at one.
    pub(super) fn items_as(&self, visit: &str, more: &[&str]) -> Vec<Value> {
        let all = self.asks(&[&["deficiencies"], more].concat());
        let mut items: Vec<Value> = all.as_array().expect("a list").clone();
        items.retain(|item| item["encounter"] == visit);
        items.sort_by_key(|item| (text(&item["rule"]).to_owned(), item["subject"].to_string()));
        items
    }

    /// The one item of this rule.
    pub(super) fn item(&self, visit: &str, rule: &str) -> Value {
        one(self.items(visit), rule)
    }

    /// The one item of this rule, asked with more arguments.
    pub(super) fn item_as(&self, visit: &str, rule: &str, more: &[&str]) -> Value {
        one(self.items_as(visit, more), rule)
    }

    /// What is owed by these rules is this, and nothing else: `R13 open 7001, due 05-15 23:59`.
    #[track_caller]
    pub(super) fn owes(&self, visit: &str, rules: &str, wanted: &[&str]) {
        let concerned = |item: &Value| rules.split(' ').any(|rule| item["rule"] == rule);
        let items = self.items(visit);
        let found: Vec<String> = items.iter().filter(|item| concerned(item)).map(in_words).collect();
        assert_eq!(found, wanted, "\n{items:#?}");
    }

    /// Why an item is what it is.
    pub(super) fn explains(&self, item: &Value) -> Value {
        self.asks(&["explain", text(&item["id"])])
    }

    /// A decision about an item.
    pub(super) fn decides(&self, item: &Value, by: &str, decision: &[&str]) -> Value {
        let (verb, more) = decision.split_first().expect("a verb");
        let id = text(&item["id"]);
        let report =
            self.asks(&[&["item", verb, id], more, &["--why", "as the test says", "--as", by]].concat());
        assert_eq!(report["refused"], 0, "{report}");
        report["items"][0]["acted"].clone()
    }

    /// Accounts in a state.
    pub(super) fn accounts(&self, state: &str) -> Vec<Value> {
        self.asks(&["claims", "list", "--state", state]).as_array().expect("a list").clone()
    }
}

/// The text of a value.
#[track_caller]
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}"))
}

/// A text says all of this.
#[track_caller]
pub(super) fn says(value: &Value, parts: &[&str]) {
    for part in parts {
        assert!(text(value).contains(part), "`{part}` is not in: {value}");
    }
}

/// An instant of an item, in Chicago: `2025-05-15 23:59`.
#[track_caller]
pub(super) fn local(value: &Value) -> String {
    let at: Timestamp = text(value).parse().expect("an instant");
    at.to_zoned(TimeZone::get(ZONE).expect("a zone")).strftime("%Y-%m-%d %H:%M").to_string()
}

/// An item in words: `R14 S-1 open 7001, due 05-15 23:59`, `R13 satisfied 7001, 05-12 09:00`, or waiting.
pub(super) fn in_words(item: &Value) -> String {
    let subject = item["subject"].as_str().map(|subject| format!(" {subject}")).unwrap_or_default();
    let nobody = if item["document_type"] == "chart" { "facility" } else { "nobody" };
    let who = item["responsible"].as_str().unwrap_or(nobody);
    let when = match (&item["closed_at"], &item["due_at"]) {
        (Value::Null, Value::Null) => "no due".to_owned(),
        (Value::Null, due) => format!("due {}", &local(due)[5..]),
        (closed, _) => local(closed)[5..].to_owned(),
    };
    format!("{}{subject} {} {who}, {when}", text(&item["rule"]), text(&item["status"]))
}

#[track_caller]
fn one(items: Vec<Value>, rule: &str) -> Value {
    let found: Vec<Value> = items.into_iter().filter(|item| item["rule"] == rule).collect();
    let [item] = <[Value; 1]>::try_from(found).unwrap_or_else(|found| panic!("one {rule}, not {found:#?}"));
    item
}
