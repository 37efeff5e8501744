//! The accountability clock of an item, as a policy of escalation wants it counted.
//!
//! **Definition.** The clock starts where [`AgingBase`] says and runs except in standstills: pauses of the item itself,
//! leaves of whoever owes it, downtimes of its facility, as far as the policy lets them count. Chart-level items
//! ([`CHART`](crate::CHART)) never stand. An age of *n* days is reached when a limit of *n* days from the clock's start
//! is over. That limit ends with the last second of a local day ([`Days::reached`]), and that second is still on time;
//! so the age is reached with the next whole second, which is the first of the next local day. Never early: in the
//! fraction after the last second has begun, the age is not reached yet. An age of 0 days is reached when the clock
//! starts to run.

use std::collections::BTreeSet;

use countersign_contracts::{
    deficiency::{DeficiencyStatus, LimitUnit},
    directory::{Downtime, Leave},
};
use countersign_kernel::{CountedDays, DayCount, Days, Reach, Standstill, Timestamp, reach};
use jiff::{SignedDuration, ToSpan};

use crate::item::OwedItem;

/// Cause of a standstill: whoever owes the item is away.
pub const LEAVE: &str = "physician_leave";
/// Cause of a standstill: the facility's systems were down.
pub const DOWNTIME: &str = "system_downtime";
/// Why a clock does not run: the item waits for somebody else's work.
pub const WAITING: &str = "waiting";
/// Why a clock does not run: it has not started yet.
pub const NOT_STARTED: &str = "not_started";
/// Why a clock does not run: the item is closed.
pub const CLOSED: &str = "closed";

/// What the age of an item counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AgingBase {
    /// What the rule's limit counts from, e.g. the discharge.
    #[default]
    Anchor,
    /// The last instant that was on time, standstills counted: days overdue.
    Due,
    /// When the requirement arose, or was last reopened.
    Opened,
}

/// Whether and which leaves stop the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaveRules {
    /// They do.
    pub counts: bool,
    /// Absences shorter than this many days of 24 hours (of the local calendar) do not. Leaves that touch or overlap
    /// are one absence. One without an end is never too short.
    pub shortest_days: u16,
    /// The clock stands for this many local calendar days more after the return, to the same time of day.
    pub grace_days_after: u16,
    /// An item that was overdue when the absence began is not stopped by it.
    pub not_for_already_overdue: bool,
}

impl Default for LeaveRules {
    /// Every leave counts, from its first to its last instant: what the deficiency service itself counts.
    fn default() -> Self {
        Self { counts: true, shortest_days: 0, grace_days_after: 0, not_for_already_overdue: false }
    }
}

/// How a policy wants the clock counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockRules {
    /// From where.
    pub base: AgingBase,
    /// In which days.
    pub days: CountedDays,
    /// Leaves.
    pub leave: LeaveRules,
    /// Causes of pauses that do not stop it, e.g. `dispute_under_review`.
    pub ignored_causes: BTreeSet<String>,
    /// Downtimes stop it.
    pub downtime_counts: bool,
}

impl Default for ClockRules {
    /// Everything counts as the deficiency service itself counts it.
    fn default() -> Self {
        Self {
            base: AgingBase::default(),
            days: CountedDays::default(),
            leave: LeaveRules::default(),
            ignored_causes: BTreeSet::new(),
            downtime_counts: true,
        }
    }
}

/// A standstill with its cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// When.
    pub still: Standstill,
    /// Why: [`LEAVE`], [`DOWNTIME`], or the cause of a pause.
    pub cause: String,
}

/// The standstills that count for an item by these rules, by their beginning.
pub fn stretches(
    item: &OwedItem,
    leaves: &[Leave],
    downtimes: &[Downtime],
    rules: &ClockRules,
    days: Days<'_>,
) -> Vec<Stretch> {
    if item.is_chart_level() {
        return Vec::new();
    }
    let of_item = item.changed.pauses.iter().map(|pause| (pause.from, pause.until, pause.cause.as_str()));
    let downtimes = downtimes.iter().filter(|_| rules.downtime_counts);
    let of_place = downtimes.map(|downtime| (downtime.from, downtime.until, DOWNTIME));
    let mut stretches: Vec<Stretch> = of_item
        .chain(of_place)
        .filter(|(from, until, cause)| {
            !rules.ignored_causes.contains(*cause) && until.is_none_or(|until| until > *from)
        })
        .map(|(from, until, cause)| Stretch { still: Standstill { from, until }, cause: cause.to_owned() })
        .collect();
    in_order(&mut stretches);
    if !rules.leave.counts || rules.ignored_causes.contains(LEAVE) {
        return stretches;
    }
    for absence in absences(leaves) {
        if is_too_short(absence, rules.leave, days) {
            continue;
        }
        // What stands from then on cannot have moved a limit that was over by then.
        if rules.leave.not_for_already_overdue
            && effective(item, item.changed.due_at, &stretches, days).is_some_and(|due| absence.from > due)
        {
            continue;
        }
        let until = absence.until.map(|until| after_days(until, rules.leave.grace_days_after, days));
        let still = Standstill { from: absence.from, until };
        stretches.push(Stretch { still, cause: LEAVE.to_owned() });
        in_order(&mut stretches);
    }
    stretches
}

/// The same without the causes.
pub fn standstills(
    item: &OwedItem,
    leaves: &[Leave],
    downtimes: &[Downtime],
    rules: &ClockRules,
    days: Days<'_>,
) -> Vec<Standstill> {
    stretches(item, leaves, downtimes, rules, days).into_iter().map(|stretch| stretch.still).collect()
}

fn in_order(stretches: &mut [Stretch]) {
    stretches.sort_by(|a, b| (a.still.from, &a.cause).cmp(&(b.still.from, &b.cause)));
}

/// Leaves that touch or overlap made one, by their beginning.
fn absences(leaves: &[Leave]) -> Vec<Standstill> {
    let mut sorted: Vec<Standstill> = leaves
        .iter()
        .filter(|leave| leave.until.is_none_or(|until| until > leave.from))
        .map(|leave| Standstill { from: leave.from, until: leave.until })
        .collect();
    sorted.sort();
    let mut absences: Vec<Standstill> = Vec::with_capacity(sorted.len());
    for leave in sorted {
        match absences.last_mut() {
            Some(last) if last.until.is_none_or(|until| leave.from <= until) => {
                last.until = last.until.zip(leave.until).map(|(a, b)| a.max(b));
            }
            _ => absences.push(leave),
        }
    }
    absences
}

/// The same time of day that many local calendar days later.
fn after_days(at: Timestamp, count: u16, days: Days<'_>) -> Timestamp {
    if count == 0 {
        return at;
    }
    at.to_zoned(days.zone.clone())
        .checked_add(i64::from(count).days())
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

fn is_too_short(absence: Standstill, rules: LeaveRules, days: Days<'_>) -> bool {
    absence.until.is_some_and(|until| until < after_days(absence.from, rules.shortest_days, days))
}

fn stills(stretches: &[Stretch]) -> Vec<Standstill> {
    stretches.iter().map(|stretch| stretch.still).collect()
}

/// Where a limit of the item's rule comes to lie: as the deficiency service computes it.
fn effective(
    item: &OwedItem,
    nominal: Option<Timestamp>,
    stretches: &[Stretch],
    days: Days<'_>,
) -> Option<Timestamp> {
    let counted = match item.changed.limit {
        Some(LimitUnit::Days) => Some(CountedDays::Calendar),
        Some(LimitUnit::BusinessDays) => Some(CountedDays::Business),
        Some(LimitUnit::Hours) | None => None,
    };
    match (reach(item.changed.anchor_at?, nominal?, &stills(stretches)), counted) {
        (Reach::Never, _) => None,
        (Reach::Moved(at), Some(counted)) => Some(days.end_of_day_of(at, counted)),
        (Reach::Nominal(at), _) | (Reach::Moved(at), None) => Some(at),
    }
}

/// The first whole second after a limit's last one.
fn next_second(at: Timestamp) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX)
}

/// The accountability clock of an item.
#[derive(Debug, Clone)]
pub struct ItemClock<'a> {
    item: &'a OwedItem,
    rules: &'a ClockRules,
    days: Days<'a>,
    stretches: Vec<Stretch>,
    stills: Vec<Standstill>,
}

impl<'a> ItemClock<'a> {
    /// The clock of an item, with the leaves of whoever owes it and the downtimes of its facility.
    pub fn new(
        item: &'a OwedItem,
        leaves: &[Leave],
        downtimes: &[Downtime],
        rules: &'a ClockRules,
        days: Days<'a>,
    ) -> Self {
        let stretches = stretches(item, leaves, downtimes, rules, days);
        let stills = stills(&stretches);
        Self { item, rules, days, stretches, stills }
    }

    /// The standstills that count, by their beginning.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// The last instant that is on time, standstills counted; `None` while it waits, stands without an end, or the rule
    /// has no limit.
    pub fn effective_due_at(&self) -> Option<Timestamp> {
        effective(self.item, self.item.changed.due_at, &self.stretches, self.days)
    }

    /// Later is delinquent by the rule, standstills counted; `None` likewise.
    pub fn effective_delinquent_at(&self) -> Option<Timestamp> {
        effective(self.item, self.item.changed.delinquent_at, &self.stretches, self.days)
    }

    /// Whether it is overdue: later than its due second, and not closed by then.
    pub fn is_overdue_at(&self, now: Timestamp) -> bool {
        let seen = self.item.closed_at().map_or(now, |closed| closed.min(now));
        self.effective_due_at().is_some_and(|due| seen > due)
    }

    /// What the age counts from; `None` while the item waits for somebody else.
    fn start(&self) -> Option<Timestamp> {
        let changed = &self.item.changed;
        if changed.status == DeficiencyStatus::Dormant {
            return None;
        }
        match self.rules.base {
            AgingBase::Anchor => changed.anchor_at,
            AgingBase::Due => self.effective_due_at(),
            AgingBase::Opened => Some(changed.reopened_at.unwrap_or(changed.opened_at)),
        }
    }

    /// The first instant at which the age is that many days (see the definition above); with a count of 0, at which the
    /// clock begins to run. `None`: while it waits or stands without an end, and when the item was closed before.
    pub fn reached(&self, count: DayCount) -> Option<Timestamp> {
        let start = self.start()?;
        let at = if count.0 == 0 {
            let first = if self.rules.base == AgingBase::Due { next_second(start) } else { start };
            match reach(first, first, &self.stills) {
                Reach::Nominal(at) | Reach::Moved(at) => at,
                Reach::Never => return None,
            }
        } else {
            next_second(self.days.reached(start, count, self.rules.days, &self.stills)?)
        };
        self.item.closed_at().is_none_or(|closed| at <= closed).then_some(at)
    }

    /// How many whole days the clock has run by `now`, or by the item's closing: the greatest count that is reached.
    pub fn age_days(&self, now: Timestamp) -> u32 {
        let Some(start) = self.start().filter(|start| *start < now) else { return 0 };
        let day = |at: Timestamp| at.to_zoned(self.days.zone.clone()).date();
        // No age is greater than the calendar's days that have passed.
        let passed = day(start).until(day(now)).map_or(0, |span| span.get_days());
        let (mut reached, mut not) = (0_u16, u16::try_from(passed).unwrap_or(u16::MAX - 1).saturating_add(1));
        // Where nothing ever stood it is one of the last two: they are asked first.
        let mut guesses = [not.saturating_sub(2), not - 1].into_iter().filter(|_| self.stills.is_empty());
        while not - reached > 1 {
            let between = |guess: &u16| reached < *guess && *guess < not;
            let middle = guesses.find(between).unwrap_or(reached + (not - reached) / 2);
            if self.reached(DayCount(middle)).is_some_and(|at| at <= now) {
                reached = middle;
            } else {
                not = middle;
            }
        }
        reached.into()
    }

    /// Why the clock does not run at an instant; `None` when it runs. Of several standstills the one that began first.
    pub fn standing_at(&self, at: Timestamp) -> Option<&str> {
        if self.item.closed_at().is_some_and(|closed| closed <= at) {
            return Some(CLOSED);
        }
        if self.item.changed.status == DeficiencyStatus::Dormant {
            return Some(WAITING);
        }
        let covering = self.stretches.iter().find(|stretch| stretch.still.covers(at));
        if let Some(stretch) = covering {
            return Some(&stretch.cause);
        }
        self.start().is_none_or(|start| at < start).then_some(NOT_STARTED)
    }
}
