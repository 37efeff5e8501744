//! `/quarantine`: messages that could not be used, and why.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use countersign_kernel::Timestamp;
use form_urlencoded::Serializer;
use serde::Deserialize;

use super::{Portal, list::ROWS};
use crate::{
    ask::{self, intake::QuarantinedView},
    failure::Failure,
    show::{Chip, Layout, Moment, Section, html, number, sentence},
};

/// Senders are in several zones: their messages are told in UTC.
pub(super) const ZONE: &str = "UTC";

/// Which part of the list, and what has just been done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Place {
    cursor: Option<String>,
    /// A message was tried again, and it left the quarantine.
    released: Option<String>,
    /// Journal position of that.
    position: Option<u64>,
}

/// Address of the list after a message has left it.
pub(super) fn after_release(position: u64) -> String {
    format!("/quarantine?released=yes&position={position}")
}

/// One message, without anything of its patient.
pub(super) struct MessageRow {
    pub(super) id: String,
    pub(super) received: Moment,
    pub(super) outcome: Chip,
    pub(super) reason: String,
    pub(super) reason_text: String,
    pub(super) profile: String,
    pub(super) application: String,
    pub(super) facility: String,
    pub(super) control_id: String,
    pub(super) message_type: String,
    pub(super) bytes: String,
    pub(super) readings: u32,
    pub(super) repeats: u64,
}

impl MessageRow {
    pub(super) fn new(view: QuarantinedView, now: Timestamp) -> Self {
        let outcome = match view.outcome.as_str() {
            "rejected" => Chip { class: "overdue", label: "Rejected".to_owned() },
            _ => Chip { class: "doubt", label: "Quarantined".to_owned() },
        };
        let reason_text = match view.reason_text.as_str() {
            "" => sentence(&view.reason.replace('-', " ")),
            text => sentence(text),
        };
        Self {
            id: view.id.to_string(),
            received: Moment::new(view.received_at, now, ZONE),
            outcome,
            reason: view.reason,
            reason_text,
            profile: view.profile,
            application: view.application,
            facility: view.facility,
            control_id: view.control_id,
            message_type: view.message_type,
            bytes: number(view.bytes),
            readings: view.readings,
            repeats: view.repeats,
        }
    }
}

#[derive(Template)]
#[template(path = "quarantine.html")]
struct QuarantinePage {
    layout: Layout,
    rows: Vec<MessageRow>,
    total: String,
    next: Option<String>,
    start: bool,
    released: bool,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    query: Result<Query<Place>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(place) = query.map_err(|_| Failure::Invalid(None))?;
    let now = portal.clock.now();
    let cursor = place.cursor.as_deref().filter(|cursor| !cursor.is_empty());
    let page = ask::quarantine(portal.api.as_ref(), cursor, ROWS, place.position).await?;
    html(&QuarantinePage {
        layout: Layout::within("Quarantine", Section::Feeds, "/quarantine"),
        total: number(page.total),
        next: page.next.map(|next| {
            format!("/quarantine?{}", Serializer::new(String::new()).append_pair("cursor", &next).finish())
        }),
        start: cursor.is_some(),
        released: place.released.is_some(),
        rows: page.items.into_iter().map(|view| MessageRow::new(view, now)).collect(),
    })
}
