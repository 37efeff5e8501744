//! `GET /api/v1/notification/templates/{kind}`: a template with invented data.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::TemplatePreview;
use countersign_runtime::http::{Asked, Problem, Visitor};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::{
    authority::{About, Act},
    outbound::Kind,
    service::Notification,
};

/// Which version is wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct PreviewFilter {
    /// Number of the version; the one in use when not given.
    version: Option<u32>,
}

/// A template filled with invented data: nobody in it exists.
#[utoipa::path(
    get, path = "/api/v1/notification/templates/{kind}", tag = "notification", operation_id = "preview_template",
    params(("kind" = String, Path, description = "Kind of the notice"), PreviewFilter),
    responses(
        (status = 200, description = "The texts", body = TemplatePreview),
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
    Asked(filter): Asked<PreviewFilter>,
) -> Result<Json<TemplatePreview>, Problem> {
    visitor.may(Act::ReadTemplates, &About::everything())?;
    let absent = || Problem::not_found("there is no such template: the list of templates has those that are");
    let kind = Kind::from_name(&kind).ok_or_else(absent)?;
    let texts =
        service.templates.preview(kind, filter.version, &service.config.wording).map_err(|_| absent())?;
    Ok(Json(TemplatePreview {
        template: texts.template,
        subject: texts.subject,
        text: texts.text,
        html: texts.html,
        letter: texts.letter,
    }))
}
