//! `GET /api/v1/notification/templates`: the texts that can be sent.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use countersign_contracts::{api::notification::TemplateView, notice::Channel};
use countersign_runtime::http::{Problem, Visitor};

use crate::{
    authority::{About, Act},
    service::Notification,
};

/// Lists the templates with their versions; the last one is used.
#[utoipa::path(
    get, path = "/api/v1/notification/templates", tag = "notification", operation_id = "list_templates",
    responses(
        (status = 200, description = "The templates", body = Vec<TemplateView>),
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
) -> Result<Json<Vec<TemplateView>>, Problem> {
    visitor.may(Act::ReadTemplates, &About::everything())?;
    let mut kinds: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for version in service.templates.versions() {
        let name = version.kind.name();
        kinds.entry(name).or_default().push(format!("{name}@{}", version.version));
    }
    let channels: Vec<String> = Channel::ALL.map(|channel| channel.name().to_owned()).to_vec();
    let view = |(kind, versions): (&str, Vec<String>)| TemplateView {
        kind: kind.to_owned(),
        channels: channels.clone(),
        versions,
    };
    Ok(Json(kinds.into_iter().map(view).collect()))
}
