//! Why did this happen, and why did that not: what comes next on a track, what holds it, what would stop it, and every
//! past decision with the facts that it saw. In words for people; no patient data.

use countersign_kernel::{DeficiencyId, Timestamp};

use super::{
    events::{Decision, Deed, TrackEvent, Withheld},
    policy::Policy,
    standing::{NotCounted, Standing, StandingItem},
    step::{Context, Due, Next, Turn, Wait},
    track::Track,
};

/// Where a track stands, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What comes next and when, if nothing changes before.
    pub next: Option<Next>,
    /// Every step that is still to come, with what it waits for.
    pub ahead: Vec<Ahead>,
    /// What would keep all of that from happening.
    pub stops: Vec<String>,
    /// What is owed, and why items do not count.
    pub items: Vec<ItemExplained>,
}

/// A step that is still to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ahead {
    /// Its name, or `suspension`.
    pub step: String,
    /// When it may be taken, if that is known.
    pub at: Option<Timestamp>,
    /// What it waits for.
    pub waits: String,
}

/// An item, as the ladder sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemExplained {
    /// Which.
    pub deficiency: DeficiencyId,
    /// Its rule.
    pub rule: String,
    /// How many whole days its clock has run.
    pub age_days: u32,
    /// Why it does not count now; nothing when it does.
    pub not_counted: Option<String>,
}

/// A past decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Past<'e> {
    /// When.
    pub at: Timestamp,
    /// What was decided.
    pub what: String,
    /// Why.
    pub because: String,
    /// The facts that it saw.
    pub saw: Option<&'e Standing>,
}

/// Where a track stands now, and why.
pub fn explain(track: &Track, policy: &Policy, context: &Context<'_>) -> Explanation {
    let turn = Turn::new(track, policy, context);
    let mut ahead = Vec::new();
    if track.suspension().is_none() && track.proposal.is_none() {
        for (rung, step) in policy.steps.iter().enumerate().skip(turn.next_rung()) {
            ahead.push(one_ahead(&step.name, &turn.due_of(rung)));
        }
        if policy.suspension.enabled {
            let due = turn.due_of_proposal();
            if due != Due::NotComing {
                ahead.push(one_ahead("suspension", &due));
            }
        }
    }
    let mut stops = vec![
        "every item is done, or falls away".to_owned(),
        "leadership grants more time, or exempts".to_owned(),
    ];
    if policy.leave.counts {
        stops.push("a leave is entered: the clocks stand while it lasts".to_owned());
    }
    stops.push("an item is disputed: it does not count before HIM has answered".to_owned());
    Explanation {
        next: super::step::next(track, policy, context),
        ahead,
        stops,
        items: context.standing.items.iter().map(item).collect(),
    }
}

fn one_ahead(step: &str, due: &Due) -> Ahead {
    let (at, waits) = match due {
        Due::At { at, waits: None } => (Some(*at), "for an item to be old enough".to_owned()),
        Due::At { at, waits: Some(wait) } => (Some(*at), waiting(wait)),
        Due::Held { by, look_again } => (*look_again, waiting(by)),
        Due::NotComing => (None, "no item that counts comes to it".to_owned()),
    };
    Ahead { step: step.to_owned(), at, waits }
}

fn item(item: &StandingItem) -> ItemExplained {
    ItemExplained {
        deficiency: item.deficiency,
        rule: item.rule.clone(),
        age_days: item.age_days,
        not_counted: item.not_counted.as_ref().map(not_counted),
    }
}

/// Why an item does not count, in words.
pub fn not_counted(why: &NotCounted) -> String {
    match why {
        NotCounted::WaitsForSomebodyElse => {
            "it waits for a transcription or another person's signature".to_owned()
        }
        NotCounted::Disputed => "it is disputed, and HIM has not answered".to_owned(),
        NotCounted::OnHold { cause } => format!("it is on hold: {}", cause.replace('_', " ")),
        NotCounted::OnLeave => "the provider is on leave".to_owned(),
        NotCounted::Downtime => "the systems are down".to_owned(),
        NotCounted::JustKnown => "it became known here too short a time ago".to_owned(),
        NotCounted::NotOfThisPolicy => "the policy is not about items of this kind".to_owned(),
        NotCounted::Exempted => "it is exempted".to_owned(),
    }
}

fn waiting(wait: &Wait) -> String {
    match wait {
        Wait::Withheld(because) => withheld(because),
        Wait::LowerStepFirst => "for a lower step, whose notice has to be delivered first".to_owned(),
        Wait::Rejected { until: None } => "a human rejected the proposal for this cycle".to_owned(),
        Wait::Rejected { until: Some(until) } => format!("a human rejected the proposal until {until}"),
    }
}

/// Why a step was withheld, in words.
pub fn withheld(because: &Withheld) -> String {
    match because {
        Withheld::NothingCounts => "nothing counts at the re-check".to_owned(),
        Withheld::NoticeNotDelivered { .. } => "the previous notice has not been delivered".to_owned(),
        Withheld::NoticePeriodRuns { delivered_at, until, .. } => {
            format!("the notice was delivered at {delivered_at}: nothing follows before {until}")
        }
        Withheld::WaitsForRun { until } => format!("the next run comes at {until}"),
        Withheld::ClockDoubted => "the clock was set, and no operator has confirmed it".to_owned(),
        Withheld::SettlesAfterOutage { until } => {
            format!("the services were away: messages may be on their way until {until}")
        }
        Withheld::ManyWouldMove { tracks } => {
            format!("{tracks} tracks would move at once: a human looks first")
        }
        Withheld::OnLeave => "the provider is on leave".to_owned(),
        Withheld::Granted { until: Some(until) } => format!("more time was granted until {until}"),
        Withheld::Granted { until: None } => "the track is exempted".to_owned(),
        Withheld::PolicyDoesNotSuspend => "the policy suspends nobody".to_owned(),
    }
}

/// Every past decision of a track's stream, in order.
pub fn past(events: &[TrackEvent]) -> Vec<Past<'_>> {
    events.iter().filter_map(one_past).collect()
}

fn one_past(event: &TrackEvent) -> Option<Past<'_>> {
    let (at, what, because, saw) = match event {
        TrackEvent::Opened(event) => {
            let because = format!("something is owed; policy version {}", event.policy.version);
            (event.at, format!("cycle {} began", event.cycle), because, None)
        }
        TrackEvent::StepTaken(event) => {
            let mut because = format!("its conditions were met at {}", event.due_at);
            if !event.skipped.is_empty() {
                because = format!("{because}; lower steps were due as well: {}", event.skipped.join(", "));
            }
            (event.at, format!("step {} was taken", event.step), because, Some(&event.seen))
        }
        TrackEvent::StepWithheld(event) => {
            let what = format!("what follows the step {} was withheld", event.step);
            (event.at, what, withheld(&event.because), Some(&event.seen))
        }
        TrackEvent::SuspensionProposed(event) => {
            let because = format!("the notice named {} and is over", event.named_date);
            (
                event.at,
                format!("suspension {} was proposed", event.proposal),
                because,
                Some(&event.packet.items),
            )
        }
        TrackEvent::ProposalDecided(event) => {
            let word = match event.decision {
                Decision::Confirmed { .. } => "confirmed",
                Decision::Rejected { .. } => "rejected",
                Decision::Lapsed => "taken back",
            };
            let what = format!("proposal {} was {word} by {}", event.proposal, event.by.name);
            (event.by.at, what, event.by.why.clone(), None)
        }
        TrackEvent::Suspended(event) => {
            let people: Vec<&str> = event.authority.iter().map(|by| by.name.as_str()).collect();
            (event.from, format!("suspension {} came in force", event.proposal), people.join(", "), None)
        }
        TrackEvent::ReinstatementProposed(event) => {
            (event.at, "the end of the suspension was proposed".to_owned(), event.because.clone(), None)
        }
        TrackEvent::Reinstated(event) => {
            (event.until, format!("suspension {} ended", event.proposal), event.because.clone(), None)
        }
        TrackEvent::LeadershipAsked(event) => {
            (event.at, "leadership was asked".to_owned(), event.text.clone(), None)
        }
        TrackEvent::StepSuperseded(event) => {
            (event.at, format!("step {} would not have been taken", event.step), event.because.clone(), None)
        }
        TrackEvent::Act(event) => {
            let what = match &event.deed {
                Deed::Acknowledged { .. } => "it was acknowledged".to_owned(),
                Deed::Extended { until } => format!("more time was granted until {until}"),
                Deed::Exempted { until: Some(until) } => format!("it was exempted until {until}"),
                Deed::Exempted { until: None } => "it was exempted".to_owned(),
                Deed::GrantEnded => "the extension or exemption ended".to_owned(),
                Deed::Noted => "a note was left".to_owned(),
                Deed::CorrectionDone { .. } => "a correction was done".to_owned(),
            };
            (event.by.at, format!("{what}, by {}", event.by.name), event.by.why.clone(), None)
        }
        TrackEvent::Closed(event) => {
            (event.at, format!("cycle {} ended", event.cycle), event.because.clone(), None)
        }
        TrackEvent::NoticeRequested(_)
        | TrackEvent::NoticeWithdrawn(_)
        | TrackEvent::NoticeAnswered(_)
        | TrackEvent::Timer(_) => return None,
    };
    Some(Past { at, what, because, saw })
}
