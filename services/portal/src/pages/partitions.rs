//! `/partitions`: parts of the feeds that stand before an event which a service cannot process, and the ways out.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::StoppedPartition;
use countersign_kernel::Role;

use super::{
    Portal,
    choice::Choice,
    form::{Entered, Field, Form},
    sheet::{Block, Line, Part, Row, Sent, Sheet, Table},
    sign_in,
    site::Site,
};
use crate::{
    ask::{self, partitions::SERVICES},
    failure::Failure,
    same_origin,
    show::{Section, sentence, words},
    visitor,
};

const PATH: &str = "/partitions";
const MOVE: &[Role] = &[Role::Administrator, Role::HimManager];

fn done(deed: &str) -> &'static str {
    match deed {
        "retried" => {
            "They try again. What still stands here in a moment could not be processed this time either."
        }
        _ => "The event is passed over: your name and the reason are on record.",
    }
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), &[]);
    let sent = Sent::just_done(&choice, done);
    page(&portal, &Entered::default(), sent).await
}

async fn page(portal: &Portal, entered: &Entered, sent: Sent) -> Result<Response, Failure> {
    let api = portal.api.as_ref();
    let stopped = ask::partitions::stopped(api).await?;
    let site = Site::ask(api, portal.clock.now()).await;
    let may = visitor::present().has_any(MOVE);
    let rows = stopped.iter().map(|stop| row(stop, &site, may, entered));
    let table = Table::new("Standing still", &["Part", "Since", "Event", "Why", "!Decide"]).rows(rows);
    let mut part = Part::new("still", "What stands still")
        .hint("The other parts of the feed go on. Events behind the one named here wait for it, in order.")
        .table_or(table, "Nothing: every service goes on.");
    if !stopped.is_empty() {
        if may {
            let form = Form::new(
                "retry",
                "Let all of them try again",
                "After whatever was wrong has been put right.",
                "Try again",
                Vec::new(),
            );
            part = part.block(Block::Forms(vec![form.sent_to(PATH).carries("act", "retry")]));
        } else if visitor::present().who.is_none() {
            part = part.line(Line::new().link(sign_in::and_back_to(PATH), "Sign in to let them go on"));
        }
    }
    Sheet::new("Standing still", Section::Feeds, PATH)
        .intro(
            "An event that a service cannot process stops one of 64 parts of its feed and is never passed over in \
             silence.",
        )
        .sent(sent)
        .part(part)
        .answer()
}

fn row(stop: &StoppedPartition, site: &Site, may: bool, entered: &Entered) -> Row {
    let since = site.moment_anywhere(stop.since);
    let cells = [
        Line::new().strong(words(&stop.service)).text(format!("part {}", stop.partition)),
        Line::new().text(since.relative.clone()).below_at("", since),
        Line::new().mono(stop.kind.clone()).below(stop.event.to_string()),
        Line::from(sentence(&stop.reason)),
        Line::new(),
    ];
    let row = Row::new(cells).late(true);
    if !may {
        return row;
    }
    let form = Form::new(
        "skip",
        "Pass over this event",
        "What it says has no effect in this service, ever. The events behind it go on.",
        "Pass over it",
        vec![Field::why(), Field::confirm("I know what is lost with it")],
    );
    let about = format!("{}-{}", stop.service, stop.partition);
    let whose = format!("{} {}", words(&stop.service), stop.partition);
    row.forms(vec![form.about(&about, whose).sent_to(PATH).carries("act", "skip").filled(entered)])
}

/// `POST /partitions`: they try again, or one event is passed over.
pub(super) async fn decide(
    State(portal): State<Portal>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let entered = Entered::read(&body);
    let api = portal.api.as_ref();
    let result = if entered.get("act") == Some("retry") {
        ask::partitions::retry(api).await.map(|()| "retried")
    } else {
        match skip(&entered) {
            Ok((service, partition, why)) => {
                ask::partitions::skip(api, service, partition, why).await.map(|_| "skipped")
            }
            Err(said) => Err(Failure::Refused(StatusCode::UNPROCESSABLE_ENTITY, Some(said))),
        }
    };
    match result {
        Ok(deed) => Ok(Redirect::to(&format!("{PATH}?done={deed}")).into_response()),
        Err(Failure::Refused(status, said)) => {
            let said = said.unwrap_or_else(|| "It is refused.".to_owned());
            page(&portal, &entered, Sent { done: None, refused: Some((status, said)) }).await
        }
        Err(failure) => Err(failure),
    }
}

/// Whose event is passed over, and why.
fn skip(entered: &Entered) -> Result<(&'static str, u8, &str), String> {
    let about = entered.must("about", "About")?.rsplit_once('-');
    let named = about.and_then(|(service, partition)| {
        let service = SERVICES.iter().find(|(name, _)| *name == service)?.0;
        Some((service, partition.parse().ok()?))
    });
    let (service, partition) = named.ok_or("There is no such part of a feed")?;
    let why = entered.must("why", "Why")?;
    if entered.get("confirmed").is_none() {
        return Err("Tick the box first: what the event says is lost for this service".to_owned());
    }
    Ok((service, partition, why))
}
