//! `POST /api/v1/notification/mode`: whether anything is to leave.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::api::notification::{ModeRequest, NotificationStep};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use super::{by, step, views};
use crate::{
    authority::{About, Act, permit},
    domain::operator::{Decided, Refusal, STREAM, StoredMode},
    service::Notification,
    store::Origin,
};

/// Decides, on record, whether anything leaves: `live`, `shadow`, `redirect`, or `configured` to follow the configuration
/// again. It counts from the next attempt on.
#[utoipa::path(
    post, path = "/api/v1/notification/mode", tag = "notification", operation_id = "set_mode",
    request_body = ModeRequest, params(("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")),
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
    Sent(ModeRequest { mode, redirect_to, why }): Sent<ModeRequest>,
) -> Result<Json<NotificationStep>, Problem> {
    permit(&actor, Act::SetMode, &About::everything())?;
    let wrong = |at: &str, what: &str| {
        Problem::bad_request("the request has a part that cannot be understood").part(at, what.to_owned())
    };
    let mode = match (mode.as_str(), redirect_to) {
        ("configured", _) => None,
        ("live", _) => Some(StoredMode::Live),
        ("shadow", _) => Some(StoredMode::Shadow),
        ("redirect", Some(to)) => Some(StoredMode::Redirect { to: views::destination_of(to) }),
        ("redirect", None) => return Err(wrong("/redirect_to", "say where everything goes")),
        _ => return Err(wrong("/mode", "must be `live`, `shadow`, `redirect` or `configured`")),
    };
    let act = by(&actor, service.store.now(), &why);
    let decide = |state: &Decided, _| state.set(mode.clone(), &act);
    let origin = Origin::command(&actor.name, "mode", &key);
    Ok(step(service.store.change::<Decided, Refusal>(STREAM, &origin, decide).await?))
}
