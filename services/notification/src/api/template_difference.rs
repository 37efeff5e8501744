//! `GET /api/v1/notification/templates/{kind}/difference`: what one version says otherwise than another.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::TemplateDifference;
use countersign_runtime::http::{Asked, Problem, Visitor};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::{
    authority::{About, Act},
    outbound::Kind,
    service::Notification,
};

/// Which versions are compared.
#[derive(Debug, Clone, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct Versions {
    /// Number of the one.
    old: u32,
    /// Number of the other.
    new: u32,
}

/// The lines in which two versions of a template differ, part by part.
#[utoipa::path(
    get, path = "/api/v1/notification/templates/{kind}/difference", tag = "notification",
    operation_id = "compare_templates", params(("kind" = String, Path, description = "Kind of the notice"), Versions),
    responses(
        (status = 200, description = "The difference", body = TemplateDifference),
        (status = 400, description = "The request cannot be understood", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such thing", body = Problem),
        (status = 422, description = "A rule refuses it", body = Problem),
        (status = 503, description = "Not now; try again", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Notification>>,
    visitor: Visitor,
    Path(kind): Path<String>,
    Asked(Versions { old, new }): Asked<Versions>,
) -> Result<Json<TemplateDifference>, Problem> {
    visitor.may(Act::ReadTemplates, &About::everything())?;
    let absent = || Problem::not_found("there is no such version: the list of templates has those that are");
    let kind = Kind::from_name(&kind).ok_or_else(absent)?;
    let text = service.templates.diff(kind, old, new).ok_or_else(absent)?;
    let name = |version: u32| format!("{}@{version}", kind.name());
    Ok(Json(TemplateDifference { old: name(old), new: name(new), text }))
}
