//! Which requirements arose, changed and closed, as the visit went on.
//!
//! The facts are taken in the order in which they happened. After each of them the rules say what must
//! exist; the ledger follows. So the result depends on the facts alone, not on the order of their arrival,
//! and what was owed at any past instant can be asked the same way.

use std::collections::BTreeMap;

use countersign_contracts::{
    chart::{ChartFact, DocumentType, EncounterClass, EncounterKey, Procedure, What},
    deficiency::DeficiencyStatus,
};
use countersign_kernel::{DeficiencyId, Person, Timestamp};
use jiff::{SignedDuration, tz::TimeZone};

use super::{
    chart::{Chart, Known, Source, Stay},
    document::Document,
    events::{Deficiency, FactRef, Stretch},
    rules::{Anchor, Requirement, ResponsibleStep, Rule, RuleSet},
    state::KnownFact,
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
pub fn fold(
    encounter: &EncounterKey,
    zone: &TimeZone,
    facts: &[KnownFact<'_>],
    passed: Option<Timestamp>,
    rules: &RuleSet,
) -> Outcome {
    let mut ledger = Ledger { rules, entries: rules.rules.iter().map(|_| Vec::new()).collect() };
    let mut chart = Chart::default();
    let mut now = Timestamp::MIN;
    for (number, KnownFact { fact, .. }) in facts.iter().enumerate() {
        let at = fact.occurred_at;
        // Requirements that arose by the mere passing of time, before this fact.
        while let Some(due) = wake_at(&chart, rules, now).filter(|due| *due < at) {
            now = due;
            ledger.settle(&chart, now, None);
        }
        // What arises at an instant by the passing of time arises after everything that happened at it.
        now = now.max(at.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(at));
        let kinds = kinds_concerned(&chart, fact);
        let concerned = |rule: &Rule| rule.requires.document().is_some_and(|kind| kinds.contains(kind));
        if chart.take(number, fact) {
            ledger.settle(&chart, now, Some((number, fact)));
        } else if rules.rules.iter().any(concerned) {
            let concerned = |rule: &Rule| rule.requires.document().is_none() || concerned(rule);
            ledger.settle_rules(&chart, now, Some((number, fact)), concerned);
        }
    }
    while let Some(due) =
        wake_at(&chart, rules, now).filter(|due| passed.is_some_and(|passed| *due <= passed))
    {
        now = due;
        ledger.settle(&chart, now, None);
    }
    let wake_at = wake_at(&chart, rules, now);
    // A visit that continues under another number is counted there, and only there.
    let deficiencies =
        if chart.continues_as.is_some() { BTreeMap::new() } else { ledger.close(encounter, zone, facts) };
    Outcome { chart, deficiencies, wake_at }
}

/// The types of the documents that the fact is about: what its document is, what it was, and its parent.
fn kinds_concerned(chart: &Chart, fact: &ChartFact) -> Vec<DocumentType> {
    let What::Document(about) = &fact.what else { return Vec::new() };
    let known = [Some(&about.number), about.parent.as_ref()].into_iter().flatten();
    let known = known.filter_map(|number| chart.documents.get(number)).map(|known| &known.document_type);
    known.chain([&about.document_type]).cloned().collect()
}

/// The next instant at which a requirement arises though nothing is reported: an observation lasts, or an
/// operation ends that was announced.
fn wake_at(chart: &Chart, rules: &RuleSet, now: Timestamp) -> Option<Timestamp> {
    if !chart.stands() {
        return None;
    }
    let stay = chart.stays.last()?;
    rules
        .rules
        .iter()
        .filter(|rule| rule.applies.classes.contains(&stay.class))
        .filter_map(|rule| match (&rule.requires, rule.applies.observation_longer_than_hours) {
            (Requirement::DocumentPerProcedure(_), _) => {
                chart.procedures.values().map(|known| known.value.ended_at).filter(|ended| *ended > now).min()
            }
            (_, Some(hours)) if stay.class == EncounterClass::Observation && stay.ended_at.is_none() => {
                after_hours(stay, hours).filter(|due| *due > now)
            }
            _ => None,
        })
        .min()
}

fn after_hours(stay: &Stay, hours: u16) -> Option<Timestamp> {
    stay.began.value.checked_add(SignedDuration::from_hours(hours.into())).ok()
}

/// A requirement as a rule sees it at one moment.
struct Required<'a> {
    /// The document or procedure that it is about; nothing for the encounter itself.
    subject: Option<&'a str>,
    anchor: Known<Timestamp>,
    arose_at: Timestamp,
    responsible: Option<&'a Person>,
    because: &'static str,
    met: Option<Known<Timestamp>>,
}

/// A requirement as it has gone so far.
struct Entry {
    subject: Option<String>,
    anchor: Known<Timestamp>,
    opened_at: Timestamp,
    responsible: Option<Person>,
    because: &'static str,
    status: DeficiencyStatus,
    closed: Option<Known<Timestamp>>,
    /// Stretches in which it was open before it was reopened, and when that was the last time.
    open_before: Vec<Stretch>,
    reopened_at: Option<Timestamp>,
    /// The rule still asks for it.
    required: bool,
}

struct Ledger<'a> {
    rules: &'a RuleSet,
    /// By rule, in the order of the rules.
    entries: Vec<Vec<Entry>>,
}

impl Ledger<'_> {
    /// Brings the ledger into line with the chart at one moment, after this fact or after time passed.
    fn settle(&mut self, chart: &Chart, now: Timestamp, cause: Option<(usize, &ChartFact)>) {
        self.settle_rules(chart, now, cause, |_| true);
    }

    /// The same for the rules that are concerned.
    fn settle_rules(
        &mut self,
        chart: &Chart,
        now: Timestamp,
        cause: Option<(usize, &ChartFact)>,
        concerned: impl Fn(&Rule) -> bool,
    ) {
        for (index, rule) in self.rules.rules.iter().enumerate().filter(|(_, rule)| concerned(rule)) {
            let required = match &rule.requires {
                Requirement::ChartComplete => self.chart_complete(chart, rule),
                _ => required(chart, rule, now),
            };
            let entries = &mut self.entries[index];
            for entry in entries.iter_mut() {
                entry.required = false;
            }
            for item in required {
                match entries.iter_mut().find(|entry| entry.subject.as_deref() == item.subject) {
                    Some(entry) => {
                        let at = cause.map_or(now, |(_, fact)| fact.occurred_at);
                        entry.note_reopening(&item, at);
                        entry.update(item);
                    }
                    None => entries.push(Entry::open(item)),
                }
            }
            // What was done stays done, but of a discharge that was taken back nothing stays.
            let undone = rule.anchor == Anchor::Discharge && chart.discharged.is_none() && chart.stands();
            let falls_away = |status| match status {
                DeficiencyStatus::Open => true,
                DeficiencyStatus::Satisfied | DeficiencyStatus::Waived => undone,
                DeficiencyStatus::Voided => false,
            };
            let Some((number, fact)) = cause else { continue };
            for entry in entries.iter_mut().filter(|entry| !entry.required && falls_away(entry.status)) {
                let says = format!("the requirement fell away with {}", fact.trigger);
                entry.status = DeficiencyStatus::Voided;
                entry.closed = Some(Known {
                    value: fact.occurred_at.max(entry.opened_at),
                    from: Source::new(number, says),
                });
            }
        }
    }

    /// The chart as a whole: complete since the last of its items closed, though not before the discharge.
    fn chart_complete<'a>(&self, chart: &'a Chart, rule: &Rule) -> Vec<Required<'a>> {
        let Some(discharged) = discharged(chart, rule) else { return Vec::new() };
        let items = || {
            let rules = self.rules.rules.iter().zip(&self.entries);
            rules
                .filter(|(rule, _)| rule.requires != Requirement::ChartComplete)
                .flat_map(|(rule, entries)| entries.iter().map(move |entry| (rule, entry)))
        };
        let open = items().any(|(_, entry)| entry.status == DeficiencyStatus::Open);
        let met = (!open).then(|| {
            let last = items()
                .filter_map(|(rule, entry)| Some((entry.closed.as_ref()?, rule)))
                .filter(|(closed, _)| closed.value > discharged.value)
                .max_by_key(|(closed, _)| closed.value);
            match last {
                Some((closed, rule)) => Known {
                    value: closed.value,
                    from: Source::new(closed.from.fact, format!("last required item closed ({})", rule.id)),
                },
                None => Known {
                    value: discharged.value,
                    from: Source::new(discharged.from.fact, "nothing was open at discharge"),
                },
            }
        });
        vec![Required {
            subject: None,
            anchor: discharged.clone(),
            arose_at: discharged.value,
            responsible: None,
            because: "owed by the facility",
            met,
        }]
    }

    /// What is owed, with due instants and the facts that it rests on.
    fn close(
        self,
        encounter: &EncounterKey,
        zone: &TimeZone,
        facts: &[KnownFact<'_>],
    ) -> BTreeMap<DeficiencyId, Deficiency> {
        let encounter = encounter.id().to_string();
        let fact_ref = |source: &Source| FactRef {
            says: source.says.clone().into_owned(),
            message: facts[source.fact].message,
            trigger: facts[source.fact].fact.trigger.clone(),
            occurred_at: facts[source.fact].fact.occurred_at,
        };
        let deficiency = |rule: &Rule, entry: Entry| {
            let subject = entry.subject.as_deref().unwrap_or("");
            let from = [Some(&entry.anchor), entry.closed.as_ref()];
            let matched = from.into_iter().flatten().map(|known| fact_ref(&known.from)).collect();
            let closed = entry.closed.map(|closed| (closed.value, closed.from.says.into_owned()));
            let (closed_at, closed_because) = closed.unzip();
            Deficiency {
                id: DeficiencyId::derive(&[&encounter, &rule.id, subject]),
                rule: rule.id.clone(),
                rule_version: self.rules.version,
                document_type: rule.requires.document_type().to_owned(),
                responsible: entry.responsible,
                responsible_because: entry.because.to_owned(),
                status: entry.status,
                anchor_at: entry.anchor.value,
                due_at: rule.due.after(entry.anchor.value, zone),
                target_at: rule.target.map(|target| target.after(entry.anchor.value, zone)),
                opened_at: entry.opened_at,
                closed_at,
                closed_because,
                holds_bill: rule.holds_bill,
                open_before: entry.open_before,
                reopened_at: entry.reopened_at,
                matched,
                subject: entry.subject,
            }
        };
        self.rules
            .rules
            .iter()
            .zip(self.entries)
            .flat_map(|(rule, entries)| entries.into_iter().map(move |entry| (rule, entry)))
            .map(|(rule, entry)| deficiency(rule, entry))
            .map(|deficiency| (deficiency.id, deficiency))
            .collect()
    }
}

impl Entry {
    fn open(item: Required<'_>) -> Self {
        let mut entry = Self {
            subject: item.subject.map(str::to_owned),
            anchor: item.anchor.clone(),
            opened_at: item.arose_at,
            responsible: item.responsible.cloned(),
            because: item.because,
            status: DeficiencyStatus::Open,
            closed: None,
            open_before: Vec::new(),
            reopened_at: None,
            required: true,
        };
        entry.update(item);
        entry
    }

    /// Before an update: one that was closed and is owed again was open from its opening until it closed.
    fn note_reopening(&mut self, item: &Required<'_>, at: Timestamp) {
        if item.met.is_some() {
            return;
        }
        if let Some(closed) = &self.closed {
            let from = self.reopened_at.map_or(self.opened_at, |reopened| reopened.max(self.opened_at));
            self.open_before.push(Stretch { from, until: closed.value });
            self.reopened_at = Some(at);
        }
    }

    fn update(&mut self, item: Required<'_>) {
        let status = if item.met.is_some() { DeficiencyStatus::Satisfied } else { DeficiencyStatus::Open };
        // Who owed it when it was done stays so. While it is owed the present answer counts; so it does where
        // nobody was known, or where it turns out to have been done before it was asked for.
        let done_early = item.met.as_ref().is_some_and(|met| met.value <= item.arose_at);
        let stays = match self.status {
            DeficiencyStatus::Open => status == DeficiencyStatus::Satisfied && !done_early,
            _ => status == self.status,
        };
        if !stays || self.responsible.is_none() {
            if self.responsible.as_ref() != item.responsible {
                self.responsible = item.responsible.cloned();
            }
            self.because = item.because;
        }
        self.anchor = item.anchor;
        self.opened_at = item.arose_at;
        self.status = status;
        // Done early is done when it was asked for.
        self.closed = item.met.map(|met| Known { value: met.value.max(item.arose_at), ..met });
        self.required = true;
    }
}

/// What a rule requires of the chart at this moment.
fn required<'a>(chart: &'a Chart, rule: &'a Rule, now: Timestamp) -> Vec<Required<'a>> {
    if !chart.stands() {
        return Vec::new();
    }
    match &rule.requires {
        Requirement::EncounterDocumentSigned(kind) => once(chart, rule, kind, now, |document| {
            document.signed().map(|known| Known { value: known.value.at, from: known.from.clone() })
        }),
        Requirement::EncounterDocumentPresent(kind) => {
            once(chart, rule, kind, now, |document| document.present.clone())
        }
        Requirement::DocumentPerProcedure(kind) => per_procedure(chart, rule, kind, now),
        Requirement::DocumentSigned(kind) => per_document(chart, rule, kind, signature),
        Requirement::DocumentCosigned(kind) => per_document(chart, rule, kind, cosignature),
        Requirement::ChartComplete => Vec::new(),
    }
}

fn documents<'a>(chart: &'a Chart, kind: &'a DocumentType) -> impl Iterator<Item = &'a Document> {
    chart.documents.values().filter(move |document| document.counts() && document.document_type == *kind)
}

/// A document that is required once per encounter.
fn once<'a>(
    chart: &'a Chart,
    rule: &'a Rule,
    kind: &'a DocumentType,
    now: Timestamp,
    met_by: impl Fn(&Document) -> Option<Known<Timestamp>>,
) -> Vec<Required<'a>> {
    let met = documents(chart, kind).filter_map(&met_by).min_by_key(|met| met.value);
    let duty = if rule.anchor == Anchor::Discharge {
        discharged(chart, rule).map(|known| Duty {
            anchor: known.clone(),
            arose_at: known.value,
            ended_at: None,
        })
    } else {
        // One that was done before it ended stays done; else the one that runs counts.
        let done_in_time = |ended: Timestamp| met.as_ref().is_some_and(|met| met.value <= ended);
        duties(chart, rule, now).into_iter().find(|duty| duty.ended_at.is_none_or(done_in_time))
    };
    let Some(Duty { anchor, arose_at, .. }) = duty else { return Vec::new() };
    let begun = documents(chart, kind)
        .filter(|document| met_by(document).is_none())
        .min_by_key(|document| document.originated_at);
    let (responsible, because) = responsible(chart, rule, begun, None);
    vec![Required { subject: None, anchor, arose_at, responsible, because, met }]
}

/// The discharge, when the rule's classes, length of stay and deaths say that it counts.
fn discharged<'a>(chart: &'a Chart, rule: &Rule) -> Option<&'a Known<Timestamp>> {
    let discharged = chart.discharged.as_ref().filter(|_| chart.stands())?;
    let class = chart.class()?;
    let applies = &rule.applies;
    if chart.died && applies.deaths_in.contains(class) {
        return Some(discharged);
    }
    let long_enough = match (applies.stay_at_least_hours, &chart.admitted) {
        // A discharge before the admission is somebody's mistake: the length of the stay is not known.
        (Some(hours), Some(admitted)) if admitted.value <= discharged.value => {
            discharged.value.duration_since(admitted.value) >= SignedDuration::from_hours(hours.into())
        }
        _ => true,
    };
    (applies.classes.contains(class) && long_enough).then_some(discharged)
}

/// A stretch of the visit in which a document is owed.
struct Duty {
    anchor: Known<Timestamp>,
    arose_at: Timestamp,
    ended_at: Option<Timestamp>,
}

/// The stretches of the visit in which the rule asks for its document. One that runs is not restarted by a
/// change of class; it ends where the patient comes into a class that does not ask for the document, or, in
/// observation, not yet.
fn duties(chart: &Chart, rule: &Rule, now: Timestamp) -> Vec<Duty> {
    let mut duties: Vec<Duty> = Vec::new();
    for stay in &chart.stays {
        let threshold = rule.applies.observation_longer_than_hours;
        let threshold = threshold.filter(|_| stay.class == EncounterClass::Observation);
        let asks_for_it = rule.applies.classes.contains(&stay.class);
        let running = duties.last_mut().filter(|duty| duty.ended_at.is_none());
        let arose_at = match (asks_for_it, threshold) {
            (true, None) if running.is_some() => continue,
            (true, None) => Some(stay.began.value),
            (true, Some(hours)) => lasted(stay, hours, now),
            (false, _) => None,
        };
        if let Some(running) = running {
            running.ended_at = Some(stay.began.value);
        }
        let anchor = stay.began.clone();
        duties.extend(arose_at.map(|arose_at| Duty { anchor, arose_at, ended_at: None }));
    }
    duties
}

/// The instant at which the stay had lasted that long, if it did.
fn lasted(stay: &Stay, hours: u16, now: Timestamp) -> Option<Timestamp> {
    after_hours(stay, hours).filter(|due| stay.ended_at.map_or(now >= *due, |ended| ended > *due))
}

/// A document that is required for every procedure: each document answers for one procedure.
fn per_procedure<'a>(
    chart: &'a Chart,
    rule: &'a Rule,
    kind: &'a DocumentType,
    now: Timestamp,
) -> Vec<Required<'a>> {
    if !chart.class().is_some_and(|class| rule.applies.classes.contains(class)) {
        return Vec::new();
    }
    reports_by_procedure(chart, kind)
        .into_iter()
        .filter(|(procedure, _)| procedure.value.ended_at <= now)
        .map(|(procedure, report)| {
            let (responsible, because) = responsible(chart, rule, None, Some(&procedure.value));
            Required {
                subject: Some(&procedure.value.id),
                anchor: Known { value: procedure.value.ended_at, from: procedure.from.clone() },
                arose_at: procedure.value.ended_at,
                responsible,
                because,
                met: report.and_then(|report| report.present.clone()),
            }
        })
        .collect()
}

/// The procedures in order of time, each with the report about it.
fn reports_by_procedure<'a>(
    chart: &'a Chart,
    kind: &'a DocumentType,
) -> Vec<(&'a Known<Procedure>, Option<&'a Document>)> {
    let mut answered: Vec<(&Known<Procedure>, Option<&Document>)> =
        chart.procedures.values().map(|procedure| (procedure, None)).collect();
    answered.sort_by_key(|(procedure, _)| procedure.value.ended_at);
    let mut reports: Vec<&Document> =
        documents(chart, kind).filter(|report| report.present.is_some()).collect();
    reports.sort_by_key(|report| report.activity_at.unwrap_or(report.originated_at));
    // First by what a report says it is about: its activity time (TXA-4) lies in one procedure, and then it is
    // about no other.
    reports.retain(|report| {
        let during = |procedure: &Procedure| {
            report.activity_at.is_some_and(|at| (procedure.started_at..=procedure.ended_at).contains(&at))
        };
        let about = answered.iter_mut().find(|(procedure, _)| during(&procedure.value));
        about.map(|(_, answer)| answer.get_or_insert(report)).is_none()
    });
    // Then a surgeon's report is about the surgeon's own earliest procedure without one; then whoever wrote it.
    let own = |report: &Document, procedure: &Procedure| {
        let people = report.originator.iter().chain(&report.authenticators);
        procedure
            .surgeon
            .as_ref()
            .is_some_and(|surgeon| people.into_iter().any(|person| surgeon.same_id(person)))
    };
    let anyone = |_: &Document, _: &Procedure| true;
    for fits in [&own as &dyn Fn(&Document, &Procedure) -> bool, &anyone] {
        reports.retain(|report| {
            // What was written before a procedure began is not about it.
            let open = answered.iter_mut().find(|(procedure, answer)| {
                answer.is_none()
                    && report.originated_at >= procedure.value.started_at
                    && fits(report, &procedure.value)
            });
            open.map(|(_, answer)| *answer = Some(report)).is_none()
        });
    }
    answered
}

/// What is required of every document of a type.
fn per_document<'a>(
    chart: &'a Chart,
    rule: &'a Rule,
    kind: &'a DocumentType,
    of: impl Fn(&Chart, &Document) -> Option<(Known<Timestamp>, Option<Known<Timestamp>>)>,
) -> Vec<Required<'a>> {
    if !chart.class().is_some_and(|class| rule.applies.classes.contains(class)) {
        return Vec::new();
    }
    let procedures = if rule.responsible.contains(&ResponsibleStep::Surgeon) {
        reports_by_procedure(chart, kind)
    } else {
        Vec::new()
    };
    let about = |document: &Document| {
        let answered = procedures
            .iter()
            .find(|(_, report)| report.is_some_and(|report| report.number == document.number));
        answered.map(|(procedure, _)| &procedure.value)
    };
    documents(chart, kind)
        .filter_map(|document| {
            let (anchor, met) = of(chart, document)?;
            let (responsible, because) = responsible(chart, rule, Some(document), about(document));
            Some(Required {
                subject: Some(&document.number),
                arose_at: anchor.value,
                anchor,
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
    let anchor = Known { value: signed.value.at, from: signed.from.clone() };
    let own = |person: &Person| document.originator.as_ref().is_some_and(|author| author.same_id(person));
    let met = document.cosigned(|person| match document.assigned_cosigner() {
        Some(cosigner) => cosigner.same_id(person),
        // Nobody is assigned: an attending of record, whoever that was when the signature was given.
        None => !own(person) && chart.attendings.iter().any(|attending| attending.same_id(person)),
    });
    Some((anchor, met))
}

/// Who owes it, and which step decided. A provider without an identifier cannot be held responsible, so the
/// search goes on.
fn responsible<'a>(
    chart: &'a Chart,
    rule: &Rule,
    document: Option<&'a Document>,
    procedure: Option<&'a Procedure>,
) -> (Option<&'a Person>, &'static str) {
    let step = |step: &ResponsibleStep| match step {
        ResponsibleStep::AuthorOrAuthenticator => {
            let (author, authenticator) = (document?.originator.as_ref(), document?.authenticators.first());
            if document?.assigned_cosigner().is_some() {
                return Some((author?, "author of the document (TXA-9); TXA-10 is to cosign"));
            }
            match identified(authenticator) {
                Some(person) => Some((person, "assigned authenticator of the document (TXA-10)")),
                None => Some((author?, "originator of the document (TXA-9)")),
            }
        }
        ResponsibleStep::AuthorOfUnfinished => {
            let begun = document.filter(|document| document.unfinished())?;
            Some((begun.originator.as_ref()?, "originator of the document that was begun (TXA-9)"))
        }
        ResponsibleStep::Cosigner => {
            Some((document?.assigned_cosigner()?, "assigned authenticator who is not the author (TXA-10)"))
        }
        ResponsibleStep::Surgeon => Some((procedure?.surgeon.as_ref()?, "surgeon of record (PR1-11)")),
        ResponsibleStep::Attending => Some((chart.attending.as_ref()?, "attending of record (PV1-7)")),
        ResponsibleStep::Admitting => Some((chart.admitting.as_ref()?, "admitting provider (PV1-17)")),
    };
    let found = rule.responsible.iter().filter_map(step).find(|(person, _)| person.id.is_some());
    found.map_or((None, "no message names anybody with an identifier: unassigned"), |(person, because)| {
        (Some(person), because)
    })
}

fn identified(person: Option<&Person>) -> Option<&Person> {
    person.filter(|person| person.id.is_some())
}
