//! The scaffolding as a client meets it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Path, Query},
    http::{Request, StatusCode, header},
    response::Response,
    routing::{get, post},
};
use countersign_runtime::{
    config::LoopbackAddr,
    http::{self, PROBLEM_JSON, Problem, Readiness, ReadinessCheck, Site},
    telemetry::Metrics,
};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

#[derive(Deserialize)]
struct Filter {
    #[expect(dead_code, reason = "only its decoding matters")]
    limit: u8,
}

fn routes() -> Router {
    Router::new()
        .route("/", get(|| async { "worklist ".repeat(200) }))
        .route("/api/v1/charts/{id}", get(|Path(id): Path<String>| async move { format!("chart {id}") }))
        .route("/api/v1/list", get(|_: Query<Filter>| async { "listed" }))
        .route("/api/v1/echo", post(|body: String| async move { body }))
        .route("/api/v1/json", post(|Json(value): Json<serde_json::Value>| async move { Json(value) }))
        .route("/api/v1/conflict", get(|| async { Problem::conflict("moved on").part("revision", "7") }))
        .route("/api/v1/panic", get(panics))
        .route("/api/v1/slow", get(std::future::pending::<()>))
        .route(
            "/style.css",
            get(|| async {
                ([(header::CACHE_CONTROL, "max-age=3600"), (header::CONTENT_TYPE, "text/css")], "a{}")
            }),
        )
}

async fn panics() -> &'static str {
    let surname = Some("MARKER");
    assert!(surname.is_none(), "{surname:?}");
    "unreachable"
}

fn site_with(checks: Vec<ReadinessCheck>) -> (Router, Metrics) {
    let metrics = Metrics::local().expect("metrics");
    let site = Site {
        checks,
        metrics: metrics.clone(),
        request_timeout: Duration::from_millis(200),
        max_body_bytes: 64,
    };
    (http::site(routes(), site), metrics)
}

fn site() -> Router {
    site_with(Vec::new()).0
}

async fn send(router: Router, request: Request<Body>) -> Response {
    router.oneshot(request).await.expect("infallible")
}

async fn fetch(path: &str) -> Response {
    send(site(), Request::get(path).body(Body::empty()).expect("a request")).await
}

async fn text(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// The problem in a response, after checking that status, media type and body agree.
async fn problem(response: Response) -> Problem {
    let status = response.status();
    assert_eq!(response.headers()[header::CONTENT_TYPE], PROBLEM_JSON);
    let problem: Problem = serde_json::from_str(&text(response).await).expect("a problem");
    assert_eq!(problem.status, status.as_u16());
    problem
}

#[tokio::test]
async fn health_readiness_and_metrics_answer() {
    let broken = Arc::new(AtomicBool::new(true));
    let state = Arc::clone(&broken);
    let checks = vec![
        ReadinessCheck::new("journal", || Readiness::Ready),
        ReadinessCheck::new("relay", move || {
            if state.load(Ordering::Relaxed) {
                Readiness::NotReady("12 events behind".to_owned())
            } else {
                Readiness::Ready
            }
        }),
    ];
    let (router, _) = site_with(checks);
    let get = |path: &str| send(router.clone(), Request::get(path).body(Body::empty()).expect("a request"));

    let healthy = get("/healthz").await;
    assert_eq!((healthy.status(), text(healthy).await.as_str()), (StatusCode::OK, "ok\n"));

    let not_ready = get("/readyz").await;
    assert_eq!(not_ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&text(not_ready).await).expect("json"),
        serde_json::json!({"ready": false, "checks": [
            {"name": "journal", "ready": true},
            {"name": "relay", "ready": false, "reason": "12 events behind"},
        ]})
    );
    broken.store(false, Ordering::Relaxed);
    assert_eq!(get("/readyz").await.status(), StatusCode::OK);

    let metrics = get("/metrics").await;
    assert_eq!(metrics.headers()[header::CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
    assert!(text(metrics).await.contains("http_server_request_duration_seconds_count"));
}

#[tokio::test]
async fn requests_are_measured_by_route_and_never_by_address() {
    let (router, metrics) = site_with(Vec::new());
    for path in ["/api/v1/charts/MARKER1?name=MARKER2", "/api/v1/charts/MARKER3", "/MARKER4"] {
        send(router.clone(), Request::get(path).body(Body::empty()).expect("a request")).await;
    }
    let odd = Request::builder().method("MARKER5").uri("/").body(Body::empty()).expect("a request");
    send(router.clone(), odd).await;
    let text = metrics.render().expect("text");
    assert!(!text.contains("MARKER"), "{text}");
    let count = text
        .lines()
        .find(|line| line.contains("duration_seconds_count") && line.contains("/api/v1/charts/{id}"))
        .expect(&text);
    assert!(count.ends_with(" 2"), "{count}");
    assert!(text.contains("http_route=\"unmatched\"") && text.contains("http_request_method=\"_OTHER\""));
}

#[tokio::test]
async fn the_log_names_routes_and_neither_addresses_nor_what_a_panic_said() {
    // given a log that is kept
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let (dispatch, _guard) = countersign_runtime::telemetry::build(
        &countersign_runtime::Config::defaults().telemetry,
        "1",
        tracing_subscriber::fmt::writer::BoxMakeWriter::new(move || writer.clone()),
        false,
    )
    .expect("telemetry");
    let _scope = tracing::dispatcher::set_default(&dispatch);
    // when
    fetch("/api/v1/charts/MARKER?patient=MARKER").await;
    fetch("/api/v1/panic").await;
    // then
    let bytes = log.0.lock().expect("not poisoned").clone();
    let log = String::from_utf8(bytes).expect("text");
    assert!(log.contains("/api/v1/charts/{id}") && log.contains("\"status\":500"), "{log}");
    assert!(!log.contains("MARKER"), "{log}");
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    for path in ["/", "/api/v1/charts/1", "/nowhere", "/api/v1/panic", "/healthz"] {
        let response = fetch(path).await;
        let value = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
        assert!(value("content-security-policy").starts_with("default-src 'self'; "), "{path}");
        assert!(value("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert_eq!(value("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(value("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(value("cache-control"), "no-store", "{path}");
    }
    // what is the same for everybody may be kept
    assert_eq!(fetch("/style.css").await.headers()[header::CACHE_CONTROL], "max-age=3600");
}

#[tokio::test]
async fn errors_below_api_are_problems_whoever_answers() {
    let missing = problem(fetch("/api/v1/nowhere").await).await;
    assert_eq!((missing.status, missing.kind.as_ref()), (404, "about:blank"));
    assert!(missing.detail.is_some());

    let response =
        send(site(), Request::delete("/api/v1/echo").body(Body::empty()).expect("a request")).await;
    assert_eq!(response.headers()[header::ALLOW], "POST");
    assert_eq!(problem(response).await.title, "Method Not Allowed");

    let undecodable = problem(fetch("/api/v1/list?limit=1000").await).await;
    assert_eq!(undecodable.status, 400);
    assert!(undecodable.detail.as_deref().is_some_and(|detail| detail.contains("limit")), "{undecodable:?}");

    let own = problem(fetch("/api/v1/conflict").await).await;
    assert_eq!(
        (own.detail.as_deref(), own.errors.len()),
        (Some("moved on"), 1),
        "kept as the handler said it"
    );

    // pages are left to the portal
    let page = fetch("/nowhere").await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert!(page.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind != PROBLEM_JSON));
}

#[tokio::test]
async fn panics_slowness_and_size_become_answers() {
    let panicked = problem(fetch("/api/v1/panic").await).await;
    assert_eq!(panicked.status, 500);
    assert!(!format!("{panicked:?}").contains("MARKER"));

    let slow = problem(fetch("/api/v1/slow").await).await;
    assert_eq!(slow.status, 503);

    let echo = |bytes: usize| {
        send(site(), Request::post("/api/v1/echo").body(Body::from("x".repeat(bytes))).expect("a request"))
    };
    assert_eq!(echo(64).await.status(), StatusCode::OK);
    assert_eq!(problem(echo(65).await).await.status, 413);
    // also when the length is told beforehand
    let told = Request::post("/api/v1/json")
        .header(header::CONTENT_LENGTH, "1000000")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{}"))
        .expect("a request");
    assert_eq!(problem(send(site(), told).await).await.status, 413);
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    let request =
        Request::get("/").header(header::ACCEPT_ENCODING, "gzip").body(Body::empty()).expect("a request");
    let response = send(site(), request).await;
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    assert!(bytes.len() < 200, "{}", bytes.len());
    assert!(fetch("/").await.headers().get(header::CONTENT_ENCODING).is_none());
}

#[tokio::test]
async fn other_sites_get_nothing_through_the_browser_of_a_user() {
    let rebound =
        Request::get("/").header(header::HOST, "evil.example").body(Body::empty()).expect("a request");
    assert_eq!(send(site(), rebound).await.status(), StatusCode::MISDIRECTED_REQUEST);
    let forged = Request::post("/api/v1/echo")
        .header(header::HOST, "localhost:8080")
        .header(header::ORIGIN, "https://evil.example")
        .body(Body::from("x"))
        .expect("a request");
    assert_eq!(problem(send(site(), forged).await).await.status, 403);
}

#[tokio::test]
async fn a_request_under_way_is_finished_before_the_server_stops() {
    // given a server with a request whose handler waits
    let (enter, entered) = tokio::sync::oneshot::channel::<()>();
    let (go, gone) = tokio::sync::oneshot::channel::<()>();
    let gate = Arc::new(Mutex::new(Some((enter, gone))));
    let router = Router::new().route(
        "/",
        get(move || async move {
            let (enter, gone) = gate.lock().expect("not poisoned").take().expect("one request");
            enter.send(()).expect("the test waits");
            gone.await.expect("the test lets it go");
            "finished"
        }),
    );
    let listener = http::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let stop = CancellationToken::new();
    let serving = tokio::spawn(http::serve(listener, router, stop.clone()));
    let mut client = tokio::net::TcpStream::connect(address).await.expect("connected");
    client.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.expect("sent");
    entered.await.expect("the handler runs");
    // when the server is to stop, and only then the handler goes on
    stop.cancel();
    go.send(()).expect("the handler waits");
    // then the answer comes, and the server ends
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("finished"), "{answer}");
    serving.await.expect("no panic").expect("no error");
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the port is closed");
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_with_the_remedy() {
    let taken = http::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
    let address: LoopbackAddr = taken.local_addr().expect("bound").to_string().parse().expect("an address");
    let error = http::bind(address).await.expect_err("taken").to_string();
    assert!(error.contains(&address.to_string()) && error.contains("choose another port"), "{error}");
}
