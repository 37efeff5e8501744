//! What the events of a notice make.

use std::{collections::BTreeSet, sync::Arc};

use countersign_contracts::notice::{Channel, NoticeClass, NoticeItem};
use countersign_eventsourcing::timer::{TimerEvent, Timers};
use countersign_kernel::{DeficiencyId, NoticeId, TimerId, Timestamp};

use super::events::{Carried, Ending, NoticeEvent, Place, Rendered, Requested, Sender, Which, WhichLeg};
use crate::domain::contact::Destination;

/// A notice as its stream tells it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Notice {
    requested: Option<Arc<Requested>>,
    pub(super) dropped_items: BTreeSet<DeficiencyId>,
    legs: Vec<Leg>,
    pub(super) timers: Timers,
    standing: Standing,
    /// In which list it goes out.
    listed: Option<Place>,
    /// Something became of that list.
    told: bool,
    /// What it carries, when it is a list.
    gathered: Vec<Arc<Carried>>,
    /// Why it is not wanted, when that was said before it was asked for.
    pub(super) unwanted: Option<String>,
}

/// Where a notice stands as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Its legs are under way, or came to their ends.
    #[default]
    Live,
    /// Nothing is left to try: a human has to look at it.
    Exhausted,
    /// It is no longer to be sent.
    Dropped,
    /// A human took it over.
    TakenOver,
}

/// One channel and address.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each told by an event of its own")]
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// Number, from 1.
    pub number: u32,
    /// Where to.
    pub to: Destination,
    /// It is a copy for somebody else.
    pub copy: bool,
    /// Where it stands.
    pub state: LegState,
    /// Attempts that were begun.
    pub attempts: u32,
    /// Who began the last one, where that is on record.
    pub sender: Option<Sender>,
    /// Those that a human's requeue has forgiven.
    pub(super) forgiven: u32,
    /// What was rendered: the same for every attempt.
    pub rendered: Option<Arc<Rendered>>,
    /// Somebody's receiver has it, or had it: whatever came after.
    pub accepted: bool,
    /// The last attempt went to the pilot's address.
    pub redirected: bool,
    /// It was opened.
    pub read: bool,
    /// A letter is on paper.
    pub printed: bool,
    /// When it was rendered.
    pub made_at: Option<Timestamp>,
}

/// Where a leg stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegState {
    /// Waits to be sent.
    Queued {
        /// Not before.
        not_before: Timestamp,
    },
    /// An attempt was begun, and no answer is known yet.
    Sending {
        /// Since when.
        since: Timestamp,
    },
    /// The next system has it.
    Accepted,
    /// It reached its recipient.
    Delivered,
    /// It came back.
    Bounced,
    /// It is not tried again.
    GivenUp,
    /// Nobody knows whether it arrived, and it is not sent again.
    Lost,
    /// It was kept here.
    Withheld,
    /// It was not tried: this installation does not have the channel.
    NotSetUp,
    /// It was waiting when the notice came to its end.
    Ended,
}

impl LegState {
    /// The name used in the API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued { .. } => "queued",
            Self::Sending { .. } => "sending",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::GivenUp => "failed",
            Self::Lost => "unknown",
            Self::Withheld => "withheld",
            Self::NotSetUp => "not_set_up",
            Self::Ended => "dropped",
        }
    }

    /// Whether it may still arrive, or has.
    pub const fn is_hopeful(self) -> bool {
        !matches!(self, Self::Bounced | Self::GivenUp | Self::NotSetUp | Self::Ended)
    }
}

impl Notice {
    /// Folds events.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a NoticeEvent>) -> Self {
        let mut notice = Self::default();
        for event in events {
            notice.evolve(event);
        }
        notice
    }

    /// What was asked for; nothing before that.
    pub fn requested(&self) -> Option<&Arc<Requested>> {
        self.requested.as_ref()
    }

    /// Its legs, in the order in which they were queued.
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }

    /// One of them.
    pub fn leg(&self, number: u32) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.number == number)
    }

    /// Its timers.
    pub const fn timers(&self) -> &Timers {
        &self.timers
    }

    /// Where it stands as a whole.
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// The items that are still part of it.
    pub fn items(&self) -> Vec<NoticeItem> {
        let own = self.requested.iter().flat_map(|requested| &requested.request.items);
        let carried = self.gathered.iter().flat_map(|carried| &carried.items);
        own.chain(carried).filter(|item| !self.dropped_items.contains(&item.deficiency)).cloned().collect()
    }

    /// In which list it goes out; nothing: by itself.
    pub const fn listed(&self) -> Option<&Place> {
        self.listed.as_ref()
    }

    /// The notices that it carries, when it is a list, in the order in which they came.
    pub fn gathered(&self) -> &[Arc<Carried>] {
        &self.gathered
    }

    /// Whether something of what it carries is still part of it.
    pub fn still_carries(&self, carried: &Carried) -> bool {
        carried.items.iter().any(|item| !self.dropped_items.contains(&item.deficiency))
    }

    /// Whether it waits for its list, and nothing became of that yet.
    pub(super) const fn waits_in_list(&self) -> bool {
        self.listed.is_some() && !self.told
    }

    /// Whether a list takes more: not once it is being made.
    pub(super) fn takes_more(&self) -> bool {
        let is_list = self.requested.as_ref().is_some_and(|requested| requested.is_list);
        let untouched = |leg: &Leg| leg.rendered.is_none() && matches!(leg.state, LegState::Queued { .. });
        is_list
            && self.standing == Standing::Live
            && self.dropped_items.is_empty()
            && self.legs.iter().all(untouched)
    }

    /// Whether these items fell out of it before it was rendered.
    pub const fn dropped_items(&self) -> &BTreeSet<DeficiencyId> {
        &self.dropped_items
    }

    /// Whether a leg waits that was not rendered yet: what was rendered stays what it is.
    pub fn has_unrendered(&self) -> bool {
        self.legs.iter().any(|leg| leg.rendered.is_none() && matches!(leg.state, LegState::Queued { .. }))
    }

    /// How honestly it must arrive.
    pub fn class(&self) -> NoticeClass {
        self.requested.as_ref().map_or(NoticeClass::Reminder, |requested| requested.class())
    }

    pub(super) fn which(&self) -> Which {
        self.requested
            .as_ref()
            .map_or(Which { notice: NoticeId::derive(&[]), track: None }, |requested| requested.which())
    }

    pub(super) fn which_leg(&self, leg: &Leg) -> WhichLeg {
        let Which { notice, track } = self.which();
        WhichLeg {
            notice,
            track,
            leg: leg.number,
            channel: leg.to.channel(),
            copy: leg.copy,
            sha256: leg.rendered.as_ref().and_then(|rendered| rendered.leg.sha256.clone()),
        }
    }

    /// The message id of a leg: the same for every attempt.
    pub fn message_id(notice: NoticeId, leg: u32, domain: &str) -> String {
        format!("{notice}.{leg}@{domain}")
    }

    /// The timer that wakes a leg for a purpose.
    pub fn timer(notice: NoticeId, purpose: &str, leg: u32) -> TimerId {
        TimerId::derive(&["notice", &notice.to_string(), purpose, &leg.to_string()])
    }

    /// The legs that may be sent now.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = &Leg> {
        let live = self.standing == Standing::Live;
        self.legs.iter().filter(move |leg| {
            live && matches!(leg.state, LegState::Queued { not_before } if not_before <= now)
        })
    }

    /// Takes note of what happened.
    pub fn evolve(&mut self, event: &NoticeEvent) {
        match event {
            NoticeEvent::Requested(event) => self.requested = Some(Arc::new((**event).clone())),
            NoticeEvent::Queued(event) => {
                let state = LegState::Queued { not_before: event.not_before };
                if let Some(leg) = self.leg_mut(event.leg.leg) {
                    leg.state = state;
                    return;
                }
                self.legs.push(Leg {
                    number: event.leg.leg,
                    to: event.to.clone(),
                    copy: event.leg.copy,
                    state,
                    attempts: 0,
                    sender: None,
                    forgiven: 0,
                    rendered: None,
                    accepted: false,
                    redirected: false,
                    read: false,
                    printed: false,
                    made_at: None,
                });
            }
            NoticeEvent::Unwanted(event) => self.unwanted = Some(event.because.clone()),
            NoticeEvent::Listed(event) => self.listed = Some(event.place),
            NoticeEvent::Gathered(event) => self.gathered.push(Arc::new(event.carried.clone())),
            NoticeEvent::Told(_) => self.told = true,
            NoticeEvent::ItemsDropped(event) => self.dropped_items.extend(event.items.iter().copied()),
            NoticeEvent::Rendered(event) => {
                if let Some(leg) = self.leg_mut(event.leg.leg) {
                    leg.made_at = Some(event.at);
                    leg.rendered = Some(Arc::new((**event).clone()));
                }
            }
            NoticeEvent::AttemptBegun(event) => {
                if let Some(leg) = self.leg_mut(event.leg.leg) {
                    leg.attempts = event.attempt;
                    leg.sender.clone_from(&event.sender);
                    leg.redirected = event.redirected_to.is_some();
                    leg.state = LegState::Sending { since: event.at };
                }
            }
            NoticeEvent::AttemptEnded(event) => {
                if let Some(leg) = self.leg_mut(event.leg.leg)
                    && event.ending == Ending::Accepted
                {
                    leg.accepted |= !event.redirected;
                    leg.state = LegState::Accepted;
                }
            }
            NoticeEvent::Delivered(event) => self.set(event.leg.leg, LegState::Delivered),
            NoticeEvent::Read(event) => {
                if let Some(leg) = self.leg_mut(event.leg.leg) {
                    leg.read = true;
                }
            }
            NoticeEvent::Bounced(event) => self.set(event.leg.leg, LegState::Bounced),
            NoticeEvent::GivenUp(event) => self.set(event.leg.leg, LegState::GivenUp),
            NoticeEvent::Lost(event) => self.set(event.leg.leg, LegState::Lost),
            NoticeEvent::NotSetUp(event) => self.set(event.leg.leg, LegState::NotSetUp),
            NoticeEvent::Withheld(event) => self.set(event.leg.leg, LegState::Withheld),
            NoticeEvent::Printed(event) => {
                if let Some(leg) = self.leg_mut(event.leg.leg) {
                    leg.printed = true;
                }
            }
            NoticeEvent::Complained(_) => {}
            NoticeEvent::Exhausted(_) => self.standing = Standing::Exhausted,
            NoticeEvent::Dropped(_) => self.end(Standing::Dropped),
            NoticeEvent::TakenOver(_) => self.end(Standing::TakenOver),
            NoticeEvent::Requeued(event) => {
                self.standing = Standing::Live;
                if let Some(leg) = self.leg_mut(event.leg) {
                    leg.forgiven = leg.attempts;
                }
            }
            NoticeEvent::Timer(event) => self.timers.evolve(event),
        }
    }

    fn end(&mut self, standing: Standing) {
        self.standing = standing;
        for leg in &mut self.legs {
            if matches!(leg.state, LegState::Queued { .. }) {
                leg.state = LegState::Ended;
            }
        }
    }

    fn leg_mut(&mut self, number: u32) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.number == number)
    }

    fn set(&mut self, leg: u32, state: LegState) {
        if let Some(leg) = self.leg_mut(leg) {
            leg.state = state;
        }
    }

    /// The armed timer of a leg for a purpose, as the event that cancels it.
    pub(super) fn cancel(&self, purpose: &str, leg: u32, because: &str) -> Option<TimerEvent> {
        self.timers.cancel(Self::timer(self.which().notice, purpose, leg), because)
    }
}

impl Leg {
    /// The channel.
    pub fn channel(&self) -> Channel {
        self.to.channel()
    }
}
