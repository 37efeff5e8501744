//! What the facts mean, taken in the order in which they happened: the visit as it stood at an instant.

use std::{borrow::Cow, collections::BTreeMap};

use countersign_contracts::{
    Field,
    chart::{ChartFact, EncounterClass, EncounterKey, Procedure, VisitSnapshot, What},
    patient::PatientId,
};
use countersign_kernel::{Person, Phi, Timestamp};

use super::{
    account::Account,
    document::{self, Document},
    events::{Stage, Stretch},
    order::{self, Order},
};

/// Which fact says something: its place in the order in which the facts happened, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Place in the order.
    pub fact: usize,
    /// What it establishes, e.g. `discharge (PV1-45)`.
    pub says: Cow<'static, str>,
}

impl Source {
    /// What the fact at this place says.
    pub fn new(fact: usize, says: impl Into<Cow<'static, str>>) -> Self {
        Self { fact, says: says.into() }
    }

    /// The same fact, in other words.
    #[must_use]
    pub fn saying(self, says: impl Into<Cow<'static, str>>) -> Self {
        Self { says: says.into(), ..self }
    }
}

/// A value with the fact that gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct Known<T> {
    /// The value.
    pub value: T,
    /// Where it is from.
    pub from: Source,
}

/// A stretch of the visit in one encounter class.
#[derive(Debug, Clone, PartialEq)]
pub struct Stay {
    /// The class.
    pub class: EncounterClass,
    /// When it began.
    pub began: Known<Timestamp>,
    /// When the next one began, or the patient left.
    pub ended_at: Option<Timestamp>,
}

/// The visit as it stood after the facts taken so far.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    /// Where the visit stands.
    pub stage: Stage,
    /// Stretches by class, in order.
    pub stays: Vec<Stay>,
    /// Admission (PV1-44, else the event time of the admission).
    pub admitted: Option<Known<Timestamp>>,
    /// Discharge.
    pub discharged: Option<Known<Timestamp>>,
    /// Discharges that were taken back.
    pub taken_back: Vec<Stretch>,
    /// The patient died in this stay.
    pub died: bool,
    /// Attending of record.
    pub attending: Option<Person>,
    /// Everybody who was attending of record so far, in order.
    pub attendings: Vec<Person>,
    /// Who was attending of record from when on.
    attending_since: Vec<(Timestamp, Option<Person>)>,
    /// Admitting provider.
    pub admitting: Option<Person>,
    /// Location as sent.
    pub location: Option<String>,
    /// Hospital service.
    pub service: Option<String>,
    /// Discharge disposition (PV1-36), as sent.
    pub disposition: Option<String>,
    /// Moves to another service while in the hospital.
    pub moves: Vec<Known<Timestamp>>,
    /// Patient identifier.
    pub patient: Option<PatientId>,
    /// Patient name.
    pub patient_name: Option<Phi<String>>,
    /// Procedures by identity.
    pub procedures: BTreeMap<String, Known<Procedure>>,
    /// Documents by number.
    pub documents: BTreeMap<String, Document>,
    /// Orders by number.
    pub orders: BTreeMap<String, Order>,
    /// Charges, and how far the bill is.
    pub account: Account,
    /// The visit continues under this number.
    pub continues_as: Option<EncounterKey>,
    /// What needs somebody's eye.
    pub findings: Vec<String>,
    /// The last fact changed something of the visit that a rule may look at.
    changed: bool,
}

impl Chart {
    /// The class the visit is in now, or was in when it ended.
    pub fn class(&self) -> Option<&EncounterClass> {
        self.stays.last().map(|stay| &stay.class)
    }

    /// Whether anything can be owed: not while the visit is only expected, nor once it was taken back or
    /// continues under another number.
    pub fn stands(&self) -> bool {
        !matches!(self.stage, Stage::Cancelled | Stage::Renumbered | Stage::Preadmitted)
    }

    /// Attending of record at an instant; before the first was named, the first.
    pub fn attending_at(&self, at: Timestamp) -> Option<&Person> {
        self.attending_as_of(|since| since <= at)
    }

    /// Attending of record up to an instant: who sends a patient that is transferred then.
    pub fn attending_before(&self, at: Timestamp) -> Option<&Person> {
        self.attending_as_of(|since| since < at)
    }

    fn attending_as_of(&self, by_then: impl Fn(Timestamp) -> bool) -> Option<&Person> {
        let known = self.attending_since.iter().rev().find(|(since, _)| by_then(*since));
        known.or(self.attending_since.first()).and_then(|(_, person)| person.as_ref())
    }

    /// Takes one more fact, the one at place `number` in the order. Returns whether it changed anything of the
    /// visit itself that a rule may look at; documents aside.
    pub fn take(&mut self, number: usize, fact: &ChartFact) -> bool {
        self.changed = false;
        if self.stage == Stage::Cancelled && fact.what == What::Opened {
            // The same visit number is used again: a new visit begins, with nothing of the old one.
            *self = Self { changed: true, ..Self::default() };
        }
        let service = self.service.clone();
        self.remember_people_and_places(number, fact);
        match &fact.what {
            What::Preadmitted => {
                if self.stage == Stage::Inferred {
                    self.enter(Stage::Preadmitted);
                }
            }
            What::Opened => {
                if matches!(self.stage, Stage::Inferred | Stage::Preadmitted) {
                    self.enter(Stage::Open);
                }
                self.admit(number, fact);
            }
            What::ClassChanged => {
                if matches!(self.stage, Stage::Inferred | Stage::Preadmitted) {
                    self.enter(Stage::Open);
                } else if self.stage == Stage::Renumbered {
                    // A later change names this number again: it is in use after all.
                    self.continues_as = None;
                    self.enter(if self.discharged.is_some() { Stage::Discharged } else { Stage::Open });
                }
                self.change_class(number, fact);
            }
            What::Transferred => {
                self.infer_class(number, fact);
                if service.is_some() && self.service != service {
                    let from = Source::new(number, "transfer to another service (PV1-10)");
                    self.moves.push(Known { value: fact.occurred_at, from });
                    self.changed = true;
                }
            }
            What::TransferCancelled => {
                self.infer_class(number, fact);
                if service != self.service && self.moves.pop().is_some() {
                    self.changed = true;
                }
            }
            What::Discharged { at, from, date_only } => {
                self.infer_class(number, fact);
                // A repeated message that does not itself say when the patient left does not re-date it.
                let stated = !matches!(from.as_str(), "EVN-2" | "MSH-7" | "received");
                if stated || self.discharged.is_none() {
                    self.discharge(*at, Source::new(number, format!("discharge ({from})")));
                }
                if *date_only {
                    self.note("the discharge came as a date without a time: the end of that day counts");
                }
            }
            What::DischargeCancelled => {
                self.take_back_discharge(fact.occurred_at);
                self.died = false;
                if self.stage == Stage::Discharged {
                    self.enter(Stage::Open);
                }
                if let Some(stay) = self.stays.last_mut() {
                    stay.ended_at = None;
                }
            }
            What::Cancelled => {
                self.enter(Stage::Cancelled);
                self.take_back_discharge(fact.occurred_at);
            }
            What::Updated { discharged_at } => {
                self.infer_class(number, fact);
                self.correct_admission(number, fact);
                // An update corrects a discharge that is known; it never makes one.
                if let (Some(at), Some(known)) = (discharged_at.value(), &self.discharged)
                    && known.value != *at
                {
                    self.discharge(*at, Source::new(number, "discharge corrected (PV1-45)"));
                }
            }
            What::Renumbered { to } => {
                self.enter(Stage::Renumbered);
                self.continues_as = Some(to.clone());
            }
            What::Document(fact_of_document) => {
                self.infer_class(number, fact);
                document::take(&mut self.documents, fact_of_document, number, fact.occurred_at);
            }
            What::Order(order) => {
                self.infer_class(number, fact);
                self.changed |= order::take(&mut self.orders, order, number, fact.occurred_at);
            }
            What::Charged(charge) => self.account.charge(charge),
            What::Account(account) => self.account.update(account),
        }
        self.changed
    }

    fn remember_people_and_places(&mut self, number: usize, fact: &ChartFact) {
        let visit: &VisitSnapshot = &fact.visit;
        let attending = self.attending.clone();
        for (field, known) in
            [(&visit.attending, &mut self.attending), (&visit.admitting, &mut self.admitting)]
        {
            let same = match field {
                Field::Absent => true,
                Field::Null => known.is_none(),
                Field::Value(person) => known.as_ref() == Some(person),
            };
            if !same {
                field.apply_to(known);
                self.changed = true;
            }
        }
        if let Some(attending) = self.attending.as_ref().filter(|_| self.changed)
            && !self.attendings.iter().any(|known| known == attending)
        {
            self.attendings.push(attending.clone());
        }
        if self.attending != attending {
            self.attending_since.push((fact.occurred_at, self.attending.clone()));
        }
        visit.location.apply_to(&mut self.location);
        let (service, disposition) = (self.service.clone(), self.disposition.clone());
        visit.service.apply_to(&mut self.service);
        visit.disposition.apply_to(&mut self.disposition);
        self.changed |= self.service != service || self.disposition != disposition;
        if visit.patient.is_some() {
            self.patient.clone_from(&visit.patient);
        }
        if visit.patient_name.is_some() {
            self.patient_name.clone_from(&visit.patient_name);
        }
        if let Some(died) = visit.died.value() {
            self.changed |= self.died != *died;
            self.died = *died;
        }
        for procedure in &visit.procedures {
            match self.procedures.get_mut(&procedure.id) {
                Some(known) if known.value == *procedure => continue,
                Some(known) => known.value = procedure.clone(),
                None => {
                    let from = Source::new(number, "procedure (PR1)");
                    self.procedures.insert(procedure.id.clone(), Known { value: procedure.clone(), from });
                }
            }
            self.changed = true;
        }
    }

    fn admit(&mut self, number: usize, fact: &ChartFact) {
        let (at, says) = match fact.visit.admitted_at.value() {
            Some(at) => (*at, "admission (PV1-44)".to_owned()),
            None => (fact.occurred_at, format!("admission ({})", fact.occurred_from)),
        };
        let began = Known { value: at, from: Source::new(number, says) };
        self.changed = true;
        self.admitted = Some(began.clone());
        let class = self.class_of(fact);
        match (self.stays.as_mut_slice(), class) {
            ([], Some(class)) => self.begin(class, began),
            ([], None) => self.note("the admission names no encounter class (PV1-2)"),
            // A second registration message for a visit that is under way corrects its beginning.
            ([only], Some(class)) => {
                only.class = class;
                only.began = began;
            }
            ([first, ..], _) => first.began = began,
        }
    }

    fn correct_admission(&mut self, number: usize, fact: &ChartFact) {
        let Some(at) = fact.visit.admitted_at.value() else { return };
        if self.admitted.as_ref().is_some_and(|known| known.value == *at) {
            return;
        }
        let admitted = Known { value: *at, from: Source::new(number, "admission corrected (PV1-44)") };
        self.changed = true;
        // An admission after the first stay is over speaks of a later one.
        if let Some(first) =
            self.stays.first_mut().filter(|first| first.ended_at.is_none_or(|ended| *at < ended))
        {
            first.began = admitted.clone();
        }
        self.admitted = Some(admitted);
    }

    fn change_class(&mut self, number: usize, fact: &ChartFact) {
        if let Some(class) = self.class_of(fact)
            && self.class() != Some(&class)
        {
            let from = Source::new(number, "change of encounter class");
            self.begin(class, Known { value: fact.occurred_at, from });
        }
        if self.admitted.is_none() {
            self.correct_admission(number, fact);
        }
    }

    /// A visit that is known from a later message only takes its class and admission from that message. A
    /// class that could not be mapped gives way to the first one that can.
    fn infer_class(&mut self, number: usize, fact: &ChartFact) {
        let admitted_at = fact.visit.admitted_at.value().copied();
        match self.stays.as_mut_slice() {
            [] => {
                if let Some(class) = self.class_of(fact) {
                    let from = Source::new(number, "encounter class (PV1-2)");
                    self.begin(class, Known { value: admitted_at.unwrap_or(fact.occurred_at), from });
                }
            }
            [.., last] if matches!(last.class, EncounterClass::Unmapped(_)) => {
                if let Some(class) = fact.visit.class.value().filter(|class| **class != last.class) {
                    last.class = class.clone();
                    self.changed = true;
                }
            }
            _ => {}
        }
        if let (None, Some(at)) = (&self.admitted, admitted_at) {
            self.admitted = Some(Known { value: at, from: Source::new(number, "admission (PV1-44)") });
            self.changed = true;
        }
    }

    fn class_of(&mut self, fact: &ChartFact) -> Option<EncounterClass> {
        let class = fact.visit.class.value()?;
        if let EncounterClass::Unmapped(code) = class {
            self.note(&format!(
                "encounter class `{code}` is not mapped: no rule applies until the profile maps it"
            ));
        }
        Some(class.clone())
    }

    fn begin(&mut self, class: EncounterClass, began: Known<Timestamp>) {
        if let Some(last) = self.stays.last_mut() {
            last.ended_at = Some(began.value);
        }
        let ended_at = self.discharged.as_ref().map(|known| known.value);
        self.stays.push(Stay { class, began, ended_at });
        self.changed = true;
    }

    fn discharge(&mut self, at: Timestamp, from: Source) {
        if !matches!(self.stage, Stage::Cancelled | Stage::Renumbered) {
            self.enter(Stage::Discharged);
        }
        if let Some(stay) = self.stays.last_mut() {
            stay.ended_at = Some(at);
        }
        if self.discharged.as_ref().is_none_or(|known| known.value != at) {
            self.set_discharged(Some(Known { value: at, from }));
        }
    }

    fn take_back_discharge(&mut self, at: Timestamp) {
        if let Some(discharged) = &self.discharged {
            self.taken_back.push(Stretch { from: discharged.value, until: at });
        }
        self.set_discharged(None);
    }

    fn set_discharged(&mut self, discharged: Option<Known<Timestamp>>) {
        self.changed |= self.discharged != discharged;
        self.discharged = discharged;
    }

    fn enter(&mut self, stage: Stage) {
        self.changed |= self.stage != stage;
        self.stage = stage;
    }

    fn note(&mut self, finding: &str) {
        if !self.findings.iter().any(|known| known == finding) {
            self.findings.push(finding.to_owned());
        }
    }
}
