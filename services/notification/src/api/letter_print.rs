//! `POST /api/v1/letters/{id}/{leg}/print`: a letter is on paper.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::NotificationStep;
use countersign_runtime::http::{Caller, IdempotencyKey, Problem};

use super::{by, internal, may, notice_and_leg, step};
use crate::{authority::Act, domain::notice::Change, service::Notification, store::Origin};

/// Records that a letter was printed.
#[utoipa::path(
    post, path = "/api/v1/letters/{id}/{leg}/print", tag = "letters", operation_id = "print_letter",
    params(("id" = String, Path, description = "The notice"), ("leg" = u32, Path, description = "Which leg"), ("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")),
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
    path: Path<(String, String)>,
) -> Result<Json<NotificationStep>, Problem> {
    let (id, leg) = notice_and_leg(&path)?;
    let row = service.row(id).await?;
    {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        may(&actor, Act::KeepLetters, &row, &folded.owed)?;
    }
    let change = Change::Print { leg, act: by(&actor, service.store.now(), "") };
    let origin = Origin::command(&actor.name, &format!("print {leg}"), &key);
    Ok(step(service.change_notice(id, &origin, &change).await?))
}
