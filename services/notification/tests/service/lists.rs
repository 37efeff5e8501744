//! An office gets one message a day, and every chart in it keeps a record of its own.

use std::{collections::BTreeMap, sync::Arc};

use countersign_contracts::{
    deficiency::DeficiencyStatus::{Open, Satisfied},
    notice::{
        Channel,
        NoticeClass::{Formal, Reminder},
        NoticeItem, NoticeOutcome, NoticeRequested, NoticeWithdrawn, Outcome, Recipient,
    },
};
use countersign_kernel::{NoticeId, Role, TrackId};
use countersign_notification::{
    channels::{
        Sent,
        email::{Email, EmailSettings},
    },
    config,
    domain::notice::Mode,
    outbound::OfficeName,
    templates::TemplateSet,
};
use countersign_testkit::smtp_peer::{Options, SmtpPeer};
use serde_json::{Value, json};

use super::office::{Office, call};
use crate::given::{email, item, monday, request};

/// A chart is at its limit: what escalation asks for.
fn at_limit(n: u32, office: &str) -> NoticeRequested {
    NoticeRequested {
        notice: NoticeId::derive(&["limit", &n.to_string(), office]),
        track: TrackId::derive(&["limit", &n.to_string()]),
        kind: "regulatory-limit".to_owned(),
        number: 1,
        about: None,
        recipient: Recipient::Office { name: office.to_owned() },
        channels: vec![Channel::Email, Channel::Inbox],
        in_list: true,
        items: vec![NoticeItem {
            deficiency: item(n),
            rule: "C1".to_owned(),
            document_type: "chart".to_owned(),
            due_at: Some("2026-03-07T23:59:59Z".parse().expect("an instant")),
            age_days: 25,
        }],
        names_date: None,
        ..request(Formal)
    }
}

fn reference(notice: NoticeId) -> String {
    notice.0.simple().to_string()[..8].to_ascii_uppercase()
}

/// Two offices with a mailbox each.
async fn hospital() -> Office {
    let mut office = Office::opened(Mode::Live).await;
    office.offices = offices(config::OfficeList::default());
    office.restart(false);
    office
}

fn offices(list: config::OfficeList) -> BTreeMap<String, config::Office> {
    let office = |name: &str| config::Office {
        name: OfficeName::new(name),
        addresses: vec![email(&format!("{name}@example.org"))],
        list,
    };
    ["him", "cmo"].map(|name| (name.to_owned(), office(name))).into()
}

/// What the mails say, the first one first.
fn told(office: &Office) -> Vec<Value> {
    office.sent().iter().map(|sent| serde_json::from_str(&sent.text).expect("JSON")).collect()
}

fn of(outcomes: &[NoticeOutcome], notice: NoticeId) -> Vec<(Option<Channel>, Outcome)> {
    let of = outcomes.iter().filter(|outcome| outcome.notice == notice);
    of.map(|outcome| (outcome.channel, outcome.outcome)).collect()
}

#[tokio::test]
async fn charts_at_their_limit_are_one_message_a_day_and_office_and_what_is_complete_by_then_is_not_in_it() {
    // given four charts at their limit, of which two offices are to be told
    let mut office = hospital().await;
    for n in 1..=4 {
        office.owe(n, Open, monday()).await;
        for name in ["him", "cmo"] {
            office.ask(&at_limit(n, name)).await;
        }
    }
    office.catch_up().await;
    assert_eq!(office.sent().len(), 0, "nothing goes out at once");
    // when one is completed before the morning, and another one falls away
    office.owe(2, Satisfied, monday()).await;
    let because = "the discharge is another one".to_owned();
    let withdrawn = NoticeWithdrawn { notice: at_limit(3, "him").notice, because, at: office.now() };
    office.tell(NoticeWithdrawn::TYPE, &withdrawn).await;
    office.at("2026-03-03T06:59:59Z").await;
    assert_eq!(office.sent().len(), 0);
    office.at("2026-03-03T07:00:00Z").await;
    // then each office has one mail, with what is left, each under its own reference
    let mails = told(&office);
    let counts: BTreeMap<&str, u64> = mails
        .iter()
        .map(|mail| {
            (mail["addressee"].as_str().expect("a name"), mail["item_count"].as_u64().expect("a count"))
        })
        .collect();
    assert_eq!(counts, [("him", 2), ("cmo", 3)].into(), "{mails:?}");
    let him = mails.iter().find(|mail| mail["addressee"] == "him").expect("a list");
    assert_eq!(
        (&him["kind"], &him["at_limit"], &him["class"]),
        (&json!("office-list"), &json!(2), &json!("formal"))
    );
    for (n, listed) in [(1, true), (2, false), (3, false), (4, true)] {
        let says = him["items"].to_string().contains(&reference(at_limit(n, "him").notice));
        assert_eq!(says, listed, "{n}: {him}");
    }
    // and whoever asked hears of each chart: told with which bytes, or why not
    let outcomes = office.outcomes().await;
    let mail = Some(Channel::Email);
    assert_eq!(of(&outcomes, at_limit(1, "him").notice), [(mail, Outcome::Accepted)]);
    assert_eq!(of(&outcomes, at_limit(2, "him").notice), [(None, Outcome::Dropped)]);
    assert_eq!(of(&outcomes, at_limit(3, "him").notice), [(None, Outcome::Dropped)]);
    let first = outcomes.iter().find(|outcome| outcome.notice == at_limit(1, "him").notice).expect("told");
    assert_eq!(first.track, Some(at_limit(1, "him").track));
    let kim = office.api(Office::somebody("kim", Role::HimManager));
    let id = at_limit(1, "him").notice;
    let (_, detail) = call(&kim, "GET", &format!("/api/v1/notices/{id}"), None).await;
    let leg = &detail["notice"]["legs"][0];
    assert_eq!(
        (&detail["notice"]["state"], &leg["sha256"]),
        (&json!("accepted"), &json!(first.sha256)),
        "{detail}"
    );
    let steps: Vec<&str> = detail["timeline"]
        .as_array()
        .expect("steps")
        .iter()
        .filter_map(|step| step["what"].as_str())
        .collect();
    assert_eq!(steps, ["requested", "listed", "told"]);
    let list = detail["listed_in"].as_str().expect("a list").to_owned();
    let (_, carried) = call(&kim, "GET", &format!("/api/v1/notices/{list}"), None).await;
    let dropped = carried["dropped_items"].as_array().expect("items");
    assert_eq!((carried["carries"].as_array().map(Vec::len), dropped.len()), (Some(4), 2), "{carried}");
    assert!(dropped.contains(&json!(item(2))) && dropped.contains(&json!(item(3))), "{carried}");
    let (status, bytes) = call(&kim, "GET", &format!("/api/v1/notices/{id}/legs/1/content"), None).await;
    assert_eq!((status.as_u16(), &bytes), (200, him), "the bytes of the list are the proof of each");
    let (status, _) = call(&kim, "GET", &format!("/api/v1/notices/{id}/proof.pdf"), None).await;
    assert_eq!(status, 200);
    // and a day later, with nothing new, nothing goes out, and what went out counts as delivered
    office.at("2026-03-04T07:00:01Z").await;
    assert_eq!(office.sent().len(), 2);
    let outcomes = office.outcomes().await;
    assert_eq!(of(&outcomes, id), [(mail, Outcome::Accepted), (mail, Outcome::Delivered)]);
    // and replay adds nothing
    office.restart(true);
    office.catch_up().await;
    assert_eq!((office.sent().len(), office.outcomes().await), (2, outcomes));
    let fresh = countersign_notification::service::read_model();
    let difference = office.service.read_model().difference(fresh, office.journal.as_ref()).await;
    assert_eq!(difference.expect("compared"), None);
}

#[tokio::test]
async fn what_comes_after_the_list_of_a_day_is_in_the_next_one_and_another_facility_has_its_own() {
    let office = hospital().await;
    office.ask(&at_limit(1, "him")).await;
    office.ask(&NoticeRequested { facility: "WEST".to_owned(), ..at_limit(2, "him") }).await;
    office.catch_up().await;
    office.at("2026-03-03T07:00:00Z").await;
    // A mailbox gets one mail a minute.
    office.at("2026-03-03T07:01:00Z").await;
    let facilities = |office: &Office| -> Vec<String> {
        let mut all: Vec<String> = told(office).iter().map(|mail| mail["facility"].to_string()).collect();
        all.sort();
        all
    };
    assert_eq!(facilities(&office), ["\"MAIN\"", "\"WEST\""]);
    office.ask(&at_limit(3, "him")).await;
    office.catch_up().await;
    assert_eq!(office.sent().len(), 2);
    office.at("2026-03-04T07:00:00Z").await;
    let third = told(&office).pop().expect("a list");
    assert_eq!((office.sent().len(), &third["item_count"]), (3, &json!(1)), "{third}");
}

#[tokio::test]
async fn a_list_that_is_full_has_another_one_beside_it() {
    let office = hospital().await;
    for n in 1..=502 {
        office.ask(&at_limit(n, "him")).await;
    }
    office.catch_up().await;
    office.at("2026-03-03T07:00:00Z").await;
    office.at("2026-03-03T07:01:00Z").await;
    let mut counts: Vec<u64> = told(&office).iter().filter_map(|mail| mail["item_count"].as_u64()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [2, 500]);
}

#[tokio::test]
async fn a_reminder_to_an_office_waits_for_its_list_and_what_is_formal_or_wanted_at_once_does_not() {
    let mut office = hospital().await;
    let to_him = |class, name: &str| NoticeRequested {
        notice: NoticeId::derive(&[name]),
        recipient: Recipient::Office { name: "him".to_owned() },
        channels: vec![Channel::Email],
        kind: "overdue".to_owned(),
        ..request(class)
    };
    // given a reminder and a formal notice about a provider
    office.ask(&to_him(Reminder, "reminder")).await;
    office.ask(&to_him(Formal, "formal")).await;
    office.catch_up().await;
    // then the formal one goes at once, and the reminder is an entry of the list that says whom it is about
    assert_eq!(told(&office).iter().map(|mail| &mail["kind"]).collect::<Vec<_>>(), [&json!("overdue")]);
    office.at("2026-03-03T07:00:00Z").await;
    let list = told(&office).pop().expect("a list");
    assert_eq!(
        (&list["kind"], &list["class"], &list["item_count"]),
        (&json!("office-list"), &json!("reminder"), &json!(3))
    );
    assert!(list["items"][0]["what"].as_str().is_some_and(|what| what.contains("Ana Núñez")), "{list}");
    // when the office wants everything at once
    office.offices = offices(config::OfficeList::AtOnce);
    office.restart(false);
    office.ask(&at_limit(1, "him")).await;
    office.ask(&at_limit(2, "cmo")).await;
    office.at("2026-03-03T07:05:00Z").await;
    // then each chart is a message of its own
    let kinds: Vec<Value> = told(&office).into_iter().skip(2).map(|mail| mail["kind"].clone()).collect();
    assert_eq!(kinds, [json!("regulatory-limit"), json!("regulatory-limit")]);
}

#[tokio::test]
async fn charts_at_their_limit_and_reminders_stand_in_lists_of_their_own() {
    // given a chart at its limit and a reminder, for one office on one morning
    let office = hospital().await;
    office.ask(&at_limit(1, "him")).await;
    office.ask(&NoticeRequested { class: Reminder, ..at_limit(2, "him") }).await;
    office.catch_up().await;
    // when it comes
    office.at("2026-03-03T07:00:00Z").await;
    // a mailbox gets one message a minute
    office.at("2026-03-03T07:01:00Z").await;
    // then there are two lists: one is sent again should its outcome be unknown, and the other never is
    let mut lists: Vec<(Value, Value)> =
        told(&office).into_iter().map(|mail| (mail["class"].clone(), mail["item_count"].clone())).collect();
    lists.sort_by_key(|(class, _)| class.to_string());
    assert_eq!(lists, [(json!("formal"), json!(1)), (json!("reminder"), json!(1))]);
}

#[tokio::test]
async fn a_list_of_what_is_formal_is_sent_again_after_an_unknown_outcome_and_one_of_reminders_never_is() {
    for (formal, sent) in [(true, 2), (false, 1)] {
        // given a mail server that took the list, and a process that never heard of it
        let mut office = hospital().await;
        let class = if formal { Formal } else { Reminder };
        office.ask(&NoticeRequested { class, ..at_limit(1, "him") }).await;
        office.catch_up().await;
        office.answer([Some(Sent::Unknown { detail: "the connection was lost".to_owned() })]);
        office.at("2026-03-03T07:00:00Z").await;
        office.restart(false);
        office.at("2026-03-03T07:30:00Z").await;
        let mails = office.sent();
        assert_eq!(
            (mails.len(), mails.iter().all(|mail| *mail == mails[0])),
            (sent, true),
            "formal: {formal}"
        );
        let last = of(&office.outcomes().await, at_limit(1, "him").notice).pop();
        let expected = if formal { Outcome::Accepted } else { Outcome::Unknown };
        assert_eq!(last, Some((Some(Channel::Email), expected)));
    }
}

#[tokio::test]
async fn a_list_that_comes_back_is_one_task_and_goes_by_the_next_channel_for_every_chart_in_it() {
    let office = hospital().await;
    for n in 1..=3 {
        office.ask(&at_limit(n, "him")).await;
    }
    office.catch_up().await;
    office.answer([Some(Sent::Refused { detail: "550 no such mailbox".to_owned() })]);
    office.at("2026-03-03T07:00:00Z").await;
    let outcomes = office.outcomes().await;
    for n in 1..=3 {
        let ways = of(&outcomes, at_limit(n, "him").notice);
        assert_eq!(
            ways,
            [
                (Some(Channel::Email), Outcome::Bounced),
                (Some(Channel::Inbox), Outcome::Accepted),
                (Some(Channel::Inbox), Outcome::Delivered)
            ]
        );
    }
    let kim = office.api(Office::somebody("kim", Role::HimManager));
    let (_, tasks) = call(&kim, "GET", "/api/v1/contacts/tasks", None).await;
    assert_eq!(
        (&tasks["total"], &tasks["items"][0]["kind"]),
        (&json!(1), &json!("address_bounced")),
        "{tasks}"
    );
    let (_, dead) = call(&kim, "GET", "/api/v1/notices/dead-letters", None).await;
    assert_eq!(dead["total"], json!(1), "the list, and not every chart in it: {dead}");
}

#[tokio::test]
async fn a_real_mail_server_receives_one_mail_for_forty_six_charts() {
    let Some(peer) = SmtpPeer::start(&Options::default()) else { return };
    let settings: EmailSettings = toml::from_str(&format!(
        "host = '127.0.0.1'\nport = {}\ntls = 'none'\nfrom = 'charts@example.org'\nhello = 'countersign.example'",
        peer.port()
    ))
    .expect("settings");
    let mut office = hospital().await;
    let templates = Arc::new(TemplateSet::built_in().expect("templates"));
    office.restart_with(false, Arc::new(Email::new(&settings, templates).expect("a channel")));
    for n in 1..=46 {
        office.ask(&at_limit(n, "him")).await;
    }
    office.catch_up().await;
    assert_eq!(peer.received().len(), 0);
    office.at("2026-03-03T07:00:00Z").await;
    assert_eq!(peer.received().len(), 1);
    let outcomes = office.outcomes().await;
    for n in 1..=46 {
        assert_eq!(
            of(&outcomes, at_limit(n, "him").notice),
            [(Some(Channel::Email), Outcome::Accepted)],
            "{n}"
        );
    }
}
