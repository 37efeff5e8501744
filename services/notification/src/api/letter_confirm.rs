//! `POST /api/v1/letters/{id}/{leg}/confirm`: a letter left.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::{LetterConfirmation, NotificationStep};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use super::{by, internal, may, notice_and_leg, step};
use crate::{authority::Act, domain::notice::Change, service::Notification, store::Origin};

/// Records on which day a letter was mailed or handed over, and by whom: from then on it counts as delivered.
#[utoipa::path(
    post, path = "/api/v1/letters/{id}/{leg}/confirm", tag = "letters", operation_id = "confirm_letter",
    request_body = LetterConfirmation,
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
    Sent(LetterConfirmation { how, on, by_whom, why }): Sent<LetterConfirmation>,
) -> Result<Json<NotificationStep>, Problem> {
    let (id, leg) = notice_and_leg(&path)?;
    let handed_over = match how.as_str() {
        "mailed" => false,
        "handed_over" => true,
        _ => {
            return Err(Problem::bad_request("the request has a part that cannot be understood")
                .part("/how", "must be `mailed` or `handed_over`"));
        }
    };
    let row = service.row(id).await?;
    let time_zone = {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        may(&actor, Act::KeepLetters, &row, &folded.owed)?;
        folded.owed.directory().places.zone(&row.facility).clone()
    };
    let act = by(&actor, service.store.now(), &why);
    let change = Change::Confirm { leg, handed_over, on, by_whom, time_zone, act };
    let origin = Origin::command(&actor.name, &format!("confirm {leg}"), &key);
    Ok(step(service.change_notice(id, &origin, &change).await?))
}
