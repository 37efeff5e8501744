//! This machine: folder, disk, clock, files, limits.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::Finding;
use crate::{Config, config::JournalKind};

const GIB: u64 = 1 << 30;

pub(super) fn examine(config: &Config, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![data_folder(&config.data.dir), clock(&config.data.dir, now), zone(config)];
    findings.extend(disk(&config.data.dir, config.journal.kind));
    findings.extend(files(config));
    findings.extend(open_files(config));
    findings
}

/// The nearest folder that exists: the data folder is made at the first start.
fn existing(folder: &Path) -> PathBuf {
    folder
        .ancestors()
        .find(|ancestor| ancestor.is_dir())
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

fn data_folder(folder: &Path) -> Finding {
    let subject = "data folder";
    let shown = folder.display();
    if folder.exists() && !folder.is_dir() {
        return Finding::bad(
            subject,
            format!("{shown} is not a folder"),
            "name another one (--data, data.dir)",
        );
    }
    let probe = existing(folder).join(format!(".countersign-probe-{}", crate::new_id()));
    let written = fs::File::create_new(&probe).and_then(|file| file.sync_all());
    let removed = fs::remove_file(&probe);
    match written.and(removed) {
        Ok(()) if folder.is_dir() => Finding::good(subject, format!("{shown} can be written")),
        Ok(()) => Finding::good(subject, format!("{shown} does not exist yet and can be made")),
        Err(error) => Finding::bad(
            subject,
            format!("cannot write in {shown}: {error}"),
            "give this user the right to write there, or name another folder (--data, data.dir)",
        ),
    }
}

fn disk(folder: &Path, journal: JournalKind) -> Vec<Finding> {
    let folder = existing(folder);
    let mut findings = Vec::new();
    match rustix::fs::statvfs(&folder) {
        Ok(volume) => {
            let free = volume.f_bavail.saturating_mul(volume.f_frsize);
            let found = format!("{} GiB free", free / GIB);
            findings.push(if free < GIB {
                Finding::bad(
                    "disk",
                    found,
                    "free some space: the journal keeps every message, about 2 KiB each",
                )
            } else if free < 10 * GIB {
                Finding::doubtful("disk", found, "10 GiB and more are advised for a hospital's feed")
            } else {
                Finding::good("disk", found)
            });
        }
        Err(error) => findings.push(Finding::doubtful(
            "disk",
            format!("free space is not known: {error}"),
            "look with `df`",
        )),
    }
    #[cfg(target_os = "linux")]
    if journal == JournalKind::Embedded
        && let Ok(system) = rustix::fs::statfs(&folder)
        && let Some(name) = network_file_system(system.f_type)
    {
        findings.push(Finding::bad(
            "file system",
            format!("the data folder is on {name}"),
            "put it on a local disk: SQLite's write-ahead log needs locks and shared memory that network file \
             systems do not keep",
        ));
    }
    findings
}

/// Magic numbers of statfs(2).
#[cfg(target_os = "linux")]
fn network_file_system(magic: rustix::fs::FsWord) -> Option<&'static str> {
    match magic & 0xffff_ffff {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB/CIFS"),
        0x0102_1997 => Some("9P"),
        _ => None,
    }
}

fn clock(folder: &Path, now: Timestamp) -> Finding {
    // no release of this program is older than that
    let least: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let remedy = "let the machine keep time over the network (chrony, systemd-timesyncd): due times are \
                  compared with this clock";
    if now < least {
        return Finding::bad("clock", format!("shows {now}, which is past"), remedy);
    }
    let newest = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Timestamp::try_from(entry.metadata().ok()?.modified().ok()?).ok())
        .max();
    match newest {
        Some(newest) if newest.duration_since(now).as_secs() > 120 => {
            Finding::bad("clock", format!("shows {now}, but data was written at {newest}"), remedy)
        }
        _ => Finding::good("clock", format!("{now:.0}")),
    }
}

fn zone(config: &Config) -> Finding {
    let name = config.facility.time_zone.name();
    if name == "UTC" {
        Finding::doubtful(
            "time zone",
            "times without a zone are read as UTC",
            "set facility.time_zone to the hospital's zone, e.g. America/New_York, unless feed profiles do",
        )
    } else {
        Finding::good("time zone", name)
    }
}

fn files(config: &Config) -> Vec<Finding> {
    let tls = config.mllp.tls.as_ref();
    let named = [
        ("mllp.tls.certificate", tls.map(|tls| &tls.certificate), false),
        ("mllp.tls.key", tls.map(|tls| &tls.key), true),
        ("mllp.tls.client_ca", tls.and_then(|tls| tls.client_ca.as_ref()), false),
        ("nats.credentials_file", config.nats.credentials_file.as_ref(), true),
        ("nats.password_file", config.nats.password_file.as_ref(), true),
        ("nats.nkey_file", config.nats.nkey_file.as_ref(), true),
        ("nats.tls_ca", config.nats.tls_ca.as_ref(), false),
        ("access.people_file", config.access.people_file.as_ref(), false),
        ("intake.profiles_file", config.intake.profiles_file.as_ref(), false),
        ("deficiency.rules_file", config.deficiency.rules_file.as_ref(), false),
    ];
    named.into_iter().filter_map(|(key, path, secret)| Some(file(key, path?, secret))).collect()
}

fn file(key: &str, path: &Path, secret: bool) -> Finding {
    let shown = path.display();
    match fs::read(path) {
        Err(error) => Finding::bad(
            key,
            format!("cannot read {shown}: {error}"),
            "correct the path or give this user the right to read it",
        ),
        Ok(bytes) if bytes.is_empty() => Finding::bad(key, format!("{shown} is empty"), "fill it"),
        Ok(_) if secret && readable_by_others(path) => Finding::doubtful(
            key,
            format!("{shown} can be read by every user of this machine"),
            format!("chmod 600 {shown}"),
        ),
        Ok(_) => Finding::good(key, format!("{shown}")),
    }
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> bool {
    false
}

fn open_files(config: &Config) -> Option<Finding> {
    // Linux only; elsewhere there is nothing to read
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let soft: usize = soft.split_whitespace().next()?.parse().ok()?;
    // each connection is one; databases, logs and pages stay well below the rest
    let wanted = config.mllp.max_connections + 256;
    Some(if soft < wanted {
        Finding::doubtful(
            "open files",
            format!("{soft} allowed, {wanted} may be needed"),
            format!("ulimit -n {wanted}, LimitNOFILE={wanted} in systemd, or lower mllp.max_connections"),
        )
    } else {
        Finding::good("open files", format!("{soft} allowed"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Override, doctor::Verdict};

    fn now() -> Timestamp {
        "2026-06-01T12:00:00Z".parse().expect("a time")
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_bad_and_names_a_remedy() {
        let place = tempfile::tempdir().expect("a folder");
        let file = place.path().join("file");
        fs::write(&file, "x").expect("written");
        assert_eq!(data_folder(place.path()).verdict, Verdict::Good);
        assert_eq!(data_folder(&place.path().join("new/one")).verdict, Verdict::Good);
        let refused = data_folder(&file);
        assert_eq!(refused.verdict, Verdict::Bad);
        assert!(refused.remedy.is_some());
        // and the probe leaves nothing behind
        assert_eq!(fs::read_dir(place.path()).expect("folder").count(), 1);
    }

    #[test]
    fn a_clock_behind_the_data_is_bad() {
        let place = tempfile::tempdir().expect("a folder");
        assert_eq!(clock(place.path(), now()).verdict, Verdict::Good);
        assert_eq!(
            clock(place.path(), "2020-01-01T00:00:00Z".parse().expect("a time")).verdict,
            Verdict::Bad
        );
        // given data written later than the clock shows
        let file = fs::File::create(place.path().join("journal.db")).expect("file");
        let later = std::time::SystemTime::from(now()) + std::time::Duration::from_hours(1);
        file.set_modified(later).expect("time set");
        assert_eq!(clock(place.path(), now()).verdict, Verdict::Bad);
    }

    #[test]
    fn files_that_are_named_must_be_readable_and_secrets_private() {
        let place = tempfile::tempdir().expect("a folder");
        let secret = place.path().join("password");
        fs::write(&secret, "hunter2").expect("written");
        let config = Config::from_sources(
            None,
            [],
            &[
                Override::new("x", "nats.user", "u"),
                Override::new("x", "nats.password_file", secret.to_str().expect("text")),
                Override::new("x", "intake.profiles_file", "/nowhere/profiles.toml"),
            ],
        )
        .expect("a configuration");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).expect("set");
        }
        let findings = files(&config);
        let verdict = |key: &str| findings.iter().find(|f| f.subject == key).map(|f| f.verdict);
        assert_eq!(verdict("intake.profiles_file"), Some(Verdict::Bad));
        assert_eq!(verdict("nats.password_file"), Some(Verdict::Doubtful));
        assert_eq!(findings.len(), 2);
        assert!(!format!("{findings:?}").contains("hunter2"));
    }
}
