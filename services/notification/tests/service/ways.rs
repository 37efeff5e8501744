//! From one way to the next.

use std::sync::Arc;

use countersign_contracts::notice::{Channel, NoticeClass::Formal, NoticeRequested, Outcome};
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
    assert_eq!((&tasks[0]["kind"], tasks.as_array().map(Vec::len)), (&json!("address_bounced"), Some(1)));
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
    assert_eq!(dead, json!([]));
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
async fn without_a_mail_server_live_mode_says_so_and_takes_the_next_channel() {
    let mut office = Office::opened(Mode::Live).await;
    office.restart_with(false, without_server());
    office.ask(&by_mail_or_inbox()).await;
    office.catch_up().await;
    let outcomes = office.outcomes().await;
    let expected = [(Some(Channel::Email), Outcome::Failed), (Some(Channel::Inbox), Outcome::Accepted)];
    assert_eq!(kinds(&outcomes)[..2], expected);
    assert_eq!(outcomes[0].detail.as_deref(), Some("no mail server is set up: [notification.smtp]"));
    // and the address is not to blame
    let him = office.api(Office::somebody("kim", Role::HimManager));
    assert_eq!(call(&him, "GET", "/api/v1/contacts/tasks", None).await.1, json!([]));
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
    assert_eq!(dead[0]["because"], json!("the kind of the notice is not known to this version"), "{dead}");
}
