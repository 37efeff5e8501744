//! `quarantine` and `reinterpret`: what was misread is put right by a better profile, once.

use std::path::Path;

use countersign_acceptance::{
    api::{eventually, get, post},
    mllp::Sender,
    place::Place,
    sample,
    worklist::{of_folder, of_program},
};
use countersign_testkit::program::{Finished, Program, run};
use serde_json::{Value, json};

use super::on;

/// A configuration whose profiles are a file of their own.
fn configured(place: &Place, profiles: &str) -> String {
    let path = place.write("profiles.toml", profiles);
    let config = format!("[intake]\nprofiles_file = {:?}\n", path.to_string_lossy());
    place.write("countersign.toml", config).to_string_lossy().into_owned()
}

fn with_config(data: &Path, config: &str, arguments: &[&str]) -> Finished {
    let mut all = arguments.to_vec();
    all.extend(["--config", config]);
    on(data, &all)
}

const BY_ACCOUNT: &str = "[[feed]]\nname = \"by-account\"\nmatch = { application = \"EHR\" }\n\
                          visit_number = [\"PV1-19\", \"PID-18\"]\n";

#[test]
fn given_a_feed_that_sends_the_visit_in_pid_18_then_a_profile_and_a_replay_release_it() {
    let place = Place::new();
    let config = configured(&place, "");
    let data = place.data();
    let lost = sample::admission_by_account("20260301080000", "M1", "A77");
    let file = place.write_messages("in.hl7", &[lost, sample::adt("A01", "20260301080000", "M2", "V2")]);
    let summary: Value =
        with_config(&data, &config, &["ingest", &file.to_string_lossy(), "--json"]).well().json();
    assert_eq!(summary["quarantined"], 1, "{summary}");

    // It is listed with its reason, and shown with its text.
    let list: Value = with_config(&data, &config, &["quarantine", "list", "--json"]).well().json();
    let [held] = list.as_array().expect("a list").as_slice() else { panic!("one message, not {list}") };
    assert_eq!((&held["reason"], &held["outcome"]), (&json!("no-visit-number"), &json!("quarantined")));
    let id = held["id"].as_str().expect("an id");
    let shown = with_config(&data, &config, &["quarantine", "show", id]).well();
    for part in ["ADT^A01", "EHR", "PV1-19", "LUMEN^ADA"] {
        assert!(shown.stdout.contains(part), "`{part}` is not in {shown}");
    }
    let table = with_config(&data, &config, &["quarantine", "list"]).well();
    assert!(table.stdout.contains(id) && !table.stdout.contains("LUMEN"), "{table}");

    // Replaying without a change changes nothing.
    let replay = |what: &str| -> Value {
        with_config(&data, &config, &["quarantine", "replay", what, "--json"]).well().json()
    };
    assert_eq!(replay(id), json!({"read": 1, "changed": 0, "released": 0, "still_quarantined": 1}));
    assert_eq!(of_folder(&data).len(), 1);

    // With a better profile it becomes a chart with what is owed in it.
    place.write("profiles.toml", BY_ACCOUNT);
    assert_eq!(replay("--all"), json!({"read": 1, "changed": 1, "released": 1, "still_quarantined": 0}));
    let owed = of_folder(&data);
    assert!(owed.keys().any(|key| key.encounter == "A77" && key.rule == "R01"), "{owed:#?}");
    assert_eq!(owed.len(), 2);
    let list: Value = with_config(&data, &config, &["quarantine", "list", "--json"]).well().json();
    assert_eq!(list, json!([]));
    assert_eq!(replay("--all"), json!({"read": 0, "changed": 0, "released": 0, "still_quarantined": 0}));

    // The sender's second try is a duplicate of a good message now.
    let summary: Value =
        with_config(&data, &config, &["ingest", &file.to_string_lossy(), "--json"]).well().json();
    assert_eq!((&summary["duplicate"], &summary["quarantined"]), (&json!(2), &json!(0)), "{summary}");
    with_config(&data, &config, &["verify"]).well();
}

#[test]
fn given_a_running_program_then_the_replay_goes_over_its_api_and_the_worklist_follows() {
    let place = Place::new();
    let config = configured(&place, "");
    let program = Program::up_with(&place.data(), &["--config", &config]);
    let lost = sample::admission_by_account("20260301080000", "M1", "A77");
    let ack =
        Sender::connect(program.mllp()).and_then(|mut to| to.exchange(lost.as_bytes())).expect("an answer");
    assert_eq!(ack.code, "AE", "{}", ack.raw);
    assert!(ack.text.contains("PV1-19"), "{}", ack.raw);
    let url = program.url();
    let held = eventually(|| {
        let list = get(&format!("{url}/api/v1/quarantine")).json();
        list["items"][0]["id"].as_str().map(str::to_owned).ok_or_else(|| list.to_string())
    });
    let shown = get(&format!("{url}/api/v1/quarantine/{held}"));
    assert!(shown.text.contains("no-visit-number"), "{}", shown.text);

    place.write("profiles.toml", BY_ACCOUNT);
    let replayed: Value = run(["quarantine", "replay", &held, "--url", &url, "--json"]).well().json();
    assert_eq!(replayed, json!({"read": 1, "changed": 1, "released": 1, "still_quarantined": 0}));
    eventually(|| match of_program(&program).keys().next() {
        Some(key) if key.encounter == "A77" => Ok(()),
        other => Err(format!("{other:?}")),
    });
    let again = post(&format!("{url}/api/v1/quarantine/{held}/replay"), &json!({}));
    assert_eq!(again.status, 200, "{}", again.text);
    assert_eq!(again.json()["result"]["changed"], 0, "{}", again.text);
}

#[test]
fn given_a_document_code_that_was_not_mapped_then_reinterpret_puts_it_right_without_double_effects() {
    let place = Place::new();
    let config = configured(&place, "");
    let data = place.data();
    let file = place.write_messages(
        "in.hl7",
        &[
            sample::adt("A01", "20260301080000", "M1", "V1"),
            sample::document("20260301090000", "M2", "V1", "LOCALHP", "AU"),
            sample::discharge("20260305080000", "M3", "V1"),
            sample::document("20260305090000", "M4", "V1", "LOCALDS", "AU"),
        ],
    );
    with_config(&data, &config, &["ingest", &file.to_string_lossy()]).well();
    let open = || {
        let owed = of_folder(&data);
        let open = owed.values().filter(|row| row.status == "open").map(|row| row.rule.clone());
        open.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(open(), "C0 C1 R01 R13");
    let feeds: Value = with_config(&data, &config, &["feeds", "--json"]).well().json();
    let findings = feeds[0]["findings"].to_string();
    assert!(findings.contains("document-type-unmapped") && findings.contains("LOCALDS"), "{feeds}");

    // Reading again with the same profile says the same.
    let reinterpret = |since: &str| -> Value {
        with_config(&data, &config, &["reinterpret", "--since", since, "--json"]).well().json()
    };
    let everything = "2000-01-01T00:00:00Z";
    assert_eq!(
        reinterpret(everything),
        json!({"read": 4, "changed": 0, "released": 0, "still_quarantined": 0})
    );
    place.write(
        "profiles.toml",
        "[default.document_types]\nhistory_and_physical = [\"LOCALHP\"]\ndischarge_summary = [\"LOCALDS\"]\n",
    );
    // What was received before the instant is left alone.
    assert_eq!(reinterpret("2200-01-01T00:00:00Z")["read"], 0);
    assert_eq!(
        reinterpret(everything),
        json!({"read": 4, "changed": 2, "released": 0, "still_quarantined": 0})
    );
    assert_eq!(open(), "");
    let after = of_folder(&data);
    assert_eq!(reinterpret(everything)["changed"], 0);
    assert_eq!(of_folder(&data), after);
    let counted: Value = with_config(&data, &config, &["feeds", "--json"]).well().json();
    for name in ["received", "accepted", "duplicate", "quarantined", "not_used"] {
        assert_eq!(counted[0][name], feeds[0][name], "{name}");
    }

    // A profile that was wrong can be taken back: what it gave goes away again.
    place.write("profiles.toml", "");
    assert_eq!(reinterpret(everything)["changed"], 2);
    assert_eq!(open(), "C0 C1 R01 R13");
    with_config(&data, &config, &["verify"]).well();
}

#[test]
fn given_a_profile_with_an_unknown_key_then_it_is_refused_by_name() {
    let place = Place::new();
    let config = configured(&place, "[default]\nvisit_nummer = [\"PV1-19\"]\n");
    let finished = with_config(&place.data(), &config, &["ingest", &config]).badly();
    for part in ["feed profiles", "unknown field `visit_nummer`", "did you mean `visit_number`?"] {
        assert!(finished.stderr.contains(part), "`{part}` is not in {finished}");
    }
}
