//! `/quarantine/{id}`: one message that could not be used, what to do about it, and trying it again.

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use countersign_kernel::{MessageId, Phi};
use serde::Deserialize;

use super::{
    Portal,
    quarantine::{self, MessageRow},
};
use crate::{
    ask,
    failure::Failure,
    same_origin,
    show::{Layout, Section, html, sentence},
};

/// What has just been done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Done {
    /// The message was tried again, and it stays.
    kept: Option<String>,
    position: Option<u64>,
}

struct FindingRow {
    text: String,
    detail: Option<String>,
}

#[derive(Template)]
#[template(path = "quarantined.html")]
struct QuarantinedPage {
    layout: Layout,
    row: MessageRow,
    findings: Vec<FindingRow>,
    /// Whether a corrected profile can help; what is no HL7 must be sent anew.
    profile_may_help: bool,
    text: Option<String>,
    cut: bool,
    kept: bool,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    query: Result<Query<Done>, QueryRejection>,
) -> Result<Response, Failure> {
    let id = parse(&id)?;
    let Query(done) = query.map_err(|_| Failure::Invalid(None))?;
    let now = portal.clock.now();
    let found = ask::quarantined(portal.api.as_ref(), id, done.position).await?;
    html(&QuarantinedPage {
        layout: Layout::within("Message in quarantine", Section::Feeds, "/quarantine"),
        profile_may_help: found.message.outcome == "quarantined",
        row: MessageRow::new(found.message, now),
        findings: found
            .findings
            .into_iter()
            .map(|finding| FindingRow { text: sentence(&finding.text), detail: finding.detail })
            .collect(),
        text: found.text.as_ref().map(Phi::reveal).cloned(),
        cut: found.cut,
        kept: done.kept.is_some(),
    })
}

/// `POST /quarantine/{id}/replay`: reads the message again, then shows where it is now.
pub(super) async fn replay(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    let id = parse(&id)?;
    let run = ask::replay(portal.api.as_ref(), id).await?;
    let released = run.result.is_some_and(|result| result.released > 0);
    let next = if released {
        quarantine::after_release(run.position)
    } else {
        format!("/quarantine/{id}?kept=yes&position={}", run.position)
    };
    Ok(Redirect::to(&next).into_response())
}

fn parse(id: &str) -> Result<MessageId, Failure> {
    id.parse().map_err(|_| Failure::NotFound(None))
}
