//! `countersign escalation`

mod acts;
mod leadership;
mod policies;
mod runs;
mod simulate;
mod tracks;

use countersign_contracts::api::escalation::{ByWhom, StaffRef};

use crate::{
    cli::{Escalation, EscalationAction},
    print,
};

const PATH: &str = "/api/v1/escalation";
const COMMAND: &str = "countersign escalation";

pub async fn run(args: Escalation) -> anyhow::Result<()> {
    match args.action {
        EscalationAction::Policies { action } => policies::run(action).await,
        EscalationAction::Simulate(args) => simulate::run(args).await,
        EscalationAction::Tracks(args) => tracks::list(args).await,
        EscalationAction::Track { track, asking } => tracks::show(track, &asking).await,
        EscalationAction::Why(args) => tracks::why(args).await,
        EscalationAction::Inbox { asking } => leadership::inbox(&asking).await,
        EscalationAction::Packet { track, proposal, policy_text, asking } => {
            leadership::packet(track, proposal, policy_text, &asking).await
        }
        EscalationAction::Suspensions(args) => leadership::register(args).await,
        EscalationAction::Runs { action: None, facility, asking } => runs::list(facility, &asking).await,
        EscalationAction::Runs { action: Some(action), .. } => Box::pin(runs::run(action)).await,
        EscalationAction::Limits { facility, all, asking } => runs::limits(facility, all, &asking).await,
        EscalationAction::Clock { action: None, asking } => runs::clock(&asking).await,
        EscalationAction::Clock { action: Some(action), .. } => runs::clock_action(action).await,
        EscalationAction::Audit { asking } => runs::audit(&asking).await,
        decision => Box::pin(acts::run(decision)).await,
    }
}

/// `Okafor, Ada (1001)`; of somebody without a name the identifier alone.
fn staff(who: &StaffRef) -> String {
    if who.name.starts_with(&who.id) { who.name.clone() } else { format!("{} ({})", who.name, who.id) }
}

fn by_whom(by: &ByWhom) -> String {
    format!("{} at {}: {}", by.name, print::instant(by.at), by.why)
}
