//! `GET /api/v1/notification/mode`: whether anything leaves.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::notification::{ChannelNotSetUp, ModeView};
use countersign_runtime::http::{Problem, Visitor};

use super::{by_whom, internal, views};
use crate::{
    authority::{About, Act, permit},
    domain::{
        notice::Mode,
        operator::{Decided, STREAM},
    },
    service::Notification,
};

/// Whether anything leaves the installation, and by whose decision.
#[utoipa::path(
    get, path = "/api/v1/notification/mode", tag = "notification", operation_id = "show_mode",
    responses(
        (status = 200, description = "The mode", body = ModeView),
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
) -> Result<Json<ModeView>, Problem> {
    let loaded = service.store.load::<Decided>(STREAM).await.map_err(|error| internal(&error))?;
    let mode = loaded.state.mode(&service.config.mode);
    let sees_address =
        visitor.0.as_ref().is_some_and(|actor| permit(actor, Act::SetMode, &About::everything()).is_ok());
    let name = match &mode {
        Mode::Live => "live",
        Mode::Shadow => "shadow",
        Mode::Redirect(_) => "redirect",
    };
    let redirect_to = match &mode {
        Mode::Redirect(to) if sees_address => Some(views::destination(to)),
        _ => None,
    };
    let decided = loaded.state.last.as_ref();
    let by_operator = decided.is_some_and(|last| last.mode.is_some());
    Ok(Json(ModeView {
        mode: name.to_owned(),
        redirect_to,
        source: if by_operator { "operator" } else { "configuration" }.to_owned(),
        decided: decided.map(|last| by_whom(&last.act)),
        not_set_up: service
            .not_set_up()
            .into_iter()
            .map(|(channel, missing)| ChannelNotSetUp {
                channel: channel.name().to_owned(),
                missing: missing.to_owned(),
            })
            .collect(),
        position: loaded.position().0,
    }))
}
