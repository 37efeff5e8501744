//! `countersign quarantine`

use anyhow::Context;
use countersign_intake::{
    projections::inbox::{self, Quarantined},
    service::QuarantinedMessage,
};
use countersign_kernel::MessageId;

use super::reinterpret::{ACTOR, ended, report};
use crate::{
    cli::{Quarantine, QuarantineAction, Source},
    print,
};

/// Every message of a quarantine: as many as fit a page at the most.
const ALL: usize = i32::MAX as usize;

pub async fn run(args: Quarantine) -> anyhow::Result<()> {
    match args.action {
        QuarantineAction::List { source, json } => list(&source, json).await,
        QuarantineAction::Show { id, source, json } => show(&source, &id, json).await,
        QuarantineAction::Replay { id, all: _, source, json } => replay(&source, id.as_deref(), json).await,
    }
}

fn message_id(id: &str) -> anyhow::Result<MessageId> {
    id.parse().with_context(|| {
        format!("`{id}` is not the id of a message: take one from `countersign quarantine list`")
    })
}

async fn list(source: &Source, json: bool) -> anyhow::Result<()> {
    let messages: Vec<Quarantined> = if let Some(client) = source.client() {
        client.all("/api/v1/quarantine", &[]).await?
    } else {
        let (_ground, inbox) = source.open_inbox("countersign quarantine").await?;
        inbox.quarantine(0, ALL).await?.items
    };
    if json {
        return print::json(&messages);
    }
    let rows: Vec<Vec<String>> = messages
        .iter()
        .map(|message| {
            vec![
                message.id.to_string(),
                message.received_at.to_string(),
                message.application.clone(),
                message.facility.clone(),
                message.message_type.clone(),
                message.outcome.clone(),
                message.reason_text.clone(),
            ]
        })
        .collect();
    print::table(&["ID", "RECEIVED", "APPLICATION", "FACILITY", "TYPE", "OUTCOME", "REASON"], &rows)?;
    print::line(&format!("\n{} messages. After a fix: countersign quarantine replay --all", messages.len()))
}

async fn show(source: &Source, id: &str, json: bool) -> anyhow::Result<()> {
    let id = message_id(id)?;
    let message: QuarantinedMessage = if let Some(client) = source.client() {
        client.get(&format!("/api/v1/quarantine/{id}"), &()).await?
    } else {
        let (_ground, inbox) = source.open_inbox("countersign quarantine").await?;
        inbox.quarantined(id).await?.with_context(|| format!("message {id} is not in quarantine"))?
    };
    if json {
        return print::json(&message);
    }
    let Quarantined { application, facility, message_type, received_at, outcome, reason_text, .. } =
        &message.message;
    print::line(&format!("{id} · {message_type} from {application} at {facility} · received {received_at}"))?;
    print::line(&format!("{outcome}: {reason_text}"))?;
    for finding in &message.findings {
        print::line(&format!("  {} {}", finding.text, finding.detail.as_deref().unwrap_or_default()))?;
    }
    print::line(&format!("\n{}", message.text.reveal()))
}

async fn replay(source: &Source, id: Option<&str>, json: bool) -> anyhow::Result<()> {
    let id = id.map(message_id).transpose()?;
    if let Some(client) = source.client() {
        let path = id.map_or_else(
            || "/api/v1/quarantine/replay".to_owned(),
            |id| format!("/api/v1/quarantine/{id}/replay"),
        );
        return report(&ended(&client.post(&path, &()).await?)?, json);
    }
    let (ground, inbox) = source.open_inbox("countersign quarantine").await?;
    let ids = match id {
        Some(id) => vec![id],
        None => inbox.read_model().query(inbox::quarantined_ids).await?,
    };
    report(&ground.intake()?.replay(ids, ACTOR).await?, json)
}
