//! One look at a track: events are made one after the other, each on the state that the earlier ones left.

use std::borrow::Cow;

use countersign_contracts::notice::{
    Channel, NoticeClass, NoticeItem, NoticeRequested, Recipient, SuspensionFacts,
};
use countersign_kernel::{NoticeId, Timestamp};
use jiff::civil::Date;

use super::Context;
use crate::domain::{
    events::TrackEvent,
    policy::{Policy, StepClass},
    standing::StandingItem,
    track::Track,
};

/// One look.
pub(in crate::domain) struct Turn<'a> {
    /// As it stands after the events so far: copied with the first of them, and most looks have none.
    pub(in crate::domain) track: Cow<'a, Track>,
    pub(super) policy: &'a Policy,
    pub(super) context: &'a Context<'a>,
    /// The events so far.
    pub(in crate::domain) events: Vec<TrackEvent>,
}

/// A notice that is to go out.
pub(super) struct Message<'a> {
    /// What it belongs to, e.g. `cycle-1/rung-2`.
    pub(super) purpose: String,
    /// How often it was asked for before.
    pub(super) attempt: usize,
    pub(super) kind: &'a str,
    pub(super) class: NoticeClass,
    pub(super) channels: &'a [Channel],
    pub(super) on_all: bool,
    pub(super) at_any_hour: bool,
    pub(super) items: Vec<NoticeItem>,
    pub(super) names_date: Option<Date>,
    pub(super) suspension: Option<SuspensionFacts>,
}

impl<'a> Turn<'a> {
    pub(in crate::domain) fn new(track: &'a Track, policy: &'a Policy, context: &'a Context<'a>) -> Self {
        Self { track: Cow::Borrowed(track), policy, context, events: Vec::new() }
    }

    pub(in crate::domain) const fn policy(&self) -> &'a Policy {
        self.policy
    }

    pub(in crate::domain) const fn context(&self) -> &'a Context<'a> {
        self.context
    }

    pub(super) const fn now(&self) -> Timestamp {
        self.context.standing.at
    }

    pub(in crate::domain) fn push(&mut self, event: TrackEvent) {
        self.track.to_mut().evolve(&event);
        self.events.push(event);
    }

    /// Everything that happens now.
    pub(in crate::domain) fn run(&mut self) {
        self.supersede();
        self.lapse();
        self.watch_suspension();
        let ended = self.end_cycle();
        if !ended {
            self.begin_cycle();
            self.mend_notices();
            if !self.take_step() {
                self.propose();
            }
        }
        self.set_timer(ended);
    }

    /// The id of a notice: the same for the same purpose, part and attempt, on every replay.
    pub(super) fn notice_id(&self, purpose: &str, part: &str, attempt: usize) -> NoticeId {
        NoticeId::derive(&[&self.track.id.to_string(), purpose, part, &attempt.to_string()])
    }

    /// The newest notice of a purpose to somebody in this part, and how often it was asked for.
    pub(super) fn newest(&self, purpose: &str, part: &str) -> Option<(NoticeId, usize)> {
        let ids = (0..).map(|attempt| (self.notice_id(purpose, part, attempt), attempt + 1));
        ids.take_while(|(id, _)| self.track.notices.contains_key(id)).last()
    }

    /// Asks for a notice to somebody.
    pub(super) fn tell(&mut self, recipient: Recipient, message: &Message<'_>) {
        let number = u32::try_from(self.track.notices.len()).unwrap_or(u32::MAX).saturating_add(1);
        let requested = NoticeRequested {
            notice: self.notice_id(&message.purpose, recipient.role(), message.attempt),
            track: self.track.id,
            kind: message.kind.to_owned(),
            class: message.class,
            number,
            facility: self.context.facility.to_owned(),
            about: Some(self.context.recipients.provider.clone()),
            recipient,
            channels: message.channels.to_vec(),
            on_all: message.on_all,
            at_any_hour: message.at_any_hour,
            in_list: false,
            items: message.items.clone(),
            names_date: message.names_date,
            suspension: message.suspension.clone(),
            policy: self.policy.reference.clone(),
            requested_at: self.now(),
        };
        // The same notice is never asked for twice.
        if !self.track.notices.contains_key(&requested.notice) {
            self.push(TrackEvent::NoticeRequested(Box::new(requested)));
        }
    }

    /// The items that carry a step now.
    pub(super) fn carrying(&self, rung: usize) -> impl Iterator<Item = &'a StandingItem> {
        let (now, overdue) = (self.now(), self.wants_overdue(rung));
        self.context.standing.items.iter().filter(move |item| item.carries(rung, overdue, now))
    }

    /// Whether a step is about overdue items only: all are, but for a line in the digest.
    pub(super) fn wants_overdue(&self, rung: usize) -> bool {
        self.policy.steps.get(rung).is_some_and(|step| step.class != StepClass::None)
    }

    /// The beginning of a local day.
    pub(super) fn begins(&self, day: Date) -> Timestamp {
        day.to_zoned(self.context.days.zone.clone()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
    }

    /// The local day of an instant.
    pub(super) fn day_of(&self, at: Timestamp) -> Date {
        at.to_zoned(self.context.days.zone.clone()).date()
    }

    /// The first instant after so many whole local days: day zero is the instant's own.
    pub(super) fn after_days(&self, at: Timestamp, days: u16) -> Timestamp {
        let day = self.day_of(at).checked_add(jiff::Span::new().days(i64::from(days) + 1));
        day.map_or(Timestamp::MAX, |day| self.begins(day))
    }

    /// The beginning of the local day that is so many days later.
    pub(super) fn begins_after(&self, at: Timestamp, days: u16) -> Timestamp {
        let day = self.day_of(at).checked_add(jiff::Span::new().days(i64::from(days)));
        day.map_or(Timestamp::MAX, |day| self.begins(day))
    }
}

/// Items as a notice tells of them.
pub(super) fn listed<'i>(items: impl Iterator<Item = &'i StandingItem>) -> Vec<NoticeItem> {
    items
        .map(|item| NoticeItem {
            deficiency: item.deficiency,
            rule: item.rule.clone(),
            document_type: item.document_type.clone(),
            due_at: item.due_at,
            age_days: item.age_days,
        })
        .collect()
}
