//! `GET /api/v1/providers`: who owes how much.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::{Page, ProviderView};
use countersign_runtime::http::{MinPosition, Problem, Visitor};

use crate::{authority::Act, projections, service::Deficiency};

/// Lists providers that owe or owed something, the most overdue first.
#[utoipa::path(
    get, path = "/api/v1/providers", tag = "providers",
    responses(
        (status = 200, description = "Providers; the one without an id is HIM's queue \"unassigned\"", body = Page<ProviderView>),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(service): State<Arc<Deficiency>>,
    visitor: Visitor,
    fresh: MinPosition,
) -> Result<Json<Page<ProviderView>>, Problem> {
    let reach = visitor.reach(Act::ReadCharts)?;
    service.is_at(fresh).await?;
    let (now, position) = (service.clock.now(), service.model.position().0);
    service
        .model
        .query(move |sql| projections::providers(sql, &reach, now, position))
        .await
        .map(Json)
        .map_err(|error| Problem::internal(&error))
}
