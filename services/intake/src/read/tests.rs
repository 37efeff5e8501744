//! One test for every trap that real feeds are known to set. Given: a message. When: it is read. Then: what it says.

use countersign_contracts::{
    Field,
    chart::{
        ChartFact, CompletionStatus, DocumentAction, DocumentFact, DocumentType, EncounterClass, Signature,
        What,
    },
};
use countersign_hl7::{Header, Message};
use countersign_kernel::{MessageId, Timestamp};

use super::{FeedContext, Reading, read_message};
use crate::{
    domain::{FindingCode, Outcome, Reason},
    profile::Profiles,
};

mod money;
mod orders;

const RECEIVED: &str = "2026-03-10T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn read(lines: &[&str]) -> Reading {
    read_by("", lines)
}

/// Reads by a profile file, in a hospital in New York.
fn read_by(profiles: &str, lines: &[&str]) -> Reading {
    let text = lines.join("\r");
    let message = Message::parse(text.as_bytes()).expect("a message");
    let header = Header::of(&message);
    let (application, facility) = header.sender();
    let profiles = Profiles::from_toml(profiles, "America/New_York").expect("profiles");
    let profile = profiles.of(application.unwrap_or_default(), facility.unwrap_or_default());
    let context =
        FeedContext { message: MessageId::derive(&["test"]), reading: 0, received_at: at(RECEIVED) };
    read_message(&message, &header, profile, &context)
}

/// An ADT message of the EHR at NORTH: trigger, EVN, PID, PV1 by field numbers.
fn adt(trigger: &str, pv1: &[(usize, &str)]) -> Vec<String> {
    vec![
        format!("MSH|^~\\&|EHR|NORTH|CS|CS|20260309101500||ADT^{trigger}|7|P|2.5.1"),
        format!("EVN|{trigger}|20260309101400"),
        "PID|1||MRN1^^^NORTH^MR||DOE^JANE||19500101|F||||||||||ACC9^^^NORTH^AN".to_owned(),
        segment("PV1", pv1),
    ]
}

fn mdm(trigger: &str, txa: &[(usize, &str)]) -> Vec<String> {
    vec![
        format!("MSH|^~\\&|NOTES|NORTH|CS|CS|20260309101500||MDM^{trigger}|8|P|2.5.1"),
        format!("EVN|{trigger}|20260309101400"),
        "PID|1||MRN1^^^NORTH^MR||DOE^JANE".to_owned(),
        segment("PV1", &[(2, "I"), (19, "V1^^^NORTH^VN")]),
        segment("TXA", txa),
    ]
}

fn segment(name: &str, fields: &[(usize, &str)]) -> String {
    let last = fields.iter().map(|(number, _)| *number).max().unwrap_or(0);
    let mut parts = vec![name.to_owned()];
    for number in 1..=last {
        let found = fields.iter().rev().find(|(wanted, _)| *wanted == number);
        parts.push(found.map_or("", |(_, text)| *text).to_owned());
    }
    parts.join("|")
}

fn lines(message: &[String]) -> Vec<&str> {
    message.iter().map(String::as_str).collect()
}

fn read_adt(trigger: &str, pv1: &[(usize, &str)]) -> Reading {
    let mut fields = vec![(2, "I"), (19, "V1^^^NORTH^VN")];
    fields.extend_from_slice(pv1);
    read(&lines(&adt(trigger, &fields)))
}

fn read_mdm(trigger: &str, txa: &[(usize, &str)]) -> Reading {
    read(&lines(&mdm(trigger, txa)))
}

fn facts(reading: &Reading) -> Vec<&ChartFact> {
    assert_eq!(reading.outcome, Outcome::Used, "{:?}", reading.findings);
    reading.facts.iter().flat_map(|report| &report.facts).collect()
}

fn only(reading: &Reading) -> &ChartFact {
    let facts = facts(reading);
    assert_eq!(facts.len(), 1, "{facts:?}");
    facts[0]
}

fn document(reading: &Reading) -> &DocumentFact {
    match &only(reading).what {
        What::Document(document) => document,
        other => panic!("{other:?}"),
    }
}

fn discharge(reading: &Reading) -> (String, &str, bool) {
    let found = facts(reading).into_iter().find_map(|fact| match &fact.what {
        What::Discharged { at, from, date_only } => Some((at.to_string(), from.as_str(), *date_only)),
        _ => None,
    });
    found.expect("a discharge")
}

fn has(reading: &Reading, code: FindingCode) -> bool {
    reading.findings.iter().any(|finding| finding.code == code)
}

mod the_key_of_a_chart {
    use super::*;

    #[test]
    fn is_pv1_19_with_its_authority() {
        let reading = read_adt("A01", &[(19, "V7^4^M11^EAST&1.2.3&ISO^VN")]);
        let key = &reading.facts[0].encounter;
        // the check digit is no part of the number
        assert_eq!(
            (key.facility.as_str(), key.authority.as_str(), key.visit.as_str()),
            ("NORTH", "EAST", "V7")
        );
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
}

mod message_type {
    use super::*;

    #[test]
    fn msh_9_wins_over_evn_1() {
        let mut message = adt("A02", &[(2, "I"), (19, "V1")]);
        message[1] = "EVN|A01|20260309101400".to_owned();
        let reading = read(&lines(&message));
        assert_eq!(only(&reading).what, What::Transferred);
        assert_eq!(only(&reading).trigger, "ADT^A02");
        assert!(has(&reading, FindingCode::TriggersDiffer));
    }

    #[test]
    fn evn_1_helps_where_msh_9_has_no_trigger() {
        let mut message = adt("A02", &[(2, "I"), (19, "V1")]);
        message[0] = "MSH|^~\\&|EHR|NORTH|||20260309||ADT|7|P|2.1".to_owned();
        assert_eq!(only(&read(&lines(&message))).what, What::Transferred);
        message.remove(1);
        assert_eq!(read(&lines(&message)).outcome, Outcome::Quarantined(Reason::NoTrigger));
    }

    #[test]
    fn without_msh_9_is_quarantined() {
        let reading = read(&["MSH|^~\\&|A|B|||20260309|||1|P|2.5", "PV1||I|||||||||||||||||V1"]);
        assert_eq!(reading.outcome, Outcome::Quarantined(Reason::NoMessageType));
    }

    #[test]
    fn that_nothing_asks_for_is_not_used_and_no_error() {
        for kind in ["ORU^R01", "ADT^A28", "ADT^A60", "MDM^T99", "ABC^XYZ", "ACK", "ZDT^Z01", "DFT^P03"] {
            let header = format!("MSH|^~\\&|A|B|||20260309||{kind}|1|P|2.5");
            assert_eq!(read(&[&header]).outcome, Outcome::NotUsed, "{kind}");
        }
    }
}

mod event_time {
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
}

mod discharges {
    use super::*;

    #[test]
    fn a03_takes_pv1_45() {
        let reading = read_adt("A03", &[(36, "01"), (45, "20260309090000")]);
        assert_eq!(discharge(&reading), ("2026-03-09T13:00:00Z".to_owned(), "PV1-45", false));
        assert_eq!(only(&reading).visit.disposition, Field::Value("01".to_owned()));
        assert_eq!(only(&reading).visit.died, Field::Value(false));
    }

    #[test]
    fn a03_without_pv1_45_falls_back_and_says_where_to() {
        let cases = [
            ("EVN||20260309101400||||20260309080000", "ZBE|1|20260309083000", "EVN-6", "12:00:00"),
            ("EVN||20260309101400", "ZBE|1|20260309083000", "ZBE-2", "12:30:00"),
            ("EVN||20260309101400", "ZBE|1|", "EVN-2", "14:14:00"),
            ("EVN|A03", "ZBE|1|", "MSH-7", "14:15:00"),
        ];
        for (event, movement, from, time) in cases {
            let mut message = adt("A03", &[(2, "I"), (19, "V1")]);
            message[1] = event.to_owned();
            message.push(movement.to_owned());
            let reading = read(&lines(&message));
            assert_eq!(discharge(&reading), (format!("2026-03-09T{time}Z"), from, false));
            assert!(has(&reading, FindingCode::DischargeTimeInferred));
        }
    }

    #[test]
    fn a03_whose_pv1_45_is_deleted_falls_back_too() {
        let reading = read_adt("A03", &[(45, "\"\"")]);
        assert_eq!(discharge(&reading).1, "EVN-2");
        assert!(has(&reading, FindingCode::DischargeTimeDeleted));
    }

    #[test]
    fn a_date_means_the_last_second_of_the_local_day() {
        let reading = read_adt("A03", &[(45, "20260309")]);
        assert_eq!(discharge(&reading), ("2026-03-10T03:59:59Z".to_owned(), "PV1-45", true));
        assert!(has(&reading, FindingCode::DischargeDateOnly));
    }

    #[test]
    fn an_admission_that_carries_the_discharge_is_both() {
        let reading = read_adt("A01", &[(44, "20260301080000"), (45, "20260309090000")]);
        let facts = facts(&reading);
        assert_eq!(facts[0].what, What::Opened);
        assert!(matches!(facts[1].what, What::Discharged { .. }));
        assert!(has(&reading, FindingCode::LateRegistration));
    }

    #[test]
    fn an_admission_with_a_deleted_discharge_is_only_an_admission() {
        assert_eq!(only(&read_adt("A01", &[(45, "\"\"")])).what, What::Opened);
    }

    #[test]
    fn an_update_corrects_a_discharge_and_never_makes_one() {
        let reading = read_adt("A08", &[(45, "20260309090000")]);
        let corrected = Field::Value(at("2026-03-09T13:00:00Z"));
        assert_eq!(only(&reading).what, What::Updated { discharged_at: corrected });
        let reading = read_adt("A08", &[(45, "\"\"")]);
        assert_eq!(only(&reading).what, What::Updated { discharged_at: Field::Null });
        let reading = read_adt("A08", &[]);
        assert_eq!(only(&reading).what, What::Updated { discharged_at: Field::Absent });
    }

    #[test]
    fn a_cancelled_discharge_is_cleared_even_when_pv1_45_is_still_sent() {
        for sent in ["20260309090000", ""] {
            let reading = read_adt("A13", &[(36, "01"), (45, sent)]);
            assert_eq!(only(&reading).what, What::DischargeCancelled);
            assert_eq!(only(&reading).visit.disposition, Field::Null);
            assert_eq!(has(&reading, FindingCode::DischargeTimeIgnored), !sent.is_empty());
        }
    }

    #[test]
    fn a_cancelled_admission_is_a_cancellation_whatever_pv1_45_says() {
        assert_eq!(only(&read_adt("A11", &[(45, "20260309090000")])).what, What::Cancelled);
    }

    #[test]
    fn at_or_before_the_admission_is_a_finding() {
        let same = read_adt("A03", &[(44, "20260309090000"), (45, "20260309090000")]);
        assert!(has(&same, FindingCode::DischargeEqualsAdmission));
        let before = read_adt("A03", &[(44, "20260309090000"), (45, "20260308090000")]);
        assert!(has(&before, FindingCode::DischargeBeforeAdmission));
    }

    #[test]
    fn death_is_read_from_disposition_flag_and_date_but_only_beside_a_discharge() {
        let died = |reading: &Reading| facts(reading)[0].visit.died;
        assert_eq!(died(&read_adt("A03", &[(36, "20")])), Field::Value(true));
        let with_pid = |trigger: &str, pid: &str, pv1: &[(usize, &str)]| {
            let mut fields = vec![(2, "I"), (19, "V1")];
            fields.extend_from_slice(pv1);
            let mut message = adt(trigger, &fields);
            message[2] = pid.to_owned();
            read(&lines(&message))
        };
        let flag = segment("PID", &[(3, "M"), (30, "Y")]);
        let date = segment("PID", &[(3, "M"), (29, "20260309080000")]);
        let later = segment("PID", &[(3, "M"), (29, "20260401"), (30, "Y")]);
        assert_eq!(died(&with_pid("A03", &flag, &[])), Field::Value(true));
        assert_eq!(died(&with_pid("A03", &date, &[])), Field::Value(true));
        // died after this stay
        assert_eq!(died(&with_pid("A03", &later, &[(36, "01")])), Field::Value(false));
        assert_eq!(died(&with_pid("A08", &flag, &[])), Field::Absent);
    }
}

mod visits {
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
        assert_eq!(
            pid("PID|||S^^^SSA~M^^^EAST", "[default]\npatient_authorities = [\"EAST\"]"),
            of("M", "EAST")
        );
        assert_eq!(pid("PID|||S^^^SSA~M^^^EAST", ""), of("S", "SSA"));
        assert_eq!(pid("PID||OLD|", ""), of("OLD", "NORTH"));
        assert_eq!(pid("PID|||\"\"", ""), None);
    }
}

mod people {
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
}

mod procedures {
    use super::*;

    /// Identity, start, end, surgeon.
    type Operation = (String, String, String, Option<String>);

    fn procedures(extra: &[&str]) -> (Vec<Operation>, Reading) {
        let mut message = adt("A08", &[(2, "I"), (19, "V1")]);
        message.extend(extra.iter().map(|line| (*line).to_owned()));
        let reading = read(&lines(&message));
        let found = only(&reading)
            .visit
            .procedures
            .iter()
            .map(|one| {
                let surgeon = one.surgeon.as_ref().and_then(|person| person.id.clone());
                (one.id.clone(), one.started_at.to_string(), one.ended_at.to_string(), surgeon)
            })
            .collect();
        (found, reading)
    }

    #[test]
    fn have_an_end_a_surgeon_and_an_identity() {
        let pr1 = segment(
            "PR1",
            &[(3, "0DTJ4ZZ^Appendectomy"), (5, "20260305100000"), (7, "90"), (11, "55^Cut^Carl"), (19, "P1")],
        );
        let (found, _) = procedures(&[&pr1]);
        let expected = (
            "P1".to_owned(),
            "2026-03-05T15:00:00Z".to_owned(),
            "2026-03-05T16:30:00Z".to_owned(),
            Some("55".to_owned()),
        );
        assert_eq!(found, [expected]);
    }

    #[test]
    fn without_an_identifier_are_known_by_code_and_start() {
        let pr1 = segment("PR1", &[(3, "0DTJ4ZZ"), (5, "20260305100000"), (12, "56^Cut^Cora")]);
        let (found, _) = procedures(&[&pr1, &pr1]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "0DTJ4ZZ@20260305T1500Z");
        assert_eq!(found[0].3.as_deref(), Some("56"));
    }

    #[test]
    fn take_the_surgeon_from_a_role_below() {
        let pr1 = segment("PR1", &[(3, "X"), (5, "20260305100000")]);
        let (found, _) = procedures(&[&pr1, "ROL||AD|ANES|60^Gas^Gus", "ROL||AD|SURG|57^Cut^Cyd"]);
        assert_eq!(found[0].3.as_deref(), Some("57"));
    }

    #[test]
    fn without_a_start_are_left_aside_with_a_finding() {
        let (found, reading) = procedures(&["PR1|1||X"]);
        assert_eq!(found, []);
        assert!(has(&reading, FindingCode::ProcedureIncomplete));
    }
}

mod documents {
    use super::*;

    const NOTE: [(usize, &str); 5] =
        [(2, "DS"), (4, "20260308"), (9, "11^Writer^Will^^^^MD"), (12, "D1^NOTES"), (17, "DI")];

    fn note(change: &[(usize, &'static str)]) -> Vec<(usize, &'static str)> {
        NOTE.iter().chain(change).copied().collect()
    }

    #[test]
    fn triggers_are_actions() {
        for (triggers, action) in [
            (["T01", "T02"], DocumentAction::Originated),
            (["T03", "T04"], DocumentAction::StatusChanged),
            (["T05", "T06"], DocumentAction::AddendumAdded),
            (["T07", "T08"], DocumentAction::Edited),
            (["T09", "T10"], DocumentAction::Replaced),
            (["T11", "T11"], DocumentAction::Cancelled),
        ] {
            for trigger in triggers {
                assert_eq!(document(&read_mdm(trigger, &NOTE)).action, action, "{trigger}");
            }
        }
    }

    #[test]
    fn carry_their_fields() {
        let reading = read_mdm("T02", &note(&[(10, "21^Boss^Bea~22^Boss^Bob"), (13, "D0")]));
        let document = document(&reading);
        assert_eq!(document.number, "D1^NOTES");
        assert_eq!(document.parent.as_deref(), Some("D0"));
        assert_eq!(document.document_type, DocumentType::DischargeSummary);
        assert_eq!(document.status, CompletionStatus::Dictated);
        assert_eq!(document.originator.as_ref().and_then(|person| person.id.as_deref()), Some("11"));
        assert_eq!(document.authenticators.len(), 2);
        assert_eq!(document.activity_at, Some(at("2026-03-08T05:00:00Z")));
        assert!(document.signatures.is_empty());
        assert!(!document.trainee_author);
    }

    #[test]
    fn without_a_visit_number_are_quarantined() {
        let mut message = mdm("T02", &NOTE);
        message.remove(3);
        assert_eq!(read(&lines(&message)).outcome, Outcome::Quarantined(Reason::NoVisitNumber));
    }

    #[test]
    fn without_txa_are_quarantined() {
        let mut message = mdm("T02", &NOTE);
        message.remove(4);
        assert_eq!(read(&lines(&message)).outcome, Outcome::Quarantined(Reason::NoDocument));
    }

    #[test]
    fn are_numbered_by_the_whole_of_txa_12() {
        let number = |sent: &'static str| document(&read_mdm("T02", &note(&[(12, sent)]))).number.clone();
        assert_eq!(number("912513^^3745.1^SHA-1"), "912513^^3745.1^SHA-1");
        assert_eq!(number("^^dpg121160_7"), "^^dpg121160_7");
        assert_eq!(number(" D1^ "), "D1");
    }

    #[test]
    fn without_txa_12_take_file_name_or_filler_number() {
        let file = read_mdm("T02", &note(&[(12, ""), (16, "note.rtf")]));
        assert_eq!(document(&file).number, "note.rtf");
        let filler = read_mdm("T02", &note(&[(12, ""), (15, "F1^LAB")]));
        assert_eq!(document(&filler).number, "F1^LAB");
        assert!(has(&filler, FindingCode::DocumentNumberElsewhere));
    }

    #[test]
    fn without_any_number_get_one_that_the_next_message_finds_again() {
        let number = |trigger: &str, change: &[(usize, &'static str)]| {
            document(&read_mdm(trigger, &note(&[(12, "")].iter().chain(change).copied().collect::<Vec<_>>())))
                .number
                .clone()
        };
        let first = number("T02", &[]);
        assert!(first.starts_with("unnumbered-"), "{first}");
        assert_eq!(first, number("T04", &[(17, "AU")]));
        assert_ne!(first, number("T02", &[(2, "OP")]));
    }

    #[test]
    fn a_status_in_the_wrong_column_is_neither_a_status_nor_a_number() {
        // given TXA shifted by one: the status stands in TXA-16
        let reading =
            read_mdm("T02", &[(2, "HP"), (4, "20260308"), (11, "D12345"), (16, "AU"), (21, "SMITH^R^MD")]);
        let document = document(&reading);
        assert_eq!(document.status, CompletionStatus::Unknown);
        assert!(document.number.starts_with("unnumbered-"), "{}", document.number);
        assert!(has(&reading, FindingCode::ColumnsShifted));
    }

    #[test]
    fn types_go_through_the_table_by_code_then_alternate_code() {
        for (sent, expected) in [
            ("HP", DocumentType::HistoryAndPhysical),
            ("34117-2^H&P^LN", DocumentType::HistoryAndPhysical),
            ("op", DocumentType::OperativeReport),
            ("surgeryReport", DocumentType::OperativeReport),
            ("DS^Discharge Summary^HL70270", DocumentType::DischargeSummary),
            ("X9^Abschluss^L^18842-5^Discharge summary^LN", DocumentType::DischargeSummary),
            ("PN", DocumentType::Other("PN".to_owned())),
            ("18748-4", DocumentType::Other("18748-4".to_owned())),
        ] {
            let reading = read_mdm("T02", &[(2, sent), (12, "D1")]);
            assert_eq!(document(&reading).document_type, expected, "{sent}");
            let unmapped = matches!(expected, DocumentType::Other(_));
            assert_eq!(has(&reading, FindingCode::DocumentTypeUnmapped), unmapped, "{sent}");
        }
        assert!(has(&read_mdm("T02", &[(12, "D1")]), FindingCode::DocumentTypeMissing));
    }

    #[test]
    fn a_title_counts_only_where_the_profile_says_so() {
        let fields = [(2, "PN"), (12, "D1"), (25, "Discharge Summary")];
        assert_eq!(document(&read_mdm("T02", &fields)).document_type, DocumentType::Other("PN".to_owned()));
        let profile = "[default.document_titles]\ndischarge_summary = [\"discharge summary\"]";
        let reading = read_by(profile, &lines(&mdm("T02", &fields)));
        assert_eq!(document(&reading).document_type, DocumentType::DischargeSummary);
    }

    #[test]
    fn only_codes_of_table_0271_are_a_status() {
        for (sent, expected) in [
            ("AU", CompletionStatus::Authenticated),
            ("AU^Authenticated^HL70271", CompletionStatus::Authenticated),
            ("la", CompletionStatus::LegallyAuthenticated),
            ("PA", CompletionStatus::PreAuthenticated),
            ("DO", CompletionStatus::Documented),
            ("IN", CompletionStatus::Incomplete),
            ("IP", CompletionStatus::InProgress),
            ("VALIDATED", CompletionStatus::Unknown),
            ("CA", CompletionStatus::Unknown),
            ("PR", CompletionStatus::Unknown),
            ("", CompletionStatus::Unknown),
        ] {
            let reading = read_mdm("T02", &[(2, "DS"), (12, "D1"), (17, sent)]);
            assert_eq!(document(&reading).status, expected, "{sent}");
        }
        assert!(has(&read_mdm("T02", &[(12, "D1"), (17, "VALIDATED")]), FindingCode::StatusUnknown));
        assert!(has(&read_mdm("T02", &[(12, "D1")]), FindingCode::StatusMissing));
    }

    #[test]
    fn an_addendum_may_lack_its_parent() {
        let reading = read_mdm("T06", &NOTE);
        assert_eq!(document(&reading).parent, None);
        assert!(has(&reading, FindingCode::ParentMissing));
    }

    #[test]
    fn taken_back_is_taken_back_whatever_the_status_says() {
        let reading = read_mdm("T11", &note(&[(17, "AU"), (22, "11^W^W^^^^^^^^^^^^20260309")]));
        assert_eq!(document(&reading).action, DocumentAction::Cancelled);
        assert!(document(&reading).signatures.is_empty());
        assert!(has(&reading, FindingCode::CancelledThoughSigned));
    }

    #[test]
    fn a_french_feed_takes_a_document_back_by_t04() {
        let message = mdm("T04", &note(&[(12, "D2"), (13, "D1")]));
        let standard = read(&lines(&message));
        assert_eq!(document(&standard).action, DocumentAction::StatusChanged);
        assert_eq!(document(&standard).number, "D2");
        let reading = read_by("[default]\nstatus_change_with_parent = \"cancelled\"", &lines(&message));
        assert_eq!(document(&reading).action, DocumentAction::Cancelled);
        assert_eq!(document(&reading).number, "D1");
        assert!(has(&reading, FindingCode::DocumentEventVariant));
    }

    #[test]
    fn a_trainee_is_known_by_credential_or_by_identifier() {
        let trainee = |author: &'static str, profile: &str| {
            let reading = read_by(profile, &lines(&mdm("T02", &note(&[(9, author)]))));
            document(&reading).trainee_author
        };
        assert!(trainee("5^Young^Yara^^^^MD RES", ""));
        assert!(trainee("5^Young^Yara^^PGY-2^^", ""));
        assert!(trainee("5^Young^Yara^^^^PA-C", ""));
        assert!(trainee("5^Young^Yara^^^^P.A.", ""));
        assert!(!trainee("5^Old^Otto^^^^MD", ""));
        assert!(trainee("5^Old^Otto^^^^MD", "[default]\ntrainees = [\"5\"]"));
    }
}

mod signatures {
    use super::*;

    const EVENT: &str = "2026-03-09T14:14:00Z";

    fn sign(fields: &[(usize, &str)], profile: &str) -> (Vec<Signature>, CompletionStatus, Reading) {
        let mut all = vec![(2, "DS"), (12, "D1"), (17, "AU"), (9, "11^Writer^Will")];
        all.extend_from_slice(fields);
        let reading = read_by(profile, &lines(&mdm("T04", &all)));
        let document = document(&reading);
        (document.signatures.clone(), document.status, reading)
    }

    fn one(fields: &[(usize, &str)]) -> (Option<String>, String, bool, Reading) {
        let (signatures, _, reading) = sign(fields, "");
        assert_eq!(signatures.len(), 1);
        let signature = &signatures[0];
        let by =
            signature.by.as_ref().map(|person| person.id.clone().unwrap_or_else(|| person.display_name()));
        (by, signature.at.to_string(), signature.inferred, reading)
    }

    #[test]
    fn shape_1_person_and_time_in_component_15() {
        let (by, when, inferred, _) = one(&[(22, "21^Boss^Bea^^^^^^^^^^^^20260309093000")]);
        assert_eq!((by.as_deref(), when.as_str(), inferred), (Some("21"), "2026-03-09T13:30:00Z", false));
    }

    #[test]
    fn shape_2_a_time_with_an_odd_offset() {
        let (_, when, inferred, _) = one(&[(22, "21^Boss^Bea^^^^^^^^^^^^20260309093000+0215")]);
        assert_eq!((when.as_str(), inferred), ("2026-03-09T07:15:00Z", false));
    }

    #[test]
    fn shape_3_a_time_and_nobody() {
        let sent = "^^^^^^^^^^^^^^20260309093000";
        let (by, when, inferred, reading) = one(&[(22, sent)]);
        // the author is claimed where nobody is assigned
        assert_eq!((by.as_deref(), when.as_str(), inferred), (Some("11"), "2026-03-09T13:30:00Z", true));
        assert!(has(&reading, FindingCode::SignerInferred));
        let (by, ..) = one(&[(10, "21^Boss^Bea"), (22, sent)]);
        assert_eq!(by.as_deref(), Some("21"));
    }

    #[test]
    fn shape_4_a_person_without_an_identifier() {
        let (by, _, inferred, _) = one(&[(22, "^Schwille^Juergen^^^Prof.^^^^^^^^HZL^20260309093000")]);
        assert_eq!((by.as_deref(), inferred), (Some("Schwille, Juergen"), false));
    }

    #[test]
    fn shape_5_an_identifier_and_no_time() {
        let (by, when, inferred, reading) = one(&[(22, "801234564895")]);
        assert_eq!((by.as_deref(), when.as_str(), inferred), (Some("801234564895"), EVENT, true));
        assert!(has(&reading, FindingCode::SignatureTimeInferred));
    }

    #[test]
    fn shape_6_a_name_in_the_place_of_the_identifier() {
        let (by, when, inferred, _) = one(&[(22, "SMITH^ROBERT^MD")]);
        assert_eq!((by.as_deref(), when.as_str(), inferred), (Some("SMITH, ROBERT"), EVENT, true));
    }

    #[test]
    fn signed_without_txa_22_takes_the_assigned_one_then_the_author() {
        let (by, when, inferred, reading) = one(&[(10, "21^Boss^Bea")]);
        assert_eq!((by.as_deref(), when.as_str(), inferred), (Some("21"), EVENT, true));
        assert!(has(&reading, FindingCode::SignerInferred));
        // several are assigned: who of them signed is not known
        assert_eq!(one(&[(10, "21^Boss^Bea~22^Boss^Bob")]).0.as_deref(), Some("11"));
        let (by, _, inferred, reading) = one(&[(9, "")]);
        assert_eq!((by, inferred), (None, true));
        assert!(has(&reading, FindingCode::SignerUnknown));
    }

    #[test]
    fn repetitions_are_several_signers() {
        let sent = "11^Writer^Will^^^^^^^^^^^^20260309093000~21^Boss^Bea^^^^^^^^^^^^20260309100000";
        let (signatures, ..) = sign(&[(22, sent)], "");
        let ids: Vec<_> = signatures.iter().filter_map(|one| one.by.as_ref()?.id.as_deref()).collect();
        assert_eq!(ids, ["11", "21"]);
    }

    #[test]
    fn pre_authenticated_is_not_signed() {
        let (signatures, status, _) = sign(&[(17, "PA"), (22, "11^W^W^^^^^^^^^^^^20260309")], "");
        assert!(signatures.is_empty());
        assert!(!status.is_signed());
    }

    #[test]
    fn a_date_without_a_time_is_the_event_if_that_was_the_same_day() {
        let same = one(&[(22, "21^B^B^^^^^^^^^^^^20260309")]);
        assert_eq!(same.1, EVENT);
        assert!(has(&same.3, FindingCode::SignatureDateOnly));
        assert_eq!(one(&[(22, "21^B^B^^^^^^^^^^^^20260308")]).1, "2026-03-09T03:59:59Z");
    }

    #[test]
    fn a_profile_may_demand_signer_and_time() {
        let strict = "[default]\ndemand_signer_and_time = true";
        let (signatures, status, reading) = sign(&[(22, "801234564895")], strict);
        assert!(signatures.is_empty());
        assert!(!status.is_signed());
        assert!(has(&reading, FindingCode::SignatureRefused));
        let (signatures, status, _) = sign(&[(22, "21^Boss^Bea^^^^^^^^^^^^20260309093000")], strict);
        assert_eq!((signatures.len(), status.is_signed()), (1, true));
    }
}

mod merges {
    use super::*;

    fn merges(lines: &[&str]) -> (Vec<(String, String)>, Reading) {
        let mut all = vec!["MSH|^~\\&|MPI|NORTH|||20260309101500||ADT^A40|1|P|2.5", "EVN|A40|20260309101400"];
        all.extend_from_slice(lines);
        let reading = read(&all);
        let name =
            |id: &countersign_contracts::patient::PatientId| format!("{}@{}", id.id.reveal(), id.authority);
        let pairs =
            reading.merges.iter().map(|merge| (name(&merge.retired), name(&merge.survivor))).collect();
        (pairs, reading)
    }

    fn pair(retired: &str, survivor: &str) -> (String, String) {
        (retired.to_owned(), survivor.to_owned())
    }

    #[test]
    fn the_old_triggers_merge_too_and_need_no_visit() {
        for trigger in ["A18", "A34", "A36", "A40"] {
            let header = format!("MSH|^~\\&|MPI|NORTH|||20260309101500||ADT^{trigger}|1|P|2.3");
            let reading = read(&[&header, "PID|||NEW", "MRG|OLD"]);
            assert_eq!(reading.outcome, Outcome::Used, "{trigger}");
            assert_eq!(reading.merges.len(), 1);
            assert_eq!(reading.merges[0].occurred_at, at("2026-03-09T14:15:00Z"));
        }
    }

    #[test]
    fn identifiers_are_matched_by_authority_and_type_not_by_place() {
        let (pairs, _) = merges(&[
            "PID|||N1^^^MPI&1.2&ISO^PI~N2^^^BBB&1.3&ISO^MR~N3^^^BBB&1.3&ISO^AN",
            "MRG|O2^^^BBB&1.3&ISO^MR~O1^^^&1.2&ISO^PI",
        ]);
        assert_eq!(pairs, [pair("O2@BBB", "N2@BBB"), pair("O1@1.2", "N1@MPI")]);
    }

    #[test]
    fn an_identifier_without_counterpart_goes_to_the_survivors_first() {
        let (pairs, reading) = merges(&["PID|||N1^^^MPI~N2^^^BBB", "MRG|305010~O2^^^BBB"]);
        assert_eq!(pairs, [pair("305010@NORTH", "N1@MPI"), pair("O2@BBB", "N2@BBB")]);
        assert!(has(&reading, FindingCode::MergeAuthorityUnmatched));
    }

    #[test]
    fn one_message_may_hold_several_pairs() {
        let (pairs, _) = merges(&["PID|||N1", "MRG|O1", "PV1||I", "PID|||N2", "MRG|O2"]);
        assert_eq!(pairs, [pair("O1@NORTH", "N1@NORTH"), pair("O2@NORTH", "N2@NORTH")]);
    }

    #[test]
    fn a_pair_without_its_half_is_a_finding() {
        let (pairs, reading) = merges(&["PID|||N1", "PID|||N2", "MRG|O2"]);
        assert_eq!(pairs, [pair("O2@NORTH", "N2@NORTH")]);
        assert!(has(&reading, FindingCode::PairsWithoutMerge));
    }

    #[test]
    fn without_a_usable_pair_the_message_is_quarantined() {
        for lines in [
            &["PID|||N1"][..],
            &["MRG|O1"],
            &["PID|||", "MRG|O1"],
            &["PID|||N1", "MRG|\"\""],
            &["PID|||N1", "MRG|N1"],
        ] {
            let (_, reading) = merges(lines);
            assert_eq!(reading.outcome, Outcome::Quarantined(Reason::NoMergePair), "{lines:?}");
        }
    }
}

/// The staff master file. No sample of a hospital is public, so these are written from the standard (chapter 8).
mod staff {
    use countersign_contracts::staff::StaffReported;
    use countersign_kernel::ProviderId;

    use super::*;

    fn read_m02(body: &[&str]) -> Reading {
        let mut lines = vec![
            "MSH|^~\\&|HR|NORTH|CS|CS|20260309101500||MFN^M02^MFN_M02|9|P|2.5.1",
            "MFI|PRA^Practitioner master file^HL70175||UPD|20260309|20260309|AL",
        ];
        lines.extend(body);
        read(&lines)
    }

    fn records(body: &[&str]) -> Vec<StaffReported> {
        let reading = read_m02(body);
        assert_eq!(reading.outcome, Outcome::Used, "{:?}", reading.findings);
        reading.staff
    }

    fn id(id: &str, authority: &str) -> ProviderId {
        ProviderId { id: id.to_owned(), authority: authority.to_owned() }
    }

    const STF: &str = "STF|1001|1001^^^NORTH^EI~77^^^LAB|WELBY^MARCUS^J^JR^DR^MD||M|19600101|A|CARD^Cardiology~ICU|MED^Medicine|^PRN^PH^^1^212^5551234~^NET^Internet^welby@north.example||20200115^NORTH^D~20210301^SOUTH^D||19990000|m.welby@north.example";
    const PRA: &str = "PRA|1001|HEART^Heart group||E|IM^ABIM^C~CD|1234567893^NPI~A55^SL^NY^20271231|20200115";

    #[test]
    fn a_record_says_who_where_and_since_when() {
        let records = records(&["MFE|MAD|77|20260301|1001|ST", STF, PRA]);
        assert_eq!(records.len(), 1);
        let record = &records[0];
        assert_eq!(record.id, id("1001", "NORTH"), "the primary key is the main identifier");
        let identifiers: Vec<(ProviderId, &str)> =
            record.identifiers.iter().map(|known| (known.id.clone(), known.kind.as_str())).collect();
        assert_eq!(
            identifiers,
            [
                (id("1001", "NORTH"), "EI"),
                (id("77", "LAB"), ""),
                (id("1234567893", "NPI"), "NPI"),
                (id("A55", "SL-NY"), "SL")
            ]
        );
        let name = record.name.clone().expect("a name");
        assert_eq!((name.family.as_str(), name.given.as_str()), ("WELBY", "MARCUS"));
        assert_eq!(name.credentials, ["MD", "JR"]);
        assert_eq!(record.active, Some(true));
        // midnight in New York, in winter
        assert_eq!(
            (record.effective_at, record.time_zone.as_str()),
            (at("2026-03-01T05:00:00Z"), "America/New_York")
        );
        assert_eq!(record.active_from, Field::Value("2020-01-15".parse().expect("a day")));
        assert_eq!(record.active_until, Field::Absent);
        assert_eq!(record.departments, ["CARD", "ICU"]);
        assert_eq!(record.facilities, ["NORTH", "SOUTH"]);
        let text = |value: &Field<String>| value.value().cloned().unwrap_or_default();
        assert_eq!(
            [&record.service, &record.specialty, &record.group, &record.email, &record.telephone].map(text),
            ["MED", "IM", "HEART", "m.welby@north.example", "212 5551234"]
        );
        assert_eq!(record.recorded_at, Some(at("2026-03-09T14:15:00Z")));
    }

    #[test]
    fn several_records_stand_in_one_message_and_each_has_its_own_event() {
        let records = records(&[
            "MFE|MUP|1|20260301|1001|ST",
            "STF|1001||WELBY^MARCUS||||I",
            "MFE|MDC|2|20260302|1002|ST",
            "STF|1002||KILDARE^JAMES||||A",
            "MFE|MAC|3|20260303|1003|ST",
            "MFE|MDL|4|20260304|1004|ST",
            "MFE|MUP|5|20260305|1005|ST",
            "STF|1005",
        ]);
        let said: Vec<(u32, &str, Option<bool>)> =
            records.iter().map(|record| (record.record, record.id.id.as_str(), record.active)).collect();
        assert_eq!(
            said,
            [
                (0, "1001", Some(false)),
                (1, "1002", Some(false)),
                (2, "1003", Some(true)),
                (3, "1004", Some(false)),
                (4, "1005", None)
            ]
        );
        assert_eq!(records[3].effective_at, at("2026-03-04T05:00:00Z"));
    }

    #[test]
    fn deleted_fields_are_deleted_and_fields_not_sent_are_left_alone() {
        let records =
            records(&["MFE|MUP|1|20260301|1001|ST", "STF|1001||||||||\"\"||||\"\"", "PRA|1001||||\"\""]);
        let record = &records[0];
        assert_eq!((&record.service, &record.specialty), (&Field::Null, &Field::Null));
        assert_eq!(record.active_until, Field::Null);
        assert_eq!(
            (&record.group, &record.email, record.active_from),
            (&Field::Absent, &Field::Absent, Field::Absent)
        );
        assert_eq!((record.name.as_ref(), record.departments.len()), (None, 0));
    }

    #[test]
    fn who_left_one_of_two_institutions_has_not_left() {
        let stf = |until: &str| format!("STF|1001|||||||||||20200101^NORTH~20210101^SOUTH|{until}");
        let until = |until: &str| records(&["MFE|MUP|1|20260301|1001|ST", &stf(until)])[0].active_until;
        assert_eq!(until("20260131^SOUTH"), Field::Absent);
        assert_eq!(
            until("20260131^SOUTH~20260228^NORTH"),
            Field::Value("2026-02-28".parse().expect("a day"))
        );
    }

    #[test]
    fn an_effect_that_is_not_stated_is_that_of_the_file_then_of_the_message() {
        let effective = |mfi: &str| {
            let mfe = "MFE|MAD|1||1001|ST";
            let header = "MSH|^~\\&|HR|NORTH|CS|CS|20260309101500||MFN^M02|9|P|2.5.1";
            read(&[header, mfi, mfe]).staff[0].effective_at
        };
        assert_eq!(effective("MFI|STF||UPD|20260308|20260307"), at("2026-03-07T05:00:00Z"));
        assert_eq!(effective("MFI|STF||UPD"), at("2026-03-09T14:15:00Z"));
    }

    #[test]
    fn a_message_without_a_visit_is_not_quarantined_and_one_without_a_person_is() {
        let reading = read_m02(&["MFE|MAD|1|20260301||ST", "STF|", "MFE|MAD|2|20260301|1002|ST"]);
        assert_eq!((reading.outcome, reading.staff.len()), (Outcome::Used, 1));
        assert!(has(&reading, FindingCode::StaffWithoutId));
        assert_eq!(read_m02(&["MFE|MAD"]).outcome, Outcome::Quarantined(Reason::NoStaffRecord));
        let odd = read_m02(&["MFE|XXX|1|20260301|1001|ST"]);
        assert_eq!((odd.outcome, odd.staff[0].active), (Outcome::Used, None));
        assert!(has(&odd, FindingCode::StaffEventUnknown));
    }

    #[test]
    fn other_master_files_are_not_used() {
        for trigger in ["M01", "M03", "M05", "M13", "M16"] {
            let header = format!("MSH|^~\\&|HR|NORTH|CS|CS|20260309101500||MFN^{trigger}|9|P|2.5.1");
            let reading = read(&[&header, "MFI|PRA||UPD", "MFE|MAD|1|20260301|1001|ST", STF]);
            assert_eq!((reading.outcome, reading.staff.len()), (Outcome::NotUsed, 0), "{trigger}");
        }
    }
}
