//! What the notification service tells its neighbours: what became of notices.

use countersign_contracts::{
    Envelope,
    notice::{self, Channel, NoticeOutcome, Outcome},
};
use countersign_eventsourcing::journal::{JournalError, RecordedEvent};
use countersign_kernel::{NoticeId, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use crate::domain::{
    digest::{DigestEvent, events::DigestReleased},
    notice::{
        NoticeEvent,
        events::{Ending, Which, WhichLeg},
    },
};

/// What becomes of a leg, as the neighbours are told. Copies for others are nobody's business.
fn of_leg(leg: WhichLeg, outcome: Outcome, at: Timestamp, detail: Option<String>) -> Option<NoticeOutcome> {
    let WhichLeg { notice, track, channel, copy, sha256, .. } = leg;
    (!copy).then_some(NoticeOutcome { notice, track, channel: Some(channel), outcome, at, sha256, detail })
}

fn of_notice(which: Which, outcome: Outcome, at: Timestamp, detail: String) -> NoticeOutcome {
    let Which { notice, track } = which;
    let detail = Some(detail).filter(|detail| !detail.is_empty());
    NoticeOutcome { notice, track, channel: None, outcome, at, sha256: None, detail }
}

fn outcome(event: NoticeEvent) -> Option<NoticeOutcome> {
    match event {
        NoticeEvent::AttemptEnded(event) if event.ending == Ending::Accepted && !event.redirected => {
            of_leg(event.leg, Outcome::Accepted, event.at, Some(event.detail))
        }
        NoticeEvent::Delivered(event) => of_leg(event.leg, Outcome::Delivered, event.at, Some(event.how)),
        NoticeEvent::Read(event) => of_leg(event.leg, Outcome::Read, event.at, None),
        NoticeEvent::Bounced(event) => of_leg(event.leg, Outcome::Bounced, event.at, Some(event.detail)),
        NoticeEvent::GivenUp(event) => {
            let outcome = if event.refused { Outcome::Bounced } else { Outcome::Failed };
            of_leg(event.leg, outcome, event.at, Some(event.because))
        }
        NoticeEvent::Lost(event) => of_leg(event.leg, Outcome::Unknown, event.at, Some(event.because)),
        NoticeEvent::Withheld(event) => of_leg(event.leg, Outcome::Withheld, event.at, Some(event.because)),
        NoticeEvent::Exhausted(event) => {
            Some(of_notice(event.which, Outcome::Failed, event.at, event.because))
        }
        NoticeEvent::Dropped(event) => {
            Some(of_notice(event.which, Outcome::Dropped, event.at, event.because))
        }
        NoticeEvent::TakenOver(event) => {
            Some(of_notice(event.which, Outcome::TakenOver, event.act.at, event.act.why))
        }
        NoticeEvent::Told(event) => Some(NoticeOutcome {
            notice: event.which.notice,
            track: event.which.track,
            channel: event.channel,
            outcome: event.outcome,
            at: event.at,
            sha256: event.sha256,
            detail: event.detail,
        }),
        NoticeEvent::Requested(_)
        | NoticeEvent::NotSetUp(_)
        | NoticeEvent::Listed(_)
        | NoticeEvent::Gathered(_)
        | NoticeEvent::Queued(_)
        | NoticeEvent::ItemsDropped(_)
        | NoticeEvent::Rendered(_)
        | NoticeEvent::AttemptBegun(_)
        | NoticeEvent::AttemptEnded(_)
        | NoticeEvent::Complained(_)
        | NoticeEvent::Printed(_)
        | NoticeEvent::Requeued(_)
        | NoticeEvent::Unwanted(_)
        | NoticeEvent::Timer(_) => None,
    }
}

/// Whether an event of this type can say anything: what is rendered is large, and need not be decoded to know.
fn is_silent(kind: &str) -> bool {
    kind.starts_with("timer-")
        || matches!(
            kind,
            "notice-requested"
                | "notice-queued"
                | "notice-not-set-up"
                | "notice-listed"
                | "notice-gathered"
                | "notice-items-dropped"
                | "notice-rendered"
                | "notice-attempt-begun"
                | "notice-complained"
                | "notice-printed"
                | "notice-requeued"
                | "notice-unwanted"
        )
}

/// The envelopes of one event of a notice.
pub fn publish(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    if is_silent(&event.kind) {
        return Ok(Vec::new());
    }
    let decoded = NoticeEvent::decode(&event.kind, &event.data).map_err(|error| event.undecodable(&error))?;
    let Some(outcome) = outcome(decoded) else { return Ok(Vec::new()) };
    let NoticeId(key) = outcome.notice;
    // Of a track its own order is wanted, so that suspension and end are heard in theirs.
    let key = outcome.track.map_or(key, |track| track.0);
    Ok(vec![envelope(event, NoticeOutcome::TYPE, key, &outcome)?])
}

/// The envelopes of one event of a provider's digests: a release becomes a notice of this same service.
pub fn publish_digest(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    if &*event.kind != DigestReleased::TYPE {
        return Ok(Vec::new());
    }
    let decoded = DigestEvent::decode(&event.kind, &event.data).map_err(|error| event.undecodable(&error))?;
    let DigestEvent::Released(released) = decoded else { return Ok(Vec::new()) };
    Ok(vec![envelope(event, DigestReleased::TYPE, released.request.track.0, &*released)?])
}

fn envelope<T: Serialize>(
    event: &RecordedEvent,
    kind: &str,
    key: Uuid,
    data: &T,
) -> Result<Envelope, JournalError> {
    let metadata = event.metadata()?;
    Ok(Envelope {
        id: event.id,
        source: "notification".to_owned(),
        kind: kind.to_owned(),
        category: notice::CATEGORY.to_owned(),
        key,
        time: metadata.received_at,
        position: event.position.0,
        correlation: metadata.correlation,
        traceparent: metadata.traceparent,
        data: serde_json::value::to_raw_value(data).map_err(|error| event.undecodable(&error))?,
    })
}

/// A bounce, as the neighbours are told of it, is a task for whoever keeps addresses.
pub(crate) const fn is_trouble(outcome: &NoticeOutcome) -> bool {
    matches!(outcome.outcome, Outcome::Bounced)
        && matches!(outcome.channel, Some(Channel::Email | Channel::Webhook))
}
