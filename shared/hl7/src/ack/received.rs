//! Reads the acknowledgements of others.

use super::AckCode;
use crate::reader::{Field, Message, ReadError};

/// What an acknowledgement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// MSA-1.
    pub code: AckCode,
    /// MSA-2, control id of the message that is acknowledged.
    pub control_id: Option<String>,
    /// MSA-3, else ERR-8 (user message), ERR-7 (diagnostic) or the text of ERR-3 of the first ERR segment.
    pub text: Option<String>,
}

/// Why bytes are no acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AckError {
    /// No message.
    #[error("the answer cannot be read: {0}")]
    Unreadable(#[from] ReadError),
    /// A message without MSA.
    #[error("the answer has no MSA segment")]
    NoAcknowledgement,
    /// MSA-1 is no code of table 0008.
    #[error("the answer has an unknown code in MSA-1")]
    UnknownCode,
}

/// Reads one acknowledgement (also RSP, MFK and others that carry MSA).
pub fn read(bytes: &[u8]) -> Result<Ack, AckError> {
    let message = Message::parse(bytes)?;
    let msa = message.segment("MSA").ok_or(AckError::NoAcknowledgement)?;
    let code = msa
        .field(1)
        .value()
        .trimmed()
        .and_then(|code| AckCode::from_code(&code.to_ascii_uppercase()))
        .ok_or(AckError::UnknownCode)?;
    let text = |field: Field<'_>| field.whole().to_owned_text();
    Ok(Ack {
        code,
        control_id: text(msa.field(2)),
        text: text(msa.field(3))
            .or_else(|| text(message.field("ERR", 8)))
            .or_else(|| text(message.field("ERR", 7)))
            .or_else(|| message.field("ERR", 3).component(2).value().to_owned_text()),
    })
}
