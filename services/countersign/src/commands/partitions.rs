//! `countersign partitions`

use anyhow::bail;
use clap::ValueEnum;
use countersign_contracts::api::{SkipRequest, StoppedPartition};

use crate::{
    cli::{Feeding, Partitions, PartitionsAction},
    client::Client,
    print,
};

pub async fn run(args: Partitions) -> anyhow::Result<()> {
    let client = Client::new(&args.url).with_token_file(args.token_file);
    let here = stopped(&client).await?;
    match args.action {
        PartitionsAction::List { json } => {
            let stopped: Vec<&StoppedPartition> = here.iter().flat_map(|(_, stopped)| stopped).collect();
            if json {
                return print::json(&stopped);
            }
            let rows: Vec<Vec<String>> = stopped
                .iter()
                .map(|stop| {
                    vec![
                        stop.service.clone(),
                        stop.partition.to_string(),
                        stop.since.to_string(),
                        stop.kind.clone(),
                        stop.event.to_string(),
                        stop.reason.clone(),
                    ]
                })
                .collect();
            print::table(&["SERVICE", "PARTITION", "SINCE", "TYPE", "EVENT", "REASON"], &rows)
        }
        PartitionsAction::Retry => {
            for (service, _) in &here {
                client.tell(&format!("{}/retry", path(*service))).await?;
            }
            print::line(
                "the stopped partitions try again; `countersign partitions list` shows which still stand",
            )
        }
        PartitionsAction::Skip { partition, service, actor, why } => {
            let service = match service {
                Some(service) => service,
                None => the_one_that_stands(&here, partition)?,
            };
            let path = format!("{}/{partition}/skip", path(service));
            let skipped: StoppedPartition = client.post(&path, &SkipRequest { actor, why }).await?;
            print::line(&format!("event {} is passed over; that is on record", skipped.event))
        }
    }
}

/// What stands still, of each service that answers there.
async fn stopped(client: &Client) -> anyhow::Result<Vec<(Feeding, Vec<StoppedPartition>)>> {
    let mut found = Vec::new();
    for service in Feeding::ALL {
        if let Some(stopped) = client.get_where_served(path(service)).await? {
            found.push((service, stopped));
        }
    }
    if found.is_empty() {
        bail!("no service that works through a feed answers there");
    }
    Ok(found)
}

fn the_one_that_stands(here: &[(Feeding, Vec<StoppedPartition>)], partition: u8) -> anyhow::Result<Feeding> {
    let standing = here.iter().filter(|(_, stopped)| stopped.iter().any(|stop| stop.partition == partition));
    let standing: Vec<Feeding> = standing.map(|(service, _)| *service).collect();
    match standing[..] {
        [one] => Ok(one),
        [] => bail!("partition {partition} does not stand still"),
        _ => {
            let names: Vec<String> = standing
                .iter()
                .filter_map(|service| service.to_possible_value().map(|value| value.get_name().to_owned()))
                .collect();
            bail!("partition {partition} stands still in {}: say which with --service", names.join(" and "))
        }
    }
}

fn path(service: Feeding) -> &'static str {
    match service {
        Feeding::Deficiency => "/api/v1/partitions",
        Feeding::Escalation => "/api/v1/escalation/partitions",
        Feeding::Notification => "/api/v1/notification/partitions",
    }
}
