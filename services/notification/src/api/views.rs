//! Rows and aggregates as the API shows them.

use countersign_contracts::{
    api::notification::{
        CadenceView, DestinationView, HoursView, InboxMessage, LegView, NoticeItemView, NoticeStep,
        NoticeView, OpenHoursView,
    },
    notice::{NoticeItem, Outcome},
};
use countersign_eventsourcing::journal::{JournalError, RecordedEvent};
use countersign_kernel::{NoticeId, Timestamp};
use countersign_owed::Owed;

use crate::{
    config::Config,
    domain::{
        contact::{Cadence, Destination},
        notice::{
            NoticeEvent,
            events::{DigestFacts, Place, Told},
        },
        window::{Hours, OpenHours, weekday_name},
    },
    naming,
    projections::{LegRow, Message, NoticeRow},
};

pub(super) fn reference(id: NoticeId) -> String {
    id.0.simple().to_string()[..8].to_ascii_uppercase()
}

pub(super) fn class(formal: bool) -> String {
    if formal { "formal" } else { "reminder" }.to_owned()
}

/// One notice. `addresses`: the caller may see them.
pub(super) fn notice(row: &NoticeRow, owed: &Owed, config: &Config, addresses: bool) -> NoticeView {
    let known = row.about.and_then(|key| owed.people().name_of(key));
    let about_name = known.or_else(|| row.about_id.as_ref().map(ToString::to_string));
    NoticeView {
        id: row.id,
        reference: reference(row.id),
        track: row.track,
        kind: row.kind.clone(),
        class: class(row.formal),
        number: row.number,
        facility: row.facility.clone(),
        about: row.about,
        about_name,
        recipient: row.contact.clone(),
        recipient_name: naming::contact_name(config, owed, &row.contact),
        role: row.role.clone(),
        state: row.state().to_owned(),
        items: row.items,
        names_date: row.names_date,
        requested_at: row.requested_at,
        delivered_at: row.delivered_at(),
        changed_at: row.changed_at,
        because: row.because.clone(),
        legs: row.legs.iter().map(|leg| self::leg(leg, addresses)).collect(),
    }
}

fn leg(row: &LegRow, addresses: bool) -> LegView {
    LegView {
        leg: row.leg,
        channel: row.channel.name().to_owned(),
        to: addresses.then(|| row.to.shown()),
        copy: row.copy,
        state: row.state.clone(),
        attempts: row.attempts,
        not_before: row.not_before,
        detail: row.detail.clone(),
        accepted_at: row.accepted_at,
        delivered_at: row.delivered_at,
        read_at: row.read_at,
        printed_at: row.printed_at,
        sha256: row.sha256.clone(),
        template: row.template.clone(),
        content_type: row.content_type.clone(),
        message_id: row.message_id.clone(),
    }
}

pub(super) fn message(row: Message, owed: &Owed) -> InboxMessage {
    InboxMessage {
        id: row.id,
        reference: reference(row.id),
        class: class(row.formal),
        about_name: row.about.and_then(|key| owed.people().name_of(key)),
        kind: row.kind,
        facility: row.facility,
        about: row.about,
        owner: row.owner,
        items: row.items,
        names_date: row.names_date,
        at: row.at,
        read_at: row.read_at,
        subject: row.subject,
        text: row.text,
    }
}

pub(super) fn item(item: NoticeItem, digest: Option<&DigestFacts>) -> NoticeItemView {
    let id = item.deficiency;
    let standing = digest.map(|facts| {
        let name = if facts.overdue.contains(&id) {
            "overdue"
        } else if facts.due_soon.contains(&id) {
            "due_soon"
        } else {
            "open"
        };
        name.to_owned()
    });
    NoticeItemView {
        deficiency: id,
        rule: item.rule,
        document_type: item.document_type,
        due_at: item.due_at,
        age_days: item.age_days,
        standing,
        new: digest.is_some_and(|facts| facts.new.contains(&id)),
        changed: digest.is_some_and(|facts| facts.changed.contains(&id)),
    }
}

/// The timeline of a notice, without its timers.
pub(super) fn timeline(events: &[RecordedEvent]) -> Result<Vec<NoticeStep>, JournalError> {
    let mut steps = Vec::new();
    for event in events {
        let decoded =
            NoticeEvent::decode(&event.kind, &event.data).map_err(|error| event.undecodable(&error))?;
        let Some((at, leg, detail, by)) = told(&decoded) else { continue };
        steps.push(NoticeStep {
            at,
            what: event.kind.trim_start_matches("notice-").replace('-', "_"),
            leg: leg.map(|leg| leg.leg),
            channel: leg.map(|leg| leg.channel.name().to_owned()),
            detail: detail.filter(|detail| !detail.is_empty()),
            by,
            position: event.position.0,
        });
    }
    Ok(steps)
}

type Step<'a> =
    (Timestamp, Option<&'a crate::domain::notice::events::WhichLeg>, Option<String>, Option<String>);

fn told(event: &NoticeEvent) -> Option<Step<'_>> {
    Some(match event {
        NoticeEvent::Requested(event) => (event.request.requested_at, None, None, None),
        NoticeEvent::Queued(event) => {
            let detail = format!("{}, not before {}", event.because, event.not_before);
            (event.at, Some(&event.leg), Some(detail), None)
        }
        NoticeEvent::Listed(event) => {
            let Place { list, due_at, .. } = event.place;
            (event.at, None, Some(format!("in list {}, due {due_at}", reference(list))), None)
        }
        NoticeEvent::Gathered(event) => {
            (event.at, None, Some(format!("notice {}", reference(event.carried.notice))), None)
        }
        NoticeEvent::Told(event) => (event.at, None, Some(told_in(event)), None),
        NoticeEvent::ItemsDropped(event) => {
            (event.at, None, Some(format!("{} items were done", event.items.len())), None)
        }
        NoticeEvent::Rendered(event) => {
            let sha256 = event.leg.sha256.as_deref().unwrap_or_default();
            (event.at, Some(&event.leg), Some(format!("{}, SHA-256 {sha256}", event.template)), None)
        }
        NoticeEvent::AttemptBegun(event) => {
            let pilot = if event.redirected_to.is_some() { ", to the pilot's address" } else { "" };
            (event.at, Some(&event.leg), Some(format!("attempt {}{pilot}", event.attempt)), None)
        }
        NoticeEvent::AttemptEnded(event) => {
            let detail = format!("attempt {}: {}: {}", event.attempt, event.ending.name(), event.detail);
            (event.at, Some(&event.leg), Some(detail), None)
        }
        NoticeEvent::Delivered(event) => {
            let by = event.by_whom.clone().or_else(|| event.act.as_ref().map(|act| act.by.clone()));
            let on = event.on.map(|on| format!(" on {on}")).unwrap_or_default();
            (event.at, Some(&event.leg), Some(format!("{}{on}", event.how)), by)
        }
        NoticeEvent::Read(event) => (event.at, Some(&event.leg), None, Some(event.by.clone())),
        NoticeEvent::Bounced(event) => (event.at, Some(&event.leg), Some(event.detail.clone()), None),
        NoticeEvent::Complained(event) => (event.at, Some(&event.leg), Some(event.detail.clone()), None),
        NoticeEvent::GivenUp(event) => (event.at, Some(&event.leg), Some(event.because.clone()), None),
        NoticeEvent::Lost(event) => (event.at, Some(&event.leg), Some(event.because.clone()), None),
        NoticeEvent::NotSetUp(event) => (event.at, Some(&event.leg), Some(event.because.clone()), None),
        NoticeEvent::Withheld(event) => (event.at, Some(&event.leg), Some(event.because.clone()), None),
        NoticeEvent::Printed(event) => {
            (event.act.at, Some(&event.leg), Some(event.act.why.clone()), Some(event.act.by.clone()))
        }
        NoticeEvent::Exhausted(event) => (event.at, None, Some(event.because.clone()), None),
        NoticeEvent::Dropped(event) => (event.at, None, Some(event.because.clone()), None),
        NoticeEvent::Unwanted(event) => (event.at, None, Some(event.because.clone()), None),
        NoticeEvent::TakenOver(event) => {
            (event.act.at, None, Some(event.act.why.clone()), Some(event.act.by.clone()))
        }
        NoticeEvent::Requeued(event) => {
            (event.act.at, None, Some(event.act.why.clone()), Some(event.act.by.clone()))
        }
        NoticeEvent::Timer(_) => return None,
    })
}

/// What became of the list that a notice went out in.
fn told_in(event: &Told) -> String {
    let outcome = match event.outcome {
        Outcome::Accepted => "accepted",
        Outcome::Delivered => "delivered",
        Outcome::Read => "read",
        Outcome::Bounced => "bounced",
        Outcome::Failed => "failed",
        Outcome::Unknown => "unknown",
        Outcome::Dropped => "dropped",
        Outcome::TakenOver => "taken over",
        Outcome::Withheld => "withheld",
    };
    let mut said = format!("in list {}: {outcome}", reference(event.list));
    if let Some(channel) = event.channel {
        said.push_str(" by ");
        said.push_str(channel.name());
    }
    for (before, text) in [(": ", &event.detail), (", SHA-256 ", &event.sha256)] {
        if let Some(text) = text {
            said.push_str(before);
            said.push_str(text);
        }
    }
    said
}

pub(super) fn destination(to: &Destination) -> DestinationView {
    match to.clone() {
        Destination::Inbox { owner } => DestinationView::Inbox { owner },
        Destination::Email { address } => DestinationView::Email { address },
        Destination::Webhook { endpoint } => DestinationView::Webhook { endpoint },
        Destination::Letter { lines } => DestinationView::Letter { lines },
    }
}

pub(super) fn destination_of(view: DestinationView) -> Destination {
    match view {
        DestinationView::Inbox { owner } => Destination::Inbox { owner },
        DestinationView::Email { address } => Destination::Email { address: address.trim().to_owned() },
        DestinationView::Webhook { endpoint } => {
            Destination::Webhook { endpoint: endpoint.trim().to_owned() }
        }
        DestinationView::Letter { lines } => Destination::Letter { lines },
    }
}

pub(super) fn cadence(cadence: Cadence) -> CadenceView {
    CadenceView {
        every: cadence.every.name().to_owned(),
        day: weekday_name::of(cadence.day).to_owned(),
        at: cadence.at,
    }
}

pub(super) fn hours(hours: Hours) -> HoursView {
    HoursView { from: hours.from, until: hours.until }
}

pub(super) fn open_hours(open: &OpenHours) -> OpenHoursView {
    OpenHoursView {
        day: weekday_name::of(open.day).to_owned(),
        from: open.hours.from,
        until: open.hours.until,
    }
}
