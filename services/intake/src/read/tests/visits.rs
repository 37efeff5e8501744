//! Visits: classes, numbers, moves, what was sent and what was deleted.

use super::*;

#[test]
fn triggers_mean_what_the_table_says() {
    for (trigger, what) in [
        ("A01", What::Opened),
        ("A04", What::Opened),
        ("A05", What::Preadmitted),
        ("A02", What::Transferred),
        ("A12", What::TransferCancelled),
        ("A06", What::ClassChanged),
        ("A11", What::Cancelled),
        ("A13", What::DischargeCancelled),
        ("A08", What::Updated { discharged_at: Field::Absent }),
    ] {
        assert_eq!(only(&read_adt(trigger, &[])).what, what, "{trigger}");
    }
}

#[test]
fn snapshot_holds_what_was_sent_in_its_three_states() {
    let reading = read_adt(
        "A08",
        &[(3, "ICU^501^A^^^N"), (7, "\"\""), (10, "MED"), (17, "44^Roe^Rita"), (44, "20260301080000")],
    );
    let visit = &only(&reading).visit;
    assert_eq!(visit.location, Field::Value("ICU^501^A^^^N".to_owned()));
    assert_eq!(visit.attending, Field::Null);
    assert_eq!(visit.service, Field::Value("MED".to_owned()));
    assert_eq!(visit.admitting.value().and_then(|person| person.id.as_deref()), Some("44"));
    assert_eq!(visit.admitted_at, Field::Value(at("2026-03-01T13:00:00Z")));
    assert_eq!(visit.disposition, Field::Absent);
    let patient = visit.patient.as_ref().expect("a patient");
    assert_eq!((patient.id.reveal().as_str(), patient.authority.as_str()), ("MRN1", "NORTH"));
    assert_eq!(visit.patient_name.as_ref().map(|name| name.reveal().as_str()), Some("DOE, JANE"));
    assert_eq!(visit.account.as_ref().map(|account| account.reveal().as_str()), Some("ACC9"));
}

#[test]
fn null_inside_components_and_blanks_are_no_values() {
    let reading = read_adt("A08", &[(3, "^\"\"^"), (7, "^^^^^"), (10, "   ")]);
    let visit = &only(&reading).visit;
    assert_eq!(visit.location, Field::Null);
    assert_eq!(visit.attending, Field::Absent);
    assert_eq!(visit.service, Field::Absent);
}

#[test]
fn classes_go_through_the_table_and_unknown_ones_are_kept_not_guessed() {
    for (sent, class) in [
        ("I", EncounterClass::Inpatient),
        ("inpatient", EncounterClass::Inpatient),
        ("IP^Inpatient", EncounterClass::Inpatient),
        ("OBS", EncounterClass::Observation),
        ("Day Surgery", EncounterClass::DaySurgery),
        ("E", EncounterClass::Emergency),
        ("O", EncounterClass::Outpatient),
        ("P", EncounterClass::Preadmit),
        ("R", EncounterClass::Recurring),
        ("O+", EncounterClass::Unmapped("O+".to_owned())),
        ("ff", EncounterClass::Unmapped("ff".to_owned())),
        ("99", EncounterClass::Unmapped("99".to_owned())),
        ("N", EncounterClass::Unmapped("N".to_owned())),
        ("U", EncounterClass::Unmapped("U".to_owned())),
    ] {
        let reading = read_adt("A01", &[(2, sent)]);
        assert_eq!(only(&reading).visit.class, Field::Value(class), "{sent}");
    }
    let unknown = read_adt("A01", &[(2, "ff")]);
    assert!(has(&unknown, FindingCode::ClassUnmapped));
    let empty = read_adt("A01", &[(2, "")]);
    assert_eq!(only(&empty).visit.class, Field::Absent);
    assert!(has(&empty, FindingCode::ClassMissing));
}

#[test]
fn a06_and_a07_say_the_class_themselves_where_pv1_2_is_empty() {
    let class = |trigger: &str, sent: &str| {
        let reading = read_adt(trigger, &[(2, sent)]);
        (only(&reading).visit.class.clone(), has(&reading, FindingCode::ClassContradictsTrigger))
    };
    assert_eq!(class("A06", ""), (Field::Value(EncounterClass::Inpatient), false));
    assert_eq!(class("A07", ""), (Field::Value(EncounterClass::Outpatient), false));
    assert_eq!(class("A07", "I"), (Field::Value(EncounterClass::Inpatient), true));
    assert_eq!(class("A06", "I"), (Field::Value(EncounterClass::Inpatient), false));
}

#[test]
fn a06_under_a_new_number_renumbers_the_old_visit() {
    let mut message = adt("A06", &[(2, "I"), (19, "V2^^^EAST^VN")]);
    message.push("MRG|MRN1||||V1".to_owned());
    let reading = read(&lines(&message));
    assert_eq!(reading.facts.len(), 2);
    let (old, new) = (&reading.facts[0], &reading.facts[1]);
    // the old number is of the same authority when it names none
    assert_eq!((old.encounter.visit.as_str(), old.encounter.authority.as_str()), ("V1", "EAST"));
    assert_eq!(old.facts[0].what, What::Renumbered { to: new.encounter.clone() });
    assert_eq!(new.facts[0].what, What::ClassChanged);
}

#[test]
fn a06_that_repeats_its_number_in_mrg_5_renumbers_nothing() {
    let mut message = adt("A06", &[(2, "I"), (19, "V1^^^NORTH")]);
    message.push("MRG|MRN1||||V1".to_owned());
    assert_eq!(read(&lines(&message)).facts.len(), 1);
}

#[test]
fn a45_moves_visits_to_another_patient_and_a50_gives_one_another_number() {
    let mut message = adt("A45", &[]);
    message.truncate(3);
    for (old, new) in [("V1", "V1"), ("V2", "V9")] {
        message.push(format!("MRG|MRN2||||{old}"));
        message.push(segment("PV1", &[(2, "I"), (19, new)]));
    }
    let reading = read(&lines(&message));
    let said: Vec<(&str, &What)> =
        reading.facts.iter().map(|chart| (&*chart.encounter.visit, &chart.facts[0].what)).collect();
    let updated = What::Updated { discharged_at: Field::Absent };
    let renumbered = What::Renumbered { to: reading.facts[2].encounter.clone() };
    assert_eq!(said, [("V1", &updated), ("V2", &renumbered), ("V9", &updated)]);
    // whose they are is said, and nothing else of them
    let moved = &reading.facts[0].facts[0].visit;
    assert_eq!(moved.patient.as_ref().map(|patient| patient.id.reveal().as_str()), Some("MRN1"));
    assert_eq!(moved.class, Field::Absent);

    let mut message = adt("A50", &[(19, "V2^^^NORTH^VN")]);
    message.push("MRG|MRN1||||V1".to_owned());
    let reading = read(&lines(&message));
    assert_eq!(reading.facts[0].encounter.visit, "V1");
    assert!(has(&reading, FindingCode::VisitRenumbered));
}

#[test]
fn a31_has_no_meaning_for_a_visit() {
    let without = read(&["MSH|^~\\&|A|B|||20260309||ADT^A31|1|P|2.5", "PID|||M||DOE^JANE"]);
    assert_eq!(without.outcome, Outcome::NotUsed);
    // with a visit number, the name follows and nothing else
    let reading = read_adt("A31", &[(3, "ICU"), (45, "20260309")]);
    let fact = only(&reading);
    assert_eq!(fact.what, What::Updated { discharged_at: Field::Absent });
    assert_eq!(fact.visit.location, Field::Absent);
    assert_eq!(fact.visit.class, Field::Absent);
    assert!(fact.visit.patient_name.is_some());
}

#[test]
fn unusual_separators_give_the_same_facts() {
    let reading = read(&[
        "MSH#!@%*#EHR#NORTH###20260309101500##ADT!A02#1#P#2.5",
        "PV1##I#W1!2!3################V1!!!NORTH*1.2*ISO",
    ]);
    assert_eq!(only(&reading).visit.location, Field::Value("W1^2^3".to_owned()));
    assert_eq!(reading.facts[0].encounter.visit, "V1");
    assert_eq!(reading.facts[0].encounter.authority, "NORTH");
}

#[test]
fn a_broken_line_does_not_hide_what_follows_it() {
    let mut message = adt("A03", &[(2, "I"), (19, "V1"), (45, "20260309090000")]);
    message.insert(3, "this line is no segment".to_owned());
    let reading = read(&lines(&message));
    assert_eq!(discharge(&reading).1, "PV1-45");
    assert!(has(&reading, FindingCode::LinesJoined));
}

#[test]
fn the_patient_is_the_preferred_identifier() {
    let pid = |text: &str, profile: &str| {
        let mut message = adt("A01", &[(2, "I"), (19, "V1")]);
        message[2] = text.to_owned();
        let reading = read_by(profile, &lines(&message));
        only(&reading).visit.patient.clone().map(|id| (id.id.reveal().clone(), id.authority))
    };
    let of = |id: &str, authority: &str| Some((id.to_owned(), authority.to_owned()));
    assert_eq!(pid("PID|||S^^^SSA^SS~M^^^EAST^MR", ""), of("M", "EAST"));
    assert_eq!(pid("PID|||S^^^SSA~M^^^EAST", "[default]\npatient_authorities = [\"EAST\"]"), of("M", "EAST"));
    assert_eq!(pid("PID|||S^^^SSA~M^^^EAST", ""), of("S", "SSA"));
    assert_eq!(pid("PID||OLD|", ""), of("OLD", "NORTH"));
    assert_eq!(pid("PID|||\"\"", ""), None);
}
