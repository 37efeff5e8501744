//! `/auditor`: whether what was promised is kept, and whether the clock can be trusted.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::escalation::{AuditView, ClockView, LimitView};
use countersign_kernel::{Role, Timestamp};

use super::{act, told};
use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::{Entered, Field, Form},
        sheet::{Block, Line, Part, Row, Sent, Sheet, Table},
        site::Site,
    },
    same_origin,
    show::{Section, number, sentence},
    visitor::{self, Visitor},
};

const TRUST: &[Role] = &[Role::Administrator, Role::ChiefMedicalOfficer];

/// The form that says that the clock is right, for those who may.
pub(super) fn trust_form(visitor: &Visitor, entered: &Entered, since: Timestamp) -> Vec<Form> {
    if !visitor.has_any(TRUST) {
        return Vec::new();
    }
    let right = Field::confirm("I have compared it with another clock: date, hour and zone are right");
    let form = Form::new(
        "trust",
        "Confirm that the clock is right",
        "Suspensions go on by it. A clock that is wrong can end somebody’s privileges too early.",
        "The clock is right",
        vec![Field::why(), right],
    );
    vec![form.sent_to("/auditor/clock").carries("seen", since.to_string()).filled(entered)]
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), &[]);
    let sent = Sent::just_done(&choice, act::done);
    page(&portal, &Entered::default(), sent, choice.position).await
}

async fn page(
    portal: &Portal,
    entered: &Entered,
    sent: Sent,
    not_before: Option<u64>,
) -> Result<Response, Failure> {
    let (api, visitor) = (portal.api.as_ref(), visitor::present());
    let (audit, clock) =
        tokio::try_join!(ask::escalation::audit(api), ask::escalation::clock(api, not_before))?;
    // Who runs the machine sees whether the promises are kept, and ends a doubt about the clock, but reads no charts.
    let limits = match ask::escalation::limits(api).await {
        Err(Failure::Refused(StatusCode::FORBIDDEN, _)) => None,
        limits => Some(limits?),
    };
    let site = Site::ask(api, portal.clock.now()).await;
    let mut told = clock_part(&clock, &site);
    if clock.state != "trusted" {
        let forms = trust_form(&visitor, entered, clock.since.unwrap_or(clock.now));
        if !forms.is_empty() {
            told = told.block(Block::Forms(forms));
        }
    }
    let sheet = Sheet::new("Auditor", Section::Escalation, "/auditor")
        .intro("A task of its own looks whether every promise is kept, and says so outside while it lives.")
        .sent(sent)
        .columns([told, looks(&audit, &site)])
        .part(findings(&audit, &site))
        .part(checked(&audit));
    match limits {
        Some(limits) => sheet.part(limits_part(&limits, &site)),
        None => sheet,
    }
    .answer()
}

fn clock_part(clock: &ClockView, site: &Site) -> Part {
    let at = |at| Line::new().at(site.moment_anywhere(at));
    let trusted = clock.state == "trusted";
    let state = if trusted {
        Line::new().chip("satisfied", "Trusted")
    } else {
        Line::new().chip("overdue", "Doubted").below("No suspension goes on until somebody confirms it.")
    };
    let mut pairs = vec![("State", state), ("Now", at(clock.now))];
    if let Some(because) = &clock.because {
        pairs.push(("Because", Line::from(sentence(because))));
    }
    if let Some(since) = clock.since.filter(|_| !trusted) {
        pairs.push(("Since", at(since)));
    }
    if let Some(mark) = clock.high_water {
        pairs.push(("Latest record", at(mark)));
    }
    if let Some(until) = clock.settles_until {
        pairs.push((
            "Settles until",
            at(until).below("The services came back from an outage: nothing grave before."),
        ));
    }
    pairs.push(("Timers armed", Line::from(number(clock.armed))));
    pairs.push(("Due now", Line::from(number(clock.due))));
    let late = match clock.late_seconds {
        0 => Line::new().quiet("none"),
        seconds => Line::new().late(format!("the oldest by {} seconds", number(seconds))),
    };
    pairs.push(("Late", late));
    Part::card("clock", "The clock and the timers").pairs(pairs)
}

fn looks(audit: &AuditView, site: &Site) -> Part {
    let at = |at: Option<Timestamp>| match at {
        Some(at) => {
            let moment = site.moment_anywhere(at);
            Line::new().text(moment.relative.clone()).at(moment)
        }
        None => Line::new().quiet("never so far"),
    };
    let heartbeat = if audit.heartbeat_configured {
        at(audit.heartbeat_at)
    } else {
        Line::new().chip("doubt", "No address is configured")
    };
    Part::card("looks", "When it looked").pairs(vec![
        ("Last look", at(audit.looked_at)),
        ("Journal", Line::from(format!("up to position {}", audit.position))),
        ("Heartbeat", heartbeat),
    ])
}

fn findings(audit: &AuditView, site: &Site) -> Part {
    let rows = audit.findings.iter().map(|finding| {
        let about = match finding.track {
            Some(track) => Line::new().link(format!("/tracks/{track}"), "Open the track"),
            None => Line::new().mono(finding.stream.clone()),
        };
        let since = site.moment_anywhere(finding.since);
        Row::new([
            Line::new().chip("overdue", told(&finding.check)),
            Line::from(sentence(&finding.text)),
            Line::new().text(since.relative.clone()).below_at("", since),
            about,
        ])
        .late(true)
    });
    let table = Table::new("Broken promises", &["Promise", "What is wrong", "Since", "About"]).rows(rows);
    Part::new("findings", "Broken promises")
        .table_or(table, "None: everything that was looked at is as it was promised.")
}

fn checked(audit: &AuditView) -> Part {
    let rows = audit.checked.iter().map(|checked| {
        Row::new([
            Line::from(told(&checked.check)),
            Line::from(number(checked.looked_at)),
            Line::from(number(checked.broken)),
        ])
        .late(checked.broken > 0)
    });
    let table = Table::new("Checks", &["Check", "#Looked at", "#Broken"]).rows(rows);
    Part::new("checked", "What it looked at").table_or(table, "Nothing so far.")
}

fn limits_part(limits: &[LimitView], site: &Site) -> Part {
    let rows = limits.iter().map(|limit| {
        let state = match (limit.ended_at, limit.escalated_at, limit.due_at) {
            (Some(ended), ..) => {
                Line::new().chip("satisfied", "Done").at(site.moment(ended, &limit.facility))
            }
            (None, Some(at), _) => {
                let line = Line::new().chip("overdue", "Escalated").at(site.moment(at, &limit.facility));
                line.and(limit.acknowledged.as_ref(), |line, by| line.below(format!("seen by {}", by.name)))
            }
            (None, None, Some(due)) => Line::new().chip("open", "Due").at(site.moment(due, &limit.facility)),
            (None, None, None) => Line::new().quiet("not due"),
        };
        Row::new([
            Line::new()
                .link(format!("/charts/{}", limit.chart), "Open the chart")
                .below(limit.facility.clone()),
            Line::new().at(site.moment(limit.counts_from, &limit.facility)),
            Line::from(limit.open.to_string()),
            state,
        ])
    });
    let table = Table::new("Regulatory limits", &["Chart", "Discharged", "#Open items", "State"]).rows(rows);
    Part::new("limits", "Charts near the regulatory limit")
        .hint("This clock never pauses, whoever is away: HIM and the chief medical officer are told in time.")
        .table_or(table, "None.")
}

/// `POST /auditor/clock`: somebody says that the clock is right.
pub(super) async fn trust(
    State(portal): State<Portal>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let entered = Entered::read(&body);
    let refused = |status, said: &str| Sent { done: None, refused: Some((status, said.to_owned())) };
    let sent = match (entered.get("why"), entered.get("confirmed")) {
        (Some(why), Some(_)) => {
            let seen = entered.get("seen").unwrap_or_default();
            match ask::escalation::trust_clock(portal.api.as_ref(), why, seen).await {
                Ok(done) => {
                    let next = format!("/auditor?done=trusted&position={}", done.position);
                    return Ok(Redirect::to(&next).into_response());
                }
                Err(Failure::Refused(status, said)) => {
                    refused(status, said.as_deref().unwrap_or("It is refused."))
                }
                Err(failure) => return Err(failure),
            }
        }
        (None, _) => refused(StatusCode::UNPROCESSABLE_ENTITY, "“Why” is empty: the reason goes on record"),
        (Some(_), None) => {
            refused(StatusCode::UNPROCESSABLE_ENTITY, "Compare the clock, and tick the box first")
        }
    };
    page(&portal, &entered, sent, None).await
}
