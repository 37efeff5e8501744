//! Procedures: PR1, and the ROL segments below it.

use countersign_contracts::chart::Procedure;
use countersign_hl7::{Composite, DayEdge, Ei, Segment, Xcn};
use countersign_kernel::Person;
use jiff::{SignedDuration, tz::TimeZone};

use super::Reader;
use crate::domain::FindingCode;

impl Reader<'_, '_> {
    /// All procedures that the message lists and that have a start.
    pub(super) fn procedures(&mut self) -> Vec<Procedure> {
        let segments: Vec<Segment<'_>> = self.message.iter().collect();
        let mut procedures: Vec<Procedure> = Vec::new();
        for (index, segment) in segments.iter().enumerate().filter(|(_, segment)| segment.name() == "PR1") {
            let below = &segments[index + 1..];
            let end = below.iter().position(|next| next.name() != "ROL").unwrap_or(below.len());
            match self.procedure(*segment, &below[..end]) {
                Some(procedure) if procedures.iter().any(|known| known.id == procedure.id) => {}
                Some(procedure) => procedures.push(procedure),
                None => self.note(FindingCode::ProcedureIncomplete),
            }
        }
        procedures
    }

    fn procedure(&mut self, pr1: Segment<'_>, roles: &[Segment<'_>]) -> Option<Procedure> {
        let started_at = self.instant(pr1.field(5), "PR1-5", DayEdge::Start)?.at;
        let code = pr1.field(3).value().to_owned_text().unwrap_or_default();
        let id = Ei::first(pr1.field(19)).map(|id| id.key()).filter(|id| !id.is_empty());
        let anesthesiologist = self.one_person(pr1.field(8)).value().cloned();
        let sent = |number: usize| pr1.field(number).value().to_owned_text();
        Some(Procedure {
            id: id.unwrap_or_else(|| {
                format!("{code}@{}", started_at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%MZ"))
            }),
            ended_at: started_at.saturating_add(minutes(pr1)).unwrap_or(started_at),
            code,
            started_at,
            surgeon: self.surgeon(pr1, roles),
            functional_type: sent(6),
            anesthesia: anesthesiologist.is_some() || sent(9).is_some() || sent(10).is_some(),
            anesthesiologist,
        })
    }

    fn surgeon(&mut self, pr1: Segment<'_>, roles: &[Segment<'_>]) -> Option<Person> {
        let named = [pr1.field(11), pr1.field(12)]
            .into_iter()
            .find_map(|field| self.one_person(field).value().cloned());
        if named.is_some() {
            return named;
        }
        let role = roles.iter().find(|role| {
            let code = role.field(3).value().to_owned_text().unwrap_or_default();
            self.profile.surgeon_roles.holds(&code)
        })?;
        Xcn::first(role.field(4)).map(|xcn| self.person(xcn))
    }
}

/// PR1-7, in minutes. Longer than a week is no operation.
fn minutes(pr1: Segment<'_>) -> SignedDuration {
    const WEEK: f64 = 7.0 * 24.0 * 60.0;
    let sent = pr1.field(7).value().to_owned_text().and_then(|text| text.parse::<f64>().ok());
    sent.filter(|minutes| (0.0..=WEEK).contains(minutes))
        .map_or(SignedDuration::ZERO, |minutes| SignedDuration::from_secs_f64((minutes * 60.0).round()))
}
