//! `GET /api/v1/feeds`: what each sender sends and what becomes of it.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::Page;
use countersign_runtime::http::{MinPosition, Problem};

use super::problem;
use crate::{projections::inbox::Feed, service::Inbox};

/// Lists all feeds with their counts. `received` is the sum of `accepted`, `duplicate`, `quarantined` and `not_used`.
#[utoipa::path(
    get, path = "/api/v1/feeds", tag = "intake",
    responses(
        (status = 200, description = "All feeds, by profile, application and facility", body = Page<Feed>),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(super) async fn handle(
    State(inbox): State<Arc<Inbox>>,
    fresh: MinPosition,
) -> Result<Json<Page<Feed>>, Problem> {
    inbox.is_at(fresh).await?;
    inbox.feeds().await.map(Json).map_err(|error| problem(&error))
}
