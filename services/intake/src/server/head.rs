//! The beginning of the message that is being received: all that is left to keep of one that grows too large, because
//! the decoder gives up its bytes at the limit.

use countersign_hl7::mllp::VT;

/// Bytes kept: a header and the first segments, enough to find the sender.
const KEPT: usize = 4096;

/// Follows a stream, and is told where messages begin.
#[derive(Debug, Default)]
pub(super) struct Head {
    bytes: Vec<u8>,
    length: usize,
}

impl Head {
    /// The last message is complete: what follows belongs to the next.
    pub(super) fn restart(&mut self) {
        self.bytes.clear();
        self.length = 0;
    }

    /// More of the message.
    pub(super) fn follow(&mut self, piece: &[u8]) {
        let room = KEPT - self.bytes.len();
        self.bytes.extend_from_slice(&piece[..piece.len().min(room)]);
        self.length += piece.len();
    }

    /// The beginning of the message, without framing: a sender that began anew counts from there.
    pub(super) fn bytes(&self) -> &[u8] {
        let starts = |at: &usize| self.bytes[*at] == VT && self.bytes[*at + 1..].starts_with(b"MSH");
        let first = || self.bytes.iter().position(|byte| *byte == VT);
        let start = (0..self.bytes.len()).rev().find(starts).or_else(first).map_or(0, |at| at + 1);
        &self.bytes[start..]
    }

    /// Bytes since the message began.
    pub(super) const fn length(&self) -> usize {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_beginning_and_counts_the_rest() {
        let mut head = Head::default();
        head.follow(b"\r\x0bMSH|");
        head.follow(&[b'x'; 10_000]);
        assert!(head.bytes().starts_with(b"MSH|x"));
        assert!(head.bytes().len() <= KEPT);
        assert_eq!(head.length(), 10_006);
        head.restart();
        assert_eq!((head.bytes(), head.length()), (&b""[..], 0));
    }

    #[test]
    fn a_sender_that_began_anew_counts_from_there() {
        let mut head = Head::default();
        head.follow(b"\x0bMSH|old\x0bMSH|new");
        assert_eq!(head.bytes(), b"MSH|new");
    }
}
