//! `countersign up`: everything in one process.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use countersign_deficiency::domain::rulebook::RULES;
use countersign_eventsourcing::journal::{Filter, Journal, Position};
use countersign_hospital::{Hospital, Settings};
use countersign_kernel::{AcceleratedClock, Clock, Timestamp};
use countersign_runtime::{Config, Life, SystemClock, config::FeedKind, lifecycle::STOP_LIMIT, telemetry};
use indicatif::ProgressBar;
use tokio::runtime::Runtime;

use super::{configure, data_override, ingest::progress_bar};
use crate::{
    cli::{ServiceName, Up},
    compose::{Ground, Sharing},
    send::Sender,
};

/// How far back the demonstration's hospital begins, in days: long enough for something to be overdue.
const DEMO_DAYS: i64 = 92;

pub fn run(runtime: &Runtime, args: Up) -> anyhow::Result<()> {
    let overrides = [
        data_override(args.data.as_deref()),
        ("--http", "http.listen", args.http),
        ("--mllp", "mllp.listen", args.mllp),
    ];
    let mut config = configure(args.config.config.as_deref(), &overrides)?;
    config.feed.kind = FeedKind::Embedded;
    let telemetry = telemetry::init(&config.telemetry, env!("CARGO_PKG_VERSION"))?;
    runtime.block_on(async {
        let mut ground = Ground::open(config, Sharing::Alone, "countersign up").await?;
        let empty = holds_nothing_yet(ground.journal.as_ref()).await?;
        if let Some(from) = args.clock_from {
            ground.clock = rehearsal_clock(&ground.config.data.dir, empty, from)?;
            tracing::warn!(%from, "the clock of this process is set for a rehearsal");
        }
        if args.demo && !empty {
            bail!(
                "the data folder {} is not empty: --demo loads sample data into an empty one only; \
                 leave --demo out, or name another folder with --data",
                ground.config.data.dir.display()
            );
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
        announce(&ground.config, empty && !args.demo, running.http, running.mllp);
        if args.demo {
            let (clock, http) = (std::sync::Arc::clone(&ground.clock), running.http);
            let mllp = running.mllp.context("the intake does not run")?;
            life.spawn_task(
                "demonstration",
                move |_| async move { demonstrate(clock.now(), mllp, http).await },
            );
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

/// What services write of themselves from the first start on: rule sets and policies, who lets timers fire, what the
/// clock showed.
const OF_SERVICES: [&str; 4] = [RULES, "policy", "reign", "clock"];

/// Whether nothing was received or decided yet.
async fn holds_nothing_yet(journal: &dyn Journal) -> anyhow::Result<bool> {
    const MANY: usize = 1000;
    let first = journal.read_all(Position::START, Filter::All, MANY).await?;
    Ok(first.caught_up && first.events.iter().all(|event| OF_SERVICES.contains(&event.stream.category())))
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

async fn demonstrate(now: Timestamp, mllp: SocketAddr, http: Option<SocketAddr>) -> anyhow::Result<()> {
    let days = jiff::SignedDuration::from_hours(24 * DEMO_DAYS);
    let midnight = now.checked_sub(days)?.to_zoned(jiff::tz::TimeZone::UTC).start_of_day()?.timestamp();
    let hospital = Hospital::new(Settings {
        start: midnight,
        months: 3,
        histories_cosigned: false,
        ..Settings::default()
    })?;
    let total: u64 = hospital.messages().map(|message| message.bytes.len() as u64).sum();
    let bar: ProgressBar = progress_bar(total)?;
    eprintln!("Loading a synthetic hospital's messages of the last three months through the intake ...");
    let mut sender = Sender::connect(mllp).await?;
    for file in hospital.staff_files() {
        sender.send(&file).await?;
    }
    for message in hospital.messages() {
        // The hospital has not sent tomorrow's messages yet.
        if message.send_at > now {
            break;
        }
        sender.send(&message.bytes).await?;
        bar.inc(message.bytes.len() as u64);
    }
    let summary = sender.finish().await?;
    bar.finish_and_clear();
    // The last facts become worklist rows within moments of their acknowledgement.
    tokio::time::sleep(Duration::from_millis(500)).await;
    eprintln!(
        "Loaded {} messages: accepted {}, duplicate {}, quarantined {}, rejected {}.",
        summary.read, summary.accepted, summary.duplicate, summary.quarantined, summary.rejected
    );
    if let Some(http) = http {
        eprintln!("Open http://{http}/ to see what is owed, why and by when.");
    }
    Ok(())
}
