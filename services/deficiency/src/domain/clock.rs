//! The two clocks of a deficiency.
//!
//! **Regulatory clock.** One for each chart, from the discharge. It never pauses.
//!
//! **Accountability clock.** One for each deficiency. It runs only while the item is in the responsible
//! person's court: not before its anchor, and not during a pause (leave, hold, dispute under review, system
//! downtime). *Due* is the last instant that is on time: the instant at which the clock has run as long as the
//! rule allows from the anchor; where the rule counts in days and a pause moved that instant, the end of its
//! local day (of business, where the rule counts those). *Overdue* is later than that, by the comparison `now >
//! due`: the due second itself is still on time. While a pause has no end, nothing falls due.

pub use countersign_kernel::Days;
use countersign_kernel::{CountedDays, Reach, Standstill, Timestamp, reach};
use jiff::SignedDuration;

use super::{
    events::{Deficiency, Pause, PauseCause, Waits},
    rules::Limit,
};

/// One stretch of a deficiency's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// From this instant.
    pub from: Timestamp,
    /// Up to this one: the next segment's beginning, or when it was looked at.
    pub until: Timestamp,
    /// What the clock did.
    pub state: SegmentState,
    /// Who decided a pause.
    pub by: Option<String>,
    /// Why.
    pub why: Option<String>,
}

/// What the clock does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentState {
    /// In the responsible person's court.
    Running,
    /// Not there yet.
    Waiting(Waits),
    /// Stands.
    Paused(PauseCause),
}

impl SegmentState {
    /// The cause for people and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting(Waits::Transcription) => "pending_transcription",
            Self::Waiting(Waits::AuthorSignature) => "other_signer",
            Self::Paused(cause) => cause.name(),
        }
    }
}

/// An accountability clock as it stands at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accountability {
    /// Every stretch, in order and without gaps.
    pub segments: Vec<Segment>,
    /// How long it ran.
    pub ran: SignedDuration,
    /// How long it stood or waited.
    pub stood: SignedDuration,
    /// The last instant that is on time; `None` while it waits or stands without end.
    pub due_at: Option<Timestamp>,
    /// Later is delinquent; `None` likewise, and where the rule does not say.
    pub delinquent_at: Option<Timestamp>,
}

impl Accountability {
    /// What the clock does now.
    pub fn state(&self) -> SegmentState {
        self.segments.last().map_or(SegmentState::Running, |segment| segment.state)
    }
}

/// The clock of a deficiency at `now`. `elsewhere`: pauses that no decision about this chart made, the
/// responsible provider's leave and the facility's downtimes.
pub fn accountability(
    deficiency: &Deficiency,
    elsewhere: &[Pause],
    days: Days<'_>,
    now: Timestamp,
) -> Accountability {
    let pauses = pauses(deficiency, elsewhere);
    let end = deficiency.closed_at.unwrap_or(now);
    let anchor = deficiency.anchor_at;
    let start = deficiency.dormant_since.or(anchor).unwrap_or(deficiency.opened_at).min(deficiency.opened_at);
    let mut segments: Vec<Segment> = Vec::new();
    let mut at = start;
    while at < end {
        let (state, until, pause) = stretch(deficiency, &pauses, at, anchor);
        let until = until.map_or(end, |until| until.min(end));
        match segments.last_mut().filter(|last| last.state == state && last.by == pause.map(|p| p.by.clone()))
        {
            Some(last) => last.until = until,
            None => segments.push(Segment {
                from: at,
                until,
                state,
                by: pause.map(|pause| pause.by.clone()),
                why: pause.map(|pause| pause.why.clone()),
            }),
        }
        at = until;
    }
    let total = |running: bool| {
        segments
            .iter()
            .filter(|segment| (segment.state == SegmentState::Running) == running)
            .map(|segment| segment.until.duration_since(segment.from))
            .sum()
    };
    let due = |nominal: Option<Timestamp>| moved(anchor?, nominal?, &pauses, deficiency.limit, days);
    Accountability {
        ran: total(true),
        stood: total(false),
        due_at: due(deficiency.due_at),
        delinquent_at: due(deficiency.delinquent_at),
        segments,
    }
}

/// The pauses that count for it, by beginning. The chart's own limits never pause.
fn pauses<'a>(deficiency: &'a Deficiency, elsewhere: &'a [Pause]) -> Vec<&'a Pause> {
    if deficiency.document_type == "chart" {
        return Vec::new();
    }
    let mut pauses: Vec<&Pause> = deficiency
        .pauses
        .iter()
        .chain(elsewhere)
        .filter(|pause| pause.until.is_none_or(|until| until > pause.from))
        .collect();
    pauses.sort_by_key(|pause| (pause.from, pause.cause));
    pauses
}

/// What the clock does at an instant, until when at the most, and by which pause.
fn stretch<'a>(
    deficiency: &Deficiency,
    pauses: &[&'a Pause],
    at: Timestamp,
    anchor: Option<Timestamp>,
) -> (SegmentState, Option<Timestamp>, Option<&'a Pause>) {
    let waits = deficiency.waits_for.unwrap_or(Waits::Transcription);
    match anchor {
        None => return (SegmentState::Waiting(waits), None, None),
        Some(anchor) if at < anchor => return (SegmentState::Waiting(waits), Some(anchor), None),
        Some(_) => {}
    }
    let covering = pauses.iter().find(|pause| pause.from <= at && pause.until.is_none_or(|until| until > at));
    if let Some(pause) = covering {
        return (SegmentState::Paused(pause.cause), pause.until, Some(pause));
    }
    let next = pauses.iter().map(|pause| pause.from).filter(|from| *from > at).min();
    (SegmentState::Running, next, None)
}

/// Where a limit comes to lie when the clock stands in between.
fn moved(
    anchor: Timestamp,
    nominal: Timestamp,
    pauses: &[&Pause],
    limit: Option<Limit>,
    days: Days<'_>,
) -> Option<Timestamp> {
    let standstills: Vec<Standstill> =
        pauses.iter().map(|pause| Standstill { from: pause.from, until: pause.until }).collect();
    match (reach(anchor, nominal, &standstills), limit) {
        (Reach::Never, _) => None,
        (Reach::Nominal(at), _) | (Reach::Moved(at), Some(Limit::Hours(_)) | None) => Some(at),
        (Reach::Moved(at), Some(Limit::Days(_))) => Some(days.end_of_day_of(at, CountedDays::Calendar)),
        (Reach::Moved(at), Some(Limit::BusinessDays(_))) => {
            Some(days.end_of_day_of(at, CountedDays::Business))
        }
    }
}
