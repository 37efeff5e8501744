//! The staff master file (MFN^M02): one record a provider, MFE with the STF and PRA below it. It carries no visit.
//!
//! Only M02 is read: other triggers use the same segment MFI for files that are not about people.

use countersign_contracts::{
    Field,
    staff::{StaffIdentifier, StaffReported},
};
use countersign_hl7::{Composite, Cwe, Cx, DayEdge, Field as Hl7Field, HlTime, Repetition, Segment};
use countersign_kernel::{Person, ProviderId, Timestamp};
use jiff::civil::Date;

use super::{Reader, time::EventTime};
use crate::domain::{FindingCode, Reason};

/// One record of the file: MFE, and the segments up to the next one.
struct Record<'s, 'a> {
    mfe: Segment<'a>,
    stf: Option<Segment<'a>>,
    pra: Vec<&'s Segment<'a>>,
}

impl<'a> Record<'_, 'a> {
    fn staff(&self, number: usize) -> Option<Hl7Field<'a>> {
        self.stf.map(|stf| stf.field(number))
    }

    fn practitioner(&self, number: usize) -> Option<Hl7Field<'a>> {
        self.pra.first().map(|pra| pra.field(number))
    }
}

impl Reader<'_, '_> {
    /// Every record that names somebody.
    pub(super) fn staff(&mut self) -> Result<Vec<StaffReported>, Reason> {
        let time = self.event_time();
        // MFI-5, when the whole file takes effect.
        let file_effect = self.instant(self.message.field("MFI", 5), "MFI-5", DayEdge::Start);
        let effective = file_effect.map_or(time.occurred_at, |instant| instant.at);
        let segments: Vec<Segment<'_>> = self.message.iter().collect();
        let begins: Vec<usize> = segments
            .iter()
            .enumerate()
            .filter_map(|(index, segment)| (segment.name() == "MFE").then_some(index))
            .collect();
        let mut said = Vec::with_capacity(begins.len());
        for (number, begin) in begins.iter().enumerate() {
            let end = begins.get(number + 1).copied().unwrap_or(segments.len());
            let below = &segments[begin + 1..end];
            let record = Record {
                mfe: segments[*begin],
                stf: below.iter().find(|segment| segment.name() == "STF").copied(),
                pra: below.iter().filter(|segment| segment.name() == "PRA").collect(),
            };
            match self.staff_record(&record, u32::try_from(number).unwrap_or(u32::MAX), effective, &time) {
                Some(report) => said.push(report),
                None => self.note(FindingCode::StaffWithoutId),
            }
        }
        if said.is_empty() { Err(Reason::NoStaffRecord) } else { Ok(said) }
    }

    fn staff_record(
        &mut self,
        record: &Record<'_, '_>,
        number: u32,
        effective: Timestamp,
        time: &EventTime,
    ) -> Option<StaffReported> {
        let identifiers = self.staff_identifiers(record);
        let id = identifiers.first()?.id.clone();
        let effective_at = self
            .instant(record.mfe.field(3), "MFE-3", DayEdge::Start)
            .map_or(effective, |instant| instant.at);
        let began = record.staff(12).map(Hl7Field::repetitions).into_iter().flatten();
        let facilities: Vec<String> = began
            .filter_map(|date| coded(date.component(2).subcomponent(1).value().to_owned_text()))
            .collect();
        Some(StaffReported {
            message: self.context.message,
            record: number,
            reading: self.context.reading,
            id,
            identifiers,
            name: record.staff(3).and_then(|field| field.repetitions().find_map(person_name)),
            active: self.is_active(record),
            effective_at,
            active_from: self.edge_of_activity(record.staff(12), "STF-12", Iterator::min),
            active_until: self.end_of_activity(record, facilities.len()),
            departments: record.staff(8).map(all_codes).unwrap_or_default(),
            service: first_code(record.staff(9)),
            specialty: first_code(record.practitioner(5)),
            group: first_code(record.practitioner(2)),
            supervisor: Field::Absent,
            delegate: Field::Absent,
            email: email(record),
            telephone: telephone(record),
            facilities,
            time_zone: self.profile.time_zone.clone(),
            recorded_at: Some(time.recorded_at),
            withdrawn: false,
            received_at: self.context.received_at,
        })
    }

    /// The primary key first (MFE-4, which is STF-1): every message about the person carries it, so the record is
    /// kept under it. Its authority is what stands in its third component, else the sending facility. Then the lists
    /// that messages about charts quote: STF-2 and PRA-6.
    fn staff_identifiers(&self, record: &Record<'_, '_>) -> Vec<StaffIdentifier> {
        let facility = self.facility();
        let key = |field: Hl7Field<'_>| {
            let coded = Cwe::first(field)?;
            let authority = coded.system.unwrap_or_else(|| facility.clone());
            Some(StaffIdentifier { id: ProviderId { id: coded.code?, authority }, kind: String::new() })
        };
        let primary = key(record.mfe.field(4)).or_else(|| record.staff(1).and_then(key));
        let listed = record.staff(2).map(Cx::all).unwrap_or_default().into_iter().map(|cx| {
            let authority = cx.authority_name().map_or_else(|| facility.clone(), str::to_owned);
            StaffIdentifier {
                id: ProviderId { id: cx.id, authority },
                kind: cx.type_code.unwrap_or_default(),
            }
        });
        let numbers =
            record.pra.iter().flat_map(|pra| pra.field(6).repetitions()).filter_map(practitioner_number);
        let mut identifiers: Vec<StaffIdentifier> = Vec::new();
        for identifier in primary.into_iter().chain(listed).chain(numbers) {
            match identifiers.iter_mut().find(|known| known.id == identifier.id) {
                Some(known) if known.kind.is_empty() => known.kind = identifier.kind,
                Some(_) => {}
                None => identifiers.push(identifier),
            }
        }
        identifiers
    }

    /// MFE-1 (table 0180) deletes, deactivates and reactivates; in an addition or a change STF-7 (table 0183) tells.
    /// A deleted provider is an inactive one: what is owed stays owed.
    fn is_active(&mut self, record: &Record<'_, '_>) -> Option<bool> {
        let event = record.mfe.field(1).value().to_owned_text().unwrap_or_default().to_ascii_uppercase();
        let flag = record.staff(7).and_then(|field| field.value().to_owned_text());
        let flag = match flag.as_deref().map(str::to_ascii_uppercase).as_deref() {
            Some("A") => Some(true),
            Some("I") => Some(false),
            _ => None,
        };
        match event.as_str() {
            "MDL" | "MDC" => Some(false),
            "MAC" => Some(true),
            "MAD" => Some(flag.unwrap_or(true)),
            "MUP" => flag,
            _ => {
                self.note_about(FindingCode::StaffEventUnknown, &event);
                flag
            }
        }
    }

    /// STF-13. Who left one of several institutions (STF-12) has not left.
    fn end_of_activity(&mut self, record: &Record<'_, '_>, institutions: usize) -> Field<Date> {
        let left = record.staff(13).map_or(0, |field| field.repetitions().count());
        let until = self.edge_of_activity(record.staff(13), "STF-13", Iterator::max);
        if until.value().is_some() && left < institutions { Field::Absent } else { until }
    }

    /// The first or the last of the days in a field of institutions with dates.
    fn edge_of_activity(
        &mut self,
        field: Option<Hl7Field<'_>>,
        name: &'static str,
        edge: fn(std::vec::IntoIter<Date>) -> Option<Date>,
    ) -> Field<Date> {
        let Some(field) = field else { return Field::Absent };
        if field.is_null() {
            return Field::Null;
        }
        let literals: Vec<String> =
            field.repetitions().filter_map(|one| one.value().to_owned_text()).collect();
        let mut days = Vec::with_capacity(literals.len());
        for literal in literals {
            // The zone does not matter to the day; the check for times that cannot be meant does.
            if self.instant_of(&literal, name, DayEdge::Start).is_some()
                && let Ok(time) = HlTime::parse(&literal)
            {
                days.push(time.local().date());
            }
        }
        edge(days.into_iter()).into()
    }
}

/// PLN: number, type, state or issuer. Numbers of one type have one authority: `NPI`; licences of a state (`SL`) one
/// for each state, such as `SL-CA`.
fn practitioner_number(repetition: Repetition<'_>) -> Option<StaffIdentifier> {
    let part = |number: usize| repetition.component(number).value().to_owned_text();
    let id = part(1)?;
    let kind = part(2).unwrap_or_default();
    let authority = match part(3) {
        Some(issuer) if kind != "NPI" => format!("{kind}-{issuer}"),
        _ => kind.clone(),
    };
    Some(StaffIdentifier { id: ProviderId { id, authority }, kind })
}

/// XPN.
fn person_name(repetition: Repetition<'_>) -> Option<Person> {
    let part = |number: usize| repetition.component(number).value().to_owned_text();
    let (family, given) = (part(1).unwrap_or_default(), part(2).unwrap_or_default());
    let mut credentials: Vec<String> = Vec::new();
    for text in [part(6), part(4), part(14)].into_iter().flatten() {
        for one in text.split([',', ';', ' ']).filter(|one| !one.is_empty()) {
            if !credentials.iter().any(|known| known == one) {
                credentials.push(one.to_owned());
            }
        }
    }
    let named = !(family.is_empty() && given.is_empty());
    named.then(|| Person { id: None, authority: String::new(), family, given, credentials })
}

fn coded(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// A coded value by its code, else by its text.
fn code_of(repetition: Repetition<'_>) -> Option<String> {
    Cwe::read(repetition).and_then(|coded| coded.code.or(coded.text))
}

fn all_codes(field: Hl7Field<'_>) -> Vec<String> {
    field.repetitions().filter_map(code_of).collect()
}

fn first_code(field: Option<Hl7Field<'_>>) -> Field<String> {
    let Some(field) = field else { return Field::Absent };
    if field.is_null() { Field::Null } else { field.repetitions().find_map(code_of).into() }
}

/// STF-15, else an address among the telephone numbers (XTN-3 `Internet`, XTN-4).
fn email(record: &Record<'_, '_>) -> Field<String> {
    let sent = first_code(record.staff(15));
    if !sent.is_absent() {
        return sent;
    }
    let mut numbers = record.staff(10).map(Hl7Field::repetitions).into_iter().flatten();
    let address = |number: Repetition<'_>| number.component(4).value().to_owned_text();
    numbers.find_map(address).into()
}

/// STF-10: XTN-1 or XTN-12 as written, else area code and number (XTN-6, XTN-7).
fn telephone(record: &Record<'_, '_>) -> Field<String> {
    let Some(field) = record.staff(10) else { return Field::Absent };
    if field.is_null() {
        return Field::Null;
    }
    let number = |number: Repetition<'_>| {
        let part = |at: usize| number.component(at).value().to_owned_text();
        part(1).or_else(|| part(12)).or_else(|| {
            let parts: Vec<String> = [part(6), part(7)].into_iter().flatten().collect();
            coded(Some(parts.join(" ")))
        })
    };
    field.repetitions().find_map(number).into()
}
