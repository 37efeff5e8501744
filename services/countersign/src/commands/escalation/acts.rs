//! What leadership and HIM decide about a track.

use anyhow::bail;
use countersign_contracts::api::escalation::{TrackAct, TrackActRequest, TrackActed};
use countersign_kernel::TrackId;

use super::{COMMAND, PATH, leadership, staff};
use crate::{
    cli::{Deciding, EscalationAction, Proposal},
    commands::api::Part,
    print,
};

pub async fn run(decision: EscalationAction) -> anyhow::Result<()> {
    match decision {
        EscalationAction::Confirm { proposal, exempt, overrides, deciding } => {
            let packet_sha256 = looked_at(&proposal, "confirm", &deciding).await?;
            let Proposal { track, number: proposal, .. } = proposal;
            let act = TrackAct::ConfirmSuspension { proposal, packet_sha256, exempt, overrides };
            decide(track, act, deciding).await
        }
        EscalationAction::Reject { proposal, until, deciding } => {
            let packet_sha256 = looked_at(&proposal, "reject", &deciding).await?;
            let Proposal { track, number: proposal, .. } = proposal;
            decide(track, TrackAct::RejectSuspension { proposal, packet_sha256, until }, deciding).await
        }
        EscalationAction::Reinstate { track, proposal, deciding } => {
            decide(track, TrackAct::ConfirmReinstatement { proposal }, deciding).await
        }
        EscalationAction::Extend { track, until, deciding } => {
            decide(track, TrackAct::Extend { until }, deciding).await
        }
        EscalationAction::Exempt { track, until, deciding } => {
            decide(track, TrackAct::Exempt { until }, deciding).await
        }
        EscalationAction::EndGrant { track, deciding } => decide(track, TrackAct::EndGrant, deciding).await,
        EscalationAction::Acknowledge { track, matter, deciding } => {
            decide(track, TrackAct::Acknowledge { matter }, deciding).await
        }
        EscalationAction::Note { track, deciding } => decide(track, TrackAct::Note, deciding).await,
        EscalationAction::CorrectionDone { track, rung, cycle, deciding } => {
            decide(track, TrackAct::CorrectionDone { rung, cycle }, deciding).await
        }
        // The caller answers everything else itself.
        _ => Ok(()),
    }
}

/// The hash of the packet that was looked at. Who names none is shown it, and decides nothing yet.
async fn looked_at(proposal: &Proposal, verb: &str, deciding: &Deciding) -> anyhow::Result<String> {
    if let Some(sha256) = &proposal.packet {
        return Ok(sha256.clone());
    }
    let api = deciding.changing.api(Part::Escalation, COMMAND).await?;
    let Proposal { track, number: proposal, .. } = proposal;
    let packet = leadership::fetch(&api, *track, *proposal).await?;
    leadership::show(&packet)?;
    bail!(
        "nothing is decided yet. When this is what you {verb}, say so:\n  {COMMAND} {verb} {track} {proposal} --packet {} \
         --why ... (with the same --data or --url)",
        packet.sha256
    )
}

async fn decide(
    track: TrackId,
    decision: TrackAct,
    Deciding { why, changing }: Deciding,
) -> anyhow::Result<()> {
    let api = changing.api(Part::Escalation, COMMAND).await?;
    let path = format!("{PATH}/tracks/{track}/acts");
    let acted: TrackActed =
        api.change(&path, &changing.acting.key(), &TrackActRequest { decision, why }).await?;
    if changing.json {
        return print::json(&acted);
    }
    let view = &acted.track;
    print::line(&format!(
        "on record: {} at {} is {}; `{COMMAND} why {track}` tells what comes next",
        staff(&view.provider),
        view.facility,
        view.state
    ))
}
