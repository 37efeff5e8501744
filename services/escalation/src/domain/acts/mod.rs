//! What people decide about a track. Every decision has a name and a reason; the same act again changes nothing.

mod refusal;

use countersign_kernel::{Actor, ProviderId, Role, Timestamp};
use uuid::Uuid;

pub use refusal::Refusal;

use super::{
    events::{ActRecorded, ByWhom, Decision, Deed, Matter, ProposalDecided, TrackEvent},
    policy::Policy,
    step::{Context, Turn},
    track::{Proposal, Track},
};

/// Somebody wants something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Derived from the caller's idempotency key.
    pub id: Uuid,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub why: String,
    /// What.
    pub command: Command,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// To confirm a proposed suspension.
    Confirm {
        /// Which.
        proposal: u32,
        /// Hash of the evidence that the person saw.
        packet_sha256: String,
        /// Exemptions on top of the policy's.
        exempt: Vec<String>,
        /// Suspends although a service would have nobody left: for the chief medical officer, with the reason in `why`.
        override_coverage: bool,
    },
    /// To reject it.
    Reject {
        /// Which.
        proposal: u32,
        /// Hash of the evidence that the person saw.
        packet_sha256: String,
        /// Nothing is proposed again before; nothing: not in this cycle.
        until: Option<Timestamp>,
    },
    /// To end a suspension: because its items are done, or as a correction.
    Reinstate {
        /// Which, by its proposal.
        proposal: u32,
    },
    /// To say that something was seen. Stops nothing.
    Acknowledge {
        /// What leadership was asked, where it is about that.
        matter: Option<Matter>,
    },
    /// To give more time.
    Extend {
        /// No step before.
        until: Timestamp,
    },
    /// To exempt from all steps.
    Exempt {
        /// Until when; nothing: until it is taken back.
        until: Option<Timestamp>,
    },
    /// To end an extension or exemption.
    EndGrant,
    /// To leave a note.
    Note,
    /// To say that what came of a superseded step is corrected.
    CorrectionDone {
        /// In which cycle.
        cycle: u32,
        /// Which step, by its place.
        rung: u32,
    },
}

/// What an act comes to: events to append, in order; none when it is on record already.
///
/// Confirming needs facts that were re-checked in the journal, and puts the suspension in force in the same append.
///
/// Who may confirm, reject and reinstate is the policy's to say and is checked here; who may extend, exempt, acknowledge
/// and note is the service's, and its caller has checked it.
///
/// # Errors
/// The act is refused, with the rule and the remedy.
pub fn decide_act(
    track: &Track,
    policy: &Policy,
    act: &Act,
    context: &Context<'_>,
) -> Result<Vec<TrackEvent>, Refusal> {
    if track.acts.contains(&act.id) {
        return Ok(Vec::new());
    }
    if act.why.trim().is_empty() {
        return Err(Refusal::NoReason);
    }
    if act.actor.provider.as_ref().is_some_and(|own| is_about(track, context, own))
        && !matches!(act.command, Command::Note | Command::Acknowledge { matter: None })
    {
        return Err(Refusal::OwnTrack);
    }
    if track.keeps_to().is_some_and(|kept| *kept != policy.reference) {
        return Err(Refusal::OtherPolicy);
    }
    let mut turn = Turn::new(track, policy, context);
    match &act.command {
        Command::Confirm { proposal, packet_sha256, exempt, override_coverage } => {
            permit(act, &policy.suspension.approver_roles)?;
            let open = open_proposal(track, *proposal, packet_sha256)?;
            confirm(&mut turn, open, act, exempt, *override_coverage)?;
        }
        Command::Reject { proposal, packet_sha256, until } => {
            permit(act, &policy.suspension.approver_roles)?;
            let open = open_proposal(track, *proposal, packet_sha256)?;
            in_future(*until, context)?;
            turn.push(decided(open, Decision::Rejected { until: *until }, act, context));
        }
        Command::Reinstate { proposal } => {
            permit(act, &policy.reinstatement.approver_roles)?;
            let in_force = track.suspension().filter(|suspension| suspension.proposal == *proposal);
            let Some(suspension) = in_force else { return Err(Refusal::NotInForce { proposal: *proposal }) };
            let because = if turn.is_over(suspension) {
                "everything that it was about is done or no longer owed".to_owned()
            } else {
                format!("ended by {}: {}", act.actor.name, act.why)
            };
            turn.reinstate(because, Some(by(act, context)));
        }
        Command::Acknowledge { matter } => {
            if let Some(matter) = matter
                && !track.matters.iter().any(|asked| asked.matter == *matter && asked.seen_at.is_none())
            {
                return Err(Refusal::NothingAsked);
            }
            turn.push(record(act, Deed::Acknowledged { matter: *matter }, context));
        }
        Command::Extend { until } => {
            in_future(Some(*until), context)?;
            turn.push(record(act, Deed::Extended { until: *until }, context));
        }
        Command::Exempt { until } => {
            in_future(*until, context)?;
            turn.push(record(act, Deed::Exempted { until: *until }, context));
        }
        Command::EndGrant => {
            if track.grant.is_none() {
                return Err(Refusal::NothingGranted);
            }
            turn.push(record(act, Deed::GrantEnded, context));
        }
        Command::Note => turn.push(record(act, Deed::Noted, context)),
        Command::CorrectionDone { cycle, rung } => {
            let superseded = track
                .steps
                .iter()
                .any(|step| (step.cycle, step.rung, step.superseded) == (*cycle, *rung, true));
            if !superseded {
                return Err(Refusal::NotSuperseded);
            }
            turn.push(record(act, Deed::CorrectionDone { rung: *rung, cycle: *cycle }, context));
        }
    }
    if context.standing.rechecked {
        turn.run();
    }
    Ok(turn.events)
}

fn confirm(
    turn: &mut Turn<'_>,
    open: &Proposal,
    act: &Act,
    exempt: &[String],
    override_coverage: bool,
) -> Result<(), Refusal> {
    let (policy, context) = (turn.policy(), turn.context());
    if !context.standing.rechecked {
        return Err(Refusal::NotRechecked);
    }
    if !context.clock_trusted {
        return Err(Refusal::ClockDoubted);
    }
    if let Some(because) = turn.why_lapsed() {
        return Err(Refusal::NothingJustifies { because });
    }
    if open.confirmed_by.iter().any(|by| by.name == act.actor.name) {
        return Err(Refusal::SecondPerson);
    }
    let uncovered = turn.uncovered();
    let may_override = act.actor.has_any(&[Role::ChiefMedicalOfficer]);
    if override_coverage && !may_override {
        return Err(Refusal::OverrideByChief);
    }
    let overridden = override_coverage || open.overridden;
    if !uncovered.is_empty() && !overridden {
        return Err(Refusal::Uncovered { services: uncovered });
    }
    let overrides = override_coverage.then(|| "coverage".to_owned());
    let decision = Decision::Confirmed { exempt: exempt.to_vec(), overrides };
    turn.push(decided(open, decision, act, context));
    let confirmed = turn.track.proposal.as_ref().map_or(0, |proposal| proposal.confirmed_by.len());
    if confirmed >= usize::from(policy.suspension.approvals) {
        turn.put_in_force();
    }
    Ok(())
}

fn is_about(track: &Track, context: &Context<'_>, own: &ProviderId) -> bool {
    track.provider.as_ref() == Some(own) || context.recipients.provider == *own
}

fn permit(act: &Act, roles: &std::collections::BTreeSet<Role>) -> Result<(), Refusal> {
    if act.actor.roles.iter().any(|role| roles.contains(role)) {
        return Ok(());
    }
    Err(Refusal::NotPermitted { roles: roles.iter().copied().collect() })
}

fn open_proposal<'t>(track: &'t Track, number: u32, seen: &str) -> Result<&'t Proposal, Refusal> {
    let open = track.proposal.as_ref().filter(|open| open.number == number);
    let open = open.ok_or(Refusal::NotProposed { proposal: number })?;
    if open.sha256 == seen { Ok(open) } else { Err(Refusal::OtherPacket) }
}

fn in_future(until: Option<Timestamp>, context: &Context<'_>) -> Result<(), Refusal> {
    if until.is_some_and(|until| until <= context.now()) { Err(Refusal::InThePast) } else { Ok(()) }
}

fn by(act: &Act, context: &Context<'_>) -> ByWhom {
    ByWhom {
        name: act.actor.name.clone(),
        roles: act.actor.roles.clone(),
        at: context.now(),
        why: act.why.clone(),
        act: Some(act.id),
    }
}

fn decided(open: &Proposal, decision: Decision, act: &Act, context: &Context<'_>) -> TrackEvent {
    TrackEvent::ProposalDecided(ProposalDecided {
        proposal: open.number,
        decision,
        by: by(act, context),
        packet_sha256: open.sha256.clone(),
    })
}

fn record(act: &Act, deed: Deed, context: &Context<'_>) -> TrackEvent {
    TrackEvent::Act(Box::new(ActRecorded { id: act.id, by: by(act, context), deed }))
}
