//! A suspension from the first notice to the day on which everybody hears that it is over, over the API: two ignored
//! notices, a packet, the right person and the wrong ones, signatures by HL7, reinstatement within a minute.

use std::time::{Duration, Instant};

use countersign_acceptance::{
    api::{Token, eventually},
    house::{House, Plan},
    mllp::{all_accepted, send_all},
    place::Place,
    sample,
    stay::{ADAMS, Document, Stay},
};
use countersign_testkit::program::{Program, run, up_arguments};
use serde_json::{Value, json};

const POLICY: &str = r#"
title = "Rehearsal of a suspension"
[[step]]
name = "notice-1"
after_days = 7
kind = "overdue"
class = "formal"
to = ["provider"]
channels = ["email"]
[[step]]
name = "delinquent"
after_days = 21
kind = "pre-suspension"
class = "formal"
to = ["provider", "medical_staff_office"]
channels = ["email"]
days_after_previous = 1
warns_of_suspension = true
[delivery]
email = "accepted"
webhook = "accepted"
channels = ["email", "webhook"]
[suspension]
enabled = true
notice_days = 1
at = "any"
scope = ["new_admissions"]
exempt = ["emergencies"]
approver_roles = ["chief_medical_officer"]
proposal_to = ["chief_medical_officer"]
told = ["provider", "scheduling"]
[reinstatement]
mode = "automatic"
lift = "at_once"
[regulatory]
days = 300
to = ["him"]
"#;

/// The track of the one provider.
fn track(house: &House, who: &Token) -> Value {
    let page = house.ask(who, "escalation/tracks");
    page["items"].as_array().and_then(|items| items.first().cloned()).unwrap_or(page)
}

fn proposal(house: &House, chief: &Token) -> Value {
    eventually(|| {
        let inbox = house.ask(chief, "escalation/inbox");
        let items = inbox.as_array().or_else(|| inbox["items"].as_array()).cloned().unwrap_or_default();
        let found = items.into_iter().find(|item| item["kind"] == "suspension");
        found.ok_or_else(|| format!("{inbox}\n{:#}", track(house, chief)))
    })
}

/// What the receiver of webhooks was told, by the type of the call.
fn called(house: &House, kind: &str) -> usize {
    let named = |body: &str| serde_json::from_str::<Value>(body).expect("JSON")["type"] == kind;
    house.receiver.calls().iter().filter(|call| named(&call.body)).count()
}

#[test]
fn given_two_ignored_notices_then_a_human_suspends_and_a_signature_ends_it_within_a_minute() {
    // given a provider who has owed a history and a summary for 25 days
    let Some(mut house) = House::open(Plan::live(POLICY).at("2026-03-02T10:00:00Z")) else { return };
    let him = house.somebody("kim", "him_manager", &[]);
    let chief = house.somebody("dr.chief", "chief_medical_officer", &[]);
    let office = house.somebody("mso", "medical_staff_office", &[]);
    let adams = house.somebody("adams", "physician", &["--provider", "7001^MERCY"]);
    let who = house.employs("7001", "ADAMS", "ruth.adams@mail.example");
    house.owes(&who, "V1", "2026-02-02 08:00", "2026-02-05 12:00");
    // then the lower notice comes first, however old the items are
    let first = house.notice_becomes(&him, "overdue", |notice| notice["state"] == "delivered");
    assert!(house.notices(&him, "pre-suspension").is_empty(), "{first}");

    // when a day after its delivery is over, then the warning names a day that is a day after its own delivery
    house.resume_at(Some("2026-03-04T10:00:00Z"));
    let warned = eventually(|| {
        let notices = house.notices(&him, "pre-suspension");
        let done = notices.len() == 2 && notices.iter().all(|notice| notice["state"] == "delivered");
        if done { Ok(notices) } else { Err(format!("{notices:#?}\n{:#}", track(&house, &him))) }
    });
    for notice in &warned {
        assert_eq!(notice["names_date"], "2026-03-06", "{notice}");
    }
    let mails = house.mails();
    let warning = mails
        .iter()
        .find(|mail| mail.in_plain().contains("2026-03-06") || mail.in_plain().contains("March 6"));
    assert!(warning.is_some(), "no mail names the day: {mails:#?}");
    assert!(house.ask(&him, "escalation/suspensions")["items"].as_array().is_some_and(Vec::is_empty));

    // when that day comes, then a suspension is proposed, and nobody is suspended
    house.resume_at(Some("2026-03-06T10:00:00Z"));
    let item = proposal(&house, &chief);
    let packet = &item["packet"];
    let sha256 = packet["sha256"].as_str().expect("a hash").to_owned();
    assert_eq!(packet["items"]["items"].as_array().map(Vec::len), Some(2), "{packet:#}");
    let delivered = packet["notices"]
        .as_array()
        .map_or(0, |all| all.iter().filter(|one| one["delivered_at"].is_string()).count());
    assert!(delivered >= 2, "{packet:#}");
    assert!(packet["policy_text"].as_str().is_some_and(|text| text.contains("Rehearsal of a suspension")));
    assert!(house.ask(&him, "escalation/suspensions")["items"].as_array().is_some_and(Vec::is_empty));
    assert_eq!(called(&house, "notice.suspended"), 0);

    // when the wrong people decide, or on another packet, or without a reason, then it is refused
    let url = house.url(&format!("escalation/tracks/{}/acts", item["track"].as_str().expect("a track")));
    let confirm = |sha256: &str, why: &str| json!({"decision": {"act": "confirm_suspension", "proposal": item["proposal"], "packet_sha256": sha256}, "why": why});
    let right = confirm(&sha256, "two notices were ignored");
    for (name, wrong) in [("physician", &adams), ("him", &him), ("office", &office)] {
        let answer = wrong.post(&url, &format!("try-{name}"), &right);
        assert!(answer.status == 403 || answer.status == 404, "{name}: {} {}", answer.status, answer.text);
    }
    let other = chief.post(&url, "try-other", &confirm(&"0".repeat(64), "two notices were ignored"));
    assert_eq!(other.status, 409, "{}", other.text);
    assert_eq!(chief.post(&url, "try-silent", &confirm(&sha256, " ")).status, 422);
    assert!(house.ask(&him, "escalation/suspensions")["items"].as_array().is_some_and(Vec::is_empty));

    // when the chief medical officer confirms it, twice under one key, then it is in force once
    let first = chief.post(&url, "confirm", &right);
    assert!(first.status.is_success(), "{}", first.text);
    assert!(chief.post(&url, "confirm", &right).status.is_success());
    let in_force = eventually(|| {
        let register = house.ask(&him, "escalation/suspensions");
        match register["items"].as_array().map(Vec::as_slice) {
            Some([one]) if one["until"].is_null() => Ok(one.clone()),
            _ => Err(register.to_string()),
        }
    });
    assert_eq!(in_force["within_year"], 1);
    assert_eq!(in_force["authority"][0]["name"], "dr.chief", "{in_force}");
    eventually(
        || if called(&house, "notice.suspended") == 1 { Ok(()) } else { Err("nobody told".to_owned()) },
    );
    assert_eq!(house.notices(&him, "suspended").len(), 2);

    // when what was owed is signed, then the suspension is over within a minute
    let stay = Stay::new("V1").under(&who);
    let signed = |kind: &str, number: &str, at: &str| {
        stay.document("T02", at, &Document::new(kind, number).signed(ADAMS, "2026-03-06 09:55"))
    };
    house.tell(&[signed("HP", "D1", "2026-03-06 10:01")]);
    // One of two is not enough.
    let signed_last = Instant::now();
    house.tell(&[signed("DS", "D2", "2026-03-06 10:02")]);
    let ended = eventually(|| {
        let register = house.ask(&him, "escalation/suspensions");
        let one = register["items"][0].clone();
        if one["until"].is_string() { Ok(one) } else { Err(format!("{register}\n{:#}", track(&house, &him))) }
    });
    let took = signed_last.elapsed();
    assert!(took < Duration::from_mins(1), "it took {took:?}");
    eprintln!("reinstated after {took:?}");
    assert!(ended["ended_by"].is_null(), "by the policy alone: {ended}");

    // then everybody who was told of it is told of its end
    let roles = |kind: &str| {
        let mut roles: Vec<String> = house
            .notices(&him, kind)
            .iter()
            .map(|one| one["role"].as_str().unwrap_or_default().to_owned())
            .collect();
        roles.sort();
        roles
    };
    eventually(|| {
        if roles("reinstated").len() == 2 { Ok(()) } else { Err(format!("{:?}", roles("reinstated"))) }
    });
    assert_eq!(roles("reinstated"), roles("suspended"));
    eventually(
        || if called(&house, "notice.reinstated") == 1 { Ok(()) } else { Err("nobody told".to_owned()) },
    );
    // One mailbox gets one mail a minute: a little later the physician has both.
    house.resume_at(Some("2026-03-06T10:10:00Z"));
    eventually(|| {
        let kinds = house.notices(&him, "reinstated");
        let all = kinds.iter().all(|notice| notice["state"] == "delivered");
        if all { Ok(()) } else { Err(format!("{kinds:#?}")) }
    });
    let export = him.get(&house.url("escalation/suspensions?format=csv"));
    assert!(export.text.contains("dr.chief"), "{}", export.text);
    let why = house
        .ask(&him, &format!("escalation/tracks/{}/explanation", item["track"].as_str().expect("a track")));
    assert!(why["past"].as_array().is_some_and(|past| past.len() > 5), "{why:#}");
}

#[test]
fn given_a_suspension_in_force_when_its_warning_comes_back_after_all_then_leadership_has_a_correction() {
    // given a suspension that rests on a warning which the mail server took, and which counted as delivered by that
    let Some(mut house) = House::open(Plan::live(POLICY).at("2026-03-02T10:00:00Z")) else { return };
    let him = house.somebody("kim", "him_manager", &[]);
    let chief = house.somebody("dr.chief", "chief_medical_officer", &[]);
    let who = house.employs("7001", "ADAMS", "ruth.adams@mail.example");
    house.owes(&who, "V1", "2026-02-02 08:00", "2026-02-05 12:00");
    house.notice_becomes(&him, "overdue", |notice| notice["state"] == "delivered");
    house.resume_at(Some("2026-03-04T10:00:00Z"));
    eventually(|| {
        let warned = house.notices(&him, "pre-suspension");
        let done = warned.len() == 2 && warned.iter().all(|notice| notice["state"] == "delivered");
        if done { Ok(()) } else { Err(format!("{warned:#?}")) }
    });
    let mails = house.mails();
    let warning = mails.iter().rfind(|mail| mail.to == ["ruth.adams@mail.example"]).expect("the warning");
    house.resume_at(Some("2026-03-06T10:00:00Z"));
    let item = proposal(&house, &chief);
    let url = house.url(&format!("escalation/tracks/{}/acts", item["track"].as_str().expect("a track")));
    let confirm = json!({"decision": {"act": "confirm_suspension", "proposal": item["proposal"],
        "packet_sha256": item["packet"]["sha256"]}, "why": "two notices were ignored"});
    let confirmed = chief.post(&url, "confirm", &confirm);
    assert!(confirmed.status.is_success(), "{}", confirmed.text);
    let register = || house.ask(&him, "escalation/suspensions")["items"][0].clone();
    eventually(|| {
        if register()["from"].is_string() && called(&house, "notice.suspended") == 1 {
            Ok(())
        } else {
            Err(register().to_string())
        }
    });

    // when the mail system reports, days after it took the mail, that it came back
    let reported = house.report_bounce("late-1", &house.now(&him), &warning.id(), None);
    assert_eq!((reported.status.as_u16(), &reported.json()["known"]), (200, &json!(1)), "{}", reported.text);

    // then leadership has a correction before it, about this suspension, and it stays in force until a human decides
    let correction = eventually(|| {
        let inbox = house.ask(&chief, "escalation/inbox");
        let items = inbox.as_array().or_else(|| inbox["items"].as_array()).cloned().unwrap_or_default();
        let found = items.into_iter().find(|item| item["kind"] == "correction");
        found.ok_or_else(|| format!("{inbox}\n{:#}", track(&house, &chief)))
    });
    assert_eq!(correction["proposal"], item["proposal"], "{correction}");
    assert!(correction["text"].as_str().is_some_and(|text| text.contains("came back")), "{correction}");
    assert!(register()["until"].is_null());
    let address = house.ask(&him, "contacts/tasks");
    assert!(address.to_string().contains("address_bounced"), "{address}");

    // when the chief medical officer ends it for that, then scheduling hears of it, and the record keeps why
    let end = json!({"decision": {"act": "confirm_reinstatement", "proposal": item["proposal"]},
        "why": "the warning never arrived"});
    let ended = chief.post(&url, "end", &end);
    assert!(ended.status.is_success(), "{}", ended.text);
    eventually(
        || if called(&house, "notice.reinstated") == 1 { Ok(()) } else { Err(register().to_string()) },
    );
    assert!(register()["ended_because"].as_str().is_some_and(|why| why.contains("never arrived")));
}

#[test]
fn given_a_record_then_its_clock_cannot_be_set_and_nothing_is_loaded_into_it() {
    let place = Place::new();
    // A program that was only started has recorded nothing of a hospital: it says how to load one, every time.
    let mut program = Program::up(&place.data());
    program.restart();
    assert_eq!(program.stderr().matches("The data folder is empty").count(), 2, "{}", program.stderr());
    all_accepted(&send_all(program.mllp(), &[sample::adt("A01", "20260301080000", "M1", "V1")]));
    program.stop().well();
    for option in [&["--clock-from", "2026-03-02T10:00:00Z"][..], &["--demo"]] {
        let refused = run(up_arguments(&place.data(), option)).badly();
        assert!(refused.stderr.contains(option[0]), "{refused}");
    }
}
