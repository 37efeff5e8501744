//! `/simulations/{job}`: who would have got which step when, under a policy, on recorded history.

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::escalation::{
    SimulateJob, SimulateReport, SimulateRequest, SimulatedCount, SimulatedStep,
};
use countersign_kernel::Role;

use super::{person, told};
use crate::{
    ask::{self, governed::Texts},
    failure::Failure,
    pages::{
        Portal,
        form::{Entered, Field, Form, Kind},
        governed::{self, version},
        sheet::{Block, Figure, Line, Part, Row, Sent, Sheet, Table},
        site::Site,
    },
    same_origin,
    show::{Section, Spreadsheet, number, sentence},
    visitor::{self, Visitor},
};

const SIMULATE: &[Role] =
    &[Role::HimManager, Role::RulesApprover, Role::MedicalStaffOffice, Role::ChiefMedicalOfficer];
/// Steps that are shown; the file has them all.
const MOST_SHOWN: usize = 200;

/// The form that asks what a version would have done, for those who may.
pub(in crate::pages) fn form(version: u32, visitor: &Visitor, entered: &Entered) -> Option<Form> {
    let fields = vec![
        Field::new("against", "Compared with version", Kind::Line).optional(),
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
    Ok(SimulateRequest {
        policy: Some(text),
        against: whole("against", "Compared with version")?,
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
) -> Result<Response, Failure> {
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
        (Some(report), _) => shown(sheet, id, report, &site).answer(),
        (None, Some(problem)) => {
            let said = Line::new().strong("It failed.").text(sentence(problem));
            sheet.part(Part::card("failed", "No answer").block(Block::Notice("bad", said))).answer()
        }
        (None, None) => {
            let done = format!("{} of {} events so far.", number(job.events_done), number(job.events_total));
            let part = Part::card("running", "Not done yet").line(Line::from(done));
            sheet.part(part.line(Line::new().button(format!("/simulations/{id}"), "Look again", ""))).answer()
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

fn shown(sheet: Sheet, id: &str, report: &SimulateReport, site: &Site) -> Sheet {
    let from = site.moment_anywhere(report.from);
    let until = site.moment_anywhere(report.until);
    let counts = |counts: &[SimulatedCount], name: &str| {
        Table::new(name.to_owned(), &["Step", "#Times", "#Providers"]).rows(counts.iter().map(|count| {
            Row::new([
                Line::from(told(&count.step)),
                Line::from(number(count.times)),
                Line::from(number(count.providers)),
            ])
        }))
    };
    let mut steps = Part::new("steps", "Who would have got which step when");
    if !report.lines.is_empty() {
        let told = match report.lines.len() {
            all @ ..=MOST_SHOWN => format!("{} in order of time", number(all as u64)),
            all => format!("The first {MOST_SHOWN} of {}; the file has them all", number(all as u64)),
        };
        steps = steps.block(Block::Above { told, csv: Some(format!("/simulations/{id}/steps.csv")) });
    }
    let mut sheet = sheet
        .lead(format!(
            "“{}” on {} events, from {} {} up to {} {}.",
            report.policy,
            number(report.events),
            from.text,
            from.zone,
            until.text,
            until.zone
        ))
        .figures([Figure::new("Tracks", report.tracks), Figure::new("Notices", report.notices)])
        .part(Part::new("counts", "How often each step").table_or(counts(&report.steps, "Steps"), "None."))
        .part(steps.table_or(lines(&report.lines, "Steps taken", site), "Nobody would have got any."));
    if let Some(other) = &report.against {
        let which = match other.version {
            Some(version) => format!("“{}”, version {version}", other.policy),
            None => format!("“{}”", other.policy),
        };
        let moved = other.moved.iter().take(MOST_SHOWN).map(|moved| {
            Row::new([
                person(&moved.here.provider).below(moved.here.facility.clone()),
                Line::from(told(&moved.here.step)),
                Line::new().at(site.moment(moved.here.at, &moved.here.facility)),
                Line::new().at(site.moment(moved.there_at, &moved.here.facility)),
            ])
        });
        let moved = Table::new("At other times", &["Who", "Step", "Here", "There"]).rows(moved);
        sheet = sheet
            .part(
                Part::new("there", format!("How often under {which}"))
                    .table_or(counts(&other.steps, "Steps there"), "None."),
            )
            .part(
                Part::new("only-here", "Only here")
                    .table_or(lines(&other.only_here, "Only here", site), "Nothing."),
            )
            .part(
                Part::new("only-there", format!("Only under {which}"))
                    .table_or(lines(&other.only_there, "Only there", site), "Nothing."),
            )
            .part(Part::new("moved", "At other times").table_or(moved, "Nothing."));
    }
    let proof = Part::card("proof", "What it rests on").pairs(vec![
        ("Policy", Line::new().mono(report.sha256.clone())),
        ("Journal", Line::from(format!("read up to position {}", report.position))),
    ]);
    sheet.part(proof)
}

fn lines(steps: &[SimulatedStep], name: &str, site: &Site) -> Table {
    let rows = steps.iter().take(MOST_SHOWN).map(|step| {
        Row::new([
            person(&step.provider).below(step.facility.clone()),
            Line::from(told(&step.step)),
            Line::new().at(site.moment(step.at, &step.facility)),
            Line::from(step.counting.to_string()),
            Line::from(step.oldest_days.to_string()),
        ])
    });
    Table::new(name.to_owned(), &["Who", "Step", "When", "#Items", "#Oldest, days"]).rows(rows)
}

const COLUMNS: [&str; 7] = ["provider", "name", "facility", "step", "at", "counting", "oldest_days"];

/// `/simulations/{job}/steps.csv`: every step as a file.
pub(super) async fn export(
    State(portal): State<Portal>,
    Path(job): Path<String>,
) -> Result<Response, Failure> {
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let SimulateJob { report, .. } = ask::escalation::simulation(api, &job).await?;
    let report = report.ok_or_else(|| Failure::NotFound(Some("It is not done yet.".to_owned())))?;
    let site = Site::ask(api, now).await;
    let mut file = Spreadsheet::new(&COLUMNS);
    for step in report.lines {
        file.line([
            step.provider.id,
            step.provider.name,
            step.facility.clone(),
            step.step,
            site.local(Some(step.at), &step.facility),
            step.counting.to_string(),
            step.oldest_days.to_string(),
        ]);
    }
    file.answer("simulation", now)
}
