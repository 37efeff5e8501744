//! How messages arrive: again, late, read differently.

use std::sync::Arc;

use countersign_contracts::chart::EncounterClass::{Inpatient, Observation};
use countersign_deficiency::domain::{decide::decide, events::ChartEvent, rules::RuleSet, state::ChartState};

use crate::given::{RULES, Story, at, chart, given, history, summary, tell};

fn stay() -> Story {
    chart()
        .admitted("01-05 10:00")
        .attending("A1")
        .signed("01-05 12:00", "A1", history("D0").by("A1"))
        .discharged("01-09 15:00")
        .wrote("01-10 09:00", summary("D1").by("A1"))
}

#[test]
fn case_24_a_message_that_comes_again_says_nothing_new() {
    let mut state = ChartState::default();
    for message in stay().into_messages().0 {
        assert!(!tell(&mut state, message.command()).is_empty());
        assert_eq!(tell(&mut state, message.command()), Vec::new());
    }
}

#[test]
fn case_26_a_day_that_is_sent_again_says_nothing_new() {
    let (messages, _) = stay().into_messages();
    let mut state = ChartState::default();
    for message in &messages {
        tell(&mut state, message.command());
    }
    for message in &messages {
        assert_eq!(tell(&mut state, message.command()), Vec::new());
    }
}

#[test]
fn case_25_a_day_out_of_order_ends_the_same() {
    // `given` tells the day in fifty orders
    let chart = given(stay());
    chart.owes("R13").satisfied("01-10 09:00");
    chart.owes("R14").open();
    chart.owes("C0").open();
}

#[test]
fn case_25_what_arose_only_because_messages_were_late_is_retracted() {
    // given a discharge that is heard of before its A13 and the A03 that came after
    let (messages, _) = chart()
        .admitted_as(Observation, "01-05 10:00")
        .becomes(Inpatient, "01-05 11:00")
        .becomes(Observation, "01-05 12:00")
        .discharged("01-05 20:00")
        .into_messages();
    let mut state = ChartState::default();
    for index in [0, 1, 3] {
        tell(&mut state, messages[index].command());
    }
    assert!(state.deficiencies.values().any(|row| row.rule == "R01"));
    // when the step down in between arrives
    let events = tell(&mut state, messages[2].command());
    // then the history fell away with it
    let kinds: Vec<&str> = events.iter().map(ChartEvent::kind).collect();
    assert!(kinds.contains(&"deficiency-voided"), "{kinds:?}");
}

#[test]
fn a_requirement_that_never_was_is_gone_from_the_list() {
    // given an admission that a profile read as inpatient
    let story = chart().admitted("01-05 10:00").attending("A1");
    let (messages, _) =
        story.read_again(0, chart().admitted_as(Observation, "01-05 10:00").attending("A1")).into_messages();
    let mut state = ChartState::default();
    tell(&mut state, messages[0].command());
    assert_eq!(state.deficiencies.len(), 1);
    // when the corrected profile reads it as observation
    let events = tell(&mut state, messages[1].command());
    // then the history was never owed
    let kinds: Vec<&str> = events.iter().map(ChartEvent::kind).collect();
    assert_eq!(kinds, ["facts-recorded", "chart-described", "deficiency-retracted"]);
    assert!(state.deficiencies.is_empty());
}

#[test]
fn a_new_reading_takes_the_place_of_the_old_one() {
    let chart = given(stay().read_again(2, chart().discharged("01-08 11:00")));
    chart.owes("R13").since("01-08 11:00");
}

#[test]
fn a_reading_that_finds_nothing_takes_the_message_back() {
    let chart = given(stay().read_again(2, chart()));
    chart.never_owed("R13").never_owed("C0").owes("R14").open();
}

#[test]
fn an_old_reading_that_comes_late_changes_nothing() {
    let (messages, _) = stay().read_again(2, chart()).into_messages();
    let mut state = ChartState::default();
    let last = messages.len() - 1;
    tell(&mut state, messages[last].command());
    assert_eq!(tell(&mut state, messages[2].command()), Vec::new());
}

#[test]
fn a_message_that_changes_nothing_is_recorded_alone() {
    let mut state = ChartState::default();
    let (messages, _) = stay().updated("01-11 09:00").attending("A1").into_messages();
    let events: Vec<Vec<ChartEvent>> =
        messages.into_iter().map(|message| tell(&mut state, message.command())).collect();
    let last: Vec<&str> = events.last().expect("told").iter().map(ChartEvent::kind).collect();
    assert_eq!(last, ["facts-recorded"]);
}

#[test]
fn a_late_registration_admits_and_discharges_at_once() {
    // given an A01 entered after the fact, with admission and discharge
    let late = chart().admitted("01-10 09:00").admission("01-05 10:00").attending("A1");
    let chart = given(late.discharge_told("01-10 09:00", "01-09 15:00", "PV1-45"));
    chart.owes("R01").open().since("01-05 10:00");
    chart.owes("R13").open().since("01-09 15:00");
}

#[test]
fn the_facility_and_its_zone_are_those_of_the_latest_message_received() {
    // given a profile whose time zone was corrected between two messages
    let (mut messages, now) = chart().admitted("01-05 10:00").discharged("01-09 15:00").into_messages();
    messages[1].reported.time_zone = "America/New_York".to_owned();
    for order in [[0, 1], [1, 0]] {
        let state = crate::given::told(order.iter().map(|index| &messages[*index]), now);
        assert_eq!(state.time_zone, "America/New_York");
    }
}

#[test]
fn a_deficiency_keeps_the_version_of_the_rules_that_raised_it() {
    // given two versions of the rules, the second in force from a day between admission and discharge
    let (messages, _) = stay().into_messages();
    let second = Arc::new(RuleSet::clone(&RULES.rules[0].rules).numbered(2));
    let both = RULES.trying(second, Some(at("01-07 00:00")));
    // when the messages arrive in either order
    for order in [[0, 1, 2], [2, 1, 0]] {
        let mut state = ChartState::default();
        for message in order.map(|index| &messages[index]) {
            for event in decide(&state, message.command(), &both) {
                state.evolve(event);
            }
        }
        // then each deficiency has the version that was in force when it arose
        let version =
            |rule: &str| state.deficiencies.values().find(|row| row.rule == rule).map(|row| row.rule_version);
        assert_eq!((version("R01"), version("R13")), (Some(1), Some(2)), "{order:?}");
    }
}
