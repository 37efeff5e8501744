//! Tracks as aggregates.

use countersign_eventsourcing::{
    journal::StreamName,
    timer::{TimerEvent, TimerFired},
};
use countersign_kernel::{EventId, TrackId};

use crate::{
    domain::{
        events::{TRACK, TrackEvent},
        track::Track,
    },
    streams::Aggregate,
};

/// The stream of a track.
pub(crate) fn stream_of(track: TrackId) -> StreamName {
    StreamName::new(TRACK, track)
}

/// The track of a stream; a stream of another kind of name is none of ours.
pub(crate) fn track_of(stream: &StreamName) -> Option<TrackId> {
    (stream.category() == TRACK).then(|| stream.id().parse().ok()).flatten()
}

impl Aggregate for Track {
    type Event = TrackEvent;

    fn new(stream: &StreamName) -> Self {
        Self::new(track_of(stream).unwrap_or(TrackId(uuid::Uuid::nil())))
    }

    fn decode(kind: &str, data: &[u8]) -> Option<Result<TrackEvent, serde_json::Error>> {
        TrackEvent::decode(kind, data)
    }

    fn kind(event: &TrackEvent) -> &'static str {
        event.kind()
    }

    fn id(event: &TrackEvent) -> Option<EventId> {
        match event {
            TrackEvent::Timer(TimerEvent::Fired(fired)) => {
                Some(TimerFired::event_id(fired.timer, fired.arming))
            }
            _ => None,
        }
    }

    fn actor(event: &TrackEvent) -> Option<&str> {
        match event {
            TrackEvent::Act(act) => Some(&act.by.name),
            TrackEvent::ProposalDecided(decided) if decided.by.act.is_some() => Some(&decided.by.name),
            TrackEvent::Reinstated(reinstated) => reinstated.by.as_ref().map(|by| by.name.as_str()),
            _ => None,
        }
    }

    fn evolve(&mut self, event: &TrackEvent) {
        Self::evolve(self, event);
    }
}
