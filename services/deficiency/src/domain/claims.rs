//! Documentation holds: which bills wait for documentation, since when, and how much money waits with them.
//!
//! **Definition.** An account is *held* at an instant when all of this is true:
//! - the patient has been discharged, and the discharge stands;
//! - the minimum bill-hold days are over: the instant is later than the last second of the *n*-th local calendar
//!   day after the day of the discharge, as [`end_of_local_day_after`] counts;
//! - the final bill has not gone out;
//! - at least one item that holds the bill is open.
//!
//! Nothing here looks at the charges to tell whether an account is held: an account whose charges were never sent
//! is held like any other, and its money is *unknown*, which is not zero.
//!
//! A day of holding is a local calendar day at whose last second the account was held: the count a nightly census
//! would come to. So every day counts for exactly one of an account's periods or for none, and the dollars held at
//! the end of each day, summed over the days, are the dollar-days.

use countersign_kernel::{
    Cents, DayCount, DeficiencyId, Person, Timestamp, end_of_local_day, end_of_local_day_after,
};
use jiff::{SignedDuration, tz::TimeZone};

/// A stretch of time: from an instant on, up to but not including another; without that it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant that no longer belongs to it.
    pub until: Option<Timestamp>,
}

impl Span {
    /// Whether the instant belongs to it.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }

    /// What both have in common.
    fn and(&self, other: &Self) -> Option<Self> {
        let from = self.from.max(other.from);
        let until = match (self.until, other.until) {
            (Some(one), Some(another)) => Some(one.min(another)),
            (one, another) => one.or(another),
        };
        until.is_none_or(|until| from < until).then_some(Self { from, until })
    }
}

/// An item that holds the bill while it is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The deficiency.
    pub id: DeficiencyId,
    /// Its rule, e.g. `R13`.
    pub rule: String,
    /// What it asks for.
    pub document_type: String,
    /// Who owes it, or owed it when it closed.
    pub responsible: Option<Person>,
    /// When it was open; more than one stretch when it was reopened.
    pub open: Vec<Span>,
}

impl Item {
    /// Whether it is open at an instant.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.open.iter().any(|span| span.holds(at))
    }
}

/// An account, as far as its documentation and its bill go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bill {
    /// When the patient counted as discharged: one stretch for every discharge, which ends where the discharge was
    /// taken back.
    pub discharged: Vec<Span>,
    /// Gross charges as known now; `None` when none were ever sent.
    pub charges: Option<Cents>,
    /// When final coding was done. Told to the reader; it neither holds nor releases.
    pub coded_at: Option<Timestamp>,
    /// When the final bill went out.
    pub billed_at: Option<Timestamp>,
    /// Every item that holds the bill, past and present.
    pub items: Vec<Item>,
}

/// What ended a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldEnd {
    /// The last item that held the bill closed.
    Documented,
    /// The discharge was taken back.
    DischargeTakenBack,
    /// The final bill went out although items were open.
    Billed,
}

impl HoldEnd {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::DischargeTakenBack => "discharge_taken_back",
            Self::Billed => "billed",
        }
    }
}

/// One period in which an account is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldPeriod {
    /// From when, until when. A period of an account whose minimum days are still running begins in the future.
    pub span: Span,
    /// What ended it; `None` while it lasts.
    pub ended_by: Option<HoldEnd>,
    /// The item that closed last and so released the account. Of several that closed at that instant the one that had
    /// been open the longest; only of a period that documentation ended.
    pub released_by: Option<DeficiencyId>,
}

impl HoldPeriod {
    /// How many local days it was held at the end of, up to `now`.
    pub fn days(&self, zone: &TimeZone, now: Timestamp) -> u32 {
        self.days_within(zone, self.span.from, now)
    }

    /// The same for the days that end within two instants, the first included, the second not.
    pub fn days_within(&self, zone: &TimeZone, from: Timestamp, until: Timestamp) -> u32 {
        let until = self.span.until.map_or(until, |ended| ended.min(until));
        days_ended_in(self.span.from.max(from), until, zone)
    }
}

/// Where an account stands at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimHold {
    /// It is held now.
    pub held: bool,
    /// Beginning of the present hold, or of the latest one that is over.
    pub from: Option<Timestamp>,
    /// When the present hold will begin if nothing changes: items are open, and the minimum days still run.
    pub begins_at: Option<Timestamp>,
    /// End of the latest hold, when the account is not held now.
    pub released_at: Option<Timestamp>,
    /// What ended the latest hold, when the account is not held now.
    pub ended_by: Option<HoldEnd>,
    /// Days held in all periods so far: local days at whose last second the account was held.
    pub days_held: u32,
    /// What waits now: the gross charges while the account is held, nothing while it is not. An account whose credits
    /// outweigh its charges holds nothing. `None` when it is held and its charges were never sent.
    pub dollars_held: Option<Cents>,
    /// Gross charges as known now (never below zero), once for every day held: whole cents times whole days. `None`
    /// when it was held and its charges were never sent.
    pub dollar_days: Option<Cents>,
    /// Items that hold the bill and are open now, in the order given, whether the account is held already or not.
    pub open_items: Vec<DeficiencyId>,
    /// The only open item, while the account is held: closing it releases the bill.
    pub sole_blocker: Option<DeficiencyId>,
    /// The item that closed last and so released the account from its latest hold.
    pub attributed_to: Option<DeficiencyId>,
    /// From the beginning of the latest hold to its release by documentation.
    pub time_to_release: Option<SignedDuration>,
}

/// Every period in which the account is held by what is known, in order; they neither meet nor overlap.
pub fn hold_periods(bill: &Bill, minimum: DayCount, zone: &TimeZone) -> Vec<HoldPeriod> {
    let mut periods: Vec<HoldPeriod> = bill
        .discharged
        .iter()
        .filter_map(|discharged| {
            let from = hold_begins(discharged.from, minimum, zone);
            discharged.and(&Span { from, until: bill.billed_at })
        })
        .flat_map(|held_at_most| {
            let open = bill.items.iter().flat_map(|item| &item.open);
            merged(open.filter_map(move |open| open.and(&held_at_most)).collect())
        })
        .map(|span| HoldPeriod { span, ended_by: None, released_by: None })
        .collect();
    periods.sort_by_key(|period| period.span);
    for period in &mut periods {
        let Some(until) = period.span.until else { continue };
        period.ended_by = Some(if bill.billed_at == Some(until) {
            HoldEnd::Billed
        } else if bill.discharged.iter().any(|discharged| discharged.until == Some(until)) {
            HoldEnd::DischargeTakenBack
        } else {
            period.released_by = last_to_close(&bill.items, until);
            HoldEnd::Documented
        });
    }
    periods
}

/// Where the account stands at `now`.
pub fn claim_hold(bill: &Bill, minimum: DayCount, zone: &TimeZone, now: Timestamp) -> ClaimHold {
    let periods = hold_periods(bill, minimum, zone);
    let begun = || periods.iter().filter(|period| period.span.from <= now);
    let latest = begun().next_back();
    let held = latest.is_some_and(|period| period.span.holds(now));
    let over = latest.filter(|_| !held);
    let open_items: Vec<DeficiencyId> =
        bill.items.iter().filter(|item| item.is_open(now)).map(|item| item.id).collect();
    let days_held: u32 = begun().map(|period| period.days(zone, now)).sum();
    let money = bill.charges.map(|charges| Cents(charges.0.max(0)));
    let released_at = over.and_then(|period| period.span.until);
    let documented = over.filter(|period| period.ended_by == Some(HoldEnd::Documented));
    ClaimHold {
        held,
        from: latest.map(|period| period.span.from),
        begins_at: periods
            .iter()
            .map(|period| period.span.from)
            .find(|from| *from > now && !held && !open_items.is_empty()),
        released_at,
        ended_by: over.and_then(|period| period.ended_by),
        days_held,
        dollars_held: if held { money } else { Some(Cents(0)) },
        dollar_days: match days_held {
            0 => Some(Cents(0)),
            days => money.map(|money| Cents(money.0.saturating_mul(i64::from(days)))),
        },
        sole_blocker: match open_items.as_slice() {
            [only] if held => Some(*only),
            _ => None,
        },
        open_items,
        attributed_to: documented.and_then(|period| period.released_by),
        time_to_release: documented
            .and_then(|period| Some(period.span.until?.duration_since(period.span.from))),
    }
}

/// The first second after the minimum bill-hold days of a discharge.
fn hold_begins(discharged: Timestamp, minimum: DayCount, zone: &TimeZone) -> Timestamp {
    let last_second = end_of_local_day_after(discharged, minimum, zone);
    last_second.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX)
}

/// Stretches that meet or overlap become one.
fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut merged: Vec<Span> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if last.until.is_none_or(|until| span.from <= until) => {
                last.until = match (last.until, span.until) {
                    (Some(one), Some(another)) => Some(one.max(another)),
                    _ => None,
                };
            }
            _ => merged.push(span),
        }
    }
    merged
}

/// Of the items that closed at this instant the one that had been open the longest.
fn last_to_close(items: &[Item], at: Timestamp) -> Option<DeficiencyId> {
    items
        .iter()
        .flat_map(|item| item.open.iter().map(move |open| (open, item.id)))
        .filter(|(open, _)| open.until == Some(at) && open.from < at)
        .min_by_key(|(open, id)| (open.from, *id))
        .map(|(_, id)| id)
}

/// How many local days have their last second between two instants, the first included, the second not.
fn days_ended_in(from: Timestamp, until: Timestamp, zone: &TimeZone) -> u32 {
    if until <= from {
        return 0;
    }
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    // A day whose last second is still ahead of the instant has not ended before it.
    let first_missed = i64::from(end_of_local_day(from, zone) < from);
    let last_ended = i64::from(end_of_local_day(until, zone) < until);
    let between = day(from).until(day(until)).map_or(0, |span| i64::from(span.get_days()));
    u32::try_from(between + last_ended - first_missed).unwrap_or(0)
}

#[cfg(test)]
mod tests;
