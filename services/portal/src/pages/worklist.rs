//! `/`: what is owed, why, and by when.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use countersign_contracts::api::{DeficiencyView, Page, ProviderView};
use countersign_kernel::Timestamp;
use form_urlencoded::Serializer;
use serde::Deserialize;

use super::Portal;
use crate::{
    ask::{self, Wanted},
    failure::Failure,
    show::{DeficiencyRow, Layout, Moment, Responsible, Section, html, number},
};

/// Rows of a page.
const ROWS: usize = 50;
/// In the list of providers, in place of an identifier: what nobody is responsible for.
const UNASSIGNED: &str = "*unassigned";
/// In the list of statuses: any of them.
const ANY_STATUS: &str = "all";
/// More providers than this are not offered in a list, but searched for on their own page.
const MOST_CHOICES: usize = 400;
/// With more overdue than this, nobody asks what is due next.
const MOST_OVERDUE: u64 = 250;
/// Rows of the file at most.
pub(super) const MOST_EXPORTED: u64 = 10_000;

/// What the reader has chosen, in the address. Holds nothing of a patient.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Choice {
    provider: Option<String>,
    status: Option<String>,
    rule: Option<String>,
    facility: Option<String>,
    overdue: Option<String>,
    cursor: Option<String>,
    /// How many rows the pages before had.
    skipped: Option<u64>,
}

impl Choice {
    /// Fields that a form sends empty were not filled in.
    fn tidied(mut self) -> Self {
        for field in [
            &mut self.provider,
            &mut self.status,
            &mut self.rule,
            &mut self.facility,
            &mut self.overdue,
            &mut self.cursor,
        ] {
            *field = field.take().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        }
        self.rule = self.rule.map(|rule| rule.to_uppercase());
        self
    }

    fn status(&self) -> Option<&str> {
        match self.status.as_deref() {
            None => Some("open"),
            Some(ANY_STATUS) => None,
            some => some,
        }
    }

    /// Provider, rule and facility, without status and place: what the summary counts.
    fn scope(&self) -> Wanted<'_> {
        let provider = self.provider.as_deref();
        Wanted {
            provider: provider.filter(|id| *id != UNASSIGNED),
            unassigned: provider == Some(UNASSIGNED),
            rule: self.rule.as_deref(),
            facility: self.facility.as_deref(),
            limit: 1,
            ..Wanted::default()
        }
    }

    /// Everything that is chosen, `limit` rows of it.
    pub(super) fn wanted(&self, limit: usize) -> Wanted<'_> {
        Wanted {
            status: self.status(),
            overdue: self.overdue.is_some(),
            cursor: self.cursor.as_deref(),
            limit,
            ..self.scope()
        }
    }

    /// The same choice from its first row.
    pub(super) fn first_page(&self) -> Self {
        Self { cursor: None, skipped: None, ..self.clone() }
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The address of `path` with this choice.
    fn href(&self, path: &str) -> String {
        let mut query = Serializer::new(String::new());
        for (name, value) in [
            ("provider", &self.provider),
            ("status", &self.status),
            ("rule", &self.rule),
            ("facility", &self.facility),
            ("overdue", &self.overdue),
            ("cursor", &self.cursor),
        ] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        if let Some(skipped) = self.skipped {
            query.append_pair("skipped", &skipped.to_string());
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// The choice in an address.
pub(super) fn choice(query: Result<Query<Choice>, QueryRejection>) -> Result<Choice, Failure> {
    query.map(|Query(choice)| choice.tidied()).map_err(|_| Failure::Invalid(None))
}

/// Address of the worklist of a provider.
pub(crate) fn of_provider(id: &str) -> String {
    Choice { provider: Some(id.to_owned()), ..Choice::default() }.href("/")
}

/// Address of HIM's queue: what nobody is responsible for.
pub(super) fn of_nobody() -> String {
    of_provider(UNASSIGNED)
}

/// An entry of a list to choose from.
struct Offer {
    value: String,
    label: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "worklist.html")]
#[expect(clippy::struct_excessive_bools, reason = "a template asks questions of yes or no")]
struct WorklistPage {
    layout: Layout,
    heading: String,
    /// Somebody's own list.
    personal: bool,
    open: String,
    overdue: String,
    /// How long the oldest has been overdue.
    longest: Option<String>,
    next_due: Option<Moment>,
    providers: Vec<Offer>,
    more_providers: bool,
    statuses: Vec<Offer>,
    rule: String,
    facility: String,
    only_overdue: bool,
    rows: Vec<DeficiencyRow>,
    /// The rows are of several facilities.
    with_facility: bool,
    total: String,
    first: String,
    last: String,
    next: Option<String>,
    start: Option<String>,
    csv: String,
    csv_cut: Option<String>,
    /// Nothing has ever arrived.
    blank: bool,
    filtered: bool,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    query: Result<Query<Choice>, QueryRejection>,
) -> Result<Response, Failure> {
    let choice = choice(query)?;
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let (wanted, overdue) = (choice.wanted(ROWS), Wanted { overdue: true, ..choice.scope() });
    let (page, overdue, providers) = tokio::try_join!(
        ask::deficiencies(api, &wanted),
        ask::deficiencies(api, &overdue),
        ask::providers(api),
    )?;
    // In order of due instants, what is due next comes right after what is overdue.
    let until_next = usize::try_from(overdue.total.min(MOST_OVERDUE) + 1).unwrap_or(1);
    let open = Wanted { status: Some("open"), limit: until_next, ..choice.scope() };
    let open = ask::deficiencies(api, &open).await?;
    html(&assemble(&choice, &page, &open, &overdue, providers.items, now))
}

fn assemble(
    choice: &Choice,
    page: &Page<DeficiencyView>,
    open: &Page<DeficiencyView>,
    overdue: &Page<DeficiencyView>,
    providers: Vec<ProviderView>,
    now: Timestamp,
) -> WorklistPage {
    let blank = choice.is_default() && page.total == 0 && providers.is_empty();
    let heading = match choice.provider.as_deref() {
        None => "Worklist".to_owned(),
        Some(UNASSIGNED) => "Unassigned".to_owned(),
        Some(id) => providers
            .iter()
            .find(|provider| provider.id.as_deref() == Some(id))
            .map_or_else(|| id.to_owned(), |provider| provider.name.clone()),
    };
    let title = if choice.provider.is_some() { format!("{heading} – Worklist") } else { heading.clone() };
    let (providers, more_providers) = offer_providers(choice, providers);
    let skipped = choice.cursor.as_ref().and(choice.skipped).unwrap_or(0);
    let last = skipped + page.items.len() as u64;
    let next = page
        .next
        .as_ref()
        .map(|next| Choice { cursor: Some(next.clone()), skipped: Some(last), ..choice.clone() }.href("/"));
    WorklistPage {
        layout: Layout::new(title, Section::Worklist),
        personal: choice.provider.as_deref().is_some_and(|id| id != UNASSIGNED),
        heading,
        open: number(open.total),
        overdue: number(overdue.total),
        longest: overdue.items.first().and_then(|oldest| {
            let moment = Moment::new(oldest.due_at?, now, &oldest.time_zone);
            Some(moment.relative.trim_end_matches(" ago").to_owned())
        }),
        next_due: open
            .items
            .iter()
            .find(|view| !view.overdue)
            .and_then(|view| Some(Moment::new(view.due_at?, now, &view.time_zone))),
        providers,
        more_providers,
        statuses: offer_statuses(choice),
        rule: choice.rule.clone().unwrap_or_default(),
        facility: choice.facility.clone().unwrap_or_default(),
        only_overdue: choice.overdue.is_some(),
        rows: page.items.iter().map(|view| DeficiencyRow::new(view, now)).collect(),
        with_facility: page.items.windows(2).any(|pair| pair[0].facility != pair[1].facility),
        total: number(page.total),
        first: number(skipped + 1),
        last: number(last),
        next,
        start: choice.cursor.is_some().then(|| choice.first_page().href("/")),
        csv: choice.first_page().href("/worklist.csv"),
        csv_cut: (page.total > MOST_EXPORTED).then(|| number(MOST_EXPORTED)),
        blank,
        filtered: !choice.first_page().is_default(),
    }
}

fn offer_providers(choice: &Choice, providers: Vec<ProviderView>) -> (Vec<Offer>, bool) {
    let chosen = choice.provider.as_deref();
    let mut offers = vec![
        Offer { value: String::new(), label: "Everyone".to_owned(), chosen: chosen.is_none() },
        Offer {
            value: UNASSIGNED.to_owned(),
            label: "Unassigned".to_owned(),
            chosen: chosen == Some(UNASSIGNED),
        },
    ];
    let mut people: Vec<Offer> = providers
        .into_iter()
        .filter_map(|provider| {
            let id = provider.id?;
            let chosen = chosen == Some(id.as_str());
            let label = match provider.open {
                0 => provider.name,
                open => format!("{} ({open} open)", provider.name),
            };
            (chosen || provider.open > 0).then_some(Offer { value: id, label, chosen })
        })
        .collect();
    people.sort_by(|one, other| one.label.cmp(&other.label));
    let more = people.len() > MOST_CHOICES;
    if more {
        people.retain(|person| person.chosen);
    }
    if let Some(id) = chosen.filter(|id| *id != UNASSIGNED)
        && !people.iter().any(|person| person.chosen)
    {
        people.push(Offer { value: id.to_owned(), label: id.to_owned(), chosen: true });
    }
    offers.extend(people);
    (offers, more)
}

fn offer_statuses(choice: &Choice) -> Vec<Offer> {
    let chosen = choice.status.as_deref().unwrap_or("open");
    [
        ("open", "Open"),
        ("satisfied", "Satisfied"),
        ("voided", "Voided"),
        ("waived", "Waived"),
        (ANY_STATUS, "Any status"),
    ]
    .map(|(value, label)| Offer { value: value.to_owned(), label: label.to_owned(), chosen: value == chosen })
    .into()
}
