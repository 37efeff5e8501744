//! `/api/v1/escalation/policies`: escalation policies as governed data.

pub(super) mod check;
pub(super) mod diff;
pub(super) mod draft;
pub(super) mod lint;
pub(super) mod list;
pub(super) mod publish;
pub(super) mod show;
pub(super) mod withdraw;

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    routing::{get, post},
};
use countersign_runtime::http::Problem;

use super::body;
use crate::service::Escalation;

/// The endpoints.
pub(super) fn routes() -> Router<Arc<Escalation>> {
    Router::new()
        .route("/api/v1/escalation/policies", get(list::handle).post(draft::handle))
        .route("/api/v1/escalation/policies/lint", post(lint::handle))
        .route("/api/v1/escalation/policies/{version}", get(show::handle))
        .route("/api/v1/escalation/policies/{version}/diff", get(diff::handle))
        .route("/api/v1/escalation/policies/{version}/check", post(check::handle))
        .route("/api/v1/escalation/policies/{version}/publish", post(publish::handle))
        .route("/api/v1/escalation/policies/{version}/withdraw", post(withdraw::handle))
}

/// The version in an address.
fn version(Path(text): Path<String>) -> Result<u32, Problem> {
    text.parse().map_err(|_| Problem::bad_request("the version of a policy is a whole number from 1"))
}
