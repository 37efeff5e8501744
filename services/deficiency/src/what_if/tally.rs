//! The numbers of one group of deficiencies. Every definition is in [`DEFINITIONS`] and travels with the
//! report.

use countersign_contracts::{
    api::{WhatIfGroup, WhatIfMeasures},
    deficiency::DeficiencyStatus,
};
use countersign_kernel::Timestamp;

use super::row::{Comparison, Row, Verdict};

/// What every number means, in words.
pub const DEFINITIONS: [(&str, &str); 17] = [
    (
        "created, avoided",
        "Deficiencies that only the candidate raises, and that only the published rules raise; those that fell away again included. The candidate's opened + voided less the published opened + voided is created less avoided.",
    ),
    (
        "changed",
        "Deficiencies that both raise, with another due instant, responsible person, status or closing instant: other_due, other_responsible, other_status, other_closed count them, one deficiency in as many of them as apply.",
    ),
    ("opened", "Deficiencies raised and not voided."),
    (
        "satisfied, open, dormant, waived",
        "Where the opened ones stand at `now`: done, still owed with its clock running, waiting for somebody else without a clock, closed by authority without being done.",
    ),
    ("voided", "Deficiencies whose requirement fell away. In no other number."),
    (
        "overdue",
        "Open, and `now` is later than the due instant. At the due instant itself an item is on time.",
    ),
    (
        "lag_median_hours",
        "Hours from anchor to closing of the satisfied ones, by elapsed time: the smallest value that at least half of them do not exceed. Open items are censored: they are left out, not averaged in, so a low median beside many open items says little.",
    ),
    ("lag_p90_hours", "The same: the smallest value that at least nine of ten do not exceed."),
    (
        "negative_lags",
        "Satisfied before their own anchor (a document dated before what it is about): left out of the lags.",
    ),
    ("open_age_median_hours", "Hours from anchor to `now` of the open ones, median as above."),
    ("fell_due", "Opened, not waived, due instant not after `now`: open ones past it count as misses."),
    (
        "on_time, on_time_rate",
        "Those of `fell_due` that were satisfied at or before the due instant, and their share; no rate when nothing fell due.",
    ),
    ("delinquent_charts", "Charts with an overdue deficiency of a rule about the chart as a whole (C0, C1)."),
    (
        "held, held_by_rule, held_by_service, held_by_facility, held_by_provider",
        "Accounts past the minimum bill-hold days of their facility with an open item that holds the bill, and not billed: gross charges of those held now (dollars_held_cents), and charges once for every local day at whose end the account was held (dollar_days_cents). By rule and provider a held account counts for its only open item, a released one for the item that closed last; under (several) where no single item is to blame. The window of `from` does not cut holds.",
    ),
    (
        "accounts_without_charges",
        "Accounts ever held whose charges were never sent: their money is unknown, which is not zero, and in no sum.",
    ),
    (
        "by_provider",
        "A deficiency counts for whoever owes it: the measures of each rule set by that set's own verdict, the differences for both people when it moves. The facility's own are under (facility), those that nobody is known to owe under (unassigned).",
    ),
    (
        "from",
        "Deficiencies that arose before `from` are left out: they keep the version they were raised under.",
    ),
];

/// One group while it is being counted.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    created: u64,
    avoided: u64,
    changed: u64,
    other_due: u64,
    other_responsible: u64,
    other_status: u64,
    other_closed: u64,
    unchanged: u64,
    /// Under the published rules.
    pub published: Side,
    /// Under the candidate.
    pub candidate: Side,
}

/// One group under one rule set. Lags and ages in seconds.
#[derive(Debug, Clone, Default)]
pub struct Side {
    satisfied: u64,
    open: u64,
    dormant: u64,
    waived: u64,
    voided: u64,
    overdue: u64,
    negative_lags: u64,
    fell_due: u64,
    on_time: u64,
    lags: Vec<i64>,
    ages: Vec<i64>,
}

impl Tally {
    /// Counts how the verdicts of a row compare.
    pub fn compare(&mut self, row: &Row) {
        match row.comparison() {
            Comparison::Created => self.created += 1,
            Comparison::Avoided => self.avoided += 1,
            Comparison::Both(differences) => {
                self.changed += u64::from(differences.any());
                self.unchanged += u64::from(!differences.any());
                self.other_due += u64::from(differences.due);
                self.other_responsible += u64::from(differences.responsible);
                self.other_status += u64::from(differences.status);
                self.other_closed += u64::from(differences.closed);
            }
        }
    }

    /// Counts a row with both of its verdicts.
    pub fn add(&mut self, row: &Row, now: Timestamp) {
        self.compare(row);
        if let Some(verdict) = &row.published {
            self.published.add(verdict, now);
        }
        if let Some(verdict) = &row.candidate {
            self.candidate.add(verdict, now);
        }
    }

    /// The numbers.
    pub fn group(self, key: String) -> WhatIfGroup {
        WhatIfGroup {
            key,
            created: self.created,
            avoided: self.avoided,
            changed: self.changed,
            other_due: self.other_due,
            other_responsible: self.other_responsible,
            other_status: self.other_status,
            other_closed: self.other_closed,
            unchanged: self.unchanged,
            published: self.published.measures(),
            candidate: self.candidate.measures(),
        }
    }
}

impl Side {
    /// Counts a verdict.
    pub fn add(&mut self, verdict: &Verdict, now: Timestamp) {
        let anchor = verdict.anchor_at.unwrap_or(verdict.opened_at).as_second();
        match (verdict.status, verdict.closed_at) {
            (DeficiencyStatus::Voided, _) => {
                self.voided += 1;
                return;
            }
            (DeficiencyStatus::Waived, _) => {
                self.waived += 1;
                return;
            }
            (DeficiencyStatus::Dormant, _) => {
                self.dormant += 1;
                return;
            }
            (DeficiencyStatus::Satisfied, Some(closed)) => {
                self.satisfied += 1;
                let lag = closed.as_second() - anchor;
                if lag < 0 {
                    self.negative_lags += 1;
                } else {
                    self.lags.push(lag);
                }
            }
            _ => {
                self.open += 1;
                self.overdue += u64::from(verdict.overdue(now));
                self.ages.push((now.as_second() - anchor).max(0));
            }
        }
        if let Some(due) = verdict.due_at.filter(|due| *due <= now) {
            self.fell_due += 1;
            self.on_time += u64::from(verdict.closed_at.is_some_and(|closed| closed <= due));
        }
    }

    /// How many are overdue.
    pub fn overdue(&self) -> u64 {
        self.overdue
    }

    fn measures(mut self) -> WhatIfMeasures {
        self.lags.sort_unstable();
        self.ages.sort_unstable();
        #[expect(clippy::cast_precision_loss, reason = "counts of deficiencies are far below 2^52")]
        let rate = |part: u64, whole: u64| (whole > 0).then(|| thousandths(part as f64 / whole as f64));
        WhatIfMeasures {
            opened: self.satisfied + self.open + self.dormant + self.waived,
            satisfied: self.satisfied,
            open: self.open,
            dormant: self.dormant,
            waived: self.waived,
            voided: self.voided,
            overdue: self.overdue,
            lag_median_hours: percentile(&self.lags, 50),
            lag_p90_hours: percentile(&self.lags, 90),
            negative_lags: self.negative_lags,
            open_age_median_hours: percentile(&self.ages, 50),
            fell_due: self.fell_due,
            on_time: self.on_time,
            on_time_rate: rate(self.on_time, self.fell_due),
        }
    }
}

/// The smallest of these seconds that at least so many per cent do not exceed (nearest rank), in hours.
pub fn percentile(sorted: &[i64], per_cent: usize) -> Option<f64> {
    let rank = (sorted.len() * per_cent).div_ceil(100).max(1);
    #[expect(clippy::cast_precision_loss, reason = "seconds of a stay are far below 2^52")]
    sorted.get(rank - 1).map(|seconds| thousandths(*seconds as f64 / 3600.0))
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn a_percentile_is_a_value_that_occurred() {
        let hours = |values: &[i64]| values.iter().map(|hour| hour * 3600).collect::<Vec<_>>();
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&hours(&[7]), 90), Some(7.0));
        // Two of four do not exceed 2; four of four are needed for nine of ten.
        assert_eq!(percentile(&hours(&[1, 2, 3, 100]), 50), Some(2.0));
        assert_eq!(percentile(&hours(&[1, 2, 3, 100]), 90), Some(100.0));
        assert_eq!(percentile(&hours(&(1..=10).collect::<Vec<_>>()), 90), Some(9.0));
    }
}
