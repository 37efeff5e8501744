//! Bills that wait for documentation, under both rule sets. Computed by hand; the minimum is three days.

use countersign_contracts::{
    api::{WhatIfAccount, WhatIfHeld},
    chart::{Charge, What},
};
use countersign_deficiency::what_if::{Answer, csv};
use countersign_kernel::Cents;

use super::record::{Record, answer, changed, question};
use crate::given::{Story, at, chart, history, key, summary};

fn charged(story: Story, when: &str, cents: i64) -> Story {
    let charge = Charge { transaction: "T1".to_owned(), amount: Cents(cents), posted_at: at(when) };
    story.fact("DFT^P03", when, What::Charged(charge))
}

/// V1, $1,000: discharged on the 9th, so that its bill may go from the 13th on; the summary came on the 15th: held
/// at the end of the 13th and 14th. V2, $500: discharged on the 20th, no summary, held at the end of the 24th to
/// 31st: eight days. V3 like V2, its charges never sent.
fn stories() -> Vec<Story> {
    let stay = |visit: &str, discharged: &str| {
        chart()
            .numbered(visit)
            .admitted("01-05 10:00")
            .attending("A1")
            .signed("01-05 12:00", "A1", history(&format!("H{visit}")).by("A1"))
            .discharged(discharged)
    };
    vec![
        charged(stay("V1", "01-09 15:00"), "01-10 08:00", 100_000).signed(
            "01-15 09:00",
            "A1",
            summary("D1").by("A1"),
        ),
        charged(stay("V2", "01-20 15:00"), "01-21 08:00", 50_000),
        stay("V3", "01-20 15:00"),
    ]
}

fn account(answer: &Answer, visit: &str) -> WhatIfAccount {
    let chart = key(visit).id();
    answer.accounts(false).find(|account| account.chart == chart).expect("an account").view()
}

#[tokio::test]
async fn given_a_candidate_that_no_longer_holds_the_bill_then_the_money_that_it_frees() {
    let recorded = Record::of(stories()).await.read().await;
    // when the missing discharge summary holds no bill any more
    let answer = answer(&recorded, &question(&changed("R13", "holds_bill = true", "holds_bill = false")));
    // then the published rules hold two accounts and held three
    let held = &answer.report.held;
    assert_eq!(
        held.published,
        WhatIfHeld {
            accounts_held: 2,
            accounts_ever_held: 3,
            accounts_without_charges: 1,
            days_held: 2 + 8 + 8,
            dollars_held_cents: 50_000,
            dollar_days_cents: 2 * 100_000 + 8 * 50_000,
        }
    );
    // and the candidate none
    assert_eq!(held.candidate, WhatIfHeld::default());
    // and the item to blame is the summary, of the one who owes it
    let [rule] = &*answer.report.held_by_rule else { panic!("one rule is to blame") };
    assert_eq!((rule.key.as_str(), &rule.published), ("R13", &held.published));
    let [provider] = &*answer.report.held_by_provider else { panic!("one provider owes it") };
    assert_eq!((provider.key.as_str(), &provider.published), ("A1", &held.published));
    // and the list behind it
    let released = account(&answer, "V1");
    assert_eq!((released.charges_cents, released.changed), (Some(100_000), true));
    assert_eq!((released.published.held, released.published.days_held), (false, 2));
    assert_eq!(released.published.blocker_rule.as_deref(), Some("R13"));
    let waits = account(&answer, "V2").published;
    assert_eq!(
        (waits.held, waits.dollars_held_cents, waits.dollar_days_cents),
        (true, Some(50_000), Some(400_000))
    );
    let unknown = account(&answer, "V3").published;
    assert_eq!((unknown.held, unknown.dollars_held_cents, unknown.dollar_days_cents), (true, None, None));
    assert_eq!((answer.report.accounts, answer.accounts(true).count()), (3, 3));
    let file = csv::accounts(answer.accounts(false));
    let wanted = format!("{},HOSP1,(none),50000,yes,8,50000,400000,", key("V2").id());
    assert!(file.lines().any(|line| line.starts_with(&wanted)), "{file}");
}

#[tokio::test]
async fn given_another_limit_then_the_same_bills_wait() {
    let recorded = Record::of(stories()).await.read().await;
    let answer = answer(&recorded, &question(&changed("R13", "due = { days = 7 }", "due = { days = 3 }")));
    // A limit says when an item is late, not when the bill waits for it.
    assert_eq!(answer.report.held.published, answer.report.held.candidate);
    assert_eq!((answer.report.accounts, answer.accounts(true).count()), (3, 0));
}
