//! A collector of OpenTelemetry traces and metrics (OTLP over HTTP), as small as a test needs it.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// One span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// `service.name` of the process.
    pub service: String,
    /// Its name.
    pub name: String,
    /// The trace, in hexadecimal digits.
    pub trace: String,
    /// Its id.
    pub id: String,
    /// Id of the span above it; empty at the top.
    pub parent: String,
}

/// What a request carried: path and body.
pub type Request = (String, Vec<u8>);

/// Listens on a free port of the loopback interface for as long as the test program runs.
#[derive(Debug, Clone)]
pub struct Collector {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Request>>>,
}

impl Default for Collector {
    fn default() -> Self {
        Self::start()
    }
}

impl Collector {
    /// Starts listening.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let collector =
            Self { address: listener.local_addr().expect("an address"), received: Arc::default() };
        let keep = collector.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let keep = keep.clone();
                thread::spawn(move || while keep.take_one(&connection).is_some() {});
            }
        });
        collector
    }

    /// What `telemetry.otlp_endpoint` must be.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that was sent.
    pub fn received(&self) -> Vec<Request> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Request>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one request from a connection.
    fn take_one(&self, connection: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(connection);
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let path = line.split(' ').nth(1)?.to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
            let header = header.trim().to_lowercase();
            if header.is_empty() {
                break;
            }
            assert!(!header.starts_with("content-encoding"), "a body that cannot be searched: {header}");
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        self.lock().push((path, body));
        let mut connection = connection;
        connection
            .write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n",
            )
            .ok()
    }

    /// Every span that was sent.
    pub fn spans(&self) -> Vec<Span> {
        let received = self.received();
        received.iter().filter(|(path, _)| path == "/v1/traces").flat_map(|(_, body)| spans(body)).collect()
    }
}

/// `ExportTraceServiceRequest`: `resource_spans` 1 → (`resource` 1 → `attributes` 1, `scope_spans` 2 → `spans` 2).
fn spans(request: &[u8]) -> Vec<Span> {
    let mut found = Vec::new();
    for of_resource in parts(request, 1) {
        let attributes = parts(of_resource, 1).into_iter().flat_map(|resource| parts(resource, 1));
        let service = attributes
            .filter(|attribute| text(attribute, 1) == "service.name")
            .find_map(|attribute| Some(text(parts(attribute, 2).first()?, 1)))
            .unwrap_or_default();
        for span in parts(of_resource, 2).into_iter().flat_map(|scope| parts(scope, 2)) {
            let id = |field| hexadecimal(parts(span, field).first().copied().unwrap_or_default());
            found.push(Span {
                service: service.clone(),
                name: text(span, 5),
                trace: id(1),
                id: id(2),
                parent: id(4),
            });
        }
    }
    found
}

/// The length-delimited fields of a protobuf message that have this number.
fn parts(message: &[u8], wanted: u64) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut rest = message;
    while let Some((key, behind)) = varint(rest) {
        let skip = match key & 7 {
            0 => varint(behind).map(|(_, behind)| behind),
            1 => behind.get(8..),
            5 => behind.get(4..),
            2 => varint(behind).and_then(|(length, behind)| {
                let (value, behind) = behind.split_at_checked(usize::try_from(length).ok()?)?;
                if key >> 3 == wanted {
                    found.push(value);
                }
                Some(behind)
            }),
            _ => None,
        };
        rest = skip.expect("a well-formed message");
    }
    found
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

fn text(message: &[u8], field: u64) -> String {
    String::from_utf8_lossy(parts(message, field).first().copied().unwrap_or_default()).into_owned()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
