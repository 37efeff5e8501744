//! `/healthz`, `/readyz`, `/metrics`.

use std::{fmt, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};

use super::Problem;
use crate::telemetry::Metrics;

/// Whether a part can do its work now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It can.
    Ready,
    /// It can, without something that an operator should know of (no patient data in it).
    ReadyWithout(String),
    /// It cannot, for this reason (no patient data in it).
    NotReady(String),
}

/// A named question to a part of the process. Answers at once: it reads what the part knows of itself.
#[derive(Clone)]
pub struct ReadinessCheck {
    name: &'static str,
    check: Arc<dyn Fn() -> Readiness + Send + Sync>,
}

impl ReadinessCheck {
    /// `check` answers for the part called `name`.
    pub fn new(name: &'static str, check: impl Fn() -> Readiness + Send + Sync + 'static) -> Self {
        Self { name, check: Arc::new(check) }
    }
}

impl fmt::Debug for ReadinessCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadinessCheck").field(&self.name).finish()
    }
}

/// What `/readyz` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadinessReport {
    /// Whether every part is ready.
    pub ready: bool,
    /// The parts.
    pub checks: Vec<PartReadiness>,
}

/// One part of [`ReadinessReport`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartReadiness {
    /// The part.
    pub name: String,
    /// Whether it is ready.
    pub ready: bool,
    /// Why not; or what it does without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Asks every part.
pub fn readiness(checks: &[ReadinessCheck]) -> ReadinessReport {
    let checks: Vec<PartReadiness> = checks
        .iter()
        .map(|ReadinessCheck { name, check }| {
            let (ready, reason) = match check() {
                Readiness::Ready => (true, None),
                Readiness::ReadyWithout(missing) => (true, Some(missing)),
                Readiness::NotReady(reason) => (false, Some(reason)),
            };
            PartReadiness { name: (*name).to_owned(), ready, reason }
        })
        .collect();
    ReadinessReport { ready: checks.iter().all(|part| part.ready), checks }
}

pub(super) fn routes(checks: Vec<ReadinessCheck>, metrics: Metrics) -> Router {
    Router::new()
        // the process answers: nothing more is asked, so that a slow database does not get it restarted
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready).with_state(Arc::new(checks)))
        .route("/metrics", get(show).with_state(metrics))
}

async fn ready(State(checks): State<Arc<Vec<ReadinessCheck>>>) -> Response {
    let report = readiness(&checks);
    let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(report)).into_response()
}

async fn show(State(metrics): State<Metrics>) -> Result<Response, Problem> {
    let text = metrics.render().map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
