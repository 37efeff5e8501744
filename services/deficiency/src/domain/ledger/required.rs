//! What a rule requires of the chart at one moment.

use std::borrow::Cow;

use countersign_contracts::chart::{DocumentType, EncounterClass};
use countersign_kernel::{Person, Timestamp, end_of_local_day};
use jiff::SignedDuration;

use super::{
    Context,
    procedures::{consultations, reports_by_procedure},
    responsible::{About, responsible},
    waking::after_hours,
};
use crate::domain::{
    chart::{Chart, Known, Stay},
    document::Document,
    events::Waits,
    reference::same_person,
    rules::{Anchor, Requirement, ResponsibleStep, Rule},
};

/// A requirement as a rule sees it at one moment.
pub(super) struct Required<'a> {
    /// The document, procedure, order or day that it is about; nothing for the encounter itself.
    pub(super) subject: Option<Cow<'a, str>>,
    /// What the limit counts from; nothing while it waits for somebody else.
    pub(super) anchor: Option<Known<Timestamp>>,
    /// For what it waits.
    pub(super) waits_for: Option<Waits>,
    /// Since when it can be seen, waiting or not.
    pub(super) known_since: Timestamp,
    /// Since when it is owed; while it waits, since when it can be seen.
    pub(super) arose_at: Timestamp,
    pub(super) responsible: Option<Cow<'a, Person>>,
    pub(super) because: Cow<'static, str>,
    pub(super) met: Option<Known<Timestamp>>,
}

impl<'a> Required<'a> {
    /// Owed since its anchor.
    pub(super) fn since(
        subject: Option<Cow<'a, str>>,
        anchor: Known<Timestamp>,
        met: Option<Known<Timestamp>>,
    ) -> Self {
        let arose_at = anchor.value;
        Self {
            subject,
            anchor: Some(anchor),
            waits_for: None,
            known_since: arose_at,
            arose_at,
            responsible: None,
            because: Cow::Borrowed(""),
            met,
        }
    }

    pub(super) fn owed_by(
        mut self,
        person: Option<Cow<'a, Person>>,
        because: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.responsible = person;
        self.because = because.into();
        self
    }
}

/// What a rule requires of the chart at this moment.
pub(super) fn required<'a>(
    chart: &'a Chart,
    rule: &Rule,
    context: &Context<'_>,
    now: Timestamp,
) -> Vec<Required<'a>> {
    let applies = &rule.applies;
    if !chart.stands()
        || !applies.to_stay(
            &context.encounter.facility,
            chart.service.as_deref(),
            chart.disposition.as_deref(),
        )
    {
        return Vec::new();
    }
    let asks = Asks { chart, rule, context, now };
    match &rule.requires {
        Requirement::EncounterDocumentSigned(kinds) => asks.once(kinds, |document| {
            document.signed().map(|known| Known { value: known.value.at, from: known.from.clone() })
        }),
        Requirement::EncounterDocumentPresent(kinds) => asks.once(kinds, |document| document.present.clone()),
        Requirement::ChartComplete => Vec::new(),
        _ if !chart.class().is_some_and(|class| applies.classes.contains(class)) => Vec::new(),
        Requirement::DocumentPerProcedure(kinds) => asks.per_procedure(kinds),
        Requirement::DocumentBeforeProcedure(kinds) => asks.before_procedure(kinds),
        Requirement::DocumentPerConsultation(kinds) => asks.per_consultation(kinds),
        Requirement::DocumentPerTransfer(kinds) => asks.per_transfer(kinds),
        Requirement::DocumentPerDay(kinds) => asks.per_day(kinds),
        Requirement::DocumentSigned(kinds) => {
            asks.per_document(kinds, |document| Some(Asks::signature(document)))
        }
        Requirement::DocumentCosigned(kinds) => {
            asks.per_document(kinds, |document| asks.cosignature(document))
        }
        Requirement::OrderAuthenticated => asks.per_order(),
    }
}

/// A requirement on one document: its anchor, what it waits for meanwhile, and what met it.
type OfDocument = (Option<Known<Timestamp>>, Option<Waits>, Option<Known<Timestamp>>);

struct Asks<'a, 'r> {
    chart: &'a Chart,
    rule: &'r Rule,
    context: &'r Context<'r>,
    now: Timestamp,
}

pub(super) fn documents<'a, 'k>(
    chart: &'a Chart,
    kinds: &'k [DocumentType],
) -> impl Iterator<Item = &'a Document> + use<'a, 'k> {
    chart
        .documents
        .values()
        .filter(move |document| document.counts() && kinds.contains(&document.document_type))
}

impl<'a> Asks<'a, '_> {
    fn owed(&self, item: Required<'a>, about: About<'a>) -> Required<'a> {
        let arose_at = item.arose_at;
        let (person, because) = responsible(self.chart, self.rule, self.context, about, arose_at, self.now);
        item.owed_by(person, because)
    }

    /// A document that is required once per encounter.
    fn once(
        &self,
        kinds: &[DocumentType],
        met_by: impl Fn(&Document) -> Option<Known<Timestamp>>,
    ) -> Vec<Required<'a>> {
        let met = documents(self.chart, kinds).filter_map(&met_by).min_by_key(|met| met.value);
        let duty = if self.rule.anchor == Anchor::Discharge {
            discharged(self.chart, self.rule, self.context).map(|known| Duty {
                anchor: known.clone(),
                arose_at: known.value,
                ended_at: None,
            })
        } else {
            // One that was done before it ended stays done; else the one that runs counts.
            let done_in_time = |ended: Timestamp| met.as_ref().is_some_and(|met| met.value <= ended);
            duties(self.chart, self.rule, self.now)
                .into_iter()
                .find(|duty| duty.ended_at.is_none_or(done_in_time))
                .filter(|_| self.follows_an_older_history())
        };
        let Some(Duty { anchor, arose_at, .. }) = duty else { return Vec::new() };
        let begun = documents(self.chart, kinds)
            .filter(|document| met_by(document).is_none())
            .min_by_key(|document| document.originated_at);
        let item = Required { arose_at, known_since: arose_at, ..Required::since(None, anchor, met) };
        vec![self.owed(item, About { document: begun, ..About::default() })]
    }

    /// Whether a history and physical was written so many days before the admission, where the rule asks for
    /// that.
    fn follows_an_older_history(&self) -> bool {
        let Some(days) = self.rule.applies.prior_history_days else { return true };
        let Some(admitted) = &self.chart.admitted else { return false };
        let before = SignedDuration::from_hours(24 * i64::from(days));
        let earliest = admitted.value.saturating_sub(before).unwrap_or(Timestamp::MIN);
        documents(self.chart, &[DocumentType::HistoryAndPhysical]).any(|history| {
            let written = history.activity_at.unwrap_or(history.originated_at);
            (earliest..admitted.value).contains(&written)
        })
    }

    /// A document that is required for every procedure: each document answers for one procedure.
    fn per_procedure(&self, kinds: &[DocumentType]) -> Vec<Required<'a>> {
        let concerned = |procedure: &_| self.rule.applies.to_procedure(procedure);
        reports_by_procedure(self.chart, kinds, &concerned, self.context.directory)
            .into_iter()
            .filter(|(procedure, _)| procedure.value.ended_at <= self.now)
            .map(|(procedure, report)| {
                let anchor = Known { value: procedure.value.ended_at, from: procedure.from.clone() };
                let met = report.and_then(|report| report.present.clone());
                let item = Required::since(Some(Cow::Borrowed(&procedure.value.id)), anchor, met);
                self.owed(item, About { procedure: Some(&procedure.value), ..About::default() })
            })
            .collect()
    }

    /// A document that must be there when a procedure begins.
    fn before_procedure(&self, kinds: &[DocumentType]) -> Vec<Required<'a>> {
        let met = documents(self.chart, kinds)
            .filter_map(|document| document.present.clone())
            .min_by_key(|met| met.value);
        let procedures = self.chart.procedures.values();
        procedures
            .filter(|known| {
                known.value.started_at <= self.now && self.rule.applies.to_procedure(&known.value)
            })
            .map(|procedure| {
                let anchor = Known { value: procedure.value.started_at, from: procedure.from.clone() };
                let item = Required::since(Some(Cow::Borrowed(&procedure.value.id)), anchor, met.clone());
                self.owed(item, About { procedure: Some(&procedure.value), ..About::default() })
            })
            .collect()
    }

    /// The report of every consultation that was held.
    fn per_consultation(&self, kinds: &[DocumentType]) -> Vec<Required<'a>> {
        consultations(self.chart, kinds, self.context.directory)
            .into_iter()
            .map(|(order, held, report)| {
                let signed = report.and_then(Document::signed);
                let met = signed.map(|known| Known { value: known.value.at, from: known.from.clone() });
                let item = Required::since(Some(Cow::Borrowed(&order.number)), held.clone(), met);
                self.owed(item, About { order: Some(order), document: report, ..About::default() })
            })
            .collect()
    }

    /// A summary for every move to another service.
    fn per_transfer(&self, kinds: &[DocumentType]) -> Vec<Required<'a>> {
        let mut written: Vec<&Known<Timestamp>> =
            documents(self.chart, kinds).filter_map(|document| document.present.as_ref()).collect();
        written.sort_by_key(|present| present.value);
        let mut items = Vec::new();
        for (number, moved) in self.chart.moves.iter().enumerate() {
            // A summary written up to a day before the move is about it.
            let about = |present: &&Known<Timestamp>| {
                present.value
                    >= moved.value.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(moved.value)
            };
            let met = written.iter().position(about).map(|found| written.remove(found).clone());
            let item =
                Required::since(Some(Cow::Owned(format!("transfer {}", number + 1))), moved.clone(), met);
            items.push(self.owed(item, About::default()));
        }
        items
    }

    /// A note for every whole calendar day of the stay, once that day is over.
    fn per_day(&self, kinds: &[DocumentType]) -> Vec<Required<'a>> {
        let zone = self.context.zone;
        let day_of = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let mut items: Vec<Required<'a>> = Vec::new();
        for stay in self.chart.stays.iter().filter(|stay| self.rule.applies.classes.contains(&stay.class)) {
            let last = stay.ended_at.unwrap_or(self.now);
            let mut day = day_of(stay.began.value);
            while let Ok(next) = day.tomorrow() {
                day = next;
                let Ok(noon) = day.at(12, 0, 0, 0).to_zoned(zone.clone()) else { break };
                let end = end_of_local_day(noon.timestamp(), zone);
                // The day of discharge asks for nothing, and today not yet.
                if end > last || end > self.now {
                    break;
                }
                let subject = day.to_string();
                if items.iter().any(|item| item.subject.as_deref() == Some(subject.as_str())) {
                    continue;
                }
                let met = documents(self.chart, kinds)
                    .filter(|note| day_of(note.activity_at.unwrap_or(note.originated_at)) == day)
                    .filter_map(|note| note.present.clone())
                    .min_by_key(|met| met.value);
                let anchor = Known { value: end, from: stay.began.from.clone() };
                let item = Required::since(Some(Cow::Owned(subject)), anchor, met);
                items.push(self.owed(item, About::default()));
            }
        }
        items
    }

    /// The authentication of every order that was spoken.
    fn per_order(&self) -> Vec<Required<'a>> {
        let spoken = self.chart.orders.values().filter(|order| order.mode.spoken() && !order.cancelled);
        spoken
            .map(|order| {
                let signed = order.authenticated.as_ref();
                let met = signed.map(|known| Known { value: known.value.at, from: known.from.clone() });
                let subject = Some(Cow::Borrowed(order.number.as_str()));
                let item = Required::since(subject, order.placed.clone(), met);
                self.owed(item, About { order: Some(order), ..About::default() })
            })
            .collect()
    }

    /// What is required of every document of a type.
    fn per_document(
        &self,
        kinds: &[DocumentType],
        of: impl Fn(&'a Document) -> Option<OfDocument>,
    ) -> Vec<Required<'a>> {
        let procedures = if self.rule.responsible.contains(&ResponsibleStep::Surgeon) {
            reports_by_procedure(self.chart, kinds, &|_| true, self.context.directory)
        } else {
            Vec::new()
        };
        let about = |document: &Document| {
            let answered = procedures
                .iter()
                .find(|(_, report)| report.is_some_and(|report| report.number == document.number));
            answered.map(|(procedure, _)| &procedure.value)
        };
        let trainee = self.rule.applies.trainee_author;
        documents(self.chart, kinds)
            .filter(|document| trainee.is_none_or(|wanted| document.trainee_author == wanted))
            .filter_map(|document| {
                let present = document.present.as_ref()?;
                let (anchor, waits_for, met) = of(document)?;
                // One that replaces another is there since it was sent, whatever it stands for.
                let known_since = present.value.max(document.originated_at);
                let arose_at = anchor.as_ref().map_or(known_since, |anchor| anchor.value);
                let item = Required {
                    subject: Some(Cow::Borrowed(document.number.as_str())),
                    known_since: known_since.min(arose_at),
                    arose_at,
                    waits_for,
                    anchor,
                    responsible: None,
                    because: Cow::Borrowed(""),
                    met,
                };
                Some(self.owed(
                    item,
                    About { document: Some(document), procedure: about(document), ..About::default() },
                ))
            })
            .collect()
    }

    fn signature(document: &Document) -> OfDocument {
        let Some(available) = document.available.clone() else {
            return (None, Some(Waits::Transcription), None);
        };
        let signed = document.signed().map(|known| Known { value: known.value.at, from: known.from.clone() });
        (Some(available), None, signed)
    }

    fn cosignature(&self, document: &Document) -> Option<OfDocument> {
        if !document.needs_cosigner() {
            return None;
        }
        // Dormant until the author has signed.
        let Some(signed) = document.signed() else { return Some((None, Some(Waits::AuthorSignature), None)) };
        let anchor = Known { value: signed.value.at, from: signed.from.clone() };
        let directory = self.context.directory;
        let own = |person: &Person| {
            document.originator.as_ref().is_some_and(|author| same_person(directory, author, person))
        };
        let given = |person: &Person| {
            self.context.assigned.iter().any(|(item, to)| {
                item.rule == self.rule.id
                    && item.subject.as_deref() == Some(document.number.as_str())
                    && same_person(directory, to, person)
            })
        };
        let met = document.cosigned(|person| match document.assigned_cosigner() {
            _ if given(person) && !own(person) => true,
            Some(cosigner) => same_person(directory, cosigner, person),
            // Nobody is assigned: an attending of record, whoever that was when the signature was given.
            None => {
                !own(person)
                    && self.chart.attendings.iter().any(|attending| same_person(directory, attending, person))
            }
        });
        Some((Some(anchor), None, met))
    }
}

/// The discharge, when the rule's conditions on the stay say that it counts.
pub(super) fn discharged<'a>(
    chart: &'a Chart,
    rule: &Rule,
    context: &Context<'_>,
) -> Option<&'a Known<Timestamp>> {
    let discharged = chart.discharged.as_ref().filter(|_| chart.stands())?;
    let class = chart.class()?;
    let applies = &rule.applies;
    let facility = &context.encounter.facility;
    if !applies.to_stay(facility, chart.service.as_deref(), chart.disposition.as_deref())
        || applies.died.is_some_and(|died| died != chart.died)
    {
        return None;
    }
    if chart.died && applies.deaths_in.contains(class) {
        return Some(discharged);
    }
    // A discharge before the admission is somebody's mistake: the length of the stay is not known.
    let stay = chart
        .admitted
        .as_ref()
        .filter(|admitted| admitted.value <= discharged.value)
        .map(|admitted| discharged.value.duration_since(admitted.value));
    let hours = |hours: u16| SignedDuration::from_hours(hours.into());
    let long_enough =
        applies.stay_at_least_hours.is_none_or(|least| stay.is_none_or(|stay| stay >= hours(least)));
    let short_enough =
        applies.stay_under_hours.is_none_or(|most| stay.is_some_and(|stay| stay < hours(most)));
    (applies.classes.contains(class) && long_enough && short_enough).then_some(discharged)
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
