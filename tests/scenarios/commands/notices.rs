//! `notices`, `contacts`, `mode` and `templates` on a data folder: what did not leave in shadow mode, how people are
//! reached, and templates that are looked at without a server.

use std::path::Path;

use countersign_acceptance::{api::eventually, hospital, place::Place};
use countersign_hospital::Dirt;
use countersign_testkit::program::{Finished, Program, run};
use serde_json::{Value, json};

use super::on;

const SHIPPED: &str = include_str!("../../../services/escalation/policies/default.toml");

fn refused(finished: Finished, parts: &[&str]) {
    let finished = finished.badly();
    for part in parts {
        assert!(finished.stderr.contains(part), "`{part}` is not in {finished}");
    }
}

fn says(finished: &Finished, parts: &[&str]) {
    for part in parts {
        assert!(finished.stdout.contains(part), "`{part}` is not in {finished}");
    }
}

/// How many notices a running Countersign has worked through.
fn worked_through(data: &Path, config: &Path) -> usize {
    let program = Program::up_with(data, &["--config", &*config.to_string_lossy()]);
    let url = program.url();
    let token = on(data, &["access", "token", "kim"]).well().stdout;
    let file = data.with_file_name("kim.token");
    std::fs::write(&file, token).expect("a file can be written");
    let ask = ["notices", "list", "--url", &*url, "--json", "--token-file", &*file.to_string_lossy()]
        .map(str::to_owned);
    eventually(|| {
        let notices: Value = run(&ask).well().json();
        let notices = notices.as_array().expect("a list");
        let settled = |notice: &&Value| notice["state"] == "withheld" || notice["state"] == "dropped";
        let done = notices.iter().filter(settled).count();
        if done > 0 && done == notices.len() { Ok(done) } else { Err(format!("{done} of {}", notices.len())) }
    })
}

#[test]
fn given_shadow_mode_then_what_did_not_leave_is_there_to_look_at_and_reading_it_sends_nothing() {
    let place = Place::new();
    let data = place.data();
    // Charts of long ago: their regulatory clock is over, which HIM and the chief medical officer are told at once.
    let month = hospital::messages(&hospital::month(7, 8, Dirt::none()));
    let messages = place.write_messages("in.hl7", &month);
    on(&data, &["ingest", &*messages.to_string_lossy()]).well();
    on(&data, &["access", "add", "kim", "--role", "him_manager"]).well();
    let policy = SHIPPED.replace("known_days = 2", "known_days = 0");
    let policy = place.write("policy.toml", policy);
    // And at once, without waiting for the list of the next morning.
    let office = |name: &str| format!("[offices.{name}]\nname = \"{name}\"\nlist = \"at once\"\n");
    let outlets = place.write("outlets.toml", office("him") + &office("chief_medical_officer"));
    let config = format!(
        "[escalation]\npolicy_file = \"{}\"\n[notification]\noutlets_file = \"{}\"\n",
        policy.to_string_lossy(),
        outlets.to_string_lossy()
    );
    let count = worked_through(&data, &place.write("countersign.toml", config));

    // when the folder is asked, it says what would have been sent, with its exact bytes, and nothing is added
    says(&on(&data, &["mode", "show"]).well(), &["shadow: nothing leaves", "by the configuration"]);
    refused(on(&data, &["notices", "list"]), &["say who asks: --as NAME"]);
    let list: Value = on(&data, &["notices", "list", "--json", "--as", "kim"]).well().json();
    let notices = list.as_array().expect("a list");
    assert_eq!(notices.len(), count);
    let withheld =
        notices.iter().find(|notice| notice["state"] == "withheld").expect("one that did not leave");
    let id = withheld["id"].as_str().expect("an id");
    says(&on(&data, &["notices", "show", id, "--as", "kim"]).well(), &["withheld", "requested", "SHA-256"]);
    let bytes = on(&data, &["notices", "content", id, "1", "--as", "kim"]).well().stdout;
    assert!(bytes.contains(id), "the link of the notice is not in {bytes}");
    for sentinel in ["LUMEN", "PID|"] {
        assert!(!bytes.contains(sentinel), "{bytes}");
    }
    says(&on(&data, &["letters", "list", "--as", "kim"]).well(), &["letters waiting"]);
    says(&on(&data, &["notices", "dead-letters", "--as", "kim"]).well(), &["0 notices"]);
    let resend = ["notices", "resend", "--since", "2020-01-01T00:00:00Z", "--why", "x", "--dry-run"];
    refused(on(&data, &resend), &["--as NAME"]);
    says(&on(&data, &[&resend[..], &["--as", "kim"]].concat()).well(), &["would be sent again"]);
    let again: Value = on(&data, &["notices", "list", "--json", "--as", "kim"]).well().json();
    assert_eq!(again, list);

    // when somebody decides about the mode, it stands before the configuration, with a name and a reason
    refused(on(&data, &["mode", "set", "redirect", "--why", "pilot", "--as", "kim"]), &["--to"]);
    on(&data, &["mode", "set", "redirect", "--to", "pilot@h.example", "--why", "pilot", "--as", "kim"])
        .well();
    says(
        &on(&data, &["mode", "show", "--as", "kim"]).well(),
        &["pilot@h.example", "operator decided by kim", "pilot"],
    );
    on(&data, &["mode", "set", "configured", "--why", "over", "--as", "kim"]).well();
    says(&on(&data, &["mode", "show"]).well(), &["shadow"]);
}

#[test]
fn given_a_contact_then_addresses_and_preferences_are_set_whole_and_told_back() {
    let place = Place::new();
    let data = place.data();
    on(&data, &["access", "add", "kim", "--role", "him_manager"]).well();
    let contacts = |arguments: &[&str]| on(&data, &[&["contacts"], arguments].concat());
    refused(contacts(&["show", "1001", "--as", "kim"]), &["knows no provider 1001", "1001^AUTHORITY"]);
    let who = "1001^NORTH";
    contacts(&["addresses", who, "--email", "d@h.example", "--verified", "--why", "asked", "--as", "kim"])
        .well();
    refused(
        contacts(&["preferences", who, "--quiet", "late", "--why", "asked", "--as", "kim"]),
        &["`late` is no stretch of a day", "20:00-07:00"],
    );
    let set =
        ["preferences", who, "--quiet", "20:00-07:00", "--digest", "daily", "--channels", "email,inbox"];
    contacts(&[&set[..], &["--why", "asked", "--as", "kim"]].concat()).well();
    says(
        &contacts(&["show", who, "--as", "kim"]).well(),
        &["d@h.example", "verified", "email, inbox", "20:00-07:00", "daily at 07:00"],
    );
    // What is left out stays; an empty text takes away.
    contacts(&["preferences", who, "--quiet", "", "--why", "asked", "--as", "kim"]).well();
    let view: Value = contacts(&["show", who, "--as", "kim", "--json"]).well().json();
    assert_eq!((&view["quiet"], &view["channels"]), (&Value::Null, &json!(["email", "inbox"])));
    refused(
        contacts(&["preferences", who, "--mute", "pre-suspension", "--why", "x", "--as", "kim"]),
        &["pre-suspension"],
    );
    says(&contacts(&["tasks", "--as", "kim"]).well(), &["0 tasks"]);
    says(&contacts(&["list", "--as", "kim"]).well(), &["own", "1 contacts"]);
}

#[test]
fn given_templates_then_they_are_listed_previewed_and_looked_at_without_a_server() {
    let place = Place::new();
    let data = place.data();
    says(&run(["templates", "lint"]).well(), &["no faults"]);
    says(&on(&data_of(&place), &["templates", "list"]).well(), &["pre-suspension@1"]);
    says(&on(&data, &["templates", "preview", "pre-suspension"]).well(), &["Subject: ", "As a letter:"]);
    refused(on(&data, &["templates", "preview", "nonsense"]), &["there is no such template"]);
    // The second version of the review names the days of the policy.
    says(
        &on(&data, &["templates", "diff", "review", "1", "2"]).well(),
        &["30 consecutive days", "suspension.after_days"],
    );
    refused(on(&data, &["templates", "diff", "review", "1", "9"]), &["there is no such version"]);
    place.write("templates/overdue/2/subject.txt", "Overdue");
    let folder = place.path().join("templates");
    refused(
        run(["templates", "lint", &*folder.to_string_lossy()]),
        &["cannot be used", "overdue/2", "is missing"],
    );
}

/// A data folder that exists.
fn data_of(place: &Place) -> std::path::PathBuf {
    let data = place.data();
    on(&data, &["access", "add", "kim", "--role", "him_manager"]).well();
    data
}
