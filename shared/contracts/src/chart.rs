//! What a message says about a chart. The intake reads HL7 and FHIR; from here on there are only these facts.

use countersign_kernel::{Cents, EncounterId, MessageId, Person, Phi, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Field, patient::PatientId};

/// Category of the subjects these events travel on.
pub const CATEGORY: &str = "facts";

/// The natural key of a chart: one visit, as its authority numbers it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EncounterKey {
    /// Facility code (MSH-4, or what the feed profile makes of it).
    pub facility: String,
    /// Authority of the visit number (PV1-19.4), the facility when none was sent.
    pub authority: String,
    /// The visit number as the feed sent it (PV1-19.1).
    pub visit: String,
}

impl EncounterKey {
    /// The encounter's id: from authority and visit number, as HL7 says they identify a visit.
    pub fn id(&self) -> EncounterId {
        EncounterId::derive(&[&self.authority, &self.visit])
    }
}

/// Everything one message says about one chart, by one reading of it. A later reading (`reading` rises when
/// a feed profile was corrected) replaces the earlier one; an empty list takes it back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChartFactsReported {
    /// Which chart.
    pub encounter: EncounterKey,
    /// The message that was read.
    pub message: MessageId,
    /// How often the message had been read before: 0 the first time.
    pub reading: u32,
    /// IANA name of the facility's time zone, by the feed profile.
    pub time_zone: String,
    /// When the message was received here.
    pub received_at: Timestamp,
    /// What it says, in the message's own order.
    pub facts: Vec<ChartFact>,
}

impl ChartFactsReported {
    /// Type name in the envelope.
    pub const TYPE: &'static str = "chart-facts-reported";
}

/// One thing that a message says about a chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChartFact {
    /// HL7 message code and trigger, e.g. `ADT^A03`.
    pub trigger: String,
    /// When it happened in the hospital.
    pub occurred_at: Timestamp,
    /// Which field gave that instant, e.g. `EVN-6`.
    pub occurred_from: String,
    /// When the source recorded it (EVN-2, else MSH-7).
    pub recorded_at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
    /// What the message says of the visit as it stands (PV1 and company).
    #[serde(default)]
    pub visit: VisitSnapshot,
    /// What the reader had to assume or found odd; shown in the explanation and counted per feed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// A visit is expected (A05): no requirement yet.
    Preadmitted,
    /// The visit began (A01, A04).
    Opened,
    /// Moved to another place or service (A02).
    Transferred,
    /// The last move was taken back (A12).
    TransferCancelled,
    /// Another encounter class from now on (A06, A07).
    ClassChanged,
    /// The patient left (A03).
    Discharged {
        /// When: PV1-45, else the fallback named in `from`.
        at: Timestamp,
        /// The field that gave the instant.
        from: String,
        /// The feed sent a date without a time; `at` is the last second of that local day.
        #[serde(default)]
        date_only: bool,
    },
    /// The discharge was taken back (A13).
    DischargeCancelled,
    /// The whole visit was taken back (A11).
    Cancelled,
    /// Details changed (A08): never opens, closes or discharges a visit.
    Updated {
        /// The discharge instant the update carries, if any: corrects a known discharge, never makes one.
        #[serde(default, skip_serializing_if = "Field::is_absent")]
        discharged_at: Field<Timestamp>,
    },
    /// The visit continues under another number (A06 or A07 with MRG-5).
    Renumbered {
        /// Its number from now on.
        to: EncounterKey,
    },
    /// Something about a document (MDM).
    Document(DocumentFact),
    /// Something about an order (ORM, OML, RDE).
    Order(OrderFact),
    /// Charges posted or credited (DFT^P03, a CSV file).
    Charged(Charge),
    /// The account's way to the bill (BAR^P01, BAR^P05, a CSV file).
    Account(AccountFact),
}

/// What a message says of the visit, whatever else it is about.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct VisitSnapshot {
    /// Patient identifier (PID-3, the preferred repetition).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// Patient name for people's eyes (PID-5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_name: Option<Phi<String>>,
    /// Account number (PID-18), a link for billing, not a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Phi<String>>,
    /// Encounter class (PV1-2 through the profile's table).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub class: Field<EncounterClass>,
    /// Location as sent (PV1-3).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub location: Field<String>,
    /// Hospital service (PV1-10).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub service: Field<String>,
    /// Attending (PV1-7, first repetition of the preferred authority).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub attending: Field<Person>,
    /// Admitting (PV1-17).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub admitting: Field<Person>,
    /// Admission instant (PV1-44).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub admitted_at: Field<Timestamp>,
    /// The patient died in this stay (PV1-36 by the profile's table, PID-29, PID-30).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub died: Field<bool>,
    /// Discharge disposition as sent (PV1-36).
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub disposition: Field<String>,
    /// Procedures the message lists (PR1). Sent again with every update, so they add up by identity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub procedures: Vec<Procedure>,
}

/// Encounter class, HL7 table 0004 and its local spellings through the profile's table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncounterClass {
    /// Admitted to the hospital.
    Inpatient,
    /// In a bed, not admitted.
    Observation,
    /// Surgery without an overnight stay.
    DaySurgery,
    /// Emergency department.
    Emergency,
    /// Clinic visit.
    Outpatient,
    /// Expected, not here yet.
    Preadmit,
    /// A series of visits.
    Recurring,
    /// A code the profile does not map, kept as sent: listed for HIM, never guessed.
    Unmapped(String),
}

/// One procedure (PR1).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Procedure {
    /// Identity within the chart: PR1-19, else code and start.
    pub id: String,
    /// Code as sent (PR1-3).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// Start (PR1-5).
    pub started_at: Timestamp,
    /// End: start plus PR1-7 minutes, where sent; else the start.
    pub ended_at: Timestamp,
    /// Surgeon of record: PR1-11, else PR1-12 of a surgeon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surgeon: Option<Person>,
    /// Functional type as sent (PR1-6, HL7 table 0230): `A` anesthesia, `P` for treatment, `I` invasive, `D`
    /// diagnostic. A site tells operations from bedside procedures by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functional_type: Option<String>,
    /// Anesthesia was given: an anesthesiologist (PR1-8), a code (PR1-9) or minutes (PR1-10) were sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anesthesia: bool,
    /// Anesthesiologist (PR1-8, else the ROL of one).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anesthesiologist: Option<Person>,
}

/// What kind of document, from TXA-2 through the profile's table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentType {
    /// History and physical examination (table 0270 HP).
    HistoryAndPhysical,
    /// Operative report (OP).
    OperativeReport,
    /// Discharge summary (DS).
    DischargeSummary,
    /// Update of a history and physical that is older than the admission.
    HistoryAndPhysicalUpdate,
    /// Note written right after an operation, before the full report.
    ImmediatePostoperativeNote,
    /// Evaluation before anesthesia.
    PreAnesthesiaEvaluation,
    /// Evaluation after anesthesia.
    PostAnesthesiaEvaluation,
    /// Consultation report (CN).
    ConsultationReport,
    /// Progress note (PN).
    ProgressNote,
    /// Note of the emergency department (ED).
    EmergencyNote,
    /// Transfer summary (TS).
    TransferSummary,
    /// Note of a procedure outside the operating room (PR).
    ProcedureNote,
    /// Death summary or pronouncement.
    DeathSummary,
    /// Question of a coder or documentation specialist to a provider; signed means answered.
    CodingQuery,
    /// Pathology report (SP).
    PathologyReport,
    /// Consent form.
    Consent,
    /// Autopsy report (AR).
    AutopsyReport,
    /// A type that no rule asks for, kept as sent.
    Other(String),
}

impl DocumentType {
    /// The name used in the API and on screen.
    pub fn name(&self) -> &str {
        match self {
            Self::HistoryAndPhysical => "history_and_physical",
            Self::OperativeReport => "operative_report",
            Self::DischargeSummary => "discharge_summary",
            Self::HistoryAndPhysicalUpdate => "history_and_physical_update",
            Self::ImmediatePostoperativeNote => "immediate_postoperative_note",
            Self::PreAnesthesiaEvaluation => "pre_anesthesia_evaluation",
            Self::PostAnesthesiaEvaluation => "post_anesthesia_evaluation",
            Self::ConsultationReport => "consultation_report",
            Self::ProgressNote => "progress_note",
            Self::EmergencyNote => "emergency_note",
            Self::TransferSummary => "transfer_summary",
            Self::ProcedureNote => "procedure_note",
            Self::DeathSummary => "death_summary",
            Self::CodingQuery => "coding_query",
            Self::PathologyReport => "pathology_report",
            Self::Consent => "consent",
            Self::AutopsyReport => "autopsy_report",
            Self::Other(code) => code,
        }
    }
}

/// What a message does to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentAction {
    /// T01, T02.
    Originated,
    /// T03, T04.
    StatusChanged,
    /// T05, T06: a document of its own, below its parent. Never stands in for a missing document.
    AddendumAdded,
    /// T07, T08: an edit of a signed document drops the signature.
    Edited,
    /// T09, T10: takes the parent's place and needs its own signature.
    Replaced,
    /// T11: the document is taken back; what it satisfied is missing again.
    Cancelled,
}

/// TXA-17, HL7 table 0271, in the order of Figure 9-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompletionStatus {
    /// Empty, or a code that is not in the table: present, not signed.
    #[default]
    Unknown,
    /// DI: dictated, waiting for transcription.
    Dictated,
    /// IP: begun.
    InProgress,
    /// IN: parts are missing.
    Incomplete,
    /// DO: documented, not signed.
    Documented,
    /// PA: pre-authenticated, which is not signed.
    PreAuthenticated,
    /// AU: signed.
    Authenticated,
    /// LA: signed with legal effect; final.
    LegallyAuthenticated,
}

impl CompletionStatus {
    /// Signed means AU or LA.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::Authenticated | Self::LegallyAuthenticated)
    }
}

/// One signature on a document (TXA-22), or what stands in for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Signature {
    /// Who signed; taken from TXA-10 or TXA-9 when TXA-22 names nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Person>,
    /// When: TXA-22 component 15, else the event time.
    pub at: Timestamp,
    /// Person or time was not sent and is inferred: a finding of the feed.
    #[serde(default)]
    pub inferred: bool,
}

/// What a message says about one document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentFact {
    /// What the message does.
    pub action: DocumentAction,
    /// Unique document number (TXA-12, the whole EI).
    pub number: String,
    /// Parent document (TXA-13) of an addendum or replacement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Type by the profile's table.
    pub document_type: DocumentType,
    /// TXA-17.
    pub status: CompletionStatus,
    /// Originator (TXA-9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub originator: Option<Person>,
    /// Assigned authenticators (TXA-10).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authenticators: Vec<Person>,
    /// The profile says that this author needs a cosigner even when TXA-10 names none.
    #[serde(default)]
    pub trainee_author: bool,
    /// Activity time (TXA-4): what the document is about, e.g. the operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity_at: Option<Timestamp>,
    /// Signatures, when the status is AU or LA.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<Signature>,
}

/// How an order was given (ORC-30, HL7 table 0483; a site's Z-segment through the profile).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderMode {
    /// Not sent: nothing is asked for.
    #[default]
    Unknown,
    /// Entered or written by the provider: authenticated as it is.
    Written,
    /// Spoken (VC).
    Verbal,
    /// By telephone (PH).
    Telephone,
}

impl OrderMode {
    /// Whether somebody else wrote down what the provider said, so that it must be authenticated.
    pub const fn spoken(self) -> bool {
        matches!(self, Self::Verbal | Self::Telephone)
    }
}

/// What a message does to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderAction {
    /// New or changed order (ORC-1 NW, XO, RP, SN and company).
    Placed,
    /// Taken back before it was carried out (CA, OC, CR, OD with nothing done).
    Cancelled,
    /// Carried out (ORC-5 CM): a consultation was held.
    Completed,
    /// Verified and signed by the ordering or another responsible provider.
    Authenticated,
}

/// What a message says about one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFact {
    /// What the message does.
    pub action: OrderAction,
    /// Placer order number (ORC-2, the whole EI), else the filler's (ORC-3).
    pub number: String,
    /// How it was given.
    #[serde(default)]
    pub mode: OrderMode,
    /// A consultation was asked for (OBR-4, ORC-29 or OBR-24 through the profile's table).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub consultation: bool,
    /// When it was given (ORC-9), the event time when nothing was sent.
    pub placed_at: Timestamp,
    /// Ordering provider (ORC-12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordering: Option<Person>,
    /// Provider who was consulted (OBR-28 or OBR-16 through the profile), where one was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consultant: Option<Person>,
    /// Who authenticated it (ORC-11), and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticated: Option<Signature>,
}

/// One charge or credit of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Identity within the account (FT1-2, else a hash of what the charge says): the same charge sent twice
    /// counts once.
    pub transaction: String,
    /// Gross amount in cents; a credit is negative (FT1-6 CR or CD by the profile).
    pub amount: Cents,
    /// Service or posting date (FT1-4, else FT1-5).
    pub posted_at: Timestamp,
}

/// What a message says about the account on its way to the bill. A field that was not sent changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountFact {
    /// Total charges of the account as the sender knows them; takes the place of single charges.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Cents>,
    /// Final coding was done.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub coded_at: Field<Timestamp>,
    /// The final bill went out.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub billed_at: Field<Timestamp>,
    /// The payer as sent, for attribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<String>,
}
