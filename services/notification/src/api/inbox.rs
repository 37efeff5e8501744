//! `GET /api/v1/inbox`: messages behind sign-in.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::{Page, notification::InboxMessage};
use countersign_runtime::http::{Asked, Caller, MinPosition, Problem};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{internal, limit_of, notice_in, views};
use crate::{authority, projections, service::Notification};

/// Which messages are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct InboxFilter {
    /// Only those that nobody has opened.
    #[serde(default)]
    unread: bool,
    /// Rows of a page, 1 to 500; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists the messages of the inboxes that are open to the caller: the own one, those of providers that a delegate looks
/// after, those of the offices that the caller works in. The latest first.
#[utoipa::path(
    get, path = "/api/v1/inbox", tag = "notices", operation_id = "list_inbox", params(InboxFilter),
    responses(
        (status = 200, description = "A page of messages", body = Page<InboxMessage>),
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
    Asked(filter): Asked<InboxFilter>,
) -> Result<Json<Page<InboxMessage>>, Problem> {
    let limit = limit_of(filter.limit)?;
    let after = filter.cursor.as_deref().map(notice_in).transpose()?;
    service.is_at(fresh).await?;
    let owners = {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        authority::inboxes(&actor, &folded.owed)
    };
    let position = service.model.position().0;
    let found = service
        .model
        .query(move |sql| projections::inbox(sql, &owners, filter.unread, limit + 1, after))
        .await
        .map_err(|error| Problem::internal(&error))?;
    let (mut rows, total) = found;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|last| last.id.to_string());
    let folded = service.known.current().await.map_err(|error| internal(&error))?;
    let items = rows.into_iter().map(|row| views::message(row, &folded.owed)).collect();
    Ok(Json(Page { items, next, total, position }))
}
