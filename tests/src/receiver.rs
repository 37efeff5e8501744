//! A receiver of webhooks of its own, which knows nothing of the sender: it keeps every call before it answers.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its headers, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: String,
}

impl Call {
    /// The header `webhook-id`: by which receivers tell repeats.
    pub fn id(&self) -> &str {
        self.headers.get("webhook-id").map_or("", String::as_str)
    }
}

/// What it answers from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    /// 204.
    #[default]
    Accept,
    /// 503.
    Unwell,
    /// Keeps the call and hangs up.
    HangUp,
}

/// Listens on a free port of the loopback interface for as long as the test program runs.
#[derive(Debug, Clone)]
pub struct Receiver {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    manner: Arc<Mutex<Manner>>,
}

impl Default for Receiver {
    fn default() -> Self {
        Self::start()
    }
}

impl Receiver {
    /// Starts listening.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let receiver = Self { address, calls: Arc::default(), manner: Arc::default() };
        let keep = receiver.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let keep = keep.clone();
                thread::spawn(move || while keep.take_one(&connection).is_some() {});
            }
        });
        receiver
    }

    /// The URL of an endpoint.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What it answers from now on.
    pub fn set(&self, manner: Manner) {
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_one(&self, connection: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(connection);
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut headers = BTreeMap::new();
        loop {
            line.clear();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let header = line.trim();
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':')?;
            headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
        }
        let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
        reader.read_exact(&mut body).ok()?;
        self.lock().push(Call { headers, body: String::from_utf8_lossy(&body).into_owned() });
        let manner = *self.manner.lock().unwrap_or_else(PoisonError::into_inner);
        let mut connection = connection;
        match manner {
            Manner::Accept => connection.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").ok(),
            Manner::Unwell => {
                connection.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n").ok()
            }
            Manner::HangUp => {
                let _ = connection.shutdown(std::net::Shutdown::Both);
                None
            }
        }
    }
}
