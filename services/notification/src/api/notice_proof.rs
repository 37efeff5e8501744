//! `GET /api/v1/notices/{id}/proof`: the proof of a notice.

use std::{fmt::Write, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
};
use countersign_contracts::api::notification::ProofOfNotice;
use countersign_runtime::http::{Caller, MinPosition, Problem};
use sha2::{Digest, Sha256};

use super::{notice::detail, notice_in};
use crate::service::Notification;

/// Everything that proves a notice: what was asked for, what was sent with its hash, every attempt and answer, and a hash
/// over every event as it is stored, which whoever has the journal can compute again.
#[utoipa::path(
    get, path = "/api/v1/notices/{id}/proof", tag = "notices", operation_id = "prove_notice",
    params(("id" = String, Path, description = "The notice")),
    responses(
        (status = 200, description = "The proof", body = ProofOfNotice),
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
    Path(id): Path<String>,
) -> Result<Json<ProofOfNotice>, Problem> {
    let id = notice_in(&id)?;
    service.is_at(fresh).await?;
    let (detail, requested, loaded) = detail(&service, &actor, id).await?;
    let mut hash = Sha256::new();
    for event in &loaded.events {
        hash.update(event.kind.as_bytes());
        hash.update(&event.data);
    }
    let mut events_sha256 = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing into a string cannot fail.
        let _ = write!(events_sha256, "{byte:02x}");
    }
    Ok(Json(ProofOfNotice {
        detail,
        about: requested.request.about.clone().map(Into::into),
        made_at: service.store.now(),
        events_sha256,
        position: loaded.position().0,
    }))
}
