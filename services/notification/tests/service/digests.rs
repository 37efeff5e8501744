//! What the weekly digest promises, each word of it.

use countersign_contracts::{
    deficiency::DeficiencyStatus::{Open, Satisfied},
    notice::{Channel, NoticeClass::Reminder, NoticeRequested},
};
use countersign_kernel::{Role, Timestamp};
use countersign_notification::domain::notice::Mode;
use serde_json::{Value, json};

use super::office::{Office, call};
use crate::given::{monday, provider, request};

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn key() -> String {
    format!("provider-{}", countersign_contracts::staff::key_of(&provider()))
}

/// What the mails say, the first one first.
fn told(office: &Office) -> Vec<Value> {
    office.sent().iter().map(|sent| serde_json::from_str(&sent.text).expect("JSON")).collect()
}

fn counts(digest: &Value) -> [u64; 4] {
    ["new", "due_soon", "overdue", "done"].map(|name| digest["counts"][name].as_u64().expect("a count"))
}

#[tokio::test]
async fn once_a_week_it_tells_what_is_new_due_soon_overdue_and_done_since_the_last_one() {
    // given three items, one of them told of twice by the feed: overdue, due soon and neither by next Monday
    let office = Office::opened(Mode::Live).await;
    for (n, due) in [(1, "2026-03-05T12:00:00Z"), (2, "2026-03-12T12:00:00Z"), (3, "2026-04-20T12:00:00Z")] {
        office.owe(n, Open, at(due)).await;
    }
    office.owe(1, Open, at("2026-03-05T12:00:00Z")).await;
    // when the week goes by, then nothing is sent before Monday at seven
    for day in ["2026-03-03", "2026-03-06", "2026-03-08"] {
        office.at(&format!("{day}T12:00:00Z")).await;
    }
    office.at("2026-03-09T06:59:59Z").await;
    assert_eq!(office.sent().len(), 0);
    office.at("2026-03-09T07:00:00Z").await;
    assert_eq!(told(&office).iter().map(counts).collect::<Vec<_>>(), [[3, 1, 1, 0]]);
    assert_eq!(told(&office)[0]["item_count"], json!(3), "the same item twice is one line");
    // when one is done and one is new, then the next one says so, and repeats nothing as new
    office.at("2026-03-10T12:00:00Z").await;
    office.owe(1, Satisfied, monday()).await;
    office.owe(4, Open, at("2026-05-01T12:00:00Z")).await;
    office.at("2026-03-15T12:00:00Z").await;
    assert_eq!(office.sent().len(), 1, "weekly");
    office.at("2026-03-16T07:00:00Z").await;
    assert_eq!(counts(&told(&office)[1]), [1, 0, 1, 1]);
}

#[tokio::test]
async fn nobody_gets_a_second_one_within_half_a_day_whoever_asks() {
    let office = Office::opened(Mode::Live).await;
    office.owe(1, Open, at("2026-03-20T12:00:00Z")).await;
    office.catch_up().await;
    let him = office.api(Office::somebody("kim", Role::HimManager));
    let lee = office.api(Office::somebody("lee", Role::HimManager));
    let path = format!("/api/v1/contacts/{}/digest", key());
    assert_eq!(call(&him, "POST", &path, None).await.0, 200);
    let (status, answer) = call(&lee, "POST", &path, None).await;
    assert_eq!((status.as_u16(), &answer["type"]), (422, &json!("/problems/digest/too-soon")), "{answer}");
    office.catch_up().await;
    assert_eq!(office.sent().len(), 1);
}

#[tokio::test]
async fn it_waits_for_the_window_in_the_zone_of_the_recipient() {
    // given a provider in Los Angeles who reads mail on weekdays from nine to five, and wants the list at six
    let office = Office::opened(Mode::Live).await;
    let him = office.api(Office::somebody("kim", Role::HimManager));
    let windows = json!([{"day": "monday", "from": "09:00:00", "until": "17:00:00"}]);
    let wanted = json!({
        "time_zone": "America/Los_Angeles", "windows": windows,
        "digest": {"every": "weekly", "day": "monday", "at": "06:00:00"},
    });
    let path = format!("/api/v1/contacts/{}/preferences", key());
    let (status, answer) = call(&him, "POST", &path, Some(wanted)).await;
    assert_eq!(status, 200, "{answer}");
    office.owe(1, Open, at("2026-03-20T12:00:00Z")).await;
    office.catch_up().await;
    // when it is six there (the clocks went forward the day before), then it is in the inbox and disturbs nobody
    office.at("2026-03-09T13:00:00Z").await;
    let (_, notices) = call(&him, "GET", "/api/v1/notices?kind=digest", None).await;
    assert_eq!((office.sent().len(), &notices["total"]), (0, &json!(1)), "{notices}");
    office.at("2026-03-09T15:59:59Z").await;
    assert_eq!(office.sent().len(), 0);
    office.at("2026-03-09T16:00:00Z").await;
    assert_eq!(office.sent().len(), 1);
}

#[tokio::test]
async fn a_reminder_waits_for_the_digest_and_tells_nothing_that_is_done_by_then() {
    for (done, armed) in [(false, true), (true, true), (false, false)] {
        // given a provider who owes three items, long enough for the next digest to be planned, or not yet, and a policy's step of the class reminder about them
        let office = Office::opened(Mode::Live).await;
        for n in 1..=3 {
            office.owe(n, Open, at("2026-03-20T12:00:00Z")).await;
        }
        if armed {
            office.catch_up().await;
        }
        office.ask(&NoticeRequested { channels: vec![Channel::Email], ..request(Reminder) }).await;
        office.catch_up().await;
        // then it is not sent at once
        office.at("2026-03-05T12:00:00Z").await;
        assert_eq!(office.sent().len(), 0);
        if done {
            for n in 1..=3 {
                office.owe(n, Satisfied, monday()).await;
            }
        }
        // but with the digest; a mailbox gets one mail a minute
        office.at("2026-03-09T07:00:00Z").await;
        office.at("2026-03-09T07:01:00Z").await;
        let mut kinds: Vec<String> =
            told(&office).iter().map(|mail| mail["kind"].as_str().expect("a kind").to_owned()).collect();
        kinds.sort();
        let expected: &[&str] = if done { &["digest"] } else { &["digest", "pre-suspension"] };
        assert_eq!(kinds, expected, "done: {done}");
    }
}
