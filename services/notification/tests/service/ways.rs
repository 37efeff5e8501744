//! From one way to the next.

use std::{sync::Arc, time::Duration};

use countersign_contracts::{
    deficiency::DeficiencyStatus::Open,
    notice::{Channel, NoticeClass::Formal, NoticeRequested, Outcome},
};
use countersign_kernel::Role;
use countersign_notification::{
    channels::{Sent, Transport, email::Email},
    domain::notice::Mode,
    templates::TemplateSet,
};
use serde_json::json;

use super::{
    kinds,
    office::{Office, call},
};
use crate::given::request;

fn by_mail_or_inbox() -> NoticeRequested {
    NoticeRequested { channels: vec![Channel::Email, Channel::Inbox], ..request(Formal) }
}

fn without_server() -> Arc<dyn Transport> {
    let templates = Arc::new(TemplateSet::built_in().expect("templates"));
    Arc::new(Email::without_server("countersign.example", templates).expect("a sender"))
}

#[tokio::test]
async fn what_comes_back_is_a_task_and_goes_by_the_next_channel() {
    // given a mailbox that does not exist
    let office = Office::opened(Mode::Live).await;
    office.answer([Some(Sent::Refused { detail: "550 no such mailbox".to_owned() })]);
    office.ask(&by_mail_or_inbox()).await;
    office.catch_up().await;
    // then it is in the inbox, whoever asked knows of both, and HIM has a task about the address
    let expected = [(Some(Channel::Email), Outcome::Bounced), (Some(Channel::Inbox), Outcome::Accepted)];
    assert_eq!(kinds(&office.outcomes().await)[..2], expected);
    let him = office.api(Office::somebody("kim", Role::HimManager));
    let (_, tasks) = call(&him, "GET", "/api/v1/contacts/tasks", None).await;
    assert_eq!((&tasks["items"][0]["kind"], &tasks["total"]), (&json!("address_bounced"), &json!(1)));
    let (_, listed) = call(&him, "GET", "/api/v1/contacts?bounced=true", None).await;
    assert_eq!((&listed["total"], &listed["items"][0]["open_tasks"]), (&json!(1), &json!(1)), "{listed}");
    // and the next notice does not try that address again
    let next =
        NoticeRequested { notice: countersign_kernel::NoticeId::derive(&["next"]), ..by_mail_or_inbox() };
    office.ask(&next).await;
    office.catch_up().await;
    assert_eq!(office.sent().len(), 1);
}

#[tokio::test]
async fn without_a_mail_server_shadow_mode_keeps_the_exact_mail() {
    let mut office = Office::opened(Mode::Shadow).await;
    office.restart_with(false, without_server());
    office.ask(&by_mail_or_inbox()).await;
    office.catch_up().await;
    // then it is withheld, and no dead letter
    assert_eq!(kinds(&office.outcomes().await), [(Some(Channel::Email), Outcome::Withheld)]);
    let him = office.api(Office::somebody("kim", Role::HimManager));
    let (_, dead) = call(&him, "GET", "/api/v1/notices/dead-letters", None).await;
    assert_eq!(dead["items"], json!([]));
    // and what would have been sent is there, whole
    let id = request(Formal).notice;
    let (_, detail) = call(&him, "GET", &format!("/api/v1/notices/{id}"), None).await;
    let leg = &detail["notice"]["legs"][0];
    assert_eq!(
        (&leg["content_type"], &leg["state"]),
        (&json!("message/rfc822"), &json!("withheld")),
        "{leg}"
    );
}

#[tokio::test]
async fn what_is_not_set_up_here_is_not_tried_and_is_no_failure_where_another_way_is_there() {
    // given no mail server, a formal notice by mail or inbox, and a digest by both
    let mut office = Office::opened(Mode::Live).await;
    office.restart_with(false, without_server());
    office.ask(&by_mail_or_inbox()).await;
    office.owe(1, Open, "2026-03-20T12:00:00Z".parse().expect("an instant")).await;
    office.catch_up().await;
    office.at("2026-03-09T07:00:00Z").await;
    // then both are in the inbox, nobody is told of a failure, and nothing failed
    let outcomes = office.outcomes().await;
    assert!(outcomes.iter().all(|outcome| outcome.channel == Some(Channel::Inbox)), "{outcomes:?}");
    assert_eq!(outcomes.len(), 4, "each accepted and delivered: {outcomes:?}");
    let him = office.api(Office::somebody("kim", Role::HimManager));
    let (_, dead) = call(&him, "GET", "/api/v1/notices/dead-letters", None).await;
    assert_eq!(dead["items"], json!([]));
    assert_eq!(call(&him, "GET", "/api/v1/contacts/tasks", None).await.1["items"], json!([]));
    // and each notice says once what was not tried, and why
    let (_, all) = call(&him, "GET", "/api/v1/notices", None).await;
    for notice in all["items"].as_array().expect("notices") {
        let id = notice["id"].as_str().expect("an id");
        let (_, proof) = call(&him, "GET", &format!("/api/v1/notices/{id}/proof"), None).await;
        let proof = &proof["detail"];
        let steps = proof["timeline"].as_array().expect("steps");
        let said: Vec<_> =
            steps.iter().filter(|step| step["what"] == "not_set_up").map(|step| &step["detail"]).collect();
        assert_eq!(said, [&json!("no mail server is set up: [notification.smtp]")], "{proof}");
        let mail = proof["notice"]["legs"]
            .as_array()
            .and_then(|legs| legs.iter().find(|leg| leg["channel"] == "email"));
        let mail = mail.expect("a leg");
        assert_eq!(
            (&mail["state"], &mail["attempts"], &mail["sha256"]),
            (&json!("not_set_up"), &json!(0), &json!(null)),
            "{proof}"
        );
        assert_eq!(proof["notice"]["state"], json!("delivered"));
    }
    let (_, mode) = call(&him, "GET", "/api/v1/notification/mode", None).await;
    assert_eq!(mode["not_set_up"][0]["channel"], json!("email"), "{mode}");
    // when a server is there, then it can be sent by hand
    office.restart(false);
    let id = request(Formal).notice;
    let again = json!({"leg": 1, "why": "a server is there now"});
    let (status, answer) = call(
        &office.api(Office::somebody("lee", Role::HimManager)),
        "POST",
        &format!("/api/v1/notices/{id}/requeue"),
        Some(again),
    )
    .await;
    assert_eq!(status, 200, "{answer}");
    office.catch_up().await;
    assert_eq!(office.sent().len(), 1);
    let (_, mode) = call(&him_of(&office), "GET", "/api/v1/notification/mode", None).await;
    assert_eq!(mode["not_set_up"], json!(null), "{mode}");
}

fn him_of(office: &Office) -> (axum::Router, String) {
    office.api(Office::somebody("max", Role::HimManager))
}

#[tokio::test]
async fn what_is_not_set_up_here_is_a_failure_in_sight_where_nothing_else_is_left_or_the_policy_demands_it() {
    for (channels, on_all) in [
        (vec![Channel::Email], false),
        (vec![Channel::Email, Channel::Inbox], true),
        (vec![Channel::Email, Channel::Letter], false),
    ] {
        let mut office = Office::opened(Mode::Live).await;
        office.restart_with(false, without_server());
        office.ask(&NoticeRequested { channels: channels.clone(), on_all, ..request(Formal) }).await;
        office.catch_up().await;
        // then it is said, and to be seen: a letter is tried first, and has no address
        let outcomes = kinds(&office.outcomes().await);
        assert!(
            outcomes.iter().any(|(_, outcome)| *outcome == Outcome::Failed),
            "{channels:?}: {outcomes:?}"
        );
        let him = office.api(Office::somebody("kim", Role::HimManager));
        let (_, dead) = call(&him, "GET", "/api/v1/notices/dead-letters", None).await;
        assert_eq!(dead["total"], json!(1), "{channels:?}: {dead}");
    }
}

#[tokio::test]
async fn an_answer_is_waited_for_longer_than_the_slowest_channel_takes() {
    use countersign_notification::channels::email::EmailSettings;
    let settings: EmailSettings = toml::from_str(
        "host = 'mail.example'\nport = 465\ntls = 'implicit'\nfrom = 'a@example.org'\nhello = 'b.example'\n\
         message_seconds = 600\ncommand_seconds = 300\nconnect_seconds = 30",
    )
    .expect("settings");
    let email =
        Email::new(&settings, Arc::new(TemplateSet::built_in().expect("templates"))).expect("a channel");
    let longest = email.longest();
    assert!(longest.as_secs() >= 2 * 600 + 30 + 3 * 300, "{longest:?}");
    let mut office = Office::opened(Mode::Live).await;
    office.restart_with(false, Arc::new(email));
    assert!(office.service.patience().answer_within.unsigned_abs() > longest);
}

#[tokio::test]
async fn a_withdrawal_that_comes_first_keeps_the_notice_here() {
    use countersign_contracts::notice::NoticeWithdrawn;
    let office = Office::opened(Mode::Live).await;
    let (notice, at) = (request(Formal).notice, office.now());
    let withdrawn = NoticeWithdrawn { notice, because: "everything is done".to_owned(), at };
    office.tell(NoticeWithdrawn::TYPE, &withdrawn).await;
    office.catch_up().await;
    office.ask(&by_mail_or_inbox()).await;
    office.catch_up().await;
    assert_eq!(office.sent().len(), 0);
    assert_eq!(kinds(&office.outcomes().await), [(None, Outcome::Dropped)]);
}

#[tokio::test]
async fn a_notice_about_a_chart_goes_out_without_a_provider_and_one_of_an_unknown_kind_is_a_dead_letter() {
    use countersign_contracts::notice::Recipient;
    let office = Office::opened(Mode::Live).await;
    let him = office.api(Office::somebody("kim", Role::HimManager));
    let to_him = |name: &str, kind: &str| NoticeRequested {
        notice: countersign_kernel::NoticeId::derive(&[name]),
        kind: kind.to_owned(),
        about: None,
        recipient: Recipient::Office { name: "him".to_owned() },
        channels: vec![Channel::Inbox],
        names_date: None,
        ..request(Formal)
    };
    office.ask(&to_him("chart", "regulatory-limit")).await;
    office.ask(&to_him("later", "of-a-later-version")).await;
    office.catch_up().await;
    let (_, inbox) = call(&him, "GET", "/api/v1/inbox", None).await;
    assert_eq!((&inbox["total"], &inbox["items"][0]["about"]), (&json!(1), &json!(null)), "{inbox}");
    let (_, dead) = call(&him, "GET", "/api/v1/notices/dead-letters", None).await;
    assert_eq!(
        dead["items"][0]["because"],
        json!("the kind of the notice is not known to this version"),
        "{dead}"
    );
}

#[tokio::test]
async fn what_was_cut_off_is_found_by_whoever_has_the_seat_of_the_process_that_is_gone() {
    use countersign_contracts::notice::NoticeClass::Reminder;
    let loops = |office: &Office| {
        let mut loops = tokio::task::JoinSet::new();
        let [projected, dispatched, fired] = [(); 3].map(|()| Arc::clone(&office.service));
        loops.spawn(async move { projected.project().await.expect("projects") });
        loops.spawn(async move { dispatched.dispatch().await.expect("dispatches") });
        loops.spawn(async move { fired.fire_timers().await });
        loops
    };
    for (class, wanted) in [(Formal, "queued"), (Reminder, "unknown")] {
        // given one of several processes on a journal, which dies while it waits for an answer
        let mut office = Office::opened(Mode::Live).await;
        office.without_digests().await;
        let process = |name: &str, seat: &str| Some((name.to_owned(), seat.to_owned()));
        office.process = process("one", "seat a");
        office.restart(false);
        office.answer([None]);
        office.ask(&request(class)).await;
        let working = office.service.catch_up();
        assert!(tokio::time::timeout(Duration::from_secs(2), working).await.is_err(), "it waits");
        let becomes = |office: &Office, state: &'static str| {
            let model = Arc::clone(office.service.read_model());
            async move {
                let mut changes = model.changes();
                let is = move |sql: &rusqlite::Connection| {
                    let row = countersign_notification::projections::notice(sql, request(Formal).notice)?;
                    Ok(row.is_some_and(|row| row.legs[0].state == state))
                };
                while !model.query_blocking(is).expect("read") {
                    changes.changed().await.expect("folded");
                }
            }
        };
        // when another process starts elsewhere, then the attempt is not its business: its sender may be alive
        office.process = process("two", "seat b");
        office.restart(true);
        let mut elsewhere = loops(&office);
        let found = tokio::time::timeout(Duration::from_secs(2), becomes(&office, wanted)).await;
        assert!(found.is_err(), "{class:?}");
        elsewhere.shutdown().await;
        // but one on the same seat knows at once
        office.process = process("three", "seat a");
        office.restart(true);
        let _loops = loops(&office);
        tokio::time::timeout(Duration::from_secs(20), becomes(&office, wanted)).await.expect("found");
    }
}

#[tokio::test]
async fn a_letter_to_a_name_without_a_place_is_refused_in_sight_and_somebody_is_asked_for_the_address() {
    // given somebody of whom the directory knows a name and no postal address
    let office = Office::opened(Mode::Live).await;
    let him = office.api(Office::somebody("kim", Role::HimManager));
    let by_post = |name: &str| NoticeRequested {
        notice: countersign_kernel::NoticeId::derive(&[name]),
        channels: vec![Channel::Letter, Channel::Inbox],
        ..request(Formal)
    };
    // when a letter is asked for
    office.ask(&by_post("first")).await;
    office.catch_up().await;
    // then none waits to be printed, the next way is taken, and the notice says why
    let (_, letters) = call(&him, "GET", "/api/v1/letters", None).await;
    assert_eq!(letters["total"], json!(0), "{letters}");
    let id = by_post("first").notice;
    let (_, detail) = call(&him, "GET", &format!("/api/v1/notices/{id}"), None).await;
    let legs = &detail["notice"]["legs"];
    assert_eq!((&legs[0]["state"], &legs[1]["state"]), (&json!("failed"), &json!("delivered")), "{legs}");
    assert!(legs[0]["detail"].as_str().is_some_and(|said| said.contains("no postal address")), "{legs}");
    // and there is one task, however many letters there were
    office.ask(&by_post("second")).await;
    office.catch_up().await;
    let (_, tasks) = call(&him, "GET", "/api/v1/contacts/tasks", None).await;
    let task = &tasks["items"][0];
    assert_eq!(
        (&tasks["total"], &task["kind"], &task["channel"]),
        (&json!(1), &json!("no_address"), &json!("letter"))
    );
    // when the address is known, then the next letter waits to be printed
    let key = task["contact"].as_str().expect("a contact");
    let lines = json!({"addresses": [{"channel": "letter", "lines": ["Ana Núñez", "1 Hospital Way"]}], "why": "asked"});
    let (status, answer) =
        call(&him, "POST", &format!("/api/v1/contacts/{key}/addresses"), Some(lines)).await;
    assert_eq!(status, 200, "{answer}");
    office.ask(&by_post("third")).await;
    office.catch_up().await;
    let (_, letters) = call(&him, "GET", "/api/v1/letters", None).await;
    assert_eq!(letters["total"], json!(1), "{letters}");
}

#[tokio::test]
async fn an_inbox_says_in_words_what_the_template_renders() {
    let office = Office::opened(Mode::Live).await;
    let him = office.api(Office::somebody("kim", Role::HimManager));
    office
        .ask(&NoticeRequested {
            recipient: countersign_contracts::notice::Recipient::Office { name: "him".to_owned() },
            channels: vec![Channel::Inbox],
            ..request(Formal)
        })
        .await;
    office.catch_up().await;
    let (_, inbox) = call(&him, "GET", "/api/v1/inbox", None).await;
    let message = &inbox["items"][0];
    let says = |part: &str, words: &str| message[part].as_str().is_some_and(|text| text.contains(words));
    assert!(says("subject", "3 items") && says("text", "March 20, 2026"), "{message}");
    // and these are the very bytes on record
    let id = request(Formal).notice;
    let (_, detail) = call(&him, "GET", &format!("/api/v1/notices/{id}"), None).await;
    assert_eq!(detail["notice"]["legs"][0]["content_type"], json!("text/plain; charset=utf-8"), "{detail}");
}

#[tokio::test]
async fn lists_of_work_are_read_page_by_page_to_their_end() {
    // given three notices of which nothing is left to try, and letters for an office that wait
    let office = Office::opened(Mode::Live).await;
    let him = office.api(Office::somebody("kim", Role::HimManager));
    let address = json!({"addresses": [{"channel": "letter", "lines": ["HIM", "Room 4"]}], "why": "asked"});
    let (status, answer) = call(&him, "POST", "/api/v1/contacts/office-him/addresses", Some(address)).await;
    assert_eq!(status, 200, "{answer}");
    let named = |name: String| NoticeRequested {
        notice: countersign_kernel::NoticeId::derive(&[&name]),
        ..request(Formal)
    };
    for n in 0..3 {
        office.ask(&NoticeRequested { channels: vec![Channel::Letter], ..named(format!("dead {n}")) }).await;
        office
            .ask(&NoticeRequested {
                channels: vec![Channel::Letter],
                recipient: countersign_contracts::notice::Recipient::Office { name: "him".to_owned() },
                ..named(format!("letter {n}"))
            })
            .await;
    }
    office.catch_up().await;
    for path in ["/api/v1/letters", "/api/v1/notices/dead-letters"] {
        // when they are read one by one
        let (mut seen, mut next) = (std::collections::BTreeSet::new(), String::new());
        loop {
            let (status, page) = call(&him, "GET", &format!("{path}?limit=1{next}"), None).await;
            assert_eq!((status.as_u16(), &page["total"]), (200, &json!(3)), "{path}: {page}");
            let row = page["items"][0].to_string();
            assert!(seen.insert(row.clone()), "{path}: twice: {row}");
            match page["next"].as_str() {
                Some(cursor) => next = format!("&cursor={}", cursor.replace('~', "%7E").replace('/', "%2F")),
                None => break,
            }
        }
        // then each comes once, and a cursor of somebody's own is refused
        assert_eq!(seen.len(), 3, "{path}");
        assert_eq!(call(&him, "GET", &format!("{path}?cursor=odd"), None).await.0, 400);
    }
}

#[tokio::test]
async fn two_tasks_of_one_contact_are_settled_each_whatever_name_the_requests_go_by() {
    // given an address that is wrong, and nowhere else to send it
    let office = Office::opened(Mode::Live).await;
    let him = office.api(Office::somebody("kim", Role::HimManager));
    office.answer([Some(Sent::Refused { detail: "550 no such mailbox".to_owned() })]);
    let both = NoticeRequested { channels: vec![Channel::Email, Channel::Letter], ..request(Formal) };
    office.ask(&both).await;
    office.catch_up().await;
    let (_, tasks) = call(&him, "GET", "/api/v1/contacts/tasks", None).await;
    assert_eq!(tasks["total"], json!(2), "{tasks}");
    // when both are settled, under the same key
    for task in tasks["items"].as_array().expect("a list") {
        let path = format!("/api/v1/contacts/tasks/{}/settle", task["id"].as_str().expect("an id"));
        let (status, answer) = call(&him, "POST", &path, Some(json!({"why": "asked"}))).await;
        assert_eq!(status, 200, "{answer}");
    }
    // then both are
    office.catch_up().await;
    let (_, tasks) = call(&him, "GET", "/api/v1/contacts/tasks", None).await;
    assert_eq!(tasks["total"], json!(0), "{tasks}");
}
