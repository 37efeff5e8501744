//! `/notices`: what was sent to whom, and what came of it; `/notices.csv`: the same as a file.

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::{Page, notification::NoticeView};

use super::{about, banner, class, legs, recipient, state_chip, told};
use crate::{
    api::Api,
    ask::{self, notification::Wanted},
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        list::{List, Listing, ROWS},
        sheet::{Line, Part, Row, Sheet, Table},
        site::{Site, day},
    },
    show::{Column, Section, count, sentence},
    visitor,
};

const CLASSES: &[(&str, &str)] = &[("formal", "Formal notices"), ("reminder", "Reminders")];

/// Notices; `/notices.csv`: the same as a file.
pub(super) struct Notices;

impl Listing for Notices {
    type Row = NoticeView;
    const NAMES: &'static [&'static str] = &["class", "kind", "about", "recipient", "track"];
    const FILE: &'static str = "notices";
    const COLUMNS: &'static [Column<NoticeView, Site>] = &[
        ("reference", |notice, _| notice.reference.clone()),
        ("kind", |notice, _| notice.kind.clone()),
        ("class", |notice, _| notice.class.clone()),
        ("facility", |notice, _| notice.facility.clone()),
        ("about", |notice, _| notice.about_name.clone().unwrap_or_default()),
        ("recipient", |notice, _| notice.recipient.clone()),
        ("recipient_name", |notice, _| notice.recipient_name.clone()),
        ("role", |notice, _| notice.role.clone()),
        ("state", |notice, _| notice.state.clone()),
        ("because", |notice, _| notice.because.clone().unwrap_or_default()),
        ("items", |notice, _| notice.items.to_string()),
        ("names_date", |notice, _| notice.names_date.map(|date| date.to_string()).unwrap_or_default()),
        ("requested", |notice, site| site.local(Some(notice.requested_at), &notice.facility)),
        ("delivered", |notice, site| site.local(notice.delivered_at, &notice.facility)),
        ("channels", |notice, _| channels(notice)),
        ("id", |notice, _| notice.id.to_string()),
    ];

    async fn ask(api: &dyn Api, choice: &Choice, limit: usize) -> Result<Page<NoticeView>, Failure> {
        let wanted = Wanted {
            about: choice.get("about"),
            recipient: choice.get("recipient"),
            track: choice.get("track"),
            class: choice.get("class"),
            kind: choice.get("kind"),
            cursor: choice.cursor(),
            limit,
        };
        ask::notification::notices(api, wanted).await
    }
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    // a physician's notices are the own messages
    if query.as_deref().is_none_or(str::is_empty) && visitor::present().only_own() {
        return Ok(Redirect::to("/messages").into_response());
    }
    let choice = Choice::read(query.as_deref(), Notices::NAMES);
    let api = portal.api.as_ref();
    let page = Notices::ask(api, &choice, ROWS).await?;
    let site = Site::ask(api, portal.clock.now()).await;
    let fields = [
        choice.picked("class", "Class", "Any", CLASSES),
        choice.typed("kind", "Kind"),
        choice.typed("recipient", "Recipient’s key"),
        choice.typed("about", "Key of the provider"),
        choice.typed("track", "Track"),
    ];
    let heads = ["Notice", "About", "To", "State", "Asked for", "By which way", "!Details"];
    let list = List {
        part: Part::new("notices", "What was sent"),
        total: page.total,
        order: "the latest first",
        table: Table::new("Notices", &heads).rows(page.items.iter().map(|notice| row(notice, &site))),
        empty: "No notice is like that.",
        next: page.next,
    };
    Sheet::new("Notices", Section::Notices, "/notices")
        .intro(
            "Digests and formal notices, with what became of them. None of them says anything of a patient.",
        )
        .banner(banner(api).await)
        .narrowed_by(&choice, fields)
        .list(&choice, list)
        .answer()
}

fn row(notice: &NoticeView, site: &Site) -> Row {
    let facility = notice.facility.as_str();
    let items = count(notice.items.into(), "item");
    // A digest is about all facilities.
    let where_and_how_many = if facility.is_empty() { items } else { format!("{facility}, {items}") };
    let what = class(Line::new().strong(told(&notice.kind)), &notice.class).below(notice.reference.clone());
    let what = what.and(notice.names_date, |line, date| line.below(format!("names {}", day(date))));
    let state = Line::new().a_chip(state_chip(&notice.state));
    let state = match notice.delivered_at {
        Some(at) => state.below_at("", site.moment(at, facility)),
        None => state.and(notice.because.as_ref(), |line, because| line.below(sentence(because))),
    };
    Row::new([
        what,
        about(notice.about, notice.about_name.as_deref()).below(where_and_how_many),
        Line::new()
            .link(format!("/contacts/{}", notice.recipient), recipient(notice))
            .below(told(&notice.role)),
        state,
        Line::new().at(site.moment(notice.requested_at, facility)),
        legs(&notice.legs),
        Line::new().button(format!("/notices/{}", notice.id), "Open", format!("notice {}", notice.reference)),
    ])
    .late(matches!(notice.state.as_str(), "dead" | "bounced" | "failed"))
}

/// The channels of a notice with their states, for files.
pub(super) fn channels(notice: &NoticeView) -> String {
    let channels = notice.legs.iter().map(|leg| format!("{}: {}", leg.channel, leg.state));
    channels.collect::<Vec<_>>().join("; ")
}
