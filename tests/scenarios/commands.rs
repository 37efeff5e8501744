//! Every command: what it is for, and what it says when it cannot.

mod claims;
mod compare_peers;
mod escalation;
mod ingest;
mod notices;
mod proof;
mod quarantine;
mod refusals;
mod rules;
mod suspension;
mod what_if;

use std::path::Path;

use countersign_testkit::program::{Finished, run};

/// Runs a command on a data folder.
fn on(data: &Path, arguments: &[&str]) -> Finished {
    let data = data.to_string_lossy();
    let mut all: Vec<&str> = arguments.to_vec();
    all.extend(["--data", &*data]);
    run(all)
}
