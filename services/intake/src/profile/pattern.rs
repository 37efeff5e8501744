//! Text patterns in which `*` stands for any text.

/// A pattern, cut at its stars.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Vec<String>);

impl Pattern {
    pub(super) fn new(pattern: &str) -> Self {
        Self(pattern.trim().split('*').map(str::to_owned).collect())
    }

    /// Whether the whole text fits. Case matters: senders that differ in case only do exist.
    pub(super) fn fits(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.0.as_slice() else {
            return self.0.first().is_some_and(|only| only == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        for part in middle {
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("*", "EPIC", true),
            ("NORTH*", "NORTH-2", true),
            ("NORTH*", "SOUTH", false),
            ("*LAB", "NORTHLAB", true),
            ("A*B*C", "AxxByyC", true),
            ("A*B*C", "AC", false),
            ("AB*BC", "ABC", false),
            ("EPIC", "EPIC", true),
            ("EPIC", "epic", false),
            ("", "", true),
            ("", "EPIC", false),
        ] {
            assert_eq!(Pattern::new(pattern).fits(text), fits, "{pattern} {text}");
        }
    }
}
