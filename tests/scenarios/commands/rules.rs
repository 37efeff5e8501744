//! `countersign access` and `countersign rules`: people, and a rule set from draft to withdrawal, in a data
//! folder and on a running Countersign.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use countersign_acceptance::{
    api::get,
    hospital,
    place::Place,
    worklist::{Deficiency, by_key, rows_of_folder},
};
use countersign_hospital::Dirt;
use countersign_testkit::program::{Finished, Program, run};
use serde_json::{Value, json};

use super::on;

/// The shipped rules, read from the program, with another limit.
fn stricter(data: &Path) -> String {
    let shipped = on(data, &["rules", "show", "1", "--text"]).well().stdout;
    let text = shipped.replacen("due = { days = 7 }", "due = { days = 5 }", 1);
    assert_ne!(text, shipped);
    text
}

fn json(finished: Finished) -> Value {
    serde_json::from_str(&finished.well().stdout).expect("JSON")
}

fn refused(finished: Finished, parts: &[&str]) {
    let finished = finished.badly();
    for part in parts {
        assert!(finished.stderr.contains(part), "`{part}` is not in {finished}");
    }
}

#[test]
fn given_two_people_then_a_rule_set_goes_from_draft_to_force_and_the_author_alone_gets_nowhere() {
    let place = Place::new();
    let data = place.data();
    // given a manager and an approver, before the first start
    for (name, role) in [("kim", "him_manager"), ("lee", "rules_approver")] {
        on(&data, &["access", "add", name, "--role", role]).well();
    }
    let mode = fs::metadata(data.join("access.toml")).expect("the access file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    on(&data, &["access", "roles", "kim", "--role", "him_manager", "--role", "rules_approver"]).well();
    let file = place.write("rules.toml", stricter(&data));
    let file = file.to_string_lossy();

    // when rules are drafted by nobody, or by somebody whom the file does not know, that is refused
    let draft = ["rules", "draft", &*file, "--why", "lag"];
    refused(on(&data, &draft), &["--as NAME"]);
    refused(on(&data, &[&draft[..], &["--as", "max"]].concat()), &["`max` is not in the access file"]);
    refused(on(&data, &[&draft[..], &["--as", "lee"]].concat()), &["lee may not draft rules", "him_manager"]);
    // when kim drafts, then kim cannot go on alone, whatever roles kim has
    on(&data, &[&draft[..], &["--as", "kim"]].concat()).well();
    let check = ["rules", "check", "2", "--why", "read", "--as"];
    refused(on(&data, &[&check[..], &["kim"]].concat()), &["somebody else", "rules/second-person"]);
    let publish = ["rules", "publish", "2", "--why", "committee", "--as", "lee"];
    refused(on(&data, &publish), &["has not been checked", "rules/checked-first"]);
    on(&data, &[&check[..], &["lee"]].concat()).well();
    refused(
        on(&data, &[&publish[..], &["--effective-from", "2026-01-01T00:00:00Z"]].concat()),
        &["is past", "rules/not-in-the-past"],
    );
    let said = on(&data, &["rules", "diff", "2"]).well().stdout;
    assert!(said.contains("due was 7 days, is 5 days"), "{said}");
    on(&data, &publish).well();

    // then it is in force, and the list says since when and by whom
    let sets = json(on(&data, &["rules", "list", "--json"]));
    assert_eq!(sets["in_force"], 2);
    assert_eq!(sets["windows"][0]["until"], sets["windows"][1]["from"]);
    assert_eq!(
        (&sets["items"][1]["drafted"]["by"], &sets["items"][1]["checked"]["by"]),
        (&"kim".into(), &"lee".into())
    );
    // and a folder that knows rules only still takes the demonstration's messages as its first
    assert_eq!(json(on(&data, &["feeds", "--json"])).as_array().map(Vec::len), Some(0));
}

#[test]
fn given_a_running_countersign_then_it_wants_a_token_and_knows_at_once_who_is_switched_off() {
    let place = Place::new();
    let data = place.data();
    let program = Program::up(&data);
    let url = program.url();
    let text = {
        let shown = get(&format!("{url}/api/v1/rule-sets/1")).json();
        shown["text"].as_str().expect("text").replacen("due = { days = 7 }", "due = { days = 5 }", 1)
    };
    let file = place.write("rules.toml", text);
    let draft =
        ["rules", "draft", &*file.to_string_lossy(), "--why", "lag", "--url", &url].map(str::to_owned);
    let told = |more: &[&str]| {
        let more = more.iter().map(|argument| (*argument).to_owned());
        run(draft.iter().cloned().chain(more).collect::<Vec<String>>())
    };
    refused(told(&[]), &["--token-file"]);
    let wrong = place.write("wrong.token", "cst_0000");
    refused(told(&["--token-file", &wrong.to_string_lossy()]), &["401", "countersign access add"]);

    // when somebody is added beside the running program, it knows the token
    let token = on(&data, &["access", "add", "kim", "--role", "him_manager"]).well().stdout;
    let token = place.write("kim.token", token);
    let token = token.to_string_lossy();
    let first = ["--token-file", &*token, "--idempotency-key", "one", "--json"];
    let step = json(told(&first));
    assert_eq!((&step["version"], &step["step"]), (&2.into(), &"drafted".into()));
    assert_eq!(json(told(&first)), step, "the same key gets the same answer");
    refused(
        told(&["--token-file", &*token, "--title", "Other", "--idempotency-key", "one"]),
        &["422", "new key"],
    );
    let sets = get(&format!("{url}/api/v1/rule-sets")).json();
    assert_eq!(sets["items"].as_array().map(Vec::len), Some(2));

    // when kim is switched off, kim may do nothing from that moment on
    on(&data, &["access", "disable", "kim"]).well();
    refused(told(&["--token-file", &*token]), &["403", "switched off"]);
    on(&data, &["access", "remove", "kim"]).well();
    refused(told(&["--token-file", &*token]), &["401"]);
}

#[test]
fn given_a_rule_file_then_lint_says_what_is_wrong_in_which_line() {
    let place = Place::new();
    let text = "# Ours\ntitle = \"Ours\"\nextends = \"default-1\"\nrule = 7\n";
    let file = place.write("rules.toml", text);
    refused(run(["rules", "lint", &*file.to_string_lossy()]), &["rules.toml cannot be used", "line 4"]);
}

#[test]
fn given_open_charts_when_another_version_is_applied_then_what_is_owed_follows_and_what_is_closed_stays() {
    let place = Place::new();
    let data = place.data();
    let month = hospital::messages(&hospital::month(82, 15, Dirt::none()));
    let messages = place.write_messages("in.hl7", &month);
    on(&data, &["ingest", &*messages.to_string_lossy()]).well();
    for (name, role) in [("kim", "him_manager"), ("lee", "rules_approver")] {
        on(&data, &["access", "add", name, "--role", role]).well();
    }
    // given a second version in which summaries are due after five days
    let text =
        "title = \"Five days\"\nextends = \"default-1\"\n[[override]]\nid = \"R13\"\ndue = { days = 5 }\n";
    let file = place.write("five.toml", text);
    on(&data, &["rules", "draft", &*file.to_string_lossy(), "--why", "lag", "--as", "kim"]).well();
    let diff = on(&data, &["rules", "diff", "2"]).well().stdout;
    assert!(diff.contains("due was 7 days, is 5 days") && !diff.contains("R01"), "{diff}");
    let apply = ["rules", "apply", "2", "--why", "grace is over", "--as", "kim", "--json"];
    refused(on(&data, &apply), &["no published version 2"]);
    on(&data, &["rules", "check", "2", "--why", "read", "--as", "lee"]).well();
    on(&data, &["rules", "publish", "2", "--why", "committee", "--as", "lee"]).well();
    let before = by_key(rows_of_folder(&data, &[]));
    assert!(before.values().all(|row| row.rule_version == 1), "what arose before it stays");

    // when it is only looked at, then nothing changes
    let preview = json(on(&data, &[&apply[..], &["--preview"]].concat()));
    assert_eq!(by_key(rows_of_folder(&data, &[])), before);
    // and when it is applied, then it comes as was said
    let applied = json(on(&data, &apply));
    for number in ["charts", "opened", "fell_away", "changed", "carried_over"] {
        assert_eq!(applied[number], preview[number], "{number}");
    }
    let after = by_key(rows_of_folder(&data, &[]));
    let mut moved = 0;
    for (key, row) in &before {
        let now = &after[key];
        if !matches!(row.status.as_str(), "open" | "dormant") {
            assert_eq!(now, row);
            continue;
        }
        assert_eq!(now.rule_version, 2);
        let due = |row: &Deficiency| row.due_at.map(jiff::Timestamp::as_second);
        let earlier = if row.rule == "R13" { 2 * 24 * 60 * 60 } else { 0 };
        assert_eq!(due(now), due(row).map(|due| due - earlier), "{key:?}");
        moved += u64::from(row.rule == "R13");
    }
    assert!(moved > 0, "no summary was owed");
    assert_eq!(applied["changed"], json!(moved));
    // and once more it finds nothing to do
    assert_eq!(json(on(&data, &apply))["charts"], 0);
    on(&data, &["verify"]).well();
}
