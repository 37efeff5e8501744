//! MLLP as a sender needs it: frames out, acknowledgements counted.

use anyhow::bail;

/// End of a frame (FS), followed by a carriage return.
const END: u8 = 0x1c;

/// A message as it goes over the wire.
pub(crate) fn frame(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 3);
    out.push(0x0b);
    out.extend_from_slice(message);
    out.extend_from_slice(&[END, b'\r']);
    out
}

/// Counts acknowledgements in what comes back.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    /// All of them.
    pub(crate) count: usize,
    /// Those other than AA.
    pub(crate) refused: usize,
    /// The answer that is not complete yet.
    rest: Vec<u8>,
}

impl Acknowledged {
    /// Takes what was read; how many answers ended in it.
    pub(crate) fn take(&mut self, read: &[u8]) -> usize {
        let mut ended = 0;
        for part in read.split_inclusive(|byte| *byte == END) {
            self.rest.extend_from_slice(part);
            if part.last() == Some(&END) {
                let accepted =
                    self.rest.split(|byte| *byte == b'\r').any(|line| line.starts_with(b"MSA|AA|"));
                self.refused += usize::from(!accepted);
                self.rest.clear();
                ended += 1;
            }
        }
        self.count += ended;
        ended
    }

    /// The hospitals' dirt is refused, and rightly; more than that would be a measurement of something else.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.refused * 20 > self.count {
            bail!("the intake refused {} of {} messages", self.refused, self.count);
        }
        Ok(())
    }
}
