//! The scaffolding around every HTTP service of Countersign: health, metrics, logs, limits, headers, errors.

mod caller;
mod fresh;
mod health;
mod idempotency;
mod layers;
mod local;
pub mod partitions;
mod problem;
mod said;

use std::{future::IntoFuture, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, middleware};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, limit::RequestBodyLimitLayer};

use crate::{
    config::{self, LoopbackAddr},
    telemetry::Metrics,
};

pub use caller::{Caller, Operator, Visitor, Vouched, with_access};
pub use fresh::MinPosition;
pub use health::{PartReadiness, Readiness, ReadinessCheck, ReadinessReport, readiness};
pub use idempotency::IdempotencyKey;
pub use problem::{PROBLEM_JSON, Problem, ProblemPart};
pub use said::{Asked, Sent};

/// What the scaffolding needs to know.
#[derive(Debug, Clone)]
pub struct Site {
    /// Questions that `/readyz` asks.
    pub checks: Vec<ReadinessCheck>,
    /// What `/metrics` shows.
    pub metrics: Metrics,
    /// Longest time for one request.
    pub request_timeout: Duration,
    /// Largest request body, bytes.
    pub max_body_bytes: usize,
}

impl Site {
    /// A site with the limits of the configuration.
    pub fn new(config: &config::Http, metrics: Metrics, checks: Vec<ReadinessCheck>) -> Self {
        Self {
            checks,
            metrics,
            request_timeout: Duration::from_secs(config.request_timeout_seconds),
            max_body_bytes: config.max_body_bytes,
        }
    }
}

/// Puts the scaffolding around `routes`: adds `/healthz`, `/readyz` and `/metrics`, and to every answer
/// security headers, compression, a log line without addresses, a span, a duration. Refuses what does not
/// come from this machine (a foreign `Host`, changes asked for by another origin's page), bodies that are too large and requests that take
/// too long; a panic of a handler becomes an answer. Errors below `/api` are problem details.
pub fn site(routes: Router, site: Site) -> Router {
    let Site { checks, metrics, request_timeout, max_body_bytes } = site;
    let times = layers::RequestTimes::new(&metrics.meter("countersign.http"));
    // the last one is the outermost
    routes
        .merge(health::routes(checks, metrics))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(max_body_bytes))
        .layer(middleware::from_fn_with_state(request_timeout, layers::time_limit))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(middleware::from_fn(layers::api_problems))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(local::only_this_machine))
        .layer(middleware::from_fn_with_state(times, layers::observe))
        .layer(middleware::from_fn(layers::security_headers))
}

/// The address cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}{remedy}")]
pub struct BindError {
    address: std::net::SocketAddr,
    source: std::io::Error,
    remedy: &'static str,
}

/// Opens the port. The type of the address sees to it that only this machine can reach it.
///
/// # Errors
/// The port is taken or may not be used, with the remedy.
pub async fn bind(address: LoopbackAddr) -> Result<TcpListener, BindError> {
    let address = address.socket();
    TcpListener::bind(address).await.map_err(|source| {
        let remedy = match source.kind() {
            std::io::ErrorKind::AddrInUse => {
                "; another program has it: stop that one, or choose another port (--http, http.listen)"
            }
            std::io::ErrorKind::PermissionDenied => "; choose a port above 1023 (--http, http.listen)",
            _ => "",
        };
        BindError { address, source, remedy }
    })
}

/// Serves until `stop`, then lets requests that are under way finish.
///
/// # Errors
/// The listener gave up.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> std::io::Result<()> {
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).into_future().await
}
