//! `/tracks`: who stands where; `/tracks.csv`: the same as a file.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use countersign_contracts::api::escalation::TrackView;

use super::{person, state_chip, told};
use crate::{
    ask::{self, escalation::Wanted},
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        sheet::{Block, Filter, FilterField, Line, Part, Row, Sheet, Table},
        site::Site,
    },
    show::{Section, Spreadsheet, number},
};

/// Rows of a page.
const ROWS: usize = 50;
/// Rows of the file that are asked for at a time: what the API gives at most.
const ROWS_AT_A_TIME: usize = 1000;
/// Rows of the file at most.
const MOST_EXPORTED: usize = 10_000;
const NAMES: &[&str] = &["state", "facility", "provider", "held"];
const STATES: &[(&str, &str)] =
    &[("open", "Open"), ("proposed", "Suspension proposed"), ("suspended", "Suspended"), ("idle", "Idle")];

fn wanted(choice: &Choice, limit: usize) -> Wanted<'_> {
    Wanted {
        facility: choice.get("facility"),
        provider: choice.get("provider"),
        state: choice.get("state"),
        held: choice.get("held"),
        cursor: choice.cursor(),
        limit,
        ..Wanted::default()
    }
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), NAMES);
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let page = ask::escalation::tracks(api, wanted(&choice, ROWS)).await?;
    let site = Site::ask(api, now).await;
    let text = |name, label| FilterField {
        name,
        label,
        value: choice.get(name).unwrap_or_default().to_owned(),
        offers: Vec::new(),
    };
    let mut states = choice.offers("state", STATES);
    "All but idle".clone_into(&mut states[0].label);
    let fields = vec![
        FilterField { offers: states, ..text("state", "State") },
        FilterField { offers: site.offers(&choice), ..text("facility", "Facility") },
        text("provider", "Provider’s identifier"),
        text("held", "Held, because"),
    ];
    let table =
        Table::new("Tracks", &["Whom", "State", "Last step", "#Items", "#Oldest, days", "Next", "!Why"])
            .rows(page.items.iter().map(|track| row(track, &site)));
    let mut list = Part::new("tracks", "Who stands where");
    if !page.items.is_empty() {
        let told = format!("{} in all, the most severe first", number(page.total));
        list = list.block(Block::Above { told, csv: Some(choice.at_cursor(None).href("/tracks.csv")) });
    }
    Sheet::new("Tracks", Section::Escalation, "/tracks")
        .intro(
            "One track for each provider and facility: what the escalation policy did, does next, and why.",
        )
        .filter(Filter { path: "/tracks", fields, filtered: choice.is_narrow() })
        .part(list.table_or(table, "No track is like that."))
        .pages(choice.start("/tracks"), choice.next("/tracks", page.next))
        .answer()
}

fn row(track: &TrackView, site: &Site) -> Row {
    let facility = track.facility.as_str();
    let state = Line::new().a_chip(state_chip(&track.state));
    let state = state.and(track.granted.as_ref(), |line, granted| line.chip("waiting", told(&granted.kind)));
    let step = match &track.step {
        Some(step) => {
            Line::from(told(step)).and(track.step_at, |line, at| line.below_at("", site.moment(at, facility)))
        }
        None => Line::new().quiet("none"),
    };
    let next = match (track.next_at, &track.held) {
        (Some(at), held) => {
            let line = Line::new().at(site.moment(at, facility));
            line.and(held.as_ref(), |line, held| line.below(format!("held: {}", told(held).to_lowercase())))
        }
        (None, Some(held)) => Line::new().chip("waiting", told(held)),
        (None, None) => Line::new().quiet("nothing"),
    };
    Row::new([
        person(&track.provider).below(facility),
        state,
        step,
        Line::from(number(u64::from(track.counting))),
        Line::from(track.oldest_days.to_string()),
        next,
        Line::new().button(
            format!("/tracks/{}", track.id),
            "Why?",
            format!("{} at {facility}", track.provider.name),
        ),
    ])
    .late(track.state == "suspended")
}

const COLUMNS: [&str; 17] = [
    "provider",
    "authority",
    "name",
    "facility",
    "state",
    "cycle",
    "opened",
    "step",
    "step_taken",
    "counting",
    "oldest_days",
    "next",
    "held",
    "granted",
    "suspended_from",
    "policy_version",
    "id",
];

/// `/tracks.csv`: the present choice as a file.
pub(super) async fn export(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let mut choice = Choice::read(query.as_deref(), NAMES).at_cursor(None);
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let mut file = Spreadsheet::new(&COLUMNS);
    let mut written = 0;
    let site = Site::ask(api, now).await;
    loop {
        let page = ask::escalation::tracks(api, wanted(&choice, ROWS_AT_A_TIME)).await?;
        written += page.items.len();
        for track in &page.items {
            file.line(cells(track, &site));
        }
        let Some(next) = page.next.filter(|_| written < MOST_EXPORTED) else { break };
        choice = choice.at_cursor(Some(next));
    }
    file.answer("tracks", now)
}

fn cells(track: &TrackView, site: &Site) -> [String; 17] {
    let local = |at| site.local(at, &track.facility);
    [
        track.provider.id.clone(),
        track.provider.authority.clone(),
        track.provider.name.clone(),
        track.facility.clone(),
        track.state.clone(),
        track.cycle.to_string(),
        local(track.opened_at),
        track.step.clone().unwrap_or_default(),
        local(track.step_at),
        track.counting.to_string(),
        track.oldest_days.to_string(),
        local(track.next_at),
        track.held.clone().unwrap_or_default(),
        track.granted.as_ref().map(|granted| granted.kind.clone()).unwrap_or_default(),
        local(track.suspended_from),
        track.policy.as_ref().map(|policy| policy.version.to_string()).unwrap_or_default(),
        track.id.to_string(),
    ]
}
