//! How far somebody's reading goes, in the words of the tables.

use countersign_kernel::{Person, ProviderId};
use countersign_runtime::authority::Reach;
use rusqlite::{Connection, ToSql};

use super::pauses;

/// A [`Reach`], with every identifier under which its providers go.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Within {
    people: Option<Vec<ProviderId>>,
    facilities: Vec<String>,
}

impl Within {
    /// Looks up the identifiers of a reach: a provider whose identities were merged reads the items of all of
    /// them.
    pub fn of(sql: &Connection, reach: &Reach) -> Result<Self, rusqlite::Error> {
        let facilities = reach.facilities.clone();
        let Some(providers) = &reach.providers else { return Ok(Self { people: None, facilities }) };
        let mut people = Vec::new();
        for provider in providers {
            people.extend(pauses::identities(sql, provider)?);
        }
        Ok(Self { people: Some(people), facilities })
    }

    /// Whether it ends at single providers' items.
    pub(super) const fn is_of_providers(&self) -> bool {
        self.people.is_some()
    }

    /// Whether a facility is within it, as a whole.
    pub(super) fn includes_facility(&self, facility: &str) -> bool {
        self.facilities.is_empty() || self.facilities.iter().any(|known| known == facility)
    }

    /// Whether an item of this person in this facility is within it.
    pub fn includes(&self, responsible: Option<&Person>, facility: &str) -> bool {
        self.includes_facility(facility)
            && self.people.as_ref().is_none_or(|people| {
                responsible.is_some_and(|person| people.iter().any(|known| is_of(known, person)))
            })
    }

    /// The same as a condition on `deficiency d`, and its parameters.
    pub(super) fn condition(&self) -> (String, Vec<Box<dyn ToSql>>) {
        let mut conditions = vec!["1 = 1".to_owned()];
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        if !self.facilities.is_empty() {
            let places = vec!["?"; self.facilities.len()].join(", ");
            conditions.push(format!("d.facility IN ({places})"));
            values
                .extend(self.facilities.iter().map(|facility| Box::new(facility.clone()) as Box<dyn ToSql>));
        }
        if let Some(people) = &self.people {
            const IS_OF: &str =
                "(d.responsible = ? AND (coalesce(d.responsible_authority, '') IN ('', ?) OR ? = ''))";
            let any =
                if people.is_empty() { "0 = 1".to_owned() } else { vec![IS_OF; people.len()].join(" OR ") };
            conditions.push(format!("({any})"));
            for ProviderId { id, authority } in people {
                for value in [id, authority, authority] {
                    values.push(Box::new(value.clone()));
                }
            }
        }
        (conditions.join(" AND "), values)
    }
}

/// Whether somebody goes by this identifier. Many feeds name no authority: then the id decides.
fn is_of(known: &ProviderId, person: &Person) -> bool {
    person.id.as_deref() == Some(&*known.id)
        && (known.authority.is_empty() || person.authority.is_empty() || person.authority == known.authority)
}
