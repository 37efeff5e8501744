//! What the facts mean, taken in the order in which they happened: the visit as it stood at an instant.

use std::collections::BTreeMap;

use countersign_contracts::{
    chart::{ChartFact, EncounterClass, EncounterKey, Procedure, VisitSnapshot, What},
    patient::PatientId,
};
use countersign_kernel::{MessageId, Person, Phi, Timestamp};

use super::{
    document::{self, Document},
    events::{FactRef, Stage},
};

/// A value with the fact that gave it.
#[derive(Debug, Clone, PartialEq)]
pub struct Known<T> {
    /// The value.
    pub value: T,
    /// Where it is from.
    pub from: FactRef,
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
    /// The patient died in this stay.
    pub died: bool,
    /// Attending of record.
    pub attending: Option<Known<Person>>,
    /// Admitting provider.
    pub admitting: Option<Known<Person>>,
    /// Location as sent.
    pub location: Option<String>,
    /// Hospital service.
    pub service: Option<String>,
    /// Patient identifier.
    pub patient: Option<PatientId>,
    /// Patient name.
    pub patient_name: Option<Phi<String>>,
    /// Procedures by identity.
    pub procedures: BTreeMap<String, Known<Procedure>>,
    /// Documents by number.
    pub documents: BTreeMap<String, Document>,
    /// The visit continues under this number.
    pub continues_as: Option<EncounterKey>,
    /// What needs somebody's eye.
    pub findings: Vec<String>,
}

impl Chart {
    /// The class the visit is in now, or was in when it ended.
    pub fn class(&self) -> Option<&EncounterClass> {
        self.stays.last().map(|stay| &stay.class)
    }

    /// Takes one more fact.
    pub fn take(&mut self, message: MessageId, fact: &ChartFact) {
        let reference = |says: &str| FactRef {
            says: says.to_owned(),
            message,
            trigger: fact.trigger.clone(),
            occurred_at: fact.occurred_at,
        };
        if self.stage == Stage::Cancelled && fact.what == What::Opened {
            // The same visit number is used again: a new visit begins with nothing but its documents' ledger.
            *self = Self::default();
        }
        self.remember_people_and_places(&fact.visit, &reference);
        match &fact.what {
            What::Preadmitted => {
                if self.stage == Stage::Inferred {
                    self.stage = Stage::Preadmitted;
                }
            }
            What::Opened => {
                if matches!(self.stage, Stage::Inferred | Stage::Preadmitted) {
                    self.stage = Stage::Open;
                }
                self.admit(fact, &reference);
            }
            What::ClassChanged => {
                if matches!(self.stage, Stage::Inferred | Stage::Preadmitted) {
                    self.stage = Stage::Open;
                }
                self.change_class(fact, &reference);
            }
            What::Transferred | What::TransferCancelled => self.infer_class(fact, &reference),
            What::Discharged { at, from, date_only } => {
                self.infer_class(fact, &reference);
                self.discharge(*at, reference(&format!("discharge ({from})")));
                if *date_only {
                    self.note("the discharge came as a date without a time: the end of that day counts");
                }
            }
            What::DischargeCancelled => {
                self.discharged = None;
                self.died = false;
                if self.stage == Stage::Discharged {
                    self.stage = Stage::Open;
                }
                if let Some(stay) = self.stays.last_mut() {
                    stay.ended_at = None;
                }
            }
            What::Cancelled => {
                self.stage = Stage::Cancelled;
                self.discharged = None;
            }
            What::Updated { discharged_at } => {
                self.infer_class(fact, &reference);
                self.correct_admission(fact, &reference);
                // An update corrects a discharge that is known; it never makes one.
                if let (Some(at), Some(known)) = (discharged_at.value(), &self.discharged)
                    && known.value != *at
                {
                    self.discharge(*at, reference("discharge corrected (PV1-45)"));
                }
            }
            What::Renumbered { to } => {
                self.stage = Stage::Renumbered;
                self.continues_as = Some(to.clone());
            }
            What::Document(fact_of_document) => {
                self.infer_class(fact, &reference);
                document::take(&mut self.documents, fact_of_document, fact.occurred_at, &reference);
            }
        }
    }

    fn remember_people_and_places(&mut self, visit: &VisitSnapshot, reference: &dyn Fn(&str) -> FactRef) {
        let person = |field: &countersign_contracts::Field<Person>, says: &str, known: &mut Option<Known<Person>>| {
            use countersign_contracts::Field;
            match field {
                Field::Absent => {}
                Field::Null => *known = None,
                Field::Value(person) if known.as_ref().is_some_and(|known| known.value == *person) => {}
                Field::Value(person) => {
                    *known = Some(Known { value: person.clone(), from: reference(says) });
                }
            }
        };
        person(&visit.attending, "attending of record (PV1-7)", &mut self.attending);
        person(&visit.admitting, "admitting provider (PV1-17)", &mut self.admitting);
        visit.location.apply_to(&mut self.location);
        visit.service.apply_to(&mut self.service);
        if visit.patient.is_some() {
            self.patient.clone_from(&visit.patient);
        }
        if visit.patient_name.is_some() {
            self.patient_name.clone_from(&visit.patient_name);
        }
        if let Some(died) = visit.died.value() {
            self.died = *died;
        }
        for procedure in &visit.procedures {
            match self.procedures.get_mut(&procedure.id) {
                Some(known) if known.value == *procedure => {}
                Some(known) => known.value = procedure.clone(),
                None => {
                    let known = Known { value: procedure.clone(), from: reference("procedure (PR1)") };
                    self.procedures.insert(procedure.id.clone(), known);
                }
            }
        }
    }

    fn admit(&mut self, fact: &ChartFact, reference: &dyn Fn(&str) -> FactRef) {
        let (at, says) = match fact.visit.admitted_at.value() {
            Some(at) => (*at, "admission (PV1-44)".to_owned()),
            None => (fact.occurred_at, format!("admission ({})", fact.occurred_from)),
        };
        self.admitted = Some(Known { value: at, from: reference(&says) });
        let class = self.class_of(fact);
        match (self.stays.first_mut(), class) {
            // A second registration message for a visit that is under way corrects its beginning.
            (Some(first), class) => {
                first.began.value = at;
                if let Some(class) = class
                    && self.stays.len() == 1
                {
                    self.stays[0].class = class;
                }
            }
            (None, Some(class)) => self.begin(class, at, reference(&says)),
            (None, None) => self.note("the admission names no encounter class (PV1-2)"),
        }
    }

    fn correct_admission(&mut self, fact: &ChartFact, reference: &dyn Fn(&str) -> FactRef) {
        let Some(at) = fact.visit.admitted_at.value() else { return };
        if self.admitted.as_ref().is_none_or(|known| known.value != *at) {
            self.admitted = Some(Known { value: *at, from: reference("admission corrected (PV1-44)") });
            if let Some(first) = self.stays.first_mut() {
                first.began = Known { value: *at, from: reference("admission corrected (PV1-44)") };
            }
        }
    }

    fn change_class(&mut self, fact: &ChartFact, reference: &dyn Fn(&str) -> FactRef) {
        if let Some(class) = self.class_of(fact)
            && self.class() != Some(&class)
        {
            self.begin(class, fact.occurred_at, reference("change of encounter class"));
        }
        if self.admitted.is_none() {
            self.correct_admission(fact, reference);
        }
    }

    /// A visit that is known from a later message only takes its class and admission from that message.
    fn infer_class(&mut self, fact: &ChartFact, reference: &dyn Fn(&str) -> FactRef) {
        if self.stays.is_empty()
            && let Some(class) = self.class_of(fact)
        {
            let at = fact.visit.admitted_at.value().copied();
            self.begin(class, at.unwrap_or(fact.occurred_at), reference("encounter class (PV1-2)"));
        }
        if self.admitted.is_none()
            && let Some(at) = fact.visit.admitted_at.value()
        {
            self.admitted = Some(Known { value: *at, from: reference("admission (PV1-44)") });
        }
    }

    fn class_of(&mut self, fact: &ChartFact) -> Option<EncounterClass> {
        let class = fact.visit.class.value()?;
        if let EncounterClass::Unmapped(code) = class {
            self.note(&format!("encounter class `{code}` is not mapped: no rule applies until the profile maps it"));
        }
        Some(class.clone())
    }

    fn begin(&mut self, class: EncounterClass, at: Timestamp, from: FactRef) {
        if let Some(last) = self.stays.last_mut() {
            last.ended_at = Some(at);
        }
        let ended_at = self.discharged.as_ref().map(|known| known.value);
        self.stays.push(Stay { class, began: Known { value: at, from }, ended_at });
    }

    fn discharge(&mut self, at: Timestamp, from: FactRef) {
        if self.stage != Stage::Cancelled && self.stage != Stage::Renumbered {
            self.stage = Stage::Discharged;
        }
        if let Some(stay) = self.stays.last_mut() {
            stay.ended_at = Some(at);
        }
        self.discharged = Some(Known { value: at, from });
    }

    fn note(&mut self, finding: &str) {
        if !self.findings.iter().any(|known| known == finding) {
            self.findings.push(finding.to_owned());
        }
    }
}
