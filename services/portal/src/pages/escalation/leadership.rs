//! `/leadership`: everything that waits for somebody: decisions first, then what has to be seen, then what is to be put
//! right in addresses and in the directory; the longest wait first.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use countersign_contracts::api::escalation::InboxItem;
use countersign_kernel::Timestamp;

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

/// Whether an address or the directory is to be put right. One fault can stand behind many of these.
fn is_fault(kind: &str) -> bool {
    matches!(kind, "undeliverable" | "no_recipient")
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
    let (faults, matters): (Vec<&InboxItem>, Vec<&InboxItem>) =
        inbox.iter().partition(|item| is_fault(&item.kind));
    let heads = &["What", "Whom", "Waits", "In a sentence", "!Decide"];
    let table = Table::new("What waits", heads).rows(matters.iter().map(|item| row(&[*item], &site, now)));
    let waiting = Part::new("waiting", "What waits")
        .hint("Decisions come first, then what has to be seen; the longest wait first. Nobody is suspended unless a named person confirms it.")
        .table_or(table, "Nothing waits for anybody.");
    let faults = together(&faults);
    let to_put_right = (!faults.is_empty()).then(|| {
        let table = Table::new("What is to be put right", heads)
            .rows(faults.iter().map(|alike| row(alike, &site, now)));
        Part::new("faults", "What is to be put right")
            .hint("Addresses and chairs, not people's records. What is the same for several is told once.")
            .table_or(table, "")
    });
    Sheet::new("Leadership", Section::Escalation, "/leadership")
        .banner(doubted)
        .sent(Sent::just_done(&choice, act::done))
        .figures(figures)
        .narrowed_by(&choice, [site.picked(&choice)])
        .part(waiting)
        .parts(to_put_right)
        .part(Part::card("more", "Elsewhere").block(Block::List(vec![
                Line::new().link("/suspensions", "The register of suspensions").text("for the committee"),
                Line::new().link("/runs", "Runs").text("what the next cutoff would do"),
                Line::new()
                    .link("/auditor", "The auditor and the clock")
                    .text("whether promises are kept, and charts at the regulatory limit"),
            ])))
        .answer()
}

/// Those that say the same of several people, each in the place of the first.
fn together<'a>(items: &[&'a InboxItem]) -> Vec<Vec<&'a InboxItem>> {
    let mut found: Vec<Vec<&InboxItem>> = Vec::new();
    for item in items {
        let alike = |known: &&mut Vec<&InboxItem>| {
            let first = known[0];
            (&first.kind, &first.text, &first.facility) == (&item.kind, &item.text, &item.facility)
        };
        match found.iter_mut().find(alike) {
            Some(known) => known.push(item),
            None => found.push(vec![item]),
        }
    }
    found
}

/// One matter, or several that say the same.
fn row(alike: &[&InboxItem], site: &Site, now: Timestamp) -> Row {
    let item = alike[0];
    let facility = item.facility.as_deref().unwrap_or_default();
    let zone = if facility.is_empty() { site.any_zone() } else { site.zone(facility) };
    let since = match facility {
        "" => site.moment_anywhere(item.since),
        facility => site.moment(item.since, facility),
    };
    let what = Line::new().a_chip(kind_chip(&item.kind));
    let what = if item.acknowledged.is_some() { what.quiet("seen") } else { what };
    let what = if item.first_confirmed_by.is_some() { what.quiet("one of two has confirmed") } else { what };
    let of_one = alike.len() == 1;
    let whom =
        if of_one { whom(item) } else { alike.iter().fold(Line::new(), |line, item| matter(line, item)) };
    let whom = if facility.is_empty() { whom } else { whom.below(facility) };
    let name = item.provider.as_ref().map(|provider| provider.name.clone()).unwrap_or_default();
    let decide = if of_one {
        let says = format!("{} {name}", matter_words(&item.kind));
        Line::new().button(format!("/leadership/{}", item.id), "Open", says)
    } else {
        Line::new().quiet(format!("{} people", alike.len()))
    };
    Row::new([
        what,
        whom,
        Line::new().text(since.relative.trim_end_matches(" ago").to_owned()).below_at("since", since),
        Line::from(localized(&item.text, now, zone)),
        decide,
    ])
    .late(item.kind == "suspension")
}

fn whom(item: &InboxItem) -> Line {
    match (&item.provider, &item.chart) {
        (Some(provider), _) => person(provider),
        (None, Some(chart)) => Line::new().link(format!("/charts/{chart}"), "A chart"),
        (None, None) => Line::new().quiet("the installation"),
    }
}

/// One of several, by name, with the way to its own page.
fn matter(line: Line, item: &InboxItem) -> Line {
    let name = item.provider.as_ref().map_or("Open", |provider| &provider.name);
    let line = line.link(format!("/leadership/{}", item.id), name);
    if item.acknowledged.is_some() { line.quiet("seen") } else { line }
}
