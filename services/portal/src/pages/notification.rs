//! Notices and how people are reached: what was sent, what came of it, and what people must look after.

mod contact;
mod contact_tasks;
mod contacts;
mod dead_letters;
mod letters;
mod messages;
mod mode;
mod notice;
mod notices;
mod proof;

use axum::{
    Router,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use countersign_contracts::api::{
    notification::{LegView, NoticeView},
    people::ByWhomView,
};
use countersign_kernel::{NoticeId, Role};

use uuid::Uuid;

use super::{
    Portal,
    choice::Choice,
    list,
    sheet::{Banner, Line, Sent},
    site::Site,
};
use crate::{
    api::Api,
    ask::{self, notification::PageOf},
    failure::Failure,
    show::{Chip, sentence, words},
};

/// Who looks after notices and addresses.
const HIM: &[Role] = &[Role::HimAnalyst, Role::HimManager, Role::MedicalStaffOffice];

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/notices", get(notices::handle))
        .route("/notices.csv", get(list::export::<notices::Notices>))
        .route("/notices/mode", get(mode::handle).post(mode::change))
        .route("/notices/{id}", get(notice::handle))
        .route("/notices/{id}/acts", post(notice::decide))
        .route("/notices/{id}/proof", get(proof::handle))
        .route("/notices/{id}/legs/{leg}", get(notice::download))
        .route("/letters.csv", get(list::export::<letters::Letters>))
        .route("/dead-letters.csv", get(list::export::<dead_letters::DeadLetters>))
        .route("/contact-tasks.csv", get(list::export::<contact_tasks::ContactTasks>))
        .route("/contacts", get(contacts::handle))
        .route("/contacts.csv", get(list::export::<contacts::Contacts>))
        .route("/messages.csv", get(list::export::<messages::Messages>))
        .route("/letters", get(letters::handle).post(letters::decide))
        .route("/dead-letters", get(dead_letters::handle).post(dead_letters::decide))
        .route("/contact-tasks", get(contact_tasks::handle).post(contact_tasks::settle))
        .route("/contacts/{key}", get(contact::handle).post(contact::change))
        .route("/preferences", get(contact::own))
        .route("/messages", get(messages::handle))
        .route("/messages/{id}", get(messages::one))
}

/// The part of a list that is chosen.
fn page_of(choice: &Choice, limit: usize) -> PageOf<'_> {
    PageOf { cursor: choice.cursor(), limit, not_before: choice.position }
}

/// Says on every page of notices that nothing leaves, or not where it is meant to go.
async fn banner(api: &dyn Api) -> Option<Banner> {
    let mode = ask::notification::mode(api, None).await.ok()?;
    let line = match mode.mode.as_str() {
        "live" => return None,
        "shadow" => Line::new()
            .strong("Shadow mode.")
            .text("Nothing leaves this installation: notices are prepared and kept, and nobody is told."),
        "redirect" => Line::new()
            .strong("Everything is redirected.")
            .text("No recipient gets anything: all of it goes to one address instead."),
        other => Line::new().strong(format!("Mode: {}.", words(other))),
    };
    Some(Banner { class: "", line: line.link("/notices/mode", "Look at the mode") })
}

/// The chip of a state of a notice or of one of its legs.
fn state_chip(state: &str) -> Chip {
    let class = match state {
        "delivered" | "read" | "left" | "taken_over" => "satisfied",
        "bounced" | "failed" | "dead" => "overdue",
        "unknown" | "withheld" | "dropped" | "not_set_up" => "doubt",
        "waiting" | "queued" | "printed" => "waiting",
        _ => "open",
    };
    Chip { class, label: words(state) }
}

/// A stored name for people: `pre-suspension` → `Pre suspension`.
fn told(stored: &str) -> String {
    words(&stored.replace('-', "_"))
}

/// Whom a notice is about; those about a chart are about nobody.
fn about(key: Option<Uuid>, name: Option<&str>) -> Line {
    match key {
        None => Line::new().quiet("a chart"),
        Some(key) => Line::new().link(format!("/people/{key}"), name.unwrap_or("a provider")),
    }
}

/// Who is told: a person, or an office by its name for people.
fn recipient(notice: &NoticeView) -> String {
    let office = notice.recipient.starts_with("office-");
    if office { told(&notice.recipient_name) } else { notice.recipient_name.clone() }
}

/// What follows what a notice is called: that it is formal.
fn class(line: Line, class: &str) -> Line {
    if class == "formal" { line.chip("doubt", "Formal") } else { line }
}

/// Who did something, when and why.
fn by(by: &ByWhomView, site: &Site) -> Line {
    let line = Line::new().text(by.by.clone()).at(site.moment_anywhere(by.at));
    if by.why.is_empty() { line } else { line.below(by.why.clone()) }
}

/// The channels of a notice with their states.
fn legs(legs: &[LegView]) -> Line {
    let mut line = Line::new();
    for leg in legs {
        let copy = if leg.copy { ", copy" } else { "" };
        line = line.below(format!("{}{copy}: {}", told(&leg.channel), words(&leg.state).to_lowercase()));
    }
    line
}

/// What the form that was sent last did, in words.
fn done(deed: &str) -> &'static str {
    match deed {
        "take_over" => "The notice is yours now: it is not sent any more.",
        "requeue" => "It is queued again.",
        "resend" => "Everything that failed since then is queued again, as far as rules permit.",
        "printed" => "The letter is marked as printed.",
        "left" => "It is on record that the letter left.",
        "settle" => "The task is settled.",
        "addresses" => "The addresses are changed.",
        "preferences" => "The preferences are changed.",
        "mode" => "The mode is changed.",
        _ => "It is done.",
    }
}

/// What a form asked for cannot be done as it is filled in.
fn unfit(said: impl Into<String>) -> Sent {
    Sent { done: None, refused: Some((StatusCode::UNPROCESSABLE_ENTITY, said.into())) }
}

/// What became of what a form asked for: it is done, or it is refused and the page says why.
fn outcome<T>(result: Result<T, Failure>) -> Result<Result<T, Sent>, Failure> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(Failure::Refused(status, said)) => {
            let said = sentence(&said.unwrap_or_else(|| "it is refused".to_owned()));
            Ok(Err(Sent { done: None, refused: Some((status, said)) }))
        }
        Err(failure) => Err(failure),
    }
}

/// A leg in an address or a form: `<notice>-<leg>`.
fn leg_key(notice: NoticeId, leg: u32) -> String {
    format!("{notice}-{leg}")
}

fn leg_of(key: &str) -> Option<(NoticeId, u32)> {
    let (notice, leg) = key.rsplit_once('-')?;
    Some((notice.parse().ok()?, leg.parse().ok()?))
}

/// Bytes as a file. They were written for people outside: a browser must not take them for a page of this site.
fn file(bytes: axum::body::Bytes, content_type: Option<&str>, name: &str) -> Response {
    let (kind, extension) = match content_type.map(|kind| kind.split(';').next().unwrap_or_default().trim()) {
        Some("application/pdf") => ("application/pdf", "pdf"),
        Some("message/rfc822") => ("message/rfc822", "eml"),
        Some("application/json") => ("application/json", "json"),
        Some("text/plain" | "text/html") => ("text/plain; charset=utf-8", "txt"),
        _ => ("application/octet-stream", "bin"),
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{extension}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_is_found_by_its_key() {
        let notice = NoticeId::derive(&["n"]);
        assert_eq!(leg_of(&leg_key(notice, 2)), Some((notice, 2)));
        for key in ["", "x-1", &notice.to_string(), &format!("{notice}-x")] {
            assert_eq!(leg_of(key), None, "{key}");
        }
    }

    #[test]
    fn markup_that_was_sent_is_never_a_page_of_this_site() {
        for kind in ["text/html", "text/html; charset=utf-8", "image/svg+xml"] {
            let answer = file("<b>".into(), Some(kind), "notice");
            let said = answer.headers()[header::CONTENT_TYPE].to_str().expect("text");
            assert!(
                ["text/plain; charset=utf-8", "application/octet-stream"].contains(&said),
                "{kind}: {said}"
            );
            assert!(
                answer.headers()[header::CONTENT_DISPOSITION]
                    .to_str()
                    .expect("text")
                    .starts_with("attachment")
            );
        }
    }
}
