//! What the reader had to assume, or found odd. Counted per feed, shown in explanations, never an error.

use serde::{Deserialize, Serialize};

/// One finding. Its text is safe to show and to log: a code, and at most a code of the feed's own (an encounter
/// class, a document type), never a name, number or date of a patient.
/// Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Finding {
    /// What was found.
    pub code: FindingCode,
    /// The feed's own code that it is about, or the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Finding {
    /// A finding that its code describes fully.
    pub const fn new(code: FindingCode) -> Self {
        Self { code, detail: None }
    }

    /// A finding about one of the feed's own codes or about a field. Long details are cut to 40 characters: codes
    /// are short, and what is not short is no code.
    pub fn about(code: FindingCode, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        if let Some((end, _)) = detail.char_indices().nth(40) {
            detail.truncate(end);
        }
        Self { code, detail: Some(detail) }
    }

    /// The finding as a sentence, for people.
    pub fn text(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{} ({detail})", self.code.text()),
            None => self.code.text().to_owned(),
        }
    }
}

macro_rules! finding_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal : $text:literal,)+) => {
        /// What was found. Stored format: version with care.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum FindingCode {
            $($(#[$doc])* #[doc = $text] #[serde(rename = $code)] $name,)+
        }

        impl FindingCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The stored name.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it means.
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The code with this stored name.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

finding_codes! {
    TriggersDiffer = "triggers-differ": "EVN-1 disagrees with MSH-9; MSH-9 counts",
    TriggerFromEvn = "trigger-from-evn": "MSH-9 names no trigger; EVN-1 was taken",
    NoControlId = "no-control-id": "MSH-10 is empty",
    NoSender = "no-sender": "MSH-4 names no facility",
    TimeUnreadable = "time-unreadable": "a time cannot be read and was left aside",
    TimeTooCoarse = "time-too-coarse": "a time is given without a day and was left aside",
    TimeOfReceipt = "time-of-receipt": "no readable event time; the time of receipt was taken",
    DateOnly = "date-only": "a date was sent in place of a time",
    DischargeTimeInferred = "discharge-time-inferred": "a discharge without PV1-45; its time was taken from another field",
    DischargeTimeDeleted = "discharge-time-deleted": "a discharge whose PV1-45 is deleted; its time was taken from another field",
    DischargeDateOnly = "discharge-date-only": "the discharge is given as a date; the end of that day was taken",
    DischargeEqualsAdmission = "discharge-equals-admission": "PV1-45 equals PV1-44",
    DischargeBeforeAdmission = "discharge-before-admission": "the discharge is earlier than the admission",
    LateRegistration = "late-registration": "an admission that carries the discharge already",
    DischargeTimeIgnored = "discharge-time-ignored": "PV1-45 does not belong into this trigger and was left aside",
    ClassMissing = "class-missing": "PV1-2 is empty",
    ClassFromTrigger = "class-from-trigger": "PV1-2 is empty; the class was taken from the trigger",
    ClassUnmapped = "class-unmapped": "PV1-2 holds a code that the profile does not map",
    ClassContradictsTrigger = "class-contradicts-trigger": "PV1-2 disagrees with the trigger; PV1-2 counts",
    VisitNumberElsewhere = "visit-number-elsewhere": "the visit number was taken from another field, as the profile says",
    AttendingWithoutId = "attending-without-id": "PV1-7 names a person without an identifier",
    AttendingRepeats = "attending-repeats": "PV1-7 repeats with more than one identifier; one was chosen",
    NameInPlaceOfId = "name-in-place-of-id": "a person's name stands in the place of the identifier",
    ProcedureIncomplete = "procedure-incomplete": "a procedure (PR1) without a readable start was left aside",
    OrderNumberMissing = "order-number-missing": "an order has no number (ORC-2, ORC-3); one was made up",
    OrderModeUnmapped = "order-mode-unmapped": "how an order was given is a code that the profile does not map",
    OrderVerifiedOnly = "order-verified-only": "ORC-11 names somebody who wrote the order down or only verifies; not taken as a signature",
    ChargeNumberMissing = "charge-number-missing": "a charge has no number (FT1-2); what it says identifies it",
    ChargeTypeMissing = "charge-type-missing": "FT1-6 is empty; read as a charge",
    ChargeTypeUnmapped = "charge-type-unmapped": "FT1-6 holds a code that the profile does not map; the transaction was left out",
    ChargeAmountMissing = "charge-amount-missing": "a charge has neither an amount (FT1-11) nor a unit amount (FT1-12); it was left out",
    ChargeAmountUnreadable = "charge-amount-unreadable": "an amount cannot be read to the cent; the charge was left out",
    ChargeRounded = "charge-rounded": "units times unit amount is no whole cent and was rounded",
    ColumnUnreadable = "column-unreadable": "a column of the row holds nothing that can be used",
    DocumentNumberMissing = "document-number-missing": "TXA-12 is empty; a number was made up",
    DocumentNumberElsewhere = "document-number-elsewhere": "TXA-12 is empty; another identifier was taken",
    DocumentTypeMissing = "document-type-missing": "TXA-2 is empty",
    DocumentTypeUnmapped = "document-type-unmapped": "TXA-2 holds a code that the profile does not map",
    StatusMissing = "status-missing": "TXA-17 is empty",
    StatusUnknown = "status-unknown": "TXA-17 holds no code of table 0271; read as not signed",
    ColumnsShifted = "columns-shifted": "a completion status stands beside TXA-17: the columns of TXA look shifted",
    SignerInferred = "signer-inferred": "signed, but TXA-22 names nobody; TXA-10 or TXA-9 was taken",
    SignerUnknown = "signer-unknown": "signed, but neither TXA-22 nor TXA-10 nor TXA-9 names anybody",
    SignatureTimeInferred = "signature-time-inferred": "signed, but TXA-22 gives no readable time; the event time was taken",
    SignatureDateOnly = "signature-date-only": "the signature has a date and no time",
    SignatureRefused = "signature-refused": "signed without signer or time; the profile demands both: read as not signed",
    ParentMissing = "parent-missing": "an addendum or replacement that does not name its parent (TXA-13)",
    CancelledThoughSigned = "cancelled-though-signed": "the document is taken back, yet TXA-17 says signed; the trigger counts",
    DocumentEventVariant = "document-event-variant": "the trigger was read as the profile says, not as the standard does",
    MergeAuthorityUnmatched = "merge-authority-unmatched": "no identifier in PID-3 has the authority of MRG-1; the first was taken as survivor",
    MergeIntoItself = "merge-into-itself": "MRG-1 and PID-3 hold the same identifier",
    PairsWithoutMerge = "pairs-without-merge": "a PID without MRG, or an MRG without PID, in a merge",
    VisitRenumbered = "visit-renumbered": "MRG-5 names another visit number than PV1-19",
    StaffWithoutId = "staff-without-id": "a record of the staff master file (MFE) without an identifier was left aside",
    StaffEventUnknown = "staff-event-unknown": "MFE-1 holds no code of table 0180; the record was read as a change",
    LinesJoined = "lines-joined": "lines without a segment id were joined to the segment before",
    SegmentIndented = "segment-indented": "a segment is indented",
    SecondHeader = "second-header": "a second MSH in one message; only the first is read",
    DelimitersOdd = "delimiters-odd": "MSH-2 is incomplete or repeats a character",
    CharsetMismatch = "charset-mismatch": "MSH-18 does not say how the text is encoded",
}

impl From<&countersign_hl7::Finding> for Finding {
    fn from(finding: &countersign_hl7::Finding) -> Self {
        use countersign_hl7::Finding as Odd;
        Self::new(match finding {
            Odd::Continuation { .. } => FindingCode::LinesJoined,
            Odd::Indented { .. } => FindingCode::SegmentIndented,
            Odd::SecondHeader { .. } => FindingCode::SecondHeader,
            Odd::DelimitersIncomplete | Odd::DelimitersRepeated => FindingCode::DelimitersOdd,
            Odd::CharsetUndeclared { .. } | Odd::CharsetUnknown { .. } | Odd::CharsetMismatch { .. } => {
                FindingCode::CharsetMismatch
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_detail_is_cut_between_characters() {
        let finding = Finding::about(FindingCode::ClassUnmapped, "ä".repeat(100));
        assert_eq!(finding.detail.expect("detail").chars().count(), 40);
    }

    #[test]
    fn stored_under_its_code() {
        let json = serde_json::to_string(&Finding::new(FindingCode::DateOnly)).expect("json");
        assert_eq!(json, r#"{"code":"date-only"}"#);
        assert_eq!(FindingCode::from_code("date-only"), Some(FindingCode::DateOnly));
    }
}
