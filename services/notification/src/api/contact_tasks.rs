//! `GET /api/v1/contacts/tasks`: addresses that somebody has to look after.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::{Page, notification::ContactTaskView};
use countersign_runtime::http::{Asked, Caller, MinPosition, Problem};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{by_whom, cursor_of, internal, limit_of};
use crate::{
    authority::{About, Act, permit},
    naming, projections,
    service::Notification,
};

/// Which tasks are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::api) struct TasksFilter {
    /// Those that were settled, in place of those that wait.
    #[serde(default)]
    settled: bool,
    /// Rows of a page, 1 to 500; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Lists tasks about addresses that came back, complaints, and contacts without an address: those that wait longest
/// first, or of those that were settled the latest first.
#[utoipa::path(
    get, path = "/api/v1/contacts/tasks", tag = "contacts", operation_id = "list_contact_tasks", params(TasksFilter),
    responses(
        (status = 200, description = "A page of tasks", body = Page<ContactTaskView>),
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
    Asked(filter): Asked<TasksFilter>,
) -> Result<Json<Page<ContactTaskView>>, Problem> {
    let (limit, after) = (limit_of(filter.limit)?, cursor_of(filter.cursor)?);
    permit(&actor, Act::SettleTasks, &About::everything())?;
    service.is_at(fresh).await?;
    let position = service.model.position().0;
    let found = service
        .model
        .query(move |sql| projections::tasks(sql, filter.settled, limit, after.as_deref()))
        .await
        .map_err(|error| Problem::internal(&error))?;
    let folded = service.known.current().await.map_err(|error| internal(&error))?;
    let view = |task: projections::Task| ContactTaskView {
        id: task.id,
        kind: task.kind,
        contact_name: naming::contact_name(&service.config, &folded.owed, &task.contact),
        contact: task.contact,
        channel: task.channel,
        notice: Some(task.notice),
        detail: task.detail,
        since: task.since,
        settled: task.settled.as_ref().map(by_whom),
    };
    let items = found.rows.into_iter().map(view).collect();
    Ok(Json(Page { items, next: found.next, total: found.total, position }))
}
