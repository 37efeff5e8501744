//! What holds for every chart, whatever is told about it.

mod clocks;
mod decisions;
mod facts;
mod owed;

use countersign_contracts::{chart::EncounterClass, deficiency::DeficiencyStatus};
use countersign_deficiency::domain::{
    decide::{Command, decide, outcome},
    events::{Change, ChartEvent, Deficiency},
    state::ChartState,
};
use countersign_kernel::{DeficiencyId, Timestamp};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use self::facts::{any_story, end_of_time};
use crate::given::{Dice, Message, RULES, pass_time, tell, told};

/// Tells the messages in order and keeps every event.
fn history(messages: &[Message]) -> (ChartState, Vec<ChartEvent>) {
    let mut state = ChartState::default();
    let mut events: Vec<ChartEvent> = Vec::new();
    for message in messages {
        events.extend(tell(&mut state, message.command()));
    }
    events.extend(pass_time(&mut state, end_of_time()));
    (state, events)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Order, repetition and delay of messages, and when time passes between them, do not matter.
    #[test]
    fn arrival_does_not_matter(messages in any_story(), seed in any::<u32>()) {
        let (orderly, _) = history(&messages);
        let mut dice = Dice::new(seed);
        for _ in 0..4 {
            let order = dice.order_with_repetitions(messages.len());
            let mut state = ChartState::default();
            for &index in &order {
                tell(&mut state, messages[index].command());
                if dice.one_in(4) {
                    pass_time(&mut state, end_of_time());
                }
            }
            pass_time(&mut state, end_of_time());
            prop_assert_eq!(&state.deficiencies, &orderly.deficiencies);
            prop_assert_eq!(&state.description, &orderly.description);
        }
    }

    /// A command that was carried out has nothing left to do.
    #[test]
    fn a_command_carried_out_yields_nothing_more(messages in any_story()) {
        let mut state = ChartState::default();
        for message in &messages {
            tell(&mut state, message.command());
            prop_assert_eq!(decide(&state, message.command(), &RULES), Vec::new());
        }
        pass_time(&mut state, end_of_time());
        prop_assert_eq!(decide(&state, Command::PassTime { now: end_of_time() }, &RULES), Vec::new());
        for message in &messages {
            prop_assert_eq!(decide(&state, message.command(), &RULES), Vec::new());
        }
    }

    /// A chart read back from its stream is the chart in memory.
    #[test]
    fn what_is_stored_is_what_was_decided(messages in any_story()) {
        let (state, events) = history(&messages);
        let mut read_back = ChartState::default();
        for event in events {
            let stored = serde_json::to_vec(&event).expect("an event is JSON");
            let decoded = ChartEvent::decode(event.kind(), &stored).expect("and decodes");
            prop_assert_eq!(&decoded, &event);
            read_back.evolve(decoded);
        }
        prop_assert_eq!(read_back, state);
    }

    /// What is recorded is what the facts come to.
    #[test]
    fn the_record_is_the_outcome_of_the_facts(messages in any_story()) {
        let (state, _) = history(&messages);
        if state.encounter.is_none() {
            return Ok(());
        }
        for as_of in [None, Some(end_of_time())] {
            let outcome = outcome(&state, &RULES, as_of, None).expect("the chart is known");
            prop_assert_eq!(&outcome.deficiencies, &state.deficiencies);
        }
        // Everything was known in the end, and nothing before the beginning.
        let known = outcome(&state, &RULES, None, Some(end_of_time())).expect("the chart is known");
        prop_assert_eq!(&known.deficiencies, &state.deficiencies);
        let nothing = outcome(&state, &RULES, Some(Timestamp::MIN), None).expect("the chart is known");
        prop_assert!(nothing.deficiencies.is_empty());
    }

    /// Every deficiency is in exactly one status, and its instants agree with it.
    #[test]
    fn status_and_instants_agree(messages in any_story()) {
        let (state, _) = history(&messages);
        let chart = state.encounter.as_ref().map(|encounter| encounter.id().to_string()).unwrap_or_default();
        for (id, row) in &state.deficiencies {
            let subject = row.subject.as_deref().unwrap_or("");
            prop_assert_eq!(*id, DeficiencyId::derive(&[&chart, &row.rule, subject]));
            prop_assert_eq!(*id, row.id);
            prop_assert!(row.anchor_at.is_none_or(|anchor| row.opened_at >= anchor));
            prop_assert!(row.due_at >= row.anchor_at);
            prop_assert_eq!(row.closed_at.is_some(), row.closed_because.is_some());
            prop_assert!(row.closed_at.is_none_or(|closed| closed >= row.opened_at));
            match row.status {
                DeficiencyStatus::Open => prop_assert_eq!((row.closed_at, row.matched.len()), (None, 1)),
                DeficiencyStatus::Satisfied | DeficiencyStatus::Voided => {
                    prop_assert!(row.closed_at.is_some());
                    prop_assert_eq!(row.matched.len(), 1 + usize::from(row.anchor_at.is_some()));
                }
                DeficiencyStatus::Dormant => {
                    prop_assert_eq!((row.closed_at, row.anchor_at, row.due_at), (None, None, None));
                    prop_assert!(row.dormant_since.is_some() && row.waits_for.is_some());
                }
                DeficiencyStatus::Waived => prop_assert!(false, "nothing here waives"),
            }
            let of_the_chart = row.document_type == "chart";
            prop_assert!(!(of_the_chart && row.responsible.is_some()));
            for fact in &row.matched {
                let known = state.facts().into_iter().any(|known| {
                    known.message == fact.message
                        && known.fact.occurred_at == fact.occurred_at
                        && known.fact.trigger == fact.trigger
                });
                prop_assert!(known, "{:?} rests on a fact that is not known", row);
            }
        }
    }

    /// The chart's own limits say whether anything else is open.
    #[test]
    fn a_chart_is_complete_when_nothing_is_open(messages in any_story()) {
        let (state, _) = history(&messages);
        let (limits, items): (Vec<&Deficiency>, Vec<&Deficiency>) =
            state.deficiencies.values().partition(|row| row.document_type == "chart");
        let owed = |row: &&Deficiency| matches!(row.status, DeficiencyStatus::Open | DeficiencyStatus::Dormant);
        let open = items.iter().any(owed);
        for limit in limits.iter().filter(|row| row.status != DeficiencyStatus::Voided) {
            prop_assert_eq!(limit.status == DeficiencyStatus::Open, open);
            if !open {
                let last = items.iter().filter_map(|row| row.closed_at).max();
                prop_assert_eq!(limit.closed_at, Some(limit.opened_at).max(last));
            }
        }
    }

    /// The words of the history are true: opened once, reopened when closed, closed when open, and so on.
    #[test]
    fn every_change_is_what_it_is_called(messages in any_story()) {
        let (state, events) = history(&messages);
        let mut known: std::collections::BTreeMap<DeficiencyId, Deficiency> = std::collections::BTreeMap::new();
        for event in events {
            let ChartEvent::Deficiency(event) = event else { continue };
            let (change, now) = (event.change, event.deficiency);
            let before = known.get(&now.id);
            let open =
                |row: &Deficiency| matches!(row.status, DeficiencyStatus::Open | DeficiencyStatus::Dormant);
            match change {
                Change::Opened => prop_assert!(before.is_none()),
                Change::Changed => prop_assert!(
                    before.is_some_and(|before| open(before) == open(&now) && *before != now)
                ),
                Change::Waived => prop_assert!(false, "nothing here waives"),
                Change::Reopened => prop_assert!(open(&now) && !before.is_none_or(open)),
                Change::Satisfied => prop_assert!(
                    now.status == DeficiencyStatus::Satisfied && before.is_some_and(|row| row.status != now.status)
                ),
                Change::Voided => prop_assert!(
                    now.status == DeficiencyStatus::Voided && before.is_some_and(|row| row.status != now.status)
                ),
                Change::Retracted => prop_assert_eq!(before, Some(&now)),
            }
            if change == Change::Retracted {
                known.remove(&now.id);
            } else {
                known.insert(now.id, now);
            }
        }
        prop_assert_eq!(known, state.deficiencies);
    }

    /// Looking at a chart more often changes nothing: addenda, which stand in for nothing, make the rules be
    /// asked at instants at which otherwise nothing happens.
    #[test]
    fn being_asked_more_often_changes_nothing(messages in any_story()) {
        let (plain, _) = history(&messages);
        if plain.encounter.is_none() {
            return Ok(());
        }
        let addenda = facts::addenda();
        let asked = told(std::iter::once(&addenda).chain(&messages), end_of_time());
        prop_assert_eq!(asked.deficiencies, plain.deficiencies);
    }

    /// Nothing is owed where no rule applies.
    #[test]
    fn visits_of_other_classes_owe_nothing(messages in any_story()) {
        let mut messages = messages;
        for fact in messages.iter_mut().flat_map(|message| &mut message.reported.facts) {
            if fact.visit.class.value().is_some() {
                fact.visit.class = countersign_contracts::Field::Value(EncounterClass::Outpatient);
            }
        }
        let (state, _) = history(&messages);
        prop_assert!(state.deficiencies.is_empty());
    }
}

/// The stories are worth telling: every rule is met in every status.
#[test]
fn the_stories_reach_every_rule_in_every_status() {
    let mut runner = TestRunner::deterministic();
    let mut met: std::collections::BTreeMap<(String, DeficiencyStatus), u32> =
        std::collections::BTreeMap::new();
    for _ in 0..300 {
        let messages = any_story().new_tree(&mut runner).expect("a story").current();
        for row in told(&messages, end_of_time()).deficiencies.into_values() {
            *met.entry((row.rule, row.status)).or_default() += 1;
        }
    }
    for rule in &RULES.rules[0].rules.rules {
        // These stories tell of no orders and no queries.
        if matches!(rule.id.as_str(), "R10" | "R19") {
            continue;
        }
        for status in [DeficiencyStatus::Open, DeficiencyStatus::Satisfied, DeficiencyStatus::Voided] {
            let times = met.get(&(rule.id.clone(), status)).copied().unwrap_or_default();
            assert!(times >= 3, "{} {status:?} came up {times} times: {met:#?}", rule.id);
        }
    }
}
