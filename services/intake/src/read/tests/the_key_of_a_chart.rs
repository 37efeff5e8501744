//! What a chart is known by.

use super::*;

#[test]
fn is_pv1_19_with_its_authority() {
    let reading = read_adt("A01", &[(19, "V7^4^M11^EAST&1.2.3&ISO^VN")]);
    let key = &reading.facts[0].encounter;
    // the check digit is no part of the number
    assert_eq!((key.facility.as_str(), key.authority.as_str(), key.visit.as_str()), ("NORTH", "EAST", "V7"));
}

#[test]
fn takes_the_facility_where_no_authority_was_sent() {
    let reading = read_adt("A01", &[(19, " V7 ^^")]);
    let key = &reading.facts[0].encounter;
    assert_eq!((key.authority.as_str(), key.visit.as_str()), ("NORTH", "V7"));
}

#[test]
fn takes_the_universal_id_where_the_authority_has_no_name() {
    let reading = read_adt("A01", &[(19, "V7^^^&1.2.3&ISO")]);
    assert_eq!(reading.facts[0].encounter.authority, "1.2.3");
}

#[test]
fn is_never_the_account_number_unless_the_profile_says_so() {
    let message = adt("A03", &[(2, "I")]);
    assert_eq!(read(&lines(&message)).outcome, Outcome::Quarantined(Reason::NoVisitNumber));

    let reading = read_by("[default]\nvisit_number = [\"PV1-19\", \"PID-18\"]", &lines(&message));
    assert_eq!(reading.facts[0].encounter.visit, "ACC9");
    assert!(has(&reading, FindingCode::VisitNumberElsewhere));
}

#[test]
fn may_be_the_alternate_visit_id_by_profile() {
    let message = adt("A03", &[(2, "I"), (50, "ALT3")]);
    let reading = read_by("[default]\nvisit_number = [\"PV1-50\"]", &lines(&message));
    assert_eq!(reading.facts[0].encounter.visit, "ALT3");
    assert!(!has(&reading, FindingCode::VisitNumberElsewhere));
}

#[test]
fn is_never_two_quotes() {
    let message = adt("A03", &[(2, "I"), (19, "\"\"")]);
    assert_eq!(read(&lines(&message)).outcome, Outcome::Quarantined(Reason::NoVisitNumber));
}

#[test]
fn has_a_facility_and_authority_of_the_profile() {
    let profile = "[default]\nfacility_code = \"N2\"\nvisit_authority = \"ALL\"";
    let reading = read_by(profile, &lines(&adt("A01", &[(2, "I"), (19, "V1^^^NORTH")])));
    let key = &reading.facts[0].encounter;
    assert_eq!((key.facility.as_str(), key.authority.as_str()), ("N2", "ALL"));
}

#[test]
fn falls_back_to_the_application_where_the_sender_names_no_facility() {
    let reading = read(&["MSH|^~\\&|EHR||||20260309||ADT^A01|1|P|2.3", "PV1||I|||||||||||||||||V1"]);
    assert_eq!(reading.facts[0].encounter.facility, "EHR");
    assert!(has(&reading, FindingCode::NoSender));
}
