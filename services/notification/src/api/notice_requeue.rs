//! `POST /api/v1/notices/{id}/requeue`: a failed leg is sent again.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::{NotificationStep, RequeueRequest};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use super::{by, internal, may, notice_in, step, views};
use crate::{authority::Act, domain::notice::Change, service::Notification, store::Origin};

/// Has a leg that failed, came back or of which nobody knows sent again: to the same address or to another one.
#[utoipa::path(
    post, path = "/api/v1/notices/{id}/requeue", tag = "notices", operation_id = "requeue_notice",
    request_body = RequeueRequest, params(("id" = String, Path, description = "The notice"), ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")),
    responses(
        (status = 200, description = "Done, or done before under the same key", body = NotificationStep),
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
    IdempotencyKey(key): IdempotencyKey,
    Path(id): Path<String>,
    Sent(RequeueRequest { leg, to, why }): Sent<RequeueRequest>,
) -> Result<Json<NotificationStep>, Problem> {
    let id = notice_in(&id)?;
    let row = service.row(id).await?;
    {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        may(&actor, Act::SendAgain, &row, &folded.owed)?;
    }
    let act = by(&actor, service.store.now(), &why);
    let change = Change::Requeue { leg, to: to.map(views::destination_of), act };
    let origin = Origin::command(&actor.name, &format!("requeue {leg}"), &key);
    Ok(step(service.change_notice(id, &origin, &change).await?))
}
