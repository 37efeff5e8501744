//! Labels for codes. A code that has no label is not shown: whatever a message of a hospital put into it stays here.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::OneLine;

/// Labels for the codes that notices carry. Only what stands here can be read in a message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wording {
    /// Document types, e.g. `discharge_summary`.
    pub documents: BTreeMap<String, OneLine>,
    /// Rules, e.g. `R13`.
    pub rules: BTreeMap<String, OneLine>,
    /// What a suspension covers or spares, e.g. `new_admissions`.
    pub privileges: BTreeMap<String, OneLine>,
    /// By whose authority, e.g. `chief_of_staff`.
    pub authorities: BTreeMap<String, OneLine>,
    /// In which part somebody is told, e.g. `chair`.
    pub roles: BTreeMap<String, OneLine>,
}

/// What stands for a document type without a label.
const SOME_DOCUMENT: &str = "Chart document";

impl Wording {
    /// The label of a document type.
    pub fn document(&self, code: &str) -> OneLine {
        self.documents.get(code).cloned().unwrap_or_else(|| OneLine::new(SOME_DOCUMENT))
    }

    /// The label of a rule, if it has one.
    pub fn rule(&self, code: &str) -> Option<OneLine> {
        self.rules.get(code).cloned()
    }

    /// The labels of what a suspension covers or spares; what has none is said as `others, see the notice online`.
    pub fn privileges(&self, codes: &[String]) -> Vec<OneLine> {
        let mut labels = Vec::with_capacity(codes.len());
        for code in codes {
            let label = self
                .privileges
                .get(code)
                .cloned()
                .unwrap_or_else(|| OneLine::new("others, as listed in the notice online"));
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        labels
    }

    /// The label of an authority, if it has one.
    pub fn authority(&self, code: &str) -> Option<OneLine> {
        self.authorities.get(code).cloned()
    }

    /// The label of a role, if it has one.
    pub fn role(&self, code: &str) -> Option<OneLine> {
        self.roles.get(code).cloned()
    }

    /// These labels, and those of the other wording for what has none here.
    #[must_use]
    pub fn or(mut self, other: Self) -> Self {
        fn fill(own: &mut BTreeMap<String, OneLine>, other: BTreeMap<String, OneLine>) {
            for (code, label) in other {
                own.entry(code).or_insert(label);
            }
        }
        fill(&mut self.documents, other.documents);
        fill(&mut self.rules, other.rules);
        fill(&mut self.privileges, other.privileges);
        fill(&mut self.authorities, other.authorities);
        fill(&mut self.roles, other.roles);
        self
    }
}

impl Default for Wording {
    /// Labels for the default rules and policy.
    fn default() -> Self {
        fn table(pairs: &[(&str, &str)]) -> BTreeMap<String, OneLine> {
            pairs.iter().map(|(code, label)| ((*code).to_owned(), OneLine::new(label))).collect()
        }
        Self {
            documents: table(&DOCUMENTS),
            rules: table(&RULES),
            privileges: table(&PRIVILEGES),
            authorities: table(&OFFICES),
            roles: table(&ROLES),
        }
    }
}

const DOCUMENTS: [(&str, &str); 16] = [
    ("coding_query", "Coding or documentation query"),
    ("consultation_report", "Consultation report"),
    ("death_summary", "Death summary"),
    ("discharge_summary", "Discharge summary"),
    ("emergency_note", "Emergency department note"),
    ("history_and_physical", "History and physical"),
    ("history_and_physical_update", "Update of the history and physical"),
    ("immediate_postoperative_note", "Immediate postoperative note"),
    ("operative_report", "Operative report"),
    ("order", "Verbal or telephone order"),
    ("pathology_report", "Pathology report"),
    ("post_anesthesia_evaluation", "Post-anesthesia evaluation"),
    ("pre_anesthesia_evaluation", "Pre-anesthesia evaluation"),
    ("procedure_note", "Procedure note"),
    ("progress_note", "Progress note"),
    ("transfer_summary", "Transfer summary"),
];

const RULES: [(&str, &str); 22] = [
    ("C0", "Chart complete"),
    ("C1", "Regulatory limit of the chart"),
    ("R01", "History and physical, present and signed"),
    ("R02", "History and physical before surgery"),
    ("R03", "Update of the history and physical"),
    ("R04", "Immediate postoperative note, or the full report"),
    ("R05", "Operative report, dictated or written"),
    ("R06", "Operative report signed"),
    ("R07", "Pre-anesthesia evaluation"),
    ("R08", "Post-anesthesia evaluation"),
    ("R09", "Consultation report signed"),
    ("R10", "Verbal or telephone order authenticated"),
    ("R11", "Progress note for every day"),
    ("R12", "Emergency department note"),
    ("R13", "Discharge summary present"),
    ("R14", "Discharge summary signed"),
    ("R15", "Discharge summary cosigned"),
    ("R16", "Death summary or pronouncement"),
    ("R17", "Transfer summary"),
    ("R18", "Procedure note"),
    ("R19", "Coding or documentation query answered"),
    ("R20", "Pathology report present"),
];

const PRIVILEGES: [(&str, &str); 10] = [
    ("new_admissions", "new admissions"),
    ("consults", "consultations"),
    ("consultations", "consultations"),
    ("elective_scheduling", "elective scheduling"),
    ("elective_procedures", "elective procedures"),
    ("elective_surgery", "elective surgery"),
    ("emergencies", "emergencies"),
    ("on_call", "on-call duties"),
    ("in_house_patients", "patients already in the hospital"),
    ("imminent_deliveries", "imminent deliveries"),
];

const OFFICES: [(&str, &str); 8] = [
    ("chair", "the department chair"),
    ("chief_medical_officer", "the Chief Medical Officer"),
    ("chief_of_staff", "the Chief of Staff"),
    ("executive_committee", "the Medical Executive Committee"),
    ("him", "Health Information Management"),
    ("medical_executive_committee", "the Medical Executive Committee"),
    ("medical_staff_office", "the Medical Staff Office"),
    ("scheduling", "Scheduling"),
];

const ROLES: [(&str, &str); 8] = [
    ("provider", "responsible provider"),
    ("delegate", "delegate"),
    ("chair", "department chair"),
    ("chief_medical_officer", "Chief Medical Officer"),
    ("executive_committee", "Medical Executive Committee"),
    ("him", "Health Information Management"),
    ("medical_staff_office", "Medical Staff Office"),
    ("scheduling", "Scheduling"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_without_a_label_is_never_shown() {
        let wording = Wording::default();
        assert_eq!(wording.document("DOE^JANE").as_str(), "Chart document");
        assert_eq!(wording.rule("MRN 12345"), None);
        assert_eq!(wording.authority("on behalf of patient"), None);
        let labels = wording.privileges(&["new_admissions".to_owned(), "DOE".to_owned(), "JANE".to_owned()]);
        assert_eq!(
            labels.iter().map(OneLine::as_str).collect::<Vec<_>>(),
            ["new admissions", "others, as listed in the notice online"]
        );
    }

    #[test]
    fn labels_of_the_hospital_come_first() {
        let own: Wording = toml::from_str("[rules]\nR13 = 'Summary'\nX1 = 'Own rule'").expect("a wording");
        let both = own.or(Wording::default());
        assert_eq!(both.rule("R13").expect("a label").as_str(), "Summary");
        assert_eq!(both.rule("X1").expect("a label").as_str(), "Own rule");
        assert_eq!(both.document("discharge_summary").as_str(), "Discharge summary");
    }
}
