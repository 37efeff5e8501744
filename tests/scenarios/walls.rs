//! Walls of the architecture: who may know whom, and which words may stand where.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Our crates, and which of ours each depends on when it is built (not when it is tested).
fn crates() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .expect("cargo describes the workspace");
    let ours: BTreeSet<String> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let graph = metadata.packages.iter().map(|package| {
        let of_build =
            package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        let known = of_build.map(|dependency| dependency.name.clone()).filter(|name| ours.contains(name));
        (package.name.to_string(), known.collect())
    });
    graph.collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository")
}

const SERVICES: [&str; 5] = [
    "countersign-intake",
    "countersign-deficiency",
    "countersign-escalation",
    "countersign-notification",
    "countersign-portal",
];
const ADAPTERS: [&str; 3] = ["countersign-sqlite", "countersign-nats", "countersign-eventstoredb"];
/// What only tests use.
const OF_TESTS: [&str; 4] =
    ["countersign-testkit", "countersign-hospital", "countersign-acceptance", "countersign-bench"];

#[test]
fn given_the_crates_then_each_knows_only_whom_it_may() {
    let crates = crates();
    let of = |name: &str| -> Vec<&str> {
        let known = crates.get(name).unwrap_or_else(|| panic!("there is no crate {name}"));
        known.iter().map(String::as_str).collect()
    };
    let none: [&str; 0] = [];
    // kernel ← contracts ← everything
    assert_eq!(of("countersign-kernel"), none);
    assert_eq!(of("countersign-contracts"), ["countersign-kernel"]);
    assert_eq!(of("countersign-eventsourcing"), ["countersign-contracts", "countersign-kernel"]);
    // The HL7 layer is a library of its own; the simulated hospital is an independent witness.
    assert_eq!(of("countersign-hl7"), none);
    assert_eq!(of("countersign-hospital"), none);
    for (name, known) in &crates {
        let name = name.as_str();
        let knows = |others: &[&str]| -> Vec<String> {
            known.iter().filter(|other| others.contains(&other.as_str())).cloned().collect()
        };
        if SERVICES.contains(&name) {
            assert_eq!(knows(&SERVICES), none, "{name} knows another service");
            assert_eq!(knows(&ADAPTERS), none, "{name} knows an adapter");
        }
        if ADAPTERS.contains(&name) || ["countersign-runtime", "countersign-testkit"].contains(&name) {
            assert_eq!(knows(&SERVICES), none, "{name} knows a service");
            assert_eq!(knows(&ADAPTERS), none, "{name} knows an adapter");
        }
        // Only the program composes; benchmarks measure what it composes.
        if knows(&SERVICES).len() > 1 {
            assert!(["countersign", "countersign-bench"].contains(&name), "{name} composes services");
        }
        assert!(!known.contains("countersign"), "{name} knows the program");
        if !OF_TESTS.contains(&name) && name != "countersign" {
            assert_eq!(knows(&OF_TESTS), none, "{name} knows a crate for tests");
        }
    }
    // A new crate in services/ is a service: it belongs into the list above.
    let folders = std::fs::read_dir(root().join("services")).expect("the services");
    let mut names: Vec<String> = folders
        .map(|folder| folder.expect("a folder").file_name().to_string_lossy().into_owned())
        .filter(|name| name != "countersign")
        .map(|name| format!("countersign-{name}"))
        .collect();
    names.sort();
    let mut listed = SERVICES.map(str::to_owned);
    listed.sort();
    assert_eq!(names, listed);
}

/// Every file that git knows, from the root.
fn files() -> Vec<String> {
    let listed = Command::new("git").arg("-C").arg(root()).args(["ls-files", "-z"]).output();
    let listed = listed.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    let Some(listed) = listed else {
        panic!("git is missing, or this is no clone: the walls are checked on the files of the repository");
    };
    let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .filter(|name| root().join(name).is_file())
        .collect()
}

/// Source files that `wanted` wants, without what stands behind `#[cfg(test)]` and without comments.
fn sources(wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let is_source = |name: &String| {
        Path::new(name).extension().is_some_and(|ending| ending == "rs")
            && name.contains("/src/")
            && !name.ends_with("/tests.rs")
            && wanted(name)
    };
    files()
        .into_iter()
        .filter(is_source)
        .map(|name| {
            let text = std::fs::read_to_string(root().join(&name)).expect("a source file");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            (name, code.join("\n"))
        })
        .collect()
}

fn assert_free_of(sources: &[(String, String)], words: &[&str]) {
    let hits: Vec<String> = sources
        .iter()
        .flat_map(|(name, code)| {
            words.iter().filter(|word| code.contains(**word)).map(move |word| format!("{name}: {word}"))
        })
        .collect();
    assert!(hits.is_empty(), "over the wall: {hits:#?}");
}

#[test]
fn given_the_domains_then_they_know_no_machinery() {
    let domains = sources(|name| name.starts_with("services/") && name.contains("/src/domain/"));
    assert!(domains.len() > 8, "{}", domains.len());
    assert_free_of(
        &domains,
        &[
            "tokio",
            "axum",
            "rusqlite",
            "tracing",
            "opentelemetry",
            "serde_json::Value",
            "reqwest",
            "std::fs",
            "std::net",
            "async fn",
            ".await",
            "Timestamp::now",
            "SystemTime",
        ],
    );
}

#[test]
fn given_the_sources_then_only_adapters_and_read_models_speak_sql() {
    let others = sources(|name| {
        let may = name.starts_with("shared/adapters/sqlite/")
            || ["read_model.rs", "read_model/error.rs", "consumer.rs", "projection.rs", "timer/table.rs"]
                .iter()
                .any(|file| name == format!("shared/eventsourcing/src/{file}"))
            || (name.starts_with("services/") && name.contains("/src/projections/"))
            // What is owed is a table that two services keep in read models of their own.
            || name.starts_with("shared/owed/src/tables/")
            || name.starts_with("tests/");
        !may
    });
    assert!(others.len() > 100, "{}", others.len());
    assert_free_of(&others, &["rusqlite", "SELECT ", "INSERT INTO", "DELETE FROM"]);
}

#[test]
fn given_the_sources_then_only_adapters_speak_to_servers_of_their_own_kind() {
    // The benchmarks' baselines publish without us.
    let others =
        sources(|name| !name.starts_with("shared/adapters/nats/") && !name.starts_with("tests/bench/"));
    assert_free_of(&others, &["async_nats::"]);
    let others = sources(|name| {
        !name.starts_with("shared/adapters/eventstoredb/") && !name.starts_with("shared/testkit/")
    });
    assert_free_of(&others, &["eventstore::", "tonic::"]);
}

#[test]
fn given_the_core_then_clock_chance_and_environment_come_in_through_ports() {
    let core = sources(|name| {
        name.starts_with("shared/kernel/")
            || name.starts_with("shared/contracts/")
            || name.starts_with("shared/eventsourcing/")
            || name.starts_with("shared/hl7/")
            || (name.starts_with("services/") && !name.starts_with("services/countersign/"))
    });
    assert_free_of(
        &core,
        &[
            "Timestamp::now(",
            "Zoned::now(",
            "SystemTime::now(",
            "Uuid::now_v7(",
            "new_v4(",
            "env::var",
            "rand::",
        ],
    );
}

/// Files that are longer than they should be, each with its reason.
const LONG: [(&str, &str); 1] = [("Cargo.lock", "written by cargo")];
const LONGEST: usize = 600;

#[test]
fn given_the_repository_then_no_file_is_too_long_without_a_reason() {
    let mut too_long = Vec::new();
    for name in files() {
        let Ok(text) = std::fs::read_to_string(root().join(&name)) else { continue };
        let lines = text.lines().count();
        if lines > LONGEST && !LONG.iter().any(|(known, _)| *known == name) {
            too_long.push(format!("{name}: {lines} lines"));
        }
    }
    assert!(too_long.is_empty(), "split these, or give a reason: {too_long:#?}");
    for (name, reason) in LONG {
        assert!(root().join(name).is_file(), "{name} ({reason}) is gone: take it out of the list");
    }
}

#[test]
fn given_the_repository_then_it_names_no_path_of_one_machine_and_holds_no_sample_of_others() {
    let corpus: BTreeSet<String> = countersign_acceptance::corpus::samples()
        .into_iter()
        .filter_map(|sample| sample.file.rsplit('/').next().map(str::to_owned))
        .collect();
    for name in files() {
        let ending = Path::new(&name).extension().map(|ending| ending.to_string_lossy().into_owned());
        let file = name.rsplit('/').next().unwrap_or_default();
        assert!(!corpus.contains(file) || ending.as_deref() != Some("hl7"), "{name} is not ours");
        let Ok(text) = std::fs::read_to_string(root().join(&name)) else { continue };
        let machine = ["/wo", "rk/"].concat();
        assert!(!text.contains(&machine), "{name} names a path of one machine");
    }
}
