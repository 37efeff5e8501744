//! ADT: what happens to a visit, and what the message says of the visit as it stands (PV1 and company).

use countersign_contracts::{
    Field,
    chart::{ChartFact, EncounterClass, EncounterKey, VisitSnapshot, What},
};
use countersign_hl7::{DayEdge, Field as Hl7Field};
use countersign_kernel::{Timestamp, end_of_local_day};

use super::{Reader, Said, time::Discharge};
use crate::domain::{FindingCode, Reason};

impl Reader<'_, '_> {
    /// A01 to A08, A11 to A13.
    pub(super) fn visit(&mut self, trigger: &str) -> Result<Vec<(EncounterKey, Vec<ChartFact>)>, Reason> {
        let encounter = self.encounter()?;
        let time = self.event_time();
        let mut visit = self.snapshot();
        let sent_discharge = self.message.field("PV1", 45);
        let carries_discharge = !sent_discharge.is_absent() && !sent_discharge.is_null();
        if carries_discharge && !matches!(trigger, "A01" | "A03" | "A04" | "A08") {
            self.note(FindingCode::DischargeTimeIgnored);
        }
        let mut discharged_at = None;
        let mut what = Vec::with_capacity(2);
        match trigger {
            "A01" | "A04" => what.push(What::Opened),
            "A02" => what.push(What::Transferred),
            "A05" => what.push(What::Preadmitted),
            "A06" | "A07" => what.push(What::ClassChanged),
            "A08" => {
                let at = self.corrected_discharge();
                discharged_at = at.value().copied();
                what.push(What::Updated { discharged_at: at });
            }
            "A11" => what.push(What::Cancelled),
            "A12" => what.push(What::TransferCancelled),
            "A13" => what.push(What::DischargeCancelled),
            _ => {}
        }
        let discharge = match trigger {
            "A01" | "A04" => self.late_registration(),
            "A03" => Some(self.discharge()),
            _ => None,
        };
        if let Some(Discharge { at, from, date_only }) = discharge {
            self.check_discharge(at, &visit);
            discharged_at = Some(at);
            what.push(What::Discharged { at, from: from.to_owned(), date_only });
        }
        self.class(trigger, &mut visit);
        self.disposition(trigger, discharged_at, &mut visit);

        let mut charts = Vec::with_capacity(1);
        if matches!(trigger, "A06" | "A07")
            && let Some(old) = self.former_number(self.message.field("MRG", 5), &encounter)
        {
            self.note(FindingCode::VisitRenumbered);
            let moved = What::Renumbered { to: encounter.clone() };
            charts.push((old, self.facts(trigger, &time, &VisitSnapshot::default(), vec![moved])));
        }
        charts.push((encounter, self.facts(trigger, &time, &visit, what)));
        Ok(charts)
    }

    /// A31 is about a person. Where it names a visit, the name on the chart follows; nothing else does.
    pub(super) fn person_update(&mut self, trigger: &str) -> Said {
        let Ok(encounter) = self.encounter() else { return Said::Nothing };
        let time = self.event_time();
        let visit = self.person_of_visit();
        Said::Charts(vec![(encounter, self.facts(trigger, &time, &visit, vec![UPDATED]))])
    }

    /// A45 and A50: the visit belongs to another patient (PID), or has another number (PV1-19 in place of MRG-5).
    /// One message may hold several pairs of MRG and PV1. Of the visit itself they say nothing new.
    pub(super) fn moved(&mut self, trigger: &str) -> Result<Vec<(EncounterKey, Vec<ChartFact>)>, Reason> {
        let mut pairs = vec![(self.encounter()?, self.message.field("MRG", 5))];
        let mut before = None;
        for segment in self.message.iter() {
            match segment.name() {
                "MRG" => before = Some(segment.field(5)),
                "PV1" => {
                    let now = self.visit_in(segment.field(19));
                    let is_new = |now: &EncounterKey| pairs.iter().all(|(known, _)| known.id() != now.id());
                    pairs.extend(now.filter(is_new).zip(before));
                }
                _ => {}
            }
        }
        let (time, visit) = (self.event_time(), self.person_of_visit());
        let mut charts = Vec::with_capacity(pairs.len());
        for (now, before) in pairs {
            if let Some(old) = self.former_number(before, &now) {
                self.note(FindingCode::VisitRenumbered);
                let moved = What::Renumbered { to: now.clone() };
                charts.push((old, self.facts(trigger, &time, &VisitSnapshot::default(), vec![moved])));
            }
            charts.push((now, self.facts(trigger, &time, &visit, vec![UPDATED])));
        }
        Ok(charts)
    }

    /// Of a visit only whose it is.
    fn person_of_visit(&self) -> VisitSnapshot {
        VisitSnapshot {
            patient: self.patient(),
            patient_name: self.patient_name(),
            ..VisitSnapshot::default()
        }
    }

    /// PID, PV1 and PR1, without what depends on the trigger.
    pub(super) fn snapshot(&mut self) -> VisitSnapshot {
        let pv1 = |number: usize| self.message.field("PV1", number);
        let (location, service, attending, admitting, admitted) = (pv1(3), pv1(10), pv1(7), pv1(17), pv1(44));
        let attending = self.one_person(attending);
        if attending.value().is_some_and(|person| person.id.is_none()) {
            self.note(FindingCode::AttendingWithoutId);
        }
        VisitSnapshot {
            patient: self.patient(),
            patient_name: self.patient_name(),
            account: self.account(),
            class: self.mapped_class(),
            location: place(location),
            service: code(service),
            attending,
            admitting: self.one_person(admitting),
            admitted_at: self.admission(admitted),
            died: Field::Absent,
            disposition: Field::Absent,
            procedures: self.procedures(),
        }
    }

    fn admission(&mut self, field: Hl7Field<'_>) -> Field<Timestamp> {
        let instant = self.time_field(field, "PV1-44", DayEdge::Start);
        if instant.value().is_some_and(|instant| instant.date_only) {
            self.note_about(FindingCode::DateOnly, "PV1-44");
        }
        instant.map(|instant| instant.at)
    }

    /// PV1-2 through the profile's table. An unknown code is kept, never guessed.
    fn mapped_class(&mut self) -> Field<EncounterClass> {
        match code(self.message.field("PV1", 2)) {
            Field::Absent => Field::Absent,
            Field::Null => Field::Null,
            Field::Value(sent) => {
                let known = self.profile.classes.get(&sent).cloned().flatten();
                Field::Value(known.unwrap_or_else(|| {
                    self.note_about(FindingCode::ClassUnmapped, &sent);
                    EncounterClass::Unmapped(sent)
                }))
            }
        }
    }

    /// What the trigger itself says of the class: A06 makes an inpatient, A07 an outpatient.
    fn class(&mut self, trigger: &str, visit: &mut VisitSnapshot) {
        let by_trigger = match trigger {
            "A06" => EncounterClass::Inpatient,
            "A07" => EncounterClass::Outpatient,
            "A01" | "A04" if visit.class.is_absent() => return self.note(FindingCode::ClassMissing),
            _ => return,
        };
        match &visit.class {
            Field::Value(class) => {
                let still_inpatient = *class == EncounterClass::Inpatient;
                if still_inpatient != (trigger == "A06") {
                    self.note(FindingCode::ClassContradictsTrigger);
                }
            }
            Field::Absent | Field::Null => {
                self.note(FindingCode::ClassFromTrigger);
                visit.class = Field::Value(by_trigger);
            }
        }
    }

    /// Disposition (PV1-36) and death. PID-29 and PID-30 say that the patient is dead, not that it happened in
    /// this stay; so they count only beside a discharge, and a date of death only if it is not after that day.
    fn disposition(&mut self, trigger: &str, discharged_at: Option<Timestamp>, visit: &mut VisitSnapshot) {
        if trigger == "A13" {
            visit.disposition = Field::Null;
            visit.died = Field::Null;
            return;
        }
        visit.disposition = code(self.message.field("PV1", 36));
        match &visit.disposition {
            Field::Absent => {}
            Field::Null => visit.died = Field::Null,
            Field::Value(code) => visit.died = Field::Value(self.profile.death_dispositions.holds(code)),
        }
        let Some(discharged_at) = discharged_at else { return };
        let day_of_death = self.instant(self.message.field("PID", 29), "PID-29", DayEdge::Start);
        let dead = match day_of_death {
            Some(death) => death.at <= end_of_local_day(discharged_at, &self.profile.zone),
            None => {
                code(self.message.field("PID", 30)).value().is_some_and(|flag| flag.eq_ignore_ascii_case("Y"))
            }
        };
        if dead {
            visit.died = Field::Value(true);
        }
    }

    /// The discharge instant that an update carries: it corrects a known one.
    fn corrected_discharge(&mut self) -> Field<Timestamp> {
        let sent = self.message.field("PV1", 45);
        let instant = self.time_field(sent, "PV1-45", DayEdge::End);
        if instant.value().is_some_and(|instant| instant.date_only) {
            self.note(FindingCode::DischargeDateOnly);
        }
        instant.map(|instant| instant.at)
    }

    /// An A01 or A04 that carries the discharge already.
    fn late_registration(&mut self) -> Option<Discharge> {
        let sent = self.message.field("PV1", 45);
        let instant = self.instant(sent, "PV1-45", DayEdge::End)?;
        self.note(FindingCode::LateRegistration);
        if instant.date_only {
            self.note(FindingCode::DischargeDateOnly);
        }
        Some(Discharge { at: instant.at, from: "PV1-45", date_only: instant.date_only })
    }

    fn check_discharge(&mut self, at: Timestamp, visit: &VisitSnapshot) {
        match visit.admitted_at.value() {
            Some(admitted) if *admitted == at => self.note(FindingCode::DischargeEqualsAdmission),
            Some(admitted) if *admitted > at => self.note(FindingCode::DischargeBeforeAdmission),
            _ => {}
        }
    }

    /// The number under which the visit ran before (MRG-5), if it is another one.
    fn former_number(&self, field: Hl7Field<'_>, now: &EncounterKey) -> Option<EncounterKey> {
        let mut old = self.visit_in(field)?;
        if field.component(4).value().is_absent() {
            old.authority.clone_from(&now.authority);
        }
        (old.id() != now.id()).then_some(old)
    }
}

/// Something is said of the visit, and nothing of its discharge.
const UPDATED: What = What::Updated { discharged_at: Field::Absent };

/// A coded field: its first component.
fn code(field: Hl7Field<'_>) -> Field<String> {
    if field.is_null() {
        return Field::Null;
    }
    field.value().to_owned_text().into()
}

/// A location as sent, in `^`, whatever the separators of the message.
fn place(field: Hl7Field<'_>) -> Field<String> {
    if field.is_null() {
        return Field::Null;
    }
    let parts: Vec<String> = field
        .repetition(1)
        .components()
        .map(|part| part.value().to_owned_text().unwrap_or_default())
        .collect();
    let place = parts.join("^").trim_end_matches('^').to_owned();
    if place.is_empty() { Field::Absent } else { Field::Value(place) }
}
