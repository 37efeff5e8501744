//! Places in a hospital.

use super::{Composite, Hd, part};
use crate::reader::Repetition;

/// Person location (PL, chapter 2A): PV1-3, PV1-6.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pl {
    /// PL-1, ward or department.
    pub point_of_care: Option<String>,
    /// PL-2.
    pub room: Option<String>,
    /// PL-3.
    pub bed: Option<String>,
    /// PL-4.
    pub facility: Option<Hd>,
    /// PL-6, kind of place (table 0305).
    pub kind: Option<String>,
    /// PL-7.
    pub building: Option<String>,
    /// PL-8.
    pub floor: Option<String>,
    /// PL-9.
    pub description: Option<String>,
}

impl Composite for Pl {
    fn read(repetition: Repetition<'_>) -> Option<Self> {
        let pl = Self {
            point_of_care: part(repetition, 1),
            room: part(repetition, 2),
            bed: part(repetition, 3),
            facility: Hd::of_component(repetition.component(4)),
            kind: part(repetition, 6),
            building: part(repetition, 7),
            floor: part(repetition, 8),
            description: part(repetition, 9),
        };
        (pl != Self::default()).then_some(pl)
    }
}
