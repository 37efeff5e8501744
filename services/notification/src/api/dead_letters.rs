//! `GET /api/v1/notices/dead-letters`: what did not arrive.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::notification::DeadLetterView;
use countersign_runtime::http::{Caller, MinPosition, Problem};

use super::{MOST_ROWS, internal, views};
use crate::{
    authority::{About, Act, permit, reach},
    projections,
    service::Notification,
};

/// Lists notices of which a leg failed, came back or is unknown, the latest first, each with the reason.
#[utoipa::path(
    get, path = "/api/v1/notices/dead-letters", tag = "notices", operation_id = "list_dead_letters",
    responses(
        (status = 200, description = "At most 500 of them", body = Vec<DeadLetterView>),
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
) -> Result<Json<Vec<DeadLetterView>>, Problem> {
    permit(&actor, Act::ReadNotices, &About::everything())?;
    let facilities = reach(&actor, Act::ReadNotices)?.facilities;
    let addresses = permit(&actor, Act::KeepContacts, &About::everything()).is_ok();
    service.is_at(fresh).await?;
    let rows = service
        .model
        .query(move |sql| projections::dead_letters(sql, &facilities, MOST_ROWS))
        .await
        .map_err(|error| Problem::internal(&error))?;
    let folded = service.known.current().await.map_err(|error| internal(&error))?;
    let view = |row: &projections::NoticeRow| {
        let failed =
            row.legs.iter().rev().find(|leg| matches!(leg.state.as_str(), "failed" | "bounced" | "unknown"));
        let detail = failed.and_then(|leg| leg.detail.clone());
        DeadLetterView {
            notice: views::notice(row, &folded.owed, &service.config, addresses),
            nothing_left: row.standing == "exhausted",
            since: row.since.unwrap_or(row.changed_at),
            because: row.because.clone().or(detail).unwrap_or_default(),
        }
    };
    Ok(Json(rows.iter().map(view).collect()))
}
