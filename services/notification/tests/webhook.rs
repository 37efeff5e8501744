//! Webhooks against a real receiver on loopback.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use countersign_kernel::{FixedClock, NoticeId, Timestamp};
use countersign_notification::{
    channels::{
        Address, Outgoing, Sent, Transport,
        webhook::{Lookup, SigningKey, Webhook, WebhookSettings, system_lookup},
    },
    outbound::{Kind, Wording, synthetic},
};

const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NOW: &str = "2026-12-03T12:00:00Z";

/// What the receiver got.
type Calls = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

struct Receiver {
    address: SocketAddr,
    calls: Calls,
}

impl Receiver {
    /// A receiver whose path says what it answers.
    async fn start() -> Self {
        let calls = Calls::default();
        let routes = Router::new()
            .route("/ok", post(|| async { StatusCode::NO_CONTENT }))
            .route("/gone", post(|| async { StatusCode::GONE }))
            .route("/missing", post(|| async { StatusCode::NOT_FOUND }))
            .route("/broken", post(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
            .route("/busy", post(|| async { answer(StatusCode::TOO_MANY_REQUESTS, "Retry-After", "120") }))
            .route(
                "/down",
                post(|| async {
                    answer(StatusCode::SERVICE_UNAVAILABLE, "Retry-After", "Thu, 03 Dec 2026 12:05:00 GMT")
                }),
            )
            .route(
                "/forever",
                post(|| async { answer(StatusCode::SERVICE_UNAVAILABLE, "Retry-After", "99999999") }),
            )
            .route("/elsewhere", post(|| async { answer(StatusCode::TEMPORARY_REDIRECT, "Location", "/ok") }))
            .route("/silent", post(std::future::pending::<StatusCode>))
            .layer(axum::middleware::from_fn_with_state(Arc::clone(&calls), keep));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, calls }
    }

    fn calls(&self) -> Vec<(HeaderMap, Bytes)> {
        self.calls.lock().expect("calls").clone()
    }
}

fn answer(status: StatusCode, name: &'static str, value: &'static str) -> Response {
    let mut response = status.into_response();
    response.headers_mut().insert(
        header::HeaderName::from_bytes(name.as_bytes()).expect("a name"),
        value.parse().expect("a value"),
    );
    response
}

async fn keep(
    State(calls): State<Calls>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    calls.lock().expect("calls").push((parts.headers.clone(), bytes.clone()));
    next.run(axum::extract::Request::from_parts(parts, bytes.into())).await
}

fn loopback() -> WebhookSettings {
    WebhookSettings {
        timeout_seconds: 1,
        internal_networks: vec!["127.0.0.0/8".parse().expect("a network")],
        plain_http_hosts: vec!["127.0.0.1".to_owned(), "localhost".to_owned(), "receiver.example".to_owned()],
    }
}

fn webhook(settings: &WebhookSettings, lookup: Lookup) -> Webhook {
    let now: Timestamp = NOW.parse().expect("an instant");
    Webhook::with_lookup(settings, Arc::new(FixedClock::at(now)), lookup).expect("a channel")
}

async fn call(webhook: &Webhook, url: &str) -> Sent {
    let message = synthetic(Kind::Overdue, &Wording::default()).expect("a message");
    let address =
        Address::Webhook { endpoint: "messenger".to_owned(), url: url.to_owned(), secret: SECRET.to_owned() };
    let rendered = webhook.render(&message, &address, "unused").expect("a body");
    let notice = NoticeId::derive(&["synthetic"]);
    webhook
        .send(Outgoing { notice, attempt: 1, message_id: "unused", address: &address, rendered: &rendered })
        .await
}

#[tokio::test]
async fn a_call_is_signed_and_bears_the_id_of_the_notice() {
    let receiver = Receiver::start().await;
    let webhook = webhook(&loopback(), system_lookup());

    let sent = call(&webhook, &format!("http://{}/ok", receiver.address)).await;

    assert_eq!(sent, Sent::Accepted { detail: "HTTP 204".to_owned() });
    let [(headers, body)] = receiver.calls().try_into().expect("one call");
    let text = |name: &str| headers[name].to_str().expect("text").to_owned();
    assert_eq!(text("webhook-id"), NoticeId::derive(&["synthetic"]).to_string());
    assert_eq!(text("content-type"), "application/json");
    let key = SigningKey::parse(SECRET).expect("a secret");
    let now = NOW.parse().expect("an instant");
    key.verify(&text("webhook-id"), &text("webhook-timestamp"), &text("webhook-signature"), &body, now)
        .expect("the signature fits");
    let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(
        (json["type"].as_str(), json["data"]["item_count"].as_u64()),
        (Some("notice.overdue"), Some(3))
    );
}

#[rstest::rstest]
#[case::gone("/gone", Sent::Refused { detail: "HTTP 410: the receiver wants no more calls".into() })]
#[case::missing("/missing", Sent::Refused { detail: "HTTP 404".into() })]
#[case::broken("/broken", Sent::Later { detail: "HTTP 500".into(), after: None })]
#[case::busy("/busy", Sent::Later { detail: "HTTP 429".into(), after: Some(Duration::from_mins(2)) })]
#[case::down("/down", Sent::Later { detail: "HTTP 503".into(), after: Some(Duration::from_mins(5)) })]
#[case::forever("/forever", Sent::Later { detail: "HTTP 503".into(), after: Some(Duration::from_hours(24)) })]
#[case::silent("/silent", Sent::Later { detail: "the receiver did not answer in time".into(), after: None })]
#[tokio::test]
async fn answers_become_outcomes(#[case] path: &str, #[case] expected: Sent) {
    let receiver = Receiver::start().await;
    let sent =
        call(&webhook(&loopback(), system_lookup()), &format!("http://{}{path}", receiver.address)).await;
    assert_eq!(sent, expected);
    assert_eq!(receiver.calls().len(), 1);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let receiver = Receiver::start().await;
    let sent =
        call(&webhook(&loopback(), system_lookup()), &format!("http://{}/elsewhere", receiver.address)).await;
    assert_eq!(sent, Sent::Refused { detail: "HTTP 307: redirects are not followed".to_owned() });
    assert_eq!(receiver.calls().len(), 1);
}

#[tokio::test]
async fn nobody_listening_is_tried_again_later() {
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let sent = call(&webhook(&loopback(), system_lookup()), &format!("http://127.0.0.1:{port}/")).await;
    assert_eq!(sent, Sent::Later { detail: "no connection to the receiver".to_owned(), after: None });
}

#[rstest::rstest]
#[case::literal("http://127.0.0.1:PORT/ok")]
#[case::name("http://localhost:PORT/ok")]
#[case::decimal("http://2130706433:PORT/ok")]
#[case::hexadecimal("http://0x7f.1:PORT/ok")]
#[case::mapped("https://[::ffff:127.0.0.1]:PORT/ok")]
#[case::metadata("https://169.254.169.254/latest/meta-data")]
#[case::user("https://u:p@127.0.0.1:PORT/ok")]
#[tokio::test]
async fn inner_addresses_are_refused_unless_they_are_named(#[case] url: &str) {
    let receiver = Receiver::start().await;
    let strict = WebhookSettings { internal_networks: Vec::new(), ..loopback() };
    let url = url.replace("PORT", &receiver.address.port().to_string());
    let sent = call(&webhook(&strict, system_lookup()), &url).await;
    assert!(matches!(sent, Sent::Refused { .. }), "{sent:?}");
    assert_eq!(receiver.calls().len(), 0);
}

#[tokio::test]
async fn without_tls_only_hosts_that_are_named_are_called() {
    let receiver = Receiver::start().await;
    let strict = WebhookSettings { plain_http_hosts: Vec::new(), ..loopback() };
    let sent = call(&webhook(&strict, system_lookup()), &format!("http://{}/ok", receiver.address)).await;
    assert_eq!(sent, Sent::Refused { detail: "the URL of the endpoint is not https".to_owned() });
    assert_eq!(receiver.calls().len(), 0);
}

/// A name that answers with the first addresses at the first look-up, and with the others from then on.
fn rebinding(first: &[IpAddr], then: &[IpAddr]) -> (Lookup, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let (first, then, count) = (first.to_vec(), then.to_vec(), Arc::clone(&asked));
    let lookup: Lookup = Arc::new(move |_| {
        let found = if count.fetch_add(1, Ordering::SeqCst) == 0 { first.clone() } else { then.clone() };
        Box::pin(async move { Ok(found) })
    });
    (lookup, asked)
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_even_beside_a_public_address() {
    let receiver = Receiver::start().await;
    let strict = WebhookSettings { internal_networks: Vec::new(), ..loopback() };
    let inside = IpAddr::from(Ipv4Addr::LOCALHOST);
    let public = IpAddr::from(Ipv4Addr::new(192, 0, 1, 1));
    let url = format!("http://receiver.example:{}/ok", receiver.address.port());
    for answers in [vec![inside], vec![public, inside]] {
        let (lookup, _) = rebinding(&answers, &answers);
        let sent = call(&webhook(&strict, lookup), &url).await;
        let why = "the endpoint leads to an address that may not be called";
        assert_eq!(sent, Sent::Refused { detail: why.to_owned() });
    }
    assert_eq!(receiver.calls().len(), 0);
}

#[tokio::test]
async fn the_connection_goes_to_the_address_that_was_checked() {
    let receiver = Receiver::start().await;
    // 127.0.0.1 is allowed, 127.0.0.2 is not: a second look-up would lead there.
    let settings =
        WebhookSettings { internal_networks: vec!["127.0.0.1/32".parse().expect("a network")], ..loopback() };
    let (lookup, asked) =
        rebinding(&[IpAddr::from(Ipv4Addr::LOCALHOST)], &[IpAddr::from(Ipv4Addr::new(127, 0, 0, 2))]);
    let url = format!("http://receiver.example:{}/ok", receiver.address.port());

    let sent = call(&webhook(&settings, lookup), &url).await;

    assert_eq!(sent, Sent::Accepted { detail: "HTTP 204".to_owned() });
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}
