//! Programs of others that tests use, from the Python package index, pinned, in a virtual environment below
//! `.cache`.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

/// The folder of programs of python-hl7 0.4.5 (`mllp_send`). `None`, said loudly, when it cannot be had.
pub fn python_hl7() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND.get_or_init(|| install("python-hl7", "hl7==0.4.5", "mllp_send")).as_deref()
}

fn install(name: &str, requirement: &str, program: &str) -> Option<PathBuf> {
    let environment = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache").join(name);
    let programs = environment.join("bin");
    if programs.join(program).is_file() {
        return Some(programs);
    }
    let made = quietly(Command::new("python3").args(["-m", "venv"]).arg(&environment))
        && quietly(Command::new(programs.join("python")).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
            requirement,
        ]));
    if made && programs.join(program).is_file() {
        return Some(programs);
    }
    eprintln!("SKIPPED: {requirement} cannot be installed here (python3 with venv and pip is needed)");
    None
}

fn quietly(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}
