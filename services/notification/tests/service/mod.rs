//! The whole service on a real journal.

mod access;
mod digests;
mod lists;
mod office;
mod outage;
mod stopped;
mod ways;

use std::time::Duration;

use countersign_contracts::{
    deficiency::DeficiencyStatus::{Open, Satisfied},
    notice::{
        Channel,
        NoticeClass::{Formal, Reminder},
        Outcome,
    },
};
use countersign_kernel::Role;
use countersign_notification::{channels::Sent, domain::notice::Mode};
use serde_json::json;

use crate::given::{item, monday, request};
use office::{Office, call};

fn kinds(outcomes: &[countersign_contracts::notice::NoticeOutcome]) -> Vec<(Option<Channel>, Outcome)> {
    outcomes.iter().map(|outcome| (outcome.channel, outcome.outcome)).collect()
}

#[tokio::test]
async fn a_formal_notice_is_sent_once_and_delivered_when_nothing_came_back() {
    // given
    let office = Office::opened(Mode::Live).await;
    office.ask(&request(Formal)).await;
    // when everything is worked through, twice
    office.catch_up().await;
    office.catch_up().await;
    // then there is one mail, and whoever asked knows of it
    assert_eq!(office.sent().len(), 1);
    assert_eq!(kinds(&office.outcomes().await), [(Some(Channel::Email), Outcome::Accepted)]);
    // and a day later it counts as delivered, with the hash of what was sent
    office.at("2026-03-03T15:00:01Z").await;
    let outcomes = office.outcomes().await;
    assert_eq!(outcomes.last().map(|last| last.outcome), Some(Outcome::Delivered));
    assert!(outcomes.last().is_some_and(|last| last.sha256.is_some() && last.track.is_some()));
    // and the read model is what the journal says
    let fresh = countersign_notification::service::read_model();
    let difference = office.service.read_model().difference(fresh, office.journal.as_ref()).await;
    assert_eq!(difference.expect("compared"), None);
}

#[tokio::test]
async fn replay_sends_nothing() {
    let mut office = Office::opened(Mode::Live).await;
    office.ask(&request(Formal)).await;
    office.catch_up().await;
    let before = office.outcomes().await;
    // when checkpoints and tables are lost and everything is read again from the beginning
    office.restart(true);
    office.catch_up().await;
    // then nothing is sent and nothing recorded
    assert_eq!(office.sent().len(), 1);
    assert_eq!(office.outcomes().await, before);
}

#[tokio::test]
async fn a_process_that_dies_between_sending_and_the_answer() {
    for (class, sent) in [(Reminder, 1), (Formal, 2)] {
        // given a mail server that took the mail, and a process that never heard of it
        let mut office = Office::opened(Mode::Live).await;
        office.without_digests().await;
        office.answer([None]);
        office.ask(&request(class)).await;
        let working = office.service.catch_up();
        assert!(
            tokio::time::timeout(Duration::from_secs(5), working).await.is_err(),
            "it waits for an answer"
        );
        assert_eq!(office.sent().len(), 1);
        // when it is started again and finds what was left
        office.restart(false);
        assert_eq!(office.service.find_abandoned().await.expect("looked"), 1);
        office.at("2026-03-02T15:10:00Z").await;
        office.at("2026-03-02T15:20:00Z").await;
        // then a reminder was not doubled, and a formal notice not lost: the same message again
        assert_eq!(office.sent().len(), sent, "{class:?}");
        let ids: std::collections::BTreeSet<_> = office
            .sent()
            .into_iter()
            .collect::<Vec<_>>()
            .into_iter()
            .map(|sending| (sending.message_id, sending.text))
            .collect();
        assert_eq!(ids.len(), 1, "under the same id, byte for byte");
        let expected = if class == Formal { Outcome::Accepted } else { Outcome::Unknown };
        assert_eq!(kinds(&office.outcomes().await), [(Some(Channel::Email), expected)]);
    }
}

#[tokio::test]
async fn a_digest_never_contains_an_item_completed_before_it_is_rendered() {
    // given somebody who owes two things, and a digest that waits for the end of the quiet hours
    let office = Office::opened(Mode::Live).await;
    for n in [1, 2] {
        office.owe(n, Open, "2026-03-20T12:00:00Z".parse().expect("an instant")).await;
    }
    let him = office.api(Office::somebody("kim", Role::HimManager));
    let key = format!("provider-{}", countersign_contracts::staff::key_of(&crate::given::provider()));
    let path = format!("/api/v1/contacts/{key}/preferences");
    let digest = json!({"digest": {"every": "daily", "at": "06:00:00"}});
    let (status, answer) = call(&him, "POST", &path, Some(digest)).await;
    assert_eq!(status, 200, "{answer}");
    office.at("2026-03-03T06:00:00Z").await;
    assert_eq!(office.sent().len(), 0, "the night is quiet");
    // when one of them is done in between
    office.at("2026-03-03T06:30:00Z").await;
    office.owe(1, Satisfied, monday()).await;
    office.at("2026-03-03T07:00:00Z").await;
    // then the mail tells of the other one only, and what fell out is on record
    let sent = office.sent();
    assert_eq!(sent.len(), 1);
    let told: serde_json::Value = serde_json::from_str(&sent[0].text).expect("JSON");
    assert_eq!((&told["item_count"], &told["counts"]["done"]), (&json!(1), &json!(1)), "{told}");
    let (_, notices) = call(&him, "GET", "/api/v1/notices?kind=digest", None).await;
    let id = notices["items"][0]["id"].as_str().expect("a notice").to_owned();
    let (_, detail) = call(&him, "GET", &format!("/api/v1/notices/{id}"), None).await;
    assert_eq!(detail["dropped_items"], json!([item(1)]));
    // and the next day nothing that was said is said again as new
    office.at("2026-03-04T07:00:00Z").await;
    let told: serde_json::Value = serde_json::from_str(&office.sent()[1].text).expect("JSON");
    assert_eq!(told["counts"]["new"], json!(0), "{told}");
}

#[tokio::test]
async fn nothing_leaves_in_shadow_mode_until_an_operator_decides_so() {
    let office = Office::opened(Mode::Shadow).await;
    let him = office.api(Office::somebody("kim", Role::HimManager));
    office.ask(&request(Formal)).await;
    office.catch_up().await;
    assert_eq!(office.sent().len(), 0);
    assert_eq!(kinds(&office.outcomes().await), [(Some(Channel::Email), Outcome::Withheld)]);
    // when somebody who may decides that it leaves
    let live = json!({"mode": "live", "why": "the pilot is over"});
    let analyst = office.api(Office::somebody("lee", Role::HimAnalyst));
    assert_eq!(call(&analyst, "POST", "/api/v1/notification/mode", Some(live.clone())).await.0, 403);
    assert_eq!(call(&him, "POST", "/api/v1/notification/mode", Some(live)).await.0, 200);
    // then the next one does
    let next = countersign_contracts::notice::NoticeRequested {
        notice: countersign_kernel::NoticeId::derive(&["next"]),
        ..request(Formal)
    };
    office.ask(&next).await;
    office.catch_up().await;
    assert_eq!(office.sent().len(), 1);
}

#[tokio::test]
async fn what_is_refused_for_good_is_a_dead_letter_a_task_and_can_be_sent_elsewhere() {
    let office = Office::opened(Mode::Live).await;
    let him = office.api(Office::somebody("kim", Role::HimManager));
    office.answer([Some(Sent::Refused { detail: "550 no such mailbox".to_owned() })]);
    office
        .ask(&countersign_contracts::notice::NoticeRequested {
            channels: vec![Channel::Email],
            ..request(Formal)
        })
        .await;
    office.catch_up().await;
    let outcomes = kinds(&office.outcomes().await);
    assert_eq!(outcomes, [(Some(Channel::Email), Outcome::Bounced), (None, Outcome::Failed)]);
    let (_, dead) = call(&him, "GET", "/api/v1/notices/dead-letters", None).await;
    assert_eq!(dead["items"][0]["because"], json!("550 no such mailbox"));
    let (_, tasks) = call(&him, "GET", "/api/v1/contacts/tasks", None).await;
    assert_eq!(tasks["items"][0]["kind"], json!("address_bounced"));
    // when it is sent elsewhere, twice under the same key
    let id = dead["items"][0]["notice"]["id"].as_str().expect("a notice").to_owned();
    let again = json!({"leg": 1, "to": {"channel": "email", "address": "ana.nunez@example.org"}, "why": "typed wrong"});
    for _ in 0..2 {
        let (status, answer) =
            call(&him, "POST", &format!("/api/v1/notices/{id}/requeue"), Some(again.clone())).await;
        assert_eq!(status, 200, "{answer}");
    }
    office.catch_up().await;
    // then it arrives once
    assert_eq!(office.sent().len(), 2);
    let (_, detail) = call(&him, "GET", &format!("/api/v1/notices/{id}"), None).await;
    assert_eq!(detail["notice"]["state"], json!("accepted"), "{detail}");
    // and the proof can be had, and others may not have it
    let (status, proof) = call(&him, "GET", &format!("/api/v1/notices/{id}/proof"), None).await;
    assert_eq!((status.as_u16(), proof["events_sha256"].as_str().map(str::len)), (200, Some(64)));
    let (status, _) = call(&him, "GET", &format!("/api/v1/notices/{id}/proof.pdf"), None).await;
    assert_eq!(status, 200);
    let stranger = office.api(Office::somebody("max", Role::Physician));
    assert_eq!(call(&stranger, "GET", &format!("/api/v1/notices/{id}"), None).await.0, 403);
}

#[tokio::test]
async fn the_loops_of_a_process_bring_a_notice_out_by_themselves() {
    let office = Office::opened(Mode::Live).await;
    office.answer([Some(Sent::Later { detail: "451 greylisted".to_owned(), after: None })]);
    let mut loops = tokio::task::JoinSet::new();
    for run in 0..4 {
        let service = std::sync::Arc::clone(&office.service);
        loops.spawn(async move {
            match run {
                0 => service.consume().await.expect("consumes"),
                1 => service.project().await.expect("projects"),
                2 => service.dispatch().await.expect("dispatches"),
                _ => service.fire_timers().await,
            }
        });
    }
    office.ask(&request(Formal)).await;
    let sent = |count: usize| {
        let office = &office;
        async move {
            let mut changes = office.service.read_model().changes();
            while office.sent().len() < count {
                changes.changed().await.expect("folded");
            }
        }
    };
    let limit = Duration::from_mins(1);
    tokio::time::timeout(limit, sent(1)).await.expect("the first attempt");
    // when it was put off, and the greylisting is over
    let mut changes = office.service.read_model().changes();
    let put_off = |sql: &rusqlite::Connection| {
        let row = countersign_notification::projections::notice(sql, request(Formal).notice)?;
        Ok(row.is_some_and(|row| row.legs[0].attempts == 1 && row.legs[0].state == "queued"))
    };
    while !office.service.read_model().query_blocking(put_off).expect("read") {
        changes.changed().await.expect("folded");
    }
    office.clock.set("2026-03-02T15:30:00Z".parse().expect("an instant"));
    tokio::time::timeout(limit, async {
        while office.outcomes().await.is_empty() {
            tokio::time::timeout(Duration::from_millis(300), changes.changed()).await.ok();
        }
    })
    .await
    .expect("accepted");
    assert_eq!(kinds(&office.outcomes().await), [(Some(Channel::Email), Outcome::Accepted)]);
    assert_eq!(office.sent().len(), 2);
    loops.abort_all();
}

#[tokio::test]
async fn a_mail_system_that_signs_may_report_a_bounce_and_nobody_else() {
    use countersign_notification::channels::webhook::SigningKey;
    let office = Office::opened(Mode::Live).await;
    office.ask(&request(Formal)).await;
    office.catch_up().await;
    let message_id = office.sent()[0].message_id.clone();
    let body = json!({"reports": [
        {"message_id": format!("<{message_id}>"), "kind": "bounce", "detail": "550 <ana@example.org> unknown"},
        {"message_id": "other@example.com", "kind": "bounce"},
    ]})
    .to_string();
    let key = SigningKey::parse(office::REPORTS_SECRET).expect("a key");
    let signature = key.sign("call-1", office.now().as_second(), body.as_bytes());
    assert_eq!(office.report("v1,bm9uc2Vuc2U=", &body).await.0, 401);
    for _ in 0..2 {
        let (status, answer) = office.report(&signature, &body).await;
        assert_eq!(
            (status.as_u16(), &answer["known"], &answer["ignored"]),
            (200, &json!(1), &json!(1)),
            "{answer}"
        );
    }
    office.catch_up().await;
    // then it has come back once, and nobody knows where a letter would go, so a human is told
    let outcomes = office.outcomes().await;
    let bounces: Vec<_> = outcomes.iter().filter(|outcome| outcome.outcome == Outcome::Bounced).collect();
    assert_eq!(bounces.len(), 1);
    assert_eq!(bounces[0].detail.as_deref(), Some("550 [address] unknown"));
    assert_eq!(kinds(&outcomes).last(), Some(&(None, Outcome::Failed)));
}
