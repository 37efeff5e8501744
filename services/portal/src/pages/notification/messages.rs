//! `/messages`: the visitor's own inbox. Opening a message marks it as read.

use axum::{
    extract::{Path, RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use countersign_contracts::api::{
    Page,
    notification::{InboxMessage, LegView, NoticeDetail},
};
use countersign_kernel::NoticeId;

use super::{banner, class, notice, told};
use crate::{
    api::Api,
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        list::{List, Listing, ROWS},
        sheet::{Block, Figure, Line, Part, Row, Sheet, Table},
        sign_in,
        site::{Site, day},
    },
    show::{Column, Section},
    visitor,
};

/// The visitor’s messages; `/messages.csv`: the same as a file.
pub(super) struct Messages;

impl Listing for Messages {
    type Row = InboxMessage;
    const NAMES: &'static [&'static str] = &[];
    const FILE: &'static str = "messages";
    const COLUMNS: &'static [Column<InboxMessage, Site>] = &[
        ("reference", |message, _| message.reference.clone()),
        ("kind", |message, _| message.kind.clone()),
        ("class", |message, _| message.class.clone()),
        ("facility", |message, _| message.facility.clone()),
        ("about", |message, _| message.about_name.clone().unwrap_or_default()),
        ("owner", |message, _| message.owner.clone()),
        ("items", |message, _| message.items.to_string()),
        ("names_date", |message, _| message.names_date.map(|date| date.to_string()).unwrap_or_default()),
        ("came", |message, site| site.local(Some(message.at), &message.facility)),
        ("read", |message, site| site.local(message.read_at, &message.facility)),
        ("subject", |message, _| message.subject.clone().unwrap_or_default()),
        ("text", |message, _| message.text.clone().unwrap_or_default()),
        ("id", |message, _| message.id.to_string()),
    ];

    async fn ask(api: &dyn Api, choice: &Choice, limit: usize) -> Result<Page<InboxMessage>, Failure> {
        ask::notification::messages(api, false, choice.cursor(), limit).await
    }
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), &[]);
    let (api, visitor) = (portal.api.as_ref(), visitor::present());
    let sheet = Sheet::new("My messages", Section::Notices, "/messages").banner(banner(api).await);
    if visitor.who.is_none() {
        let sign_in = Line::new().link(sign_in::and_back_to("/messages"), "Sign in to read your messages");
        return sheet.part(Part::new("messages", "Messages").line(sign_in)).answer();
    }
    let (unread, page) = tokio::try_join!(
        ask::notification::messages(api, true, None, ROWS),
        Messages::ask(api, &choice, ROWS)
    )?;
    let site = Site::ask(api, portal.clock.now()).await;
    let table = |name: &'static str, messages: Vec<&InboxMessage>| {
        Table::new(name, &["Message", "About", "Came", "#Items", "!Open"])
            .rows(messages.into_iter().map(|message| row(message, &site)))
    };
    let read = page.items.iter().filter(|message| message.read_at.is_some()).collect();
    let list = List {
        part: Part::new("read", "Read"),
        total: page.total,
        order: "read or not, the latest first",
        table: table("Read", read),
        empty: "Nothing so far.",
        next: page.next,
    };
    sheet
        .intro("What was sent to you. Formal notices are marked: what follows counts from them.")
        .figures([
            Figure::new("Not read", unread.total).late(unread.total > 0),
            Figure::new("In all", page.total),
        ])
        .part(
            Part::new("unread", "Not read")
                .table_or(table("Not read", unread.items.iter().collect()), "You have read everything."),
        )
        .list(&choice, list)
        .part(
            Part::card("how", "How you are told").line(
                Line::new()
                    .link("/preferences", "Your addresses and preferences")
                    .text("when, and by which ways"),
            ),
        )
        .answer()
}

fn row(message: &InboxMessage, site: &Site) -> Row {
    let facility = message.facility.as_str();
    let came = site.moment(message.at, facility);
    let what =
        class(Line::new().strong(told(&message.kind)), &message.class).below(message.reference.clone());
    let what = what.and(message.subject.as_ref(), |line, subject| line.below(subject.clone()));
    let what = what.and(message.names_date, |line, date| line.below(format!("names {}", day(date))));
    let came_at = Line::new().text(came.relative.clone()).below_at("", came);
    Row::new([
        what,
        super::about(message.about, message.about_name.as_deref()).below(facility),
        came_at.and(message.read_at, |line, at| line.below_at("read", site.moment(at, facility))),
        Line::from(message.items.to_string()),
        Line::new().button(
            format!("/messages/{}", message.id),
            "Open",
            format!("message {}", message.reference),
        ),
    ])
    .late(message.class == "formal" && message.read_at.is_none())
}

/// `/messages/{id}`: one message. It is read now, if the browser does not only fetch it in advance.
pub(super) async fn one(
    State(portal): State<Portal>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let id: NoticeId = id.parse().map_err(|_| Failure::NotFound(None))?;
    let api = portal.api.as_ref();
    let detail = ask::notification::notice(api, id, None).await?;
    let site = Site::ask(api, portal.clock.now()).await;
    let view = &detail.notice;
    let leg = view.legs.iter().find(|leg| leg.channel == "inbox");
    let text = match leg {
        Some(leg) => content(&portal, id, leg).await,
        None => None,
    };
    let fetched_in_advance = headers.contains_key("sec-purpose") || headers.contains_key("purpose");
    if let Some(leg) = leg
        && leg.read_at.is_none()
        && !fetched_in_advance
        && visitor::present().who.is_some()
    {
        // who is not its recipient reads it without marking it: the API knows whose it is
        match ask::notification::read(api, id, &id.to_string()).await {
            Ok(_) | Err(Failure::Refused(..) | Failure::NotFound(_) | Failure::Stranger(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    let under = class(Line::new(), &view.class)
        .text("came")
        .at(site.moment(view.requested_at, &view.facility))
        .quiet(view.reference.clone());
    let mut message = Part::card("message", "The message");
    if let Some(text) = text {
        message = message.block(Block::Text(text));
    }
    let message = message.pairs(facts(&detail));
    let next = Part::card("next", "What you can do").block(Block::List(vec![
        Line::new().link("/", "Your worklist").text("what is owed now"),
        Line::new()
            .text("Something is not yours, or not right? Open the item below, and dispute it there: its clock stands."),
    ]));
    let next = match view.track.filter(|_| view.about.is_some()) {
        Some(track) => {
            next.line(Line::new().link(format!("/tracks/{track}"), "What comes next, and what would stop it"))
        }
        None => next,
    };
    Sheet::new(told(&view.kind), Section::Notices, "/messages")
        .crumb("/messages", "My messages")
        .under(under)
        .banner(banner(api).await)
        .part(message)
        .part(notice::items(&detail.items, &site, &view.facility))
        .part(next)
        .answer()
}

/// What the message says, in short.
fn facts(detail: &NoticeDetail) -> Vec<(&'static str, Line)> {
    let view = &detail.notice;
    let mut pairs = vec![("What", Line::new().strong(told(&view.kind)))];
    if let Some(name) = &view.about_name {
        pairs.push(("About", Line::new().text(name.clone()).quiet(told(&view.role))));
    }
    pairs.push(("Items", Line::from(view.items.to_string()).quiet("they stand below")));
    if let Some(date) = view.names_date {
        pairs.push((
            "Names",
            Line::new().strong(day(date)).quiet("the day on which the next step may follow"),
        ));
    }
    if detail.policy_version > 0 {
        let policy =
            Line::new().link(format!("/policies/{}", detail.policy_version), detail.policy_title.clone());
        pairs.push(("Rests on", policy));
    }
    pairs
}

/// What the message says, where it was rendered as text.
async fn content(portal: &Portal, id: NoticeId, leg: &LegView) -> Option<String> {
    leg.content_type.as_deref().filter(|kind| kind.starts_with("text/plain"))?;
    let bytes = ask::notification::content(portal.api.as_ref(), id, leg.leg).await.ok()?;
    String::from_utf8(bytes.to_vec()).ok()
}
