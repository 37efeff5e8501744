//! People who treat, sign and enter.

use super::{Composite, Hd, part};
use crate::reader::Repetition;

/// Extended composite id and name of a person (XCN, chapter 2A): PV1-7, PV1-17, TXA-9, TXA-10 and others.
///
/// A person may come with an id and no name, or with a name and no id; `^^^^^` is nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Xcn {
    /// XCN-1.
    pub id: Option<String>,
    /// XCN-2, family name (its first subcomponent, the whole surname).
    pub family: Option<String>,
    /// XCN-3, given name.
    pub given: Option<String>,
    /// XCN-4, further given names or initials.
    pub middle: Option<String>,
    /// XCN-5, for example `JR`.
    pub suffix: Option<String>,
    /// XCN-6, for example `DR`.
    pub prefix: Option<String>,
    /// XCN-7, degree (table 0360), for example `MD`.
    pub degree: Option<String>,
    /// XCN-9, assigning authority of the id.
    pub authority: Option<Hd>,
    /// XCN-13, identifier type code (table 0203), for example `NPI`.
    pub type_code: Option<String>,
    /// XCN-21, professional suffix.
    pub professional_suffix: Option<String>,
}

impl Xcn {
    /// Name of the assigning authority: namespace, else universal id.
    pub fn authority_name(&self) -> Option<&str> {
        self.authority.as_ref().and_then(Hd::name)
    }

    fn parts(repetition: Repetition<'_>) -> Self {
        Self {
            id: part(repetition, 1),
            family: part(repetition, 2),
            given: part(repetition, 3),
            middle: part(repetition, 4),
            suffix: part(repetition, 5),
            prefix: part(repetition, 6),
            degree: part(repetition, 7),
            authority: Hd::of_component(repetition.component(9)),
            type_code: part(repetition, 13),
            professional_suffix: None,
        }
    }

    fn unless_nobody(self) -> Option<Self> {
        (self.id.is_some() || self.family.is_some() || self.given.is_some()).then_some(self)
    }
}

impl Composite for Xcn {
    fn read(repetition: Repetition<'_>) -> Option<Self> {
        Self { professional_suffix: part(repetition, 21), ..Self::parts(repetition) }.unless_nobody()
    }
}

/// Performing person with time stamp (PPN, chapter 2A): TXA-22, who signed and when.
///
/// Real messages fill it in many ways: both, the person only, the time only, a name without an id, even a name in
/// the place of the id. Nothing is guessed here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ppn {
    /// PPN-1 to PPN-14: the person, if any part that names one is filled.
    pub person: Option<Xcn>,
    /// PPN-15, literal of the time of the action; see [`crate::HlTime::parse`].
    pub time: Option<String>,
}

impl Composite for Ppn {
    fn read(repetition: Repetition<'_>) -> Option<Self> {
        let ppn = Self { person: Xcn::parts(repetition).unless_nobody(), time: part(repetition, 15) };
        (ppn != Self::default()).then_some(ppn)
    }
}
