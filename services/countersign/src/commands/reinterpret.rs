//! `countersign reinterpret`

use anyhow::Context;
use countersign_intake::{replay::Replayed, service::Run};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{cli::Reinterpret, print};

/// Who acts, in the record, when a command line does.
pub const ACTOR: &str = "command line";

pub async fn run(args: Reinterpret) -> anyhow::Result<()> {
    let replayed: Replayed = if let Some(client) = args.source.client() {
        ended(&client.post("/api/v1/reinterpret", &serde_json::json!({ "since": args.since })).await?)?
    } else {
        let ground = args.source.open("countersign reinterpret").await?;
        let bar = ProgressBar::new(ground.journal.head().await?.0)
            .with_style(ProgressStyle::with_template("{bar:40} {percent:>3} % {eta} left")?);
        let replayed =
            ground.intake()?.reinterpret(args.since, ACTOR, |position| bar.set_position(position.0)).await?;
        bar.finish_and_clear();
        replayed
    };
    report(&replayed, args.json)
}

/// The result of a run on a server. A long one goes on there by itself.
pub fn ended(run: &Run) -> anyhow::Result<Replayed> {
    run.result.context("the server is still at work: GET /api/v1/reinterpret says how far it is")
}

pub fn report(replayed: &Replayed, json: bool) -> anyhow::Result<()> {
    if json {
        return print::json(replayed);
    }
    print::line(&format!(
        "read again {}: {} say something else now, {} left the quarantine, {} are in it still",
        replayed.read, replayed.changed, replayed.released, replayed.still_quarantined
    ))
}
