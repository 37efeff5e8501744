//! Tables of codes. Case and blanks around a code do not matter.

use std::collections::{BTreeMap, BTreeSet};

/// What codes mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeTable<T>(BTreeMap<String, T>);

impl<T> Default for CodeTable<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Clone> CodeTable<T> {
    /// What a code means; nothing when it is not in the table.
    pub fn get(&self, code: &str) -> Option<&T> {
        self.0.get(&normal(code))
    }

    /// Whether the code is in the table.
    pub fn holds(&self, code: &str) -> bool {
        self.get(code).is_some()
    }

    /// This table with other lists laid over it. Gives back a code that stands in two of those lists.
    pub(super) fn overlaid(&self, lists: impl IntoIterator<Item = (T, Vec<String>)>) -> Result<Self, String> {
        let mut table = self.clone();
        let mut written = BTreeSet::new();
        for (meaning, codes) in lists {
            for code in &codes {
                if !written.insert(normal(code)) {
                    return Err(code.clone());
                }
                table.0.insert(normal(code), meaning.clone());
            }
        }
        Ok(table)
    }
}

impl CodeTable<()> {
    /// A plain set of codes.
    pub(super) fn set(codes: &[String]) -> Self {
        Self(codes.iter().map(|code| (normal(code), ())).collect())
    }
}

fn normal(code: &str) -> String {
    code.trim().to_uppercase()
}
