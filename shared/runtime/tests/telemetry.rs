//! Traces and metrics reach a collector, and nothing does unless it is asked for.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use countersign_runtime::{
    Config,
    config::{self, LogFormat},
    telemetry::{self, current_traceparent, span_from_traceparent, trace_ids},
};
use tracing_subscriber::fmt::{MakeWriter, writer::BoxMakeWriter};

#[derive(Clone, Default)]
struct Received(Arc<Mutex<Vec<(&'static str, Bytes)>>>);

impl Received {
    fn bodies(&self, signal: &str) -> Vec<Bytes> {
        let all = self.0.lock().expect("not poisoned");
        all.iter().filter(|(name, _)| *name == signal).map(|(_, body)| body.clone()).collect()
    }

    fn contain(&self, signal: &str, text: &[u8]) -> bool {
        self.bodies(signal).iter().any(|body| body.windows(text.len()).any(|window| window == text))
    }
}

/// A collector that keeps what it is sent (OTLP over HTTP, protobuf).
async fn collector() -> (String, Received) {
    let received = Received::default();
    let keep = |signal: &'static str| {
        move |State(Received(all)): State<Received>, headers: HeaderMap, body: Bytes| async move {
            assert_eq!(headers["content-type"], "application/x-protobuf");
            all.lock().expect("not poisoned").push((signal, body));
        }
    };
    let router = Router::new()
        .route("/v1/traces", post(keep("traces")))
        .route("/v1/metrics", post(keep("metrics")))
        .with_state(received.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, received)
}

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

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    fn lines(&self) -> Vec<serde_json::Value> {
        let bytes = self.0.lock().expect("not poisoned");
        String::from_utf8_lossy(&bytes).lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }
}

fn settings(otlp_endpoint: Option<String>) -> config::Telemetry {
    config::Telemetry { otlp_endpoint, format: LogFormat::Json, ..Config::defaults().telemetry }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traces_and_metrics_arrive_at_the_collector_when_the_process_ends() {
    // given a process with one setting switched on
    let (endpoint, received) = collector().await;
    let log = Log::default();
    let (dispatch, guard) =
        telemetry::build(&settings(Some(endpoint)), "1.2.3", BoxMakeWriter::new(log.clone()), false)
            .expect("telemetry");
    let metrics = guard.metrics();
    metrics.meter("countersign.test").u64_counter("countersign.test.messages").build().add(1, &[]);

    // when a span is made, its trace context stored, and continued in another place
    let (stored, first, second) = tracing::dispatcher::with_default(&dispatch, || {
        let received = tracing::info_span!(target: "countersign_intake", "intake.message", message = "0191");
        let (stored, first) = received.in_scope(|| {
            tracing::info!(bytes = 5, "appended");
            (current_traceparent(), trace_ids().expect("traced"))
        });
        let continued = span_from_traceparent("deficiency.decide", stored.as_deref());
        let second = continued.in_scope(|| trace_ids().expect("traced"));
        (stored.expect("traced"), first, second)
    });
    drop(guard);

    // then both spans are of one trace, and it was sent, with the service's name
    assert_eq!(stored, format!("00-{}-{}-01", first.trace, first.span));
    assert_eq!(first.trace, second.trace);
    assert_ne!(first.span, second.span);
    for text in ["intake.message", "deficiency.decide", "service.name", "countersign", "1.2.3"] {
        assert!(received.contain("traces", text.as_bytes()), "{text}");
    }
    assert!(received.contain("traces", &first.trace.to_bytes()));
    assert!(received.contain("traces", &first.span.to_bytes()), "as parent too");
    assert!(received.contain("metrics", b"countersign.test.messages"));
    // and the log line names the trace
    let lines = log.lines();
    let line = lines.iter().find(|line| line["message"] == "appended").expect("the line");
    assert_eq!(line["trace_id"], first.trace.to_string());
    assert_eq!((&line["level"], &line["bytes"]), (&"INFO".into(), &5.into()));
    assert_eq!(line["span"]["name"], "intake.message");
    // and the same numbers are on /metrics; the handle outlives the guard, also in an asynchronous context
    assert!(metrics.render().is_ok());
    drop((metrics, dispatch));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_not_there_costs_nothing_but_a_line_in_the_log() {
    // given an endpoint where nobody listens
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", free.local_addr().expect("bound"));
    drop(free);
    let log = Log::default();
    let (dispatch, guard) =
        telemetry::build(&settings(Some(endpoint)), "1", BoxMakeWriter::new(log.clone()), false)
            .expect("telemetry");
    // (the exporters log on threads of their own, which hear only of the subscriber of the whole process; the
    // other tests here bring their own)
    tracing::dispatcher::set_global_default(dispatch).expect("the only one of this process");
    // when a span is recorded and the process ends
    tracing::info_span!(target: "countersign_intake", "lost").in_scope(|| ());
    tokio::task::spawn_blocking(move || drop(guard)).await.expect("it ended, in time");
    // then the log says what was not sent
    let told = |line: &serde_json::Value| {
        line["level"] == "ERROR"
            && line["target"].as_str().is_some_and(|target| target.starts_with("opentelemetry"))
    };
    assert!(log.lines().iter().any(told), "{:?}", log.lines());
}

#[test]
fn without_the_setting_nothing_is_traced_and_metrics_are_shown_all_the_same() {
    let log = Log::default();
    let (dispatch, guard) =
        telemetry::build(&settings(None), "1", BoxMakeWriter::new(log.clone()), false).expect("telemetry");
    assert!(!guard.traces());
    tracing::dispatcher::with_default(&dispatch, || {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        span_from_traceparent("work", Some(parent)).in_scope(|| {
            assert_eq!(current_traceparent(), None);
            tracing::info!("a line");
            tracing::debug!("below the level");
        });
    });
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].get("trace_id").is_none());
    guard.metrics().meter("countersign.test").u64_counter("seen").build().add(1, &[]);
    assert!(guard.metrics().render().expect("text").contains("seen_total"));
}

#[test]
fn a_traceparent_that_is_none_starts_a_trace_of_its_own() {
    let (dispatch, guard) = telemetry::build(
        &settings(Some("http://127.0.0.1:9".to_owned())),
        "1",
        BoxMakeWriter::new(std::io::sink),
        false,
    )
    .expect("telemetry");
    tracing::dispatcher::with_default(&dispatch, || {
        let trace = |parent: Option<&str>| {
            span_from_traceparent("work", parent).in_scope(|| trace_ids().expect("traced").trace.to_string())
        };
        let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        for nonsense in [
            None,
            Some(""),
            Some("nonsense"),
            Some("00-00000000000000000000000000000000-b7ad6b7169203331-01"),
        ] {
            let own = trace(nonsense);
            assert_eq!(own.len(), 32);
            assert_ne!(own, "00000000000000000000000000000000");
        }
        assert_eq!(trace(Some(given)), &given[3..35]);
    });
    drop(guard);
}
