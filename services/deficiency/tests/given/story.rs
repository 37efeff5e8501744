//! What is told about a visit, message by message.

use countersign_contracts::{
    Field,
    chart::{
        AccountFact, Charge, ChartFact, ChartFactsReported, CompletionStatus, DocumentAction, EncounterClass,
        EncounterKey, Procedure, VisitSnapshot, What,
    },
    patient::PatientId,
};
use countersign_kernel::{Cents, MessageId, Person, Phi, Timestamp};
use jiff::SignedDuration;

use super::{DocumentBuilder, Message, at, document::person};

/// The messages about one visit, in the order of the telling.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    encounter: EncounterKey,
    time_zone: String,
    now: Option<Timestamp>,
    messages: Vec<Message>,
}

/// A visit of which nothing is known yet, in a hospital that lives by UTC.
pub(crate) fn chart() -> Story {
    Story { encounter: key("V1"), time_zone: "UTC".to_owned(), now: None, messages: Vec::new() }
}

/// The visit with this number.
pub(crate) fn key(visit: &str) -> EncounterKey {
    EncounterKey { facility: "HOSP1".to_owned(), authority: "HOSP1".to_owned(), visit: visit.to_owned() }
}

impl Story {
    // ── where and when ────────────────────────────────────────────────────────────────────────────────────

    /// Another visit number.
    pub(crate) fn numbered(mut self, visit: &str) -> Self {
        self.encounter = key(visit);
        self
    }

    /// Another time zone, by its IANA name.
    pub(crate) fn in_zone(mut self, name: &str) -> Self {
        name.clone_into(&mut self.time_zone);
        self
    }

    /// The present moment; without it time stands still after the last message.
    pub(crate) fn looked_at(mut self, now: &str) -> Self {
        self.now = Some(at(now));
        self
    }

    // ── what happens to the visit ─────────────────────────────────────────────────────────────────────────

    pub(crate) fn fact(mut self, trigger: &str, when: &str, what: What) -> Self {
        let occurred_at = at(when);
        let count = self.messages.len().to_string();
        let received_at = occurred_at + SignedDuration::from_secs(30);
        let fact = ChartFact {
            trigger: trigger.to_owned(),
            occurred_at,
            occurred_from: "EVN-2".to_owned(),
            recorded_at: occurred_at,
            what,
            visit: VisitSnapshot::default(),
            findings: Vec::new(),
        };
        let reported = ChartFactsReported {
            encounter: self.encounter.clone(),
            message: MessageId::derive(&[&self.encounter.visit, &count]),
            reading: 0,
            time_zone: self.time_zone.clone(),
            received_at,
            facts: vec![fact],
        };
        self.messages.push(Message { reported, adopted_from: None });
        self
    }

    fn last(&mut self) -> &mut ChartFact {
        let message = self.messages.last_mut().expect("a message was told");
        message.reported.facts.last_mut().expect("it says something")
    }

    fn visit(&mut self) -> &mut VisitSnapshot {
        &mut self.last().visit
    }

    /// A01 of an inpatient.
    pub(crate) fn admitted(self, when: &str) -> Self {
        self.admitted_as(EncounterClass::Inpatient, when)
    }

    /// A01 with PV1-44.
    pub(crate) fn admitted_as(self, class: EncounterClass, when: &str) -> Self {
        self.fact("ADT^A01", when, What::Opened).class(class).admission(when)
    }

    /// A05.
    pub(crate) fn expected(self, when: &str) -> Self {
        self.fact("ADT^A05", when, What::Preadmitted).class(EncounterClass::Preadmit)
    }

    /// A02.
    pub(crate) fn transferred(self, when: &str) -> Self {
        self.fact("ADT^A02", when, What::Transferred)
    }

    /// A06 or A07.
    pub(crate) fn becomes(self, class: EncounterClass, when: &str) -> Self {
        let trigger = if class == EncounterClass::Inpatient { "ADT^A06" } else { "ADT^A07" };
        self.fact(trigger, when, What::ClassChanged).class(class)
    }

    /// A06 or A07 with MRG-5, as the old number has it.
    pub(crate) fn continues_as(self, visit: &str, when: &str) -> Self {
        self.fact("ADT^A06", when, What::Renumbered { to: key(visit) })
    }

    /// A03 with PV1-45.
    pub(crate) fn discharged(self, when: &str) -> Self {
        self.discharge_told(when, when, "PV1-45")
    }

    /// A03 told at one instant about a discharge at another, known from this field.
    pub(crate) fn discharge_told(self, told: &str, left: &str, from: &str) -> Self {
        let what = What::Discharged { at: at(left), from: from.to_owned(), date_only: false };
        self.fact("ADT^A03", told, what)
    }

    /// A13.
    pub(crate) fn discharge_cancelled(self, when: &str) -> Self {
        self.fact("ADT^A13", when, What::DischargeCancelled).with(|visit| visit.died = Field::Null)
    }

    /// A11.
    pub(crate) fn cancelled(self, when: &str) -> Self {
        self.fact("ADT^A11", when, What::Cancelled)
    }

    /// A08.
    pub(crate) fn updated(self, when: &str) -> Self {
        self.fact("ADT^A08", when, What::Updated { discharged_at: Field::Absent })
    }

    // ── what the last message says beside ─────────────────────────────────────────────────────────────────

    pub(crate) fn with(mut self, change: impl FnOnce(&mut VisitSnapshot)) -> Self {
        change(self.visit());
        self
    }

    /// PV1-2.
    pub(crate) fn class(self, class: EncounterClass) -> Self {
        self.with(|visit| visit.class = Field::Value(class))
    }

    /// PV1-44.
    pub(crate) fn admission(self, when: &str) -> Self {
        self.with(|visit| visit.admitted_at = Field::Value(at(when)))
    }

    /// No PV1-44.
    pub(crate) fn without_admission_time(self) -> Self {
        self.with(|visit| visit.admitted_at = Field::Absent)
    }

    /// PV1-45 of an A08.
    pub(crate) fn saying_discharged(mut self, when: &str) -> Self {
        self.last().what = What::Updated { discharged_at: Field::Value(at(when)) };
        self
    }

    /// PV1-7.
    pub(crate) fn attending(self, id: &str) -> Self {
        self.with(|visit| visit.attending = Field::Value(person(id)))
    }

    /// PV1-7 with the authority of the identifier.
    pub(crate) fn attending_of(self, id: &str, authority: &str) -> Self {
        let attending = Person { authority: authority.to_owned(), ..person(id) };
        self.with(|visit| visit.attending = Field::Value(attending))
    }

    /// PV1-7 is `""`.
    pub(crate) fn no_attending(self) -> Self {
        self.with(|visit| visit.attending = Field::Null)
    }

    /// PV1-17.
    pub(crate) fn admitting(self, id: &str) -> Self {
        self.with(|visit| visit.admitting = Field::Value(person(id)))
    }

    /// PV1-36 says that the patient died.
    pub(crate) fn died(self) -> Self {
        self.with(|visit| visit.died = Field::Value(true))
    }

    /// PID-3 and PID-5.
    pub(crate) fn patient(self, id: &str) -> Self {
        let patient = PatientId { id: Phi::new(id.to_owned()), authority: "HOSP1".to_owned() };
        self.with(|visit| {
            visit.patient = Some(patient);
            visit.patient_name = Some(Phi::new("EVERYWOMAN, EVE".to_owned()));
        })
    }

    /// PR1.
    pub(crate) fn operated(self, id: &str, start: &str, end: &str, surgeon: Option<&str>) -> Self {
        let procedure = Procedure {
            id: id.to_owned(),
            code: "0DTJ4ZZ".to_owned(),
            started_at: at(start),
            ended_at: at(end),
            surgeon: surgeon.map(person),
            functional_type: None,
            anesthesia: false,
            anesthesiologist: None,
        };
        self.with(|visit| visit.procedures.push(procedure))
    }

    /// EVN-2 later than the event itself.
    pub(crate) fn recorded(mut self, when: &str) -> Self {
        self.last().recorded_at = at(when);
        self
    }

    /// Received here at this instant, not half a minute after it happened.
    pub(crate) fn received(mut self, when: &str) -> Self {
        self.messages.last_mut().expect("a message was told").reported.received_at = at(when);
        self
    }

    // ── documents ─────────────────────────────────────────────────────────────────────────────────────────

    /// MDM with whatever the document says.
    pub(crate) fn document(self, trigger: &str, when: &str, document: DocumentBuilder) -> Self {
        self.fact(trigger, when, What::Document(document.into_fact()))
    }

    /// T02, not signed.
    pub(crate) fn wrote(self, when: &str, document: DocumentBuilder) -> Self {
        self.document("MDM^T02", when, document)
    }

    /// T02 with status DI.
    pub(crate) fn dictated(self, when: &str, document: DocumentBuilder) -> Self {
        self.document("MDM^T02", when, document.status(CompletionStatus::Dictated))
    }

    /// T02 with status IP.
    pub(crate) fn began(self, when: &str, document: DocumentBuilder) -> Self {
        self.document("MDM^T02", when, document.status(CompletionStatus::InProgress))
    }

    /// T04 with this status.
    pub(crate) fn status(self, when: &str, status: CompletionStatus, document: DocumentBuilder) -> Self {
        self.document("MDM^T04", when, document.action(DocumentAction::StatusChanged).status(status))
    }

    /// T04 with status AU and the signer in TXA-22.
    pub(crate) fn signed(self, when: &str, by: &str, document: DocumentBuilder) -> Self {
        self.status(when, CompletionStatus::Authenticated, document.signed_by(by, when))
    }

    /// T04 with status AU and an empty TXA-22.
    pub(crate) fn signed_by_nobody_named(self, when: &str, document: DocumentBuilder) -> Self {
        self.status(when, CompletionStatus::Authenticated, document.signed_by_nobody_named(when))
    }

    /// T04 with status LA and the signer in TXA-22.
    pub(crate) fn legally_signed(self, when: &str, by: &str, document: DocumentBuilder) -> Self {
        self.status(when, CompletionStatus::LegallyAuthenticated, document.signed_by(by, when))
    }

    /// T08, not signed.
    pub(crate) fn edited(self, when: &str, document: DocumentBuilder) -> Self {
        self.document("MDM^T08", when, document.action(DocumentAction::Edited))
    }

    /// T10, not signed.
    pub(crate) fn replaced(self, when: &str, old: &str, document: DocumentBuilder) -> Self {
        self.document("MDM^T10", when, document.action(DocumentAction::Replaced).parent(old))
    }

    /// T06, signed.
    pub(crate) fn addendum(self, when: &str, parent: &str, document: DocumentBuilder) -> Self {
        let document = document.action(DocumentAction::AddendumAdded).parent(parent);
        self.document("MDM^T06", when, document.status(CompletionStatus::Authenticated))
    }

    /// T11.
    pub(crate) fn withdrew(self, when: &str, document: DocumentBuilder) -> Self {
        self.document("MDM^T11", when, document.action(DocumentAction::Cancelled))
    }

    // ── money ─────────────────────────────────────────────────────────────────────────────────────────────

    /// DFT^P03 with one charge, or a credit.
    pub(crate) fn charged(self, when: &str, transaction: &str, cents: i64) -> Self {
        let charge =
            Charge { transaction: transaction.to_owned(), amount: Cents(cents), posted_at: at(when) };
        self.fact("DFT^P03", when, What::Charged(charge))
    }

    /// BAR^P06 of a feed whose profile says that it means billed.
    pub(crate) fn billed(self, when: &str) -> Self {
        let billed_at = Field::Value(at(when));
        self.fact("BAR^P06", when, What::Account(AccountFact { billed_at, ..AccountFact::default() }))
    }

    // ── readings ──────────────────────────────────────────────────────────────────────────────────────────

    /// The message told as number `index` (from 0) is read again and says what `story` tells.
    pub(crate) fn read_again(mut self, index: usize, story: Story) -> Self {
        let original = self.messages[index].clone();
        let same = |message: &&Message| message.reported.message == original.reported.message;
        let reading = u32::try_from(self.messages.iter().filter(same).count()).expect("few");
        let facts = story.messages.into_iter().flat_map(|message| message.reported.facts).collect();
        self.messages.push(Message {
            reported: ChartFactsReported { reading, facts, ..original.reported },
            ..original
        });
        self
    }

    /// Everything another chart was told, for this one to take over.
    pub(crate) fn taking_over(mut self, handed_over: Vec<(ChartFactsReported, EncounterKey)>) -> Self {
        let adopted = |(reported, reported_for)| Message { reported, adopted_from: Some(reported_for) };
        self.messages.extend(handed_over.into_iter().map(adopted));
        self
    }

    pub(crate) fn into_messages(self) -> (Vec<Message>, Timestamp) {
        let last =
            self.messages.iter().flat_map(|message| &message.reported.facts).map(|fact| fact.occurred_at);
        let now = self.now.or(last.max()).unwrap_or(Timestamp::UNIX_EPOCH);
        (self.messages, now)
    }
}
