//! `/runs`: what the next cutoff does, and runs that wait for a human.

use std::collections::BTreeSet;

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::escalation::{DryRunLine, HeldRun, RunLine, RunView};
use countersign_kernel::{Role, Timestamp};

use super::{act, person, told};
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
    show::{Section, Spreadsheet, number},
    visitor::{self, Visitor},
};

/// Facilities whose next run is looked at on one page.
const MOST_FACILITIES: usize = 20;
const RELEASE: &[Role] = &[Role::HimManager, Role::ChiefMedicalOfficer, Role::Administrator];

/// The form that lets a held run go on, for those who may.
pub(super) fn release_form(
    facility: &str,
    since: Timestamp,
    visitor: &Visitor,
    entered: &Entered,
) -> Vec<Form> {
    if !visitor.has_any(RELEASE) {
        return Vec::new();
    }
    let goes = Field::confirm("I have looked at the dry run: these steps may be taken");
    let form = Form::new(
        "release",
        format!("Release the run of {facility}"),
        "The tracks move, each by one step at most; notice windows stay as long as they are.",
        "Release",
        vec![Field::why(), goes],
    );
    let form = form.about(facility, "").sent_to("/runs/held").carries("seen", since.to_string());
    vec![form.filled(entered)]
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), &["facility"]);
    let sent = Sent::just_done(&choice, act::done);
    page(&portal, &choice, &Entered::default(), sent).await
}

async fn page(portal: &Portal, choice: &Choice, entered: &Entered, sent: Sent) -> Result<Response, Failure> {
    let (api, now, visitor) = (portal.api.as_ref(), portal.clock.now(), visitor::present());
    let facility = choice.get("facility");
    let (runs, held) = tokio::try_join!(
        ask::escalation::runs(api, facility),
        ask::escalation::held_runs(api, choice.position),
    )?;
    let site = Site::ask(api, now).await;
    let mut dry = Vec::new();
    for code in dry_for(facility, &site, &runs, &held) {
        dry.extend(ask::escalation::dry_run(api, &code).await?.lines);
    }
    let waiting = Table::new("Held runs", &["Facility", "Since", "#Tracks", "#Limit", "State", "!Release"])
        .rows(held.iter().map(|run| held_row(run, &site, &visitor, entered)));
    let would = Table::new("Would move", &["Whom", "Step", "#Items", "#Oldest, days", "What holds it"])
        .rows(dry.iter().map(dry_row));
    let published =
        Table::new("Published lists", &["Cutoff", "Facility", "Published", "#On the list", "!List"])
            .rows(runs.iter().map(|run| run_row(run, &site)));
    let dry_run = Part::new("dry", "What would happen now")
        .hint("If the next run came at this instant. Nothing is done by looking.")
        .table_or(would, "No track would move.");
    let held = Part::new("held", "Held runs")
        .hint("So many tracks would move at once, after an outage, say, that a human looks first.")
        .table_or(waiting, "None is held.");
    let lists = Part::new("published", "Published lists")
        .hint("Who is on the list of a cutoff was told so when the list was published.")
        .table_or(published, "None was published so far.");
    Sheet::new("Runs", Section::Escalation, "/runs")
        .intro("The weekly cycle: a list is published, and at the cutoff steps are taken, each re-checked first.")
        .sent(sent)
        .narrowed_by(choice, [site.picked(choice)])
        .part(held)
        .part(lists)
        .part(dry_run)
        .answer()
}

/// The facilities whose next run is looked at: the chosen one, or all that are known.
fn dry_for(chosen: Option<&str>, site: &Site, runs: &[RunView], held: &[HeldRun]) -> BTreeSet<String> {
    if let Some(chosen) = chosen {
        return BTreeSet::from([chosen.to_owned()]);
    }
    let told = runs.iter().map(|run| &run.facility).chain(held.iter().map(|run| &run.facility));
    site.codes().map(str::to_owned).chain(told.cloned()).take(MOST_FACILITIES).collect()
}

fn held_row(run: &HeldRun, site: &Site, visitor: &Visitor, entered: &Entered) -> Row {
    let (state, forms) = match &run.released {
        Some(released) => {
            (Line::new().chip("satisfied", "Released").below(super::by_text(released)), Vec::new())
        }
        None => (Line::new().chip("doubt", "Held"), release_form(&run.facility, run.since, visitor, entered)),
    };
    Row::new([
        Line::from(run.facility.clone()),
        Line::new().at(site.moment(run.since, &run.facility)),
        Line::from(number(u64::from(run.tracks))),
        Line::from(number(u64::from(run.limit))),
        state,
        Line::new(),
    ])
    .late(run.released.is_none())
    .forms(forms)
}

fn dry_row(line: &DryRunLine) -> Row {
    let held = match &line.held {
        Some(held) => Line::new().chip("waiting", told(held)),
        None => Line::new().chip("open", "Moves at once"),
    };
    let [whom, step, counting, oldest] = cells(&line.line, &line.facility);
    Row::new([whom, step, counting, oldest, held])
}

fn cells(line: &RunLine, facility: &str) -> [Line; 4] {
    [
        person(&line.provider).below(facility),
        Line::new().link(format!("/tracks/{}", line.track), told(&line.step)),
        Line::from(number(u64::from(line.counting))),
        Line::from(line.oldest_days.to_string()),
    ]
}

fn run_row(run: &RunView, site: &Site) -> Row {
    let cutoff = site.moment(run.cutoff_at, &run.facility);
    let list = format!("/runs/{}/{}", run.facility, run.published_at);
    Row::new([
        Line::new().text(cutoff.relative.clone()).below_at("", cutoff),
        Line::from(run.facility.clone()),
        Line::new().at(site.moment(run.published_at, &run.facility)),
        Line::from(number(u64::from(run.due))),
        Line::new().button(list, "List", format!("of {} published {}", run.facility, run.published_at)),
    ])
}

/// `/runs/{facility}/{published_at}`: everybody on one list.
pub(super) async fn one(
    State(portal): State<Portal>,
    Path((facility, published_at)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let published_at: Timestamp = published_at.parse().map_err(|_| Failure::NotFound(None))?;
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let run = ask::escalation::run(api, &facility, &published_at.to_string()).await?;
    let site = Site::ask(api, now).await;
    let table = Table::new("On the list", &["Whom", "Step at the cutoff", "#Items", "#Oldest, days"])
        .rows(run.lines.iter().map(|line| Row::new(cells(line, &run.facility))));
    let csv = format!("/runs/{}/{published_at}/list.csv", run.facility);
    let told = format!("{} in all, in order of name", number(run.lines.len() as u64));
    let list = Part::new("list", "Who is on it").block(Block::Above { told, csv: Some(csv) });
    Sheet::new(format!("List of {}", run.facility), Section::Escalation, "/runs")
        .crumb("/runs", "Runs")
        .under(
            Line::new()
                .text("For the cutoff")
                .at(site.moment(run.cutoff_at, &run.facility))
                .quiet("published")
                .at(site.moment(run.published_at, &run.facility)),
        )
        .part(list.table_or(table, "Nobody."))
        .answer()
}

const COLUMNS: [&str; 8] =
    ["provider", "authority", "name", "facility", "step", "counting", "oldest_days", "cutoff"];

/// `/runs/{facility}/{published_at}/list.csv`: the same as a file.
pub(super) async fn export(
    State(portal): State<Portal>,
    Path((facility, published_at)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let published_at: Timestamp = published_at.parse().map_err(|_| Failure::NotFound(None))?;
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let run = ask::escalation::run(api, &facility, &published_at.to_string()).await?;
    let site = Site::ask(api, now).await;
    let mut file = Spreadsheet::new(&COLUMNS);
    for line in run.lines {
        file.line([
            line.provider.id,
            line.provider.authority,
            line.provider.name,
            run.facility.clone(),
            line.step,
            line.counting.to_string(),
            line.oldest_days.to_string(),
            site.local(Some(run.cutoff_at), &run.facility),
        ]);
    }
    file.answer("run", now)
}

/// `POST /runs/held`: lets a held run go on.
pub(super) async fn release(
    State(portal): State<Portal>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let entered = Entered::read(&body);
    let refused = |status, said| Sent { done: None, refused: Some((status, said)) };
    let choice = Choice::read(None, &["facility"]);
    let said = match (entered.get("about"), entered.get("why"), entered.get("confirmed")) {
        (Some(facility), Some(why), Some(_)) => {
            let seen = entered.get("seen").unwrap_or_default();
            match ask::escalation::release_run(portal.api.as_ref(), facility, why, seen).await {
                Ok(done) => {
                    let next = format!("/runs?done=released&position={}", done.position);
                    return Ok(Redirect::to(&next).into_response());
                }
                Err(Failure::Refused(status, said)) => {
                    refused(status, said.unwrap_or_else(|| "It is refused.".to_owned()))
                }
                Err(failure) => return Err(failure),
            }
        }
        (None, ..) => refused(StatusCode::UNPROCESSABLE_ENTITY, "No facility is named".to_owned()),
        (_, None, _) => {
            refused(StatusCode::UNPROCESSABLE_ENTITY, "“Why” is empty: the reason goes on record".to_owned())
        }
        (_, _, None) => {
            refused(StatusCode::UNPROCESSABLE_ENTITY, "Look at the dry run and tick the box first".to_owned())
        }
    };
    page(&portal, &choice, &entered, said).await
}
