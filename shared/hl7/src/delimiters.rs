//! The separator characters that a message declares for itself in MSH-1 and MSH-2.

use crate::reader::{Finding, ReadError};

/// Stands for "this message has no such separator". No legal separator has the value, because separators are
/// ASCII.
pub(crate) const NONE: u8 = 0xFF;

/// Separator characters of one message (HL7 v2 chapter 2, "Message delimiters").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiters {
    pub(crate) field: u8,
    pub(crate) component: u8,
    pub(crate) repetition: u8,
    pub(crate) escape: u8,
    pub(crate) subcomponent: u8,
    pub(crate) truncation: u8,
}

impl Default for Delimiters {
    /// The recommended set `|^~\&`.
    fn default() -> Self {
        Self {
            field: b'|',
            component: b'^',
            repetition: b'~',
            escape: b'\\',
            subcomponent: b'&',
            truncation: NONE,
        }
    }
}

impl Delimiters {
    /// A set from MSH-1 and MSH-2, under the same rules as a received message.
    pub fn new(field_separator: u8, encoding_characters: &[u8]) -> Result<Self, ReadError> {
        let mut line = Vec::with_capacity(4 + encoding_characters.len());
        line.extend_from_slice(b"MSH");
        line.push(field_separator);
        line.extend_from_slice(encoding_characters);
        Self::of_header(&line).map(|(delimiters, _)| delimiters)
    }

    /// Field separator, MSH-1.
    pub const fn field(self) -> u8 {
        self.field
    }

    /// Component separator, first character of MSH-2.
    pub const fn component(self) -> u8 {
        self.component
    }

    /// Repetition separator, second character of MSH-2.
    pub const fn repetition(self) -> Option<u8> {
        some(self.repetition)
    }

    /// Escape character, third character of MSH-2.
    pub const fn escape(self) -> Option<u8> {
        some(self.escape)
    }

    /// Subcomponent separator, fourth character of MSH-2.
    pub const fn subcomponent(self) -> Option<u8> {
        some(self.subcomponent)
    }

    /// Truncation character, fifth character of MSH-2 (HL7 2.7 and later).
    pub const fn truncation(self) -> Option<u8> {
        some(self.truncation)
    }

    /// MSH-2 as it has to be written for this set.
    pub fn encoding_characters(self) -> Vec<u8> {
        let mut characters =
            [self.component, self.repetition, self.escape, self.subcomponent, self.truncation]
                .into_iter()
                .collect::<Vec<_>>();
        while characters.last() == Some(&NONE) {
            characters.pop();
        }
        characters.retain(|character| *character != NONE);
        characters
    }

    /// Reads MSH-1 and MSH-2 of a line that begins with `MSH`.
    ///
    /// Characters that MSH-2 leaves out take their defaults. `^~\\&` (an escape character doubled by somebody's
    /// string literal) is read as `^~\&`; a set in which all characters are the same (`&&&&`) cannot be meant and
    /// is read as the default set. Both are findings.
    pub(crate) fn of_header(line: &[u8]) -> Result<(Self, Option<Finding>), ReadError> {
        let field = match line.get(3) {
            Some(byte) if is_legal(*byte) => *byte,
            Some(byte) if !byte.is_ascii() => return Err(ReadError::NonAsciiDelimiter { field: 1 }),
            _ => return Err(ReadError::NotHl7),
        };
        let rest = &line[4..];
        let end = memchr::memchr(field, rest).unwrap_or(rest.len());
        let declared = rest[..end].trim_ascii_end();
        if declared.iter().take(8).any(|byte| !byte.is_ascii()) {
            return Err(ReadError::NonAsciiDelimiter { field: 2 });
        }
        if declared.len() > 5 || !declared.iter().all(|byte| is_legal(*byte)) {
            return Err(ReadError::EncodingCharacters);
        }
        if let [component, repetition, escape, subcomponent] = *declared
            && are_distinct(&[field, component, repetition, escape, subcomponent])
        {
            return Ok((Self { field, component, repetition, escape, subcomponent, truncation: NONE }, None));
        }
        Ok(Self::of_unusual(field, declared))
    }

    fn of_unusual(field: u8, declared: &[u8]) -> (Self, Option<Finding>) {
        let all_same = declared.len() >= 3 && declared.iter().all(|byte| *byte == declared[0]);
        let doubled_escape = declared.len() == 5 && declared[2] == declared[3];
        let without_double = if doubled_escape {
            vec![declared[0], declared[1], declared[2], declared[4]]
        } else if all_same {
            Vec::new()
        } else {
            declared.to_vec()
        };
        let mut used = vec![field];
        let mut roles = [NONE; 5];
        let mut repeated = all_same || doubled_escape;
        for (role, given) in roles.iter_mut().zip(&without_double) {
            if used.contains(given) {
                repeated = true;
            } else {
                *role = *given;
                used.push(*given);
            }
        }
        // The truncation character has no default: before HL7 2.7 it did not exist.
        for (role, usual) in roles.iter_mut().zip(*b"^~\\&") {
            if *role == NONE && !used.contains(&usual) {
                *role = usual;
                used.push(usual);
            }
        }
        let [component, repetition, escape, subcomponent, truncation] = roles;
        let finding = if repeated {
            Some(Finding::DelimitersRepeated)
        } else if declared.len() < 4 {
            Some(Finding::DelimitersIncomplete)
        } else {
            None
        };
        (Self { field, component, repetition, escape, subcomponent, truncation }, finding)
    }
}

/// Printable ASCII that cannot be part of an identifier or number.
const fn is_legal(byte: u8) -> bool {
    byte.is_ascii_punctuation() && byte != b'"'
}

fn are_distinct(bytes: &[u8]) -> bool {
    bytes.iter().enumerate().all(|(index, byte)| !bytes[..index].contains(byte))
}

const fn some(byte: u8) -> Option<u8> {
    if byte == NONE { None } else { Some(byte) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[u8]) -> (Delimiters, Option<Finding>) {
        Delimiters::of_header(line).expect("delimiters")
    }

    #[test]
    fn four_characters_are_taken_as_they_are() {
        let (delimiters, finding) = read(b"MSH#!@%*#APP");

        assert_eq!(delimiters.field(), b'#');
        assert_eq!(delimiters.encoding_characters(), b"!@%*");
        assert_eq!(finding, None);
    }

    #[test]
    fn the_fifth_character_is_the_truncation_character_and_not_the_sending_application() {
        let (delimiters, finding) = read(b"MSH|^~\\&#|APP");

        assert_eq!(delimiters.truncation(), Some(b'#'));
        assert_eq!(delimiters.subcomponent(), Some(b'&'));
        assert_eq!(finding, None);
    }

    #[test]
    fn missing_characters_take_their_defaults() {
        let (three, finding) = read(b"MSH|^~\\|APP");
        assert_eq!(three, Delimiters::default());
        assert_eq!(finding, Some(Finding::DelimitersIncomplete));

        let (two, _) = read(b"MSH|^~|APP");
        assert_eq!(two, Delimiters::default());
    }

    #[test]
    fn a_default_that_is_taken_by_another_role_is_left_out() {
        let (delimiters, _) = read(b"MSH^~|\\^APP");

        assert_eq!(delimiters.field(), b'^');
        assert_eq!(delimiters.component(), b'~');
        assert_eq!(delimiters.repetition(), Some(b'|'));
        assert_eq!(delimiters.subcomponent(), Some(b'&'));
    }

    #[test]
    fn a_doubled_escape_character_is_read_as_one() {
        let (delimiters, finding) = read(b"MSH|^~\\\\&|APP");

        assert_eq!(delimiters, Delimiters::default());
        assert_eq!(finding, Some(Finding::DelimitersRepeated));
    }

    #[test]
    fn four_times_the_same_character_means_the_default_set() {
        let (delimiters, finding) = read(b"MSH|&&&&|APP");

        assert_eq!(delimiters, Delimiters::default());
        assert_eq!(finding, Some(Finding::DelimitersRepeated));
    }

    #[test]
    fn a_separator_outside_ascii_is_refused_with_its_field() {
        let small_tilde = "MSH|^\u{2dc}\\&|APP";
        assert_eq!(
            Delimiters::of_header(small_tilde.as_bytes()),
            Err(ReadError::NonAsciiDelimiter { field: 2 })
        );
        assert_eq!(
            Delimiters::of_header("MSH\u{a6}^~\\&".as_bytes()),
            Err(ReadError::NonAsciiDelimiter { field: 1 })
        );
    }

    #[test]
    fn text_in_the_place_of_encoding_characters_is_refused() {
        assert_eq!(Delimiters::of_header(b"MSH|APP|FAC"), Err(ReadError::EncodingCharacters));
        assert_eq!(Delimiters::of_header(b"MSHAPP"), Err(ReadError::NotHl7));
        assert_eq!(Delimiters::of_header(b"MSH"), Err(ReadError::NotHl7));
    }
}
