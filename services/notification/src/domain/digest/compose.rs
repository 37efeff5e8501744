//! What a digest tells, from what is owed at this instant and what the last one told.

use std::collections::{BTreeMap, BTreeSet};

use countersign_contracts::notice::NoticeItem;
use countersign_kernel::{DeficiencyId, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::notice::events::DigestFacts;

/// How an open item stands. Stored format: version with care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Past its due instant.
    Overdue,
    /// Due before another digest of the week would tell.
    DueSoon,
    /// Neither.
    Open,
}

/// What is due within this time is due soon: before the next weekly digest.
pub const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Standing {
    /// How an item stands that is due then, by its accountability clock.
    pub fn at(now: Timestamp, due_at: Option<Timestamp>) -> Self {
        match due_at {
            Some(due) if due < now => Self::Overdue,
            Some(due) if due.duration_since(now) <= SOON => Self::DueSoon,
            _ => Self::Open,
        }
    }

    /// The name used in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::DueSoon => "due_soon",
            Self::Open => "open",
        }
    }
}

/// One open item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The item, its due instant by the accountability clock.
    pub item: NoticeItem,
    /// Facility code.
    pub facility: String,
}

/// A digest, before anybody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// The items, in the order to show: the most urgent first.
    pub items: Vec<NoticeItem>,
    /// What it tells beside them.
    pub facts: DigestFacts,
    /// How every item stands.
    pub standings: BTreeMap<DeficiencyId, Standing>,
    /// The facility with the most of them: whose letterhead it bears.
    pub facility: String,
}

/// What the last digest told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Last {
    /// How every item stood.
    pub standings: BTreeMap<DeficiencyId, Standing>,
    /// When.
    pub at: Option<Timestamp>,
}

/// Composes a digest; nothing when there is nothing to say. `open`: what is owed now, in any order, perhaps repeated.
/// `done`: what was done since the last digest, whatever it told of.
pub fn compose(
    now: Timestamp,
    open: Vec<Line>,
    done: &BTreeSet<DeficiencyId>,
    last: &Last,
) -> Option<Composed> {
    let mut unique: BTreeMap<DeficiencyId, Line> = BTreeMap::new();
    for line in open {
        unique.insert(line.item.deficiency, line);
    }
    // What is open again was not done.
    let done: Vec<DeficiencyId> = done.iter().copied().filter(|id| !unique.contains_key(id)).collect();
    if unique.is_empty() && done.is_empty() {
        return None;
    }
    let facility = main_facility(unique.values());
    let mut facts = DigestFacts { done, since: last.at, ..DigestFacts::default() };
    let mut standings = BTreeMap::new();
    let mut lines: Vec<(Standing, Line)> =
        unique.into_values().map(|line| (Standing::at(now, line.item.due_at), line)).collect();
    lines.sort_by_key(|(standing, line)| {
        (*standing, line.item.due_at.unwrap_or(Timestamp::MAX), line.item.deficiency)
    });
    for (standing, line) in &lines {
        let id = line.item.deficiency;
        standings.insert(id, *standing);
        match standing {
            Standing::Overdue => facts.overdue.push(id),
            Standing::DueSoon => facts.due_soon.push(id),
            Standing::Open => {}
        }
        match last.standings.get(&id) {
            None => facts.new.push(id),
            Some(before) if before != standing => facts.changed.push(id),
            Some(_) => {}
        }
    }
    let items = lines.into_iter().map(|(_, line)| line.item).collect();
    Some(Composed { items, facts, standings, facility })
}

fn main_facility<'a>(lines: impl Iterator<Item = &'a Line>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines {
        *counts.entry(&line.facility).or_default() += 1;
    }
    let most = counts.into_iter().min_by_key(|(code, count)| (usize::MAX - count, *code));
    most.map(|(code, _)| code.to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-02T13:00:00Z".parse().expect("an instant")
    }

    fn id(n: u8) -> DeficiencyId {
        DeficiencyId::derive(&["item", &n.to_string()])
    }

    fn line(n: u8, due_in_hours: i64, facility: &str) -> Line {
        let item = NoticeItem {
            deficiency: id(n),
            rule: "R13".to_owned(),
            document_type: "discharge_summary".to_owned(),
            due_at: Some(now() + SignedDuration::from_hours(due_in_hours)),
            age_days: 3,
        };
        Line { item, facility: facility.to_owned() }
    }

    #[test]
    fn the_most_urgent_come_first_and_what_is_new_or_changed_is_marked() {
        // given a first digest
        let first = compose(
            now(),
            vec![line(1, 24 * 20, "WEST"), line(2, 48, "MAIN"), line(3, -1, "MAIN")],
            &BTreeSet::new(),
            &Last::default(),
        )
        .expect("something to say");
        assert_eq!(first.items.iter().map(|item| item.deficiency).collect::<Vec<_>>(), [id(3), id(2), id(1)]);
        assert_eq!((first.facts.overdue.len(), first.facts.due_soon.len(), first.facts.new.len()), (1, 1, 3));
        assert_eq!(first.facility, "MAIN");
        // when a week later one is done, one has become overdue, one is due soon now and one is new
        let later = now() + SOON;
        let last = Last { standings: first.standings, at: Some(now()) };
        let open = vec![line(1, 24 * 9, "WEST"), line(2, 48, "MAIN"), line(4, 24 * 30, "MAIN")];
        let second = compose(later, open, &[id(3)].into(), &last).expect("something to say");
        // then it says so
        assert_eq!(second.facts.done, [id(3)]);
        assert_eq!(second.facts.new, [id(4)]);
        assert_eq!(second.facts.changed, [id(2), id(1)]);
        assert_eq!(second.facts.since, Some(now()));
    }

    #[test]
    fn the_same_item_twice_is_one_line_and_what_is_open_again_is_not_done() {
        let twice = vec![line(1, 48, "MAIN"), line(1, 48, "MAIN")];
        let digest = compose(now(), twice, &[id(1)].into(), &Last::default()).expect("something to say");
        assert_eq!((digest.items.len(), digest.facts.done.len()), (1, 0));
    }

    #[test]
    fn nothing_open_and_nothing_done_is_nothing_to_say() {
        assert_eq!(compose(now(), Vec::new(), &BTreeSet::new(), &Last::default()), None);
        assert!(compose(now(), Vec::new(), &[id(1)].into(), &Last::default()).is_some());
    }
}
