//! When something happened.

use super::*;

fn with_event(event: &str, header_time: &str) -> Reading {
    let header = format!("MSH|^~\\&|EHR|NORTH|||{header_time}||ADT^A02|7|P|2.5.1");
    read(&[&header, event, "PV1||I|||||||||||||||||V1"])
}

#[test]
fn is_evn_6_then_evn_2_then_msh_7_then_the_time_of_receipt() {
    for (event, header, occurred, from, recorded) in [
        ("EVN||202603091010||||202603090900", "202603091100", "13:00:00", "EVN-6", "14:10:00"),
        ("EVN||202603091010", "202603091100", "14:10:00", "EVN-2", "14:10:00"),
        ("EVN|", "202603091100", "15:00:00", "MSH-7", "15:00:00"),
    ] {
        let reading = with_event(event, header);
        let fact = only(&reading);
        assert_eq!(fact.occurred_at, at(&format!("2026-03-09T{occurred}Z")), "{event}");
        assert_eq!(fact.occurred_from, from);
        assert_eq!(fact.recorded_at, at(&format!("2026-03-09T{recorded}Z")));
    }
    let reading = with_event("EVN|", "");
    assert_eq!(only(&reading).occurred_at, at(RECEIVED));
    assert_eq!(only(&reading).occurred_from, "received");
    assert!(has(&reading, FindingCode::TimeOfReceipt));
}

#[test]
fn junk_is_a_finding_and_never_an_error() {
    let reading = with_event("EVN||Aug 14, 2004||||20260231", "20260309110000");
    assert_eq!(only(&reading).occurred_from, "MSH-7");
    assert!(has(&reading, FindingCode::TimeUnreadable));
    assert!(only(&reading).findings.iter().any(|text| text.contains("EVN-2")));
}

#[test]
fn an_offset_wins_over_the_zone_of_the_profile() {
    let reading = with_event("EVN||20260309101400+0215", "20260309");
    assert_eq!(only(&reading).occurred_at, at("2026-03-09T07:59:00Z"));
}

#[test]
fn a_month_or_a_year_is_too_coarse() {
    let reading = with_event("EVN||202603", "20260309110000");
    assert_eq!(only(&reading).occurred_from, "MSH-7");
    assert!(has(&reading, FindingCode::TimeTooCoarse));
}

#[test]
fn the_end_of_the_calendar_means_never_and_is_no_instant() {
    let reading = read_adt("A08", &[(45, "99991231")]);
    assert_eq!(only(&reading).what, What::Updated { discharged_at: Field::Absent });
    assert!(has(&reading, FindingCode::TimeUnreadable));
}

#[test]
fn summer_time_of_the_zone_is_observed() {
    // given the same wall clock on both sides of the change of 8 March 2026 in New York
    let winter = with_event("EVN||20260307120000", "");
    let summer = with_event("EVN||20260309120000", "");
    assert_eq!(only(&winter).occurred_at, at("2026-03-07T17:00:00Z"));
    assert_eq!(only(&summer).occurred_at, at("2026-03-09T16:00:00Z"));
}
