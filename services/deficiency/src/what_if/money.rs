//! Bills that wait for documentation, under both rule sets: by the definitions of [`crate::domain::claims`].

use std::{collections::BTreeMap, sync::Arc};

use countersign_contracts::api::{WhatIfAccount, WhatIfHeld, WhatIfHeldGroup, WhatIfHold};
use countersign_kernel::{Cents, DayCount, DeficiencyId, EncounterId, Timestamp};
use jiff::tz::TimeZone;

use super::row::UNASSIGNED;
use crate::domain::{
    claims::{Bill, ClaimHold, Item, Span, claim_hold},
    events::Deficiency,
    ledger::Outcome,
};

/// Several items hold the bill at once, so that no single one can be blamed.
pub const SEVERAL: &str = "(several)";

/// An account that is or was held under either rule set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The chart.
    pub chart: EncounterId,
    /// Facility code.
    pub facility: Arc<str>,
    /// Hospital service.
    pub service: Arc<str>,
    /// Gross charges; nothing when none were ever sent.
    pub charges: Option<Cents>,
    /// Under the published rules.
    pub published: Hold,
    /// Under the candidate.
    pub candidate: Hold,
}

/// A rule set's hold on an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hold {
    /// It is held now.
    pub held: bool,
    /// Local days held so far.
    pub days: u32,
    /// What waits now; nothing when the charges are unknown.
    pub dollars: Option<Cents>,
    /// The charges once for every day held; nothing when they are unknown.
    pub dollar_days: Option<Cents>,
    /// The item to blame: the only open one of a held account, else the one that closed last.
    pub blocker: Option<Blocker>,
}

/// An item that alone holds a bill, or that released it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// The deficiency.
    pub id: DeficiencyId,
    /// Its rule.
    pub rule: String,
    /// Who owes or owed it.
    pub responsible: Option<String>,
}

/// The hold on a chart's account as the outcome has it; of a bill that nobody is kept waiting for, nothing.
pub(super) fn hold(outcome: &Outcome, minimum: DayCount, zone: &TimeZone, now: Timestamp) -> Hold {
    let chart = &outcome.chart;
    let taken_back = chart.taken_back.iter();
    let mut discharged: Vec<Span> =
        taken_back.map(|stretch| Span { from: stretch.from, until: Some(stretch.until) }).collect();
    discharged.extend(chart.discharged.as_ref().map(|known| Span { from: known.value, until: None }));
    let holding = outcome.deficiencies.values().filter(|deficiency| deficiency.holds_bill);
    let bill = Bill {
        discharged,
        charges: chart.account.charges(),
        coded_at: chart.account.coded_at,
        billed_at: chart.account.billed_at,
        items: holding.map(item).collect(),
    };
    let claim = claim_hold(&bill, minimum, zone, now);
    let blocker = blame(&claim, &bill.items);
    let ClaimHold { held, days_held, dollars_held, dollar_days, .. } = claim;
    Hold { held, days: days_held, dollars: dollars_held, dollar_days, blocker }
}

fn item(deficiency: &Deficiency) -> Item {
    let since = deficiency.reopened_at.map_or(deficiency.opened_at, |at| at.max(deficiency.opened_at));
    let before = deficiency.open_before.iter();
    let mut open: Vec<Span> =
        before.map(|stretch| Span { from: stretch.from, until: Some(stretch.until) }).collect();
    open.push(Span { from: since, until: deficiency.closed_at });
    Item {
        id: deficiency.id,
        rule: deficiency.rule.clone(),
        document_type: deficiency.document_type.clone(),
        responsible: deficiency.responsible.clone(),
        open,
    }
}

fn blame(claim: &ClaimHold, items: &[Item]) -> Option<Blocker> {
    let id = if claim.held { claim.sole_blocker } else { claim.attributed_to }?;
    let item = items.iter().find(|item| item.id == id)?;
    let responsible = item.responsible.as_ref();
    Some(Blocker {
        id,
        rule: item.rule.clone(),
        responsible: responsible.map(|person| person.id.clone().unwrap_or_else(|| person.display_name())),
    })
}

impl Hold {
    /// Whether the account is or was held.
    pub fn ever(&self) -> bool {
        self.held || self.days > 0
    }

    fn view(&self) -> WhatIfHold {
        WhatIfHold {
            held: self.held,
            days_held: self.days,
            dollars_held_cents: self.dollars.map(|cents| cents.0),
            dollar_days_cents: self.dollar_days.map(|cents| cents.0),
            blocker: self.blocker.as_ref().map(|blocker| blocker.id),
            blocker_rule: self.blocker.as_ref().map(|blocker| blocker.rule.clone()),
        }
    }
}

impl Account {
    /// The account as the API shows it.
    pub fn view(&self) -> WhatIfAccount {
        WhatIfAccount {
            chart: self.chart,
            facility: self.facility.to_string(),
            service: self.service.to_string(),
            charges_cents: self.charges.map(|cents| cents.0),
            changed: self.published != self.candidate,
            published: self.published.view(),
            candidate: self.candidate.view(),
        }
    }
}

/// Sums of holds by a key.
#[derive(Default)]
pub(super) struct Sums(BTreeMap<String, [WhatIfHeld; 2]>);

impl Sums {
    /// Sums over accounts, each under the key that each of its holds has.
    pub(super) fn by(accounts: &[Account], key: impl Fn(&Account, &Hold) -> String) -> Vec<WhatIfHeldGroup> {
        let mut sums = Self::default();
        for account in accounts {
            for (side, hold) in [&account.published, &account.candidate].into_iter().enumerate() {
                if hold.ever() {
                    add(&mut sums.0.entry(key(account, hold)).or_default()[side], hold);
                }
            }
        }
        sums.0
            .into_iter()
            .map(|(key, [published, candidate])| WhatIfHeldGroup { key, published, candidate })
            .collect()
    }
}

fn add(sum: &mut WhatIfHeld, hold: &Hold) {
    sum.accounts_held += u64::from(hold.held);
    sum.accounts_ever_held += 1;
    sum.days_held += u64::from(hold.days);
    let known =
        |sum: &mut i64, cents: Option<Cents>| *sum = sum.saturating_add(cents.map_or(0, |cents| cents.0));
    known(&mut sum.dollars_held_cents, hold.dollars);
    known(&mut sum.dollar_days_cents, hold.dollar_days);
    sum.accounts_without_charges += u64::from(hold.dollars.is_none() || hold.dollar_days.is_none());
}

/// Under which rule a hold is counted.
pub(super) fn rule(hold: &Hold) -> String {
    hold.blocker.as_ref().map_or_else(|| SEVERAL.to_owned(), |blocker| blocker.rule.clone())
}

/// Under which provider a hold is counted.
pub(super) fn provider(hold: &Hold) -> String {
    let Some(blocker) = &hold.blocker else { return SEVERAL.to_owned() };
    blocker.responsible.clone().unwrap_or_else(|| UNASSIGNED.to_owned())
}
