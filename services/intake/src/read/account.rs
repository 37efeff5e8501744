//! BAR: how far the bill is.
//!
//! Procedures in these messages are a coder's, long after the operation: they would ask for operative reports that exist
//! under the surgeon's own procedure, and are left aside.

use countersign_contracts::{
    Field,
    chart::{AccountFact, ChartFact, EncounterKey, VisitSnapshot, What},
};
use countersign_hl7::Segment;
use countersign_kernel::Timestamp;

use super::{Reader, Said};
use crate::domain::Reason;

impl<'a> Reader<'_, 'a> {
    /// P01, P05, P06 and P12. One message may hold several visits (PV1), each with its own diagnoses.
    pub(super) fn account_status(&mut self, trigger: &str) -> Result<Said, Reason> {
        let time = self.event_time();
        let segments: Vec<Segment<'a>> = self.message.iter().collect();
        let begins = |index: &usize| segments[*index].name() == "PV1";
        let starts: Vec<usize> = (0..segments.len()).filter(begins).collect();
        if starts.len() < 2 {
            let Some(said) = self.billing(trigger, &segments, time.occurred_at) else {
                return Ok(Said::Nothing);
            };
            let encounter = self.encounter()?;
            let visit = self.billing_snapshot();
            let facts = self.facts(trigger, &time, &visit, vec![What::Account(said)]);
            return Ok(Said::Charts(vec![(encounter, facts)]));
        }
        let mut charts: Vec<(EncounterKey, Vec<ChartFact>)> = Vec::new();
        for (place, start) in starts.iter().enumerate() {
            let end = starts.get(place + 1).copied().unwrap_or(segments.len());
            let visit = &segments[*start..end];
            let Some(said) = self.billing(trigger, visit, time.occurred_at) else { continue };
            let key = self.visit_in(visit[0].field(19)).or_else(|| self.visit_in(visit[0].field(50)));
            let key = key.ok_or(Reason::NoVisitNumber)?;
            let facts = self.facts(trigger, &time, &VisitSnapshot::default(), vec![What::Account(said)]);
            match charts.iter_mut().find(|(known, _)| known.id() == key.id()) {
                Some((_, known)) => known.extend(facts),
                None => charts.push((key, facts)),
            }
        }
        Ok(if charts.is_empty() { Said::Nothing } else { Said::Charts(charts) })
    }

    /// Who the patient is. A billing system repeats the rest of PV1 as it was when the account was opened: it is no news
    /// of the attending or the class, and would only take back what the registration has said since.
    pub(super) fn billing_snapshot(&self) -> VisitSnapshot {
        VisitSnapshot {
            patient: self.patient(),
            patient_name: self.patient_name(),
            account: self.account(),
            ..VisitSnapshot::default()
        }
    }

    /// What these segments say of the account; nothing when that is nothing.
    fn billing(&self, trigger: &str, segments: &[Segment<'a>], at: Timestamp) -> Option<AccountFact> {
        let rules = &self.profile.billing;
        let all = |name: &'static str| segments.iter().filter(move |segment| segment.name() == name);
        let status = rules.status_field.as_ref().and_then(|path| {
            let segment = segments.iter().find(|segment| segment.name() == path.segment)?;
            segment.field(path.field).value().to_owned_text()
        });
        let status_is = |codes: &crate::profile::CodeTable<()>| {
            status.as_deref().is_some_and(|status| codes.holds(status))
        };
        let mut diagnoses = all("DG1").filter_map(|dg1| dg1.field(6).value().to_owned_text()).peekable();
        let says_type = diagnoses.peek().is_some();
        let is_final = diagnoses.any(|kind| rules.final_diagnosis.holds(&kind));
        let by_trigger = rules.coded_triggers.holds(trigger) && (is_final || !says_type);
        let billed = status_is(&rules.billed) || rules.billed_triggers.holds(trigger);
        let coded = is_final || by_trigger || billed || status_is(&rules.coded);
        let insurance = all("IN1").next();
        let payer = insurance
            .and_then(|in1| [4, 3].into_iter().find_map(|field| in1.field(field).value().to_owned_text()));
        let reached = |reached: bool| match (status_is(&rules.reopened), reached) {
            (true, _) => Field::Null,
            (false, true) => Field::Value(at),
            (false, false) => Field::Absent,
        };
        let said = AccountFact { total: None, coded_at: reached(coded), billed_at: reached(billed), payer };
        let silent = said.coded_at.is_absent() && said.billed_at.is_absent();
        // A payer alone is no news of the bill.
        (!silent).then_some(said)
    }
}
