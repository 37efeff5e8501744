//! What happened to a track, in plain words. No patient data: there is none in these events.

use std::fmt::Write as _;

use countersign_contracts::notice::Recipient;

use crate::{
    domain::events::{Decision, Deed, TrackEvent, Withheld},
    projections::word,
};

fn items(count: usize) -> String {
    if count == 1 { "1 item counts".to_owned() } else { format!("{count} items count") }
}

/// One event.
pub(crate) fn event(event: &TrackEvent) -> String {
    match event {
        TrackEvent::Opened(opened) => {
            format!("Cycle {} began, under version {} of the policy.", opened.cycle, opened.policy.version)
        }
        TrackEvent::StepTaken(step) => {
            let mut text = format!("{}: {}", step.step, items(step.seen.counting().count()));
            if !step.notices.is_empty() {
                let _ = write!(text, "; {} notices asked for", step.notices.len());
            }
            if !step.skipped.is_empty() {
                let _ = write!(text, "; {} skipped, since it was due as well", step.skipped.join(", "));
            }
            text.push('.');
            text
        }
        TrackEvent::StepWithheld(step) => {
            format!("{} was due and not taken: {}.", step.step, withheld(&step.because))
        }
        TrackEvent::NoticeRequested(requested) => {
            let to = match &requested.recipient {
                Recipient::Provider { id, role } => format!("{role} {id}"),
                Recipient::Office { name } => name.clone(),
            };
            let names = requested.names_date.map_or_else(String::new, |date| format!(", naming {date}"));
            format!("Notice {} ({}) to {to}{names}.", requested.number, requested.kind)
        }
        TrackEvent::NoticeWithdrawn(withdrawn) => format!("A notice is withdrawn: {}.", withdrawn.because),
        TrackEvent::NoticeAnswered(answered) => format!("A notice: {}.", word(&answered.outcome)),
        TrackEvent::SuspensionProposed(proposed) => format!(
            "Suspension {} is proposed: the notice named {}; {}.",
            proposed.proposal,
            proposed.named_date,
            items(proposed.packet.items.counting().count())
        ),
        TrackEvent::ProposalDecided(decided) => match &decided.decision {
            Decision::Confirmed { overrides: Some(guard), .. } => {
                format!("Suspension {} is confirmed against the guard {guard}.", decided.proposal)
            }
            Decision::Confirmed { .. } => format!("Suspension {} is confirmed.", decided.proposal),
            Decision::Rejected { until: Some(until) } => {
                format!("Suspension {} is rejected; none is proposed before {until}.", decided.proposal)
            }
            Decision::Rejected { until: None } => {
                format!("Suspension {} is rejected for this cycle.", decided.proposal)
            }
            Decision::Lapsed => {
                format!("Proposal {} is taken back: {}.", decided.proposal, decided.by.why)
            }
        },
        TrackEvent::Suspended(suspended) => format!(
            "Suspension {} is in force: {}; number {} within a year.",
            suspended.proposal,
            suspended.scope.join(", "),
            suspended.within_year
        ),
        TrackEvent::ReinstatementProposed(proposed) => {
            format!("Suspension {} could end: {}.", proposed.proposal, proposed.because)
        }
        TrackEvent::Reinstated(reinstated) => {
            format!("Suspension {} ended: {}.", reinstated.proposal, reinstated.because)
        }
        TrackEvent::LeadershipAsked(asked) => asked.text.clone(),
        TrackEvent::StepSuperseded(step) => {
            format!("{} would not have been taken on what is known now: {}.", step.step, step.because)
        }
        TrackEvent::Act(act) => match &act.deed {
            Deed::Acknowledged { matter: Some(matter) } => format!("Acknowledged: {}.", word(matter)),
            Deed::Acknowledged { matter: None } => "Acknowledged.".to_owned(),
            Deed::Extended { until } => format!("More time is granted, until {until}."),
            Deed::Exempted { until: Some(until) } => format!("Exempted until {until}."),
            Deed::Exempted { until: None } => "Exempted until that is taken back.".to_owned(),
            Deed::GrantEnded => "The extension or exemption ended.".to_owned(),
            Deed::Noted => "A note.".to_owned(),
            Deed::CorrectionDone { rung, cycle } => {
                format!("The correction of step {rung} in cycle {cycle} is done.")
            }
        },
        TrackEvent::Closed(closed) => format!("Cycle {} ended: {}.", closed.cycle, closed.because),
        TrackEvent::Timer(_) => "A timer.".to_owned(),
    }
}

/// Why a step was not taken.
pub(crate) fn withheld(because: &Withheld) -> String {
    match because {
        Withheld::NothingCounts => "nothing counts any more at the re-check".to_owned(),
        Withheld::NoticeNotDelivered { outcome: None, .. } => {
            "the previous notice has not arrived".to_owned()
        }
        Withheld::NoticeNotDelivered { outcome: Some(outcome), .. } => {
            format!("the previous notice has not arrived ({})", word(outcome))
        }
        Withheld::NoticePeriodRuns { delivered_at, until, .. } => {
            format!("the notice was delivered at {delivered_at}, and its period runs until {until}")
        }
        Withheld::WaitsForRun { until } => format!("it waits for the run at {until}"),
        Withheld::ClockDoubted => "the clock was set, and nobody has confirmed it".to_owned(),
        Withheld::SettlesAfterOutage { until } => {
            format!("the services were away, and messages may still be on their way until {until}")
        }
        Withheld::ManyWouldMove { tracks } => {
            format!("{tracks} tracks would move at once: a human looks first")
        }
        Withheld::OnLeave => "the provider is on leave".to_owned(),
        Withheld::Granted { until: Some(until) } => format!("more time is granted until {until}"),
        Withheld::Granted { until: None } => "the track is exempted".to_owned(),
        Withheld::PolicyDoesNotSuspend => "the policy suspends nobody".to_owned(),
    }
}
