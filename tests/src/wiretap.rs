//! Reads along with everything that goes over a NATS server.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// One message as it went over the wire.
#[derive(Debug, Clone)]
pub struct Tapped {
    /// Its subject.
    pub subject: String,
    /// Its headers, as text.
    pub headers: String,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// A client that subscribes to everything and keeps it.
#[derive(Debug, Clone)]
pub struct Wiretap(Arc<Mutex<Vec<Tapped>>>);

impl Wiretap {
    /// Listens at this server from now on, as long as it runs.
    pub fn at(url: &str) -> Self {
        let address = url.trim_start_matches("nats://");
        let connection = TcpStream::connect(address).expect("the server listens");
        let mut writer = connection.try_clone().expect("a second handle");
        let hello = "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"lang\":\"test\",\
                     \"version\":\"0\",\"protocol\":1}\r\nSUB > 1\r\nPING\r\n";
        writer.write_all(hello.as_bytes()).expect("the server reads");
        let mut reader = BufReader::new(connection);
        // The answer to the PING says that the subscription stands.
        let mut line = String::new();
        while !line.starts_with("PONG") {
            line.clear();
            assert!(reader.read_line(&mut line).expect("the server answers") > 0, "the server hung up");
        }
        let tap = Self(Arc::default());
        let keep = tap.clone();
        thread::spawn(move || while keep.take_one(&mut reader, &mut writer).is_some() {});
        tap
    }

    /// Everything so far.
    pub fn tapped(&self) -> Vec<Tapped> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `MSG subject sid [reply] size`, `HMSG subject sid [reply] headers size`, `PING`.
    fn take_one(&self, reader: &mut BufReader<TcpStream>, writer: &mut TcpStream) -> Option<()> {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.first().copied() {
            Some("PING") => writer.write_all(b"PONG\r\n").ok(),
            Some(kind @ ("MSG" | "HMSG")) => {
                let size: usize = words.last()?.parse().ok()?;
                let header: usize = if kind == "HMSG" { words[words.len() - 2].parse().ok()? } else { 0 };
                let mut bytes = vec![0; size + 2];
                reader.read_exact(&mut bytes).ok()?;
                let mut subject = words[1].to_owned();
                if words.len() == if kind == "HMSG" { 6 } else { 5 } {
                    subject = format!("{subject} {}", words[3]);
                }
                let tapped = Tapped {
                    subject,
                    headers: String::from_utf8_lossy(&bytes[..header]).into_owned(),
                    payload: bytes[header..size].to_vec(),
                };
                self.0.lock().unwrap_or_else(PoisonError::into_inner).push(tapped);
                Some(())
            }
            _ => Some(()),
        }
    }
}
