//! `/tracks`: who stands where; `/tracks.csv`: the same as a file.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use countersign_contracts::api::{Page, escalation::TrackView};

use super::{person, state_chip, told};
use crate::{
    api::Api,
    ask::{self, escalation::Wanted},
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        list::{List, Listing, ROWS},
        sheet::{Line, Part, Row, Sheet, Table},
        site::Site,
    },
    show::{Column, Section, number},
};

const STATES: &[(&str, &str)] =
    &[("open", "Open"), ("proposed", "Suspension proposed"), ("suspended", "Suspended"), ("idle", "Idle")];

/// Who stands where; `/tracks.csv`: the same as a file.
pub(super) struct Tracks;

impl Listing for Tracks {
    type Row = TrackView;
    const NAMES: &'static [&'static str] = &["state", "facility", "provider", "held"];
    const FILE: &'static str = "tracks";
    const COLUMNS: &'static [Column<TrackView, Site>] = &[
        ("provider", |track, _| track.provider.id.clone()),
        ("authority", |track, _| track.provider.authority.clone()),
        ("name", |track, _| track.provider.name.clone()),
        ("facility", |track, _| track.facility.clone()),
        ("state", |track, _| track.state.clone()),
        ("cycle", |track, _| track.cycle.to_string()),
        ("opened", |track, site| site.local(track.opened_at, &track.facility)),
        ("step", |track, _| track.step.clone().unwrap_or_default()),
        ("step_taken", |track, site| site.local(track.step_at, &track.facility)),
        ("counting", |track, _| track.counting.to_string()),
        ("oldest_days", |track, _| track.oldest_days.to_string()),
        ("next", |track, site| site.local(track.next_at, &track.facility)),
        ("held", |track, _| track.held.clone().unwrap_or_default()),
        ("granted", |track, _| {
            track.granted.as_ref().map(|granted| granted.kind.clone()).unwrap_or_default()
        }),
        ("suspended_from", |track, site| site.local(track.suspended_from, &track.facility)),
        ("policy_version", |track, _| {
            track.policy.as_ref().map(|policy| policy.version.to_string()).unwrap_or_default()
        }),
        ("id", |track, _| track.id.to_string()),
    ];

    async fn ask(api: &dyn Api, choice: &Choice, limit: usize) -> Result<Page<TrackView>, Failure> {
        let wanted = Wanted {
            facility: choice.get("facility"),
            provider: choice.get("provider"),
            state: choice.get("state"),
            held: choice.get("held"),
            cursor: choice.cursor(),
            limit,
            ..Wanted::default()
        };
        ask::escalation::tracks(api, wanted).await
    }
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), Tracks::NAMES);
    let api = portal.api.as_ref();
    let page = Tracks::ask(api, &choice, ROWS).await?;
    let site = Site::ask(api, portal.clock.now()).await;
    let fields = [
        choice.picked("state", "State", "All but idle", STATES),
        site.picked(&choice),
        choice.typed("provider", "Provider’s identifier"),
        choice.typed("held", "Held, because"),
    ];
    let heads = ["Whom", "State", "Last step", "#Items", "#Oldest, days", "Next", "!Why"];
    let list = List {
        part: Part::new("tracks", "Who stands where"),
        total: page.total,
        order: "the most severe first",
        table: Table::new("Tracks", &heads).rows(page.items.iter().map(|track| row(track, &site))),
        empty: "No track is like that.",
        next: page.next,
    };
    Sheet::new("Tracks", Section::Escalation, "/tracks")
        .intro(
            "One track for each provider and facility: what the escalation policy did, does next, and why.",
        )
        .narrowed_by(&choice, fields)
        .list(&choice, list)
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
