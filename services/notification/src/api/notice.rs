//! `GET /api/v1/notices/{id}`: one notice with its timeline.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::NoticeDetail;
use countersign_kernel::{Actor, NoticeId};
use countersign_runtime::http::{Caller, MinPosition, Problem};

use super::{internal, may, no_notice, notice_in, views};
use crate::{
    authority::Act,
    domain::notice::{Notice, events::Requested},
    service::Notification,
    store::Loaded,
};

/// One notice with its items and everything that happened to it, in order.
#[utoipa::path(
    get, path = "/api/v1/notices/{id}", tag = "notices", operation_id = "show_notice",
    params(("id" = String, Path, description = "The notice")),
    responses(
        (status = 200, description = "The notice", body = NoticeDetail),
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
    Caller(actor): Caller,
    fresh: MinPosition,
    Path(id): Path<String>,
) -> Result<Json<NoticeDetail>, Problem> {
    let id = notice_in(&id)?;
    service.is_at(fresh).await?;
    let (detail, ..) = detail(&service, &actor, id).await?;
    Ok(Json(detail))
}

/// A notice for somebody who may read it, with the stream that it was read from.
pub(super) async fn detail(
    service: &Notification,
    actor: &Actor,
    id: NoticeId,
) -> Result<(NoticeDetail, Arc<Requested>, Loaded<Notice>), Problem> {
    let row = service.row(id).await?;
    let loaded = service.store.load::<Notice>(&id.to_string()).await.map_err(|error| internal(&error))?;
    let requested = loaded.state.requested().cloned().ok_or_else(no_notice)?;
    let folded = service.known.current().await.map_err(|error| internal(&error))?;
    may(actor, Act::ReadNotices, &row, &folded.owed)?;
    let addresses = may(actor, Act::KeepContacts, &row, &folded.owed).is_ok();
    let policy = &requested.request.policy;
    let detail = NoticeDetail {
        notice: views::notice(&row, &folded.owed, &service.config, addresses),
        items: loaded
            .state
            .items()
            .into_iter()
            .map(|item| views::item(item, requested.digest.as_ref()))
            .collect(),
        dropped_items: loaded.state.dropped_items().iter().copied().collect(),
        listed_in: row.listed_in,
        carries: loaded.state.gathered().iter().map(|carried| carried.notice).collect(),
        timeline: views::timeline(&loaded.events).map_err(|error| internal(&error))?,
        policy_version: policy.version,
        policy_title: policy.title.clone(),
        policy_sha256: policy.sha256.clone(),
    };
    Ok((detail, requested, loaded))
}
