//! Charges and the way to the bill.

use countersign_contracts::chart::{AccountFact, Charge};
use countersign_kernel::Cents;

use super::*;

fn message(kind: &str, segments: &[String]) -> Vec<String> {
    let mut lines = vec![
        format!("MSH|^~\\&|BILL|NORTH|CS|CS|20260309101500||{kind}|9|P|2.5.1"),
        "EVN||20260309101400".to_owned(),
        segment("PID", &[(3, "MRN1^^^NORTH^MR"), (5, "DOE^JANE"), (18, "ACC9")]),
        segment("PV1", &[(2, "I"), (7, "9^OLD^ATTENDING"), (19, "V1^^^NORTH^VN")]),
    ];
    lines.extend_from_slice(segments);
    lines
}

fn ft1(fields: &[(usize, &str)]) -> String {
    let mut all = vec![(2, "T1"), (4, "20260308"), (6, "CG")];
    all.extend_from_slice(fields);
    segment("FT1", &all)
}

fn read_dft(transactions: &[String]) -> Reading {
    read(&lines(&message("DFT^P03", transactions)))
}

fn charges(reading: &Reading) -> Vec<&Charge> {
    facts(reading)
        .into_iter()
        .map(|fact| match &fact.what {
            What::Charged(charge) => charge,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn account(reading: &Reading) -> &AccountFact {
    match &only(reading).what {
        What::Account(account) => account,
        other => panic!("{other:?}"),
    }
}

mod charges {
    use super::*;

    #[test]
    fn are_read_to_the_cent_each_for_itself() {
        let reading = read_dft(&[
            ft1(&[(11, "150.00&USD")]),
            ft1(&[(2, "T2"), (10, "3"), (12, "1,000.5")]),
            ft1(&[(2, "T3"), (4, ""), (5, "20260309"), (6, "CD"), (11, "20")]),
        ]);
        let found: Vec<(&str, i64)> = charges(&reading)
            .into_iter()
            .map(|charge| (charge.transaction.as_str(), charge.amount.0))
            .collect();
        assert_eq!(found, [("T1", 15_000), ("T2", 300_150), ("credit T3", -2_000)]);
        assert_eq!(charges(&reading)[0].posted_at, at("2026-03-08T05:00:00Z"));
        // then the patient is named once, and nothing is said of the visit that registration knows better
        let facts = facts(&reading);
        assert!(facts[0].visit.patient.is_some() && facts[2].visit.patient.is_none());
        assert!(facts[0].visit.class.is_absent() && facts[0].visit.attending.is_absent());
    }

    #[test]
    fn a_credit_stands_beside_the_charge_of_the_same_number_whatever_its_sign() {
        for amount in ["20.00", "-20.00"] {
            let reading = read_dft(&[ft1(&[(11, "50")]), ft1(&[(6, "CR"), (11, amount)])]);
            let [charge, credit] = charges(&reading)[..] else { panic!("{reading:?}") };
            assert_ne!(charge.transaction, credit.transaction);
            assert_eq!(credit.amount, Cents(-2_000), "{amount}");
        }
    }

    #[test]
    fn payments_and_adjustments_are_none() {
        let reading = read_dft(&[ft1(&[(6, "PY"), (11, "50")]), ft1(&[(6, "AJ"), (11, "-5")])]);
        assert_eq!(reading.outcome, Outcome::NotUsed);
        assert!(reading.findings.is_empty(), "{:?}", reading.findings);
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_told() {
        for (fields, code) in [
            (&[(11, "12.345")][..], FindingCode::ChargeAmountUnreadable),
            (&[(11, "ten")][..], FindingCode::ChargeAmountUnreadable),
            (&[(12, "10"), (10, "two")][..], FindingCode::ChargeAmountUnreadable),
            (&[][..], FindingCode::ChargeAmountMissing),
            (&[(6, "XX"), (11, "5")][..], FindingCode::ChargeTypeUnmapped),
        ] {
            // given such a charge beside a good one, then the good one counts
            let reading = read_dft(&[ft1(fields), ft1(&[(2, "T2"), (11, "1")])]);
            assert_eq!(charges(&reading).len(), 1, "{fields:?}");
            assert!(has(&reading, code), "{fields:?}");
            // given it alone, then the message says nothing, and still tells why
            let reading = read_dft(&[ft1(fields)]);
            assert_eq!(reading.outcome, Outcome::NotUsed, "{fields:?}");
            assert!(has(&reading, code), "{fields:?}");
        }
    }

    #[test]
    fn without_numbers_what_they_say_tells_them_apart() {
        // given two charges that say the same, sent twice
        let twins = || read_dft(&[ft1(&[(2, ""), (11, "5")]), ft1(&[(2, ""), (11, "5")])]);
        let (first, second) = (twins(), twins());
        // then they are two, and the repetition is the same two
        assert_ne!(charges(&first)[0].transaction, charges(&first)[1].transaction);
        assert_eq!(charges(&first), charges(&second));
        // and a sender that only numbers its lines is not believed
        let profile = "[[feed]]\nname = \"bill\"\ntrust_transaction_ids = false";
        let reading = read_by(profile, &lines(&message("DFT^P11", &[ft1(&[(2, "1"), (11, "5")])])));
        assert_ne!(charges(&reading)[0].transaction, "1");
    }

    #[test]
    fn a_part_of_a_cent_is_rounded_and_told() {
        let reading = read_dft(&[ft1(&[(10, "1.5"), (12, "1.33")])]);
        assert_eq!(charges(&reading)[0].amount, Cents(200));
        assert!(has(&reading, FindingCode::ChargeRounded));
    }

    #[test]
    fn procedures_beside_them_are_read_too() {
        let pr1 = segment("PR1", &[(3, "47562"), (5, "20260308100000"), (11, "9^CUTTER^A")]);
        let reading = read_dft(&[ft1(&[(11, "5")]), pr1.clone()]);
        assert_eq!(facts(&reading)[0].visit.procedures.len(), 1);
        // also where no charge can be read
        assert_eq!(only(&read_dft(&[pr1])).visit.procedures[0].code, "47562");
    }

    #[test]
    fn without_a_visit_they_wait_in_quarantine_and_nothing_else_does() {
        let without_visit = |ft1: String| {
            let mut lines = message("DFT^P03", &[ft1]);
            lines[3] = "PV1|1|I".to_owned();
            read(&super::lines(&lines))
        };
        let reading = without_visit(ft1(&[(11, "5")]));
        assert_eq!(reading.outcome, Outcome::Quarantined(Reason::NoVisitNumber));
        assert_eq!(without_visit(ft1(&[])).outcome, Outcome::NotUsed);
        // the account number is a key only where the profile says so
        let profile = "[default]\nvisit_number = [\"PV1-19\", \"PID-18\"]";
        let mut lines = message("DFT^P03", &[ft1(&[(11, "5")])]);
        lines[3] = "PV1|1|I".to_owned();
        assert_eq!(read_by(profile, &super::lines(&lines)).facts[0].encounter.visit, "ACC9");
    }
}

mod the_way_to_the_bill {
    use super::*;

    const EVENT: &str = "2026-03-09T14:14:00Z";

    fn read_bar(trigger: &str, segments: &[String]) -> Reading {
        read(&lines(&message(&format!("BAR^{trigger}"), segments)))
    }

    fn dg1(kind: &str) -> String {
        segment("DG1", &[(1, "1"), (3, "K80.20"), (6, kind)])
    }

    #[test]
    fn a_final_diagnosis_or_p12_means_coded() {
        for (trigger, segments) in [
            ("P01", vec![dg1("F")]),
            ("P05", vec![dg1("A"), dg1("F")]),
            ("P12", vec![]),
            ("P12", vec![dg1("")]),
        ] {
            let reading = read_bar(trigger, &segments);
            let said = account(&reading);
            assert_eq!(said.coded_at, Field::Value(at(EVENT)), "{trigger} {segments:?}");
            assert_eq!(said.billed_at, Field::Absent);
        }
        // an admitting or working diagnosis is no final coding
        for (trigger, segments) in [("P01", vec![dg1("A")]), ("P12", vec![dg1("W")]), ("P06", vec![])] {
            assert_eq!(read_bar(trigger, &segments).outcome, Outcome::NotUsed, "{trigger}");
        }
    }

    #[test]
    fn a_field_of_the_feed_tells_what_its_profile_says() {
        let profile = "[[feed]]\nname = \"bill\"\n[feed.billing]\ncoded = [\"CODED\"]\n\
                       billed = [\"BILLED\"]\nreopened = [\"HOLD\"]\nbilled_triggers = [\"P06\"]";
        let status = |trigger: &str, code: &str| {
            let mut lines = message(&format!("BAR^{trigger}"), &[segment("IN1", &[(4, "ACME HEALTH")])]);
            lines[3] = segment("PV1", &[(19, "V1^^^NORTH^VN"), (41, code)]);
            read_by(profile, &super::lines(&lines))
        };
        let event = Field::Value(at(EVENT));
        let reading = status("P05", "BILLED");
        assert_eq!((&account(&reading).coded_at, &account(&reading).billed_at), (&event, &event));
        assert_eq!(account(&reading).payer.as_deref(), Some("ACME HEALTH"));
        let reading = status("P05", "CODED");
        assert_eq!((&account(&reading).coded_at, &account(&reading).billed_at), (&event, &Field::Absent));
        let reading = status("P05", "HOLD");
        assert_eq!((&account(&reading).coded_at, &account(&reading).billed_at), (&Field::Null, &Field::Null));
        assert_eq!(account(&status("P06", "")).billed_at, event);
        assert_eq!(status("P05", "").outcome, Outcome::NotUsed);
    }

    #[test]
    fn each_of_several_visits_has_its_own_diagnoses() {
        let second = segment("PV1", &[(2, "O"), (19, "V2^^^NORTH^VN")]);
        let reading = read_bar("P05", &[dg1("A"), second, dg1("F")]);
        assert_eq!(only(&reading).trigger, "BAR^P05");
        assert_eq!(reading.facts[0].encounter.visit, "V2");
    }

    #[test]
    fn a_coders_procedures_are_no_operations() {
        let pr1 = segment("PR1", &[(3, "0FT44ZZ"), (5, "20260308")]);
        assert!(only(&read_bar("P12", &[pr1])).visit.procedures.is_empty());
    }
}

#[test]
fn document_types_of_the_table_and_of_loinc_are_known() {
    for (code, expected) in [
        ("CN", DocumentType::ConsultationReport),
        ("TS", DocumentType::TransferSummary),
        ("34111-5", DocumentType::EmergencyNote),
        ("28570-0", DocumentType::ProcedureNote),
        ("SP", DocumentType::PathologyReport),
        // what many feeds send for every note, whatever the standard says
        ("PN", DocumentType::Other("PN".to_owned())),
    ] {
        let reading = read_mdm("T02", &[(2, code), (12, "D1"), (17, "DO")]);
        assert_eq!(document(&reading).document_type, expected, "{code}");
    }
}
