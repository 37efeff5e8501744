//! Orders: which are read, and what they say.

use countersign_contracts::chart::{OrderAction, OrderFact, OrderMode};

use super::*;

fn message(kind: &str, segments: &[String]) -> Vec<String> {
    let mut lines = vec![
        format!("MSH|^~\\&|CPOE|NORTH|CS|CS|20260309101500||{kind}|9|P|2.5.1"),
        "PID|1||MRN1^^^NORTH^MR||DOE^JANE".to_owned(),
        segment("PV1", &[(2, "I"), (19, "V1^^^NORTH^VN")]),
    ];
    lines.extend_from_slice(segments);
    lines
}

fn orc(fields: &[(usize, &str)]) -> String {
    let mut all = vec![(1, "NW"), (2, "O1^CPOE"), (9, "20260309090000"), (12, "77^HOUSE^GREG^^^^MD")];
    all.extend_from_slice(fields);
    segment("ORC", &all)
}

fn read_orm(orders: &[String]) -> Reading {
    read(&lines(&message("ORM^O01", orders)))
}

fn orders(reading: &Reading) -> Vec<&OrderFact> {
    facts(reading)
        .into_iter()
        .map(|fact| match &fact.what {
            What::Order(order) => order,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn an_order_that_was_spoken_is_read_with_who_gave_it_and_when() {
    for (kind, code, mode) in [
        ("ORM^O01", "VO", OrderMode::Verbal),
        ("OML^O21", "VC^Video-conference^HL70483", OrderMode::Verbal),
        ("RDE^O11", "ph", OrderMode::Telephone),
        ("RDE^O25", "PH", OrderMode::Telephone),
    ] {
        let reading = read(&lines(&message(kind, &[orc(&[(30, code)])])));
        let [order] = orders(&reading)[..] else { panic!("{kind}: {reading:?}") };
        assert_eq!(
            (order.action, order.mode, order.consultation),
            (OrderAction::Placed, mode, false),
            "{kind}"
        );
        assert_eq!((order.number.as_str(), order.placed_at), ("O1^CPOE", at("2026-03-09T13:00:00Z")));
        assert_eq!(order.ordering.as_ref().and_then(|person| person.id.as_deref()), Some("77"));
        assert_eq!(order.authenticated, None);
    }
}

#[test]
fn an_order_that_asks_nothing_of_the_chart_is_no_fact() {
    for fields in [
        &[(30, "EL")][..],                    // entered by the provider
        &[][..],                              // nothing is said of the mode
        &[(1, "SC"), (5, "CM")][..],          // carried out, of unknown mode
        &[(1, "NW"), (11, "77^HOUSE")][..],   // a new order of unknown mode
        &[(1, "SC"), (11, "77"), (30, "EL")], // verified, and written from the start
        &[(1, "DE"), (30, "VO")][..],         // an answer: nothing happened
    ] {
        let reading = read_orm(&[orc(fields)]);
        assert_eq!((reading.outcome, reading.facts.len()), (Outcome::NotUsed, 0), "{fields:?}");
    }
}

#[test]
fn several_orders_in_one_message_are_several_facts_of_one_chart() {
    // given a written order between two spoken ones
    let reading = read_orm(&[
        orc(&[(2, "A"), (30, "VO")]),
        segment("OBR", &[(4, "CBC")]),
        orc(&[(2, "B"), (30, "EL")]),
        orc(&[(2, ""), (3, "C"), (30, "PH")]),
    ]);
    let numbers: Vec<&str> = orders(&reading).into_iter().map(|order| order.number.as_str()).collect();
    assert_eq!(numbers, ["A", "C"]);
    assert_eq!(reading.facts.len(), 1);
    // then the visit is described once, not with every order
    let facts = facts(&reading);
    assert!(facts[0].visit.patient.is_some() && facts[1].visit.patient.is_none());
}

#[test]
fn a_signature_is_one_of_somebody_who_may_sign() {
    // given a later message about the order that names who verified it, and when
    let verified = |person: &str| {
        let fields = [(1, "SC"), (9, "20260310080000"), (10, "5^NURSE^AMY^^^^RN"), (11, person)];
        read_orm(&[orc(&fields)])
    };
    let reading = verified("77^HOUSE^GREG^^^^MD");
    let [order] = orders(&reading)[..] else { panic!("{reading:?}") };
    let signature = order.authenticated.as_ref().expect("a signature");
    assert_eq!((signature.at, signature.inferred), (at("2026-03-10T12:00:00Z"), false));
    // when it is who wrote the order down, or a nurse, then it is none
    for person in ["5^NURSE^AMY", "6^NURSE^BEA^^^^RN"] {
        let reading = verified(person);
        assert_eq!(reading.outcome, Outcome::NotUsed, "{person}");
        assert!(has(&reading, FindingCode::OrderVerifiedOnly), "{person}");
    }
    // when a spoken order comes verified from the start, then its time is not the order's
    let reading = read_orm(&[orc(&[(30, "VO"), (11, "77^HOUSE")])]);
    let signature = orders(&reading)[0].authenticated.as_ref().expect("a signature");
    assert_eq!((signature.at, signature.inferred), (at("2026-03-09T14:15:00Z"), true));
}

#[test]
fn what_was_done_decides_whether_a_cancelled_order_still_counts() {
    for (code, status, action) in [
        ("CA", "", OrderAction::Cancelled),
        ("OC", "", OrderAction::Cancelled),
        ("OD", "CA", OrderAction::Cancelled),
        ("DC", "", OrderAction::Placed), // it was in force
        ("XO", "", OrderAction::Placed),
        ("SC", "CM", OrderAction::Completed),
    ] {
        let reading = read_orm(&[orc(&[(1, code), (5, status), (30, "VO")])]);
        assert_eq!(orders(&reading)[0].action, action, "{code} {status}");
    }
    // a cancellation need not repeat how the order was given
    assert_eq!(orders(&read_orm(&[orc(&[(1, "CA")])]))[0].mode, OrderMode::Unknown);
}

#[test]
fn a_consultation_is_known_by_its_code_and_names_its_consultant() {
    let reading = read_orm(&[
        orc(&[(30, "EL")]),
        segment("OBR", &[(4, "NEURO^Neurology^L^CONSULT"), (32, "31&WILSON&JAMES")]),
    ]);
    let [order] = orders(&reading)[..] else { panic!("{reading:?}") };
    assert!(order.consultation);
    assert_eq!(order.consultant.as_ref().and_then(|person| person.id.as_deref()), Some("31"));
}

#[test]
fn a_site_may_say_in_its_own_field_how_an_order_was_given_and_that_it_was_signed() {
    let profile = "[[feed]]\nname = \"cpoe\"\norder_mode_field = \"ZOR-3\"\norder_signed = [\"ZS\"]\n\
                   [feed.order_modes]\ntelephone = [\"T\"]";
    let reading = read_by(profile, &lines(&message("ORM^O01", &[orc(&[]), "ZOR|1||T".to_owned()])));
    assert_eq!(orders(&reading)[0].mode, OrderMode::Telephone);
    let reading = read_by(profile, &lines(&message("ORM^O01", &[orc(&[(1, "SC"), (5, "ZS")])])));
    assert_eq!(orders(&reading)[0].action, OrderAction::Authenticated);
    // and a code that nobody mapped is told
    let reading = read_by(profile, &lines(&message("ORM^O01", &[orc(&[(30, "Q")])])));
    assert!(has(&reading, FindingCode::OrderModeUnmapped));
}

#[test]
fn an_order_without_a_number_is_found_again() {
    let placed = read_orm(&[orc(&[(2, ""), (30, "VO")])]);
    let again = read_orm(&[orc(&[(1, "SC"), (2, ""), (30, "VO")])]);
    assert_eq!(orders(&placed)[0].number, orders(&again)[0].number);
    assert!(has(&placed, FindingCode::OrderNumberMissing));
}

#[test]
fn without_a_visit_only_what_is_asked_for_is_quarantined() {
    let without_visit = |orc: String| {
        let mut lines = message("ORM^O01", &[orc]);
        lines[2] = segment("PV1", &[(2, "I")]);
        read(&super::lines(&lines)).outcome
    };
    assert_eq!(without_visit(orc(&[(30, "VO")])), Outcome::Quarantined(Reason::NoVisitNumber));
    assert_eq!(without_visit(orc(&[(30, "EL")])), Outcome::NotUsed);
    // it may have been about a spoken order, and then again mostly is not
    assert_eq!(without_visit(orc(&[(1, "CA")])), Outcome::NotUsed);
}
