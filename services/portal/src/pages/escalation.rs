//! Escalation: what waits for leadership, tracks, suspensions, runs, policies, the auditor.

mod act;
mod auditor;
mod leadership;
mod matter;
pub(super) mod next_step;
mod packet;
mod runs;
pub(super) mod simulation;
mod suspensions;
mod track;
mod tracks;

use axum::{
    Router,
    routing::{get, post},
};
use countersign_contracts::api::escalation::{
    AnswerView, ByWhom, NoticeView, PolicyRef, StaffRef, StandingView, SuspensionView,
};
use countersign_kernel::Role;

use super::{
    Portal, list,
    sheet::{Line, Row, Table},
    site::{Site, day},
    worklist,
};
use crate::show::{Chip, sentence, words};

/// Who decides about suspensions, and exempts.
const LEADERSHIP: &[Role] = &[Role::MedicalStaffOffice, Role::ChiefMedicalOfficer];

pub(super) fn routes() -> Router<Portal> {
    Router::new()
        .route("/leadership", get(leadership::handle))
        .route("/leadership/{id}", get(matter::handle))
        .route("/leadership/{id}/acts", post(matter::decide))
        .route("/tracks", get(tracks::handle))
        .route("/tracks.csv", get(list::export::<tracks::Tracks>))
        .route("/tracks/{id}", get(track::handle))
        .route("/tracks/{id}/acts", post(track::decide))
        .route("/tracks/{id}/packets/{proposal}", get(packet::handle))
        .route("/suspensions", get(suspensions::handle))
        .route("/suspensions.csv", get(suspensions::export))
        .route("/runs", get(runs::handle))
        .route("/runs/held", post(runs::release))
        .route("/runs/{facility}/{published_at}", get(runs::one))
        .route("/runs/{facility}/{published_at}/list.csv", get(runs::export))
        .route("/policies/{version}/simulate", post(simulation::ask))
        .route("/simulations/{job}", get(simulation::handle))
        .route("/simulations/{job}/cancel", post(simulation::cancel))
        .route("/simulations/{job}/steps.csv", get(simulation::export))
        .route("/simulations/{job}/groups.csv", get(simulation::export_groups))
        .route("/auditor", get(auditor::handle))
        .route("/auditor/clock", post(auditor::trust))
}

/// The chip of a track's state.
fn state_chip(state: &str) -> Chip {
    let class = match state {
        "suspended" => "overdue",
        "proposed" => "doubt",
        "open" => "open",
        _ => "closed",
    };
    let label = match state {
        "proposed" => "Suspension proposed".to_owned(),
        other => words(other),
    };
    Chip { class, label }
}

/// What waits, in a word or two.
fn matter_words(kind: &str) -> String {
    match kind {
        "suspension" => "Suspension proposed",
        "reinstatement" => "Reinstatement proposed",
        "committee_review" => "Review by the executive committee",
        "npdb_question" => "NPDB question",
        "repeated" => "Repeated suspensions",
        "correction" => "Correction",
        "undeliverable" => "A notice cannot be delivered",
        "no_recipient" => "Nobody to tell",
        "regulatory_limit" => "Regulatory limit of a chart",
        "held_run" => "Run held",
        "clock_doubted" => "Clock doubted",
        other => return words(other),
    }
    .to_owned()
}

/// A stored name for people: `notice_not_delivered`, `pre-suspension`.
fn told(stored: &str) -> String {
    words(&stored.replace('-', "_"))
}

/// The worklist of somebody.
fn worklist_of(provider: &StaffRef) -> String {
    worklist::of_provider(&provider.id)
}

/// Somebody, with the identifier where that says more.
fn person(provider: &StaffRef) -> Line {
    let line = Line::new().link(worklist_of(provider), provider.name.clone());
    if provider.name == provider.id { line } else { line.quiet(provider.id.clone()) }
}

/// Who decided, when and why.
fn by(by: &ByWhom, site: &Site, facility: &str) -> Line {
    let roles: Vec<String> = by.roles.iter().map(|role| words(role)).collect();
    let line = Line::new().text(by.name.clone());
    let line = if roles.is_empty() { line } else { line.quiet(roles.join(", ")) };
    let line = line.at(site.moment(by.at, facility));
    if by.why.is_empty() { line } else { line.below(by.why.clone()) }
}

/// The same in a sentence.
fn by_text(by: &ByWhom) -> String {
    let roles: Vec<String> = by.roles.iter().map(|role| words(role)).collect();
    let roles = if roles.is_empty() { String::new() } else { format!(" ({})", roles.join(", ")) };
    format!("by {}{roles}: {}", by.name, by.why)
}

fn policy_line(policy: &PolicyRef) -> Line {
    Line::new()
        .link(format!("/policies/{}", policy.version), format!("Version {}", policy.version))
        .text(policy.title.clone())
}

/// Items as a decision saw them.
fn standing_table(standing: &StandingView, site: &Site, facility: &str) -> Table {
    let row = |item: &countersign_contracts::api::escalation::StandingItemView| {
        let counts = match &item.not_counted {
            None => Line::new().chip("open", "Counts"),
            Some(because) => {
                Line::new().chip("waiting", format!("Does not count: {}", told(because).to_lowercase()))
            }
        };
        let due = match item.due_at {
            Some(due) => Line::new().at(site.moment(due, facility)),
            None => Line::new().quiet("its clock stands"),
        };
        Row::new([
            Line::new()
                .link(format!("/deficiencies/{}", item.deficiency), words(&item.document_type))
                .quiet(item.rule.clone()),
            due,
            Line::new().text(item.age_days.to_string()),
            counts,
        ])
    };
    Table::new("Items", &["Item", "Due", "#Days of its clock", "For the policy"])
        .rows(standing.items.iter().map(row))
}

/// What an answer of a channel means.
fn answer_chip(outcome: &str) -> Chip {
    let class = match outcome {
        "delivered" | "read" | "taken_over" => "satisfied",
        "bounced" | "failed" | "exhausted" | "dead" => "overdue",
        "unknown" | "withheld" | "dropped" => "doubt",
        _ => "open",
    };
    Chip { class, label: told(outcome) }
}

fn proof(answer: &AnswerView, site: &Site, facility: &str) -> String {
    let channel = answer.channel.as_deref().map(|channel| format!(" by {channel}")).unwrap_or_default();
    let at = site.moment(answer.at, facility);
    let detail = answer.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    let hash = answer.sha256.as_deref().map(|hash| format!(", bytes {hash}")).unwrap_or_default();
    format!("{}{channel}, {} {}{detail}{hash}", told(&answer.outcome), at.text, at.zone)
}

/// Notices with what became of them.
fn notices_table(notices: &[NoticeView], site: &Site, facility: &str) -> Table {
    let row = |notice: &NoticeView| {
        let what = Line::new().link(
            format!("/notices/{}", notice.id),
            format!("{} (no. {})", told(&notice.kind), notice.number),
        );
        let what = if notice.class == "formal" { what.chip("open", "Formal") } else { what };
        let what = what.and(notice.names_date, |line, date| line.below(format!("names {}", day(date))));
        let state = match (&notice.withdrawn, notice.delivered_at) {
            (Some(why), _) => Line::new().chip("closed", "Withdrawn").below(sentence(why)),
            (None, Some(at)) => {
                Line::new().chip("satisfied", "Delivered").below_at("", site.moment(at, facility))
            }
            (None, None) => match notice.answers.last() {
                Some(answer)
                    if notice.role == "provider" && ["accepted", "delivered"].contains(&&*answer.outcome) =>
                {
                    Line::new()
                        .chip("waiting", "Not proved yet")
                        .below("it is there; the policy asks for more")
                }
                Some(answer) => Line::new().a_chip(answer_chip(&answer.outcome)),
                None => Line::new().chip("waiting", "No answer yet"),
            },
        };
        let mut proved = Line::new();
        for answer in &notice.answers {
            proved = proved.below(proof(answer, site, facility));
        }
        Row::new([
            what,
            Line::new().text(told(&notice.role)).quiet(notice.recipient.clone()),
            Line::new().at(site.moment(notice.requested_at, facility)),
            state,
            proved,
        ])
    };
    Table::new("Notices", &["Notice", "To", "Asked for", "Delivery", "Proof"]).rows(notices.iter().map(row))
}

/// Whether and how the question about a report to the data bank was answered.
fn npdb(suspension: &SuspensionView, site: &Site) -> Line {
    match (&suspension.npdb_answer, suspension.npdb_asked_at) {
        (Some(answer), _) => by(answer, site, &suspension.facility),
        (None, Some(asked)) => {
            Line::new().chip("doubt", "Asked").below_at("since", site.moment(asked, &suspension.facility))
        }
        (None, None) => Line::new().quiet("not asked"),
    }
}
