//! `countersign partitions`

use countersign_contracts::api::{SkipRequest, StoppedPartition};

use crate::{
    cli::{Partitions, PartitionsAction},
    client::Client,
    print,
};

pub async fn run(args: Partitions) -> anyhow::Result<()> {
    let client = Client::new(&args.url).with_token_file(args.token_file);
    match args.action {
        PartitionsAction::List { json } => {
            let stopped: Vec<StoppedPartition> = client.get("/api/v1/partitions", &()).await?;
            if json {
                return print::json(&stopped);
            }
            let rows: Vec<Vec<String>> = stopped
                .iter()
                .map(|stop| {
                    vec![
                        stop.partition.to_string(),
                        stop.since.to_string(),
                        stop.kind.clone(),
                        stop.event.to_string(),
                        stop.reason.clone(),
                    ]
                })
                .collect();
            print::table(&["PARTITION", "SINCE", "TYPE", "EVENT", "REASON"], &rows)
        }
        PartitionsAction::Retry => {
            client.tell("/api/v1/partitions/retry").await?;
            print::line(
                "the stopped partitions try again; `countersign partitions list` shows which still stand",
            )
        }
        PartitionsAction::Skip { partition, actor, why } => {
            let path = format!("/api/v1/partitions/{partition}/skip");
            let skipped: StoppedPartition = client.post(&path, &SkipRequest { actor, why }).await?;
            print::line(&format!("event {} is passed over; that is on record", skipped.event))
        }
    }
}
