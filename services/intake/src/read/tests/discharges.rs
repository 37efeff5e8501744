//! Discharges: when, and by which field.

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
