//! Disputes.

use countersign_acceptance::stay::Stay;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::ward::{Ward, says, text};

/// A ward with HIM and the physician, and visits whose summaries are owed.
fn ward(visits: &[&str]) -> Ward {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    ward.employs("ruth", "physician", &["--provider", "7001^MERCY"]);
    for visit in visits {
        let stay = Stay::new(visit);
        ward.receives(&[stay.admitted("2025-05-04 08:30"), stay.discharged("2025-05-08 12:00")]);
    }
    ward
}

#[test]
fn case_22_a_dispute_upheld_gives_the_item_to_somebody_else_as_old_as_it_is_or_voids_it() {
    let ward = ward(&["V1", "V2", "V3"]);
    // given items that their physician disputes; nobody else can
    let item = ward.item("V1", "R13");
    let dispute = ["item", "dispute", text(&item["id"]), "--reason", "not_mine", "--why", "not my patient"];
    ward.is_refused(&[&dispute[..], &["--as", "kim"]].concat(), &["kim may not dispute"]);
    ward.decides(&item, "ruth", &["dispute", "--reason", "not_mine"]);
    ward.decides(&ward.item("V2", "R13"), "ruth", &["dispute", "--reason", "not_required"]);
    ward.decides(&ward.item("V3", "R13"), "ruth", &["dispute", "--reason", "other"]);
    let disputed = ward.item("V1", "R13");
    assert_eq!(disputed["accountability"]["state"], "dispute_under_review");
    ward.is_refused(&[&dispute[..], &["--as", "ruth"]].concat(), &["a dispute about this item is open"]);
    // when HIM upholds one by giving it to another physician, one by voiding it, and rejects one
    ward.decides(&disputed, "kim", &["uphold-dispute", "--to", "7002^MERCY"]);
    ward.decides(&ward.item("V2", "R13"), "kim", &["uphold-dispute", "--void"]);
    ward.decides(&ward.item("V3", "R13"), "kim", &["reject-dispute"]);
    // then the first is the other physician's, and as old as it was
    let given = ward.item("V1", "R13");
    assert_eq!((&given["status"], &given["responsible"]), (&json!("open"), &json!("7002")));
    for field in ["id", "opened_at", "due_at", "due_without_pauses_at"] {
        assert_eq!(given[field], item[field], "{field}");
    }
    assert_eq!(given["dispute"]["state"], "upheld");
    assert_eq!(given["accountability"]["state"], "running");
    says(&given["responsible_because"], &["reassigned by kim, who upheld a dispute"]);
    let told = ward.explains(&given)["timeline"].to_string();
    assert!(told.contains("ruth") && told.contains("kim"), "{told}");
    // the second never was required, and the third is as it was
    let voided = ward.item("V2", "R13");
    assert_eq!((&voided["status"], &voided["dispute"]["state"]), (&json!("voided"), &json!("upheld")));
    let kept = ward.item("V3", "R13");
    assert_eq!((&kept["status"], &kept["responsible"]), (&json!("open"), &json!("7001")));
    assert_eq!((&kept["dispute"]["state"], &kept["due_at"]), (&json!("rejected"), &item["due_at"]));
}

#[test]
fn case_23_a_dispute_that_him_leaves_undecided_stays_open_and_charges_nobody_but_the_chart() {
    let ward = ward(&["V1"]);
    // given an item of today under dispute: HIM is to answer within two days of business
    let chart = ward.item("V1", "R13")["chart"].clone();
    let raise = ["chart", "raise", text(&chart), "--title", "History lacks a date", "--to", "7001^MERCY"];
    ward.asks(&[&raise[..], &["--due-days", "7", "--why", "qualitative", "--as", "kim"]].concat());
    ward.decides(&ward.item("V1", "Q"), "ruth", &["dispute", "--reason", "already_done"]);
    let disputed = ward.item("V1", "Q");
    let at: Timestamp = text(&disputed["dispute"]["at"]).parse().expect("an instant");
    let answer_due: Timestamp = text(&disputed["dispute"]["answer_due_at"]).parse().expect("an instant");
    let wait = answer_due.duration_since(at);
    assert!((24..=24 * 6).contains(&wait.as_hours()), "two days of business, not {wait}");
    // when three weeks go by without an answer
    let later = (at + SignedDuration::from_hours(24 * 21)).to_string();
    let then = ward.item_as("V1", "Q", &["--as-of", &later]);
    // then the dispute is still open, past its answer; nothing was decided for HIM, and the item has run no further
    assert_eq!(then["dispute"]["state"], "open");
    assert!(text(&then["dispute"]["answer_due_at"]) < later.as_str());
    assert_eq!((&then["status"], &then["overdue"]), (&json!("open"), &json!(false)));
    assert_eq!(then["accountability"]["state"], "dispute_under_review");
    assert_eq!(then["due_at"], Value::Null);
    assert_eq!(then["responsible"], "7001");
    // but the chart's own clock goes on
    let days = |item: &Value| item["regulatory"]["days"].as_i64().expect("days");
    assert_eq!(days(&then), days(&disputed) + 21);
}
