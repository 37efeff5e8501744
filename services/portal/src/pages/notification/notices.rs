//! `/notices`: what was sent to whom, and what came of it; `/notices.csv`: the same as a file.

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::notification::NoticeView;

use super::{about, banner, class, legs, recipient, state_chip, told};
use crate::{
    ask::{self, notification::Wanted},
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        sheet::{Block, Filter, FilterField, Line, Part, Row, Sheet, Table},
        site::{Site, day},
    },
    show::{Section, Spreadsheet, number, sentence},
    visitor,
};

/// Rows of a page.
const ROWS: usize = 50;
/// Rows of the file that are asked for at a time: what the API gives at most.
const ROWS_AT_A_TIME: usize = 500;
/// Rows of the file at most.
const MOST_EXPORTED: usize = 10_000;
const NAMES: &[&str] = &["class", "kind", "about", "recipient", "track"];
const CLASSES: &[(&str, &str)] = &[("formal", "Formal notices"), ("reminder", "Reminders")];

fn wanted(choice: &Choice, limit: usize) -> Wanted<'_> {
    Wanted {
        about: choice.get("about"),
        recipient: choice.get("recipient"),
        track: choice.get("track"),
        class: choice.get("class"),
        kind: choice.get("kind"),
        cursor: choice.cursor(),
        limit,
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
    let choice = Choice::read(query.as_deref(), NAMES);
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let page = ask::notification::notices(api, wanted(&choice, ROWS)).await?;
    let site = Site::ask(api, now).await;
    let text = |name, label| FilterField {
        name,
        label,
        value: choice.get(name).unwrap_or_default().to_owned(),
        offers: Vec::new(),
    };
    let fields = vec![
        FilterField { offers: choice.offers("class", CLASSES), ..text("class", "Class") },
        text("kind", "Kind"),
        text("recipient", "Recipient’s key"),
        text("about", "Key of the provider"),
        text("track", "Track"),
    ];
    let table =
        Table::new("Notices", &["Notice", "About", "To", "State", "Asked for", "By which way", "!Details"])
            .rows(page.items.iter().map(|notice| row(notice, &site)));
    let mut list = Part::new("notices", "What was sent");
    if !page.items.is_empty() {
        let told = format!("{} in all, the latest first", number(page.total));
        list = list.block(Block::Above { told, csv: Some(choice.at_cursor(None).href("/notices.csv")) });
    }
    Sheet::new("Notices", Section::Notices, "/notices")
        .intro(
            "Digests and formal notices, with what became of them. None of them says anything of a patient.",
        )
        .banner(banner(api).await)
        .filter(Filter { path: "/notices", fields, filtered: choice.is_narrow() })
        .part(list.table_or(table, "No notice is like that."))
        .pages(choice.start("/notices"), choice.next("/notices", page.next))
        .answer()
}

fn row(notice: &NoticeView, site: &Site) -> Row {
    let facility = notice.facility.as_str();
    let what = class(Line::new().strong(told(&notice.kind)), &notice.class).below(notice.reference.clone());
    let what = what.and(notice.names_date, |line, date| line.below(format!("names {}", day(date))));
    let state = Line::new().a_chip(state_chip(&notice.state));
    let state = match notice.delivered_at {
        Some(at) => state.below_at("", site.moment(at, facility)),
        None => state.and(notice.because.as_ref(), |line, because| line.below(sentence(because))),
    };
    Row::new([
        what,
        about(notice.about, notice.about_name.as_deref())
            .below(format!("{facility}, {} items", notice.items)),
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

const COLUMNS: [&str; 16] = [
    "reference",
    "kind",
    "class",
    "facility",
    "about",
    "recipient",
    "recipient_name",
    "role",
    "state",
    "because",
    "items",
    "names_date",
    "requested",
    "delivered",
    "channels",
    "id",
];

/// `/notices.csv`: the present choice as a file.
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
        let page = ask::notification::notices(api, wanted(&choice, ROWS_AT_A_TIME)).await?;
        written += page.items.len();
        for notice in &page.items {
            file.line(cells(notice, &site));
        }
        let Some(next) = page.next.filter(|_| written < MOST_EXPORTED) else { break };
        choice = choice.at_cursor(Some(next));
    }
    file.answer("notices", now)
}

fn cells(notice: &NoticeView, site: &Site) -> [String; 16] {
    let local = |at| site.local(at, &notice.facility);
    let channels = notice.legs.iter().map(|leg| format!("{}: {}", leg.channel, leg.state));
    [
        notice.reference.clone(),
        notice.kind.clone(),
        notice.class.clone(),
        notice.facility.clone(),
        notice.about_name.clone().unwrap_or_default(),
        notice.recipient.clone(),
        notice.recipient_name.clone(),
        notice.role.clone(),
        notice.state.clone(),
        notice.because.clone().unwrap_or_default(),
        notice.items.to_string(),
        notice.names_date.map(|date| date.to_string()).unwrap_or_default(),
        local(Some(notice.requested_at)),
        local(notice.delivered_at),
        channels.collect::<Vec<_>>().join("; "),
        notice.id.to_string(),
    ]
}
