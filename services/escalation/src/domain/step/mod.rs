//! What happens on a track at an instant. Pure: the same track, policy and facts give the same events.
//!
//! Laws, each with a checker in the tests: at most one step at a time; a step never before its instant; delays count
//! from the delivery of the previous notice; a notice that came back is asked for again and resets nothing but itself;
//! a suspension is proposed, never executed; whatever is done, doing it again at the same instant does nothing.

mod cycle;
mod due;
mod late;
mod notices;
mod proposal;
mod recipients;
mod relevance;
mod suspension;
mod taking;
mod timer;
mod turn;

use countersign_kernel::{Days, Timestamp};
use uuid::Uuid;

pub use due::{Due, Wait};
pub(super) use proposal::OFFICE_CHANNELS;
pub use proposal::packet_hash;
pub use recipients::Recipients;
pub use relevance::{Why, may_matter};
pub use timer::Next;
pub(super) use turn::Turn;

use super::{events::TrackEvent, policy::Policy, standing::Standing, track::Track};

/// The facts of an instant.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// What is owed, and when that was read: the present instant is [`Standing::at`].
    pub standing: &'a Standing,
    /// The days of the facility.
    pub days: Days<'a>,
    /// Code of the facility.
    pub facility: &'a str,
    /// Key of the provider's record.
    pub provider_key: Uuid,
    /// Who is told.
    pub recipients: Recipients,
    /// The clock has not been set, or an operator has confirmed it. Else nothing that leads to a suspension happens.
    pub clock_trusted: bool,
    /// The services were away: no step before this instant.
    pub settles_until: Option<Timestamp>,
    /// So many tracks would move at once that a human has to look first.
    pub many_would_move: Option<u32>,
    /// Services that would have nobody left without this provider (guard e).
    pub uncovered: Vec<String>,
}

impl Context<'_> {
    /// The present instant.
    pub const fn now(&self) -> Timestamp {
        self.standing.at
    }
}

/// Everything that happens now: events to append, in order.
///
/// `policy` is the version that the track keeps to ([`Track::keeps_to`]), or the one in force while no cycle runs; with
/// another one nothing happens. Nothing happens either on facts that were not re-checked in the journal.
pub fn look(track: &Track, policy: &Policy, context: &Context<'_>) -> Vec<TrackEvent> {
    let other_policy = track.keeps_to().is_some_and(|kept| *kept != policy.reference);
    if !context.standing.rechecked || other_policy {
        return Vec::new();
    }
    let mut turn = Turn::new(track, policy, context);
    turn.run();
    turn.events
}

/// Whether anything would happen now, on facts that need not be re-checked: whether to read the journal.
pub fn wants(track: &Track, policy: &Policy, context: &Context<'_>) -> bool {
    if track.keeps_to().is_some_and(|kept| *kept != policy.reference) {
        return false;
    }
    // The events are thrown away: they would say that nobody has re-checked.
    let mut turn = Turn::new(track, policy, context);
    turn.run();
    !turn.events.is_empty()
}

/// What comes next on a track, and when.
pub fn next(track: &Track, policy: &Policy, context: &Context<'_>) -> Option<Next> {
    Turn::new(track, policy, context).next()
}
