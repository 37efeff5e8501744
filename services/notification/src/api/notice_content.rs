//! `GET /api/v1/notices/{id}/legs/{leg}/content`: the exact bytes of what was sent.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use countersign_runtime::http::{Caller, Problem};

use super::{internal, may, notice_and_leg};
use crate::{authority::Act, domain::notice::Notice, service::Notification};

/// The exact bytes of a leg, as they were handed over or would have been: the document to print, for a letter.
#[utoipa::path(
    get, path = "/api/v1/notices/{id}/legs/{leg}/content", tag = "notices", operation_id = "show_content",
    params(("id" = String, Path, description = "The notice"), ("leg" = u32, Path, description = "Which leg")),
    responses(
        (status = 200, description = "The bytes, in their own media type", content_type = "application/octet-stream"),
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
    path: Path<(String, String)>,
) -> Result<Response, Problem> {
    let (id, number) = notice_and_leg(&path)?;
    let row = service.row(id).await?;
    {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        may(&actor, Act::ReadNotices, &row, &folded.owed)?;
    }
    // What went out in a list has the bytes of the list.
    let of = row.listed_in.filter(|_| row.legs.iter().any(|leg| leg.leg == number)).unwrap_or(id);
    let notice = service.store.load::<Notice>(&of.to_string()).await.map_err(|error| internal(&error))?.state;
    let rendered = notice.leg(number).and_then(|leg| leg.rendered.clone());
    let rendered = rendered.ok_or_else(|| Problem::not_found("nothing of this leg was rendered yet"))?;
    let bytes = STANDARD.decode(&rendered.bytes).map_err(|error| Problem::internal(&error))?;
    // What a mail says must not run as a page of this site.
    let headers = [
        (header::CONTENT_TYPE, rendered.content_type.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
        (header::ETAG, format!("\"{}\"", rendered.leg.sha256.as_deref().unwrap_or_default())),
    ];
    Ok((headers, bytes).into_response())
}
