//! `POST /api/v1/rule-sets/{version}/apply`: judges open charts by a version, by decision.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::rules::{ReevaluationReport, ReevaluationRequest};
use countersign_governance::api::version;
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use crate::{domain::rules::RuleSet, lifecycle::Order, service::Deficiency};

/// Judges every chart that owes something under an older version by this one; with `preview` it only says what
/// would become of them. What is closed stays as it is. Goes on record in every chart, with who and why.
#[utoipa::path(
    post, path = "/api/v1/rule-sets/{version}/apply", tag = "rules", operation_id = "apply_rule_set", request_body = ReevaluationRequest,
    params(
        ("version" = u32, Path, description = "Its number"),
        ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")
    ),
    responses(
        (status = 200, description = "What became of the charts, or would", body = ReevaluationReport),
        (status = 400, description = "The request cannot be understood, or has no Idempotency-Key", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 422, description = "There is no such published version, or no reason is given", body = Problem),
        (status = 503, description = "Not now; try again with the same key", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Deficiency>>,
    Caller(actor): Caller,
    key: IdempotencyKey,
    wanted: Path<String>,
    Sent(request): Sent<ReevaluationRequest>,
) -> Result<Json<ReevaluationReport>, Problem> {
    let order = Order { actor: &actor, key: &key.0, why: &request.why, seen: None };
    Ok(Json(service.reevaluate(&order, version::<RuleSet>(wanted)?, &request).await?))
}
