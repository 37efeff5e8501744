//! Coded values.

use super::{Composite, part};
use crate::reader::Repetition;

/// Coded value with exceptions (CWE, chapter 2A; also CE, CNE and, by its code alone, ID and IS).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cwe {
    /// CWE-1.
    pub code: Option<String>,
    /// CWE-2.
    pub text: Option<String>,
    /// CWE-3, coding system (table 0396): `LN`, `I10`, `HL70271`, …
    pub system: Option<String>,
    /// CWE-4, the same in another system.
    pub alternate_code: Option<String>,
    /// CWE-5.
    pub alternate_text: Option<String>,
    /// CWE-6.
    pub alternate_system: Option<String>,
}

impl Composite for Cwe {
    fn read(repetition: Repetition<'_>) -> Option<Self> {
        let cwe = Self {
            code: part(repetition, 1),
            text: part(repetition, 2),
            system: part(repetition, 3),
            alternate_code: part(repetition, 4),
            alternate_text: part(repetition, 5),
            alternate_system: part(repetition, 6),
        };
        (cwe != Self::default()).then_some(cwe)
    }
}
