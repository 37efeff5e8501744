//! A real mail server of others (aiosmtpd of the Python package index, pinned with hashes) that misbehaves on request.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde::Deserialize;
use tempfile::TempDir;

use crate::python;

/// What the mail server does with the next message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Takes it.
    Accept,
    /// Knows no such mailbox: 550 to RCPT.
    Refuse,
    /// Takes it at the second attempt: 451 to the first RCPT of an address.
    Greylist,
    /// Refuses the whole message: 554 after the final dot.
    RefuseMessage,
    /// Goes down: 421 to MAIL, and closes.
    Closing,
    /// Goes down: 421 after the final dot.
    ClosingAfterData,
    /// Drops the connection at the command DATA.
    DropAtData,
    /// Drops the connection after the first bytes of the message.
    DropInData,
    /// Takes the message and drops the connection before it answers.
    DropAfterData,
    /// Takes the message and answers after so many seconds.
    Slow(u32),
}

/// How the mail server is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// PEM of certificate and key: then STARTTLS is demanded.
    pub tls: Option<(String, String)>,
    /// Whether an account is demanded: user `countersign`, password `correct horse`.
    pub sign_in: bool,
}

/// A message that the mail server took in whole, whether or not its sender was told so.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Received {
    /// Sender of the envelope.
    pub from: String,
    /// Recipients of the envelope.
    pub to: Vec<String>,
    /// It came over TLS.
    pub tls: bool,
    /// Who had signed in.
    pub user: Option<String>,
    /// How many connections had been opened until then.
    pub connection: u32,
    /// The exact bytes, in base64.
    pub content: String,
}

/// A mail server on loopback. Ended and deleted when dropped.
pub struct SmtpPeer {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: TempDir,
    port: u16,
}

impl SmtpPeer {
    /// Starts a mail server. `None`, said loudly, when Python or its packages cannot be had here.
    pub fn start(options: &Options) -> Option<Self> {
        let packages = python::packages("aiosmtpd-1.4.6", include_str!("smtp_peer/requirements.txt"))?;
        let folder = tempfile::tempdir().expect("a folder for the mail server");
        let place = |name: &str| folder.path().join(name);
        fs::write(place("peer.py"), include_str!("smtp_peer/peer.py"))
            .expect("the program of the mail server");
        fs::write(place("received"), "").expect("the record of the mail server");
        let mut command = Command::new("python3");
        command.arg("-B").arg(place("peer.py")).arg("--record").arg(place("received"));
        if let Some((certificate, key)) = &options.tls {
            fs::write(place("certificate.pem"), certificate).expect("a file");
            fs::write(place("key.pem"), key).expect("a file");
            command.arg("--certificate").arg(place("certificate.pem")).arg("--key").arg(place("key.pem"));
        }
        if options.sign_in {
            command.arg("--sign-in");
        }
        let mut process = command
            .env("PYTHONPATH", packages)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs");
        let orders = process.stdin.take().expect("its input");
        let mut answers = BufReader::new(process.stdout.take().expect("its output"));
        let mut line = String::new();
        answers.read_line(&mut line).expect("the mail server says its port");
        let port = line.trim().parse().expect("the mail server listens");
        Some(Self { process, orders, answers, folder, port })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it does from now on.
    pub fn set(&mut self, mode: Mode) {
        let (name, seconds) = match mode {
            Mode::Accept => ("accept", 0),
            Mode::Refuse => ("refuse", 0),
            Mode::Greylist => ("greylist", 0),
            Mode::RefuseMessage => ("refuse_message", 0),
            Mode::Closing => ("closing", 0),
            Mode::ClosingAfterData => ("closing_after_data", 0),
            Mode::DropAtData => ("drop_at_data", 0),
            Mode::DropInData => ("drop_in_data", 0),
            Mode::DropAfterData => ("drop_after_data", 0),
            Mode::Slow(seconds) => ("slow", seconds),
        };
        self.order(&format!("{{\"mode\": \"{name}\", \"seconds\": {seconds}}}"));
    }

    /// Closes every open connection, as servers do with idle ones.
    pub fn disconnect(&mut self) {
        self.order("{\"mode\": \"disconnect\"}");
    }

    /// Everything it has received.
    pub fn received(&self) -> Vec<Received> {
        let record =
            fs::read_to_string(self.folder.path().join("received")).expect("the record of the mail server");
        record.lines().map(|line| serde_json::from_str(line).expect("a received message")).collect()
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}")
            .and_then(|()| self.orders.flush())
            .expect("the mail server takes orders");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the mail server answers");
        assert_eq!(line.trim(), "done", "the mail server has ended");
    }
}

impl Drop for SmtpPeer {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
