//! `rebuild`, `verify`, `doctor`, `explain`.

use std::path::{Path, PathBuf};

use countersign_acceptance::{
    hospital,
    place::Place,
    sample,
    worklist::{assert_same, of_folder},
};
use countersign_hospital::Dirt;
use rusqlite::Connection;
use serde_json::Value;

use super::on;

/// A folder with a month of a small hospital in it.
fn month(place: &Place) -> PathBuf {
    let file = place.write_messages("in.hl7", &hospital::messages(&hospital::month(41, 12, Dirt::default())));
    on(&place.data(), &["ingest", &file.to_string_lossy()]).well();
    place.data()
}

/// The file of a read model.
fn read_model(data: &Path, service: &str) -> PathBuf {
    let folder = data.join("state").join(service);
    let files = std::fs::read_dir(&folder).expect("the service has a folder");
    files
        .map(|file| file.expect("a file").path())
        .find(|path| {
            let name = path.file_name().expect("a name").to_string_lossy();
            name.starts_with(&format!("{service}.v")) && name.ends_with(".db")
        })
        .unwrap_or_else(|| panic!("no read model in {}", folder.display()))
}

fn change(file: &Path, sql: &str) {
    let changed = Connection::open(file).and_then(|tables| tables.execute(sql, [])).expect("SQL that fits");
    assert!(changed > 0, "nothing was changed by {sql}");
}

#[test]
fn given_a_folder_then_rebuild_makes_the_same_read_models_and_says_how_fast() {
    let place = Place::new();
    let data = month(&place);
    let owed = of_folder(&data);
    let feeds: Value = on(&data, &["feeds", "--json"]).well().json();

    let rebuilt: Value = on(&data, &["rebuild", "--json"]).well().json();
    let services: Vec<_> = rebuilt.as_array().expect("a list").iter().map(|one| &one["service"]).collect();
    assert_eq!(services, ["intake", "deficiency", "escalation", "notification"]);
    // Nobody was told anything in this folder: there is no notice to fold.
    for one in &rebuilt.as_array().expect("a list")[..3] {
        assert!(one["events"].as_u64().is_some_and(|events| events > 0), "{rebuilt}");
        assert!(one["events_per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{rebuilt}");
    }
    assert_same(&owed, &of_folder(&data));
    assert_eq!(on(&data, &["feeds", "--json"]).well().json::<Value>(), feeds);
    on(&data, &["verify"]).well();

    let one = on(&data, &["rebuild", "deficiency"]).well();
    assert!(one.stdout.contains("events per second") && !one.stdout.contains("intake"), "{one}");

    // Even when everything that can be derived is gone.
    std::fs::remove_dir_all(data.join("state")).expect("the folder can be deleted");
    assert_same(&owed, &of_folder(&data));
    assert_eq!(on(&data, &["feeds", "--json"]).well().json::<Value>(), feeds);
    on(&data, &["verify"]).well();
}

#[test]
fn given_a_row_that_somebody_changed_then_verify_finds_it_and_rebuild_mends_it() {
    for (service, sql) in [
        (
            "deficiency",
            "UPDATE deficiency SET due_at = due_at + 1 WHERE id = (SELECT max(id) FROM deficiency)",
        ),
        ("deficiency", "DELETE FROM deficiency WHERE id = (SELECT min(id) FROM deficiency)"),
        ("intake", "UPDATE message SET outcome = 'used' WHERE outcome = 'not_used'"),
    ] {
        let place = Place::new();
        let data = month(&place);
        let verified = on(&data, &["verify"]).well();
        assert!(verified.stdout.starts_with("verified: "), "{verified}");
        // given
        change(&read_model(&data, service), sql);
        // then
        let finished = on(&data, &["verify"]).badly();
        assert!(finished.stdout.contains(&format!("NOT VERIFIED: read model {service}")), "{finished}");
        assert!(finished.stdout.contains(&format!("countersign rebuild {service}")), "{finished}");
        on(&data, &["rebuild", service]).well();
        on(&data, &["verify"]).well();
    }
}

#[test]
fn given_a_journal_with_an_event_torn_out_then_verify_finds_the_gap() {
    let place = Place::new();
    let data = month(&place);
    on(&data, &["verify"]).well();
    let journal = data.join("journal.sqlite");
    let tables = Connection::open(&journal).expect("the journal is a database");
    let names = |kind: &str| -> Vec<String> {
        let mut found =
            tables.prepare("SELECT name FROM sqlite_master WHERE type = ?1").expect("SQL that fits");
        let names = found.query_map([kind], |row| row.get(0)).expect("SQL that fits");
        names.collect::<Result<_, _>>().expect("names")
    };
    // The journal itself refuses.
    let torn = "DELETE FROM event WHERE revision = 0 AND stream = \
                (SELECT stream FROM event WHERE revision = 1 ORDER BY position LIMIT 1)";
    assert!(tables.execute(torn, []).is_err(), "an event could be deleted; tables: {:?}", names("table"));
    // given somebody who knows how
    for trigger in names("trigger") {
        tables.execute(&format!("DROP TRIGGER \"{trigger}\""), []).expect("a trigger can be dropped");
    }
    assert_eq!(tables.execute(torn, []).expect("SQL that fits"), 1);
    drop(tables);
    // then
    let finished = on(&data, &["verify"]).badly();
    assert!(finished.said().contains("revision 1 where 0 must be"), "{finished}");
}

#[test]
fn given_a_good_folder_then_doctor_is_content_and_says_what_it_looked_at() {
    let place = Place::new();
    let data = month(&place);
    // Ports of our own: those of the defaults may be taken on this machine.
    let config = place
        .write("countersign.toml", "[http]\nlisten = \"127.0.0.1:0\"\n[mllp]\nlisten = \"127.0.0.1:0\"\n");
    let config = config.to_string_lossy();
    let finished = on(&data, &["doctor", "--config", &*config, "--json"]).well();
    let findings: Value = finished.json();
    let subjects = findings.to_string();
    for subject in ["rules", "feed profiles", "version"] {
        assert!(subjects.contains(subject), "`{subject}` is not in {subjects}");
    }

    // A rule file that does not parse is found, with what helps.
    let rules = place.write("rules.toml", "version = 1\ntitle = 3\n");
    let bad = place.write("bad.toml", format!("[deficiency]\nrules_file = {:?}\n", rules.to_string_lossy()));
    let finished = on(&data, &["doctor", "--config", &*bad.to_string_lossy()]).badly();
    assert!(finished.stdout.contains("correct the rule file"), "{finished}");
}

#[test]
fn given_an_id_then_explain_tells_why_and_what_closes_it() {
    let place = Place::new();
    let file = place.write_messages("in.hl7", &[sample::adt("A01", "20260301080000", "M1", "V1")]);
    let data = place.data();
    on(&data, &["ingest", &file.to_string_lossy()]).well();
    let id = of_folder(&data).into_values().next().expect("a deficiency").id;
    let why: Value = on(&data, &["explain", &id, "--json"]).well().json();
    assert_eq!(why["deficiency"]["rule"], "R01");
    assert_eq!(why["rule"]["version"], 1);
    for text in [&why["summary"], &why["what_would_close_it"], &why["rule"]["citation"]] {
        assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{why}");
    }
    let text = on(&data, &["explain", &id]).well().stdout;
    for part in ["History and physical", "What would close it", "42 CFR 482.24", "ADT^A01", "visit V1"] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }

    let unknown = on(&data, &["explain", "00000000-0000-0000-0000-000000000000"]).badly();
    assert!(unknown.stderr.contains("there is no deficiency"), "{unknown}");
    let junk = on(&data, &["explain", "R13"]).badly();
    assert!(junk.stderr.contains("`R13` is not the id of a deficiency"), "{junk}");
}
