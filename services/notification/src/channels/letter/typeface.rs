//! The typeface of letters: which letters it has, and how wide a text is.
//!
//! Names of people are written in more letters than Latin-1 holds. `DejaVu` has those of Latin, Greek, Cyrillic, Armenian,
//! Georgian, Arabic and Hebrew; what it has not is written as its code point, so that nobody's name vanishes.

use std::fmt::Write as _;

use krilla::text::Font;
use rustybuzz::{Face, UnicodeBuffer};

use crate::channels::RenderError;

/// One weight of the typeface.
pub(super) struct Weight {
    pub(super) font: Font,
    face: Face<'static>,
}

impl Weight {
    pub(super) fn plain() -> Result<Self, RenderError> {
        Self::new(dejavu::sans_condensed::regular())
    }

    pub(super) fn strong() -> Result<Self, RenderError> {
        Self::new(dejavu::sans_condensed::bold())
    }

    fn new(data: &'static [u8]) -> Result<Self, RenderError> {
        let unusable = || RenderError::Document { problem: "the typeface cannot be read".to_owned() };
        Ok(Self {
            font: Font::new(data.into(), 0).ok_or_else(unusable)?,
            face: Face::from_slice(data, 0).ok_or_else(unusable)?,
        })
    }

    /// The text in letters that the typeface has.
    pub(super) fn printable(&self, text: &str) -> String {
        let mut all = String::with_capacity(text.len());
        for c in text.chars() {
            if self.face.glyph_index(c).is_some() {
                all.push(c);
            } else {
                // Writing into a string cannot fail.
                let _ = write!(all, "[U+{:04X}]", u32::from(c));
            }
        }
        all
    }

    /// Width in points.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        let shaped = rustybuzz::shape(&self.face, &[], buffer);
        let units: i32 = shaped.glyph_positions().iter().map(|position| position.x_advance).sum();
        #[expect(clippy::cast_precision_loss, reason = "a line is a few thousand units wide")]
        let width = units as f32 * size / self.face.units_per_em() as f32;
        width
    }
}

/// The runs of a line that are written in one direction, each with the spaces between its words.
pub(super) fn runs(line: &str) -> Vec<String> {
    let mut all: Vec<(bool, String)> = Vec::new();
    for word in line.split(' ') {
        let turned = word.chars().any(is_right_to_left);
        match all.last_mut() {
            Some((same, run)) if *same == turned => {
                run.push(' ');
                run.push_str(word);
            }
            _ => all.push((turned, word.to_owned())),
        }
    }
    all.into_iter().map(|(_, run)| run).collect()
}

/// Hebrew, Arabic and their kin.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_vanishes() {
        let weight = Weight::plain().expect("a typeface");
        for name in ["Núñez-Łukasiewicz", "Đặng Thị Hồng", "Ευγενία", "Наталія", "אברהם", "فاطمة"]
        {
            assert_eq!(weight.printable(name), name);
        }
        assert_eq!(weight.printable("李 Wei"), "[U+674E] Wei");
        assert!(weight.width("WW", 10.0) > weight.width("ii", 10.0));
    }

    #[test]
    fn a_line_is_cut_where_its_direction_turns() {
        assert_eq!(runs("To: Dr. אברהם כהן, MD"), ["To: Dr.", "אברהם כהן,", "MD"]);
        assert_eq!(runs("one line"), ["one line"]);
    }
}
