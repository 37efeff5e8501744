//! `escalation`: policies from draft to withdrawal, a simulation on recorded history, tracks and what is decided about
//! them, in a data folder and on a running Countersign.

use std::{
    fs,
    path::{Path, PathBuf},
};

use countersign_acceptance::{api::eventually, hospital, place::Place};
use countersign_hospital::Dirt;
use countersign_testkit::program::{Finished, Program, run};
use jiff::{SignedDuration, Timestamp};
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

/// The shipped policy with some lines changed.
fn policy(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(SHIPPED.to_owned(), |text, (was, is)| {
        assert!(text.contains(was), "`{was}` is not in the shipped policy");
        text.replace(was, is)
    })
}

/// A data folder with a month of a small hospital and people, by name and role.
fn hospital_with(place: &Place, people: &[(&str, &str)]) -> PathBuf {
    let data = place.data();
    let month = hospital::messages(&hospital::month(7, 15, Dirt::none()));
    let messages = place.write_messages("in.hl7", &month);
    on(&data, &["ingest", &*messages.to_string_lossy()]).well();
    for (name, role) in people {
        on(&data, &["access", "add", name, "--role", role]).well();
    }
    data
}

#[test]
fn given_two_people_then_a_policy_goes_from_draft_to_force_and_back() {
    let place = Place::new();
    let data = place.data();
    for (name, role) in [("mona", "medical_staff_office"), ("lee", "rules_approver")] {
        on(&data, &["access", "add", name, "--role", role]).well();
    }
    on(&data, &["access", "roles", "mona", "--role", "medical_staff_office", "--role", "rules_approver"])
        .well();
    let text = policy(&[("after_days = 21", "after_days = 16"), ("notice_days = 7", "notice_days = 10")]);
    let file = place.write("policy.toml", text);
    let file = file.to_string_lossy();
    let policies = |arguments: &[&str]| on(&data, &[&["escalation", "policies"], arguments].concat());

    // when nobody says who drafts, or the wrong one does, that is refused with what to do
    let draft = ["draft", &*file, "--why", "bylaws of 2027"];
    refused(policies(&draft), &["--as NAME"]);
    refused(policies(&[&draft[..], &["--as", "lee"]].concat()), &["lee may not draft escalation policies"]);
    // when mona drafts, then mona cannot go on alone, whatever roles mona has
    let told = policies(&[&draft[..], &["--as", "mona"]].concat()).well();
    says(&told, &["escalation policy 2 is drafted by mona", "countersign escalation policies check 2"]);
    let check = ["check", "2", "--why", "read", "--as"];
    refused(policies(&[&check[..], &["mona"]].concat()), &["somebody else", "second-person"]);
    refused(policies(&["publish", "2", "--why", "x", "--as", "lee"]), &["has not been checked"]);
    policies(&[&check[..], &["lee"]].concat()).well();
    says(
        &policies(&["diff", "2"]).well(),
        &["step delinquent changed", "after days was 21, is 16", "suspension.notice days was 7, is 10"],
    );
    policies(&["publish", "2", "--why", "committee", "--as", "lee"]).well();

    // then it is in force, the list says since when and by whom, and its ladder is shown
    let list: Value = policies(&["list", "--json"]).well().json();
    assert_eq!((&list["in_force"], &list["items"][1]["drafted"]["by"]), (&json!(2), &json!("mona")));
    assert_eq!(list["windows"][0]["until"], list["windows"][1]["from"]);
    says(
        &policies(&["show", "2"]).well(),
        &["16 days on the clock", "naming the day of a suspension", "10 days after"],
    );
    assert_eq!(policies(&["show", "1", "--text"]).well().stdout.trim_end(), SHIPPED.trim_end());
    // and taken back, the one before it is in force again
    policies(&["withdraw", "2", "--why", "too harsh", "--as", "lee"]).well();
    let list: Value = policies(&["list", "--json"]).well().json();
    assert_eq!((&list["in_force"], &list["items"][1]["status"]), (&json!(1), &json!("withdrawn")));
}

#[test]
fn given_a_policy_file_then_lint_says_what_is_wrong_in_which_line_and_the_remedy() {
    let place = Place::new();
    let lint = |name: &str, text: String| {
        let file = place.write(name, text);
        run(["escalation", "policies", "lint", &*file.to_string_lossy()])
    };
    let text = policy(&[("after_days = 14", "after_days = 5")]);
    let line = text.lines().position(|line| line.contains("name = \"notice-2\"")).expect("the step") + 1;
    refused(
        lint("order.toml", text),
        &[
            "order.toml cannot be used",
            &format!("line {line}"),
            "put the steps in order",
            "docs/escalation-policy.md",
        ],
    );
    refused(
        lint("word.toml", policy(&[("[outage]", "[outages]")])),
        &["word.toml cannot be used", "outages"],
    );
    says(&lint("ours.toml", policy(&[])).well(), &["4 steps, no faults", "pre-suspension"]);
    let schema: Value = run(["escalation", "policies", "schema"]).well().json();
    assert!(schema["properties"]["suspension"].is_object(), "{schema}");
    // A file that cannot be used is not simulated, drafted or begun with.
    let bad = place.write("bad.toml", "title = 7");
    let bad = bad.to_string_lossy();
    refused(
        on(&place.data(), &["escalation", "simulate", "--policy", &*bad, "--as", "kim"]),
        &["bad.toml cannot be used", "line 1"],
    );
}

#[test]
fn given_recorded_history_then_a_simulation_tells_who_gets_which_step_and_what_another_policy_changes() {
    let place = Place::new();
    let data = hospital_with(&place, &[("kim", "him_manager"), ("doc", "auditor")]);
    let simulate = |more: &[&str]| on(&data, &[&["escalation", "simulate"], more].concat());
    refused(simulate(&[]), &["say who asks: --as NAME"]);
    refused(simulate(&["--as", "doc"]), &["doc may not simulate escalation policies"]);
    refused(simulate(&["--as", "kim", "--until", "9999-01-01T00:00:00Z"]), &["more than ten years from now"]);

    // given messages that came in all at once, then there is no past to take steps in, and it says so
    says(
        &simulate(&["--as", "kim"]).well(),
        &[
            "taken when they were received here",
            "Nobody would have got a step",
            "--as-if-live",
            "--until TIME",
        ],
    );
    let report: Value = simulate(&["--as", "kim", "--json"]).well().json();
    let head: Timestamp = report["until"].as_str().and_then(|at| at.parse().ok()).expect("an instant");

    // when ninety days pass over what is owed, everybody climbs the ladder once
    let until = (head + SignedDuration::from_hours(90 * 24)).to_string();
    let base = ["--as", "kim", "--until", &*until, "--confirmed-after", "24"];
    let report: Value = simulate(&[&base[..], &["--json"]].concat()).well().json();
    let times = |step: &str| -> u64 {
        let steps = report["steps"].as_array().expect("steps");
        steps
            .iter()
            .find(|count| count["step"] == step)
            .and_then(|count| count["times"].as_u64())
            .expect("a count")
    };
    let first = times("notice-1");
    assert!(first > 0, "nobody owed anything: {report}");
    for step in ["notice-2", "delinquent", "suspension-proposed", "suspended"] {
        assert_eq!(times(step), first, "{step}: nothing stops anybody, and nobody does anything");
    }
    assert_eq!(times("reinstated"), 0);
    let lines = report["lines"].as_array().expect("lines");
    let of = |step: &str, track: &Value| -> Timestamp {
        let line = lines.iter().find(|line| line["step"] == step && line["track"] == *track).expect("a step");
        line["at"].as_str().and_then(|at| at.parse().ok()).expect("an instant")
    };
    for line in lines.iter().filter(|line| line["step"] == "delinquent") {
        let track = &line["track"];
        let notice = of("suspended", track).duration_since(of("delinquent", track));
        assert!(notice >= SignedDuration::from_hours(7 * 24), "{track}: {notice}");
    }

    // then it says the same again, byte for byte, as a table and as files
    let first_time = simulate(&base).well().stdout;
    assert_eq!(simulate(&base).well().stdout, first_time);
    let folder = place.path().join("out");
    simulate(&[&base[..], &["--csv", &*folder.to_string_lossy()]].concat()).well();
    let csv = fs::read_to_string(folder.join("steps.csv")).expect("steps.csv");
    assert_eq!(csv.lines().count(), lines.len() + 1);
    assert!(csv.starts_with("at,step,provider,authority,name,facility,department,week,"), "{csv}");
    for (file, begins) in [
        ("summary.csv", "figure,policy,beside,facts"),
        ("counts.csv", "step,times,providers"),
        ("groups.csv", "by,facility,key,name,notices"),
        ("charts.csv", "at,facility,chart,discharged_at,offices,ended_at"),
    ] {
        let text = fs::read_to_string(folder.join(file)).expect(file);
        assert!(text.starts_with(begins) && text.lines().count() > 1, "{file}: {text}");
    }

    // the figures are those of the steps, and the parts of the hospital and the weeks come to the same
    let summary = &report["summary"];
    assert_eq!(summary["suspensions"], json!(times("suspended")));
    assert_eq!(summary["warnings"], json!(times("delinquent")));
    assert!(summary["charts_at_limit"].as_u64() > Some(0), "{summary}");
    for groups in ["facilities", "departments", "weeks"] {
        let groups = report[groups].as_array().expect("groups");
        let suspensions = groups.iter().map(|group| group["here"]["suspensions"].as_u64().expect("a count"));
        assert_eq!(suspensions.sum::<u64>(), first, "{groups:?}");
    }
    // and one provider's steps stand alone
    let who = lines[0]["provider"]["id"].as_str().expect("an identifier");
    let own: Value = simulate(&[&base[..], &["--provider", who, "--json"]].concat()).well().json();
    let own = own["here"].as_array().expect("steps");
    assert!(!own.is_empty() && own.iter().all(|step| step["provider"]["id"] == who), "{own:?}");
    says(&simulate(&[&base[..], &["--provider", who]].concat()).well(), &[who, "OLDEST, DAYS"]);

    // as if the feeds had been live, the history that came in all at once has a past, and says that it is none
    let live = simulate(&["--as", "kim", "--as-if-live"]).well();
    says(&live, &["AS IF THE FEEDS HAD BEEN LIVE", "notice-1"]);
    let past: Value = simulate(&["--as", "kim", "--as-if-live", "--json"]).well().json();
    let ended: Timestamp = past["until"].as_str().and_then(|at| at.parse().ok()).expect("an instant");
    assert!(ended < head && past["as_if_live"] == json!(true), "{ended} is not before {head}");
    assert!(past["summary"]["notices"].as_u64() > Some(0), "{}", past["summary"]);

    // and beside the version in force, a policy that waits longer moves the steps that wait for it
    let second = SHIPPED.find("name = \"notice-2\"").expect("the step");
    let slower =
        SHIPPED[..second].to_owned() + &SHIPPED[second..].replacen("previous = 5", "previous = 9", 1);
    let file = place.write("slower.toml", slower).to_string_lossy().into_owned();
    let beside = [&base[..], &["--policy", &*file, "--against", "1", "--json"]].concat();
    let report: Value = simulate(&beside).well().json();
    let difference = &report["against"];
    assert_eq!(difference["version"], json!(1));
    // which is what a file is compared with by itself
    let unsaid: Value = simulate(&[&base[..], &["--policy", &*file, "--json"]].concat()).well().json();
    assert_eq!(&unsaid["against"], difference);
    let alone: Value =
        simulate(&[&base[..], &["--policy", &*file, "--alone", "--json"]].concat()).well().json();
    assert_eq!((&alone["against"], &alone["summary"]), (&Value::Null, &unsaid["summary"]));
    let moved: Vec<&Value> = difference["moved"].as_array().expect("moves").iter().collect();
    let second: Vec<&&Value> = moved.iter().filter(|moved| moved["here"]["step"] == "notice-2").collect();
    assert_eq!(second.len() as u64, first, "{difference}");
    for moved in second {
        let at =
            |at: &Value| -> Timestamp { at.as_str().and_then(|at| at.parse().ok()).expect("an instant") };
        assert!(at(&moved["here"]["at"]) > at(&moved["there_at"]), "{moved}");
    }
    assert!(
        !moved.iter().any(|moved| moved["here"]["step"] == "notice-1"),
        "nothing came before the first notice"
    );
}

#[test]
fn given_a_folder_then_tracks_and_their_reasons_are_told_without_a_server_and_decisions_are_taken_once() {
    let place = Place::new();
    let data = hospital_with(&place, &[("kim", "him_manager"), ("mona", "medical_staff_office")]);
    let ask = |arguments: &[&str]| on(&data, &[&["escalation"], arguments].concat());
    refused(ask(&["tracks"]), &["say who asks: --as NAME"]);
    let tracks: Value = ask(&["tracks", "--as", "kim", "--json"]).well().json();
    let track = &tracks[0];
    assert_eq!(track["state"], "open", "{tracks}");
    let (id, provider) =
        (track["id"].as_str().expect("an id"), track["provider"]["id"].as_str().expect("an id"));
    let csv = ask(&["tracks", "--as", "kim", "--csv", "--provider", provider]).well().stdout;
    assert!(csv.lines().count() == 2 && csv.contains(id), "{csv}");

    // when one asks why, by track or by person, it is the same answer: nothing counts before it is known for two days
    let why = ask(&["why", "--provider", provider, "--as", "kim"]).well();
    says(&why, &[id, "Next: ", "read in the journal", "known"]);
    let by_track: Value = ask(&["why", id, "--as", "kim", "--json"]).well().json();
    assert_eq!(by_track["standing"]["rechecked"], true);
    refused(
        ask(&["why", "--provider", "nobody", "--as", "kim"]),
        &["nobody has no track there", "people list"],
    );
    says(&ask(&["inbox", "--as", "mona"]).well(), &["Nothing waits."]);
    says(&ask(&["clock", "--as", "mona"]).well(), &["The clock is trusted", "armed"]);
    says(&ask(&["audit", "--as", "mona"]).well(), &["has not looked yet", "--url"]);

    // when more time is granted, only who may does it, and the same key does it once
    let extend =
        ["extend", id, "--until", "2099-01-01T00:00:00Z", "--why", "new system", "--idempotency-key", "one"];
    refused(ask(&[&extend[..], &["--as", "mona"]].concat()), &["mona may not grant more time"]);
    let extend = [&extend[..], &["--as", "kim", "--json"]].concat();
    let acted: Value = ask(&extend).well().json();
    assert_eq!(ask(&extend).well().json::<Value>()["track"]["revision"], acted["track"]["revision"]);
    says(&ask(&["track", id, "--as", "kim"]).well(), &["extended until 2099-01-01", "new system"]);
    ask(&["end-grant", id, "--why", "it runs", "--as", "mona"]).well();
    ask(&["note", id, "--why", "called the office", "--as", "mona"]).well();
    says(&ask(&["track", id, "--as", "kim"]).well(), &["called the office"]);
    refused(ask(&["confirm", id, "1", "--why", "x", "--as", "mona"]), &["no such proposal"]);
    refused(ask(&["clock", "trust", "--why", "x", "--as", "kim"]), &["kim may not confirm the clock"]);
    on(&data, &["verify"]).well();
}

/// The shipped policy for people who cannot wait: nothing has to be known for days, and no run is waited for.
fn without_waiting() -> String {
    policy(&[
        ("mode = \"weekly\"", "mode = \"continuous\""),
        ("known_days = 2", "known_days = 0"),
        ("settle_hours = 4", "settle_hours = 0"),
    ])
}

fn token(place: &Place, data: &Path, who: &[&str]) -> String {
    let text = on(data, &[&["access", "add"], who].concat()).well().stdout;
    place.write(&format!("{}.token", who[0]), text).to_string_lossy().into_owned()
}

#[test]
fn given_a_running_countersign_then_a_notice_is_read_in_the_inbox_proved_and_a_letter_goes_its_way() {
    let place = Place::new();
    let data = hospital_with(&place, &[("kim", "him_manager")]);
    place.write("policy.toml", without_waiting());
    let config = "[escalation]\npolicy_file = \"policy.toml\"\n[notification]\nmode = \"live\"\n";
    let policy_file = place.path().join("policy.toml");
    let config = config.replace("policy.toml", &policy_file.to_string_lossy());
    let config = place.write("countersign.toml", config);
    let config = config.to_string_lossy();
    // given two providers of whom something is owed, one of them with a postal address only
    let tracks: Value =
        on(&data, &["escalation", "tracks", "--as", "kim", "--json", "--config", &*config]).well().json();
    let who = |track: &Value| {
        let part = |name: &str| track["provider"][name].as_str().unwrap_or_default().to_owned();
        format!("{}^{}", part("id"), part("authority"))
    };
    let (reader, by_post) = (who(&tracks[0]), who(&tracks[1]));
    let address =
        ["contacts", "addresses", &*by_post, "--letter", "1 Way", "--letter", "Springfield", "--verified"];
    on(&data, &[&address[..], &["--why", "asked", "--as", "kim"]].concat()).well();
    let prefer =
        ["contacts", "preferences", &*by_post, "--channels", "letter", "--why", "asked", "--as", "kim"];
    on(&data, &prefer).well();
    on(&data, &["access", "remove", "kim"]).well();
    let kim = token(&place, &data, &["kim", "--role", "him_manager"]);
    let doc = token(&place, &data, &["doc", "--role", "physician", "--provider", &*reader]);

    // when Countersign runs, the first notice is in the provider's inbox
    let program = Program::up_with(&data, &["--config", &*config]);
    let url = program.url();
    let ask =
        |who: &str, arguments: &[&str]| run([arguments, &["--url", &*url, "--token-file", who]].concat());
    let notice = eventually(|| {
        let inbox: Value = ask(&doc, &["inbox", "--unread", "--json"]).well().json();
        inbox[0]["id"].as_str().map(str::to_owned).ok_or_else(|| inbox.to_string())
    });
    refused(ask(&kim, &["inbox", "read", &notice]), &["there is no such notice"]);
    says(
        &ask(&doc, &["inbox", "read", &notice]).well(),
        &["formal notice no. 1 `overdue`", "on record: read"],
    );
    let none: Value = ask(&doc, &["inbox", "--unread", "--json"]).well().json();
    assert_eq!(none, json!([]));
    // then it is proved, and the track knows that it was delivered
    let proof = ask(&kim, &["notices", "proof", &notice]).well();
    says(&proof, &["SHA-256 of the notice's record", "attempt ended", "read", "doc"]);
    let pdf = place.path().join("proof.pdf");
    ask(&kim, &["notices", "proof", &notice, "--pdf", &*pdf.to_string_lossy()]).well();
    assert!(fs::read(&pdf).expect("the document").starts_with(b"%PDF-"));
    eventually(|| {
        let track: Value = ask(&kim, &["escalation", "why", "--provider", &reader, "--json"]).well().json();
        let id = track["track"].as_str().expect("an id").to_owned();
        let track: Value = ask(&kim, &["escalation", "track", &id, "--json"]).well().json();
        if track["notices"][0]["delivered_at"].is_string() {
            Ok(())
        } else {
            Err(track["notices"].to_string())
        }
    });

    // when the letter of the other one is printed and handed over, that counts, on the day that is said
    let letter = eventually(|| {
        let letters: Value = ask(&kim, &["letters", "list", "--json"]).well().json();
        let found = letters.as_array().and_then(|all| all.iter().find(|one| one["kind"] == "overdue"));
        found.cloned().ok_or_else(|| letters.to_string())
    });
    let (id, leg) = (letter["notice"].as_str().expect("an id"), letter["leg"].to_string());
    let file = place.path().join("letter.pdf");
    ask(&kim, &["letters", "print", id, &leg, "--out", &*file.to_string_lossy()]).well();
    assert!(fs::read(&file).expect("the letter").starts_with(b"%PDF-"));
    let since: Timestamp = letter["since"].as_str().and_then(|at| at.parse().ok()).expect("an instant");
    let today = since.to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    ask(&kim, &["letters", "confirm", id, &leg, "--how", "handed_over", "--on", &today]).well();
    let shown: Value = ask(&kim, &["notices", "show", id, "--json"]).well().json();
    assert_eq!(shown["notice"]["state"], "delivered", "{shown}");
    // and whoever may not decide is told who may
    refused(ask(&doc, &["escalation", "inbox"]), &["403"]);
    let track: Value = ask(&kim, &["escalation", "why", "--provider", &reader, "--json"]).well().json();
    let id = track["track"].as_str().expect("an id");
    let extend = ["escalation", "extend", id, "--until", "2099-01-01T00:00:00Z", "--why", "I am busy"];
    refused(ask(&doc, &extend), &["403", "doc may not grant more time"]);
}
