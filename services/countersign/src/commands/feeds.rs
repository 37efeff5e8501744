//! `countersign feeds`

use countersign_contracts::api::Page;
use countersign_intake::projections::inbox::Feed;

use crate::{cli::Feeds, print};

pub async fn run(args: Feeds) -> anyhow::Result<()> {
    let page: Page<Feed> = if let Some(client) = args.source.client() {
        client.get("/api/v1/feeds", &()).await?
    } else {
        let (_ground, inbox) = args.source.open_inbox("countersign feeds").await?;
        inbox.feeds().await?
    };
    let feeds = page.items;
    if args.json {
        return print::json(&feeds);
    }
    let rows: Vec<Vec<String>> = feeds
        .iter()
        .map(|feed| {
            vec![
                feed.profile.clone(),
                feed.application.clone(),
                feed.facility.clone(),
                feed.received.to_string(),
                feed.accepted.to_string(),
                feed.duplicate.to_string(),
                feed.quarantined.to_string(),
                feed.not_used.to_string(),
                feed.last_message_at.to_string(),
            ]
        })
        .collect();
    print::table(
        &[
            "PROFILE",
            "APPLICATION",
            "FACILITY",
            "RECEIVED",
            "ACCEPTED",
            "DUPLICATE",
            "QUARANTINED",
            "NOT USED",
            "LAST MESSAGE",
        ],
        &rows,
    )?;
    for feed in feeds {
        for finding in feed.findings {
            let detail = finding.detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
            print::line(&format!(
                "{} {}: {}{detail}: {} messages",
                feed.application, feed.facility, finding.text, finding.messages
            ))?;
        }
    }
    Ok(())
}
