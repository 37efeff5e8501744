//! `POST /api/v1/notices/resend`: everything that failed since an instant is sent again.

use std::sync::Arc;

use axum::{Json, extract::State};
use countersign_contracts::{
    api::notification::{ResendReport, ResendRequest},
    notice::Channel,
};
use countersign_runtime::http::{Caller, IdempotencyKey, Problem, Sent};

use super::by;
use crate::{
    authority::{About, Act, permit},
    domain::notice::{Change, Notice},
    projections,
    service::Notification,
    store::{ChangeError, Origin},
};

/// Legs that are read at a time.
const BATCH: usize = 500;
/// Legs that one request queues at the most.
const MOST: u64 = 500;

/// Has every leg that failed since an instant, and is still failed, sent again to the same address. After an outage of a
/// mail server this is what brings everything out.
#[utoipa::path(
    post, path = "/api/v1/notices/resend", tag = "notices", operation_id = "resend_failed",
    request_body = ResendRequest, params(("Idempotency-Key" = String, Header, description = "Your own name for this request: the same again changes nothing")),
    responses(
        (status = 200, description = "How many, or how many it would be", body = ResendReport),
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
    Sent(ResendRequest { since, channel, dry_run, why }): Sent<ResendRequest>,
) -> Result<Json<ResendReport>, Problem> {
    permit(&actor, Act::SendAgain, &About::everything())?;
    let channel = channel
        .map(|name| {
            Channel::from_name(&name).ok_or_else(|| {
                Problem::bad_request("the request has a part that cannot be understood")
                    .part("/channel", "must be `inbox`, `email`, `webhook` or `letter`")
            })
        })
        .transpose()?;
    let mut report =
        ResendReport { requeued: 0, refused: 0, more: false, position: service.model.position().0 };
    let (now, patience) = (service.store.now(), service.config.patience);
    let mut last = None;
    // What a rule refuses stays in the list: it must not stand before what would be sent again.
    loop {
        let found = service
            .model
            .query(move |sql| projections::failed_since(sql, since, channel, last, BATCH))
            .await
            .map_err(|error| Problem::internal(&error))?;
        let is_end = found.len() < BATCH;
        for failed in found {
            if report.requeued >= MOST {
                report.more = true;
                return Ok(Json(report));
            }
            last = Some(failed);
            let change = Change::Requeue { leg: failed.leg, to: None, act: by(&actor, now, &why) };
            if dry_run {
                let id = failed.notice.to_string();
                let notice =
                    service.store.load::<Notice>(&id).await.map_err(|error| super::internal(&error))?.state;
                match notice.decide(&change, &patience, now) {
                    Ok(_) => report.requeued += 1,
                    Err(_) => report.refused += 1,
                }
                continue;
            }
            let origin = Origin::command(&actor.name, &format!("resend {}", failed.leg), &key);
            match service.change_notice(failed.notice, &origin, &change).await {
                Ok(done) => {
                    report.requeued += 1;
                    report.position = report.position.max(done.position.0);
                }
                Err(ChangeError::Refused(_)) => report.refused += 1,
                Err(error) => return Err(error.into()),
            }
        }
        if is_end {
            return Ok(Json(report));
        }
    }
}
