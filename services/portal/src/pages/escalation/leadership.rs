//! `/leadership`: everything that waits for somebody: decisions first, then what has to be seen; the longest wait first.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use countersign_contracts::api::escalation::InboxItem;

use super::{act, matter_words, person};
use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        sheet::{Banner, Block, Figure, Line, Part, Row, Sent, Sheet, Table},
        site::Site,
    },
    show::{Chip, Section, localized, sentence},
};

/// The chip of something that waits.
pub(super) fn kind_chip(kind: &str) -> Chip {
    let class = match kind {
        "suspension" | "committee_review" | "regulatory_limit" | "clock_doubted" => "overdue",
        "reinstatement" => "satisfied",
        "npdb_question" | "undeliverable" | "no_recipient" | "held_run" | "correction" => "doubt",
        _ => "open",
    };
    Chip { class, label: matter_words(kind) }
}

/// Whether somebody's privileges, or everybody's steps, wait for the answer.
fn is_decision(kind: &str) -> bool {
    matches!(kind, "suspension" | "reinstatement" | "held_run" | "clock_doubted")
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), &["facility"]);
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let mut inbox = ask::escalation::inbox(api, choice.position).await?;
    inbox.sort_by_key(|item| (!is_decision(&item.kind), item.since));
    if let Some(facility) = choice.get("facility") {
        inbox.retain(|item| item.facility.as_deref().is_none_or(|known| known == facility));
    }
    let site = Site::ask(api, now).await;
    // who may not ask for them has the inbox all the same
    let (clock, audit, limits) = tokio::join!(
        ask::escalation::clock(api, None),
        ask::escalation::audit(api),
        ask::escalation::limits(api),
    );
    let (clock, audit) = (clock.ok(), audit.ok());
    let limits = limits.map_or(0, |limits| limits.len() as u64);
    let doubted = clock.filter(|clock| clock.state != "trusted").map(|clock| Banner {
        class: "bad",
        line: Line::new()
            .strong("The clock is doubted: no suspension goes on until somebody confirms it.")
            .text(clock.because.as_deref().map(sentence).unwrap_or_default())
            .link("/auditor", "Look at the clock"),
    });
    let broken = audit.map_or(0, |audit| audit.findings.len());
    let of_kind =
        |wanted: &[&str]| inbox.iter().filter(|item| wanted.contains(&item.kind.as_str())).count() as u64;
    let (proposals, ends) = (of_kind(&["suspension"]), of_kind(&["reinstatement"]));
    let figures = vec![
        Figure::new("Suspensions proposed", proposals).late(proposals > 0),
        Figure::new("Reinstatements", ends),
        Figure::new("Other matters", inbox.len() as u64 - proposals - ends),
        Figure::new("Charts at the regulatory limit", limits).late(limits > 0),
        Figure::new("Broken promises", broken as u64)
            .late(broken > 0)
            .more(Some("by the auditor".to_owned())),
    ];
    let table = Table::new("What waits", &["What", "Whom", "Waits", "In a sentence", "!Decide"])
        .rows(inbox.iter().map(|item| row(item, &site, now)));
    let waiting = Part::new("waiting", "What waits")
        .hint("Decisions come first, then what has to be seen; the longest wait first. Nobody is suspended unless a named person confirms it.")
        .table_or(table, "Nothing waits for anybody.");
    Sheet::new("Leadership", Section::Escalation, "/leadership")
        .banner(doubted)
        .sent(Sent::just_done(&choice, act::done))
        .figures(figures)
        .narrowed_by(&choice, [site.picked(&choice)])
        .part(waiting)
        .part(Part::card("more", "Elsewhere").block(Block::List(vec![
                Line::new().link("/suspensions", "The register of suspensions").text("for the committee"),
                Line::new().link("/runs", "Runs").text("what the next cutoff would do"),
                Line::new()
                    .link("/auditor", "The auditor and the clock")
                    .text("whether promises are kept, and charts at the regulatory limit"),
            ])))
        .answer()
}

fn row(item: &InboxItem, site: &Site, now: countersign_kernel::Timestamp) -> Row {
    let facility = item.facility.as_deref().unwrap_or_default();
    let zone = if facility.is_empty() { site.any_zone() } else { site.zone(facility) };
    let since = match facility {
        "" => site.moment_anywhere(item.since),
        facility => site.moment(item.since, facility),
    };
    let what = Line::new().a_chip(kind_chip(&item.kind));
    let what = if item.acknowledged.is_some() { what.quiet("seen") } else { what };
    let what = if item.first_confirmed_by.is_some() { what.quiet("one of two has confirmed") } else { what };
    let whom = match (&item.provider, &item.chart) {
        (Some(provider), _) => person(provider),
        (None, Some(chart)) => Line::new().link(format!("/charts/{chart}"), "A chart"),
        (None, None) => Line::new().quiet("the installation"),
    };
    let whom = if facility.is_empty() { whom } else { whom.below(facility) };
    let name = item.provider.as_ref().map(|provider| provider.name.clone()).unwrap_or_default();
    Row::new([
        what,
        whom,
        Line::new().text(since.relative.trim_end_matches(" ago").to_owned()).below_at("since", since),
        Line::from(localized(&item.text, now, zone)),
        Line::new().button(
            format!("/leadership/{}", item.id),
            "Open",
            format!("{} {name}", matter_words(&item.kind)),
        ),
    ])
    .late(item.kind == "suspension")
}
