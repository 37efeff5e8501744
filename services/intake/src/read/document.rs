//! MDM: documents, their status and their signatures (TXA).

use countersign_contracts::chart::{
    ChartFact, CompletionStatus, DocumentAction, DocumentFact, DocumentType, EncounterKey, Signature, What,
};
use countersign_hl7::{Composite, Cwe, DayEdge, Ei, Ppn, Segment};
use countersign_kernel::{Person, Timestamp, derive_uuid, end_of_local_day};

use super::{Reader, time::EventTime};
use crate::{
    domain::{FindingCode, Reason},
    profile::StatusChangeWithParent,
};

impl Reader<'_, '_> {
    /// T01 to T11.
    pub(super) fn document(&mut self, trigger: &str) -> Result<Vec<(EncounterKey, Vec<ChartFact>)>, Reason> {
        let txa = self.message.segment("TXA").ok_or(Reason::NoDocument)?;
        let encounter = self.encounter()?;
        let time = self.event_time();
        let visit = self.snapshot();

        let mut parent = Ei::first(txa.field(13)).map(|parent| parent.key());
        let mut number = self.document_number(txa, &encounter);
        let mut action = action(trigger);
        if action == DocumentAction::StatusChanged
            && self.profile.status_change_with_parent == StatusChangeWithParent::Cancelled
            && let Some(taken_back) = parent.take()
        {
            self.note(FindingCode::DocumentEventVariant);
            action = DocumentAction::Cancelled;
            number = taken_back;
        }
        if matches!(action, DocumentAction::AddendumAdded | DocumentAction::Replaced) && parent.is_none() {
            self.note(FindingCode::ParentMissing);
        }

        let originator = self.one_person(txa.field(9)).value().cloned();
        let authenticators = self.several_people(txa.field(10));
        let mut status = self.status(txa);
        let mut signatures = Vec::new();
        if status.is_signed() {
            if action == DocumentAction::Cancelled {
                self.note(FindingCode::CancelledThoughSigned);
            } else {
                let claimed = match authenticators.as_slice() {
                    [only] => Some(only),
                    _ => originator.as_ref(),
                };
                signatures = self.signatures(txa, claimed, &time);
                if signatures.is_empty() {
                    self.note(FindingCode::SignatureRefused);
                    status = CompletionStatus::PreAuthenticated;
                }
            }
        }
        let document = DocumentFact {
            action,
            number,
            parent,
            document_type: self.document_type(txa),
            status,
            trainee_author: originator.as_ref().is_some_and(|author| self.is_trainee(author)),
            originator,
            authenticators,
            activity_at: self.instant(txa.field(4), "TXA-4", DayEdge::Start).map(|instant| instant.at),
            signatures,
        };
        let facts = self.facts(trigger, &time, &visit, vec![What::Document(document)]);
        Ok(vec![(encounter, facts)])
    }

    /// TXA-12 as a whole; else TXA-16 or TXA-15; else a number made up from what the document is, so that its next
    /// message finds it again.
    fn document_number(&mut self, txa: Segment<'_>, encounter: &EncounterKey) -> String {
        if let Some(number) = Ei::first(txa.field(12)).map(|number| number.key()) {
            return number;
        }
        let file = txa.field(16).value().to_owned_text();
        let shifted = file.as_deref().is_some_and(|text| status_of(text).is_some());
        let filler = Ei::first(txa.field(15)).map(|number| number.key());
        let elsewhere = [("TXA-16", file.filter(|_| !shifted)), ("TXA-15", filler)]
            .into_iter()
            .find_map(|(name, number)| number.map(|number| (name, number)));
        if let Some((name, number)) = elsewhere
            && status_of(&number).is_none()
        {
            self.note_about(FindingCode::DocumentNumberElsewhere, name);
            return number;
        }
        self.note(FindingCode::DocumentNumberMissing);
        let text = |field: usize| txa.field(field).value().to_owned_text().unwrap_or_default();
        let when = [4, 6].into_iter().map(text).find(|time| !time.is_empty());
        let made_up = match when {
            Some(when) => {
                let parts = [&encounter.authority, &encounter.visit, &text(2), &when, &text(9)];
                derive_uuid("document", &parts.map(String::as_str))
            }
            None => derive_uuid("document", &[&self.context.message.to_string()]),
        };
        format!("unnumbered-{made_up}")
    }

    /// TXA-2 through the profile's table: its code, its alternate code; else the title (TXA-25).
    fn document_type(&mut self, txa: Segment<'_>) -> DocumentType {
        let sent = Cwe::first(txa.field(2)).unwrap_or_default();
        let types = &self.profile.document_types;
        let by_code = [&sent.code, &sent.alternate_code]
            .into_iter()
            .flatten()
            .find_map(|code| types.get(code).cloned());
        let title = txa.field(25).whole().to_owned_text();
        let by_title = || title.and_then(|title| self.profile.document_titles.get(&title).cloned());
        let written = sent.code.clone().or(sent.alternate_code).or(sent.text);
        // A code that the profile puts under `other` is deliberately of no type, and no finding.
        match (by_code.or_else(by_title), written) {
            (Some(Some(known)), _) => known,
            (Some(None), written) => DocumentType::Other(written.unwrap_or_default()),
            (None, Some(written)) => {
                self.note_about(FindingCode::DocumentTypeUnmapped, &written);
                DocumentType::Other(written)
            }
            (None, None) => {
                self.note(FindingCode::DocumentTypeMissing);
                DocumentType::Other("unknown".to_owned())
            }
        }
    }

    /// TXA-17, component 1. Only codes of table 0271 count: what is beside them is a sender whose columns are
    /// shifted, or a word of its own, and neither is a signature.
    fn status(&mut self, txa: Segment<'_>) -> CompletionStatus {
        let sent = txa.field(17).value().to_owned_text();
        let known = sent.as_deref().and_then(status_of);
        if known.is_none() {
            let beside = [15, 16, 18].into_iter().any(|field| {
                let text = txa.field(field).value().to_owned_text();
                // `R` and the like are confidentiality codes; status codes have two letters.
                text.is_some_and(|text| status_of(&text).is_some())
            });
            if beside {
                self.note(FindingCode::ColumnsShifted);
            }
            match sent {
                Some(sent) => self.note_about(FindingCode::StatusUnknown, &sent),
                None => self.note(FindingCode::StatusMissing),
            }
        }
        known.unwrap_or_default()
    }

    /// TXA-22, one signature a repetition. Person and time are both demanded by the standard and mostly lacking:
    /// the claimed person and the event time stand in, marked as inferred, unless the profile demands both.
    fn signatures(&mut self, txa: Segment<'_>, claimed: Option<&Person>, time: &EventTime) -> Vec<Signature> {
        let sent = Ppn::all(txa.field(22));
        let sent = if sent.is_empty() { vec![Ppn::default()] } else { sent };
        let mut signatures: Vec<Signature> = Vec::new();
        for ppn in sent {
            let person = ppn.person.map(|person| self.person(person));
            let at = ppn.time.and_then(|literal| self.signed_at(&literal, time));
            let inferred = person.is_none() || at.is_none();
            if inferred && self.profile.demand_signer_and_time {
                continue;
            }
            if at.is_none() {
                self.note(FindingCode::SignatureTimeInferred);
            }
            let by = person.or_else(|| {
                self.note(if claimed.is_some() {
                    FindingCode::SignerInferred
                } else {
                    FindingCode::SignerUnknown
                });
                claimed.cloned()
            });
            let signature = Signature { by, at: at.unwrap_or(time.occurred_at), inferred };
            if !signatures.contains(&signature) {
                signatures.push(signature);
            }
        }
        signatures
    }

    /// PPN-15. A date alone: the event time, if that is on the same day, else the end of the day.
    fn signed_at(&mut self, literal: &str, time: &EventTime) -> Option<Timestamp> {
        let instant = self.instant_of(literal, "TXA-22", DayEdge::End)?;
        if !instant.date_only {
            return Some(instant.at);
        }
        self.note(FindingCode::SignatureDateOnly);
        let same_day = end_of_local_day(time.occurred_at, &self.profile.zone) == instant.at;
        Some(if same_day { time.occurred_at } else { instant.at })
    }
}

fn action(trigger: &str) -> DocumentAction {
    match trigger {
        "T01" | "T02" => DocumentAction::Originated,
        "T03" | "T04" => DocumentAction::StatusChanged,
        "T05" | "T06" => DocumentAction::AddendumAdded,
        "T07" | "T08" => DocumentAction::Edited,
        "T09" | "T10" => DocumentAction::Replaced,
        _ => DocumentAction::Cancelled,
    }
}

/// HL7 table 0271. CA and PR left the table after 2.3 and say nothing about a signature.
fn status_of(code: &str) -> Option<CompletionStatus> {
    Some(match code.trim().to_ascii_uppercase().as_str() {
        "DI" => CompletionStatus::Dictated,
        "DO" => CompletionStatus::Documented,
        "IP" => CompletionStatus::InProgress,
        "IN" => CompletionStatus::Incomplete,
        "PA" => CompletionStatus::PreAuthenticated,
        "AU" => CompletionStatus::Authenticated,
        "LA" => CompletionStatus::LegallyAuthenticated,
        _ => return None,
    })
}
