//! Providers. A field that repeats names one physician under several identifiers, not several physicians: the
//! standard says so, and samples agree.

use countersign_contracts::Field;
use countersign_hl7::{Composite, Field as Hl7Field, Xcn};
use countersign_kernel::Person;

use super::Reader;
use crate::domain::FindingCode;

/// Degrees that show a component to be one, when a name stands in the place of the id (`SMITH^ROBERT^MD`).
const DEGREES: [&str; 12] =
    ["MD", "DO", "RN", "PA", "PA-C", "NP", "APRN", "DDS", "DMD", "DPM", "PHD", "MBBS"];

impl Reader<'_, '_> {
    /// A field that names one person (PV1-7, PV1-17), in its three states. `^^^^^` is nobody.
    pub(super) fn one_person(&mut self, field: Hl7Field<'_>) -> Field<Person> {
        if field.is_null() {
            return Field::Null;
        }
        let people = self.people(Xcn::all(field));
        let identifiers = people.iter().filter(|person| person.id.is_some()).count();
        let preferred = people.iter().any(|person| self.authority_rank(person).is_some());
        if identifiers > 1 && !preferred {
            self.note(FindingCode::AttendingRepeats);
        }
        self.best(people).into()
    }

    /// A field that names several people (TXA-10): one entry each, whatever number of identifiers they have.
    pub(super) fn several_people(&mut self, field: Hl7Field<'_>) -> Vec<Person> {
        let people = self.people(Xcn::all(field));
        self.distinct(people)
    }

    /// Each person once: repetitions of the same id, or of the same name under another authority, are one person.
    pub(super) fn distinct(&self, people: Vec<Person>) -> Vec<Person> {
        let mut groups: Vec<Vec<Person>> = Vec::new();
        for person in people {
            match groups.iter_mut().find(|group| group.iter().any(|other| is_same(other, &person))) {
                Some(group) => group.push(person),
                None => groups.push(vec![person]),
            }
        }
        groups.into_iter().filter_map(|group| self.best(group)).collect()
    }

    /// The person of the preferred authority, else the first with an identifier, else the first.
    fn best(&self, people: Vec<Person>) -> Option<Person> {
        people
            .into_iter()
            .enumerate()
            .min_by_key(|(order, person)| {
                (self.authority_rank(person).unwrap_or(usize::MAX), person.id.is_none(), *order)
            })
            .map(|(_, person)| person)
    }

    fn authority_rank(&self, person: &Person) -> Option<usize> {
        self.profile.provider_authorities.iter().position(|authority| *authority == person.authority)
    }

    fn people(&mut self, sent: Vec<Xcn>) -> Vec<Person> {
        sent.into_iter().map(|xcn| self.person(xcn)).collect()
    }

    /// One person as sent.
    pub(super) fn person(&mut self, xcn: Xcn) -> Person {
        let xcn = if is_name_in_place_of_id(&xcn) {
            self.note(FindingCode::NameInPlaceOfId);
            Xcn { id: None, family: xcn.id, given: xcn.family, degree: xcn.given, ..xcn }
        } else {
            xcn
        };
        let mut credentials: Vec<String> = Vec::new();
        for text in [&xcn.degree, &xcn.suffix, &xcn.professional_suffix].into_iter().flatten() {
            for one in text.split([',', ';', ' ']).filter(|one| !one.is_empty()) {
                if !credentials.iter().any(|known| known == one) {
                    credentials.push(one.to_owned());
                }
            }
        }
        Person {
            authority: xcn.authority_name().unwrap_or_default().to_owned(),
            id: xcn.id,
            family: xcn.family.unwrap_or_default(),
            given: xcn.given.unwrap_or_default(),
            credentials,
        }
    }

    /// Whether the profile says that this author needs a cosigner.
    pub(super) fn is_trainee(&self, person: &Person) -> bool {
        let known = &self.profile.trainee_credentials;
        // `P.A.` is PA, and `PGY-2` is PGY2.
        person.id.as_deref().is_some_and(|id| self.profile.trainees.holds(id))
            || person
                .credentials
                .iter()
                .any(|credential| known.holds(credential) || known.holds(&credential.replace(['.', '-'], "")))
    }
}

fn is_same(one: &Person, other: &Person) -> bool {
    let same_id = one.same_id(other) && one.authority == other.authority;
    let named = !one.family.is_empty() && !one.given.is_empty();
    let name = |person: &Person| (person.family.to_uppercase(), person.given.to_uppercase());
    // One person does not have two identifiers of one authority: the same name there is a namesake.
    let same_name =
        named && name(one) == name(other) && (one.authority != other.authority || one.id == other.id);
    same_id || same_name
}

/// `SMITH^ROBERT^MD`: letters only in the place of the id, and a degree in the place of the given name.
fn is_name_in_place_of_id(xcn: &Xcn) -> bool {
    let is_degree = |text: &str| DEGREES.contains(&text.replace('.', "").to_uppercase().as_str());
    let is_name = |text: &str| text.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\''));
    xcn.id.as_deref().is_some_and(is_name)
        && xcn.family.as_deref().is_some_and(is_name)
        && xcn.given.as_deref().is_some_and(is_degree)
        && xcn.degree.is_none()
        && xcn.authority.is_none()
}
