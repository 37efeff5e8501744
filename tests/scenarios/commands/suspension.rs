//! A suspension from the delivered notice to the register, decided by two people on the command line, in a rehearsal whose
//! clock is moved on between two starts.

use std::path::Path;

use countersign_acceptance::{api::eventually, hospital, place::Place};
use countersign_hospital::Dirt;
use countersign_testkit::program::{Finished, Program, run};
use serde_json::{Value, json};

use super::on;

const SHIPPED: &str = include_str!("../../../services/escalation/policies/default.toml");
const LADDER: &str = r#"
[[step]]
name = "delinquent"
after_days = 7
kind = "pre-suspension"
class = "formal"
to = ["provider"]
channels = ["inbox"]
warns_of_suspension = true

"#;

/// The shipped policy with one step that is delivered at once, and two people who confirm.
fn policy() -> String {
    let (head, steps) = SHIPPED.split_once("[[step]]").expect("steps");
    let (_, rest) = steps.split_once("[delivery]").expect("what follows the steps");
    let changes = [
        ("mode = \"weekly\"", "mode = \"continuous\""),
        ("known_days = 2", "known_days = 0"),
        ("settle_hours = 4", "settle_hours = 0"),
        ("inbox = \"read\"", "inbox = \"accepted\""),
        ("approvals = 1", "approvals = 2"),
    ];
    changes.iter().fold(format!("{head}{LADDER}[delivery]{rest}"), |text, (was, is)| {
        assert!(text.contains(was), "`{was}` is not in the shipped policy");
        text.replacen(was, is, 1)
    })
}

fn token(place: &Place, name: &str, role: &str) -> String {
    let text = on(&place.data(), &["access", "add", name, "--role", role]).well().stdout;
    place.write(&format!("{name}.token"), text).to_string_lossy().into_owned()
}

fn start(place: &Place, config: &Path, clock: &str) -> Program {
    Program::up_with(&place.data(), &["--config", &*config.to_string_lossy(), "--clock-from", clock])
}

fn refused(finished: Finished, parts: &[&str]) {
    let finished = finished.badly();
    for part in parts {
        assert!(finished.stderr.contains(part), "`{part}` is not in {finished}");
    }
}

#[test]
fn given_a_notice_that_is_over_then_two_people_confirm_what_they_have_seen_and_the_register_keeps_it() {
    let place = Place::new();
    let policy = place.write("policy.toml", policy());
    let config = format!(
        "[escalation]\npolicy_file = \"{}\"\n[notification]\nmode = \"live\"\n",
        policy.to_string_lossy()
    );
    let config = place.write("countersign.toml", config);
    // given notices that were delivered on the 2nd of March, and nobody who did anything
    let mut program = start(&place, &config, "2026-03-02T08:00:00Z");
    let kim = token(&place, "kim", "him_manager");
    let mona = token(&place, "mona", "medical_staff_office");
    let cora = token(&place, "cora", "chief_medical_officer");
    let month = hospital::messages(&hospital::month(7, 12, Dirt::none()));
    let messages = place.write_messages("in.hl7", &month);
    run(["ingest", &*messages.to_string_lossy(), "--mllp", &program.mllp().to_string()]).well();
    let ask = |program: &Program, who: &str, arguments: &[&str]| {
        run([&["escalation"], arguments, &["--url", &*program.url(), "--token-file", who]].concat())
    };
    eventually(|| {
        let tracks: Value = ask(&program, &kim, &["tracks", "--json"]).well().json();
        let tracks = tracks.as_array().expect("tracks");
        let warned = tracks.iter().filter(|track| track["held"] == "notice_period_runs").count();
        if warned > 0 && warned == tracks.len() { Ok(()) } else { Err(format!("{tracks:?}")) }
    });

    // when eleven days have passed, a suspension is proposed, and who names no packet is shown one and decides nothing
    program.stop().well();
    let program = start(&place, &config, "2026-03-13T08:00:00Z");
    let item = eventually(|| {
        let inbox: Value = ask(&program, &mona, &["inbox", "--json"]).well().json();
        let found = inbox.as_array().and_then(|all| all.iter().find(|item| item["kind"] == "suspension"));
        found.cloned().ok_or_else(|| inbox.to_string())
    });
    let (track, number) = (item["track"].as_str().expect("an id"), item["proposal"].to_string());
    let confirm = ["confirm", track, &*number, "--why", "packet reviewed"];
    let shown = ask(&program, &mona, &confirm).badly();
    assert!(shown.stderr.contains("nothing is decided yet"), "{shown}");
    for part in
        ["would cover   new_admissions", "pre-suspension", "delivered 2026-03-02", "read in the journal"]
    {
        assert!(shown.stdout.contains(part), "`{part}` is not in {shown}");
    }
    let packet: Value = ask(&program, &mona, &["packet", track, &*number, "--json"]).well().json();
    let sha256 = packet["sha256"].as_str().expect("a hash");
    assert!(shown.stdout.contains(sha256), "{shown}");

    // then it takes the packet that was seen, the right people, and two of them
    let with = |sha256: &str| [&confirm[..], &["--packet", sha256]].concat().join("\n");
    let decide = |who: &str, line: &str| ask(&program, who, &line.split('\n').collect::<Vec<_>>());
    refused(decide(&mona, &with(&"0".repeat(64))), &["409"]);
    refused(decide(&kim, &with(sha256)), &["403", "kim may not decide about suspensions"]);
    decide(&mona, &with(sha256)).well();
    refused(decide(&mona, &with(sha256)), &["403"]);
    let inbox = ask(&program, &cora, &["inbox"]).well().stdout;
    assert!(inbox.contains("confirmed by mona") && inbox.contains("a second person is asked for"), "{inbox}");
    let done = decide(&cora, &with(sha256)).well();
    assert!(done.stdout.contains("is suspended"), "{done}");

    // and the register has it, on whose authority, until it ends
    let register: Value = ask(&program, &mona, &["suspensions", "--in-force", "--json"]).well().json();
    let line = &register["items"][0];
    let by: Vec<&Value> =
        line["authority"].as_array().expect("people").iter().map(|by| &by["name"]).collect();
    assert_eq!(by, [&json!("mona"), &json!("cora")], "{register}");
    assert_eq!((&line["track"], &line["days"]), (&json!(track), &json!(1)));
    let csv = ask(&program, &mona, &["suspensions", "--csv"]).well().stdout;
    assert!(csv.lines().count() == 2 && csv.contains("mona (packet reviewed)"), "{csv}");
    ask(&program, &mona, &["reinstate", track, &*number, "--why", "appeal granted"]).well();
    let register: Value = ask(&program, &mona, &["suspensions", "--json"]).well().json();
    assert_eq!(register["items"][0]["ended_by"]["why"], "appeal granted", "{register}");
    let why = ask(&program, &kim, &["track", track]).well().stdout;
    assert!(why.contains("appeal granted"), "{why}");
}
