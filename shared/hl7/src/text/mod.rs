//! From the bytes of a value to text: character sets (MSH-18) and escape sequences.

pub(crate) mod charset;
mod escape;

pub use charset::Charset;
pub(crate) use escape::decode;
