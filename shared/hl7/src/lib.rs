//! HL7 v2: zero-copy reader, times, character sets, batch files, MLLP framing, acknowledgements.
//!
//! Pure and synchronous, and free of panics whatever the bytes. From the wire inwards:
//!
//! - [`mllp`] takes frames out of a byte stream, [`batch`] takes messages out of a file;
//! - [`Message::parse`] reads one message; segments, fields and so on are views that split when asked;
//! - a [`Value`] is absent, null (`""`) or text, because "nothing said" and "delete it" are different orders;
//! - [`Composite`] types ([`Cx`], [`Xcn`], [`Ppn`], [`Ei`], [`Pl`], [`Cwe`], [`Hd`]) and [`HlTime`] give meaning to
//!   fields, [`Header`] to MSH;
//! - [`ack`] decides which acknowledgement is wanted, builds it and reads those of others;
//! - [`mod@write`] builds messages.
//!
//! ```
//! use countersign_hl7::{Composite, Cx, Header, Message};
//!
//! let bytes = b"MSH|^~\\&|EHR|NORTH|||20260301||ADT^A03|42|P|2.5.1\rPV1||I|||||||||||||||||V7^^^NORTH^VN\r";
//! let message = Message::parse(bytes)?;
//! let visit = Cx::first(message.field("PV1", 19)).expect("visit number");
//!
//! assert_eq!(Header::of(&message).trigger.as_deref(), Some("A03"));
//! assert_eq!((visit.id.as_str(), visit.authority_name()), ("V7", Some("NORTH")));
//! assert!(message.field("PV1", 45).is_absent());
//! # Ok::<(), countersign_hl7::ReadError>(())
//! ```

pub mod ack;
pub mod batch;
mod composites;
mod delimiters;
mod header;
pub mod mllp;
mod reader;
mod text;
mod time;
pub mod write;

pub use composites::{Composite, Cwe, Cx, Ei, Hd, Pl, Ppn, Xcn};
pub use delimiters::Delimiters;
pub use header::Header;
pub use reader::{
    Component, Field, Finding, Limits, Message, Presence, ReadError, Repetition, Segment, Subcomponent, Text,
    Value,
};
pub use text::Charset;
pub use time::{DayEdge, HlTime, Precision, TimeError};
