//! Values that hold patient data.

use serde::{Deserialize, Serialize};

/// A value that identifies or describes a patient. It prints as `‹patient data›` wherever it is formatted,
/// so that logs, errors and spans cannot carry it by accident; [`Phi::reveal`] is the one way to the value
/// and is easy to search for. Stored and sent as the plain value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Phi<T>(T);

impl<T> Phi<T> {
    /// Marks a value as patient data.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for storage, for matching, and for a page that its reader may see.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> std::fmt::Debug for Phi<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("‹patient data›")
    }
}

impl<T> std::fmt::Display for Phi<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("‹patient data›")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patient_data_never_prints() {
        let name = Phi::new("MARKER".to_owned());
        assert!(!format!("{name} {name:?} {:?}", Some(&name)).contains("MARKER"));
    }
}
