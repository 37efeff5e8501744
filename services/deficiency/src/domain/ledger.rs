//! Which requirements arose, changed and closed, as the visit went on.
//!
//! The facts are taken in the order in which they happened. After each of them the rules say what must
//! exist; the ledger follows. So the result depends on the facts alone, not on the order of their arrival,
//! and what was owed at any past instant can be asked the same way.

use std::collections::BTreeMap;

use countersign_contracts::{
    chart::{ChartFact, DocumentType, EncounterClass, EncounterKey, Procedure},
    deficiency::DeficiencyStatus,
};
use countersign_kernel::{DeficiencyId, EncounterId, MessageId, Person, Timestamp};
use jiff::{SignedDuration, tz::TimeZone};

use super::{
    chart::{Chart, Known, Stay},
    document::Document,
    events::{Deficiency, FactRef, Stage},
    rules::{Requirement, ResponsibleStep, Rule, RuleSet},
};

/// The visit and everything owed in it, as the facts have it.
pub struct Outcome {
    /// The visit.
    pub chart: Chart,
    /// Everything owed, past and present.
    pub deficiencies: BTreeMap<DeficiencyId, Deficiency>,
    /// When a requirement may arise without any message.
    pub wake_at: Option<Timestamp>,
}

/// Takes the facts in order. `passed` is the latest instant known to have passed.
pub fn fold<'a>(
    encounter: &EncounterKey,
    zone: &TimeZone,
    facts: impl IntoIterator<Item = (MessageId, &'a ChartFact)>,
    passed: Option<Timestamp>,
    rules: &RuleSet,
) -> Outcome {
    let mut ledger =
        Ledger { encounter: encounter.id(), zone, rules, deficiencies: BTreeMap::new() };
    let mut chart = Chart::default();
    let mut now: Option<Timestamp> = None;
    for (message, fact) in facts {
        let at = fact.occurred_at;
        // Requirements that arose by the mere passing of time, before this fact.
        if let Some(due) = wake_at(&chart, rules, now).filter(|due| *due < at) {
            ledger.settle(&chart, due, due, "time passed");
        }
        chart.take(message, fact);
        now = now.max(Some(at));
        ledger.settle(&chart, at, now.unwrap_or(at), &fact.trigger);
    }
    if let Some(passed) = passed
        && let Some(due) = wake_at(&chart, rules, now).filter(|due| *due <= passed)
    {
        now = now.max(Some(due));
        ledger.settle(&chart, due, due, "time passed");
    }
    if chart.stage == Stage::Renumbered {
        // Everything continues in the chart with the new number: counted there, and only there.
        ledger.deficiencies.clear();
    }
    let wake_at = wake_at(&chart, rules, now);
    Outcome { chart, deficiencies: ledger.deficiencies, wake_at }
}

/// The next instant at which a requirement arises though nothing happens: an observation that lasts.
fn wake_at(chart: &Chart, rules: &RuleSet, now: Option<Timestamp>) -> Option<Timestamp> {
    let stay = chart.stays.last().filter(|stay| {
        stay.class == EncounterClass::Observation && stay.ended_at.is_none() && chart.stage == Stage::Open
    })?;
    rules
        .rules
        .iter()
        .filter(|rule| rule.applies.classes.contains(&stay.class))
        .filter_map(|rule| rule.applies.observation_longer_than_hours)
        .filter_map(|hours| stay.began.value.checked_add(SignedDuration::from_hours(hours.into())).ok())
        .filter(|at| now.is_none_or(|now| *at > now))
        .min()
}

/// A requirement as the rules see it at one moment.
struct Expected {
    subject: Option<String>,
    anchor: Known<Timestamp>,
    arose_at: Timestamp,
    responsible: Option<Person>,
    because: String,
    met: Option<Known<Timestamp>>,
}

struct Ledger<'a> {
    encounter: EncounterId,
    zone: &'a TimeZone,
    rules: &'a RuleSet,
    deficiencies: BTreeMap<DeficiencyId, Deficiency>,
}

impl Ledger<'_> {
    /// Brings the ledger into line with the chart at one moment. `at` is when the fact happened, `now` the
    /// latest instant known to have passed.
    fn settle(&mut self, chart: &Chart, at: Timestamp, now: Timestamp, trigger: &str) {
        for rule in &self.rules.rules {
            let expected = match &rule.requires {
                Requirement::ChartComplete => self.chart_complete(chart, rule),
                _ => expected(chart, rule, now),
            };
            let mut wanted: Vec<DeficiencyId> = Vec::with_capacity(expected.len());
            for item in expected {
                let id = self.id(rule, item.subject.as_deref());
                wanted.push(id);
                self.enter(id, rule, item);
            }
            for (id, deficiency) in &mut self.deficiencies {
                if deficiency.rule == rule.id
                    && deficiency.status == DeficiencyStatus::Open
                    && !wanted.contains(id)
                {
                    deficiency.status = DeficiencyStatus::Voided;
                    deficiency.closed_at = Some(at.max(deficiency.opened_at));
                    deficiency.closed_because = Some(format!("the requirement fell away with {trigger}"));
                }
            }
        }
    }

    fn id(&self, rule: &Rule, subject: Option<&str>) -> DeficiencyId {
        DeficiencyId::derive(&[&self.encounter.to_string(), &rule.id, subject.unwrap_or("")])
    }

    fn enter(&mut self, id: DeficiencyId, rule: &Rule, item: Expected) {
        let due_at = rule.due.after(item.anchor.value, self.zone);
        let target_at = rule.target.map(|target| target.after(item.anchor.value, self.zone));
        let mut matched = vec![item.anchor.from.clone()];
        let (status, closed_at, closed_because) = match &item.met {
            Some(met) => {
                matched.push(met.from.clone());
                let closed_at = met.value.max(item.arose_at);
                (DeficiencyStatus::Satisfied, Some(closed_at), Some(met.from.says.clone()))
            }
            None => (DeficiencyStatus::Open, None, None),
        };
        match self.deficiencies.get_mut(&id) {
            None => {
                self.deficiencies.insert(
                    id,
                    Deficiency {
                        id,
                        rule: rule.id.clone(),
                        rule_version: self.rules.version,
                        subject: item.subject,
                        document_type: rule.requires.document_type().to_owned(),
                        responsible: item.responsible,
                        responsible_because: item.because,
                        status,
                        anchor_at: item.anchor.value,
                        due_at,
                        target_at,
                        opened_at: item.arose_at,
                        closed_at,
                        closed_because,
                        holds_bill: rule.holds_bill,
                        matched,
                    },
                );
            }
            Some(known) => {
                let was_voided = known.status == DeficiencyStatus::Voided;
                if known.anchor_at != item.anchor.value {
                    known.anchor_at = item.anchor.value;
                    known.opened_at = item.arose_at;
                    known.due_at = due_at;
                    known.target_at = target_at;
                }
                // Who owed it when it was done stays so; while it is owed, the present answer counts.
                if status == DeficiencyStatus::Open || was_voided {
                    known.responsible = item.responsible;
                    known.responsible_because = item.because;
                }
                let still_done = known.status == DeficiencyStatus::Satisfied && status == known.status;
                if !still_done {
                    known.status = status;
                    known.closed_at = closed_at;
                    known.closed_because = closed_because;
                    known.matched = matched;
                } else if let Some(closed_at) = known.closed_at {
                    known.closed_at = Some(closed_at.max(known.opened_at));
                }
            }
        }
    }

    fn chart_complete(&self, chart: &Chart, rule: &Rule) -> Vec<Expected> {
        let Some(discharged) = discharged(chart, rule) else { return Vec::new() };
        let mut last: Option<&Deficiency> = None;
        for deficiency in self.deficiencies.values() {
            let of_chart = self
                .rules
                .rule(&deficiency.rule)
                .is_some_and(|rule| rule.requires == Requirement::ChartComplete);
            match deficiency.status {
                _ if of_chart => {}
                DeficiencyStatus::Open => return vec![whole_chart(discharged, None)],
                // An item that fell away was in the way until it did.
                DeficiencyStatus::Satisfied | DeficiencyStatus::Waived | DeficiencyStatus::Voided => {
                    if last.is_none_or(|last| last.closed_at < deficiency.closed_at) {
                        last = Some(deficiency);
                    }
                }
            }
        }
        let met = match last.and_then(|last| Some((last.closed_at?, last.matched.last()?, &last.rule))) {
            Some((at, from, closing_rule)) if at > discharged.value => Known {
                value: at,
                from: FactRef { says: format!("last required item closed ({closing_rule})"), ..from.clone() },
            },
            _ => Known {
                value: discharged.value,
                from: FactRef { says: "nothing was open at discharge".to_owned(), ..discharged.from.clone() },
            },
        };
        vec![whole_chart(discharged, Some(met))]
    }
}

fn whole_chart(discharged: &Known<Timestamp>, met: Option<Known<Timestamp>>) -> Expected {
    Expected {
        subject: None,
        anchor: discharged.clone(),
        arose_at: discharged.value,
        responsible: None,
        because: "owed by the facility".to_owned(),
        met,
    }
}

/// What a rule expects of the chart at this moment.
fn expected(chart: &Chart, rule: &Rule, now: Timestamp) -> Vec<Expected> {
    if matches!(chart.stage, Stage::Cancelled | Stage::Renumbered | Stage::Preadmitted) {
        return Vec::new();
    }
    match &rule.requires {
        Requirement::EncounterDocumentSigned(kind) => once(chart, rule, kind, now, |document| {
            document.signed().map(|known| Known { value: known.value.at, from: known.from.clone() })
        }),
        Requirement::EncounterDocumentPresent(kind) => {
            once(chart, rule, kind, now, |document| document.present.clone())
        }
        Requirement::DocumentPerProcedure(kind) => per_procedure(chart, rule, kind),
        Requirement::DocumentSigned(kind) => per_document(chart, rule, kind, signature),
        Requirement::DocumentCosigned(kind) => per_document(chart, rule, kind, cosignature),
        Requirement::ChartComplete => Vec::new(),
    }
}

fn documents<'a>(chart: &'a Chart, kind: &'a DocumentType) -> impl Iterator<Item = &'a Document> {
    chart.documents.values().filter(move |document| document.counts() && document.document_type == *kind)
}

/// A document that is required once per encounter.
fn once(
    chart: &Chart,
    rule: &Rule,
    kind: &DocumentType,
    now: Timestamp,
    met_by: impl Fn(&Document) -> Option<Known<Timestamp>>,
) -> Vec<Expected> {
    let start = match rule.anchor {
        super::rules::Anchor::Discharge => {
            discharged(chart, rule).map(|known| (known.clone(), known.value))
        }
        _ => stay_began(chart, rule, now),
    };
    let Some((anchor, arose_at)) = start else { return Vec::new() };
    let met = documents(chart, kind).filter_map(&met_by).min_by_key(|met| met.value);
    let begun = documents(chart, kind).filter(|document| met_by(document).is_none()).min_by_key(|document| {
        document.originated.value
    });
    let (responsible, because) = responsible(chart, rule, begun, None);
    vec![Expected { subject: None, anchor, arose_at, responsible, because, met }]
}

/// The discharge, when the rule's classes, length of stay and deaths say that it counts.
fn discharged<'a>(chart: &'a Chart, rule: &Rule) -> Option<&'a Known<Timestamp>> {
    if chart.stage == Stage::Cancelled || chart.stage == Stage::Renumbered {
        return None;
    }
    let discharged = chart.discharged.as_ref()?;
    let class = chart.class()?;
    let applies = &rule.applies;
    if chart.died && applies.deaths_in.contains(class) {
        return Some(discharged);
    }
    let long_enough = match (applies.stay_at_least_hours, &chart.admitted) {
        (Some(hours), Some(admitted)) => {
            discharged.value.duration_since(admitted.value) >= SignedDuration::from_hours(hours.into())
        }
        _ => true,
    };
    (applies.classes.contains(class) && long_enough).then_some(discharged)
}

/// Start of the first stay in one of the rule's classes, and when the requirement arose: at once, or, for
/// observation, when it had lasted.
fn stay_began(chart: &Chart, rule: &Rule, now: Timestamp) -> Option<(Known<Timestamp>, Timestamp)> {
    let applies = &rule.applies;
    // A patient who is an outpatient again owes the hospital no inpatient document.
    chart.class().filter(|class| applies.classes.contains(class))?;
    since_last_step_down(&chart.stays).iter().filter(|stay| applies.classes.contains(&stay.class)).find_map(|stay| {
        let arose_at = match applies.observation_longer_than_hours {
            Some(hours) if stay.class == EncounterClass::Observation => lasted(stay, hours, now)?,
            _ => stay.began.value,
        };
        Some((stay.began.clone(), arose_at))
    })
}

/// The stays since the patient last ceased to be an inpatient (A07): what the earlier admission asked for
/// fell away with it.
fn since_last_step_down(stays: &[Stay]) -> &[Stay] {
    let step_down = stays.windows(2).rposition(|pair| {
        pair[0].class == EncounterClass::Inpatient && pair[1].class != EncounterClass::Inpatient
    });
    step_down.map_or(stays, |index| &stays[index + 1..])
}

/// The instant at which the stay had lasted that long, if it did.
fn lasted(stay: &Stay, hours: u16, now: Timestamp) -> Option<Timestamp> {
    let threshold = stay.began.value.checked_add(SignedDuration::from_hours(hours.into())).ok()?;
    match stay.ended_at {
        Some(ended) => (ended > threshold).then_some(threshold),
        None => (now >= threshold).then_some(threshold),
    }
}

/// A document that is required for every procedure: each document answers for one procedure.
fn per_procedure(chart: &Chart, rule: &Rule, kind: &DocumentType) -> Vec<Expected> {
    if !chart.class().is_some_and(|class| rule.applies.classes.contains(class)) {
        return Vec::new();
    }
    let mut procedures: Vec<&Known<Procedure>> = chart.procedures.values().collect();
    procedures.sort_by(|a, b| (a.value.ended_at, &a.value.id).cmp(&(b.value.ended_at, &b.value.id)));
    let mut reports: Vec<&Document> = documents(chart, kind).filter(|report| report.present.is_some()).collect();
    reports.sort_by(|a, b| {
        (a.activity_at.unwrap_or(a.originated.value), &a.number)
            .cmp(&(b.activity_at.unwrap_or(b.originated.value), &b.number))
    });
    let mut answered: Vec<Option<&Document>> = vec![None; procedures.len()];
    // First by what the report says it is about: its activity time (TXA-4) lies in one operation.
    reports.retain(|report| {
        let about = procedures.iter().enumerate().position(|(index, procedure)| {
            let during = procedure.value.started_at..=procedure.value.ended_at;
            answered[index].is_none() && report.activity_at.is_some_and(|at| during.contains(&at))
        });
        about.is_none_or(|index| {
            answered[index] = Some(*report);
            false
        })
    });
    let mut left_over: Vec<&Document> = Vec::new();
    // Then by surgeon: a surgeon's report is about the surgeon's own earliest unanswered procedure.
    for report in reports {
        let own = procedures.iter().enumerate().position(|(index, procedure)| {
            answered[index].is_none()
                && match (&procedure.value.surgeon, &report.originator) {
                    (Some(surgeon), Some(author)) => {
                        surgeon.same_id(author)
                            || report.authenticators.iter().any(|person| surgeon.same_id(person))
                    }
                    _ => false,
                }
        });
        match own {
            Some(index) => answered[index] = Some(report),
            None => left_over.push(report),
        }
    }
    // Then in order of time, whoever wrote it.
    let mut left_over = left_over.into_iter();
    for slot in &mut answered {
        if slot.is_none() {
            *slot = left_over.next();
        }
    }
    procedures
        .into_iter()
        .zip(answered)
        .map(|(procedure, report)| {
            let (responsible, because) = responsible(chart, rule, None, Some(&procedure.value));
            Expected {
                subject: Some(procedure.value.id.clone()),
                anchor: Known { value: procedure.value.ended_at, from: procedure.from.clone() },
                arose_at: procedure.value.ended_at,
                responsible,
                because,
                met: report.and_then(|report| report.present.clone()),
            }
        })
        .collect()
}

/// What is required of every document of a type.
fn per_document(
    chart: &Chart,
    rule: &Rule,
    kind: &DocumentType,
    of: impl Fn(&Chart, &Document) -> Option<(Known<Timestamp>, Option<Known<Timestamp>>)>,
) -> Vec<Expected> {
    if !chart.class().is_some_and(|class| rule.applies.classes.contains(class)) {
        return Vec::new();
    }
    documents(chart, kind)
        .filter_map(|document| {
            let (anchor, met) = of(chart, document)?;
            let surgeon = chart.procedures.values().map(|known| &known.value).find(|procedure| {
                procedure.surgeon.as_ref().zip(document.originator.as_ref()).is_some_and(|(a, b)| a.same_id(b))
            });
            let only = || chart.procedures.values().map(|known| &known.value).next();
            let (responsible, because) = responsible(chart, rule, Some(document), surgeon.or_else(only));
            let arose_at = anchor.value;
            Some(Expected {
                subject: Some(document.number.clone()),
                anchor,
                arose_at,
                responsible,
                because,
                met,
            })
        })
        .collect()
}

fn signature(_: &Chart, document: &Document) -> Option<(Known<Timestamp>, Option<Known<Timestamp>>)> {
    let available = document.available.clone()?;
    let signed = document.signed().map(|known| Known { value: known.value.at, from: known.from.clone() });
    Some((available, signed))
}

fn cosignature(chart: &Chart, document: &Document) -> Option<(Known<Timestamp>, Option<Known<Timestamp>>)> {
    if !document.needs_cosigner() {
        return None;
    }
    // Dormant until the author has signed.
    let signed = document.signed()?;
    let cosigner = cosigner(chart, document);
    let anchor = Known { value: signed.value.at, from: signed.from.clone() };
    Some((anchor, document.cosigned(cosigner)))
}

fn cosigner<'a>(chart: &'a Chart, document: &'a Document) -> Option<&'a Person> {
    document.assigned_cosigner().or_else(|| {
        let attending = chart.attending.as_ref().map(|known| &known.value)?;
        let own = document.originator.as_ref().is_some_and(|author| author.same_id(attending));
        (!own).then_some(attending)
    })
}

/// Who owes it, and which step decided. A provider without an identifier cannot be held responsible, so the
/// search goes on.
fn responsible(
    chart: &Chart,
    rule: &Rule,
    document: Option<&Document>,
    procedure: Option<&Procedure>,
) -> (Option<Person>, String) {
    let identified = |person: Option<&Person>| person.filter(|person| person.id.is_some()).cloned();
    for step in &rule.responsible {
        let (person, because) = match step {
            ResponsibleStep::AuthorOrAuthenticator => match document {
                Some(document) if document.assigned_cosigner().is_some() => {
                    (identified(document.originator.as_ref()), "author of the document (TXA-9); TXA-10 is to cosign")
                }
                Some(document) => match identified(document.authenticators.first()) {
                    Some(person) => (Some(person), "assigned authenticator of the document (TXA-10)"),
                    None => (identified(document.originator.as_ref()), "originator of the document (TXA-9)"),
                },
                None => (None, ""),
            },
            ResponsibleStep::AuthorOfUnfinished => (
                document
                    .filter(|document| document.unfinished())
                    .and_then(|document| identified(document.originator.as_ref())),
                "originator of the document that was begun (TXA-9)",
            ),
            ResponsibleStep::Cosigner => (
                document.and_then(|document| identified(document.assigned_cosigner())),
                "assigned authenticator who is not the author (TXA-10)",
            ),
            ResponsibleStep::Surgeon => (
                procedure.and_then(|procedure| identified(procedure.surgeon.as_ref())),
                "surgeon of record (PR1-11)",
            ),
            ResponsibleStep::Attending => {
                (identified(chart.attending.as_ref().map(|known| &known.value)), "attending of record (PV1-7)")
            }
            ResponsibleStep::Admitting => {
                (identified(chart.admitting.as_ref().map(|known| &known.value)), "admitting provider (PV1-17)")
            }
        };
        if person.is_some() {
            return (person, because.to_owned());
        }
    }
    (None, "no message names anybody with an identifier: unassigned".to_owned())
}
