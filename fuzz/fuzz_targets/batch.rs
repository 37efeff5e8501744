//! Any file is split without losing or doubling a byte that says anything.

#![no_main]

use countersign_hl7::Message;
use countersign_hl7::batch::{Piece, split};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let mut left = file.to_vec();
    let mut end = 0;
    let mut pieces = 0;
    for piece in split(file) {
        pieces += 1;
        let (bytes, offset) = match piece {
            Piece::Message { bytes, offset } => {
                assert!(bytes.starts_with(b"MSH"));
                let _ = Message::parse(bytes);
                (bytes, offset)
            }
            Piece::Envelope { bytes, offset, .. } | Piece::Junk { bytes, offset, .. } => (bytes, offset),
            Piece::Finding(_) => continue,
        };
        assert!(offset >= end);
        assert_eq!(&file[offset..offset + bytes.len()], bytes);
        end = offset + bytes.len();
        left[offset..end].fill(b' ');
    }
    assert!(pieces > 0);
    assert!(left.iter().all(|byte| b"\r\n\t \0\x0B\x1C\xEF\xBB\xBF".contains(byte)));
});
