//! Bills that wait for documentation.

use countersign_acceptance::stay::{ADAMS, Document, Stay};
use serde_json::{Value, json};

use super::ward::{Ward, local, text};

#[test]
fn a_documentation_hold_begins_names_its_sole_blocker_and_is_released_by_the_item_that_closes_last() {
    let ward = Ward::open();
    // given an account with charges from messages and a file, whose history and summary are missing
    let stay = Stay::new("V1");
    ward.receives(&[
        stay.admitted("2025-05-04 08:30"),
        stay.charged("2025-05-05 12:00", "T1", "12000.00"),
        stay.discharged("2025-05-08 12:00"),
    ]);
    ward.employs("kim", "him_manager", &[]);
    let charges = "facility,visit_authority,visit,transaction,amount,posted_at,payer\n\
                   MERCY,MERCY,V1,T2,345.67,2025-05-09,ACME\n";
    let file = ward.file("charges.csv", charges);
    ward.asks(&["charges", "import", &file]);
    // then it is held since the minimum bill-hold days were over, by both, so that neither is the sole blocker
    let account = held(&ward);
    assert_eq!(local(&account["from"]), "2025-05-12 00:00");
    assert_eq!((&account["open_items"], &account["sole_blocker"]), (&json!(2), &Value::Null));
    assert_eq!(account["dollars_held_cents"], json!(1_234_567));
    // when the history is signed
    let history = Document::new("HP", "H-1").signed(ADAMS, "2025-05-13 09:00");
    ward.receives(&[stay.document("T02", "2025-05-13 09:00", &history)]);
    // then the summary alone holds the bill
    let account = held(&ward);
    assert_eq!(account["sole_blocker"]["rule"], "R13");
    assert_eq!(account["sole_blocker"]["responsible"], "7001");
    // when it is written and signed
    let summary = Document::new("DS", "S-1");
    ward.receives(&[stay.document("T02", "2025-05-14 09:00", &summary)]);
    assert_eq!(held(&ward)["sole_blocker"]["rule"], "R14");
    ward.receives(&[stay.document("T04", "2025-05-14 12:00", &summary.signed(ADAMS, "2025-05-14 12:00"))]);
    // then nothing waits any more, and the record says for how long, how much, and what closed last
    assert_eq!(ward.accounts("held"), Vec::<Value>::new());
    let [account] = &ward.accounts("released")[..] else { panic!("one account") };
    assert_eq!(local(&account["released_at"]), "2025-05-14 12:00");
    assert_eq!(account["ended_by"], "documented");
    assert_eq!(account["seconds_to_release"], json!((2 * 24 + 12) * 60 * 60));
    assert_eq!(account["days_held"], json!(2));
    assert_eq!(account["dollar_days_cents"], json!(2 * 1_234_567));
    assert_eq!((&account["dollars_held_cents"], &account["open_items"]), (&json!(0), &json!(0)));
    assert_eq!(account["attributed_to"]["rule"], "R14");
    let detail = ward.asks(&["claims", "show", text(&account["chart"])]);
    assert_eq!(detail["periods"].as_array().map(Vec::len), Some(1), "{detail}");
    assert_eq!(detail["items"].as_array().map(Vec::len), Some(3), "{detail}");
}

#[track_caller]
fn held(ward: &Ward) -> Value {
    let accounts = ward.accounts("held");
    let [account] = &accounts[..] else { panic!("one account, not {accounts:#?}") };
    account.clone()
}
