//! Claim holds for the API, the pages and the command line: lists, one account, sums. Every number is computed from
//! the accounts by the definitions in [`crate::domain::claims`]; nothing is counted twice in two ways.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use countersign_contracts::api::{
    ClaimDetail, ClaimItemView, ClaimPeriodView, ClaimSummary, ClaimSummaryRow, ClaimView, Page,
};
use countersign_kernel::{Cents, DayCount, DeficiencyId, EncounterId, Person, Timestamp, end_of_local_day};
use jiff::{ToSpan, civil::Date, tz::TimeZone};

use crate::{
    domain::{
        claims::{ClaimHold, HoldEnd, HoldPeriod, Item, claim_hold, hold_periods},
        site::Site,
    },
    projections::{self, Account, Wanted},
    service::{Deficiency, ServiceError},
};

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Held now.
    #[default]
    Held,
    /// Items are open, and the minimum days still run.
    Pending,
    /// Held before, and no longer.
    Released,
}

impl State {
    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Held, Self::Pending, Self::Released].into_iter().find(|state| state.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Pending => "pending",
            Self::Released => "released",
        }
    }
}

/// Which accounts are wanted.
#[derive(Debug, Clone, Default)]
pub struct ClaimQuery {
    /// Where they stand.
    pub state: State,
    /// Facility code.
    pub facility: Option<String>,
    /// Only facilities within a reader's reach; empty: all.
    pub within: Vec<String>,
    /// Encounter class.
    pub class: Option<String>,
    /// Only accounts that an item of this document type holds, or released.
    pub document_type: Option<String>,
    /// The same by the responsible provider's identifier.
    pub provider: Option<String>,
    /// Rows at the most.
    pub limit: usize,
    /// Rows to pass over.
    pub skip: usize,
}

/// By what sums are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SummaryBy {
    /// What the open items ask for.
    DocumentType,
    /// Who owes them.
    Provider,
    /// Facility code.
    Facility,
    /// Encounter class.
    Class,
    /// Local day.
    Day,
}

impl SummaryBy {
    /// Every way, with its name.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::DocumentType, "document_type"),
        (Self::Provider, "provider"),
        (Self::Facility, "facility"),
        (Self::Class, "class"),
        (Self::Day, "day"),
    ];

    /// The way with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(by, _)| by)
    }

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(by, _)| *by == self).map_or("", |(_, name)| name)
    }
}

/// Days shown when the caller names none.
const DEFAULT_DAYS: i32 = 30;

/// How long every account of a facility waits before its bill may be held.
struct MinimumDays {
    site: Arc<Site>,
    /// Where the facility is not described.
    otherwise: DayCount,
}

impl MinimumDays {
    fn of(&self, facility: &str) -> DayCount {
        let described = self.site.facility(facility).and_then(|known| known.data.as_ref());
        described.map_or(self.otherwise, |data| DayCount(data.minimum_bill_hold_days))
    }
}

impl Deficiency {
    fn minimum_days(&self) -> MinimumDays {
        MinimumDays { site: Arc::clone(&self.lookup.get().site), otherwise: self.minimum_bill_hold }
    }

    /// Accounts in a state: those that one item alone holds first, then the most dollars, then the most days.
    pub async fn claims(&self, query: ClaimQuery) -> Result<Page<ClaimView>, ServiceError> {
        let (minimum, now) = (self.minimum_days(), self.clock.now());
        let position = self.model.position().0;
        let wanted = Wanted {
            chart: None,
            facility: query.facility.clone(),
            within: query.within.clone(),
            class: query.class.clone(),
            open_at: (query.state != State::Released).then_some(now),
        };
        let accounts = self.model.query(move |sql| projections::accounts(sql, &wanted)).await?;
        let mut claims: Vec<ClaimView> = accounts
            .iter()
            .filter_map(|account| {
                let hold = claim_hold(&account.bill, minimum.of(&account.facility), &account.zone, now);
                (state_of(&hold) == Some(query.state) && concerns(&query, account, &hold, now))
                    .then(|| claim_view(account, &hold, now))
            })
            .collect();
        claims.sort_by(|one, other| {
            let rank = |claim: &ClaimView| {
                let dollars = claim.charges_cents.unwrap_or(-1);
                (claim.sole_blocker.is_none(), -dollars, -i64::from(claim.days_held), claim.chart)
            };
            rank(one).cmp(&rank(other))
        });
        let total = claims.len() as u64;
        let upto = query.skip.saturating_add(query.limit.max(1));
        let next = (claims.len() > upto).then(|| upto.to_string());
        let items = claims.into_iter().skip(query.skip).take(query.limit.max(1)).collect();
        Ok(Page { items, next, total, position })
    }

    /// One account with its items and periods; `None` when there is no such chart, it is in no facility `within`
    /// the reader's reach, or it was never discharged and nothing of its bill is known.
    pub async fn claim(
        &self,
        chart: EncounterId,
        within: Vec<String>,
    ) -> Result<Option<ClaimDetail>, ServiceError> {
        let (minimum, now) = (self.minimum_days(), self.clock.now());
        let wanted = Wanted { chart: Some(chart), within, ..Wanted::default() };
        let accounts = self.model.query(move |sql| projections::accounts(sql, &wanted)).await?;
        Ok(accounts.first().map(|account| detail(account, &minimum, now)))
    }

    /// Sums over all accounts of a facility, or of those `within` a reader's reach. The days are local to each facility; without them the last thirty.
    pub async fn claim_summary(
        &self,
        by: SummaryBy,
        facility: Option<String>,
        within: Vec<String>,
        days: (Option<Date>, Option<Date>),
    ) -> Result<ClaimSummary, ServiceError> {
        let (minimum, now) = (self.minimum_days(), self.clock.now());
        let position = self.model.position().0;
        let wanted = Wanted { facility, within, ..Wanted::default() };
        let accounts = self.model.query(move |sql| projections::accounts(sql, &wanted)).await?;
        let to = days.1.unwrap_or_else(|| now.to_zoned(TimeZone::UTC).date());
        let from = days.0.unwrap_or_else(|| to.saturating_sub((DEFAULT_DAYS - 1).days()));
        let mut sums = Sums { by, from, to, now, rows: BTreeMap::new(), total: ClaimSummaryRow::default() };
        for account in &accounts {
            sums.add(account, &minimum);
        }
        Ok(sums.into_summary(&minimum, position))
    }
}

fn state_of(hold: &ClaimHold) -> Option<State> {
    if hold.held {
        Some(State::Held)
    } else if hold.begins_at.is_some() {
        Some(State::Pending)
    } else {
        hold.released_at.map(|_| State::Released)
    }
}

/// Whether an item of the wanted type and provider holds the account, or released it.
fn concerns(query: &ClaimQuery, account: &Account, hold: &ClaimHold, now: Timestamp) -> bool {
    let fits = |item: &Item| {
        query.document_type.as_ref().is_none_or(|wanted| *wanted == item.document_type)
            && query.provider.as_ref().is_none_or(|wanted| {
                item.responsible.as_ref().and_then(|person| person.id.as_ref()) == Some(wanted)
            })
    };
    let everything = query.document_type.is_none() && query.provider.is_none();
    everything
        || account
            .bill
            .items
            .iter()
            .any(|item| (item.is_open(now) || hold.attributed_to == Some(item.id)) && fits(item))
}

fn cents(money: Option<Cents>) -> Option<i64> {
    money.map(|money| money.0)
}

fn claim_view(account: &Account, hold: &ClaimHold, now: Timestamp) -> ClaimView {
    let bill = &account.bill;
    let item = |id: Option<DeficiencyId>| {
        let id = id?;
        bill.items.iter().find(|item| item.id == id).map(|item| item_view(item, now))
    };
    let standing = bill.discharged.iter().find(|discharged| discharged.until.is_none());
    ClaimView {
        chart: account.chart,
        facility: account.facility.clone(),
        encounter: account.visit.clone(),
        class: account.class.clone(),
        service: account.service.clone(),
        payer: account.payer.clone(),
        discharged_at: standing.map(|discharged| discharged.from),
        coded_at: bill.coded_at,
        billed_at: bill.billed_at,
        state: state_of(hold).map_or("clear", State::name).to_owned(),
        from: hold.begins_at.or(hold.from),
        released_at: hold.released_at,
        ended_by: hold.ended_by.map(|end| end.name().to_owned()),
        seconds_to_release: hold.time_to_release.map(|took| took.as_secs()),
        days_held: hold.days_held,
        charges_cents: cents(bill.charges),
        dollars_held_cents: cents(hold.dollars_held),
        dollar_days_cents: cents(hold.dollar_days),
        open_items: u32::try_from(hold.open_items.len()).unwrap_or(u32::MAX),
        sole_blocker: item(hold.sole_blocker),
        attributed_to: item(hold.attributed_to),
        time_zone: account.time_zone.clone(),
    }
}

fn item_view(item: &Item, now: Timestamp) -> ClaimItemView {
    let open = item.is_open(now);
    ClaimItemView {
        deficiency: item.id,
        rule: item.rule.clone(),
        document_type: item.document_type.clone(),
        responsible: item.responsible.as_ref().and_then(|person| person.id.clone()),
        responsible_name: item.responsible.as_ref().map(Person::display_name),
        open,
        opened_at: item.open.first().map_or(now, |span| span.from),
        closed_at: item.open.last().and_then(|span| span.until).filter(|_| !open),
    }
}

fn detail(account: &Account, minimum: &MinimumDays, now: Timestamp) -> ClaimDetail {
    let hold = claim_hold(&account.bill, minimum.of(&account.facility), &account.zone, now);
    let mut items: Vec<ClaimItemView> = account.bill.items.iter().map(|item| item_view(item, now)).collect();
    items.sort_by_key(|item| (!item.open, item.opened_at, item.deficiency));
    let periods = hold_periods(&account.bill, minimum.of(&account.facility), &account.zone)
        .into_iter()
        .filter(|period| period.span.from <= now)
        .map(|period| ClaimPeriodView {
            from: period.span.from,
            until: period.span.until,
            ended_by: period.ended_by.map(|end| end.name().to_owned()),
            released_by: period.released_by,
            days: period.days(&account.zone, now),
        });
    ClaimDetail {
        claim: claim_view(account, &hold, now),
        minimum_bill_hold_days: minimum.of(&account.facility).0,
        periods: periods.collect(),
        items,
    }
}

/// Sums on their way.
struct Sums {
    by: SummaryBy,
    from: Date,
    to: Date,
    now: Timestamp,
    rows: BTreeMap<String, ClaimSummaryRow>,
    total: ClaimSummaryRow,
}

impl Sums {
    fn add(&mut self, account: &Account, minimum: &MinimumDays) {
        let periods = hold_periods(&account.bill, minimum.of(&account.facility), &account.zone);
        if self.by == SummaryBy::Day {
            self.add_days(account, &periods);
        } else {
            self.add_present(account, minimum);
            self.add_past(account, &periods);
        }
    }

    /// What is held now.
    fn add_present(&mut self, account: &Account, minimum: &MinimumDays) {
        let hold = claim_hold(&account.bill, minimum.of(&account.facility), &account.zone, self.now);
        if !hold.held {
            return;
        }
        let open: Vec<&Item> = account.bill.items.iter().filter(|item| item.is_open(self.now)).collect();
        let keys: BTreeSet<(String, Option<String>)> =
            open.iter().map(|item| key(self.by, account, item)).collect();
        let sole = hold.sole_blocker.is_some();
        for (key, name) in keys {
            add_held(self.row(key, name), hold.dollars_held, sole);
        }
        add_held(&mut self.total, hold.dollars_held, sole);
    }

    /// What was held within the days, by period.
    fn add_past(&mut self, account: &Account, periods: &[HoldPeriod]) {
        let (zone, charges, now, by) = (&account.zone, account.bill.charges, self.now, self.by);
        let begin = self.from.to_zoned(zone.clone()).map_or(Timestamp::MIN, |day| day.timestamp());
        let end = self
            .to
            .tomorrow()
            .and_then(|day| day.to_zoned(zone.clone()))
            .map_or(Timestamp::MAX, |day| day.timestamp())
            .min(self.now);
        let item = |id: DeficiencyId| account.bill.items.iter().find(|item| item.id == id);
        for period in periods.iter().filter(|period| period.span.from <= now) {
            let days = u64::from(period.days_within(zone, begin, end));
            let lasts = period.span.holds(now);
            let open: Vec<&Item> =
                account.bill.items.iter().filter(|item| lasts && item.is_open(now)).collect();
            let released = period.ended_by == Some(HoldEnd::Documented)
                && period.span.until.is_some_and(|until| begin <= until && until <= end);
            let charged_to = match (period.released_by.and_then(item), open.as_slice()) {
                (Some(item), _) if !lasts => Some(item),
                (_, [only]) => Some(*only),
                _ => None,
            };
            let row = match by {
                SummaryBy::DocumentType | SummaryBy::Provider => {
                    charged_to.map(|item| key(by, account, item))
                }
                _ => Some(of_account(by, account)),
            };
            if days == 0 && !released {
                continue;
            }
            add_past(&mut self.total, charges, days, released);
            if let Some((key, name)) = row {
                add_past(self.row(key, name), charges, days, released);
            }
        }
    }

    /// What was held at the end of each day.
    fn add_days(&mut self, account: &Account, periods: &[HoldPeriod]) {
        let zone = &account.zone;
        let money = account.bill.charges.map(|charges| Cents(charges.0.max(0)));
        for period in periods {
            let mut day = period.span.from.to_zoned(zone.clone()).date().max(self.from);
            while day <= self.to {
                let Ok(begin) = day.to_zoned(zone.clone()) else { break };
                let night = end_of_local_day(begin.timestamp(), zone);
                if night >= self.now || period.span.until.is_some_and(|until| until <= night) {
                    break;
                }
                if period.span.holds(night) {
                    let open = account.bill.items.iter().filter(|item| item.is_open(night)).count();
                    let sums = [self.rows.entry(day.to_string()).or_default(), &mut self.total];
                    for row in sums {
                        add_held(row, money, open == 1);
                        row.days_held += 1;
                        row.dollar_days_cents =
                            row.dollar_days_cents.saturating_add(money.unwrap_or_default().0);
                    }
                }
                let Ok(next) = day.tomorrow() else { break };
                day = next;
            }
        }
    }

    fn row(&mut self, key: String, name: Option<String>) -> &mut ClaimSummaryRow {
        let row = self.rows.entry(key).or_default();
        if row.name.is_none() {
            row.name = name;
        }
        row
    }

    fn into_summary(self, minimum: &MinimumDays, position: u64) -> ClaimSummary {
        let mut rows: Vec<ClaimSummaryRow> =
            self.rows.into_iter().map(|(key, row)| ClaimSummaryRow { key, ..row }).collect();
        if self.by != SummaryBy::Day {
            rows.sort_by_key(|row| {
                (std::cmp::Reverse((row.dollars_held_cents, row.held_accounts)), row.key.clone())
            });
        }
        ClaimSummary {
            by: self.by.name().to_owned(),
            minimum_bill_hold_days: minimum.otherwise.0,
            from: self.from,
            to: self.to,
            rows,
            total: ClaimSummaryRow { key: "total".to_owned(), ..self.total },
            position,
        }
    }
}

fn add_held(row: &mut ClaimSummaryRow, dollars: Option<Cents>, sole: bool) {
    let known = dollars.unwrap_or_default().0;
    row.held_accounts += 1;
    row.charges_unknown += u64::from(dollars.is_none());
    row.dollars_held_cents = row.dollars_held_cents.saturating_add(known);
    if sole {
        row.sole_blocker_accounts += 1;
        row.sole_blocker_cents = row.sole_blocker_cents.saturating_add(known);
    }
}

fn add_past(row: &mut ClaimSummaryRow, charges: Option<Cents>, days: u64, released: bool) {
    let money = charges.unwrap_or_default().0.max(0);
    row.released_accounts += u64::from(released);
    row.days_held += days;
    let dollar_days = money.saturating_mul(i64::try_from(days).unwrap_or(i64::MAX));
    row.dollar_days_cents = row.dollar_days_cents.saturating_add(dollar_days);
}

/// The row that an item belongs to, and its name.
fn key(by: SummaryBy, account: &Account, item: &Item) -> (String, Option<String>) {
    match by {
        SummaryBy::DocumentType => (item.document_type.clone(), None),
        SummaryBy::Provider => {
            let person = item.responsible.as_ref().filter(|person| person.id.is_some());
            let id = person.and_then(|person| person.id.clone()).unwrap_or_default();
            (id, person.map(Person::display_name))
        }
        SummaryBy::Facility | SummaryBy::Class | SummaryBy::Day => of_account(by, account),
    }
}

fn of_account(by: SummaryBy, account: &Account) -> (String, Option<String>) {
    match by {
        SummaryBy::Class => (account.class.clone().unwrap_or_default(), None),
        _ => (account.facility.clone(), None),
    }
}
