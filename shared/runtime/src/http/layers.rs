//! What happens around every request.

use std::{
    any::Any,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, to_bytes},
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use opentelemetry::{
    KeyValue,
    metrics::{Histogram, Meter},
};
use tracing::{Instrument, field::Empty};

use super::{PROBLEM_JSON, Problem};
use crate::telemetry::continue_trace;

/// No foreign content, no framing, no guessing of types, no addresses in referrers; nothing that shows
/// patients stays in a cache, unless a handler (of a stylesheet, say) says otherwise.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

pub(super) async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Durations of requests (OpenTelemetry semantic conventions, `http.server.request.duration`).
#[derive(Clone)]
pub(super) struct RequestTimes(Histogram<f64>);

impl RequestTimes {
    pub(super) fn new(meter: &Meter) -> Self {
        Self(
            meter
                .f64_histogram("http.server.request.duration")
                .with_unit("s")
                .with_description("Duration of HTTP requests")
                .build(),
        )
    }
}

/// One span, one log line and one measurement for each request. They name the route (`/charts/{id}`), never
/// the address: paths and queries may identify patients.
pub(super) async fn observe(State(times): State<RequestTimes>, request: Request, next: Next) -> Response {
    let method = known_method(request.method());
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let probe = matches!(route.as_str(), "/healthz" | "/readyz" | "/metrics");
    let span = if probe {
        tracing::Span::none()
    } else {
        tracing::info_span!(
            "http.request",
            otel.name = format!("{method} {route}"),
            otel.kind = "server",
            http.request.method = method,
            http.route = route,
            http.response.status_code = Empty,
            otel.status_code = Empty,
        )
    };
    continue_trace(&span, request.headers().get("traceparent").and_then(|value| value.to_str().ok()));
    let started = Instant::now();
    async {
        let response = next.run(request).await;
        let (status, seconds) = (response.status(), started.elapsed().as_secs_f64());
        tracing::Span::current().record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            tracing::Span::current().record("otel.status_code", "ERROR");
        }
        if !probe {
            tracing::info!(method, route, status = status.as_u16(), seconds, "request");
        }
        times.0.record(
            seconds,
            &[
                KeyValue::new("http.request.method", method),
                KeyValue::new("http.route", route),
                KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
            ],
        );
        response
    }
    .instrument(span)
    .await
}

/// Whatever a client invents as a method would become a metric of its own.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}

pub(super) async fn time_limit(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(limit, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        tracing::warn!(?limit, "request took too long");
        Problem::unavailable(format!("Not answered within {} seconds.", limit.as_secs())).into_response()
    })
}

/// A handler panicked. The panic hook has logged where.
pub(super) fn panicked(_panic: Box<dyn Any + Send>) -> Response {
    Problem::internal("a handler panicked; see the panic logged before this").into_response()
}

/// Below `/api`, every error is a problem detail: also those that the framework answers (no such route,
/// wrong method, a body that does not decode).
pub(super) async fn api_problems(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let api = path == "/api" || path.starts_with("/api/");
    let response = next.run(request).await;
    let status = response.status();
    if !api || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with(PROBLEM_JSON)) {
        return response;
    }
    let said_in_text = kind.is_some_and(|kind| kind.starts_with("text/plain"));
    let (mut parts, body) = response.into_parts();
    let mut problem = Problem::of(status);
    if said_in_text {
        const LONGEST: usize = 4096;
        let said = to_bytes(body, LONGEST).await.unwrap_or_default();
        problem.detail =
            Some(String::from_utf8_lossy(&said).trim().to_owned()).filter(|said| !said.is_empty());
    }
    if problem.detail.is_none() {
        problem.detail = usual_detail(status).map(str::to_owned);
    }
    let (told, body) = problem.into_response().into_parts();
    // keeps `Allow` and the like
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(told.headers);
    Response::from_parts(parts, body).map(Body::new)
}

fn usual_detail(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::NOT_FOUND => {
            Some("There is nothing at this address. /api/v1/openapi.json lists what there is.")
        }
        StatusCode::METHOD_NOT_ALLOWED => Some("The Allow header lists the methods for this address."),
        StatusCode::PAYLOAD_TOO_LARGE => Some("The limit is http.max_body_bytes."),
        _ => None,
    }
}
