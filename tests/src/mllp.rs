//! A sender of HL7 messages over MLLP that knows nothing of the product's own HL7 code, so that the two
//! cannot be wrong together.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

const VT: u8 = 0x0b;
const FS: u8 = 0x1c;
const CR: u8 = 0x0d;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// Messages under way at once on one connection.
const WINDOW: usize = 64;

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// MSA-1: `AA`, `AE`, `AR`, `CA`, `CE` or `CR`.
    pub code: String,
    /// MSA-2: whose answer it is.
    pub control_id: String,
    /// MSA-3.
    pub text: String,
    /// The whole answer.
    pub raw: String,
}

impl Ack {
    fn read(bytes: &[u8]) -> Self {
        let raw = String::from_utf8_lossy(bytes).into_owned();
        let msa: Vec<&str> = raw
            .split(['\r', '\n'])
            .find(|segment| segment.starts_with("MSA"))
            .unwrap_or_else(|| panic!("an answer without MSA: {raw:?}"))
            .split(raw.chars().nth(3).expect("a field separator"))
            .collect();
        let field = |number: usize| msa.get(number).copied().unwrap_or_default().to_owned();
        Self { code: field(1), control_id: field(2), text: field(3), raw }
    }

    /// AA or CA.
    pub fn is_accepted(&self) -> bool {
        self.code == "AA" || self.code == "CA"
    }
}

/// A connection to an intake.
pub struct Sender {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Sender {
    /// Connects.
    pub fn connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(10))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, received: Vec::new() })
    }

    /// Sends one message in its frame and does not wait.
    pub fn send(&mut self, message: &[u8]) -> std::io::Result<()> {
        let mut frame = Vec::with_capacity(message.len() + 3);
        frame.push(VT);
        frame.extend_from_slice(message);
        frame.extend_from_slice(&[FS, CR]);
        self.stream.write_all(&frame)
    }

    /// Sends bytes as they are.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Says that nothing follows.
    pub fn finish(&self) -> std::io::Result<()> {
        self.stream.shutdown(std::net::Shutdown::Write)
    }

    /// The next answer; nothing when the intake closed the connection.
    pub fn receive(&mut self) -> std::io::Result<Option<Ack>> {
        let mut buffer = [0; 16 * 1024];
        loop {
            if let Some(end) = self.received.windows(2).position(|pair| pair == [FS, CR]) {
                let frame: Vec<u8> = self.received.drain(..end + 2).collect();
                let start = frame.iter().position(|byte| *byte == VT).expect("a frame begins with VT");
                return Ok(Some(Ack::read(&frame[start + 1..end])));
            }
            match self.stream.read(&mut buffer)? {
                0 if self.received.is_empty() => return Ok(None),
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => self.received.extend_from_slice(&buffer[..read]),
            }
        }
    }

    /// Sends one message and waits for its answer.
    pub fn exchange(&mut self, message: &[u8]) -> std::io::Result<Ack> {
        self.send(message)?;
        self.receive()?.ok_or_else(|| ErrorKind::ConnectionAborted.into())
    }
}

/// Sends messages over one connection, several under way at once, and returns their answers in order. Every
/// one of them must be answered.
pub fn send_all(address: SocketAddr, messages: &[impl AsRef<[u8]>]) -> Vec<Ack> {
    let (answers, error) = send_until_broken(address, messages);
    assert!(
        answers.len() == messages.len(),
        "{} answers to {} messages: {error:?}",
        answers.len(),
        messages.len()
    );
    answers
}

/// The same with an intake that may go away: the answers that came, and what happened to the connection.
pub fn send_until_broken(
    address: SocketAddr,
    messages: &[impl AsRef<[u8]>],
) -> (Vec<Ack>, Option<std::io::Error>) {
    let mut answers = Vec::with_capacity(messages.len());
    let result = send_into(&mut answers, address, messages);
    (answers, result.err())
}

fn send_into(
    answers: &mut Vec<Ack>,
    address: SocketAddr,
    messages: &[impl AsRef<[u8]>],
) -> std::io::Result<()> {
    let mut sender = Sender::connect(address)?;
    let mut sent = 0;
    while answers.len() < messages.len() {
        while sent < messages.len() && sent - answers.len() < WINDOW {
            sender.send(messages[sent].as_ref())?;
            sent += 1;
        }
        let answer = sender.receive()?.ok_or(ErrorKind::ConnectionAborted)?;
        answers.push(answer);
    }
    Ok(())
}

/// Asserts that every answer is AA.
pub fn all_accepted(answers: &[Ack]) {
    for answer in answers {
        assert!(answer.code == "AA", "not accepted: {}", answer.raw.replace('\r', "\n"));
    }
}
