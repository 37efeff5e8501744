//! Decisions: what a new fact changes.
//!
//! A chart is reconciled, not scripted: the facts known (with the new one) are folded into what should be
//! owed, and the difference to what is recorded becomes events. When nothing changes, nothing is recorded
//! but the fact itself; when the fact is known already, nothing at all.

use countersign_contracts::{
    chart::{ChartFact, ChartFactsReported, EncounterKey, VisitSnapshot, What},
    deficiency::DeficiencyStatus,
};
use countersign_kernel::Timestamp;
use jiff::tz::TimeZone;

use super::{
    acts::{
        Act, ActRecorded, Deed,
        command::{Refusal, Request, check},
        effect,
    },
    events::{Change, ChartEvent, Deficiency, DeficiencyEvent, Description, FactsRecorded, TimePassed},
    ledger::{self, Outcome},
    reference::Reference,
    rules::Policy,
    state::{ChartState, KnownFact, Reported},
};

/// What somebody wants of a chart.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Take note of what a message says.
    RecordFacts {
        /// What it says.
        reported: ChartFactsReported,
        /// The chart it was first reported for, when this one continues it.
        adopted_from: Option<EncounterKey>,
    },
    /// An instant that was waited for has passed.
    PassTime {
        /// The instant.
        now: Timestamp,
    },
    /// Take over a decision that was made while the visit bore another number.
    AdoptAct {
        /// The decision.
        act: Act,
    },
    /// Look again: people, places or rules have changed.
    Reconsider,
}

/// The events that a command leads to. Deterministic: the same state, command and rules give the same
/// events, on every replica and every replay.
pub fn decide(state: &ChartState, command: Command, reference: &Reference) -> Vec<ChartEvent> {
    carry_out(state.clone(), command, reference).0
}

/// The same, with the chart as it stands after these events: nothing is copied.
pub fn carry_out(
    state: ChartState,
    command: Command,
    reference: &Reference,
) -> (Vec<ChartEvent>, ChartState) {
    let event = match command {
        Command::RecordFacts { reported, adopted_from } => {
            let key = (reported.message, adopted_from.clone());
            let known = state.inbox.get(&key).is_some_and(|known| known.reading >= reported.reading);
            (!known).then_some(ChartEvent::FactsRecorded(FactsRecorded {
                encounter: reported.encounter,
                message: reported.message,
                reading: reported.reading,
                adopted_from,
                time_zone: reported.time_zone,
                received_at: reported.received_at,
                facts: reported.facts,
            }))
        }
        Command::PassTime { now } => {
            let due = state.description.as_ref().and_then(|known| known.wake_at).filter(|due| *due <= now);
            due.map(|due| ChartEvent::TimePassed(TimePassed { passed: due }))
        }
        Command::AdoptAct { act } => match &state.encounter {
            Some(encounter) if !state.acts.contains_key(&act.id) => {
                Some(ChartEvent::Act(Box::new(ActRecorded { encounter: encounter.clone(), act })))
            }
            _ => None,
        },
        Command::Reconsider => return concluded(state, Vec::new(), reference),
    };
    match event {
        Some(event) => concluded(state, vec![event], reference),
        None => (Vec::new(), state),
    }
}

/// The events of somebody's decision, and the chart after it; no events when it is on record already. Refusals
/// say which rule refused and what would be allowed.
pub fn carry_out_act(
    state: ChartState,
    request: &Request,
    now: Timestamp,
    reference: &Reference,
) -> Result<(Vec<ChartEvent>, ChartState), Refusal> {
    let Some(encounter) = state.encounter.clone() else { return Err(Refusal::UnknownChart) };
    let Some(act) = check(&state, request, now, reference)? else { return Ok((Vec::new(), state)) };
    let recorded = vec![ChartEvent::Act(Box::new(ActRecorded { encounter, act }))];
    Ok(concluded(state, recorded, reference))
}

/// The events of somebody's decision.
pub fn decide_act(
    state: &ChartState,
    request: &Request,
    now: Timestamp,
    reference: &Reference,
) -> Result<Vec<ChartEvent>, Refusal> {
    carry_out_act(state.clone(), request, now, reference).map(|(events, _)| events)
}

/// The events, what follows from them, and the chart after all of them.
fn concluded(
    mut state: ChartState,
    mut events: Vec<ChartEvent>,
    reference: &Reference,
) -> (Vec<ChartEvent>, ChartState) {
    for event in &events {
        state.evolve(event.clone());
    }
    let given = events.len();
    reconcile(&state, reference, &mut events);
    for event in &events[given..] {
        state.evolve(event.clone());
    }
    (events, state)
}

/// What the chart that continues this one must know, once it is known to continue elsewhere: where it
/// continues, and every message with the chart that it was first reported for.
pub fn facts_to_hand_over(
    state: &ChartState,
) -> Option<(EncounterKey, Vec<(ChartFactsReported, EncounterKey)>)> {
    let own = state.encounter.as_ref()?;
    let to = state.description.as_ref()?.continues_as.as_ref().filter(|to| *to != own)?;
    let handed_over = state
        .inbox
        .iter()
        .map(|((message, adopted_from), reported)| (message, adopted_from.as_ref().unwrap_or(own), reported))
        // A visit that returns to an old number finds there what it brought from it.
        .filter(|(_, reported_for, _)| *reported_for != to)
        .map(|(message, reported_for, Reported { reading, received_at, facts })| {
            let facts = facts.iter().filter(|fact| !matches!(fact.what, What::Renumbered { .. }));
            let reported = ChartFactsReported {
                encounter: to.clone(),
                message: *message,
                reading: *reading,
                time_zone: state.time_zone.clone(),
                received_at: *received_at,
                facts: facts.cloned().collect(),
            };
            (reported, reported_for.clone())
        });
    Some((to.clone(), handed_over.collect()))
}

/// What the chart's facts come to: all of them, or those that had happened by `as_of` and were known here
/// by `known_at`.
pub fn outcome(
    state: &ChartState,
    reference: &Reference,
    as_of: Option<Timestamp>,
    known_at: Option<Timestamp>,
) -> Option<Outcome> {
    let encounter = state.encounter.as_ref()?;
    let zone = zone_of(&state.time_zone);
    let counts = |known: &KnownFact<'_>| {
        as_of.is_none_or(|limit| known.fact.occurred_at <= limit)
            && known_at.is_none_or(|limit| known.received_at <= limit)
    };
    // An account may have thousands of charges, which change nothing but its sum: they are not folded one by one.
    let facts = state.facts_that(|known| !is_mere_charge(known.fact) && counts(known));
    // Asked for a past instant, that instant has passed; asked for now, what has been waited for has.
    let passed = as_of.or(known_at).or(state.passed);
    let known = state.acts.values().filter(|act| {
        known_at.is_none_or(|limit| act.at <= limit)
            && as_of.is_none_or(|limit| takes_effect_at(act) <= limit)
    });
    let acts = effect::standing(known);
    let decided =
        ledger::Decided { applied: &effect::rules_applied(&acts), assigned: &effect::assigned(&acts) };
    let mut outcome = ledger::fold(encounter, &zone, &facts, decided, passed, reference);
    for known in state.facts_that(|known| is_mere_charge(known.fact) && counts(known)) {
        if let What::Charged(charge) = &known.fact.what {
            outcome.chart.account.charge(charge);
        }
    }
    if !acts.is_empty() && outcome.chart.continues_as.is_none() {
        let latest = acts.last().map_or(Timestamp::MIN, |act| act.at);
        let rules = reference.in_force_at(latest);
        let ground = effect::Ground {
            encounter,
            zone: &zone,
            calendar: reference.site.calendar(&encounter.facility),
            policy: rules.map_or(&ORDINARY, |rules| &rules.policy),
            version: rules.map_or(0, |rules| rules.version),
        };
        effect::apply(&mut outcome.deficiencies, &acts, &ground);
    }
    Some(outcome)
}

/// A charge that says nothing else of the visit.
fn is_mere_charge(fact: &ChartFact) -> bool {
    matches!(fact.what, What::Charged(_)) && fact.visit == VisitSnapshot::default()
}

static ORDINARY: Policy = Policy {
    dispute_answer_business_days: 2,
    extension_days_at_most: 14,
    holds_needing_approval: Vec::new(),
};

/// The first instant at which a decision makes a difference: a hold may begin in the past.
fn takes_effect_at(act: &Act) -> Timestamp {
    match act.deed {
        Deed::Held { from, .. } => from.min(act.at),
        Deed::AnsweredElsewhere { done_at, .. } | Deed::QueryAnswered { done_at, .. } => done_at.min(act.at),
        _ => act.at,
    }
}

/// The zone by its IANA name. A name that this build does not know counts as UTC: the feed profile is
/// checked when it is loaded, so this is a stored name from a later time-zone database.
pub fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

fn reconcile(state: &ChartState, reference: &Reference, events: &mut Vec<ChartEvent>) {
    let Some(encounter) = state.encounter.clone() else { return };
    let Some(outcome) = outcome(state, reference, None, None) else { return };
    let description = describe(&encounter, state, &outcome);
    if state.description.as_ref() != Some(&description) {
        events.push(ChartEvent::Described(Box::new(description)));
    }
    let mut record = |change: Change, deficiency: &Deficiency| {
        events.push(ChartEvent::Deficiency(Box::new(DeficiencyEvent {
            encounter: encounter.clone(),
            change,
            deficiency: deficiency.clone(),
        })));
    };
    for (id, wanted) in &outcome.deficiencies {
        match state.deficiencies.get(id) {
            None => record(Change::Opened, wanted),
            Some(known) => {
                if known != wanted {
                    record(change_between(known, wanted), wanted);
                }
            }
        }
    }
    for (id, known) in &state.deficiencies {
        if !outcome.deficiencies.contains_key(id) {
            record(Change::Retracted, known);
        }
    }
}

fn change_between(known: &Deficiency, wanted: &Deficiency) -> Change {
    match (known.status, wanted.status) {
        (before, after) if before == after => Change::Changed,
        (DeficiencyStatus::Dormant, DeficiencyStatus::Open)
        | (DeficiencyStatus::Open, DeficiencyStatus::Dormant) => Change::Changed,
        (_, DeficiencyStatus::Open | DeficiencyStatus::Dormant) => Change::Reopened,
        (_, DeficiencyStatus::Satisfied) => Change::Satisfied,
        (_, DeficiencyStatus::Waived) => Change::Waived,
        (_, DeficiencyStatus::Voided) => Change::Voided,
    }
}

fn describe(encounter: &EncounterKey, state: &ChartState, outcome: &Outcome) -> Description {
    let chart = &outcome.chart;
    Description {
        encounter: encounter.clone(),
        time_zone: state.time_zone.clone(),
        stage: chart.stage,
        class: chart.class().cloned(),
        location: chart.location.clone(),
        service: chart.service.clone(),
        attending: chart.attending.clone(),
        admitted_at: chart.admitted.as_ref().map(|known| known.value),
        discharged_at: chart.discharged.as_ref().map(|known| known.value),
        patient: chart.patient.clone(),
        patient_name: chart.patient_name.clone(),
        wake_at: outcome.wake_at,
        continues_as: chart.continues_as.clone(),
        findings: chart.findings.clone(),
        account: chart.account.describe(),
        taken_back: chart.taken_back.clone(),
    }
}
