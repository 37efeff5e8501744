//! Which message is which. Real senders reuse control ids freely (`MSG00001` 106 times in a public corpus of
//! 1,685 messages), so that the content belongs to the identity.

use countersign_eventsourcing::journal::StreamName;
use countersign_kernel::MessageId;
use sha2::{Digest, Sha256};

use super::events::CATEGORY;

/// A message's id and the hash it was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageIdentity {
    /// From sending application, sending facility, MSH-10 and the hash.
    pub id: MessageId,
    /// SHA-256 of the content, in lower-case hexadecimal digits.
    pub sha256: String,
}

/// Identifies a message by what its header says (all empty when it is not HL7) and by its bytes. Line ends after
/// the last segment are no content: a file and a frame of the same message differ in nothing else.
pub fn identify(application: &str, facility: &str, control_id: &str, bytes: &[u8]) -> MessageIdentity {
    let sha256 = hex(&Sha256::digest(content(bytes)));
    let id = MessageId::derive(&[application, facility, control_id, &sha256]);
    MessageIdentity { id, sha256 }
}

/// The stream that holds everything about a message.
pub fn stream_of(message: MessageId) -> StreamName {
    StreamName::new(CATEGORY, message)
}

fn content(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    &bytes[..end]
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_control_id_with_other_content_is_another_message() {
        let first = identify("APP", "FAC", "1", b"MSH|^~\\&|a");
        assert_eq!(first, identify("APP", "FAC", "1", b"MSH|^~\\&|a\r\n"));
        assert_ne!(first.id, identify("APP", "FAC", "1", b"MSH|^~\\&|b").id);
        assert_ne!(first.id, identify("APP", "OTHER", "1", b"MSH|^~\\&|a").id);
    }

    #[test]
    fn the_hash_is_that_of_the_standard() {
        // FIPS 180-4, example "abc"
        assert_eq!(
            identify("", "", "", b"abc").sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
