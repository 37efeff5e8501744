//! `what-if`, and the same over the API: messages in, numbers and the list behind them out.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use countersign_acceptance::{
    api::{delete, eventually, get, post},
    mllp::{all_accepted, send_all},
    place::Place,
    sample,
};
use countersign_testkit::program::{Program, run};
use serde_json::{Value, json};

use super::on;

const SHIPPED: &str = include_str!("../../../services/deficiency/rules/default.toml");

/// Three inpatients: the discharge summary of the first came within a day, that of the second after five, and
/// that of the third never.
fn messages() -> Vec<String> {
    vec![
        sample::adt("A01", "20260301080000", "M1", "V1"),
        sample::document("20260301090000", "M2", "V1", "HP", "AU"),
        sample::discharge("20260305080000", "M3", "V1"),
        sample::document("20260306080000", "M4", "V1", "DS", "AU"),
        sample::adt("A01", "20260302080000", "M5", "V2"),
        sample::document("20260302090000", "M6", "V2", "HP", "AU"),
        sample::discharge("20260306080000", "M7", "V2"),
        sample::document("20260311080000", "M8", "V2", "DS", "AU"),
        sample::adt("A01", "20260303080000", "M9", "V3"),
        sample::discharge("20260307080000", "M10", "V3"),
    ]
}

/// The shipped rules with another limit for the discharge summary.
fn summary_due_in_days(days: u16) -> String {
    let mut text = String::new();
    let mut here = false;
    for line in SHIPPED.lines() {
        if line.starts_with("id = ") {
            here = line == "id = \"R13\"";
        }
        if here && line.starts_with("due = ") {
            let _ = writeln!(text, "due = {{ days = {days} }}");
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// A data folder with the messages in it, and the candidate's file.
fn prepared(place: &Place) -> (PathBuf, String) {
    let file = place.write_messages("in.hl7", &messages());
    on(&place.data(), &["ingest", &file.to_string_lossy()]).well();
    let rules = place.write("candidate.toml", summary_due_in_days(3));
    (place.data(), rules.to_string_lossy().into_owned())
}

fn what_if(data: &Path, rules: &str, extra: &[&str]) -> Value {
    let mut arguments = vec!["what-if", "--rules", rules, "--to", "2026-04-01T00:00:00Z", "--json"];
    arguments.extend(extra);
    on(data, &arguments).well().json()
}

fn group<'a>(report: &'a Value, by: &str, key: &str) -> &'a Value {
    let groups = report[by].as_array().unwrap_or_else(|| panic!("no `{by}` in {report}"));
    groups.iter().find(|group| group["key"] == key).unwrap_or_else(|| panic!("no {key} in {groups:?}"))
}

#[test]
fn given_a_shorter_limit_then_what_if_tells_who_would_be_late_and_always_the_same() {
    let place = Place::new();
    let (data, rules) = prepared(&place);

    let report = what_if(&data, &rules, &[]);
    let total = &report["total"];
    assert_eq!(
        [&total["created"], &total["avoided"], &total["changed"], &total["other_due"]],
        [&json!(0), &json!(0), &json!(3), &json!(3)],
        "{report}"
    );
    let rule = group(&report, "by_rule", "R13");
    for (side, on_time) in [("published", 2), ("candidate", 1)] {
        let measures = &rule[side];
        assert_eq!((&measures["fell_due"], &measures["on_time"]), (&json!(3), &json!(on_time)), "{rule}");
        // Done after 24 and 120 hours; the open one is not in it.
        assert_eq!(
            (&measures["lag_median_hours"], &measures["lag_p90_hours"]),
            (&json!(24.0), &json!(120.0))
        );
        assert_eq!(measures["overdue"], 1, "{rule}");
    }
    assert_eq!(group(&report, "by_provider", "7001")["other_due"], 3);
    assert_eq!(group(&report, "by_facility", "MERCY")["changed"], 3);

    // Again: the same, to the byte.
    let arguments = ["what-if", "--rules", &rules, "--to", "2026-04-01T00:00:00Z", "--json"];
    assert_eq!(on(&data, &arguments).well().stdout, on(&data, &arguments).well().stdout);

    // The list behind the number, and the same as a file.
    let rows = what_if(&data, &rules, &["--list", "rule=R13,change=due"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(3), "{rows}");
    let folder = place.path().join("out");
    what_if(&data, &rules, &["--csv", &folder.to_string_lossy()]);
    let file = std::fs::read_to_string(folder.join("rows.csv")).expect("rows.csv");
    assert_eq!(file.lines().count() as u64, 1 + report["rows"].as_u64().expect("a count"));
    assert_eq!(file.lines().filter(|line| line.contains(",R13,")).count(), 3);
    let summary = std::fs::read_to_string(folder.join("summary.csv")).expect("summary.csv");
    assert!(summary.lines().any(|line| line.starts_with("rule,R13,0,0,3,3,0,0,0,0,3,2,1,")), "{summary}");
    for text in [&file, &summary] {
        assert!(!text.contains("LUMEN") && !text.contains("9V1"), "a patient is in\n{text}");
    }

    let table = on(&data, &["what-if", "--rules", &rules, "--to", "2026-04-01T00:00:00Z"]).well().stdout;
    for word in ["0 created, 0 avoided, 3 changed", "R13", "66.7 % → 33.3 %", "Delinquent charts (C0)"] {
        assert!(table.contains(word), "`{word}` is not in\n{table}");
    }
}

#[test]
fn given_a_rule_file_with_a_slip_then_what_if_names_the_line_and_judges_nothing() {
    let place = Place::new();
    let (data, _) = prepared(&place);
    let slip =
        place.write("slip.toml", summary_due_in_days(3).replacen("holds_bill = true", "hold_bill = true", 1));
    let refused = on(&data, &["what-if", "--rules", &slip.to_string_lossy()]).badly();
    for word in ["slip.toml", "hold_bill", "line", "docs/rules.md"] {
        assert!(refused.stderr.contains(word), "`{word}` is not in\n{refused}");
    }
    let rules = place.write("candidate.toml", SHIPPED).to_string_lossy().into_owned();
    let backwards = ["--from", "2026-04-02T00:00:00Z", "--to", "2026-04-01T00:00:00Z"];
    let refused = on(&data, &[&["what-if", "--rules", &rules], &backwards[..]].concat()).badly();
    assert!(refused.stderr.contains("is later than"), "{refused}");
    let refused = on(&data, &["what-if", "--rules", &rules, "--list", "colour=red"]).badly();
    assert!(refused.stderr.contains("use rule, service, facility, provider or change"), "{refused}");
}

#[test]
fn given_a_running_program_then_the_api_runs_the_job_and_gives_the_list_page_by_page() {
    let place = Place::new();
    let program = Program::up(&place.data());
    all_accepted(&send_all(program.mllp(), &messages()));
    let base = format!("{}/api/v1/what-if", program.url());
    let body = json!({ "rules": summary_due_in_days(3), "to": "2026-04-01T00:00:00Z" });
    eventually(|| {
        let url = format!("{}/api/v1/deficiencies?rule=R13", program.url());
        let total = get(&url).json()["total"].as_u64().unwrap_or_default();
        if total == 3 { Ok(()) } else { Err(format!("{total} of three summaries owed")) }
    });

    let asked = post(&base, &body);
    assert_eq!(asked.status, 202, "{}", asked.text);
    let job = format!("{base}/{}", asked.json()["id"].as_str().expect("an id"));
    let done = eventually(|| {
        let job = get(&job).json();
        if job["state"] == "done" { Ok(job) } else { Err(job.to_string()) }
    });
    assert_eq!((&done["charts_done"], &done["charts_total"]), (&json!(3), &json!(3)), "{done}");
    assert_eq!(done["report"]["total"]["other_due"], 3, "{done}");

    // The list, two rows at a time.
    let first = get(&format!("{job}/rows?rule=R13&limit=2")).json();
    assert_eq!((&first["total"], first["items"].as_array().map(Vec::len)), (&json!(3), Some(2)), "{first}");
    let next = first["next"].as_str().expect("more");
    let last = get(&format!("{job}/rows?rule=R13&limit=2&cursor={next}")).json();
    assert_eq!((last["items"].as_array().map(Vec::len), &last["next"]), (Some(1), &Value::Null), "{last}");
    let file = get(&format!("{job}/rows?change=due&format=csv"));
    assert!(file.media_type.starts_with("text/csv"), "{}", file.media_type);
    assert_eq!(file.text.lines().count(), 1 + 3, "{}", file.text);

    // The command asks the same, and has the same answer.
    let rules = place.write("candidate.toml", summary_due_in_days(3)).to_string_lossy().into_owned();
    let url = program.url();
    let to = ["--to", "2026-04-01T00:00:00Z"];
    let told: Value =
        run([&["what-if", "--rules", &rules, "--url", &url, "--json"], &to[..]].concat()).well().json();
    // Other services go on recording meanwhile: the position up to which was read may be a later one.
    let but_position = |report: &Value| {
        let mut report = report.clone();
        report.as_object_mut().expect("a report").remove("position");
        report
    };
    assert_eq!(but_position(&told), but_position(&done["report"]));

    // What cannot be understood is refused; what is cancelled is gone.
    let refused = post(&base, &json!({ "rules": "version = \"one\"" })).problem(400);
    assert!(
        refused["errors"][0]["detail"].as_str().is_some_and(|detail| detail.contains("line 1")),
        "{refused}"
    );
    get(&format!("{job}/rows?change=colour")).problem(400);
    get(&format!("{job}/rows?cursor=back")).problem(400);
    assert_eq!(delete(&job).status, 204);
    get(&job).problem(404);
    delete(&job).problem(404);
    // A run that is cancelled at once never has a report.
    let asked = post(&base, &body);
    let job = format!("{base}/{}", asked.json()["id"].as_str().expect("an id"));
    assert_eq!(delete(&job).status, 204);
    let seen = get(&job);
    assert!(seen.status == 404 || seen.json()["state"] == "cancelled", "{}", seen.text);
}
