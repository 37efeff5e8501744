//! One deficiency with everything that led to it; and what was owed at a past instant. Both read the chart's
//! own stream, so they can say what the read model has long forgotten.

use countersign_contracts::{
    api::{DeficiencyView, Explanation, RuleView, TimelineEntry},
    chart::{ChartFact, DocumentAction, What},
};
use countersign_eventsourcing::journal::{Journal, JournalError, StreamName};
use countersign_kernel::{DeficiencyId, EncounterId, Timestamp};

use crate::domain::{
    acts::{Act, Item},
    decide::outcome,
    events::{CHART, Change, ChartEvent, Deficiency, DeficiencyEvent},
    reference::Reference,
    rules::Rule,
    state::{ChartState, KnownFact},
};
use crate::{
    projections::Within,
    show::{self, Seen},
};

/// A chart's stream, read: the state and every decision.
struct History {
    state: ChartState,
    /// Of the last event.
    revision: u64,
    decisions: Vec<Decision>,
}

/// What was concluded, and from when.
struct Decision {
    decided_at: Timestamp,
    /// When that happened in the hospital which gave rise to it.
    caused_at: Timestamp,
    event: DeficiencyEvent,
}

async fn read(journal: &dyn Journal, encounter: EncounterId) -> Result<History, JournalError> {
    let mut history = History { state: ChartState::default(), revision: 0, decisions: Vec::new() };
    let mut caused_at = Timestamp::MIN;
    for event in journal.read_stream(StreamName::new(CHART, encounter), 0).await? {
        let decoded =
            ChartEvent::decode(&event.kind, &event.data).map_err(|error| event.undecodable(&error))?;
        match &decoded {
            ChartEvent::FactsRecorded(recorded) => {
                let latest = recorded.facts.iter().map(|fact| fact.occurred_at).max();
                caused_at = latest.unwrap_or(caused_at);
            }
            ChartEvent::TimePassed(time) => caused_at = time.passed,
            ChartEvent::Deficiency(decision) => history.decisions.push(Decision {
                decided_at: event.metadata()?.received_at,
                caused_at,
                event: (**decision).clone(),
            }),
            ChartEvent::Act(recorded) => caused_at = recorded.act.at,
            ChartEvent::Described(_) => {}
        }
        history.revision = event.revision;
        history.state.evolve(decoded);
    }
    Ok(history)
}

/// Explains a deficiency of this chart; `None` when the chart never had it.
pub async fn explain(
    journal: &dyn Journal,
    encounter: EncounterId,
    id: DeficiencyId,
    reference: &Reference,
    now: Timestamp,
) -> Result<Option<Explanation>, JournalError> {
    let history = read(journal, encounter).await?;
    let about = |decision: &&Decision| decision.event.deficiency.id == id;
    let Some(Decision { event: last, .. }) = history.decisions.iter().rev().find(about) else {
        return Ok(None);
    };
    let deficiency = &last.deficiency;
    let view = view(&history.state, deficiency, reference, None, now);
    let rule = reference
        .rule(&deficiency.rule, deficiency.rule_version)
        .map_or_else(|| unknown_rule(deficiency), |(rules, rule)| rule_view(rule, rules.version));
    let mut timeline: Vec<TimelineEntry> = facts(&history.state, deficiency);
    timeline.extend(history.decisions.iter().filter(about).map(decision));
    timeline.extend(acts(&history.state, deficiency));
    timeline.sort_by_key(|entry| (entry.occurred_at, entry.kind == "decision"));
    let open = view.status == "open" && last.change != Change::Retracted;
    Ok(Some(Explanation {
        summary: summary(&view, &rule, last.change),
        what_would_close_it: open.then(|| rule.closed_by.clone()),
        deficiency: view,
        rule,
        timeline,
        revision: history.revision,
    }))
}

/// What was owed in a chart at an instant: by the facts that had happened by then and, if `known_at` is
/// given, were known here by that instant. Only what is `within` the reader's reach.
pub async fn owed_at(
    journal: &dyn Journal,
    encounter: EncounterId,
    as_of: Option<Timestamp>,
    known_at: Option<Timestamp>,
    within: &Within,
    reference: &Reference,
    now: Timestamp,
) -> Result<Vec<DeficiencyView>, JournalError> {
    let history = read(journal, encounter).await?;
    let facility = history.state.encounter.as_ref().map_or("", |key| &key.facility);
    let Some(outcome) = outcome(&history.state, reference, as_of, known_at) else { return Ok(Vec::new()) };
    let seen_at = as_of.unwrap_or(now);
    let mut views: Vec<DeficiencyView> = outcome
        .deficiencies
        .values()
        .filter(|deficiency| as_of.is_none_or(|limit| deficiency.opened_at <= limit))
        .filter(|deficiency| within.includes(deficiency.responsible.as_ref(), facility))
        .map(|deficiency| view(&history.state, &as_seen(deficiency, as_of), reference, known_at, seen_at))
        .collect();
    views.sort_by_key(|view| (view.due_at.is_none(), view.due_at, view.id));
    Ok(views)
}

/// A signature that was recorded before `limit` but dated after it had not happened at `limit`.
fn as_seen(deficiency: &Deficiency, limit: Option<Timestamp>) -> Deficiency {
    let mut seen = deficiency.clone();
    if limit.is_some_and(|limit| seen.closed_at.is_some_and(|closed| closed > limit)) {
        seen.status = countersign_contracts::deficiency::DeficiencyStatus::Open;
        seen.closed_at = None;
        seen.closed_because = None;
    }
    seen
}

fn view(
    state: &ChartState,
    deficiency: &Deficiency,
    reference: &Reference,
    known_at: Option<Timestamp>,
    now: Timestamp,
) -> DeficiencyView {
    let description = state.description.as_ref();
    let (facility, encounter, chart) = state.encounter.as_ref().map_or_else(
        || (String::new(), String::new(), EncounterId::derive(&[])),
        |key| (key.facility.clone(), key.visit.clone(), key.id()),
    );
    let limit = state.deficiencies.values().find(|known| known.rule == "C1");
    let seen = Seen {
        elsewhere: reference.pauses(deficiency.responsible.as_ref(), &facility, known_at),
        facility,
        encounter,
        chart,
        patient: description.and_then(|known| known.patient.as_ref()).map(|patient| patient.id.clone()),
        patient_name: description.and_then(|known| known.patient_name.clone()),
        time_zone: state.time_zone.clone(),
        discharged_at: description.and_then(|known| known.discharged_at),
        regulatory_due_at: limit.and_then(|limit| limit.due_at),
    };
    show::deficiency(deficiency, seen, reference, now)
}

fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text.replace('_', " "),
        _ => String::new(),
    }
}

/// A rule as the API shows it.
pub(crate) fn rule_view(rule: &Rule, version: u32) -> RuleView {
    RuleView {
        id: rule.id.clone(),
        version,
        title: rule.title.clone(),
        anchor: word(&rule.anchor),
        due: rule.due.readable(),
        target: rule.target.map(super::domain::rules::Limit::readable),
        citation: rule.citation.clone(),
        confidence: word(&rule.confidence),
        note: rule.note.clone(),
        closed_by: rule.requires.closed_by(),
    }
}

/// A rule that the present rule set no longer has: the deficiency still says which one raised it.
fn unknown_rule(deficiency: &Deficiency) -> RuleView {
    RuleView {
        id: deficiency.rule.clone(),
        version: deficiency.rule_version,
        title: deficiency.rule.clone(),
        anchor: String::new(),
        due: String::new(),
        target: None,
        citation: String::new(),
        confidence: "unverified".to_owned(),
        note: "This rule is not in the present rule set.".to_owned(),
        closed_by: String::new(),
    }
}

fn summary(view: &DeficiencyView, rule: &RuleView, last: Change) -> String {
    let who = match (&view.responsible_name, view.document_type.as_str()) {
        (Some(name), _) => format!("{name} owes it: {}.", view.responsible_because),
        (None, "chart") => "The facility owes it.".to_owned(),
        (None, _) => "Nobody is assigned: no message names a provider with an identifier.".to_owned(),
    };
    let state = match (last, view.status.as_str()) {
        (Change::Retracted, _) => "On the facts now known it never was required.".to_owned(),
        (_, "open") if view.overdue => "It is overdue.".to_owned(),
        (_, "open") => match view.accountability.state.as_str() {
            "running" => "It is open.".to_owned(),
            cause => format!("It is open, and its clock stands: {}.", cause.replace('_', " ")),
        },
        (_, "dormant") => {
            format!("It waits, without a clock: {}.", view.accountability.state.replace('_', " "))
        }
        (_, status) => format!(
            "It is {status}{}.",
            view.closed_because.as_ref().map(|why| format!(": {why}")).unwrap_or_default()
        ),
    };
    format!(
        "{} (rule {}, version {}): due {} after {}. {who} {state}",
        view.title, rule.id, rule.version, rule.due, rule.anchor
    )
}

fn facts(state: &ChartState, deficiency: &Deficiency) -> Vec<TimelineEntry> {
    state
        .facts()
        .into_iter()
        .map(|KnownFact { message, received_at, fact }| TimelineEntry {
            occurred_at: fact.occurred_at,
            recorded_at: Some(fact.recorded_at),
            received_at: Some(received_at),
            kind: "fact".to_owned(),
            text: describe(fact),
            trigger: Some(fact.trigger.clone()),
            message: Some(message),
            matched: deficiency
                .matched
                .iter()
                .any(|known| known.message == message && known.occurred_at == fact.occurred_at),
            findings: fact.findings.clone(),
        })
        .collect()
}

/// What people decided about it.
fn acts(state: &ChartState, deficiency: &Deficiency) -> Vec<TimelineEntry> {
    let item = Item { rule: deficiency.rule.clone(), subject: deficiency.subject.clone() };
    let raised = |act: &Act| Some(act.id.to_string()) == deficiency.subject;
    let about = |act: &&Act| match act.deed.item() {
        Some(other) => *other == item,
        None => raised(act) || !matches!(act.deed, crate::domain::acts::Deed::Raised { .. }),
    };
    let told = state.acts.values().filter(about).map(|act| TimelineEntry {
        occurred_at: act.at,
        recorded_at: None,
        received_at: Some(act.at),
        kind: "act".to_owned(),
        text: format!("{} by {}: {}", act.deed.word().replace('_', " "), act.by, act.why),
        trigger: None,
        message: None,
        matched: raised(act),
        findings: Vec::new(),
    });
    told.collect()
}

/// A fact in plain words, without patient data.
fn describe(fact: &ChartFact) -> String {
    match &fact.what {
        What::Preadmitted => "Visit expected".to_owned(),
        What::Opened => match fact.visit.class.value() {
            Some(class) => format!("Visit began ({})", word(class)),
            None => "Visit began".to_owned(),
        },
        What::Transferred => "Transferred".to_owned(),
        What::TransferCancelled => "Transfer cancelled".to_owned(),
        What::ClassChanged => match fact.visit.class.value() {
            Some(class) => format!("Encounter class changed to {}", word(class)),
            None => "Encounter class changed".to_owned(),
        },
        What::Discharged { from, .. } => format!("Discharged (time from {from})"),
        What::DischargeCancelled => "Discharge cancelled".to_owned(),
        What::Cancelled => "Visit cancelled".to_owned(),
        What::Updated { .. } => "Visit details updated".to_owned(),
        What::Renumbered { .. } => "Visit continues under another number".to_owned(),
        What::Order(order) => {
            let how = if order.mode.spoken() { format!(" ({})", word(&order.mode)) } else { String::new() };
            format!("Order {}{how}: {}", order.number, word(&order.action))
        }
        What::Charged(charge) => format!("Charged {}", charge.amount),
        What::Account(_) => "Account updated".to_owned(),
        What::Document(document) => {
            let kind = document.document_type.name().replace('_', " ");
            let action = match document.action {
                DocumentAction::Originated => "originated",
                DocumentAction::StatusChanged => "status changed",
                DocumentAction::AddendumAdded => "addendum added",
                DocumentAction::Edited => "edited",
                DocumentAction::Replaced => "replaces another document",
                DocumentAction::Cancelled => "cancelled",
            };
            let by = document
                .signatures
                .first()
                .and_then(|signature| signature.by.as_ref())
                .map(|by| format!(", signed by {}", by.display_name()))
                .unwrap_or_default();
            format!("{kind} {}: {action}, {}{by}", document.number, word(&document.status))
        }
    }
}

fn decision(decision: &Decision) -> TimelineEntry {
    let Decision { decided_at, caused_at, event: DeficiencyEvent { change, deficiency, .. } } = decision;
    let owed_by = deficiency
        .responsible
        .as_ref()
        .map_or_else(|| "unassigned".to_owned(), |person| format!("owed by {}", person.display_name()));
    let (occurred_at, text) = match change {
        Change::Opened | Change::Reopened | Change::Changed => (
            // What changed later was not so from the beginning.
            match change {
                Change::Opened => deficiency.opened_at,
                _ => deficiency.opened_at.max(*caused_at),
            },
            format!(
                "{} {}, {owed_by} ({}), {}",
                deficiency.rule,
                change.word(),
                deficiency.responsible_because,
                match (deficiency.due_at, deficiency.waits_for) {
                    (Some(due), _) => format!("due {due}"),
                    (None, Some(waits)) => format!("waits for the {}", word(&waits)),
                    (None, None) => "without a limit".to_owned(),
                }
            ),
        ),
        Change::Satisfied | Change::Waived | Change::Voided => (
            deficiency.closed_at.unwrap_or(deficiency.opened_at),
            format!(
                "{} {}: {}",
                deficiency.rule,
                change.word(),
                deficiency.closed_because.clone().unwrap_or_default()
            ),
        ),
        Change::Retracted => (
            deficiency.opened_at,
            format!("{} retracted: on the facts now known it never was required", deficiency.rule),
        ),
    };
    TimelineEntry {
        occurred_at,
        recorded_at: None,
        received_at: Some(*decided_at),
        kind: "decision".to_owned(),
        text,
        trigger: None,
        message: None,
        matched: false,
        findings: Vec::new(),
    }
}
