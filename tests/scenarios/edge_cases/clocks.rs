//! Clocks: leaves and holds, days on which clocks change, holidays.

use countersign_acceptance::stay::{Document, Stay};
use serde_json::{Value, json};

use super::ward::{Ward, local, text};

/// An inpatient of four days; discharged on 8 May at noon.
fn discharged(visit: &str) -> Vec<String> {
    let stay = Stay::new(visit);
    vec![stay.admitted("2025-05-04 08:30"), stay.discharged("2025-05-08 12:00")]
}

/// What the clock did, stretch by stretch: `running 05-08 12:00`.
fn stretches(item: &Value) -> Vec<String> {
    let segments = item["accountability"]["segments"].as_array().expect("segments");
    segments
        .iter()
        .map(|segment| format!("{} {}", text(&segment["cause"]), &local(&segment["from"])[5..]))
        .collect()
}

#[test]
fn case_19_a_leave_entered_late_counts_and_what_was_known_before_stays_answerable() {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    ward.receives(&discharged("V1"));
    ward.owes("V1", "R13", &["R13 open 7001, due 05-15 23:59"]);
    // when a leave in May is entered long after it
    let leave = ["people", "leave", "record", "7001^MERCY", "--kind", "sick", "--from", "2025-05-10"];
    let period = ["--until", "2025-05-14", "--time-zone", "America/Chicago", "--as", "kim"];
    ward.asks(&[&leave[..], &period].concat());
    // then the clock stood for those five days, and the limit has moved by them
    ward.owes("V1", "R13", &["R13 open 7001, due 05-20 23:59"]);
    let item = ward.item("V1", "R13");
    assert_eq!(
        stretches(&item),
        ["running 05-08 12:00", "physician_leave 05-10 00:00", "running 05-15 00:00"]
    );
    assert_eq!(item["accountability"]["stood_seconds"], json!(5 * 24 * 60 * 60));
    assert_eq!(local(&item["due_without_pauses_at"]), "2025-05-15 23:59");
    // the chart's own limits know no leave
    ward.owes("V1", "C1", &["C1 open facility, due 06-07 23:59"]);
    // and as it was known before the entry, the old limit stands
    let person = ward.asks(&["people", "show", "7001^MERCY"]);
    let leave = &person["leaves"][0];
    assert_eq!((&leave["entered_late"], &leave["counts"]), (&json!(true), &json!(true)), "{person}");
    let entered: jiff::Timestamp = text(&leave["recorded"]["at"]).parse().expect("an instant");
    let before = (entered - jiff::SignedDuration::from_millis(1)).to_string();
    let then = ward.item_as("V1", "R13", &["--known-at", &before]);
    assert_eq!(local(&then["due_at"]), "2025-05-15 23:59");
    assert_eq!(then["accountability"]["stood_seconds"], json!(0));
}

#[test]
fn case_21_a_hold_ends_by_itself_and_one_without_end_lets_nothing_fall_due() {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    for visit in ["V1", "V2"] {
        ward.receives(&discharged(visit));
    }
    // given a chart that was not to be had for two days, and nobody said that it is back
    let hold = ["hold", "--cause", "chart_unavailable", "--from", "2025-05-10T05:00:00Z"];
    let item = ward.item("V1", "R13");
    ward.decides(&item, "kim", &[&hold[..], &["--until", "2025-05-12T05:00:00Z"]].concat());
    // then the clock runs again from the end of the hold, and the limit has moved by two days
    let item = ward.item("V1", "R13");
    assert_eq!(
        stretches(&item),
        ["running 05-08 12:00", "chart_unavailable 05-10 00:00", "running 05-12 00:00"]
    );
    assert_eq!((&item["accountability"]["state"], &item["overdue"]), (&json!("running"), &json!(true)));
    ward.owes("V1", "R13", &["R13 open 7001, due 05-17 23:59"]);
    // given one without an end
    let held = ward.decides(&ward.item("V2", "R13"), "kim", &hold);
    // then nothing falls due while it stands, but the chart's limits do
    ward.owes("V2", "R13 C1", &["C1 open facility, due 06-07 23:59", "R13 open 7001, no due"]);
    let item = ward.item("V2", "R13");
    assert_eq!(item["accountability"]["state"], "chart_unavailable");
    assert_eq!(item["overdue"], false);
    // when it is released as of a past day, then the limit is back
    let chart = text(&item["chart"]);
    let release = ["chart", "release", chart, "--hold", text(&held["id"]), "--until", "2025-05-11T05:00:00Z"];
    ward.asks(&[&release[..], &["--why", "found", "--as", "kim"]].concat());
    ward.owes("V2", "R13", &["R13 open 7001, due 05-16 23:59"]);

    // and a leave without an end is the same: the clock stands until somebody says when it ended
    ward.receives(&discharged("V3"));
    let leave = ["people", "leave", "record", "7001^MERCY", "--from", "2025-05-10"];
    let how = ["--time-zone", "America/Chicago", "--as", "kim"];
    let leave = ward.asks(&[&leave[..], &how].concat());
    ward.owes("V3", "R13", &["R13 open 7001, no due"]);
    let change = ["people", "leave", "change", text(&leave["id"]), "--from", "2025-05-10", "--until"];
    ward.asks(&[&change[..], &["2025-05-10", "--why", "returned"], &how].concat());
    ward.owes("V3", "R13", &["R13 open 7001, due 05-16 23:59"]);
}

#[test]
fn case_27_hours_are_hours_and_days_are_days_when_clocks_change() {
    let ward = Ward::open();
    ward.employs("kim", "him_manager", &[]);
    // given an admission on the eve of the day on which clocks go forward, and one before they go back
    let (spring, autumn) = (Stay::new("SPRING"), Stay::new("AUTUMN"));
    ward.receives(&[
        spring.admitted("2025-03-08 20:00"),
        autumn.admitted("2025-11-01 20:00"),
        spring.discharged("2025-03-11 12:00"),
        autumn.discharged("2025-11-04 12:00"),
    ]);
    // then 24 hours are 24 hours on every clock
    ward.owes("SPRING", "R01", &["R01 open 7001, due 03-09 21:00"]);
    ward.owes("AUTUMN", "R01", &["R01 open 7001, due 11-02 19:00"]);
    // and a discharge a week before ends at the end of the seventh day, which is not 168 hours later
    let (spring, autumn) = (Stay::new("SPRING2"), Stay::new("AUTUMN2"));
    ward.receives(&[
        spring.admitted("2025-03-01 08:00"),
        spring.discharged("2025-03-05 12:00"),
        autumn.admitted("2025-10-25 08:00"),
        autumn.discharged("2025-10-28 12:00"),
    ]);
    ward.owes("SPRING2", "R13", &["R13 open 7001, due 03-12 23:59"]);
    ward.owes("AUTUMN2", "R13", &["R13 open 7001, due 11-04 23:59"]);
    assert_eq!(ward.item("SPRING2", "R13")["due_at"], "2025-03-13T04:59:59Z");
    assert_eq!(ward.item("AUTUMN2", "R13")["due_at"], "2025-11-05T05:59:59Z");
    // and a leave on the day of 23 hours stands for 23 hours
    let leave = ["people", "leave", "record", "7001^MERCY", "--from", "2025-03-09", "--until", "2025-03-09"];
    ward.asks(&[&leave[..], &["--time-zone", "America/Chicago", "--as", "kim"]].concat());
    assert_eq!(ward.item("SPRING2", "R13")["accountability"]["stood_seconds"], json!(23 * 60 * 60));
    ward.owes("SPRING2", "R13", &["R13 open 7001, due 03-13 23:59"]);
}

#[test]
fn case_28_days_of_business_pass_over_holidays_and_calendar_days_do_not() {
    // given a rule that counts days of business, and a facility with holidays
    let ward = Ward::with_rules("[[override]]\nid = \"R13\"\ndue = { business_days = 3 }\n");
    ward.employs("kim", "him_manager", &[]);
    let change = ["--why", "calendar", "--as", "kim"];
    ward.asks(&[&["site", "facility", "MERCY", "--time-zone", "America/Chicago"], &change[..]].concat());
    let file = ward.file("holidays.csv", "date,name\n2025-12-24,Christmas Eve\n2025-12-25,Christmas\n");
    ward.asks(&[&["site", "holidays", "import", &file, "--facility", "MERCY"], &change[..]].concat());
    // when a patient is discharged on Monday the 22nd of December
    let stay = Stay::new("V1");
    ward.receives(&[stay.admitted("2025-12-18 08:00"), stay.discharged("2025-12-22 12:00")]);
    // then the three days are the 23rd, the 26th and the 29th
    ward.owes("V1", "R13", &["R13 open 7001, due 12-29 23:59"]);
    // and a limit in calendar days falls on the holiday itself
    ward.receives(&[stay.document("T02", "2025-12-18 12:00", &Document::new("DS", "S-1"))]);
    ward.owes("V1", "R14", &["R14 S-1 open 7001, due 12-25 23:59"]);
    // where the holiday is not known to another facility, the days are others
    let north = Stay::new("N1").at("NORTH");
    ward.receives(&[north.admitted("2025-12-18 08:00"), north.discharged("2025-12-22 12:00")]);
    ward.owes("N1", "R13", &["R13 open 7001, due 12-25 23:59"]);
}
