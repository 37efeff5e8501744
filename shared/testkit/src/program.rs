//! The real program as a process: started, asked, stopped, killed.

mod command;

use std::{
    ffi::{OsStr, OsString},
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

pub use command::{Finished, binary, run, run_with};

/// How long a process may take to start or to stop before the test fails.
const PATIENCE: Duration = Duration::from_mins(1);
/// The same for the demonstration, which lives through three months first.
const PATIENCE_FOR_MONTHS: Duration = Duration::from_mins(6);
/// What the program says before the address of its pages and API, and of its MLLP port.
const HTTP: [&str; 2] = ["pages and API on ", "worklist  http://"];
const MLLP: [&str; 2] = ["HL7 v2 (MLLP) on ", "HL7 v2    mllp://"];

/// A running `countersign up` or `countersign serve`, on free ports of the loopback interface. Killed when
/// dropped.
pub struct Program {
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
    process: Option<Child>,
    said: Arc<Said>,
    http: SocketAddr,
    mllp: Option<SocketAddr>,
}

/// Everything the process wrote to standard error, over all its starts.
#[derive(Default)]
struct Said {
    text: Mutex<String>,
    more: Condvar,
}

impl Said {
    fn lock(&self) -> MutexGuard<'_, String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn follow(self: &Arc<Self>, stream: impl Read + Send + 'static) {
        let said = Arc::clone(self);
        std::thread::spawn(move || {
            let mut lines = BufReader::new(stream);
            let mut line = Vec::new();
            while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                said.lock().push_str(&String::from_utf8_lossy(&line));
                said.more.notify_all();
                line.clear();
            }
        });
    }
}

impl Program {
    /// `countersign up`: everything in one process on this data folder.
    pub fn up(data: &Path) -> Self {
        Self::up_with(data, &[])
    }

    /// `countersign up` with further arguments.
    pub fn up_with(data: &Path, extra: &[&str]) -> Self {
        Self::start(up_arguments(data, extra), &[]).unwrap_or_else(|finished| panic!("{finished}"))
    }

    /// `countersign serve SERVICES…`: some services in a process of their own.
    pub fn serve(services: &[&str], data: &Path, config: &Path) -> Self {
        Self::serve_with(services, data, config, &[])
    }

    /// `countersign serve SERVICES…` with settings from the environment.
    pub fn serve_with(services: &[&str], data: &Path, config: &Path, environment: &[(&str, &str)]) -> Self {
        let mut arguments = vec![OsString::from("serve")];
        arguments.extend(services.iter().map(OsString::from));
        arguments.extend([OsString::from("--data"), data.into(), "--config".into(), config.into()]);
        arguments.extend(FREE_PORTS.map(OsString::from));
        Self::start(arguments, environment).unwrap_or_else(|finished| panic!("{finished}"))
    }

    /// Starts a process that goes on until it is stopped, and waits until it is ready. `Err`: it ended.
    pub fn start(
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        environment: &[(&str, &str)],
    ) -> Result<Self, Finished> {
        let mut program = Self {
            arguments: arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect(),
            environment: environment
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            process: None,
            said: Arc::default(),
            http: SocketAddr::from(([127, 0, 0, 1], 0)),
            mllp: None,
        };
        program.launch()?;
        Ok(program)
    }

    /// Address of pages and API.
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// Base of URLs, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Address for HL7 messages. Panics when this process has none.
    pub fn mllp(&self) -> SocketAddr {
        self.mllp.expect("this process runs the intake")
    }

    /// Everything it has written to standard error so far, over all its starts.
    pub fn stderr(&self) -> String {
        self.said.lock().clone()
    }

    /// Whether the process runs.
    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| matches!(process.try_wait(), Ok(None)))
    }

    /// Ends the process with SIGKILL, at once, wherever it is.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("the process can be killed");
            process.wait().expect("it ends after SIGKILL");
        }
    }

    /// Kills the process if it runs, and starts it again with the same arguments: same folder, other ports.
    pub fn restart(&mut self) {
        self.kill();
        if let Err(finished) = self.launch() {
            panic!("{finished}");
        }
    }

    /// Asks the process to end (SIGTERM), and waits until it has.
    pub fn stop(&mut self) -> Finished {
        let process = self.process.as_ref().expect("the process runs");
        let id = Pid::from_child(process);
        kill_process(id, Signal::TERM).expect("the process takes a signal");
        let status = self.wait_for_end();
        self.finished(status)
    }

    /// Waits until the process ends by itself, or panics.
    pub fn wait(&mut self) -> Finished {
        let status = self.wait_for_end();
        self.finished(status)
    }

    fn wait_for_end(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the process runs");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(Some(status)) = process.try_wait() {
                return status;
            }
            if Instant::now() >= deadline {
                let _ = process.kill();
                panic!("{self} does not end:\n{}", self.stderr());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn finished(&self, status: ExitStatus) -> Finished {
        // The reader of its words needs a moment to come to their end.
        std::thread::sleep(Duration::from_millis(50));
        Finished::new(&self.arguments, status.code(), String::new(), self.stderr())
    }

    fn launch(&mut self) -> Result<(), Finished> {
        let before = self.said.lock().len();
        let mut process = command::prepare(&self.arguments, &self.environment)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be run");
        self.said.follow(process.stderr.take().expect("standard error is a pipe"));
        self.process = Some(process);
        let lives = self.arguments.iter().any(|argument| argument == "--demo");
        let deadline = Instant::now() + if lives { PATIENCE_FOR_MONTHS } else { PATIENCE };
        let wants_mllp = self.arguments.iter().any(|argument| argument == "up" || argument == "intake");
        self.http = self.announced(&HTTP, before, deadline)?;
        self.mllp = if wants_mllp { Some(self.announced(&MLLP, before, deadline)?) } else { None };
        while !self.is_ready() {
            assert!(Instant::now() < deadline, "{self} does not become ready:\n{}", self.stderr());
            self.still_running()?;
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// The address behind one of these words, as soon as it is said.
    fn announced(
        &mut self,
        words: &[&str],
        before: usize,
        deadline: Instant,
    ) -> Result<SocketAddr, Finished> {
        loop {
            {
                let text = self.said.lock();
                let address = text[before..].lines().find_map(|line| {
                    let behind = words.iter().find_map(|word| Some(line.split_once(word)?.1))?;
                    behind.trim_end_matches('/').parse().ok()
                });
                if let Some(address) = address {
                    return Ok(address);
                }
                drop(self.said.more.wait_timeout(text, Duration::from_millis(50)));
            }
            assert!(Instant::now() < deadline, "{self} names no address:\n{}", self.stderr());
            self.still_running()?;
        }
    }

    fn still_running(&mut self) -> Result<(), Finished> {
        let ended = self.process.as_mut().and_then(|process| process.try_wait().ok().flatten());
        match ended {
            None => Ok(()),
            Some(status) => {
                self.process = None;
                Err(self.finished(status))
            }
        }
    }

    /// `GET /readyz` answers 200.
    fn is_ready(&self) -> bool {
        let Ok(mut connection) = TcpStream::connect_timeout(&self.http, Duration::from_secs(1)) else {
            return false;
        };
        let mut answer = String::new();
        connection.set_read_timeout(Some(Duration::from_secs(5))).is_ok()
            && connection
                .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .is_ok()
            && connection.read_to_string(&mut answer).is_ok()
            && answer.starts_with("HTTP/1.1 200")
    }
}

impl std::fmt::Display for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<_> = self.arguments.iter().map(|word| word.to_string_lossy()).collect();
        write!(f, "countersign {}", words.join(" "))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Any free port, for both.
pub const FREE_PORTS: [&str; 4] = ["--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0"];

/// The arguments of `countersign up` on this data folder and free ports.
pub fn up_arguments(data: &Path, extra: &[&str]) -> Vec<OsString> {
    let mut arguments = vec![OsString::from("up"), "--data".into(), data.into()];
    arguments.extend(FREE_PORTS.map(OsString::from));
    arguments.extend(extra.iter().map(OsString::from));
    arguments
}
