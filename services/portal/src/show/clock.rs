//! Both clocks of a deficiency, the way a reader sees them.

use countersign_contracts::api::{DeficiencyView, SegmentView};
use countersign_kernel::Timestamp;

use super::{Moment, words};

/// Length of the bar, in its own units.
pub(crate) const LENGTH: u16 = 1000;

/// A part of the bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where it begins.
    pub(crate) at: u16,
    /// How long it is.
    pub(crate) length: u16,
    /// Class in the stylesheet: `used`, `pause` or `over`.
    pub(crate) class: &'static str,
}

/// A stretch of the accountability clock, as a row of a table.
pub(crate) struct Stretch {
    pub(crate) from: Moment,
    pub(crate) until: Moment,
    /// It lasts still.
    pub(crate) lasts: bool,
    pub(crate) length: String,
    pub(crate) runs: bool,
    pub(crate) cause: String,
    pub(crate) by: Option<String>,
    pub(crate) why: Option<String>,
}

/// The accountability clock.
pub(crate) struct Clock {
    /// It runs now, or ran when the item closed.
    pub(crate) runs: bool,
    pub(crate) state: String,
    pub(crate) ran: String,
    /// Nothing when it never stood.
    pub(crate) stood: Option<String>,
    /// The limit without pauses, where pauses moved it.
    pub(crate) without_pauses: Option<Moment>,
    pub(crate) delinquent: Option<Moment>,
    pub(crate) pieces: Vec<Piece>,
    pub(crate) stretches: Vec<Stretch>,
}

impl Clock {
    /// The accountability clock of a deficiency as seen at `now`.
    pub(crate) fn new(view: &DeficiencyView, now: Timestamp) -> Self {
        let moment = |at: Timestamp| Moment::new(at, now, &view.time_zone);
        let clock = &view.accountability;
        let last = clock.segments.len().saturating_sub(1);
        let stretches = clock.segments.iter().enumerate().map(|(index, segment)| Stretch {
            from: moment(segment.from),
            until: moment(segment.until),
            lasts: index == last && view.closed_at.is_none(),
            length: duration(segment.until.duration_since(segment.from).as_secs()),
            runs: runs(&segment.cause),
            cause: cause(&segment.cause),
            by: segment.by.clone(),
            why: segment.why.clone().filter(|why| !why.is_empty()),
        });
        Self {
            runs: runs(&clock.state),
            state: cause(&clock.state),
            ran: duration(clock.ran_seconds),
            stood: (clock.stood_seconds > 0).then(|| duration(clock.stood_seconds)),
            without_pauses: view
                .due_without_pauses_at
                .filter(|at| view.due_at.is_none_or(|due| due != *at))
                .map(moment),
            delinquent: view.delinquent_at.map(moment),
            pieces: pieces(view, now),
            stretches: stretches.collect(),
        }
    }
}

/// The regulatory clock.
pub(crate) struct Regulatory {
    pub(crate) from: Moment,
    pub(crate) days: String,
    pub(crate) limit: Option<Moment>,
    pub(crate) exceeded: bool,
}

impl Regulatory {
    /// The regulatory clock of the chart; nothing before the discharge.
    pub(crate) fn new(view: &DeficiencyView, now: Timestamp) -> Option<Self> {
        let clock = view.regulatory.as_ref()?;
        let moment = |at: Timestamp| Moment::new(at, now, &view.time_zone);
        Some(Self {
            from: moment(clock.from),
            days: clock.days.to_string(),
            limit: clock.due_at.map(moment),
            exceeded: clock.due_at.is_some_and(|due| now > due),
        })
    }
}

fn runs(state: &str) -> bool {
    state == "running"
}

/// Why a clock does what it does, in words.
pub(crate) fn cause(stored: &str) -> String {
    match stored {
        "running" => "Runs",
        "pending_transcription" => "Waits for transcription",
        "other_signer" => "Waits for another signer",
        "physician_leave" => "Provider on leave",
        "visit_hold" => "Visit on hold",
        "chart_unavailable" => "Chart not available",
        other => return words(other),
    }
    .to_owned()
}

/// A length of time in its two largest units: `3 days 4 hours`.
pub(crate) fn duration(seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    let units = [(minutes / 1440, "day"), (minutes / 60 % 24, "hour"), (minutes % 60, "minute")];
    let told: Vec<String> = units
        .into_iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") })
        .collect();
    if told.is_empty() { "less than a minute".to_owned() } else { told.join(" ") }
}

/// The parts of the bar: what ran, what stood, and what ran too late. Stretches without a length are left out.
fn pieces(view: &DeficiencyView, now: Timestamp) -> Vec<Piece> {
    let end = view.closed_at.unwrap_or(now);
    let running = |from, until| SegmentView { from, until, cause: "running".to_owned(), by: None, why: None };
    let segments = match (view.accountability.segments.as_slice(), view.anchor_at) {
        ([], None) => return Vec::new(),
        ([], Some(anchor)) => vec![running(anchor, end)],
        (segments, _) => segments.to_vec(),
    };
    let (first, last) = (segments[0].from, segments[segments.len() - 1].until);
    let whole = view.due_at.map_or(last, |due| due.max(last));
    let place = |at: Timestamp| place_between(first, at, whole);
    let mut pieces = Vec::new();
    for segment in &segments {
        // what runs beyond the limit is late
        let limit = view.due_at.unwrap_or(segment.until).clamp(segment.from, segment.until.max(segment.from));
        let parts = if runs(&segment.cause) {
            [(segment.from, limit, "used"), (limit, segment.until, "over")]
        } else {
            [(segment.from, segment.until, "pause"), (segment.until, segment.until, "pause")]
        };
        for (from, until, class) in parts {
            let (at, end) = (place(from), place(until));
            if end > at {
                pieces.push(Piece { at, length: end - at, class });
            }
        }
    }
    pieces
}

/// Where `at` lies between two instants, on the scale of the bar.
fn place_between(from: Timestamp, at: Timestamp, to: Timestamp) -> u16 {
    let whole = to.duration_since(from).as_secs();
    let part = at.duration_since(from).as_secs();
    if whole <= 0 {
        return LENGTH;
    }
    let place = (part.saturating_mul(i64::from(LENGTH)) / whole).clamp(0, i64::from(LENGTH));
    u16::try_from(place).unwrap_or(LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("instant")
    }

    #[test]
    fn lengths_are_told_in_their_two_largest_units() {
        for (seconds, told) in [
            (-5, "less than a minute"),
            (59, "less than a minute"),
            (60, "1 minute"),
            (3_600, "1 hour"),
            (3_660, "1 hour 1 minute"),
            (86_400 * 3 + 3_600 * 4 + 60, "3 days 4 hours"),
            (86_400 * 2 + 120, "2 days"),
        ] {
            assert_eq!(duration(seconds), told, "{seconds}");
        }
    }

    #[test]
    fn a_place_on_the_bar_stays_within_it() {
        let (from, to) = (at("2026-03-01T00:00:00Z"), at("2026-03-11T00:00:00Z"));
        assert_eq!(place_between(from, at("2026-03-04T00:00:00Z"), to), 300);
        assert_eq!(place_between(from, at("2026-04-04T00:00:00Z"), to), LENGTH);
        assert_eq!(place_between(from, at("2026-02-04T00:00:00Z"), to), 0);
        assert_eq!(place_between(to, to, from), LENGTH, "an anchor after the due instant");
    }

    #[test]
    fn causes_are_words() {
        assert_eq!(cause("other_signer"), "Waits for another signer");
        assert_eq!(cause("legal_hold"), "Legal hold");
    }
}
