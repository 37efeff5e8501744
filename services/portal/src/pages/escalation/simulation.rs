//! `/simulations/{job}`: who would have got which step when, under a policy, on recorded history.

mod report;

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::escalation::{
    SimulateJob, SimulateReport, SimulateRequest, SimulatedGroup, SimulatedStep, SimulatedSummary,
};
use countersign_kernel::Role;

use super::told;
use crate::{
    ask::{self, governed::Texts},
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::{Entered, Field, Form, Kind},
        governed::{self, version},
        sheet::{Block, Line, Part, Sent, Sheet},
        site::Site,
    },
    same_origin,
    show::{Column, Section, Spreadsheet, number, sentence},
    visitor::{self, Visitor},
};

const SIMULATE: &[Role] =
    &[Role::HimManager, Role::RulesApprover, Role::MedicalStaffOffice, Role::ChiefMedicalOfficer];
/// The form that asks what a version would have done, for those who may.
pub(in crate::pages) fn form(version: u32, visitor: &Visitor, entered: &Entered) -> Option<Form> {
    let fields = vec![
        Field::new("against", "Compared with version", Kind::Line)
            .optional()
            .hint("Left empty: with the policy in force"),
        Field::new("as_if_live", "Take the facts as if the feeds had been live", Kind::Tick).optional().hint(
            "For a history that was loaded afterwards: facts count when the hospital's systems recorded them. Not ticked: \
             when they were received here",
        ),
        Field::new("from", "From the day", Kind::Day).optional().hint("Left empty: from the first event on"),
        Field::new("until", "Up to the day", Kind::Day).optional().hint("Left empty: up to the last event"),
        Field::new("delivered_after_minutes", "A notice counts as delivered after, in minutes", Kind::Line)
            .optional()
            .value("60"),
        Field::new("confirmed_after_hours", "Leadership confirms a proposal after, in hours", Kind::Line)
            .optional()
            .hint("Left empty: nobody ever does"),
    ];
    let form = Form::new("simulate", "Simulate it", "It takes a while on a long record.", "Simulate", fields);
    let form = form.sent_to(format!("/policies/{version}/simulate"));
    may(visitor).then(|| form.filled(entered))
}

/// Whether somebody may ask.
pub(in crate::pages) fn may(visitor: &Visitor) -> bool {
    visitor.has_any(SIMULATE)
}

fn request(entered: &Entered, text: String, zone: &str) -> Result<SimulateRequest, String> {
    let whole = |name, label: &str| match entered.get(name) {
        None => Ok(None),
        Some(text) => text.parse::<u32>().map(Some).map_err(|_| format!("“{label}” is no whole number")),
    };
    let against = whole("against", "Compared with version")?;
    Ok(SimulateRequest {
        policy: Some(text),
        against,
        against_in_force: against.is_none(),
        as_if_live: entered.get("as_if_live").is_some(),
        from: entered.start_of_day("from", "From the day", zone)?,
        until: match entered.get("until") {
            Some(_) => Some(entered.end_of_day("until", "Up to the day", zone)?),
            None => None,
        },
        delivered_after_minutes: whole("delivered_after_minutes", "A notice counts as delivered after")?,
        confirmed_after_hours: whole("confirmed_after_hours", "Leadership confirms a proposal after")?,
    })
}

/// `POST /policies/{version}/simulate`: asks, and goes to where the answer will be.
pub(super) async fn ask(
    State(portal): State<Portal>,
    Path(number): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    let number = version(&number)?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let (api, entered) = (portal.api.as_ref(), Entered::read(&body));
    let refused = |status, said| Sent { done: None, refused: Some((status, said)) };
    let found = ask::governed::one(api, Texts::Policies, number).await?;
    let now = portal.clock.now();
    let site = Site::ask(api, now).await;
    let request = match request(&entered, found.text, site.any_zone()) {
        Ok(request) => request,
        Err(said) => {
            return governed::page(
                &portal,
                Texts::Policies,
                number,
                &entered,
                refused(StatusCode::UNPROCESSABLE_ENTITY, said),
            )
            .await;
        }
    };
    // history grows: the same question at another time is another question
    match ask::escalation::simulate(api, &request, &now.to_string()).await {
        Ok(job) => Ok(Redirect::to(&format!("/simulations/{}", job.id)).into_response()),
        Err(Failure::Refused(status, said)) => {
            let said = said.unwrap_or_else(|| "It is refused.".to_owned());
            governed::page(&portal, Texts::Policies, number, &entered, refused(status, said)).await
        }
        Err(failure) => Err(failure),
    }
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(job): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), &["provider"]);
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let job = ask::escalation::simulation(api, &job).await?;
    let site = Site::ask(api, now).await;
    let asked =
        Line::new().a_chip(job_chip(&job.state)).quiet("asked").at(site.moment_anywhere(job.asked_at));
    let sheet = Sheet::new("Simulation", Section::Escalation, "/policies")
        .crumb("/policies", "Escalation policies")
        .under(asked);
    let id = &job.id;
    match (&job.report, &job.problem) {
        (Some(report), _) => report::shown(sheet, id, report, choice.get("provider"), &site).answer(),
        (None, Some(problem)) => {
            let said = Line::new().strong("It failed.").text(sentence(problem));
            sheet.part(Part::card("failed", "No answer").block(Block::Notice("bad", said))).answer()
        }
        (None, None) if job.state == "cancelled" => sheet
            .part(Part::card("cancelled", "Stopped").line("Somebody stopped it: nothing came of it."))
            .answer(),
        (None, None) => {
            let done = format!("{} of {} events so far.", number(job.events_done), number(job.events_total));
            let part = Part::card("running", "Not done yet").line(Line::from(done));
            let part = part.line(Line::new().button(format!("/simulations/{id}"), "Look again", ""));
            let stop = Form::new("cancel", "Stop it", "Nothing comes of it then.", "Stop", Vec::new());
            let stop = stop.sent_to(format!("/simulations/{id}/cancel"));
            let may = visitor::present().has_any(SIMULATE);
            sheet.part(if may { part.block(Block::Forms(vec![stop])) } else { part }).answer()
        }
    }
}

fn job_chip(state: &str) -> crate::show::Chip {
    let class = match state {
        "done" => "satisfied",
        "failed" => "overdue",
        "cancelled" => "closed",
        _ => "waiting",
    };
    crate::show::Chip { class, label: told(state) }
}

/// `POST /simulations/{job}/cancel`: stops one that waits or runs.
pub(super) async fn cancel(
    State(portal): State<Portal>,
    Path(job): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let api = portal.api.as_ref();
    // One that has ended meanwhile keeps its answer: only what waits or runs is let go.
    let found = ask::escalation::simulation(api, &job).await?;
    if matches!(&*found.state, "queued" | "running") {
        ask::escalation::cancel_simulation(api, &job).await?;
    }
    Ok(Redirect::to(&format!("/simulations/{}", found.id)).into_response())
}

/// What the facts of a file rest on.
fn facts(report: &SimulateReport) -> String {
    if report.as_if_live { "as if live" } else { "as received" }.to_owned()
}

async fn done(portal: &Portal, job: &str) -> Result<SimulateReport, Failure> {
    let SimulateJob { report, .. } = ask::escalation::simulation(portal.api.as_ref(), job).await?;
    report.ok_or_else(|| Failure::NotFound(Some("It is not done yet.".to_owned())))
}

const COLUMNS: &[Column<SimulatedStep, (Site, String)>] = &[
    ("provider", |step, _| step.provider.id.clone()),
    ("name", |step, _| step.provider.name.clone()),
    ("facility", |step, _| step.facility.clone()),
    ("department", |step, _| step.department.clone().unwrap_or_default()),
    ("step", |step, _| step.step.clone()),
    ("at", |step, (site, _)| site.local(Some(step.at), &step.facility)),
    ("week", |step, _| step.week.to_string()),
    ("counting", |step, _| step.counting.to_string()),
    ("oldest_days", |step, _| step.oldest_days.to_string()),
    ("uncovered", |step, _| step.uncovered.join(" ")),
    ("facts", |_, (_, facts)| facts.clone()),
];

/// `/simulations/{job}/steps.csv`: every step as a file.
pub(super) async fn export(
    State(portal): State<Portal>,
    Path(job): Path<String>,
) -> Result<Response, Failure> {
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let report = done(&portal, &job).await?;
    let told = (Site::ask(api, now).await, facts(&report));
    Spreadsheet::of(COLUMNS, &report.lines, &told).answer("simulation", now)
}

/// A group by something, with a policy and what it would have done there.
type Figures = (&'static str, SimulatedGroup, String, SimulatedSummary);

const GROUP_COLUMNS: &[Column<Figures, String>] = &[
    ("by", |(by, ..), _| (*by).to_owned()),
    ("facility", |(_, group, ..), _| group.facility.clone().unwrap_or_default()),
    ("key", |(_, group, ..), _| group.key.clone()),
    ("name", |(_, group, ..), _| group.name.clone().unwrap_or_default()),
    ("policy", |(_, _, policy, _), _| policy.clone()),
    ("notices", |(.., sum), _| sum.notices.to_string()),
    ("warnings", |(.., sum), _| sum.warnings.to_string()),
    ("proposals", |(.., sum), _| sum.proposals.to_string()),
    ("suspensions", |(.., sum), _| sum.suspensions.to_string()),
    ("suspended_days", |(.., sum), _| format!("{:.1}", sum.suspended_days)),
    ("charts_at_limit", |(.., sum), _| sum.charts_at_limit.to_string()),
    ("facts", |_, facts| facts.clone()),
];

/// `/simulations/{job}/groups.csv`: the figures by facility, department and week, a row for each policy.
pub(super) async fn export_groups(
    State(portal): State<Portal>,
    Path(job): Path<String>,
) -> Result<Response, Failure> {
    let report = done(&portal, &job).await?;
    let mut figures: Vec<Figures> = Vec::new();
    for (by, groups) in
        [("facility", &report.facilities), ("department", &report.departments), ("week", &report.weeks)]
    {
        for group in groups {
            figures.push((by, group.clone(), report.policy.clone(), group.here.clone()));
            if let Some((other, there)) = report.against.as_ref().zip(group.there.as_ref()) {
                figures.push((by, group.clone(), other.policy.clone(), there.clone()));
            }
        }
    }
    Spreadsheet::of(GROUP_COLUMNS, &figures, &facts(&report)).answer("simulation-groups", portal.clock.now())
}
