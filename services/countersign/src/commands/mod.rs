//! One file per command.

mod access;
mod acting;
mod acts;
mod api;
mod charges;
mod claims;
mod compare_peers;
mod deficiencies;
mod demonstration;
mod directory;
mod doctor;
mod escalation;
mod explain;
mod feeds;
mod governed;
mod ingest;
mod notices;
mod partitions;
mod people;
mod proof;
mod quarantine;
mod reinterpret;
mod rules;
mod serve;
mod simulate;
mod site;
mod up;
mod what_if;

use std::{path::Path, process::ExitCode, sync::Arc};

use countersign_intake::service::Inbox;
use countersign_runtime::{
    Config,
    config::{LogFormat, Override},
};

use crate::{
    cli::{Cli, Command, Source},
    compose::{Ground, Sharing},
};

/// Runs a command to its end.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = |result: anyhow::Result<()>| result.map(|()| ExitCode::SUCCESS);
    match cli.command {
        Command::Up(args) => done(up::run(&runtime, args)),
        Command::Serve(args) => done(serve::run(&runtime, &args)),
        Command::Ingest(args) => done(runtime.block_on(ingest::run(args))),
        Command::Deficiencies(args) => done(runtime.block_on(deficiencies::run(args))),
        Command::Claims(args) => done(runtime.block_on(claims::run(args))),
        Command::Charges(args) => done(runtime.block_on(charges::run(args))),
        Command::Explain(args) => done(runtime.block_on(explain::run(args))),
        Command::WhatIf(args) => done(runtime.block_on(what_if::run(args))),
        Command::ComparePeers(args) => done(runtime.block_on(compare_peers::run(args))),
        Command::Feeds(args) => done(runtime.block_on(feeds::run(args))),
        Command::Quarantine(args) => done(runtime.block_on(quarantine::run(args))),
        Command::Reinterpret(args) => done(runtime.block_on(reinterpret::run(args))),
        Command::Partitions(args) => done(runtime.block_on(partitions::run(args))),
        Command::Item(args) => done(runtime.block_on(acts::item(args))),
        Command::Chart(args) => done(runtime.block_on(acts::chart(args))),
        Command::Rules(args) => done(runtime.block_on(rules::run(args))),
        Command::Escalation(args) => done(runtime.block_on(escalation::run(args))),
        Command::Notices(args) => done(runtime.block_on(notices::run(args))),
        Command::Letters(args) => done(runtime.block_on(notices::letters::run(args))),
        Command::Contacts(args) => done(runtime.block_on(notices::contacts::run(args))),
        Command::Inbox(args) => done(runtime.block_on(notices::inbox::run(args))),
        Command::Mode(args) => done(runtime.block_on(notices::mode::run(args))),
        Command::Templates(args) => done(runtime.block_on(notices::templates::run(args))),
        Command::People(args) => runtime.block_on(people::run(args)),
        Command::Site(args) => runtime.block_on(site::run(args)),
        Command::Access(args) => done(access::run(args)),
        Command::Rebuild(args) => done(runtime.block_on(proof::rebuild(args))),
        Command::Verify(args) => runtime.block_on(proof::verify(args)),
        Command::Doctor(args) => runtime.block_on(doctor::run(args)),
        Command::Simulate(args) => done(runtime.block_on(simulate::run(args))),
    }
}

/// The configuration of a command, with what was said on its command line.
fn configure(file: Option<&Path>, overrides: &[(&str, &str, Option<String>)]) -> anyhow::Result<Config> {
    let overrides: Vec<Override> = overrides
        .iter()
        .filter_map(|(option, path, value)| Some(Override::new(option, path, value.clone()?)))
        .collect();
    Ok(Config::load(file, &overrides)?)
}

fn data_override(data: Option<&Path>) -> (&'static str, &'static str, Option<String>) {
    ("--data", "data.dir", data.map(|data| data.display().to_string()))
}

/// Opens a data folder for a command that runs without a server: embedded, alone, quiet.
async fn open_folder(config: Option<&Path>, data: Option<&Path>, command: &str) -> anyhow::Result<Ground> {
    let mut config = configure(config, &[data_override(data)])?;
    config.feed.kind = countersign_runtime::config::FeedKind::Embedded;
    if !config.data.dir.is_dir() && !matches!(command, "countersign ingest" | "countersign charges import") {
        anyhow::bail!(
            "there is no data folder {}: name one with --data, or ask a running Countersign with --url",
            config.data.dir.display()
        );
    }
    log_warnings_only(&mut config)?;
    Ground::open(config, Sharing::Alone, command).await
}

/// What a command without a server logs: what goes wrong, in plain text.
fn log_warnings_only(config: &mut Config) -> anyhow::Result<()> {
    "warn".clone_into(&mut config.telemetry.log);
    config.telemetry.format = LogFormat::Text;
    config.telemetry.otlp_endpoint = None;
    // Kept to the end of the process: nothing is buffered without an exporter.
    std::mem::forget(countersign_runtime::telemetry::init(&config.telemetry, env!("CARGO_PKG_VERSION"))?);
    Ok(())
}

impl Source {
    /// The running Countersign to ask, if one is named.
    fn client(&self) -> Option<crate::client::Client> {
        let client = crate::client::Client::new(self.url.as_deref()?);
        Some(client.with_token_file(self.token_file.clone()))
    }

    /// Opens a data folder's inbox, up to date.
    async fn open_inbox(&self, command: &str) -> anyhow::Result<(Ground, Arc<Inbox>)> {
        let ground = self.open(command).await?;
        let inbox = ground.inbox(&ground.intake()?)?;
        inbox.read_model().catch_up(ground.journal.as_ref()).await?;
        Ok((ground, inbox))
    }

    async fn open(&self, command: &str) -> anyhow::Result<Ground> {
        open_folder(self.config.config.as_deref(), self.data.as_deref(), command).await
    }
}
