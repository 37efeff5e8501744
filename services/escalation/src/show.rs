//! What the API answers about tracks, from rows and events.

use countersign_contracts::{
    api::escalation::{
        AnswerView, ByWhom as ByWhomView, GrantView, InboxItem, LogEntry, NoticeView, PacketStep, PacketView,
        PolicyRef, StaffRef, StandingItemView, StandingView, SuspensionView, TrackView,
    },
    notice::{NoticeClass, NoticeRequested, PolicyReference, Recipient},
};
use countersign_kernel::{ProviderId, Timestamp, TrackId};
use countersign_owed::Directory;
use jiff::tz::TimeZone;

use crate::{
    domain::{
        events::{ByWhom, EvidencePacket, NoticeAnswered, NoticeProof, SuspensionProposed, TrackEvent},
        standing::{Standing, StandingItem},
    },
    policies::{self, Book},
    projections::{Suspension, TrackRow, Waiting, word},
    words,
};

pub(crate) fn staff(id: &ProviderId, directory: &Directory) -> StaffRef {
    let people = &directory.people;
    let name = people.name_of(people.key_of(id)).unwrap_or_else(|| id.to_string());
    StaffRef { id: id.id.clone(), authority: id.authority.clone(), name }
}

pub(crate) fn policy(reference: &PolicyReference) -> PolicyRef {
    let PolicyReference { version, title, sha256 } = reference.clone();
    PolicyRef { version, title, sha256 }
}

pub(crate) fn by_whom(by: &ByWhom) -> ByWhomView {
    ByWhomView {
        name: by.name.clone(),
        roles: by.roles.iter().map(|role| role.name().to_owned()).collect(),
        at: by.at,
        why: by.why.clone(),
    }
}

pub(crate) fn track(row: &TrackRow, directory: &Directory, now: Timestamp) -> TrackView {
    let runs = row.closed_at.is_none();
    let granted = row.granted.clone().filter(|_| row.granted_until.is_none_or(|until| now < until));
    TrackView {
        id: row.id,
        provider: staff(&row.provider, directory),
        facility: row.facility.clone(),
        state: row.state().to_owned(),
        cycle: row.cycle,
        policy: Some(policy(&row.policy)),
        step: row.step.clone(),
        step_at: row.step_at,
        opened_at: Some(row.opened_at),
        counting: if runs { row.counting } else { 0 },
        oldest_days: if runs { row.oldest_days } else { 0 },
        next_at: row.next_at,
        held: row.held.clone(),
        granted: granted.zip(row.granted_by.as_ref()).map(|(kind, by)| GrantView {
            kind,
            until: row.granted_until,
            by: by_whom(by),
        }),
        suspended_from: row.suspended_from,
        revision: row.revision,
    }
}

pub(crate) fn standing(standing: &Standing) -> StandingView {
    StandingView {
        at: standing.at,
        position: standing.position,
        rechecked: standing.rechecked,
        items: standing.items.iter().map(standing_item).collect(),
        away_from: standing.away.map(|away| away.from),
        away_until: standing.away.and_then(|away| away.until),
    }
}

fn standing_item(item: &StandingItem) -> StandingItemView {
    StandingItemView {
        deficiency: item.deficiency,
        chart: item.encounter,
        rule: item.rule.clone(),
        document_type: item.document_type.clone(),
        due_at: item.due_at,
        age_days: item.age_days,
        not_counted: item.not_counted.as_ref().map(word),
    }
}

/// The log of a track, the latest entry first, without timers and what is shown with notices.
pub(crate) fn log(events: &[(u64, Timestamp, TrackEvent)]) -> Vec<LogEntry> {
    let superseded: Vec<(u32, u32)> = events
        .iter()
        .filter_map(|(.., event)| match event {
            TrackEvent::StepSuperseded(step) => Some((step.cycle, step.rung)),
            _ => None,
        })
        .collect();
    let mut entries: Vec<LogEntry> = events
        .iter()
        .filter_map(|(revision, at, event)| log_entry(*revision, *at, event, &superseded))
        .collect();
    entries.reverse();
    entries
}

fn log_entry(
    revision: u64,
    at: Timestamp,
    event: &TrackEvent,
    superseded: &[(u32, u32)],
) -> Option<LogEntry> {
    let mut entry = LogEntry {
        revision,
        at,
        kind: event.kind().to_owned(),
        text: words::event(event),
        cycle: None,
        step: None,
        by: None,
        superseded: false,
        seen: None,
    };
    match event {
        TrackEvent::Timer(_) | TrackEvent::NoticeAnswered(_) => return None,
        TrackEvent::Opened(opened) => entry.cycle = Some(opened.cycle),
        TrackEvent::StepTaken(step) => {
            entry.cycle = Some(step.cycle);
            entry.step = Some(step.step.clone());
            entry.superseded = superseded.contains(&(step.cycle, step.rung));
            entry.seen = Some(standing(&step.seen));
        }
        TrackEvent::StepWithheld(withheld) => {
            entry.cycle = Some(withheld.cycle);
            entry.step = Some(withheld.step.clone());
            entry.seen = Some(standing(&withheld.seen));
        }
        TrackEvent::SuspensionProposed(proposed) => {
            entry.cycle = Some(proposed.cycle);
            entry.seen = Some(standing(&proposed.packet.items));
        }
        TrackEvent::ProposalDecided(decided) => entry.by = Some(by_whom(&decided.by)),
        TrackEvent::Suspended(suspended) => {
            entry.cycle = Some(suspended.cycle);
            entry.by = suspended.authority.last().map(by_whom);
        }
        TrackEvent::Reinstated(reinstated) => entry.by = reinstated.by.as_ref().map(by_whom),
        TrackEvent::StepSuperseded(step) => {
            entry.cycle = Some(step.cycle);
            entry.step = Some(step.step.clone());
        }
        TrackEvent::Act(act) => entry.by = Some(by_whom(&act.by)),
        TrackEvent::Closed(closed) => entry.cycle = Some(closed.cycle),
        TrackEvent::NoticeRequested(_)
        | TrackEvent::NoticeWithdrawn(_)
        | TrackEvent::ReinstatementProposed(_)
        | TrackEvent::LeadershipAsked(_) => {}
    }
    Some(entry)
}

fn answer(answered: &NoticeAnswered) -> AnswerView {
    AnswerView {
        channel: answered.channel.map(|channel| channel.name().to_owned()),
        outcome: word(&answered.outcome),
        at: answered.at,
        sha256: answered.sha256.clone(),
        detail: answered.detail.clone(),
    }
}

/// The notices of a track, the latest first. `delivered_at` as the policy of the track defines it.
pub(crate) fn notices(
    events: &[(u64, Timestamp, TrackEvent)],
    delivered_at: impl Fn(&NoticeRequested) -> Option<Timestamp>,
) -> Vec<NoticeView> {
    let mut notices: Vec<NoticeView> = Vec::new();
    for (.., event) in events {
        match event {
            TrackEvent::NoticeRequested(requested) => {
                notices.push(notice(requested, delivered_at(requested)));
            }
            TrackEvent::NoticeWithdrawn(withdrawn) => {
                if let Some(notice) = notices.iter_mut().find(|notice| notice.id == withdrawn.notice) {
                    notice.withdrawn = Some(withdrawn.because.clone());
                }
            }
            TrackEvent::NoticeAnswered(answered) => {
                if let Some(notice) = notices.iter_mut().find(|notice| notice.id == answered.notice) {
                    notice.answers.push(answer(answered));
                }
            }
            _ => {}
        }
    }
    notices.reverse();
    notices
}

fn notice(requested: &NoticeRequested, delivered_at: Option<Timestamp>) -> NoticeView {
    NoticeView {
        id: requested.notice,
        number: requested.number,
        kind: requested.kind.clone(),
        class: match requested.class {
            NoticeClass::Formal => "formal",
            NoticeClass::Reminder => "reminder",
        }
        .to_owned(),
        role: requested.recipient.role().to_owned(),
        recipient: match &requested.recipient {
            Recipient::Provider { id, .. } => id.to_string(),
            Recipient::Office { name } => name.clone(),
        },
        channels: requested.channels.iter().map(|channel| channel.name().to_owned()).collect(),
        requested_at: requested.requested_at,
        delivered_at,
        names_date: requested.names_date,
        withdrawn: None,
        answers: Vec::new(),
    }
}

fn proof(proof: &NoticeProof) -> NoticeView {
    NoticeView {
        id: proof.notice,
        number: proof.number,
        kind: proof.kind.clone(),
        class: "formal".to_owned(),
        role: proof.recipient.clone(),
        recipient: proof.recipient.clone(),
        channels: Vec::new(),
        requested_at: proof.requested_at,
        delivered_at: proof.delivered_at,
        names_date: proof.names_date,
        withdrawn: None,
        answers: proof.answers.iter().map(answer).collect(),
    }
}

/// The packet of a proposal. `text`: the policy's, as its hash says.
pub(crate) fn packet(proposed: &SuspensionProposed, text: Option<String>) -> PacketView {
    let EvidencePacket { items, notices, steps, policy: reference, sha256 } = &proposed.packet;
    PacketView {
        proposal: proposed.proposal,
        at: proposed.at,
        named_date: proposed.named_date,
        scope: proposed.scope.clone(),
        exempt: proposed.exempt.clone(),
        items: standing(items),
        notices: notices.iter().map(proof).collect(),
        steps: steps
            .iter()
            .map(|step| PacketStep { step: step.step.clone(), at: step.at, items: step.items.clone() })
            .collect(),
        policy: policy(reference),
        policy_text: text,
        uncovered: proposed.uncovered.clone(),
        sha256: sha256.clone(),
    }
}

/// Who may decide about what waits.
fn for_roles(kind: &str) -> Vec<String> {
    use countersign_kernel::Role::{ChiefMedicalOfficer, DepartmentChair, HimManager, MedicalStaffOffice};
    let roles: &[countersign_kernel::Role] = match kind {
        "suspension" | "reinstatement" => &[MedicalStaffOffice, ChiefMedicalOfficer],
        "correction" | "undeliverable" | "no_recipient" => {
            &[HimManager, MedicalStaffOffice, ChiefMedicalOfficer]
        }
        _ => &[MedicalStaffOffice, ChiefMedicalOfficer, DepartmentChair],
    };
    roles.iter().map(|role| role.name().to_owned()).collect()
}

/// Something that waits, of a track. `packet`: for proposals.
pub(crate) fn inbox_item(
    waiting: &Waiting,
    row: Option<&TrackRow>,
    packet: Option<PacketView>,
    directory: &Directory,
) -> InboxItem {
    InboxItem {
        id: waiting.id,
        kind: waiting.kind.clone(),
        track: row.map(|row| row.id),
        provider: row.map(|row| staff(&row.provider, directory)),
        facility: row.map(|row| row.facility.clone()),
        proposal: waiting.proposal,
        cycle: waiting.place.map(|place| place.0),
        rung: waiting.place.map(|place| place.1),
        chart: waiting.stream.strip_prefix("limit-").and_then(|id| id.parse().ok()),
        since: waiting.since,
        text: waiting.text.clone(),
        packet,
        first_confirmed_by: waiting.confirmed.as_ref().map(by_whom),
        acknowledged: waiting.acknowledged.as_ref().map(by_whom),
        for_roles: for_roles(&waiting.kind),
        revision: row.map(|row| row.revision),
    }
}

/// The track of a stream.
pub(crate) fn track_of(stream: &str) -> Option<TrackId> {
    stream.strip_prefix("track-")?.parse().ok()
}

/// Local calendar days between two instants, the first and the last one counted.
pub(crate) fn days_of(from: Timestamp, until: Timestamp, zone: &TimeZone) -> u32 {
    let date = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let days = date(from).until(date(until)).map_or(0, |span| span.get_days());
    u32::try_from(days.max(0)).unwrap_or(0) + 1
}

/// A line of the register.
pub(crate) fn suspension(
    row: &Suspension,
    directory: &Directory,
    book: &Book,
    now: Timestamp,
) -> SuspensionView {
    let suspended = &row.suspended;
    let days = days_of(suspended.from, row.until.unwrap_or(now), directory.places.zone(&row.facility));
    let policy = policies::kept(book, suspended.policy.as_ref(), suspended.from);
    SuspensionView {
        track: row.track,
        proposal: suspended.proposal,
        provider: staff(&row.provider, directory),
        facility: row.facility.clone(),
        scope: suspended.scope.clone(),
        exempt: suspended.exempt.clone(),
        from: suspended.from,
        until: row.until,
        ended_because: row.ended_because.clone(),
        ended_by: row.ended_by.as_ref().map(by_whom),
        items: u32::try_from(suspended.items.len()).unwrap_or(u32::MAX),
        authority: suspended.authority.iter().map(by_whom).collect(),
        days,
        fine_cents: policy.and_then(|policy| policy.of(&row.facility).fines.accrued_cents(days)),
        within_year: suspended.within_year,
        npdb_asked_at: row.npdb_asked_at,
        npdb_answer: row.npdb_answer.as_ref().map(by_whom),
        superseded: row.superseded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_on_suspension_are_local_days_and_both_ends_count() {
        let at = |text: &str| -> Timestamp { text.parse().expect("an instant") };
        let zone = TimeZone::get("America/Chicago").expect("a zone");
        // 23:30 and half an hour later are two local days
        assert_eq!(days_of(at("2026-03-03T05:30:00Z"), at("2026-03-03T06:30:00Z"), &zone), 2);
        assert_eq!(days_of(at("2026-03-03T06:30:00Z"), at("2026-03-03T07:30:00Z"), &zone), 1);
        // over a month and the change to summer time
        assert_eq!(days_of(at("2026-02-27T18:00:00Z"), at("2026-03-29T18:00:00Z"), &zone), 31);
    }
}
