//! Identifiers and who assigned them.

use super::{Composite, part, subpart};
use crate::reader::{Component, Repetition};

/// Who assigns identifiers (HD, chapter 2A): a name known in the place, a world-wide id, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hd {
    /// HD-1, namespace id: a name by local agreement (table 0300).
    pub namespace: Option<String>,
    /// HD-2, universal id: usually an OID.
    pub universal_id: Option<String>,
    /// HD-3, kind of universal id (table 0301): `ISO`, `DNS`, `UUID`, …
    pub universal_id_type: Option<String>,
}

impl Hd {
    /// Reads a component whose subcomponents are the parts of an HD.
    pub fn of_component(component: Component<'_>) -> Option<Self> {
        Self {
            namespace: subpart(component, 1),
            universal_id: subpart(component, 2),
            universal_id_type: subpart(component, 3),
        }
        .unless_empty()
    }

    /// What to call the authority: its namespace, else its universal id.
    pub fn name(&self) -> Option<&str> {
        self.namespace.as_deref().or(self.universal_id.as_deref())
    }

    fn unless_empty(self) -> Option<Self> {
        self.name().is_some().then_some(self)
    }
}

impl Composite for Hd {
    /// Reads a field of type HD (MSH-3 to MSH-6), where the parts are components.
    fn read(repetition: Repetition<'_>) -> Option<Self> {
        Self {
            namespace: part(repetition, 1),
            universal_id: part(repetition, 2),
            universal_id_type: part(repetition, 3),
        }
        .unless_empty()
    }
}

/// Extended composite identifier (CX, chapter 2A): PID-3, PID-18, PV1-19, MRG-1 and others. Without an id it is
/// nothing. The check digit (CX-2) is no part of the id and is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cx {
    /// CX-1.
    pub id: String,
    /// CX-4, assigning authority.
    pub authority: Option<Hd>,
    /// CX-5, identifier type code (table 0203): `MR`, `VN`, `AN`, …
    pub type_code: Option<String>,
    /// CX-6, assigning facility.
    pub facility: Option<Hd>,
}

impl Cx {
    /// Name of the assigning authority: namespace, else universal id.
    pub fn authority_name(&self) -> Option<&str> {
        self.authority.as_ref().and_then(Hd::name)
    }
}

impl Composite for Cx {
    fn read(repetition: Repetition<'_>) -> Option<Self> {
        Some(Self {
            id: part(repetition, 1)?,
            authority: Hd::of_component(repetition.component(4)),
            type_code: part(repetition, 5),
            facility: Hd::of_component(repetition.component(6)),
        })
    }
}

/// Entity identifier (EI, chapter 2A): TXA-12, ORC-2, OBR-3 and others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ei {
    /// EI-1. Some senders leave it empty and put the id into EI-3.
    pub id: Option<String>,
    /// EI-2, namespace id.
    pub namespace: Option<String>,
    /// EI-3, universal id.
    pub universal_id: Option<String>,
    /// EI-4, kind of universal id (table 0301).
    pub universal_id_type: Option<String>,
}

impl Ei {
    /// The whole identifier as one text for comparison: its parts joined by `^` whatever the separators of the
    /// message, empty parts at the end left out.
    pub fn key(&self) -> String {
        let parts = [&self.id, &self.namespace, &self.universal_id, &self.universal_id_type];
        let key = parts.map(|part| part.as_deref().unwrap_or_default()).join("^");
        key.trim_end_matches('^').to_owned()
    }
}

impl Composite for Ei {
    fn read(repetition: Repetition<'_>) -> Option<Self> {
        let ei = Self {
            id: part(repetition, 1),
            namespace: part(repetition, 2),
            universal_id: part(repetition, 3),
            universal_id_type: part(repetition, 4),
        };
        (ei != Self::default()).then_some(ei)
    }
}
