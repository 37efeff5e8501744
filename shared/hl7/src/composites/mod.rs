//! Composite data types, as far as charts need them. Values are trimmed; empty and `""` parts read as `None`
//! (look at [`Field::is_null`] first where deletion matters).

mod coded;
mod identifier;
mod location;
mod person;

pub use coded::Cwe;
pub use identifier::{Cx, Ei, Hd};
pub use location::Pl;
pub use person::{Ppn, Xcn};

use crate::reader::{Component, Field, Repetition};

/// A type that is read from one repetition of a field.
pub trait Composite: Sized {
    /// Reads one repetition; nothing when no part that matters is filled.
    fn read(repetition: Repetition<'_>) -> Option<Self>;

    /// First repetition that says anything.
    fn first(field: Field<'_>) -> Option<Self> {
        field.repetitions().find_map(Self::read)
    }

    /// All repetitions that say anything, in order.
    fn all(field: Field<'_>) -> Vec<Self> {
        field.repetitions().filter_map(Self::read).collect()
    }
}

/// Component of a repetition as an owned value.
fn part(repetition: Repetition<'_>, number: usize) -> Option<String> {
    repetition.component(number).value().to_owned_text()
}

/// Subcomponent of a component as an owned value.
fn subpart(component: Component<'_>, number: usize) -> Option<String> {
    component.subcomponent(number).value().to_owned_text()
}

#[cfg(test)]
mod tests;
