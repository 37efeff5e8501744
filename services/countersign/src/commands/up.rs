//! `countersign up`: everything in one process.

use std::{net::SocketAddr, path::Path, sync::Arc};

use anyhow::{Context, bail};
use countersign_kernel::{AcceleratedClock, Clock, Timestamp};
use countersign_runtime::{Config, Life, SystemClock, config::FeedKind, lifecycle::STOP_LIMIT, telemetry};
use tokio::runtime::Runtime;

use super::{
    configure, data_override,
    demonstration::{self, holds_nothing_yet},
};
use crate::{
    cli::{ServiceName, Up},
    compose::{Ground, Sharing},
};

pub fn run(runtime: &Runtime, args: Up) -> anyhow::Result<()> {
    let overrides = [
        data_override(args.data.as_deref()),
        ("--http", "http.listen", args.http),
        ("--mllp", "mllp.listen", args.mllp),
    ];
    let mut config = configure(args.config.config.as_deref(), &overrides)?;
    config.feed.kind = FeedKind::Embedded;
    if args.demo {
        // Before there are logs and figures: three months of them would belong to nobody.
        runtime.block_on(demonstration::live_through(config.clone()))?;
    }
    let telemetry = telemetry::init(&config.telemetry, env!("CARGO_PKG_VERSION"))?;
    runtime.block_on(async {
        let mut ground = Ground::open(config, Sharing::Alone, "countersign up").await?;
        let empty = holds_nothing_yet(ground.journal.as_ref()).await?;
        if let Some(from) = args.clock_from {
            ground.clock = rehearsal_clock(&ground.config.data.dir, empty, from)?;
            tracing::warn!(%from, "the clock of this process is set for a rehearsal");
        }
        let life = Life::new();
        let services = [
            ServiceName::Intake,
            ServiceName::Deficiency,
            ServiceName::Escalation,
            ServiceName::Notification,
            ServiceName::Portal,
        ];
        let running = super::serve::start(&ground, &services, &life, &telemetry.metrics()).await?;
        announce(&ground.config, empty, running.http, running.mllp);
        if let (true, Some(http)) = (args.demo, running.http) {
            eprintln!("Open http://{http}/ to see what is owed, why and by when.");
        }
        Ok(life.wait(STOP_LIMIT).await?)
    })
}

/// A file that says of a data folder that its clock was set: nothing in it is evidence of anything.
const REHEARSAL: &str = "rehearsal";

/// A clock that begins at an instant. A folder that holds the record of a real hospital never gets one: its notices
/// would bear the wrong dates.
fn rehearsal_clock(folder: &Path, empty: bool, from: Timestamp) -> anyhow::Result<Arc<dyn Clock>> {
    let mark = folder.join(REHEARSAL);
    if !mark.exists() {
        if !empty {
            bail!(
                "the data folder {} holds a real record: --clock-from rehearses in an empty one only; leave it out, \
                 or name another folder with --data",
                folder.display()
            );
        }
        std::fs::write(&mark, "The clock of this data folder was set for a rehearsal.\n")
            .with_context(|| format!("cannot write {}", mark.display()))?;
    }
    Ok(Arc::new(AcceleratedClock::new(SystemClock, from, 1)))
}

fn announce(config: &Config, hint: bool, http: Option<SocketAddr>, mllp: Option<SocketAddr>) {
    eprintln!("Countersign {} · data in {}", env!("CARGO_PKG_VERSION"), config.data.dir.display());
    if let Some(http) = http {
        eprintln!("  worklist  http://{http}/");
        eprintln!("  API       http://{http}/api/v1/openapi.json");
    }
    if let Some(mllp) = mllp {
        eprintln!("  HL7 v2    mllp://{mllp}");
    }
    if hint {
        eprintln!("The data folder is empty. Send messages with `countersign ingest FOLDER`,");
        eprintln!("or stop and start again with --demo to load a synthetic hospital.");
    }
}
