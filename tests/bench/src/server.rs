//! The real program as a process of its own, and what it takes of the machine.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// How long the program may take to start or stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// A data folder: thrown away unless somebody wants to keep it.
pub(crate) enum Data {
    Temporary(tempfile::TempDir),
    Kept(PathBuf),
}

impl Data {
    pub(crate) fn new(keep: Option<&Path>) -> anyhow::Result<Self> {
        let Some(keep) = keep else { return Ok(Self::Temporary(tempfile::tempdir()?)) };
        std::fs::create_dir_all(keep)?;
        Ok(Self::Kept(tempfile::Builder::new().prefix("data-").tempdir_in(keep)?.keep()))
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }
}

/// A running program. Killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) http: SocketAddr,
    pub(crate) mllp: SocketAddr,
}

impl Server {
    /// Everything in one process.
    pub(crate) fn up(program: &Path, data: &Path) -> anyhow::Result<Self> {
        Self::start(program, &["up"], data)
    }

    /// The intake alone.
    pub(crate) fn intake(program: &Path, data: &Path) -> anyhow::Result<Self> {
        Self::start(program, &["serve", "intake"], data)
    }

    fn start(program: &Path, command: &[&str], data: &Path) -> anyhow::Result<Self> {
        let mut process = Command::new(program)
            .args(command)
            .args([OsStr::new("--data"), data.as_os_str()])
            .args(["--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be run", program.display()))?;
        let mut said = BufReader::new(process.stderr.take().context("standard error is a pipe")?);
        let (mut http, mut mllp) = (None, None);
        let mut all = String::new();
        while http.is_none() || mllp.is_none() {
            let mut line = String::new();
            ensure!(said.read_line(&mut line)? > 0, "the program ended:\n{all}");
            let address = |words: &[&str]| {
                let behind = words.iter().find_map(|word| Some(line.split_once(word)?.1))?;
                behind.trim().trim_end_matches('/').parse::<SocketAddr>().ok()
            };
            http = http.or(address(&["pages and API on ", "worklist  http://"]));
            mllp = mllp.or(address(&["HL7 v2 (MLLP) on ", "mllp://"]));
            all.push_str(&line);
        }
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut said.by_ref(), &mut std::io::sink()));
        Ok(Self {
            process,
            http: http.context("it told its address")?,
            mllp: mllp.context("it told its address")?,
        })
    }

    /// Processor time so far, in seconds.
    pub(crate) fn processor_seconds(&self) -> anyhow::Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // The second field is the program's name in parentheses; 14 and 15 are ticks in user and kernel.
        let behind = stat.rsplit_once(')').context("the kernel tells")?.1;
        let ticks: u64 = behind.split_whitespace().skip(11).take(2).map(|n| n.parse().unwrap_or(0)).sum();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
    }

    /// The most memory it has had so far (resident), in MiB.
    pub(crate) fn peak_mebibytes(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("the kernel tells")?;
        let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes / 1024.0)
    }

    /// Stops it in good order.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.process), Signal::TERM)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait()? {
                ensure!(status.success(), "the program ended with {status}");
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("the program does not stop");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is left to be told when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
