//! `GET /api/v1/notices/{id}/proof.pdf`: the proof of a notice, to print.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use countersign_contracts::api::notification::{NoticeDetail, NoticeStep};
use countersign_runtime::http::{Caller, MinPosition, Problem};

use super::{internal, notice::detail, notice_in};
use crate::{
    channels::letter::{Proof, ProofLine, proof_of_notice},
    naming,
    outbound::OneLine,
    service::Notification,
};

/// The proof of a notice on paper: what was asked for, the hash of what was sent, every attempt and answer.
#[utoipa::path(
    get, path = "/api/v1/notices/{id}/proof.pdf", tag = "notices", operation_id = "print_proof",
    params(("id" = String, Path, description = "The notice")),
    responses(
        (status = 200, description = "The document", content_type = "application/pdf"),
        (status = 400, description = "The id is no UUID", body = Problem),
        (status = 401, description = "No known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "There is no such notice", body = Problem),
        (status = 503, description = "Not as fresh as Min-Position asks for yet", body = Problem)
    )
)]
pub(in crate::api) async fn handle(
    State(service): State<Arc<Notification>>,
    Caller(actor): Caller,
    fresh: MinPosition,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = notice_in(&id)?;
    service.is_at(fresh).await?;
    let (detail, requested, _) = detail(&service, &actor, id).await?;
    let (letterhead, zone) = {
        let folded = service.known.current().await.map_err(|error| internal(&error))?;
        let facility = &requested.request.facility;
        let zone = folded.owed.directory().places.zone(facility).clone();
        (naming::letterhead(&service.config, &folded.owed, facility), zone)
    };
    let notice = &detail.notice;
    let proof = Proof {
        letterhead,
        title: OneLine::new(&format!(
            "Proof of notice no. {}, reference {}",
            notice.number, notice.reference
        )),
        facts: facts(&detail),
        timeline: detail.timeline.iter().map(line).collect(),
        remarks: vec![OneLine::new(
            "Every line above is an event of this notice's record, in the order in which it was recorded.",
        )],
        at: service.store.now(),
        zone,
    };
    let rendered =
        proof_of_notice(&proof, service.config.paper).map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, rendered.content_type.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("inline; filename=\"proof-of-notice-{}.pdf\"", notice.reference),
        ),
    ];
    Ok((headers, rendered.bytes).into_response())
}

fn facts(detail: &NoticeDetail) -> Vec<(OneLine, OneLine)> {
    let notice = &detail.notice;
    let mut facts = vec![
        ("Notice", notice.id.to_string()),
        ("Kind", format!("{}, {}", notice.kind, notice.class)),
        ("About", notice.about_name.clone().unwrap_or_else(|| "a chart".to_owned())),
        ("Told", format!("{} ({})", notice.recipient_name, notice.role)),
        ("Facility", notice.facility.clone()),
        ("Items", detail.items.len().to_string()),
        ("State", notice.state.clone()),
    ];
    // What digests and lists tell rests on a policy each.
    if detail.policy_version > 0 {
        let policy = format!("version {}, {}", detail.policy_version, detail.policy_title);
        facts.extend([("Policy", policy), ("Policy text, SHA-256", detail.policy_sha256.clone())]);
    }
    if let Some(date) = notice.names_date {
        facts.push(("Names the day", date.to_string()));
    }
    if let Some(list) = detail.listed_in {
        facts.push(("Went out in the list", format!("{list}: its bytes name this notice by its reference")));
    }
    for leg in &notice.legs {
        let none = if leg.state == "not_set_up" {
            "not set up here, nothing went by it"
        } else {
            "nothing rendered yet"
        };
        let sha256 = leg.sha256.as_deref().unwrap_or(none);
        facts.push(("Sent bytes, SHA-256", format!("{}: {sha256}", leg.channel)));
    }
    facts.into_iter().map(|(name, value)| (OneLine::new(name), OneLine::new(&value))).collect()
}

fn line(step: &NoticeStep) -> ProofLine {
    let channel = step.channel.as_deref().map(|channel| format!(" ({channel})")).unwrap_or_default();
    let detail = step.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
    let by = step.by.as_deref().map(|by| format!(", by {by}")).unwrap_or_default();
    let what = step.what.replace('_', " ");
    ProofLine { at: step.at, text: OneLine::new(&format!("{what}{channel}{detail}{by}")) }
}
