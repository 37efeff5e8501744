//! What cannot be done is refused with a reason and a remedy.

use countersign_acceptance::{place::Place, sample};
use countersign_testkit::program::{Finished, Program, run, run_with, up_arguments};

use super::on;

fn assert_says(finished: &Finished, parts: &[&str]) {
    for part in parts {
        assert!(finished.stderr.contains(part), "`{part}` is not in {finished}");
    }
}

#[test]
fn given_a_folder_in_use_then_every_other_command_names_who_has_it() {
    let place = Place::new();
    let program = Program::up(&place.data());
    let data = place.data();
    let file = place.write_messages("in.hl7", &[sample::adt("A01", "20260301080000", "M1", "V1")]);
    let file = file.to_string_lossy();
    for arguments in [
        &["ingest", &*file] as &[&str],
        &["deficiencies"],
        &["feeds"],
        &["rebuild"],
        &["verify"],
        &["quarantine", "list"],
        &["reinterpret", "--since", "2026-01-01T00:00:00Z"],
        &["explain", "00000000-0000-0000-0000-000000000000"],
    ] {
        assert_says(&on(&data, arguments).badly(), &["is in use by `countersign up` (process "]);
    }
    assert_says(&run(up_arguments(&data, &[])).badly(), &["is in use by `countersign up`"]);
    drop(program);
    // The lock went with the process, however that ended.
    on(&data, &["ingest", &file]).well();
}

#[test]
fn given_settings_that_do_not_exist_or_fit_then_each_is_told_with_a_suggestion() {
    let place = Place::new();
    let config = place.write(
        "countersign.toml",
        "[htpp]\nlisten = \"127.0.0.1:0\"\n[mllp]\nmax_mesage_bytes = 5000\n[telemetry]\nformat = \"xml\"\n",
    );
    let finished = run(["deficiencies", "--config", &*config.to_string_lossy()]).badly();
    assert_says(&finished, &["htpp", "http", "max_mesage_bytes", "max_message_bytes", "xml", "json"]);

    let finished = run_with(["feeds"], &[("COUNTERSIGN_MLLP__LISTN", "127.0.0.1:0")]).badly();
    assert_says(&finished, &["COUNTERSIGN_MLLP__LISTN", "COUNTERSIGN_MLLP__LISTEN"]);
    let finished = run(["feeds", "--config", "no-such-file.toml"]).badly();
    assert_says(&finished, &["no-such-file.toml"]);
}

#[test]
fn given_nothing_where_something_must_be_then_the_message_says_what_to_do() {
    let place = Place::new();
    let nowhere = place.path().join("nowhere");
    for arguments in [&["deficiencies"] as &[&str], &["feeds"], &["verify"], &["rebuild"]] {
        assert_says(&on(&nowhere, arguments).badly(), &["there is no data folder", "--data"]);
    }
    assert!(!nowhere.exists(), "a question made a folder");
    assert_says(&on(&nowhere, &["ingest", "no/such/file.hl7"]).badly(), &["cannot read no/such/file.hl7"]);
    let file = place.write_messages("in.hl7", &[sample::adt("A01", "20260301080000", "M1", "V1")]);
    let nobody = ["ingest", "--mllp", "127.0.0.1:1", &*file.to_string_lossy()].map(str::to_owned);
    assert_says(&run(&nobody).badly(), &["127.0.0.1:1", "countersign up"]);
    let nobody = ["deficiencies", "--url", "http://127.0.0.1:1"];
    assert_says(&run(nobody).badly(), &["cannot reach http://127.0.0.1:1", "running"]);
    assert_says(&run(["deficiencies", "--status", "done"]).badly(), &["done", "satisfied"]);
    assert_says(&run(["deficiencies", "--as-of", "yesterday"]).badly(), &["yesterday"]);
    assert_says(&run(["defficiencies"]).badly(), &["deficiencies"]);
}

#[test]
fn given_a_relay_without_nats_then_it_says_which_setting_is_missing() {
    let place = Place::new();
    let config = place.write("countersign.toml", "");
    let arguments = [
        "serve",
        "relay",
        "--data",
        &*place.data().to_string_lossy(),
        "--config",
        &*config.to_string_lossy(),
    ]
    .map(str::to_owned);
    assert_says(&run(&arguments).badly(), &["feed.kind = \"nats\"", "nats.url"]);
}

#[test]
fn given_no_idea_then_help_names_every_command() {
    let help = run(["--help"]).well().stdout;
    for command in [
        "up",
        "serve",
        "ingest",
        "deficiencies",
        "explain",
        "feeds",
        "quarantine",
        "reinterpret",
        "rebuild",
        "verify",
        "doctor",
        "simulate",
    ] {
        assert!(help.contains(&format!("  {command} ")), "`{command}` is not in\n{help}");
        let own = run([command, "--help"]).well().stdout;
        assert!(own.contains("Usage: countersign"), "{own}");
    }
}
