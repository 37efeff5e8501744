//! Finds separators without looking into multi-byte characters.
//!
//! In UTF-8, EUC and all single-byte sets a byte below 0x80 is always that ASCII character. In Shift-JIS, GB 18030,
//! Big5 and ISO-2022-JP it may be half of another character, and `|`, `^`, `~` and `\` really occur as such.

use crate::delimiters::{Delimiters, NONE};
use crate::text::Charset;

/// How to step from one character to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stride {
    /// Every byte below 0x80 stands for itself.
    Byte,
    /// `ESC $ …` switches to two bytes a character, `ESC ( …` back (ISO 2022).
    Escaped,
    /// A byte from 0x81 on takes the next one with it (GB 18030, Big5).
    Double,
    /// Like `Double`, but 0xA0 to 0xDF are single half-width katakana.
    ShiftJis,
}

/// All that is needed to read a slice of a message: eight bytes, copied into every view.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Syntax {
    pub(crate) delimiters: Delimiters,
    pub(crate) charset: Charset,
    pub(crate) stride: Stride,
}

impl Syntax {
    pub(crate) const fn new(delimiters: Delimiters, charset: Charset) -> Self {
        Self { delimiters, charset, stride: charset.stride() }
    }

    /// The same character set with nothing that separates or escapes (MSH-1 and MSH-2 hold separators as data).
    pub(crate) const fn literal(self) -> Self {
        let delimiters = Delimiters {
            field: NONE,
            component: NONE,
            repetition: NONE,
            escape: NONE,
            subcomponent: NONE,
            truncation: NONE,
        };
        Self { delimiters, ..self }
    }

    /// Position of the first `delimiter` that is a character of its own.
    #[inline]
    pub(crate) fn find(self, delimiter: u8, bytes: &[u8]) -> Option<usize> {
        if delimiter == NONE {
            return None;
        }
        if self.stride == Stride::Byte {
            return memchr::memchr(delimiter, bytes);
        }
        Characters::new(self.stride, bytes).find(|at| bytes[*at] == delimiter)
    }

    /// The `index`-th piece (from 0) between `delimiter`s.
    #[inline]
    pub(crate) fn piece(self, delimiter: u8, bytes: &[u8], index: usize) -> Option<&[u8]> {
        if delimiter == NONE {
            return (index == 0).then_some(bytes);
        }
        if self.stride == Stride::Byte {
            let start = match index {
                0 => 0,
                _ => memchr::memchr_iter(delimiter, bytes).nth(index - 1)? + 1,
            };
            let rest = &bytes[start..];
            return Some(&rest[..memchr::memchr(delimiter, rest).unwrap_or(rest.len())]);
        }
        Pieces::new(self, delimiter, bytes).nth(index)
    }
}

/// Offsets of the bytes that are single-byte characters.
pub(crate) struct Characters<'a> {
    stride: Stride,
    bytes: &'a [u8],
    at: usize,
    two_byte: bool,
}

impl<'a> Characters<'a> {
    pub(crate) const fn new(stride: Stride, bytes: &'a [u8]) -> Self {
        Self { stride, bytes, at: 0, two_byte: false }
    }
}

impl Iterator for Characters<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            let at = self.at;
            let byte = *self.bytes.get(at)?;
            let single = match self.stride {
                Stride::Byte => true,
                Stride::Double => !(0x81..=0xFE).contains(&byte),
                Stride::ShiftJis => !matches!(byte, 0x81..=0x9F | 0xE0..=0xFC),
                Stride::Escaped => match (byte, self.bytes.get(at + 1)) {
                    (0x1B, Some(b'$')) => {
                        self.two_byte = true;
                        self.at += if self.bytes.get(at + 2) == Some(&b'(') { 4 } else { 3 };
                        continue;
                    }
                    (0x1B, Some(b'(')) => {
                        self.two_byte = false;
                        self.at += 3;
                        continue;
                    }
                    (b'\r' | b'\n', _) => {
                        self.two_byte = false;
                        true
                    }
                    _ => !self.two_byte,
                },
            };
            self.at += if single { 1 } else { 2 };
            if single {
                return Some(at);
            }
        }
    }
}

/// The pieces between separators. An empty slice has one empty piece, like `str::split`.
#[derive(Clone, Debug)]
pub(crate) struct Pieces<'a> {
    syntax: Syntax,
    delimiter: u8,
    rest: Option<&'a [u8]>,
}

impl<'a> Pieces<'a> {
    pub(crate) const fn new(syntax: Syntax, delimiter: u8, bytes: &'a [u8]) -> Self {
        Self { syntax, delimiter, rest: Some(bytes) }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        match self.syntax.find(self.delimiter, rest) {
            Some(at) => {
                self.rest = Some(&rest[at + 1..]);
                Some(&rest[..at])
            }
            None => self.rest.take(),
        }
    }
}
