//! Views into a message: a slice and eight bytes of syntax each, split when asked.
//!
//! All numbers count from 1, as in the standard. What does not exist reads as absent.

use super::scan::{Pieces, Syntax};
use super::value::{Presence, Value, presence};

/// One segment, continuation lines included.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    bytes: &'a [u8],
    syntax: Syntax,
}

impl<'a> Segment<'a> {
    pub(crate) const fn new(bytes: &'a [u8], syntax: Syntax) -> Self {
        Self { bytes, syntax }
    }

    /// Segment id, for example `PV1`.
    pub fn name(self) -> &'a str {
        self.bytes.get(..3).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
    }

    /// Bytes as they were sent, without the segment end.
    pub const fn raw(self) -> &'a [u8] {
        self.bytes
    }

    /// Field by its number in the standard. In MSH (and FHS, BHS) field 1 is the separator itself and field 2 the
    /// encoding characters, both as plain text.
    pub fn field(self, number: usize) -> Field<'a> {
        let separator = self.syntax.delimiters.field;
        let absent = Field { bytes: b"", syntax: self.syntax };
        if !self.is_header() {
            // Piece 0 is the segment id, so that field n is piece n.
            return match number {
                0 => absent,
                _ => self
                    .syntax
                    .piece(separator, self.bytes, number)
                    .map_or(absent, |bytes| Field { bytes, syntax: self.syntax }),
            };
        }
        match number {
            0 => absent,
            1 => Field { bytes: self.bytes.get(3..4).unwrap_or_default(), syntax: self.syntax.literal() },
            _ => self.syntax.piece(separator, self.bytes, number - 1).map_or(absent, |bytes| Field {
                bytes,
                syntax: if number == 2 { self.syntax.literal() } else { self.syntax },
            }),
        }
    }

    /// All fields with their numbers, from 1, in one pass.
    pub fn fields(self) -> impl Iterator<Item = (usize, Field<'a>)> + use<'a> {
        let header = self.is_header();
        let separator = header.then(|| {
            (1, Field { bytes: self.bytes.get(3..4).unwrap_or_default(), syntax: self.syntax.literal() })
        });
        let first = if header { 2 } else { 1 };
        let pieces = Pieces::new(self.syntax, self.syntax.delimiters.field, self.bytes);
        separator.into_iter().chain(pieces.skip(1).enumerate().map(move |(index, bytes)| {
            let syntax = if header && index == 0 { self.syntax.literal() } else { self.syntax };
            (first + index, Field { bytes, syntax })
        }))
    }

    /// Number of the last field that was sent, filled or not.
    pub fn field_count(self) -> usize {
        self.fields().count()
    }

    fn is_header(self) -> bool {
        matches!(self.bytes.get(..3), Some(b"MSH" | b"FHS" | b"BHS"))
    }
}

/// One field with all its repetitions.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    bytes: &'a [u8],
    syntax: Syntax,
}

impl<'a> Field<'a> {
    /// Bytes as they were sent.
    pub const fn raw(self) -> &'a [u8] {
        self.bytes
    }

    /// Repetitions in order; none for a field that is empty or blank. An empty repetition between others is kept.
    pub fn repetitions(self) -> impl Iterator<Item = Repetition<'a>> + Clone + use<'a> {
        let syntax = self.syntax;
        let pieces = Pieces::new(syntax, syntax.delimiters.repetition, self.bytes);
        let count = if self.bytes.trim_ascii().is_empty() { 0 } else { usize::MAX };
        pieces.take(count).map(move |bytes| Repetition { bytes, syntax })
    }

    /// Repetition by number, from 1.
    pub fn repetition(self, number: usize) -> Repetition<'a> {
        Repetition {
            bytes: nth(self.syntax, self.syntax.delimiters.repetition, self.bytes, number),
            syntax: self.syntax,
        }
    }

    /// Component of the first repetition.
    pub fn component(self, number: usize) -> Component<'a> {
        self.repetition(1).component(number)
    }

    /// First subcomponent of the first component of the first repetition: what a reader gets that knows the field
    /// as a simple one.
    pub fn value(self) -> Value<'a> {
        self.repetition(1).value()
    }

    /// The whole field as text, separators included: for free text whose sender did not escape.
    pub fn whole(self) -> Value<'a> {
        Value::of(self.bytes, self.syntax)
    }

    /// Whether there is anything in the field.
    pub fn presence(self) -> Presence {
        presence(self.bytes, self.syntax)
    }

    /// Nothing but blanks and separators: the sender says nothing, keep what is known.
    pub fn is_absent(self) -> bool {
        self.presence() == Presence::Absent
    }

    /// `""` and no text (also `""^""`): the sender deletes the field.
    pub fn is_null(self) -> bool {
        self.presence() == Presence::Null
    }
}

/// One repetition of a field.
#[derive(Clone, Copy, Debug)]
pub struct Repetition<'a> {
    bytes: &'a [u8],
    syntax: Syntax,
}

impl<'a> Repetition<'a> {
    /// Bytes as they were sent.
    pub const fn raw(self) -> &'a [u8] {
        self.bytes
    }

    /// Component by number, from 1.
    pub fn component(self, number: usize) -> Component<'a> {
        Component {
            bytes: nth(self.syntax, self.syntax.delimiters.component, self.bytes, number),
            syntax: self.syntax,
        }
    }

    /// All components in order.
    pub fn components(self) -> impl Iterator<Item = Component<'a>> + Clone + use<'a> {
        let syntax = self.syntax;
        Pieces::new(syntax, syntax.delimiters.component, self.bytes)
            .map(move |bytes| Component { bytes, syntax })
    }

    /// First subcomponent of the first component.
    pub fn value(self) -> Value<'a> {
        self.component(1).value()
    }

    /// The whole repetition as text, separators included.
    pub fn whole(self) -> Value<'a> {
        Value::of(self.bytes, self.syntax)
    }

    /// Whether there is anything in the repetition (`^^^^^` is nothing).
    pub fn presence(self) -> Presence {
        presence(self.bytes, self.syntax)
    }

    /// Nothing but blanks and separators.
    pub fn is_absent(self) -> bool {
        self.presence() == Presence::Absent
    }

    /// `""` and no text.
    pub fn is_null(self) -> bool {
        self.presence() == Presence::Null
    }
}

/// One component.
#[derive(Clone, Copy, Debug)]
pub struct Component<'a> {
    bytes: &'a [u8],
    syntax: Syntax,
}

impl<'a> Component<'a> {
    /// Bytes as they were sent.
    pub const fn raw(self) -> &'a [u8] {
        self.bytes
    }

    /// Subcomponent by number, from 1.
    pub fn subcomponent(self, number: usize) -> Subcomponent<'a> {
        Subcomponent {
            bytes: nth(self.syntax, self.syntax.delimiters.subcomponent, self.bytes, number),
            syntax: self.syntax,
        }
    }

    /// All subcomponents in order.
    pub fn subcomponents(self) -> impl Iterator<Item = Subcomponent<'a>> + Clone + use<'a> {
        let syntax = self.syntax;
        Pieces::new(syntax, syntax.delimiters.subcomponent, self.bytes)
            .map(move |bytes| Subcomponent { bytes, syntax })
    }

    /// First subcomponent.
    pub fn value(self) -> Value<'a> {
        self.subcomponent(1).value()
    }

    /// The whole component as text, separators included.
    pub fn whole(self) -> Value<'a> {
        Value::of(self.bytes, self.syntax)
    }

    /// Whether there is anything in the component.
    pub fn presence(self) -> Presence {
        presence(self.bytes, self.syntax)
    }
}

/// One subcomponent.
#[derive(Clone, Copy, Debug)]
pub struct Subcomponent<'a> {
    bytes: &'a [u8],
    syntax: Syntax,
}

impl<'a> Subcomponent<'a> {
    /// Bytes as they were sent.
    pub const fn raw(self) -> &'a [u8] {
        self.bytes
    }

    /// The value in its three states.
    pub fn value(self) -> Value<'a> {
        Value::of(self.bytes, self.syntax)
    }
}

/// Piece by number, from 1; empty when there is none.
fn nth(syntax: Syntax, delimiter: u8, bytes: &[u8], number: usize) -> &[u8] {
    number.checked_sub(1).and_then(|index| syntax.piece(delimiter, bytes, index)).unwrap_or_default()
}
