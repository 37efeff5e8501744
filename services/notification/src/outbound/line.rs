//! Text on one line.

use serde::{Deserialize, Deserializer, Serialize};

/// Text on one line, without control characters and of bounded length: it can break neither a header nor a layout.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct OneLine(String);

impl OneLine {
    /// Most characters that are kept.
    pub const LONGEST: usize = 200;

    /// The text with white space and control characters folded to single spaces, cut at [`Self::LONGEST`] characters.
    /// Invisible characters that turn the direction of writing go, too: they can make a name read as another one.
    pub fn new(text: &str) -> Self {
        let clean: String = text
            .chars()
            .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
            .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
            .collect();
        let folded = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        Self(folded.chars().take(Self::LONGEST).collect::<String>().trim_end().to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Nothing is left of it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for OneLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for OneLine {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(
            OneLine::new(" Ana\r\nBcc: x@example.org\t\u{202e}M.D. ").as_str(),
            "Ana Bcc: x@example.org M.D."
        );
        assert_eq!(OneLine::new(&"ö".repeat(500)).as_str().chars().count(), OneLine::LONGEST);
        assert!(OneLine::new("\u{200b}\n").is_empty());
    }
}
