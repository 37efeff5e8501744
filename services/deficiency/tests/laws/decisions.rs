//! What holds for every chart about which people have decided something, too.

use std::{collections::BTreeMap, sync::Arc};

use countersign_contracts::{
    chart::{ChartFact, What},
    deficiency::DeficiencyStatus,
};
use countersign_deficiency::domain::{
    acts::{
        Act, DisputeOutcome, DisputeReason,
        command::{Request, Wish},
    },
    decide::{Command, decide, decide_act, outcome},
    events::{ChartEvent, Deficiency, PauseCause},
    reference::Reference,
    rules::RuleSet,
    state::ChartState,
};
use countersign_kernel::{Actor, DeficiencyId, EventId, Person, Role, Timestamp, end_of_local_day};
use jiff::{SignedDuration, tz::TimeZone};
use proptest::prelude::*;

use super::facts::{any_story, end_of_time, instant};
use crate::given::{Dice, Message, RULES, pass_time, tell};

/// A second version of the rules, stricter and with other rules.
fn stricter() -> Arc<RuleSet> {
    let text = "title = \"Stricter\"\nextends = \"default-1\"\n\
                [[override]]\nid = \"R13\"\ndue = { days = 3 }\n\
                [[override]]\nid = \"R06\"\nenabled = false\n\
                [[override]]\nid = \"R04\"\nenabled = true\n";
    Arc::new(RuleSet::parse(text).expect("a rule file").numbered(2))
}

/// What somebody may want, chosen by dice from what the chart has.
fn any_wish(state: &ChartState, dice: &mut Dice, now: Timestamp) -> Option<Wish> {
    let items: Vec<&Deficiency> =
        state.deficiencies.values().filter(|item| item.document_type != "chart").collect();
    let id = items.get(dice.below(items.len().max(1)))?.id;
    let someone = Person { id: Some("A9".to_owned()), ..Person::default() };
    let hours = |hours: i64| now + SignedDuration::from_hours(hours);
    let acts: Vec<EventId> = state.acts.keys().copied().collect();
    let act = acts.get(dice.below(acts.len().max(1))).copied();
    Some(match dice.below(12) {
        0 => Wish::Dispute { id, reason: DisputeReason::NotMine },
        1 => Wish::DecideDispute { id, outcome: DisputeOutcome::Rejected },
        2 => Wish::DecideDispute { id, outcome: DisputeOutcome::UpheldReassigned { to: Some(someone) } },
        3 => Wish::Reassign { id, to: Some(someone) },
        4 => Wish::Hold {
            id: dice.one_in(2).then_some(id),
            cause: PauseCause::ChartUnavailable,
            from: Some(hours(-5)),
            until: dice.one_in(2).then(|| hours(30)),
            approved_by: None,
        },
        5 => Wish::Release { hold: act?, until: Some(hours(1)) },
        6 => Wish::Extend { id, until: hours(24 * 5) },
        7 => Wish::Void { id },
        8 => Wish::Waive { id, authority: "committee of 3 March".to_owned() },
        9 => Wish::AnswerElsewhere { id, reference: "paper chart".to_owned(), done_at: hours(-1) },
        10 => Wish::TakeBack { act: act? },
        _ => Wish::Raise {
            query: dice.one_in(2),
            title: "Clarify laterality".to_owned(),
            document_type: String::new(),
            to: Some(someone),
            due: None,
            holds_bill: None,
        },
    })
}

fn request(number: usize, wish: Wish) -> Request {
    Request {
        id: EventId::derive(&["wish", &number.to_string()]),
        by: Actor::new("kim", [Role::HimManager]),
        why: "because".to_owned(),
        wish,
    }
}

/// Tells messages, and lets people decide in between whatever they are allowed to.
fn lived(messages: &[Message], seed: u32) -> ChartState {
    let mut dice = Dice::new(seed);
    let mut state = ChartState::default();
    for (number, message) in messages.iter().enumerate() {
        tell(&mut state, message.command());
        let now = message.reported.received_at;
        for round in 0..3 {
            let Some(wish) = any_wish(&state, &mut dice, now) else { continue };
            let request = request(number * 10 + round, wish);
            let Ok(events) = decide_act(&state, &request, now, &RULES) else { continue };
            for event in events {
                state.evolve(event);
            }
            // The same request again has nothing left to do.
            assert_eq!(decide_act(&state, &request, now, &RULES), Ok(Vec::new()));
        }
    }
    pass_time(&mut state, end_of_time());
    state
}

/// The discharge that a fact tells of.
fn discharge_told(fact: &ChartFact) -> Option<Timestamp> {
    match &fact.what {
        What::Discharged { at, .. } => Some(*at),
        What::Updated { discharged_at } => discharged_at.value().copied(),
        _ => None,
    }
}

fn is_owed(item: &Deficiency) -> bool {
    matches!(item.status, DeficiencyStatus::Open | DeficiencyStatus::Dormant)
}

/// Owed at an instant by what had happened by then; a signature that is dated later had not happened.
fn owed_at(state: &ChartState, at: Timestamp) -> BTreeMap<DeficiencyId, (bool, Deficiency)> {
    let Some(outcome) = outcome(state, &RULES, Some(at), None) else { return BTreeMap::new() };
    let had_arisen = outcome.deficiencies.into_iter().filter(|(_, item)| item.opened_at <= at);
    had_arisen
        .map(|(id, item)| {
            let owed = is_owed(&item) || item.closed_at.is_some_and(|closed| closed > at);
            (id, (owed, item))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// The same messages and decisions end in the same chart, in whatever order they are heard of.
    #[test]
    fn arrival_does_not_matter_beside_decisions(messages in any_story(), seed in any::<u32>()) {
        let orderly = lived(&messages, seed);
        let mut dice = Dice::new(seed.wrapping_add(1));
        let acts: Vec<Act> = orderly.acts.values().cloned().collect();
        let mut state = ChartState::default();
        for &index in &dice.order_with_repetitions(messages.len()) {
            tell(&mut state, messages[index].command());
        }
        for act in acts {
            tell(&mut state, Command::AdoptAct { act });
        }
        pass_time(&mut state, end_of_time());
        prop_assert_eq!(&state.deficiencies, &orderly.deficiencies);
    }

    /// What is recorded is what facts and decisions come to, and it is stored without loss.
    #[test]
    fn the_record_is_the_outcome_of_facts_and_decisions(messages in any_story(), seed in any::<u32>()) {
        let state = lived(&messages, seed);
        let Some(outcome) = outcome(&state, &RULES, None, None) else { return Ok(()) };
        prop_assert_eq!(&outcome.deficiencies, &state.deficiencies);
        prop_assert_eq!(decide(&state, Command::Reconsider, &RULES), Vec::<ChartEvent>::new());
        for act in state.acts.values() {
            let stored = serde_json::to_vec(act).expect("JSON");
            prop_assert_eq!(&serde_json::from_slice::<Act>(&stored).expect("reads back"), act);
        }
    }

    /// Day by day: carried in + opened = satisfied + voided + waived + carried out. Nothing leaves the list of
    /// what is owed without being in exactly one of the three, closed by then.
    #[test]
    fn nothing_vanishes_from_what_is_owed(messages in any_story(), seed in any::<u32>()) {
        let state = lived(&messages, seed);
        let mut day = end_of_local_day(instant(0), &TimeZone::UTC);
        let mut carried_in: Vec<DeficiencyId> = Vec::new();
        while day < end_of_time() {
            let now = owed_at(&state, day);
            let renumbered = outcome(&state, &RULES, Some(day), None)
                .is_some_and(|outcome| outcome.chart.continues_as.is_some());
            let carried_out: Vec<DeficiencyId> =
                now.iter().filter(|(_, (owed, _))| *owed).map(|(id, _)| *id).collect();
            let opened = carried_out.iter().filter(|id| !carried_in.contains(id)).count();
            let mut closed = 0;
            for id in carried_in.iter().filter(|id| !carried_out.contains(id)) {
                closed += 1;
                // A visit that continues under another number takes everything with it.
                let Some((_, item)) = now.get(id).filter(|_| !renumbered) else {
                    // What an earlier anchor had asked for may be asked for from a later one on.
                    continue;
                };
                prop_assert!(!is_owed(item) && item.closed_at.is_some_and(|at| at <= day), "{item:?}");
            }
            prop_assert_eq!(carried_in.len() + opened, closed + carried_out.len());
            carried_in = carried_out;
            day = end_of_local_day(day + SignedDuration::from_hours(2), &TimeZone::UTC);
        }
    }

    /// Waived is never counted as done, and what was decided is never undone by a late message.
    #[test]
    fn status_agrees_with_the_decisions(messages in any_story(), seed in any::<u32>()) {
        let state = lived(&messages, seed);
        for item in state.deficiencies.values() {
            prop_assert_eq!(item.closed_at.is_some(), !is_owed(item));
            prop_assert!(item.closed_at.is_none_or(|closed| closed >= item.opened_at), "{:?}", item);
            for pause in &item.pauses {
                prop_assert!(pause.until.is_none_or(|until| until >= pause.from), "{:?}", pause);
            }
            if item.status == DeficiencyStatus::Waived {
                let because = item.closed_because.as_deref().unwrap_or_default();
                prop_assert!(because.contains("on the authority of committee of 3 March"), "{because}");
            }
        }
        let owed = state.deficiencies.values().any(|item| item.document_type != "chart" && is_owed(item));
        for chart in state.deficiencies.values().filter(|item| item.document_type == "chart") {
            if chart.status != DeficiencyStatus::Voided {
                prop_assert_eq!(is_owed(chart), owed);
            }
        }
    }

    /// A new version of the rules leaves alone what was closed when it took effect, to the last word; and every
    /// item bears the version that was in force when it arose.
    #[test]
    fn publishing_changes_nothing_that_is_closed(messages in any_story(), step in 0_i64..40) {
        let mut state = ChartState::default();
        for message in &messages {
            tell(&mut state, message.command());
        }
        pass_time(&mut state, end_of_time());
        let from = instant(step);
        let both = RULES.trying(stricter(), Some(from));
        let Some(after) = outcome(&state, &both, None, None) else { return Ok(()) };
        let arose = |item: &Deficiency| item.dormant_since.unwrap_or(item.opened_at).min(item.opened_at);
        for item in after.deficiencies.values() {
            prop_assert_eq!(item.rule_version, if arose(item) < from { 1 } else { 2 }, "{:?}", item);
        }
        // What is foretold for after that instant is another version's matter until it is corrected.
        let foretold = |message: &Message| {
            message.reported.facts.iter().any(|fact| {
                let told = [fact.visit.admitted_at.value().copied(), discharge_told(fact)];
                told.into_iter().flatten().any(|at| at >= from && fact.occurred_at < from)
            })
        };
        prop_assume!(!messages.iter().any(foretold));
        let eve = from - SignedDuration::from_nanos(1);
        let under_one = outcome(&state, &RULES, Some(eve), None).expect("the chart is known");
        let under_both = outcome(&state, &both, Some(eve), None).expect("the same chart");
        for (id, item) in under_one.deficiencies.iter().filter(|(_, item)| item.closed_at.is_some()) {
            if arose(item) < from {
                prop_assert_eq!(under_both.deficiencies.get(id), Some(item));
            }
        }
    }

    /// A version that is applied by decision takes over what is owed and leaves what is closed.
    #[test]
    fn applying_a_version_changes_nothing_that_is_closed(messages in any_story()) {
        let mut state = ChartState::default();
        for message in &messages {
            tell(&mut state, message.command());
        }
        pass_time(&mut state, end_of_time());
        let mut reference = Reference::clone(&RULES);
        reference.versions.insert(2, stricter());
        let before = state.clone();
        let request = request(0, Wish::ApplyRules { version: 2 });
        let Ok(events) = decide_act(&state, &request, end_of_time(), &reference) else { return Ok(()) };
        for event in events {
            state.evolve(event);
        }
        for (id, item) in before.deficiencies.iter().filter(|(_, item)| item.document_type != "chart") {
            if is_owed(item) {
                let Some(now) = state.deficiencies.get(id) else {
                    // What only waited was never owed: it goes as it came.
                    prop_assert_eq!(item.status, DeficiencyStatus::Dormant, "{:?}", item);
                    continue;
                };
                prop_assert!(now.rule_version == 2 || now.status == DeficiencyStatus::Voided, "{:?}", now);
            } else {
                prop_assert_eq!(state.deficiencies.get(id), Some(item));
            }
        }
    }
}
