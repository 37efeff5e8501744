//! Who the patient is: PID.

use countersign_contracts::patient::PatientId;
use countersign_hl7::{Composite, Cx, Segment};
use countersign_kernel::Phi;

use super::Reader;

impl Reader<'_, '_> {
    /// The patient's identifier: PID-3 of the preferred authority, else of type MR, else the first; PID-2 where
    /// PID-3 is empty (2.3 and earlier).
    pub(super) fn patient(&self) -> Option<PatientId> {
        let pid = self.message.segment("PID")?;
        self.preferred_patient(&Cx::all(pid.field(3)))
            .or_else(|| Cx::first(pid.field(2)).map(|id| self.patient_id(&id)))
    }

    /// The patient's name as people write it: `Family, Given`.
    pub(super) fn patient_name(&self) -> Option<Phi<String>> {
        let name = self.message.field("PID", 5);
        let part = |number: usize| name.component(number).value().to_owned_text();
        match (part(1), part(2)) {
            (Some(family), Some(given)) => Some(Phi::new(format!("{family}, {given}"))),
            (Some(name), None) | (None, Some(name)) => Some(Phi::new(name)),
            (None, None) => None,
        }
    }

    /// The account number (PID-18).
    pub(super) fn account(&self) -> Option<Phi<String>> {
        Cx::first(self.message.field("PID", 18)).map(|account| Phi::new(account.id))
    }

    /// The best of several identifiers of one patient.
    pub(super) fn preferred_patient(&self, identifiers: &[Cx]) -> Option<PatientId> {
        let preferred = &self.profile.patient_authorities;
        identifiers
            .iter()
            .enumerate()
            .min_by_key(|(order, id)| {
                let authority = id.authority_name().unwrap_or_default();
                let rank = preferred.iter().position(|one| one == authority).unwrap_or(usize::MAX);
                (rank, id.type_code.as_deref() != Some("MR"), *order)
            })
            .map(|(_, id)| self.patient_id(id))
    }

    /// An identifier with its authority; the facility stands in where none was sent.
    pub(super) fn patient_id(&self, id: &Cx) -> PatientId {
        PatientId {
            id: Phi::new(id.id.clone()),
            authority: id.authority_name().map_or_else(|| self.facility(), str::to_owned),
        }
    }

    /// Identifiers in a segment's field.
    pub(super) fn identifiers(segment: Segment<'_>, field: usize) -> Vec<Cx> {
        Cx::all(segment.field(field))
    }
}
