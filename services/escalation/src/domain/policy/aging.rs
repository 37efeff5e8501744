//! How the ages of items are counted, and which items count.

use std::collections::{BTreeMap, BTreeSet};

use countersign_kernel::CountedDays;
use countersign_owed::{ClockRules, LeaveRules};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Policy;

/// What ages count from, in which days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Aging {
    /// From where.
    pub base: AgingBase,
    /// In which days.
    pub days: Counted,
}

/// What an age counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgingBase {
    /// What the rule's limit counts from, e.g. the discharge.
    #[default]
    Anchor,
    /// The last instant that was on time: days overdue.
    Due,
    /// When the requirement arose, or was last reopened.
    Opened,
}

/// Which days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// All of them.
    #[default]
    Calendar,
    /// Those on which the facility works.
    Business,
}

impl From<Counted> for CountedDays {
    fn from(counted: Counted) -> Self {
        match counted {
            Counted::Calendar => Self::Calendar,
            Counted::Business => Self::Business,
        }
    }
}

/// What stops the clock.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// Causes of holds that do not stop it, e.g. `visit_hold`.
    pub ignored_causes: BTreeSet<String>,
    /// Downtimes of the facility's systems stop it.
    pub downtime_counts: bool,
}

impl Default for Clock {
    fn default() -> Self {
        Self { ignored_causes: BTreeSet::new(), downtime_counts: true }
    }
}

/// Which leaves stop the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Leave {
    /// They do.
    pub counts: bool,
    /// Shorter ones do not: in days.
    pub shortest_days: u16,
    /// The clock stands for so many days more after the return.
    pub grace_days_after: u16,
    /// An item that was overdue when the leave began is not helped by it.
    pub not_for_already_overdue: bool,
}

impl Default for Leave {
    fn default() -> Self {
        Self { counts: true, shortest_days: 0, grace_days_after: 0, not_for_already_overdue: false }
    }
}

/// Which items the policy is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Applies {
    /// Rules whose items it leaves out, e.g. `R19`.
    pub rules_left_out: BTreeSet<String>,
    /// Document types that it leaves out, e.g. `coding_query`.
    pub document_types_left_out: BTreeSet<String>,
}

/// Which items count for a step, and which not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Guards {
    /// An item that became known here less than so many days of 24 hours ago does not count.
    pub known_days: u16,
    /// A disputed item counts again once HIM has let its time to answer pass. `false`: not before HIM has answered.
    pub disputed_counts_when_unanswered: bool,
}

impl Default for Guards {
    fn default() -> Self {
        Self { known_days: 2, disputed_counts_when_unanswered: false }
    }
}

/// Other day counts for items of some types.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TypeDays {
    /// Rules that it is about; empty: any.
    #[serde(default)]
    pub rules: BTreeSet<String>,
    /// Document types that it is about; empty: any.
    #[serde(default)]
    pub document_types: BTreeSet<String>,
    /// Days per step, by the step's name; steps that are not named keep theirs.
    pub after_days: BTreeMap<String, u16>,
}

impl TypeDays {
    fn fits(&self, rule: &str, document_type: &str) -> bool {
        (self.rules.is_empty() || self.rules.contains(rule))
            && (self.document_types.is_empty() || self.document_types.contains(document_type))
    }
}

impl Policy {
    /// How the clocks of items are counted.
    pub fn clock_rules(&self) -> ClockRules {
        ClockRules {
            base: match self.aging.base {
                AgingBase::Anchor => countersign_owed::AgingBase::Anchor,
                AgingBase::Due => countersign_owed::AgingBase::Due,
                AgingBase::Opened => countersign_owed::AgingBase::Opened,
            },
            days: self.aging.days.into(),
            leave: LeaveRules {
                counts: self.leave.counts,
                shortest_days: self.leave.shortest_days,
                grace_days_after: self.leave.grace_days_after,
                not_for_already_overdue: self.leave.not_for_already_overdue,
            },
            ignored_causes: self.clock.ignored_causes.clone(),
            downtime_counts: self.clock.downtime_counts,
        }
    }

    /// The days that an item of this kind has to be old for each of the steps, in the order of the ladder.
    pub fn days_for(&self, rule: &str, document_type: &str) -> Vec<u16> {
        let special = self.types.iter().find(|kind| kind.fits(rule, document_type));
        let days = |step: &super::Step| {
            special.and_then(|kind| kind.after_days.get(&step.name)).copied().unwrap_or(step.after_days)
        };
        self.steps.iter().map(days).collect()
    }

    /// Whether it is about items of this kind.
    pub fn is_about(&self, rule: &str, document_type: &str) -> bool {
        !self.applies.rules_left_out.contains(rule)
            && !self.applies.document_types_left_out.contains(document_type)
    }
}
