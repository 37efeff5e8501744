//! The profile file as it is written: everything may be left out.

use countersign_contracts::chart::DocumentType;
use serde::Deserialize;

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    #[serde(default)]
    pub(super) default: Settings,
    #[serde(default)]
    pub(super) feed: Vec<Settings>,
}

/// `[default]` or one `[[feed]]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) name: Option<String>,
    #[serde(rename = "match")]
    pub(super) sender: Option<Sender>,
    pub(super) time_zone: Option<String>,
    pub(super) facility_code: Option<String>,
    pub(super) visit_authority: Option<String>,
    pub(super) visit_number: Option<Vec<VisitNumberField>>,
    pub(super) provider_authorities: Option<Vec<String>>,
    pub(super) patient_authorities: Option<Vec<String>>,
    pub(super) demand_signer_and_time: Option<bool>,
    pub(super) status_change_with_parent: Option<StatusChangeWithParent>,
    pub(super) trainee_credentials: Option<Vec<String>>,
    pub(super) trainees: Option<Vec<String>>,
    pub(super) surgeon_roles: Option<Vec<String>>,
    pub(super) death_dispositions: Option<Vec<String>>,
    pub(super) order_mode_field: Option<FieldPath>,
    pub(super) order_signed: Option<Vec<String>>,
    pub(super) verifying_credentials: Option<Vec<String>>,
    pub(super) consultations: Option<Vec<String>>,
    pub(super) consultant_fields: Option<Vec<FieldPath>>,
    pub(super) trust_transaction_ids: Option<bool>,
    #[serde(default)]
    pub(super) order_modes: OrderModes,
    #[serde(default)]
    pub(super) transaction_types: TransactionTypes,
    #[serde(default)]
    pub(super) billing: Billing,
    #[serde(default)]
    pub(super) document_types: DocumentTypes,
    #[serde(default)]
    pub(super) document_titles: DocumentTypes,
    #[serde(default)]
    pub(super) classes: Classes,
}

/// Whose messages a feed's profile reads. `*` stands for any text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sender {
    #[serde(default = "anything")]
    pub(super) application: String,
    #[serde(default = "anything")]
    pub(super) facility: String,
}

fn anything() -> String {
    "*".to_owned()
}

/// Codes or titles by what they mean.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DocumentTypes {
    pub(super) history_and_physical: Vec<String>,
    pub(super) operative_report: Vec<String>,
    pub(super) discharge_summary: Vec<String>,
    pub(super) history_and_physical_update: Vec<String>,
    pub(super) immediate_postoperative_note: Vec<String>,
    pub(super) pre_anesthesia_evaluation: Vec<String>,
    pub(super) post_anesthesia_evaluation: Vec<String>,
    pub(super) consultation_report: Vec<String>,
    pub(super) progress_note: Vec<String>,
    pub(super) emergency_note: Vec<String>,
    pub(super) transfer_summary: Vec<String>,
    pub(super) procedure_note: Vec<String>,
    pub(super) death_summary: Vec<String>,
    pub(super) coding_query: Vec<String>,
    pub(super) pathology_report: Vec<String>,
    pub(super) consent: Vec<String>,
    pub(super) autopsy_report: Vec<String>,
    pub(super) other: Vec<String>,
}

impl DocumentTypes {
    /// Every list with the type that it stands for; nothing for `other`.
    pub(super) fn lists(&self) -> [(Option<DocumentType>, Vec<String>); 18] {
        use DocumentType as Type;
        [
            (Some(Type::HistoryAndPhysical), self.history_and_physical.clone()),
            (Some(Type::OperativeReport), self.operative_report.clone()),
            (Some(Type::DischargeSummary), self.discharge_summary.clone()),
            (Some(Type::HistoryAndPhysicalUpdate), self.history_and_physical_update.clone()),
            (Some(Type::ImmediatePostoperativeNote), self.immediate_postoperative_note.clone()),
            (Some(Type::PreAnesthesiaEvaluation), self.pre_anesthesia_evaluation.clone()),
            (Some(Type::PostAnesthesiaEvaluation), self.post_anesthesia_evaluation.clone()),
            (Some(Type::ConsultationReport), self.consultation_report.clone()),
            (Some(Type::ProgressNote), self.progress_note.clone()),
            (Some(Type::EmergencyNote), self.emergency_note.clone()),
            (Some(Type::TransferSummary), self.transfer_summary.clone()),
            (Some(Type::ProcedureNote), self.procedure_note.clone()),
            (Some(Type::DeathSummary), self.death_summary.clone()),
            (Some(Type::CodingQuery), self.coding_query.clone()),
            (Some(Type::PathologyReport), self.pathology_report.clone()),
            (Some(Type::Consent), self.consent.clone()),
            (Some(Type::AutopsyReport), self.autopsy_report.clone()),
            (None, self.other.clone()),
        ]
    }
}

/// Entry modes of orders by what they mean.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OrderModes {
    pub(super) verbal: Vec<String>,
    pub(super) telephone: Vec<String>,
    pub(super) written: Vec<String>,
    pub(super) unknown: Vec<String>,
}

/// Transaction types (FT1-6) by what they do to the charges.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TransactionTypes {
    pub(super) charge: Vec<String>,
    pub(super) credit: Vec<String>,
    pub(super) ignored: Vec<String>,
}

/// What tells that an account is coded or billed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Billing {
    pub(super) status_field: Option<FieldPath>,
    pub(super) coded: Option<Vec<String>>,
    pub(super) billed: Option<Vec<String>>,
    pub(super) reopened: Option<Vec<String>>,
    pub(super) final_diagnosis: Option<Vec<String>>,
    pub(super) coded_triggers: Option<Vec<String>>,
    pub(super) billed_triggers: Option<Vec<String>>,
}

/// A field of a segment, written `PV1-41`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct FieldPath {
    /// Segment id, e.g. `PV1` or `ZOR`.
    pub segment: String,
    /// Number of the field, from 1.
    pub field: usize,
}

impl TryFrom<String> for FieldPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parts = text.trim().split_once('-');
        parts
            .and_then(|(segment, field)| {
                let is_segment = segment.len() == 3 && segment.bytes().all(|b| b.is_ascii_alphanumeric());
                let field = field.parse().ok().filter(|field| *field > 0)?;
                is_segment.then(|| Self { segment: segment.to_ascii_uppercase(), field })
            })
            .ok_or_else(|| format!("`{text}` is no field: write a segment and a number, such as `PV1-41`"))
    }
}

/// Class codes by what they mean.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Classes {
    pub(super) inpatient: Vec<String>,
    pub(super) observation: Vec<String>,
    pub(super) day_surgery: Vec<String>,
    pub(super) emergency: Vec<String>,
    pub(super) outpatient: Vec<String>,
    pub(super) preadmit: Vec<String>,
    pub(super) recurring: Vec<String>,
    pub(super) unmapped: Vec<String>,
}

/// A field that may hold the visit number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum VisitNumberField {
    /// Visit number, the standard's own place.
    #[serde(rename = "PV1-19")]
    Pv1Visit,
    /// Patient account number.
    #[serde(rename = "PID-18")]
    PidAccount,
    /// Alternate visit id.
    #[serde(rename = "PV1-50")]
    Pv1AlternateVisit,
}

impl VisitNumberField {
    /// Segment and field number.
    pub const fn place(self) -> (&'static str, usize) {
        match self {
            Self::Pv1Visit => ("PV1", 19),
            Self::PidAccount => ("PID", 18),
            Self::Pv1AlternateVisit => ("PV1", 50),
        }
    }

    /// The field as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pv1Visit => "PV1-19",
            Self::PidAccount => "PID-18",
            Self::Pv1AlternateVisit => "PV1-50",
        }
    }
}

/// What T03 and T04 with a parent mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusChangeWithParent {
    /// A change of status, as the standard says.
    #[default]
    StatusChanged,
    /// The document named in TXA-13 is taken back (ANS, France).
    Cancelled,
}
