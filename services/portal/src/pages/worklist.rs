//! `/`: what is owed, why, and by when.

use askama::Template;
use axum::{
    extract::{Query, RawQuery, State, rejection::QueryRejection},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::{DeficiencyView, Page, ProviderView};
use countersign_kernel::Timestamp;
use form_urlencoded::Serializer;
use serde::Deserialize;

use super::{
    Portal, decide,
    deficiency::Done,
    escalation::next_step::{self, NextLine},
    form::Offer,
    list::{MOST_EXPORTED, ROWS},
    site::Site,
};
use crate::{
    api::Api,
    ask::{
        self, Wanted,
        governed::{Content, Texts},
    },
    failure::Failure,
    show::{DeficiencyRow, Layout, Moment, Responsible, Section, html, number},
    visitor::{self, Visitor},
};

/// In the list of providers, in place of an identifier: what nobody is responsible for.
const UNASSIGNED: &str = "*unassigned";
/// In the list of statuses: any of them.
const ANY_STATUS: &str = "all";
/// More providers than this are not offered in a list, but searched for on their own page.
const MOST_CHOICES: usize = 400;
/// With more overdue than this, nobody asks what is due next.
const MOST_OVERDUE: u64 = 250;

/// What the reader has chosen, in the address. Holds nothing of a patient.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Choice {
    provider: Option<String>,
    status: Option<String>,
    rule: Option<String>,
    facility: Option<String>,
    overdue: Option<String>,
    delinquent: Option<String>,
    disputed: Option<String>,
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
            &mut self.delinquent,
            &mut self.disputed,
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
            delinquent: self.delinquent.is_some(),
            disputed: self.disputed.is_some(),
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

    /// One kind of items, of the same provider, rule and facility.
    fn of_kind(&self, kind: Kind) -> Self {
        let on = || Some("true".to_owned());
        let mut choice = Self {
            provider: self.provider.clone(),
            rule: self.rule.clone(),
            facility: self.facility.clone(),
            ..Self::default()
        };
        match kind {
            Kind::Open => {}
            Kind::Overdue => choice.overdue = on(),
            Kind::Delinquent => choice.delinquent = on(),
            Kind::Disputed => {
                // what is disputed may be waiting, too
                choice.status = Some(ANY_STATUS.to_owned());
                choice.disputed = on();
            }
            Kind::Waiting => choice.status = Some("dormant".to_owned()),
        }
        choice
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
            ("delinquent", &self.delinquent),
            ("disputed", &self.disputed),
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

/// Items that readers look for again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Open,
    Overdue,
    Delinquent,
    Disputed,
    Waiting,
}

/// A link to one kind of items.
struct Shortcut {
    href: String,
    label: &'static str,
    chosen: bool,
}

fn shortcuts(choice: &Choice) -> Vec<Shortcut> {
    let present = choice.first_page();
    [
        (Kind::Open, "Open"),
        (Kind::Overdue, "Overdue"),
        (Kind::Delinquent, "Delinquent"),
        (Kind::Disputed, "Disputed"),
        (Kind::Waiting, "Waiting"),
    ]
    .map(|(kind, label)| {
        let of_kind = choice.of_kind(kind);
        // with an empty query a physician's first page is the own list
        let href = if of_kind.is_default() { "/?status=open".to_owned() } else { of_kind.href("/") };
        let explicit = Choice { status: Some("open".to_owned()), ..of_kind.clone() };
        let chosen = present == of_kind || (kind == Kind::Open && present == explicit);
        Shortcut { href, label, chosen }
    })
    .into()
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
    shortcuts: Vec<Shortcut>,
    /// Nothing when the rules cannot be asked: then one is typed in.
    rules: Vec<Offer>,
    facilities: Vec<Offer>,
    rule: String,
    facility: String,
    only_overdue: bool,
    only_delinquent: bool,
    only_disputed: bool,
    /// What was done just now.
    done: Option<&'static str>,
    /// What comes next for the visitor.
    next_steps: Vec<NextLine>,
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
    RawQuery(raw): RawQuery,
    done: Result<Query<Done>, QueryRejection>,
    query: Result<Query<Choice>, QueryRejection>,
) -> Result<Response, Failure> {
    let visitor = visitor::present();
    // a physician's first page is the own list
    if raw.is_none_or(|raw| raw.is_empty())
        && let Some(own) = visitor.own_list()
    {
        return Ok(Redirect::to(&of_provider(own)).into_response());
    }
    let choice = choice(query)?;
    let Query(done) = done.map_err(|_| Failure::Invalid(None))?;
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let wanted = Wanted { not_before: done.position, ..choice.wanted(ROWS) };
    let overdue = Wanted { overdue: true, ..choice.scope() };
    let (page, overdue, providers) = tokio::try_join!(
        ask::deficiencies(api, &wanted),
        ask::deficiencies(api, &overdue),
        ask::providers(api),
    )?;
    // In order of due instants, what is due next comes right after what is overdue.
    let until_next = usize::try_from(overdue.total.min(MOST_OVERDUE) + 1).unwrap_or(1);
    let open = Wanted { status: Some("open"), limit: until_next, ..choice.scope() };
    let open = ask::deficiencies(api, &open).await?;
    let choices = Choices {
        rules: offer_rules(api, &choice).await,
        facilities: offer_facilities(api, &choice).await,
        providers: providers.items,
        done: done.done.as_deref().map(decide::done),
        next_steps: next_steps(api, &choice, &visitor, now).await,
    };
    html(&assemble(&choice, &page, &open, &overdue, choices, (&visitor, now)))
}

/// What a reader may choose from, and what was done just now.
struct Choices {
    rules: Vec<Offer>,
    facilities: Vec<Offer>,
    providers: Vec<ProviderView>,
    done: Option<&'static str>,
    next_steps: Vec<NextLine>,
}

/// What comes next for somebody, on the list of those who are looked after by the visitor.
async fn next_steps(api: &dyn Api, choice: &Choice, visitor: &Visitor, now: Timestamp) -> Vec<NextLine> {
    let provider = choice.provider.as_deref().and_then(|id| visitor.looked_after(id));
    let Some(provider) = provider else { return Vec::new() };
    next_step::of(api, (&provider.id, &provider.authority), &Site::ask(api, now).await, now).await
}

/// The rules in force, for the filter. Without them a rule is typed in, so no failure matters.
async fn offer_rules(api: &dyn Api, choice: &Choice) -> Vec<Offer> {
    let Ok(sets) = ask::governed::list(api, Texts::Rules).await else { return Vec::new() };
    let Some(version) = sets.in_force else { return Vec::new() };
    let Ok(set) = ask::governed::one(api, Texts::Rules, version).await else { return Vec::new() };
    let Content::Rules(rules) = set.content else { return Vec::new() };
    let offers = rules.into_iter().map(|rule| (format!("{} {}", rule.id, rule.title), rule.id));
    any_or(offers, choice.rule.as_deref())
}

/// The facilities that were described, for the filter. Where none was, one is typed in.
async fn offer_facilities(api: &dyn Api, choice: &Choice) -> Vec<Offer> {
    let facilities = ask::people::facilities(api).await.unwrap_or_default();
    let offers = facilities.into_iter().map(|facility| match facility.name.as_str() {
        "" => (facility.code.clone(), facility.code),
        name => (format!("{name} ({})", facility.code), facility.code),
    });
    any_or(offers, choice.facility.as_deref())
}

/// A list with `Any` before it, and with what is chosen even where nobody knows it. Empty for no offers.
fn any_or(offers: impl Iterator<Item = (String, String)>, chosen: Option<&str>) -> Vec<Offer> {
    let mut offers: Vec<Offer> =
        offers.map(|(label, value)| Offer { chosen: chosen == Some(value.as_str()), label, value }).collect();
    if offers.is_empty() {
        return offers;
    }
    if let Some(chosen) = chosen.filter(|_| !offers.iter().any(|offer| offer.chosen)) {
        offers.push(Offer { value: chosen.to_owned(), label: chosen.to_owned(), chosen: true });
    }
    offers.insert(0, Offer { value: String::new(), label: "Any".to_owned(), chosen: chosen.is_none() });
    offers
}

fn assemble(
    choice: &Choice,
    page: &Page<DeficiencyView>,
    open: &Page<DeficiencyView>,
    overdue: &Page<DeficiencyView>,
    choices: Choices,
    (visitor, now): (&Visitor, Timestamp),
) -> WorklistPage {
    let Choices { rules, facilities, providers, done, next_steps } = choices;
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
    let here = choice.href("/");
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
        only_delinquent: choice.delinquent.is_some(),
        only_disputed: choice.disputed.is_some(),
        shortcuts: shortcuts(choice),
        rules,
        facilities,
        done,
        next_steps,
        rows: page
            .items
            .iter()
            .map(|view| DeficiencyRow::new(view, now).offer_dispute(view, visitor, (page.position, &here)))
            .collect(),
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
    let known = [
        ("open", "Open"),
        ("dormant", "Waiting for somebody else"),
        ("satisfied", "Satisfied"),
        ("voided", "Voided"),
        ("waived", "Waived"),
        (ANY_STATUS, "Any status"),
    ];
    Offer::each(&known, Some(choice.status.as_deref().unwrap_or("open")))
}
