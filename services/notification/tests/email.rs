//! E-mail against a real mail server of others, in good and in bad moods.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_contracts::notice::Channel;
use countersign_kernel::NoticeId;
use countersign_notification::{
    channels::{
        Address, Outgoing, Rendered, Sent, Transport,
        email::{Email, EmailSettings, Tls},
    },
    outbound::{Kind, Wording, synthetic},
    templates::TemplateSet,
};
use countersign_testkit::smtp_peer::{Mode, Options, Received, SmtpPeer};

const MESSAGE_ID: &str = "fc44616d.1@countersign.example";

fn settings(peer: &SmtpPeer) -> EmailSettings {
    EmailSettings {
        host: "127.0.0.1".to_owned(),
        port: peer.port(),
        tls: Tls::None,
        authority_file: None,
        user: None,
        password: None,
        from: "Chart completion <charts@hospital.example>".to_owned(),
        reply_to: Some("him@hospital.example".to_owned()),
        hello: "countersign.hospital.example".to_owned(),
        connect_seconds: 10,
        command_seconds: 10,
        message_seconds: 10,
        connections: 2,
        idle_seconds: 60,
    }
}

fn email(settings: &EmailSettings) -> Email {
    Email::new(settings, Arc::new(TemplateSet::built_in().expect("templates"))).expect("a channel")
}

fn to(address: &str) -> Address {
    Address::Email { address: address.to_owned(), name: "Ana Núñez, MD".to_owned() }
}

fn rendered(email: &Email, address: &Address) -> Rendered {
    let message = synthetic(Kind::PreSuspension, &Wording::default()).expect("a message");
    email.render(&message, address, MESSAGE_ID).expect("an e-mail")
}

async fn send(email: &Email, address: &Address, rendered: &Rendered) -> Sent {
    let notice = NoticeId::derive(&["synthetic"]);
    email.send(Outgoing { notice, attempt: 1, message_id: MESSAGE_ID, address, rendered }).await
}

async fn send_one(email: &Email) -> Sent {
    let address = to("ana@hospital.example");
    send(email, &address, &rendered(email, &address)).await
}

fn bytes(received: &Received) -> Vec<u8> {
    STANDARD.decode(&received.content).expect("base64")
}

#[tokio::test]
async fn the_mail_server_receives_the_exact_bytes_that_were_kept() {
    let Some(peer) = SmtpPeer::start(&Options::default()) else { return };
    let email = email(&settings(&peer));
    let address = to("ana@hospital.example");
    let kept = rendered(&email, &address);

    let sent = send(&email, &address, &kept).await;

    assert_eq!(sent, Sent::Accepted { detail: "250 2.0.0 queued as 4XyZ17".to_owned() });
    let [received] = peer.received().try_into().expect("one message");
    assert_eq!(bytes(&received), kept.bytes);
    assert_eq!(
        (received.from.as_str(), received.to),
        ("charts@hospital.example", vec!["ana@hospital.example".into()])
    );
    assert_eq!(
        (email.channel(), kept.content_type, kept.template.as_str()),
        (Channel::Email, "message/rfc822", "pre-suspension@1")
    );
    assert_eq!(kept, rendered(&email, &address), "the same message gives the same bytes");
    let text = String::from_utf8(kept.bytes.to_vec()).expect("text");
    let headers = text.split("\r\n\r\n").next().expect("headers");
    for header in [
        "Message-ID: <fc44616d.1@countersign.example>",
        "Auto-Submitted: auto-generated",
        "Subject: Notice before suspension on December 16, 2026: 3 items",
        "Date: Thu, 03 Dec 2026 12:00:00 +0000",
        "Reply-To: him@hospital.example",
        "multipart/alternative",
    ] {
        assert!(headers.contains(header), "{header} is missing in\n{headers}");
    }
    assert!(!headers.contains("List-Unsubscribe"), "nobody can leave the list of formal notices");
}

#[tokio::test]
async fn a_reminder_offers_to_leave_the_list() {
    let Some(peer) = SmtpPeer::start(&Options::default()) else { return };
    let email = email(&settings(&peer));
    let digest = synthetic(Kind::Digest, &Wording::default()).expect("a message");
    let kept = email.render(&digest, &to("ana@hospital.example"), MESSAGE_ID).expect("an e-mail");
    assert!(
        String::from_utf8_lossy(&kept.bytes)
            .contains("List-Unsubscribe: <https://countersign.example/notices/")
    );
}

#[tokio::test]
async fn refusals_are_for_good_and_name_no_address() {
    let Some(mut peer) = SmtpPeer::start(&Options::default()) else { return };
    let email = email(&settings(&peer));

    peer.set(Mode::Refuse);
    let refused = send_one(&email).await;
    peer.set(Mode::RefuseMessage);
    let whole = send_one(&email).await;
    peer.set(Mode::Accept);
    let accepted = send_one(&email).await;

    assert_eq!(refused, Sent::Refused { detail: "550 5.1.1 (address) no such mailbox".to_owned() });
    assert_eq!(whole, Sent::Refused { detail: "554 5.7.1 message refused by policy".to_owned() });
    assert!(matches!(accepted, Sent::Accepted { .. }), "{accepted:?}");
    let [received] = peer.received().try_into().expect("one message");
    assert_eq!(received.connection, 1, "a refusal leaves the connection usable");
}

#[tokio::test]
async fn greylisting_asks_to_come_again() {
    let Some(mut peer) = SmtpPeer::start(&Options::default()) else { return };
    let email = email(&settings(&peer));
    peer.set(Mode::Greylist);

    let first = send_one(&email).await;
    let second = send_one(&email).await;

    let expected = "451 4.7.1 (address) greylisted, try again later".to_owned();
    assert_eq!(first, Sent::Later { detail: expected, after: None });
    assert!(matches!(second, Sent::Accepted { .. }), "{second:?}");
    assert_eq!(peer.received().len(), 1);
}

#[tokio::test]
async fn a_connection_lost_after_the_message_leaves_it_unknown() {
    let Some(mut peer) = SmtpPeer::start(&Options::default()) else { return };
    let email = email(&settings(&peer));
    peer.set(Mode::DropAfterData);

    let sent = send_one(&email).await;

    assert!(matches!(sent, Sent::Unknown { .. }), "{sent:?}");
    assert_eq!(
        peer.received().len(),
        1,
        "the server has it; its sender cannot know, and has not sent it again"
    );
}

#[tokio::test]
async fn a_connection_lost_before_the_message_was_complete_is_tried_again_later() {
    let Some(mut peer) = SmtpPeer::start(&Options::default()) else { return };
    let email = email(&settings(&peer));
    let address = to("ana@hospital.example");

    peer.set(Mode::DropAtData);
    let at_data = send_one(&email).await;
    // Far more than the buffers of a connection hold: its end cannot have left.
    let endless = Rendered::new(vec![b'x'; 64 << 20], "message/rfc822", "overdue@1".to_owned());
    peer.set(Mode::DropInData);
    let within = send(&email, &address, &endless).await;

    assert!(matches!(at_data, Sent::Later { .. }), "{at_data:?}");
    assert!(matches!(within, Sent::Later { .. }), "{within:?}");
    assert_eq!(peer.received(), []);
}

#[tokio::test]
async fn a_server_that_goes_down_has_not_taken_the_message() {
    let Some(mut peer) = SmtpPeer::start(&Options::default()) else { return };
    let email = email(&settings(&peer));

    peer.set(Mode::Closing);
    let at_once = send_one(&email).await;
    peer.set(Mode::ClosingAfterData);
    let at_the_end = send_one(&email).await;

    for sent in [at_once, at_the_end] {
        assert_eq!(sent, Sent::Later { detail: "421 4.3.2 shutting down".to_owned(), after: None });
    }
}

#[tokio::test]
async fn a_slow_server_is_waited_for_as_long_as_the_settings_say() {
    let Some(mut peer) = SmtpPeer::start(&Options::default()) else { return };
    let patient = email(&settings(&peer));
    let hasty = email(&EmailSettings { message_seconds: 1, ..settings(&peer) });
    peer.set(Mode::Slow(2));

    let (waited, gave_up) = tokio::join!(send_one(&patient), send_one(&hasty));

    assert!(matches!(waited, Sent::Accepted { .. }), "{waited:?}");
    assert_eq!(gave_up, Sent::Unknown { detail: "the mail server did not answer in time".to_owned() });
}

#[tokio::test]
async fn connections_are_used_again_and_dead_ones_replaced_unseen() {
    let Some(mut peer) = SmtpPeer::start(&Options::default()) else { return };
    let email = email(&settings(&peer));

    for _ in 0..3 {
        assert!(matches!(send_one(&email).await, Sent::Accepted { .. }));
    }
    peer.disconnect();
    assert!(matches!(send_one(&email).await, Sent::Accepted { .. }));

    let connections: Vec<_> = peer.received().iter().map(|received| received.connection).collect();
    assert_eq!(connections, [1, 1, 1, 2]);
}

#[tokio::test]
async fn nobody_listening_is_tried_again_later() {
    let Some(peer) = SmtpPeer::start(&Options::default()) else { return };
    let email = email(&settings(&peer));
    drop(peer);

    let sent =
        tokio::time::timeout(Duration::from_secs(20), send_one(&email)).await.expect("an answer in time");

    assert!(matches!(sent, Sent::Later { .. }), "{sent:?}");
}

/// A certificate for 127.0.0.1 that is its own authority.
fn certificate() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    (made.cert.pem(), made.signing_key.serialize_pem())
}

#[tokio::test]
async fn with_tls_required_nothing_is_sent_in_the_clear_or_to_a_stranger() {
    let (certificate, key) = certificate();
    let options = Options { tls: Some((certificate.clone(), key)), sign_in: true };
    let Some(peer) = SmtpPeer::start(&options) else { return };
    let Some(plain) = SmtpPeer::start(&Options::default()) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, certificate).expect("a file");
    let account = |password: &str| EmailSettings {
        tls: Tls::Required,
        authority_file: Some(authority.clone()),
        user: Some("countersign".to_owned()),
        password: Some(countersign_notification::channels::Secret::new(password)),
        ..settings(&peer)
    };

    let right = send_one(&email(&account("correct horse"))).await;
    let wrong_password = send_one(&email(&account("wrong"))).await;
    let stranger =
        send_one(&email(&EmailSettings { authority_file: None, ..account("correct horse") })).await;
    let without_tls =
        send_one(&email(&EmailSettings { port: plain.port(), ..account("correct horse") })).await;

    assert!(matches!(right, Sent::Accepted { .. }), "{right:?}");
    // A wrong password says nothing about the recipient: it must not look like a bounce.
    assert!(
        matches!(&wrong_password, Sent::Later { detail, .. } if detail.contains("535")),
        "{wrong_password:?}"
    );
    assert!(matches!(stranger, Sent::Later { .. }), "{stranger:?}");
    assert!(matches!(without_tls, Sent::Later { .. }), "{without_tls:?}");
    let [received] = peer.received().try_into().expect("one message");
    assert_eq!((received.tls, received.user.as_deref()), (true, Some("countersign")));
    assert_eq!(plain.received(), []);
}
