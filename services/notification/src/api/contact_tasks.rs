//! `GET /api/v1/contacts/tasks`: addresses that somebody has to look after.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::notification::ContactTaskView;
use countersign_runtime::http::{Asked, Caller, MinPosition, Problem};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{MOST_ROWS, by_whom, internal};
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
}

/// Lists tasks about addresses that came back, complaints, and contacts without any address: the oldest first.
#[utoipa::path(
    get, path = "/api/v1/contacts/tasks", tag = "contacts", operation_id = "list_contact_tasks", params(TasksFilter),
    responses(
        (status = 200, description = "At most 500 tasks", body = Vec<ContactTaskView>),
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
) -> Result<Json<Vec<ContactTaskView>>, Problem> {
    permit(&actor, Act::SettleTasks, &About::everything())?;
    service.is_at(fresh).await?;
    let rows = service
        .model
        .query(move |sql| projections::tasks(sql, filter.settled, MOST_ROWS))
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
    Ok(Json(rows.into_iter().map(view).collect()))
}
