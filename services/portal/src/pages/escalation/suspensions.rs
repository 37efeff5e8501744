//! `/suspensions`: the register, for the committee; `/suspensions.csv`: the same as a file.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use countersign_contracts::api::escalation::{ByWhom, RegisterTotal, SuspensionView};

use super::{npdb, person, told};
use crate::{
    ask::{self, escalation::Register},
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        sheet::{Block, Figure, Line, Part, Row, Sheet, Table},
        site::Site,
    },
    show::{Column, Section, Spreadsheet, count, dollars, number, sentence, yes},
};

const NAMES: &[&str] = &["facility", "provider", "in_force"];

fn wanted(choice: &Choice) -> Register<'_> {
    Register {
        facility: choice.get("facility"),
        provider: choice.get("provider"),
        in_force: choice.get("in_force"),
    }
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), NAMES);
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let register = ask::escalation::register(api, wanted(&choice)).await?;
    let site = Site::ask(api, now).await;
    let fields = [
        site.picked(&choice),
        choice.typed("provider", "Provider’s identifier"),
        choice.picked("in_force", "State", "Any", &[("true", "In force")]),
    ];
    let in_force = register.items.iter().filter(|item| item.until.is_none()).count() as u64;
    let asked = register
        .items
        .iter()
        .filter(|item| item.npdb_asked_at.is_some() && item.npdb_answer.is_none())
        .count() as u64;
    let figures = vec![
        Figure::new("In force", in_force).late(in_force > 0),
        Figure::new("NPDB questions open", asked).late(asked > 0),
        Figure::new("On this list", register.items.len() as u64),
    ];
    let heads = [
        "Who",
        "From",
        "Until",
        "#Days",
        "#Within a year",
        "Scope",
        "Why, and on whose authority",
        "NPDB",
        "!Evidence",
    ];
    let table = Table::new("Suspensions", &heads).rows(register.items.iter().map(|item| row(item, &site)));
    let totals = Table::new("Per provider", &["Who", "#Suspensions", "#Days", "State"])
        .rows(register.totals.iter().map(total));
    let mut list = Part::new("register", "Suspensions");
    if !register.items.is_empty() {
        let told = format!("{} in all, the latest first", number(register.items.len() as u64));
        list = list.block(Block::Above { told, csv: Some(choice.href("/suspensions.csv")) });
    }
    Sheet::new("Suspensions", Section::Escalation, "/suspensions")
        .intro(
            "The register of suspensions for delinquent records. Peer review material: confidential. Print this page \
             for the committee.",
        )
        .under(Line::new().quiet("as of").at(site.moment_anywhere(now)))
        .figures(figures)
        .narrowed_by(&choice, fields)
        .part(list.table_or(table, "Nobody’s privileges were suspended."))
        .part(
            Part::new("totals", "Per provider, within the year that ends now")
                .hint("In all facilities. Days are local calendar days, the first and the last one counted.")
                .table_or(totals, "Nobody."),
        )
        .answer()
}

fn row(item: &SuspensionView, site: &Site) -> Row {
    let facility = item.facility.as_str();
    let until = match item.until {
        Some(until) => Line::new().at(site.moment(until, facility)),
        None => Line::new().chip("overdue", "In force"),
    };
    let until = until.and(item.ended_because.as_ref(), |line, why| line.below(sentence(why)));
    let until =
        until.and(item.ended_by.as_ref(), |line, who| line.below(format!("confirmed by {}", who.name)));
    let covers =
        if item.scope.is_empty() { Line::new().quiet("nothing") } else { Line::from(list(&item.scope)) };
    let covers =
        if item.exempt.is_empty() { covers } else { covers.below(format!("but {}", list(&item.exempt))) };
    let mut authority = Line::from(count(item.items.into(), "item"));
    for who in &item.authority {
        let at = site.moment(who.at, facility);
        authority = authority.below(format!("{}, {} {}: {}", who.name, at.text, at.zone, who.why));
    }
    if item.superseded {
        authority = authority.chip("doubt", "Superseded by a late fact");
    }
    let name = item.provider.name.clone();
    Row::new([
        person(&item.provider).below(facility),
        Line::new().at(site.moment(item.from, facility)),
        until,
        Line::from(item.days.to_string()).and(item.fine_cents, |line, cents| {
            line.below(format!("fine {}", dollars(i64::try_from(cents).unwrap_or(i64::MAX))))
        }),
        Line::from(item.within_year.to_string()),
        covers,
        authority,
        npdb(item, site),
        Line::new()
            .button(
                format!("/tracks/{}/packets/{}", item.track, item.proposal),
                "Evidence",
                format!("about {name}"),
            )
            .button(format!("/tracks/{}", item.track), "Track", format!("of {name}")),
    ])
    .late(item.until.is_none())
}

fn total(total: &RegisterTotal) -> Row {
    let state = if total.in_force {
        Line::new().chip("overdue", "In force")
    } else {
        Line::new().quiet("none in force")
    };
    Row::new([
        person(&total.provider),
        Line::from(total.within_year.to_string()),
        Line::from(total.days.to_string()),
        state,
    ])
}

fn list(items: &[String]) -> String {
    items.iter().map(|item| told(item)).collect::<Vec<_>>().join(", ")
}

const COLUMNS: &[Column<SuspensionView, Site>] = &[
    ("provider", |item, _| item.provider.id.clone()),
    ("authority", |item, _| item.provider.authority.clone()),
    ("name", |item, _| item.provider.name.clone()),
    ("facility", |item, _| item.facility.clone()),
    ("from", |item, site| site.local(Some(item.from), &item.facility)),
    ("until", |item, site| site.local(item.until, &item.facility)),
    ("in_force", |item, _| yes(item.until.is_none())),
    ("days", |item, _| item.days.to_string()),
    ("within_year", |item, _| item.within_year.to_string()),
    ("items", |item, _| item.items.to_string()),
    ("scope", |item, _| item.scope.join("; ")),
    ("exempt", |item, _| item.exempt.join("; ")),
    ("confirmed_by", |item, _| of_each(&item.authority, |by| &by.name)),
    ("confirmed_because", |item, _| of_each(&item.authority, |by| &by.why)),
    ("ended_because", |item, _| item.ended_because.clone().unwrap_or_default()),
    ("ended_by", |item, _| item.ended_by.as_ref().map(|by| by.name.clone()).unwrap_or_default()),
    ("npdb_asked", |item, site| site.local(item.npdb_asked_at, &item.facility)),
    ("npdb_answered_by", |item, _| item.npdb_answer.as_ref().map(|by| by.name.clone()).unwrap_or_default()),
    ("npdb_answer", |item, _| item.npdb_answer.as_ref().map(|by| by.why.clone()).unwrap_or_default()),
    ("superseded", |item, _| yes(item.superseded)),
    ("proposal", |item, _| item.proposal.to_string()),
    ("track", |item, _| item.track.to_string()),
    ("fine_cents", |item, _| item.fine_cents.map(|cents| cents.to_string()).unwrap_or_default()),
];

fn of_each(who: &[ByWhom], said: fn(&ByWhom) -> &str) -> String {
    who.iter().map(said).collect::<Vec<_>>().join("; ")
}

/// `/suspensions.csv`: the present choice as a file.
pub(super) async fn export(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), NAMES);
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let register = ask::escalation::register(api, wanted(&choice)).await?;
    Spreadsheet::of(COLUMNS, &register.items, &Site::ask(api, now).await).answer("suspensions", now)
}
