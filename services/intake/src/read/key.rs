//! Which chart a message is about.

use countersign_contracts::chart::EncounterKey;
use countersign_hl7::{Composite, Cx, Field as Hl7Field, Hd};

use super::Reader;
use crate::domain::{FindingCode, Reason};

impl Reader<'_, '_> {
    /// Facility code of the chart: the profile's, else MSH-4, else MSH-3.
    pub(super) fn facility(&self) -> String {
        let sent = |hd: &Option<Hd>| hd.as_ref().and_then(Hd::name).map(str::to_owned);
        self.profile
            .facility_code
            .clone()
            .or_else(|| sent(&self.header.sending_facility))
            .or_else(|| sent(&self.header.sending_application))
            .unwrap_or_else(|| "unknown".to_owned())
    }

    /// The chart, by the first of the profile's fields that holds a number.
    pub(super) fn encounter(&mut self) -> Result<EncounterKey, Reason> {
        let fields = &self.profile.visit_number;
        let found = fields.iter().enumerate().find_map(|(rank, field)| {
            let (segment, number) = field.place();
            self.visit_in(self.message.field(segment, number)).map(|key| (rank, field.name(), key))
        });
        let (rank, name, key) = found.ok_or(Reason::NoVisitNumber)?;
        if rank > 0 {
            self.note_about(FindingCode::VisitNumberElsewhere, name);
        }
        Ok(key)
    }

    /// The chart whose number is in this field. The check digit is no part of the number.
    pub(super) fn visit_in(&self, field: Hl7Field<'_>) -> Option<EncounterKey> {
        let number = Cx::first(field)?;
        let facility = self.facility();
        let authority = self
            .profile
            .visit_authority
            .clone()
            .or_else(|| number.authority_name().map(str::to_owned))
            .unwrap_or_else(|| facility.clone());
        Some(EncounterKey { facility, authority, visit: number.id })
    }
}
