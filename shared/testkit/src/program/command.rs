//! Commands that run to their end.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;

/// How long a command may take before the test fails.
const PATIENCE: Duration = Duration::from_mins(4);

/// A command that has ended.
#[derive(Debug, Clone)]
pub struct Finished {
    command: String,
    /// Exit code; nothing when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

impl Finished {
    pub(super) fn new(arguments: &[OsString], code: Option<i32>, stdout: String, stderr: String) -> Self {
        let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy()).collect();
        Self { command: format!("countersign {}", words.join(" ")), code, stdout, stderr }
    }

    /// Panics with everything it said unless it ended well.
    #[expect(clippy::return_self_not_must_use, reason = "often only the assertion is wanted")]
    pub fn well(self) -> Self {
        assert!(self.code == Some(0), "{self}");
        self
    }

    /// Panics with everything it said unless it failed in good order: by its own decision, with a reason.
    #[expect(clippy::return_self_not_must_use, reason = "often only the assertion is wanted")]
    pub fn badly(self) -> Self {
        assert!(self.code.is_some_and(|code| code != 0), "should have failed: {self}");
        assert!(!self.stderr.contains("panicked"), "panicked: {self}");
        self
    }

    /// What it printed, as JSON of this shape. Panics with everything it said otherwise.
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in the output of {self}"))
    }

    /// Everything it said, printed or complained.
    pub fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, code, stdout, stderr } = self;
        write!(f, "{command}\nended with {code:?}\n── stdout\n{stdout}\n── stderr\n{stderr}")
    }
}

/// Runs a command to its end.
pub fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Finished {
    run_with(arguments, &[])
}

/// Runs a command to its end, with settings from the environment.
pub fn run_with(
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    environment: &[(&str, &str)],
) -> Finished {
    let arguments: Vec<OsString> =
        arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
    let mut process = prepare(&arguments, environment)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program can be run");
    let stdout = read(process.stdout.take().expect("standard output is a pipe"));
    let stderr = read(process.stderr.take().expect("standard error is a pipe"));
    let deadline = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = process.try_wait().expect("the process can be waited for") {
            break status;
        }
        if Instant::now() >= deadline {
            let _ = process.kill();
            let said = stderr.join().unwrap_or_default();
            panic!("{} does not end:\n{said}", Finished::new(&arguments, None, String::new(), String::new()));
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let stdout = stdout.join().expect("its output can be read");
    let stderr = stderr.join().expect("its complaints can be read");
    Finished::new(&arguments, status.code(), stdout, stderr)
}

fn read(mut stream: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The program with these arguments, and with nothing of ours in its environment but what is given here.
pub(super) fn prepare(
    arguments: &[OsString],
    environment: &[(impl AsRef<OsStr>, impl AsRef<OsStr>)],
) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COUNTERSIGN_") {
            command.env_remove(name);
        }
    }
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command
}

/// The program under test: named by `COUNTERSIGN_BIN` or `COUNTERSIGN_TEST_PROGRAM`, else built into the
/// folder that this test program was built into.
#[expect(
    clippy::disallowed_methods,
    reason = "the testkit alone is told by the environment where the program is"
)]
pub fn binary() -> PathBuf {
    for name in ["COUNTERSIGN_BIN", "COUNTERSIGN_TEST_PROGRAM"] {
        if let Ok(told) = std::env::var(name) {
            let told = PathBuf::from(told);
            assert!(told.is_file(), "{name} names {}, which is no file", told.display());
            return told;
        }
    }
    let test = std::env::current_exe().expect("a test program knows its own file");
    // <target>/debug/deps/scenarios-0123456789abcdef → <target>/debug/countersign
    let built = test.parent().and_then(Path::parent).map(|folder| folder.join("countersign"));
    built.filter(|built| built.is_file()).unwrap_or_else(|| {
        panic!(
            "the program is not built: `cargo build -p countersign` first (`./dev test` does), \
             or let COUNTERSIGN_TEST_PROGRAM name it"
        )
    })
}
