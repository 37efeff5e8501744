//! Who is let in, and how.

use std::time::Duration;

use countersign_eventsourcing::spec::feed::{Fixture, Reading, publishers, say_many};
use countersign_nats::{Credentials, Nats, NatsError, NatsOptions, TlsFiles};
use countersign_testkit::nats_server::NatsServer;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::installation::{Installation, connect_raw, options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn user_and_password_are_asked_for_and_taken() {
    let server = NatsServer::start_with(&["--user", "countersign", "--pass", "right"]);
    let with = |password: &str| NatsOptions {
        credentials: Credentials::Password { user: "countersign".to_owned(), password: password.to_owned() },
        ..options(&server)
    };

    let refused = Nats::connect(with("wrong")).await.err().expect("no entry");
    assert!(matches!(refused, NatsError::Refused(_)), "{refused}");
    assert!(!refused.to_string().contains("wrong") && !format!("{:?}", with("wrong")).contains("wrong"));

    assert!(Nats::connect(with("right")).await.expect("entry").is_connected());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_us_for_a_while_is_come_back_to() {
    let right = ["--user", "countersign", "--pass", "right"];
    let server = NatsServer::start_with(&right);
    let options = NatsOptions {
        credentials: Credentials::Password { user: "countersign".to_owned(), password: "right".to_owned() },
        ..options(&server)
    };
    let mut installation = Installation::with(options, server, publishers()).await;
    let mut reading = Reading::begin(&*installation.feed(), &["alpha"], None);
    say_many(&*installation.journal, "a", "alpha", 0..10).await;
    reading.until("what is said", |reading| reading.events.len() == 10).await;

    installation.server.restart_with(&["--user", "countersign", "--pass", "other"]);
    reading.until("the interruption", |reading| reading.errors.len() >= 3).await;
    assert!(!installation.nats.is_connected());
    installation.server.restart_with(&right);
    say_many(&*installation.journal, "a", "alpha", 10..20).await;

    reading.until("what is said then", |reading| reading.events.len() == 20).await;
    assert_eq!(reading.numbers(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_is_waited_for_and_then_given_up() {
    let mut server = NatsServer::start();
    server.kill();
    let options = NatsOptions { patience: Duration::from_millis(300), ..options(&server) };

    let error = Nats::connect(options.clone()).await.err().expect("nobody there");
    assert!(error.is_transient(), "{error}");

    let patient = NatsOptions { patience: Duration::from_secs(30), ..options };
    let (connected, ()) =
        tokio::join!(Nats::connect(patient), async { tokio::task::block_in_place(|| server.restart()) });
    assert!(connected.expect("it came").is_connected());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_prove_themselves_with_certificates() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, text: String| std::fs::write(path(name), text).expect("written");
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed");
    write("authority.pem", authority.pem());
    for (name, subject) in [("server", "127.0.0.1"), ("client", "countersign")] {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![subject.to_owned()]).expect("parameters");
        write(&format!("{name}.pem"), params.signed_by(&key, &authority).expect("signed").pem());
        write(&format!("{name}.key"), key.serialize_pem());
    }
    let file = |name: &str| path(name).to_str().expect("text").to_owned();
    let server = NatsServer::start_with(&[
        "--tlsverify",
        "--tlscert",
        &file("server.pem"),
        "--tlskey",
        &file("server.key"),
        "--tlscacert",
        &file("authority.pem"),
    ]);
    let with = |identity| NatsOptions {
        tls: Some(TlsFiles { authority: Some(path("authority.pem")), identity }),
        patience: Duration::ZERO,
        ..options(&server)
    };

    assert!(Nats::connect(with(None)).await.is_err(), "the server knows nobody without a certificate");
    let identity = Some((path("client.pem"), path("client.key")));
    assert!(Nats::connect(with(identity)).await.expect("entry").is_connected());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_is_made_as_configured_and_changed_when_that_changes() {
    let server = NatsServer::start();
    Nats::connect(options(&server)).await.expect("a connection");
    let by_hand = connect_raw(&server).await;
    let config =
        || async { by_hand.get_stream("COUNTERSIGN").await.expect("the stream").cached_info().clone() };
    let first = config().await;
    assert_eq!(first.config.max_age, Duration::ZERO);
    assert_eq!(first.config.duplicate_window, Duration::from_mins(2));

    let week = Duration::from_hours(7 * 24);
    let limited = NatsOptions { max_age: Some(week), max_bytes: Some(1 << 30), ..options(&server) };
    Nats::connect(limited).await.expect("a connection");

    let second = config().await;
    assert_eq!((second.config.max_age, second.config.max_bytes), (week, 1 << 30));
    assert_eq!(second.created, first.created, "it is the same stream");
}
