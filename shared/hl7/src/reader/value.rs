//! The three states of a value.

use std::borrow::Cow;

use super::scan::{Characters, Stride, Syntax};
use crate::text;

/// What a sender says about a value (HL7 v2 chapter 2, "null values").
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Nothing was sent, or only blanks: keep what is known.
    Absent,
    /// `""` was sent: delete what is known.
    Null,
    /// A value was sent.
    Text(Text<'a>),
}

impl<'a> Value<'a> {
    pub(crate) fn of(bytes: &'a [u8], syntax: Syntax) -> Self {
        match bytes.trim_ascii() {
            b"" => Self::Absent,
            b"\"\"" => Self::Null,
            _ => Self::Text(Text { bytes, syntax }),
        }
    }

    /// Nothing was sent.
    pub const fn is_absent(self) -> bool {
        matches!(self, Self::Absent)
    }

    /// `""` was sent.
    pub const fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    /// Decoded text, blanks at both ends kept; nothing for absent and null values.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text.decode()),
            Self::Absent | Self::Null => None,
        }
    }

    /// Decoded text without blanks at its ends, as codes, numbers and identifiers want it; nothing for absent and
    /// null values, and for text that decodes to blanks only.
    pub fn trimmed(self) -> Option<Cow<'a, str>> {
        let text = match self.text()? {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        (!text.is_empty()).then_some(text)
    }

    /// [`Value::trimmed`] as a string of its own.
    pub fn to_owned_text(self) -> Option<String> {
        self.trimmed().map(Cow::into_owned)
    }

    /// Bytes as they were sent; nothing for absent and null values.
    pub const fn raw(self) -> Option<&'a [u8]> {
        match self {
            Self::Text(text) => Some(text.bytes),
            Self::Absent | Self::Null => None,
        }
    }
}

/// Text as it was sent: neither unescaped nor converted yet.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    bytes: &'a [u8],
    syntax: Syntax,
}

impl<'a> Text<'a> {
    /// Bytes as they were sent.
    pub const fn raw(self) -> &'a [u8] {
        self.bytes
    }

    /// Unescapes and converts from the character set of the message; borrows whenever nothing had to change.
    /// Line breaks of wrapped text are `\n`.
    pub fn decode(self) -> Cow<'a, str> {
        text::decode(self.bytes, self.syntax)
    }
}

/// State of something that may have parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing but blanks and separators.
    Absent,
    /// At least one `""` and no text.
    Null,
    /// There is text in one of the parts.
    Present,
}

/// Looks at all parts of `bytes`, whatever separates them.
pub(crate) fn presence(bytes: &[u8], syntax: Syntax) -> Presence {
    let delimiters = syntax.delimiters;
    let separates = |byte: u8| {
        byte == delimiters.component || byte == delimiters.repetition || byte == delimiters.subcomponent
    };
    let mut found = Presence::Absent;
    let mut start = 0;
    let mut note = |part: &[u8]| match part.trim_ascii() {
        b"" => false,
        b"\"\"" => {
            found = Presence::Null;
            false
        }
        _ => true,
    };
    let present = if syntax.stride == Stride::Byte {
        bytes.split(|byte| byte.is_ascii() && separates(*byte)).any(note)
    } else {
        Characters::new(syntax.stride, bytes).any(|at| {
            let ends = separates(bytes[at]);
            let any = ends && note(&bytes[start..at]);
            if ends {
                start = at + 1;
            }
            any
        }) || note(&bytes[start..])
    };
    if present { Presence::Present } else { found }
}
