//! Rules that change while charts are open.

use countersign_acceptance::stay::Stay;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::json;

use super::ward::{Ward, says, text};

/// A ward with a manager and an approver.
fn ward() -> Ward {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    ward.employs("lee", "rules_approver", &[]);
    ward
}

/// Publishes a version in which the summary is due after five days.
fn publish_stricter(ward: &Ward, from: &[&str]) {
    let text =
        "title = \"Stricter\"\nextends = \"default-1\"\n[[override]]\nid = \"R13\"\ndue = { days = 5 }\n";
    let file = ward.file("stricter.toml", text);
    ward.asks(&["rules", "draft", &file, "--why", "lag", "--as", "kim"]);
    ward.asks(&["rules", "check", "2", "--why", "read", "--as", "lee"]);
    ward.asks(&[&["rules", "publish", "2", "--why", "committee", "--as", "lee"], from].concat());
}

/// Discharged at noon on this day of January 2041.
fn discharged(ward: &Ward, visit: &str, day: u8) {
    let stay = Stay::new(visit);
    ward.receives(&[stay.admitted("2041-01-02 08:30"), stay.discharged(&format!("2041-01-{day:02} 12:00"))]);
}

#[test]
fn case_35_a_rule_that_changes_in_mid_week_judges_what_arises_from_then_on() {
    let ward = ward();
    // given a stricter version from Wednesday, the 9th of January 2041, on
    publish_stricter(&ward, &["--effective-from", "2041-01-09T06:00:00Z"]);
    // when patients are discharged on Monday, at the last moment of Tuesday, and on Wednesday
    discharged(&ward, "MONDAY", 7);
    let stay = Stay::new("TUESDAY");
    ward.receives(&[stay.admitted("2041-01-02 08:30"), stay.discharged("2041-01-08 23:59")]);
    discharged(&ward, "WEDNESDAY", 9);
    // then each is judged by the version of its day, and says which
    ward.owes("MONDAY", "R13", &["R13 open 7001, due 01-14 23:59"]);
    ward.owes("TUESDAY", "R13", &["R13 open 7001, due 01-15 23:59"]);
    ward.owes("WEDNESDAY", "R13", &["R13 open 7001, due 01-14 23:59"]);
    let versions =
        ["MONDAY", "TUESDAY", "WEDNESDAY"].map(|visit| ward.item(visit, "R13")["rule_version"].clone());
    assert_eq!(versions, [json!(1), json!(1), json!(2)]);
    let why = ward.explains(&ward.item("WEDNESDAY", "R13"));
    assert_eq!((&why["rule"]["version"], &why["rule"]["due"]), (&json!(2), &json!("5 days")));
    // and the history of a patient admitted before is judged by the version of then
    assert_eq!(ward.item("WEDNESDAY", "R01")["rule_version"], 1);
    // when a manager applies the new version to open charts, first as a preview, then in earnest
    let apply = ["rules", "apply", "2", "--why", "one rule for all", "--as", "kim"];
    let preview = ward.asks(&[&apply[..], &["--preview"]].concat());
    assert_eq!(ward.item("MONDAY", "R13")["rule_version"], 1, "{preview}");
    assert!(preview["charts"].as_u64().is_some_and(|charts| charts >= 2), "{preview}");
    ward.asks(&apply);
    // then what is owed goes over to it
    ward.owes("MONDAY", "R13", &["R13 open 7001, due 01-12 23:59"]);
    assert_eq!(ward.item("MONDAY", "R13")["rule_version"], 2);
}

#[test]
fn case_36_a_version_that_is_withdrawn_gives_way_to_the_one_before() {
    let ward = ward();
    // given a version that is to take effect, under which nothing has arisen
    publish_stricter(&ward, &["--effective-from", "2041-01-09T06:00:00Z"]);
    discharged(&ward, "BEFORE", 7);
    // when it is withdrawn, with a reason, before its day
    ward.is_refused(&["rules", "withdraw", "2", "--why", "", "--as", "lee"], &["why"]);
    ward.asks(&["rules", "withdraw", "2", "--why", "wrong citation", "--as", "lee"]);
    // then the version before goes on, as if there had been no other
    discharged(&ward, "AFTER", 10);
    ward.owes("BEFORE", "R13", &["R13 open 7001, due 01-14 23:59"]);
    ward.owes("AFTER", "R13", &["R13 open 7001, due 01-17 23:59"]);
    assert_eq!(ward.item("AFTER", "R13")["rule_version"], 1);
    let sets = ward.asks(&["rules", "list"]);
    assert_eq!(sets["in_force"], 1, "{sets}");
    assert_eq!(sets["items"][1]["status"], "withdrawn", "{sets}");
    says(&sets["items"][1]["withdrawn"]["why"], &["wrong citation"]);
    // and it cannot be published again; the next draft is another version
    let again = ["rules", "publish", "2", "--why", "again", "--as", "lee"];
    ward.is_refused(&again, &["withdrawn"]);
    let file = ward.file("again.toml", "title = \"Again\"\nextends = \"default-1\"\n");
    let drafted = ward.asks(&["rules", "draft", &file, "--why", "once more", "--as", "kim"]);
    assert_eq!(drafted["version"], 3, "{drafted}");
}

#[test]
fn case_36_what_arose_under_a_version_that_is_withdrawn_keeps_it() {
    let ward = ward();
    // given a version in force from now on, and a patient discharged a moment later
    publish_stricter(&ward, &[]);
    let sets = ward.asks(&["rules", "list"]);
    let from: Timestamp = text(&sets["windows"][1]["from"]).parse().expect("an instant");
    let moment = (from + SignedDuration::from_millis(1)).to_zoned(TimeZone::UTC);
    let stay = Stay::new("BETWEEN");
    ward.receives(&[
        stay.admitted("2025-05-04 08:30"),
        stay.discharged(&moment.strftime("%Y%m%d%H%M%S%.3f+0000").to_string()),
    ]);
    let before = ward.item("BETWEEN", "R13");
    assert_eq!(before["rule_version"], 2);
    // when the version is withdrawn
    ward.asks(&["rules", "withdraw", "2", "--why", "wrong citation", "--as", "kim"]);
    // then the item keeps the version and the limit with which it arose, and says so
    let after = ward.item("BETWEEN", "R13");
    for field in ["id", "status", "rule_version", "due_at"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(ward.explains(&after)["rule"]["due"], "5 days");
    // what arises afterwards is judged by the one before
    discharged(&ward, "AFTER", 10);
    assert_eq!(ward.item("AFTER", "R13")["rule_version"], 1);
    // and the item goes over to that one only by decision
    ward.asks(&["rules", "apply", "1", "--why", "version 2 was wrong", "--as", "kim"]);
    assert_eq!(ward.item("BETWEEN", "R13")["rule_version"], 1);
}
