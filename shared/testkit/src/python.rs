//! Packages of the Python package index that tests need, pinned with hashes, installed once below `.cache`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The folder of installed packages, for `PYTHONPATH`. The name says what and which version: it is the folder's.
/// `None`, said loudly, when they cannot be had here.
pub fn packages(name: &str, requirements: &str) -> Option<PathBuf> {
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache");
    let place = cache.join(name);
    if place.is_dir() {
        return Some(place);
    }
    let installed = install(&cache, &place, requirements);
    if installed.is_none() {
        eprintln!("SKIPPED: {name} cannot be installed here (python3 with pip is needed)");
    }
    installed
}

fn install(cache: &Path, place: &Path, requirements: &str) -> Option<PathBuf> {
    fs::create_dir_all(cache).ok()?;
    let work = tempfile::tempdir_in(cache).ok()?;
    let list = work.path().join("requirements.txt");
    let packages = work.path().join("packages");
    fs::write(&list, requirements).ok()?;
    let installed = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
        .args(["--require-hashes", "--only-binary=:all:", "--target"])
        .arg(&packages)
        .arg("--requirement")
        .arg(&list)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    // Under its final name only when complete; whoever comes second keeps what the first one made.
    (installed && (fs::rename(&packages, place).is_ok() || place.is_dir())).then(|| place.to_owned())
}
