//! `GET /api/v1/notices/dead-letters`: what did not arrive.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use countersign_contracts::api::{Page, notification::DeadLetterView};
use countersign_runtime::http::{Caller, MinPosition, Problem};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{cursor_of, internal, limit_of, views};
use crate::{
    authority::{About, Act, permit, reach},
    projections,
    service::Notification,
};

/// Which page is wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct DeadLettersFilter {
    /// Rows of a page, 1 to 500; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists notices of which a leg failed, came back or is unknown, the latest first, each with the reason.
#[utoipa::path(
    get, path = "/api/v1/notices/dead-letters", tag = "notices", operation_id = "list_dead_letters",
    params(DeadLettersFilter),
    responses(
        (status = 200, description = "A page of them", body = Page<DeadLetterView>),
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
    filter: Result<Query<DeadLettersFilter>, QueryRejection>,
) -> Result<Json<Page<DeadLetterView>>, Problem> {
    let Query(filter) = filter.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let (limit, after) = (limit_of(filter.limit)?, cursor_of(filter.cursor)?);
    permit(&actor, Act::ReadNotices, &About::everything())?;
    let facilities = reach(&actor, Act::ReadNotices)?.facilities;
    let addresses = permit(&actor, Act::KeepContacts, &About::everything()).is_ok();
    service.is_at(fresh).await?;
    let position = service.model.position().0;
    let found = service
        .model
        .query(move |sql| projections::dead_letters(sql, &facilities, limit, after.as_deref()))
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
    let items = found.rows.iter().map(view).collect();
    Ok(Json(Page { items, next: found.next, total: found.total, position }))
}
