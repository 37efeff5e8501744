//! `ingest`, `feeds`, `deficiencies`, `simulate`, `up --demo`.

use std::path::Path;

use countersign_acceptance::{
    api::eventually,
    hospital,
    mllp::{all_accepted, send_all},
    place::Place,
    sample,
    worklist::{assert_same, of_folder, of_program, rows_of_folder},
};
use countersign_hospital::Dirt;
use countersign_testkit::program::{Program, run, up_arguments};
use serde_json::{Value, json};

use super::on;

/// Read, accepted, duplicate, quarantined, rejected, not used.
fn counts(summary: &Value) -> [u64; 6] {
    ["read", "accepted", "duplicate", "quarantined", "rejected", "not_used"]
        .map(|name| summary[name].as_u64().unwrap_or_else(|| panic!("no count `{name}` in {summary}")))
}

fn ingest(data: &Path, path: &Path) -> Value {
    on(data, &["ingest", &path.to_string_lossy(), "--json"]).well().json()
}

#[test]
fn given_the_same_folder_twice_then_every_message_of_the_second_time_is_a_duplicate() {
    let place = Place::new();
    let messages = [
        sample::adt("A01", "20260301080000", "M1", "V1"),
        sample::result("20260301090000", "M2", "V1"),
        sample::discharge("20260305080000", "M3", "V1"),
    ];
    place.write_messages("in/first.hl7", &messages[..2]);
    place.write_messages("in/deep/er/second.txt", &messages[2..]);
    place.write("in/truth.json", "{}");
    let data = place.data();
    let folder = place.path().join("in");

    assert_eq!(counts(&ingest(&data, &folder)), [3, 3, 0, 0, 0, 1]);
    let before = of_folder(&data);
    assert_eq!(counts(&ingest(&data, &folder)), [3, 0, 3, 0, 0, 0]);
    assert_same(&before, &of_folder(&data));

    let feeds: Value = on(&data, &["feeds", "--json"]).well().json();
    let [feed] = feeds.as_array().expect("feeds").as_slice() else { panic!("one feed, not {feeds}") };
    for (name, wanted) in [
        ("application", json!("EHR")),
        ("facility", json!("MERCY")),
        ("received", json!(6)),
        ("accepted", json!(2)),
        ("duplicate", json!(3)),
        ("quarantined", json!(0)),
        ("not_used", json!(1)),
    ] {
        assert_eq!(feed[name], wanted, "{name} of {feed}");
    }
    assert!(feed["last_message_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{feed}");
}

#[test]
fn given_a_running_program_then_ingest_over_mllp_and_url_answers_what_the_folder_does() {
    let place = Place::new();
    let hospital = hospital::month(31, 15, Dirt::default());
    let messages = hospital::messages(&hospital);
    let file = place.write_messages("month.hl7", &messages);
    let mut program = Program::up(&place.data());
    let mllp = program.mllp().to_string();
    let file = file.to_string_lossy();

    let summary: Value = run(["ingest", &*file, "--mllp", &*mllp, "--json"]).well().json();
    let total = hospital.truth().total;
    let [read, accepted, duplicate, quarantined, rejected, not_used] = counts(&summary);
    assert_eq!([read, duplicate, not_used], [total.sent, total.duplicates, total.unmapped], "{summary}");
    assert_eq!(quarantined + rejected, total.quarantined, "{summary}");
    assert_eq!(accepted + duplicate + quarantined + rejected, read, "{summary}");

    // The same straight into another folder.
    let other = Place::new();
    on(&other.data(), &["ingest", &file]).well();
    let wanted = of_folder(&other.data());
    eventually(|| {
        let found = of_program(&program);
        if found.len() == wanted.len() { Ok(()) } else { Err(format!("{} rows", found.len())) }
    });
    let url = program.url();
    let by_url: Value = run(["deficiencies", "--url", &url, "--json"]).well().json();
    assert_eq!(by_url.as_array().map(Vec::len), Some(wanted.len()));
    assert_same(&wanted, &of_program(&program));
    let feeds_by_url: Value = run(["feeds", "--url", &url, "--json"]).well().json();

    // And the folder says the same when the program is gone.
    program.stop().well();
    assert_same(&wanted, &of_folder(&place.data()));
    assert_eq!(on(&place.data(), &["feeds", "--json"]).well().json::<Value>(), feeds_by_url);
}

#[test]
fn given_a_batch_file_whose_count_is_wrong_then_its_messages_are_taken_and_the_count_is_told() {
    let place = Place::new();
    let [one, two] = ["V1", "V2"].map(|visit| sample::adt("A01", "20260301080000", visit, visit));
    let batch = format!("FHS|^~\\&|EHR|MERCY\rBHS|^~\\&|EHR|MERCY\r{one}\r{two}\rBTS|3\rFTS|1\r");
    for (name, batch) in [("cr.hl7", batch.clone()), ("crlf.hl7", batch.replace('\r', "\r\n"))] {
        let file = place.write(name, batch);
        let data = place.path().join(name).with_extension("data");
        let finished = on(&data, &["ingest", &file.to_string_lossy(), "--json"]).well();
        assert_eq!(counts(&finished.json()), [2, 2, 0, 0, 0, 0]);
        assert!(finished.stderr.contains("BTS-1 says 3 messages, the batch has 2"), "{finished}");
        assert_eq!(of_folder(&data).len(), 2);
    }
}

#[test]
fn given_what_is_no_hl7_then_ingest_says_so_and_keeps_it() {
    let place = Place::new();
    place.write("in/letter.txt", "Dear colleague, no segment here.");
    place.write_messages("in/one.hl7", &[sample::adt("A01", "20260301080000", "M1", "V1")]);
    let data = place.data();
    let finished = on(&data, &["ingest", &place.path().join("in").to_string_lossy()]).well();
    assert!(finished.stdout.contains("read 2: accepted 1"), "{finished}");
    assert!(finished.stdout.contains("rejected 1"), "{finished}");
    assert!(finished.stdout.contains("countersign quarantine list"), "{finished}");
    let kept: Value = on(&data, &["quarantine", "list", "--json"]).well().json();
    assert_eq!(kept[0]["outcome"], "rejected", "{kept}");
    assert_eq!(kept[0]["reason"], "not-hl7", "{kept}");
}

#[test]
fn given_filters_then_deficiencies_lists_only_those() {
    let place = Place::new();
    let file = place.write_messages(
        "in.hl7",
        &[
            sample::adt("A01", "20260301080000", "M1", "V1"),
            sample::document("20260301090000", "M2", "V1", "HP", "AU"),
            sample::discharge("20260305080000", "M3", "V1"),
        ],
    );
    let data = place.data();
    ingest(&data, &file);
    let rules = |extra: &[&str]| {
        let mut rules: Vec<String> = rows_of_folder(&data, extra).into_iter().map(|row| row.rule).collect();
        rules.sort();
        rules.join(" ")
    };
    assert_eq!(rules(&[]), "C0 C1 R01 R13");
    assert_eq!(rules(&["--status", "open"]), "C0 C1 R13");
    assert_eq!(rules(&["--status", "satisfied"]), "R01");
    assert_eq!(rules(&["--status", "waived"]), "");
    assert_eq!(rules(&["--provider", "7001"]), "R01 R13");
    assert_eq!(rules(&["--provider", "nobody"]), "");
    // At 08:30 the history was owed; it was signed at 09:00. Nothing was discharged yet.
    let then = rows_of_folder(&data, &["--as-of", "2026-03-01T08:30:00Z"]);
    let [row] = then.as_slice() else { panic!("one row, not {then:?}") };
    assert_eq!((row.rule.as_str(), row.status.as_str()), ("R01", "open"));
    // And before anything was received nothing was known.
    assert_eq!(rules(&["--known-at", "2026-03-01T08:30:00Z"]), "");

    let table = on(&data, &["deficiencies"]).well().stdout;
    for word in ["DUE", "RESPONSIBLE", "R13", "overdue", "facility", "4 deficiencies"] {
        assert!(table.contains(word), "`{word}` is not in\n{table}");
    }
}

#[test]
fn given_a_seed_then_simulate_writes_the_same_hospital_every_time() {
    let place = Place::new();
    let write = |name: &str, seed: &str| {
        let out = place.path().join(name);
        let size = ["--discharges-per-month", "10", "--months", "1", "--seed", seed];
        let finished = run(["simulate", "--out", &*out.to_string_lossy()].into_iter().chain(size)).well();
        assert!(finished.stdout.contains("rows of truth"), "{finished}");
        let read = |file: &str| std::fs::read(out.join(file)).expect("a file of the run");
        (read("000001.hl7"), read("truth.json"))
    };
    let first = write("a", "5");
    assert_eq!(first, write("b", "5"));
    assert_ne!(first.0, write("c", "6").0);

    // Straight into a running intake it is the same hospital.
    let program = Program::up(&place.data());
    let mllp = program.mllp().to_string();
    let sent = ["simulate", "--mllp", &mllp, "--discharges-per-month", "10", "--months", "1", "--seed", "5"];
    let summary: Value = run(sent).well().json();
    let truth: Value = serde_json::from_slice(&first.1).expect("the truth is JSON");
    assert_eq!(summary["read"], truth["total"]["sent"]);
    let file = place.path().join("a/000001.hl7");
    let again: Value = run(["ingest", &*file.to_string_lossy(), "--mllp", &*mllp, "--json"]).well().json();
    let fresh = again["accepted"].as_u64().expect("a count");
    assert_eq!(fresh, 0, "sent and written messages differ: {again}");
}

#[test]
fn given_an_empty_folder_then_the_demonstration_ends_with_a_worklist_and_will_not_load_twice() {
    let place = Place::new();
    let mut program = Program::up_with(&place.data(), &["--demo"]);
    let loaded = eventually(|| {
        let said = program.stderr();
        let line = said.lines().find(|line| line.starts_with("Loaded ")).map(str::to_owned);
        line.ok_or(said)
    });
    assert!(loaded.contains("accepted"), "{loaded}");
    assert!(of_program(&program).values().any(|row| row.status == "open" && row.rule == "R13"));
    // A message of one's own comes on top.
    all_accepted(&send_all(program.mllp(), &[sample::adt("A01", "20260301080000", "OWN", "OWN1")]));
    program.stop().well();
    let again = run(up_arguments(&place.data(), &["--demo"])).badly();
    assert!(
        again.stderr.contains("is not empty: --demo loads sample data into an empty one only"),
        "{again}"
    );
}
