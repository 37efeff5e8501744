//! Which message it is.

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
