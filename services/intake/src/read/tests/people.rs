//! Persons in XCN fields.

use super::*;

fn attending(sent: &str, profile: &str) -> (Option<String>, Reading) {
    let reading = read_by(profile, &lines(&adt("A01", &[(2, "I"), (7, sent), (19, "V1")])));
    let id = only(&reading).visit.attending.value().and_then(|person| person.id.clone());
    (id, reading)
}

#[test]
fn repetitions_name_one_physician_under_several_identifiers() {
    let sent = "112^Dot^Ann^^^^MD^^MAIN~88^Dot^Ann^^^^MD^^LOCAL";
    let (first, reading) = attending(sent, "");
    assert_eq!(first.as_deref(), Some("112"));
    assert!(has(&reading, FindingCode::AttendingRepeats));
    let (preferred, reading) = attending(sent, "[default]\nprovider_authorities = [\"LOCAL\"]");
    assert_eq!(preferred.as_deref(), Some("88"));
    assert!(!has(&reading, FindingCode::AttendingRepeats));
}

#[test]
fn a_name_without_an_identifier_is_a_person_and_a_finding() {
    let (id, reading) = attending("^Dot^Ann", "");
    assert_eq!(id, None);
    let visit = &only(&reading).visit;
    assert_eq!(visit.attending.value().map(|person| person.family.as_str()), Some("Dot"));
    assert!(has(&reading, FindingCode::AttendingWithoutId));
}

#[test]
fn a_name_in_the_place_of_the_identifier_is_put_right() {
    let (id, reading) = attending("SMITH^ROBERT^MD", "");
    assert_eq!(id, None);
    let person = only(&reading).visit.attending.value().cloned().expect("a person");
    assert_eq!((person.family.as_str(), person.given.as_str()), ("SMITH", "ROBERT"));
    assert_eq!(person.credentials, ["MD"]);
    assert!(has(&reading, FindingCode::NameInPlaceOfId));
    // letters alone do not make a name: identifiers may be words
    assert_eq!(attending("PROV^Lee^Anna^^^^MD", "").0.as_deref(), Some("PROV"));
}

#[test]
fn credentials_are_collected_from_degree_and_suffixes() {
    let (_, reading) = attending("1^Dot^Ann^^JR^^MD, PhD^^MAIN^^^^^^^^^^^^FACP", "");
    let person = only(&reading).visit.attending.value().cloned().expect("a person");
    assert_eq!(person.credentials, ["MD", "PhD", "JR", "FACP"]);
    assert_eq!(person.authority, "MAIN");
}
