//! `/claims`: which bills wait for documentation, and what to do first; `/claims.csv`: the same as a file.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use countersign_contracts::api::{ClaimItemView, ClaimSummary, ClaimSummaryRow, ClaimView};
use countersign_kernel::Timestamp;
use form_urlencoded::Serializer;
use serde::Deserialize;

use super::{
    Portal,
    form::Offer,
    list::{self, ROWS, ROWS_AT_A_TIME},
};
use crate::{
    ask::{self, claims::Wanted},
    failure::Failure,
    show::{Chip, Column, Layout, Moment, Section, Spreadsheet, dollars, html, local, number, words},
};

/// Rows of the totals that are shown: the largest.
const MOST_TOTALS: usize = 15;

const STATES: [(&str, &str); 3] = [("held", "Held"), ("pending", "Pending"), ("released", "Released")];
const TOTALS: [(&str, &str); 3] =
    [("document_type", "Document type"), ("provider", "Provider"), ("facility", "Facility")];

/// What the reader has chosen, in the address. Holds nothing of a patient.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Choice {
    state: Option<String>,
    facility: Option<String>,
    class: Option<String>,
    document_type: Option<String>,
    provider: Option<String>,
    by: Option<String>,
    cursor: Option<String>,
}

impl Choice {
    fn tidied(mut self) -> Self {
        for field in [
            &mut self.state,
            &mut self.facility,
            &mut self.class,
            &mut self.document_type,
            &mut self.provider,
            &mut self.by,
            &mut self.cursor,
        ] {
            *field = field.take().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        }
        self
    }

    fn wanted(&self, limit: usize) -> Wanted<'_> {
        Wanted {
            state: self.state.as_deref(),
            facility: self.facility.as_deref(),
            class: self.class.as_deref(),
            document_type: self.document_type.as_deref(),
            provider: self.provider.as_deref(),
            cursor: self.cursor.as_deref(),
            limit,
        }
    }

    fn first_page(&self) -> Self {
        Self { cursor: None, ..self.clone() }
    }

    fn href(&self, path: &str) -> String {
        let mut query = Serializer::new(String::new());
        for (name, value) in [
            ("state", &self.state),
            ("facility", &self.facility),
            ("class", &self.class),
            ("document_type", &self.document_type),
            ("provider", &self.provider),
            ("by", &self.by),
            ("cursor", &self.cursor),
        ] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// The item to blame.
pub(super) struct Blocker {
    pub(super) href: String,
    pub(super) what: String,
    pub(super) rule: String,
    pub(super) who: String,
}

impl Blocker {
    pub(super) fn new(item: ClaimItemView) -> Self {
        let who = item.responsible_name.or(item.responsible).unwrap_or_else(|| "unassigned".to_owned());
        let href = format!("/deficiencies/{}", item.deficiency);
        Self { href, what: words(&item.document_type), rule: item.rule, who }
    }
}

/// The chip of a state.
pub(super) fn state_chip(state: &str) -> Chip {
    let class = match state {
        "held" => "overdue",
        "pending" => "open",
        _ => "closed",
    };
    Chip { class, label: words(state) }
}

/// Money that may be unknown.
pub(super) fn money(cents: Option<i64>) -> String {
    cents.map_or_else(|| "unknown".to_owned(), dollars)
}

struct ClaimRow {
    chart: String,
    visit: String,
    facility: String,
    details: String,
    state: Chip,
    held: bool,
    since: Option<Moment>,
    days: String,
    dollars: String,
    open_items: u32,
    blocker: Option<Blocker>,
}

impl ClaimRow {
    fn new(view: ClaimView, now: Timestamp) -> Self {
        let details = [view.class.as_deref().map(words), view.service, view.payer];
        let held = view.state == "held";
        Self {
            chart: view.chart.to_string(),
            visit: view.encounter,
            details: details.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            state: state_chip(&view.state),
            since: view.from.map(|at| Moment::new(at, now, &view.time_zone)),
            days: number(u64::from(view.days_held)),
            dollars: money(if held { view.dollars_held_cents } else { view.charges_cents }),
            open_items: view.open_items,
            blocker: view.sole_blocker.or(view.attributed_to).map(Blocker::new),
            facility: view.facility,
            held,
        }
    }
}

struct TotalRow {
    name: String,
    /// The accounts behind it.
    href: Option<String>,
    accounts: String,
    dollars: String,
    unknown: u64,
    sole: String,
    sole_dollars: String,
    released: String,
    days: String,
}

impl TotalRow {
    fn new(row: &ClaimSummaryRow, name: String, href: Option<String>) -> Self {
        Self {
            name,
            href,
            accounts: number(row.held_accounts),
            dollars: dollars(row.dollars_held_cents),
            unknown: row.charges_unknown,
            sole: number(row.sole_blocker_accounts),
            sole_dollars: dollars(row.sole_blocker_cents),
            released: number(row.released_accounts),
            days: number(row.days_held),
        }
    }
}

fn totals(summary: &ClaimSummary, choice: &Choice) -> Vec<TotalRow> {
    let rows = summary.rows.iter().take(MOST_TOTALS);
    rows.map(|row| {
        let mut narrowed = choice.first_page();
        let key = Some(row.key.clone()).filter(|key| !key.is_empty());
        let name = match summary.by.as_str() {
            "document_type" => {
                narrowed.document_type.clone_from(&key);
                words(&row.key)
            }
            "provider" => {
                narrowed.provider.clone_from(&key);
                row.name.clone().or_else(|| key.clone()).unwrap_or_else(|| "Unassigned".to_owned())
            }
            _ => {
                narrowed.facility.clone_from(&key);
                row.key.clone()
            }
        };
        TotalRow::new(row, name, key.map(|_| narrowed.href("/claims")))
    })
    .collect()
}

#[derive(Template)]
#[template(path = "claims.html")]
struct ClaimsPage {
    layout: Layout,
    held: String,
    dollars: String,
    unknown: u64,
    sole: String,
    sole_dollars: String,
    minimum_days: u16,
    states: Vec<Offer>,
    kinds: Vec<Offer>,
    facility: String,
    class: String,
    document_type: String,
    provider: String,
    filtered: bool,
    rows: Vec<ClaimRow>,
    total: String,
    next: Option<String>,
    start: Option<String>,
    csv: String,
    /// What the totals are by, in words.
    by: String,
    totals: Vec<TotalRow>,
    all: TotalRow,
    /// Days that count for releases, as the API took them.
    days: String,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    query: Result<Query<Choice>, QueryRejection>,
) -> Result<Response, Failure> {
    let choice = query.map_err(|_| Failure::Invalid(None))?.0.tidied();
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let by = choice.by.as_deref().unwrap_or(TOTALS[0].0);
    let (page, summary) = tokio::try_join!(
        ask::claims::list(api, choice.wanted(ROWS)),
        ask::claims::summary(api, by, choice.facility.as_deref()),
    )?;
    let total = &summary.total;
    let state = choice.state.as_deref().unwrap_or(STATES[0].0);
    html(&ClaimsPage {
        layout: Layout::new("Claims", Section::Claims),
        held: number(total.held_accounts),
        dollars: dollars(total.dollars_held_cents),
        unknown: total.charges_unknown,
        sole: number(total.sole_blocker_accounts),
        sole_dollars: dollars(total.sole_blocker_cents),
        minimum_days: summary.minimum_bill_hold_days,
        states: Offer::each(&STATES, Some(state)),
        kinds: Offer::each(&TOTALS, Some(by)),
        facility: choice.facility.clone().unwrap_or_default(),
        class: choice.class.clone().unwrap_or_default(),
        document_type: choice.document_type.clone().unwrap_or_default(),
        provider: choice.provider.clone().unwrap_or_default(),
        filtered: choice.first_page() != Choice::default(),
        total: number(page.total),
        next: page.next.clone().map(|next| Choice { cursor: Some(next), ..choice.clone() }.href("/claims")),
        start: choice.cursor.is_some().then(|| choice.first_page().href("/claims")),
        csv: choice.first_page().href("/claims.csv"),
        rows: page.items.into_iter().map(|view| ClaimRow::new(view, now)).collect(),
        by: TOTALS
            .iter()
            .find(|(name, _)| *name == by)
            .map_or_else(|| words(by), |(_, name)| (*name).to_owned()),
        totals: totals(&summary, &choice),
        all: TotalRow::new(total, "All accounts, each once".to_owned(), None),
        days: format!("{} to {}", summary.from, summary.to),
    })
}

const COLUMNS: &[Column<ClaimView, ()>] = &[
    ("state", |view, ()| view.state.clone()),
    ("facility", |view, ()| view.facility.clone()),
    ("visit", |view, ()| view.encounter.clone()),
    ("class", |view, ()| view.class.clone().unwrap_or_default()),
    ("service", |view, ()| view.service.clone().unwrap_or_default()),
    ("payer", |view, ()| view.payer.clone().unwrap_or_default()),
    ("discharged", |view, ()| local(view.discharged_at, &view.time_zone)),
    ("coded", |view, ()| local(view.coded_at, &view.time_zone)),
    ("billed", |view, ()| local(view.billed_at, &view.time_zone)),
    ("held_from", |view, ()| local(view.from, &view.time_zone)),
    ("released", |view, ()| local(view.released_at, &view.time_zone)),
    ("ended_by", |view, ()| view.ended_by.clone().unwrap_or_default()),
    ("days_held", |view, ()| view.days_held.to_string()),
    ("charges", |view, ()| cents(view.charges_cents)),
    ("dollars_held", |view, ()| cents(view.dollars_held_cents)),
    ("dollar_days", |view, ()| cents(view.dollar_days_cents)),
    ("open_items", |view, ()| view.open_items.to_string()),
    ("sole_blocker", |view, ()| {
        let blocker = view.sole_blocker.as_ref();
        blocker.map(|item| format!("{} {}", item.rule, item.document_type)).unwrap_or_default()
    }),
    ("sole_blocker_provider", |view, ()| {
        let blocker = view.sole_blocker.clone();
        blocker.and_then(|item| item.responsible_name.or(item.responsible)).unwrap_or_default()
    }),
    ("time_zone", |view, ()| view.time_zone.clone()),
    ("chart", |view, ()| view.chart.to_string()),
];

/// Whole cents, so that a spreadsheet can add them; unknown stays empty, it is not zero.
fn cents(cents: Option<i64>) -> String {
    cents.map(|cents| format!("{}.{:02}", cents / 100, cents.unsigned_abs() % 100)).unwrap_or_default()
}

/// `/claims.csv`: the present choice as a file.
pub(super) async fn export(
    State(portal): State<Portal>,
    query: Result<Query<Choice>, QueryRejection>,
) -> Result<Response, Failure> {
    let choice = query.map_err(|_| Failure::Invalid(None))?.0.tidied();
    let claims = list::all(|cursor| {
        let choice = Choice { cursor, ..choice.clone() };
        let api = portal.api.as_ref();
        async move { ask::claims::list(api, choice.wanted(ROWS_AT_A_TIME)).await }
    });
    Spreadsheet::of(COLUMNS, &claims.await?, &()).answer("claims", portal.clock.now())
}
