//! Notices that really leave: the running program, a mail server of others, a receiver of webhooks, people who read,
//! print and confirm.

use countersign_acceptance::{
    api::{Token, eventually},
    house::{House, MESSAGE_DOMAIN, Plan},
    receiver::Manner,
};
use countersign_testkit::smtp_peer::Mode;
use serde_json::{Value, json};

/// Monday, in the middle of the day.
const MONDAY: &str = "2026-03-02T10:00:00Z";

/// One notice after seven days, of this class and over these channels; everything counts at once.
fn policy(class: &str, to: &str, channels: &str) -> String {
    format!(
        r#"
title = "Rehearsal"
[[step]]
name = "notice-1"
after_days = 7
kind = "overdue"
class = "{class}"
to = [{to}]
channels = [{channels}]
[delivery]
email = "accepted"
channels = ["email", "inbox", "letter"]
[suspension]
enabled = false
[regulatory]
days = 300
to = ["him"]
"#
    )
}

/// A house in which Dr. Adams has owed a summary for three weeks, and a HIM manager.
fn with_a_debtor(plan: Plan, before: impl FnOnce(&mut House)) -> Option<(House, Token)> {
    let plan_reminds = plan.policy.contains("class = \"reminder\"");
    let mut house = House::open(plan.at(MONDAY))?;
    let him = house.somebody("kim", "him_manager", &[]);
    before(&mut house);
    let adams = house.employs("7001", "ADAMS", "ruth.adams@mail.example");
    if plan_reminds {
        house.want_no_digests(&him, &["7001".to_owned()]);
    }
    house.owes(&adams, "V1", "2026-02-02 08:00", "2026-02-05 12:00");
    Some((house, him))
}

fn leg<'a>(notice: &'a Value, channel: &str) -> &'a Value {
    let legs = notice["legs"].as_array().expect("legs");
    legs.iter().find(|leg| leg["channel"] == channel).unwrap_or(&Value::Null)
}

/// Attempts by e-mail that were begun and have ended.
fn tried(notice: &Value) -> u64 {
    let leg = leg(notice, "email");
    if leg["state"] == "sending" { 0 } else { leg["attempts"].as_u64().unwrap_or_default() }
}

fn is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |notice| notice["state"] == state
}

#[test]
fn given_an_old_debt_then_a_mail_arrives_with_the_right_headers_and_nothing_of_the_patient() {
    let plan = Plan::live(&policy("formal", r#""provider""#, r#""email", "inbox""#));
    let Some((house, him)) = with_a_debtor(plan, |_| {}) else { return };
    let mails = house.mails_come(1);
    let [mail] = mails.as_slice() else { panic!("{mails:#?}") };
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("him@hospital.example", &["ruth.adams@mail.example".to_owned()][..])
    );
    assert!(mail.header("To").contains("ruth.adams@mail.example"), "{}", mail.text);
    assert!(mail.header("From").contains("him@hospital.example"), "{}", mail.text);
    assert!(mail.header("Reply-To").contains("him@hospital.example"), "{}", mail.text);
    assert!(mail.id().ends_with(&format!("@{MESSAGE_DOMAIN}")), "{}", mail.text);
    assert!(mail.header("Date").contains("2 Mar 2026"), "{}", mail.text);
    assert!(!mail.header("Subject").is_empty() && !mail.header("Auto-Submitted").is_empty(), "{}", mail.text);
    let plain = mail.in_plain();
    assert!(plain.contains(&format!("https://{MESSAGE_DOMAIN}/")), "{plain}");
    for word in ["LUMEN", "ADA^", "Lumen", "9V1", "1951", "V1 "] {
        assert!(!plain.contains(word), "{word} stands in {plain}");
    }

    // then the notice is on record with the very bytes, and the track knows of its delivery
    let notice = house.notice_becomes(&him, "overdue", is("delivered"));
    let email = leg(&notice, "email");
    assert_eq!(email["message_id"], mail.id());
    let id = notice["id"].as_str().expect("an id");
    let kept = him.get(&house.url(&format!("notices/{id}/legs/{}/content", email["leg"])));
    assert_eq!((kept.status.as_u16(), kept.text.trim_end()), (200, mail.text.trim_end()));
    let track = notice["track"].as_str().expect("a track");
    let delivered = eventually(|| {
        let track = house.ask(&him, &format!("escalation/tracks/{track}"));
        track["notices"][0]["delivered_at"].as_str().map(str::to_owned).ok_or_else(|| track.to_string())
    });
    assert!(delivered.starts_with("2026-03-02T"), "{delivered}");
    // and its proof says so
    let proof = house.ask(&him, &format!("notices/{id}/proof"));
    assert!(proof.to_string().contains(&mail.id()), "{proof}");
    let pdf = him.get(&house.url(&format!("notices/{id}/proof.pdf")));
    assert!(pdf.text.starts_with("%PDF"), "{}", pdf.media_type);
    // and one mail was all
    assert_eq!(house.mails().len(), 1);
}

#[test]
fn given_a_mailbox_that_does_not_exist_then_the_next_way_is_taken_and_him_is_asked_for_the_address() {
    for channel in ["letter", "inbox"] {
        let plan = Plan::live(&policy("formal", r#""provider""#, &format!("\"email\", \"{channel}\"")));
        let Some(mut house) = House::open(plan.at(MONDAY)) else { return };
        let him = house.somebody("kim", "him_manager", &[]);
        house.mail.set(Mode::Refuse);
        let adams = house.employs("7001", "ADAMS", "ruth.adams@mail.example");
        house.writes_to(&him, "7001", &["Dr. Ruth Adams", "1 Hospital Way"]);
        house.owes(&adams, "V1", "2026-02-02 08:00", "2026-02-05 12:00");
        let reached = |notice: &Value| leg(notice, channel)["accepted_at"].is_string();
        let notice = house.notice_becomes(&him, "overdue", reached);
        assert_eq!(leg(&notice, "email")["state"], "failed", "{notice:#}");
        // then somebody has to find out the address
        let task = eventually(|| {
            let tasks = house.ask(&him, "contacts/tasks");
            tasks["items"]
                .as_array()
                .and_then(|tasks| tasks.first().cloned())
                .ok_or_else(|| tasks.to_string())
        });
        assert_eq!(task["contact"], notice["recipient"], "{task}");
        assert!(house.mails().is_empty());
        if channel == "inbox" {
            reads_it(&house, &him, notice["id"].as_str().expect("an id"));
        }
    }
}

/// The message is read behind sign-in, by whom it is for and nobody else.
fn reads_it(house: &House, him: &Token, id: &str) {
    let adams = house.somebody("adams", "physician", &["--provider", "7001^MERCY"]);
    let other = house.somebody("baker", "physician", &["--provider", "7002^MERCY"]);
    let message = eventually(|| {
        let inbox = house.ask(&adams, "inbox");
        let notice = || house.ask(him, &format!("notices/{id}"));
        inbox["items"][0]["id"].as_str().map(str::to_owned).ok_or_else(|| format!("{inbox} {:#}", notice()))
    });
    assert_eq!(message, id);
    let said = house.ask(&adams, "inbox");
    let words = said["items"][0]["text"].as_str().unwrap_or_default();
    assert!(words.contains("past due"), "{said}");
    assert_eq!(house.ask(&other, "inbox")["items"], json!([]));
    let read = format!("inbox/{message}/read");
    other.post(&house.url(&read), "r1", &json!({})).problem(404);
    assert_eq!(adams.post(&house.url(&read), "r1", &json!({})).status, 200);
    house.notice_becomes(him, "overdue", is("read"));
}

#[test]
fn given_a_mail_server_that_wants_to_be_asked_twice_then_the_mail_comes_a_little_later_and_once() {
    let plan = Plan::live(&policy("formal", r#""provider""#, r#""email""#));
    let made = with_a_debtor(plan, |house| house.mail.set(Mode::Greylist));
    let Some((house, him)) = made else { return };
    house.notice_becomes(&him, "overdue", |notice| tried(notice) == 1);
    // Seconds later, by the clock as it goes: what a mailbox may get in a minute does not hold the same mail back.
    let begun = std::time::Instant::now();
    let mails = house.mails_come(1);
    assert!(begun.elapsed() < std::time::Duration::from_secs(30), "{:?}", begun.elapsed());
    let notice = house.notice_becomes(&him, "overdue", is("delivered"));
    assert_eq!(leg(&notice, "email")["attempts"], 2);
    assert_eq!(mails.len(), 1);
}

#[test]
fn given_a_connection_that_breaks_after_the_last_byte_then_a_formal_notice_comes_again_and_a_reminder_does_not()
 {
    for class in ["formal", "reminder"] {
        let plan = Plan::live(&policy(class, r#""provider""#, r#""email""#));
        let made = with_a_debtor(plan, |house| house.mail.set(Mode::DropAfterData));
        let Some((mut house, him)) = made else { return };
        house.mails_come(1);
        house.mail.set(Mode::Accept);
        house.notice_becomes(&him, "overdue", |notice| tried(notice) == 1);
        house.resume_at(Some("2026-03-02T10:03:00Z"));
        if class == "formal" {
            let mails = house.mails_come(2);
            let notice = house.notice_becomes(&him, "overdue", is("delivered"));
            assert_eq!(leg(&notice, "email")["attempts"], 2);
            assert_eq!(mails[0].id(), mails[1].id());
            assert_eq!(mails[0].text, mails[1].text, "byte for byte");
            let id = notice["id"].as_str().expect("an id");
            let timeline = house.ask(&him, &format!("notices/{id}"))["timeline"].to_string();
            assert!(timeline.contains("unknown"), "{timeline}");
        } else {
            house.notice_becomes(&him, "overdue", is("unknown"));
            // Long after a second attempt would have been made.
            house.resume_at(Some("2026-03-03T10:00:00Z"));
            house.notice_becomes(&him, "overdue", is("unknown"));
            assert_eq!(house.mails().len(), 1);
        }
    }
}

#[test]
fn given_a_pilot_then_everything_goes_to_one_address_or_nothing_leaves() {
    let text = policy("formal", r#""provider", "medical_staff_office""#, r#""email""#);
    let mut redirect = Plan::live(&text);
    redirect.notification =
        "mode = \"redirect\"\nredirect_to = \"pilot@hospital.example\"\nbounce_hours = 0\n".to_owned();
    let Some((house, him)) = with_a_debtor(redirect, |_| {}) else { return };
    let mails = house.mails_come(2);
    assert!(mails.iter().all(|mail| mail.to == ["pilot@hospital.example"]), "{mails:#?}");
    let notices = house.notices(&him, "overdue");
    assert_eq!(notices.len(), 2, "{notices:#?}");

    let mut shadow = Plan::live(&text);
    shadow.notification = "mode = \"shadow\"\n".to_owned();
    let Some((mut house, him)) = with_a_debtor(shadow, |_| {}) else { return };
    let withheld = eventually(|| {
        let notices = house.notices(&him, "overdue");
        let all = notices.len() == 2 && notices.iter().all(|notice| notice["state"] == "withheld");
        if all { Ok(notices) } else { Err(format!("{notices:#?}")) }
    });
    // then what would have gone out can be looked at
    let id = withheld[0]["id"].as_str().expect("an id");
    let kept = him.get(&house.url(&format!("notices/{id}/legs/1/content")));
    assert!(kept.status == 200 && kept.text.contains("Message-ID"), "{}", kept.text);
    house.resume_at(Some("2026-03-03T10:00:00Z"));
    assert!(house.mails().is_empty());
}

#[test]
fn given_a_name_without_an_address_then_no_letter_is_printed_and_him_is_asked_where_letters_go() {
    let plan = Plan::live(&policy("formal", r#""provider""#, r#""letter", "email""#));
    let Some((house, him)) = with_a_debtor(plan, |_| {}) else { return };
    let reached = |notice: &Value| leg(notice, "email")["state"] == "delivered";
    let notice = house.notice_becomes(&him, "overdue", reached);
    assert_eq!(leg(&notice, "letter")["state"], "failed", "{notice:#}");
    assert_eq!(house.ask(&him, "letters")["total"], 0);
    let task = eventually(|| {
        let tasks = house.ask(&him, "contacts/tasks");
        tasks["items"].get(0).cloned().ok_or_else(|| tasks.to_string())
    });
    assert_eq!((&task["kind"], &task["channel"]), (&json!("no_address"), &json!("letter")), "{task}");
}

#[test]
fn given_a_letter_then_it_waits_in_the_queue_until_somebody_says_that_it_left() {
    let plan = Plan::live(&policy("formal", r#""provider", "medical_staff_office""#, r#""letter""#));
    let Some((house, him)) = with_a_debtor(plan, |_| {}) else { return };
    let letter = eventually(|| {
        let letters = house.ask(&him, "letters");
        letters["items"]
            .as_array()
            .and_then(|letters| letters.first().cloned())
            .ok_or_else(|| letters.to_string())
    });
    let (id, number) = (letter["notice"].as_str().expect("a notice"), letter["leg"].as_u64().expect("a leg"));
    let page = him.get(&house.url(&format!("notices/{id}/legs/{number}/content")));
    assert!(page.text.starts_with("%PDF"), "{}", page.media_type);
    let body = json!({"how": "handed_over", "on": "2026-03-02", "by_whom": "front desk", "why": ""});
    let adams = house.somebody("adams", "physician", &["--provider", "7001^MERCY"]);
    let confirm = house.url(&format!("letters/{id}/{number}/confirm"));
    adams.post(&confirm, "k1", &body).problem(403);
    let answer = him.post(&confirm, "k1", &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    eventually(|| {
        let notice = house.ask(&him, &format!("notices/{id}"));
        if notice["notice"]["state"] == "delivered" { Ok(()) } else { Err(notice.to_string()) }
    });
    let left = house.ask(&him, "letters?state=left");
    assert_eq!(left["total"], 1, "{left}");
}

#[test]
fn given_a_mail_that_comes_back_later_then_a_signed_report_makes_the_notice_undelivered() {
    let mut plan = Plan::live(
        &policy("formal", r#""provider""#, r#""email", "inbox""#)
            .replace("email = \"accepted\"", "email = \"bounce_free\"\nbounce_free_days = 1"),
    );
    plan.notification = "mode = \"live\"\nbounce_hours = 24\n".to_owned();
    let Some((house, him)) = with_a_debtor(plan, |_| {}) else { return };
    let mail = house.mails_come(1).remove(0);
    let notice = house.notice_becomes(&him, "overdue", is("accepted"));
    let now = house.now(&him);
    // Somebody else cannot say so.
    let other = "whsec_OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk=";
    house.report_bounce("call-1", &now, &mail.id(), Some(other)).problem(401);
    for call in ["call-1", "call-1", "call-2"] {
        let answer = house.report_bounce(call, &now, &mail.id(), None);
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    house.notice_becomes(&him, "overdue", |notice| leg(notice, "email")["state"] == "bounced");
    let track = notice["track"].as_str().expect("a track");
    let told = eventually(|| {
        let track = house.ask(&him, &format!("escalation/tracks/{track}"));
        let answers = track["notices"][0]["answers"].to_string();
        if answers.contains("bounced") { Ok(track) } else { Err(track.to_string()) }
    });
    assert!(told["notices"][0]["delivered_at"].is_null(), "{told}");
    assert_eq!(told["notices"][0]["answers"].to_string().matches("bounced").count(), 1, "{told}");
    // then the next way is taken: the message waits behind sign-in
    let adams = house.somebody("adams", "physician", &["--provider", "7001^MERCY"]);
    eventually(|| {
        let inbox = house.ask(&adams, "inbox");
        if inbox["items"].as_array().is_some_and(|items| items.len() == 1) {
            Ok(())
        } else {
            Err(inbox.to_string())
        }
    });
    let tasks = house.ask(&him, "contacts/tasks");
    assert_eq!(tasks["total"], 1, "{tasks}");
}

#[test]
fn given_an_office_behind_a_webhook_then_it_is_called_signed_and_once_by_its_id() {
    let text = policy("formal", r#""provider", "scheduling""#, r#""email", "webhook""#);
    let made = with_a_debtor(Plan::live(&text), |house| house.receiver.set(Manner::HangUp));
    let Some((house, him)) = made else { return };
    eventually(|| if house.receiver.calls().is_empty() { Err("no call".to_owned()) } else { Ok(()) });
    house.receiver.set(Manner::Accept);
    let notices = eventually(|| {
        let notices = house.notices(&him, "overdue");
        if notices.iter().all(is("delivered")) && notices.len() == 2 {
            Ok(notices)
        } else {
            Err(format!("{notices:#?}"))
        }
    });
    let of_office = notices.iter().find(|notice| notice["role"] == "scheduling").expect("its notice");
    let calls = house.receiver.calls();
    assert!(calls.len() >= 2, "{calls:#?}");
    for call in &calls {
        assert_eq!(call.id(), of_office["id"], "{call:#?}");
        assert!(House::is_signed(call), "{call:#?}");
        assert_eq!(call.body, calls[0].body);
        assert!(!call.body.contains("LUMEN") && !call.body.contains("9V1"), "{}", call.body);
    }
}
