//! A real `nats-server` process with `JetStream` on a throw-away store.

use std::{
    ffi::OsStr,
    fmt::Write as _,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long a server may take to start or to stop before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ports are taken from here: below the range the kernel hands out to outgoing connections. A client that
/// keeps trying to reconnect to a port of that range can, on loopback, connect to itself and so keep the
/// restarted server from listening.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A `nats-server` of one's own, on loopback. Killed and deleted when dropped.
pub struct NatsServer {
    binary: PathBuf,
    folder: TempDir,
    name: String,
    port: u16,
    extra: Vec<String>,
    process: Option<Child>,
}

impl NatsServer {
    /// Starts a server with an empty store on a free port. Panics with instructions when the binary is
    /// not there: `./dev test` fetches it.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further command-line arguments, e.g. `--user` or `--tlscert`.
    pub fn start_with(extra: &[&str]) -> Self {
        let mut server = Self {
            binary: binary(),
            folder: tempfile::tempdir().expect("a folder for the store of nats-server"),
            name: String::new(),
            port: 0,
            extra: extra.iter().map(|&argument| argument.to_owned()).collect(),
            process: None,
        };
        for _ in 0..50 {
            server.port = next_port();
            server.name = format!("countersign-test-{}-{}", std::process::id(), server.port);
            if server.launch() {
                return server;
            }
        }
        panic!("nats-server found no port to listen on{}", server.log());
    }

    /// Starts three servers that form a cluster. It needs some seconds to elect a leader before the first
    /// request is answered.
    pub fn start_cluster() -> [Self; 3] {
        let ports = [next_port(), next_port(), next_port()];
        let routes = ports.map(|port| format!("nats://127.0.0.1:{port}"));
        let cluster = format!("countersign-test-{}-{}", std::process::id(), ports[0]);
        routes.each_ref().map(|own| {
            Self::start_with(&["--cluster_name", &cluster, "--cluster", own, "--routes", &routes.join(",")])
        })
    }

    /// Where clients connect.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends the server in good order and waits for it. Its store stays.
    pub fn stop(&mut self) {
        let Some(process) = &mut self.process else { return };
        let told = Command::new(&self.binary)
            .arg("--signal")
            .arg(format!("term={}", process.id()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(told.is_ok_and(|status| status.success()), "nats-server takes no signal");
        let deadline = Instant::now() + PATIENCE;
        while !matches!(process.try_wait(), Ok(Some(_))) {
            assert!(Instant::now() < deadline, "nats-server does not stop");
            std::thread::sleep(Duration::from_millis(10));
        }
        self.process = None;
    }

    /// Ends the server with SIGKILL. Its store stays as it is at that instant.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("nats-server can be killed");
            process.wait().expect("nats-server ends after SIGKILL");
        }
    }

    /// Kills the server if it runs and starts it on the same store and port.
    pub fn restart(&mut self) {
        self.kill();
        let deadline = Instant::now() + PATIENCE;
        while !self.launch() {
            assert!(Instant::now() < deadline, "nats-server does not start again{}", self.log());
        }
    }

    /// Kills the server and starts it with other further arguments, on the same store and port.
    pub fn restart_with(&mut self, extra: &[&str]) {
        self.extra = extra.iter().map(|&argument| argument.to_owned()).collect();
        self.restart();
    }

    /// Kills the server, deletes its store and starts it on the same port.
    pub fn wipe(&mut self) {
        self.kill();
        match std::fs::remove_dir_all(self.store()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                panic!("the store of nats-server cannot be deleted: {error}")
            }
            _ => self.restart(),
        }
    }

    /// Stops the server in good order, copies its store and starts it again.
    pub fn snapshot(&mut self) -> Snapshot {
        self.stop();
        let copy = tempfile::tempdir().expect("a folder for the copy");
        copy_folder(&self.store(), copy.path());
        self.restart();
        Snapshot(copy)
    }

    /// Kills the server, puts its store back to an earlier state and starts it on the same port: what a loss
    /// of power does to messages that were acknowledged and not yet on the disk.
    pub fn lose_everything_since(&mut self, snapshot: &Snapshot) {
        self.kill();
        std::fs::remove_dir_all(self.store()).expect("the store can be deleted");
        copy_folder(snapshot.0.path(), &self.store());
        self.restart();
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Starts the process and waits until it answers under its own name. `false`: it ended, most likely
    /// because somebody else has the port.
    fn launch(&mut self) -> bool {
        let mut process = Command::new(&self.binary)
            .args(["--addr", "127.0.0.1", "--jetstream", "--port", &self.port.to_string()])
            .args(["--server_name", &self.name])
            .arg("--store_dir")
            .arg(self.store())
            .arg("--log")
            .arg(self.folder.path().join("log"))
            .args(&self.extra)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nats-server can be run");
        let deadline = Instant::now() + PATIENCE;
        loop {
            if matches!(process.try_wait(), Ok(Some(_))) {
                return false;
            }
            if self.answers() {
                self.process = Some(process);
                return true;
            }
            assert!(Instant::now() < deadline, "nats-server does not start{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether what listens on the port greets with this server's name.
    fn answers(&self) -> bool {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let Ok(connection) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) else {
            return false;
        };
        let mut greeting = String::new();
        connection.set_read_timeout(Some(Duration::from_secs(1))).is_ok()
            && BufReader::new(connection).read_line(&mut greeting).is_ok()
            && greeting.contains(&format!("\"server_name\":\"{}\"", self.name))
    }

    fn log(&self) -> String {
        let mut text = String::new();
        if let Ok(log) = std::fs::read_to_string(self.folder.path().join("log")) {
            let _ = write!(text, ". Its log:\n{log}");
        }
        text
    }
}

/// A copy of a server's store.
pub struct Snapshot(TempDir);

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody listens on at this moment.
fn next_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let count = PORTS.end - PORTS.start;
    let start = u16::try_from(std::process::id().wrapping_mul(31) % u32::from(count)).unwrap_or(0);
    for _ in 0..count {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) % count;
        let port = PORTS.start + (start + step) % count;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between {} and {}", PORTS.start, PORTS.end);
}

#[expect(
    clippy::disallowed_methods,
    reason = "the testkit alone is told by the environment where the server is"
)]
fn binary() -> PathBuf {
    if let Ok(told) = std::env::var("COUNTERSIGN_NATS_SERVER") {
        let told = PathBuf::from(told);
        assert!(told.is_file(), "COUNTERSIGN_NATS_SERVER names {}, which is no file", told.display());
        return told;
    }
    let fetched = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.cache/bin/nats-server"));
    if fetched.is_file() {
        return fetched.to_owned();
    }
    let installed = std::env::var("PATH").unwrap_or_default();
    std::env::split_paths(OsStr::new(&installed))
        .map(|folder| folder.join("nats-server"))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| {
            panic!(
                "nats-server is not there. `./dev test` fetches it into .cache/bin; \
                 or let COUNTERSIGN_NATS_SERVER name one of version 2.12 or newer"
            )
        })
}
