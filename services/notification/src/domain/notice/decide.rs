//! Commands about a notice, and the events that they lead to. Pure: the same state, command and instant give the same
//! events.

mod afterwards;
mod attempts;
mod lists;

use std::collections::BTreeSet;

use countersign_contracts::notice::{Channel, NoticeClass, NoticeOutcome};
use countersign_eventsourcing::timer::TimerEvent;
use countersign_kernel::{DeficiencyId, NoticeId, TimerId, Timestamp};
use jiff::{SignedDuration, civil::Date, tz::TimeZone};

use super::{
    Refusal,
    events::{
        AttemptBegun, AttemptEnded, Bounced, Carried, Complained, Delivered, Dropped, Ending, Exhausted,
        GivenUp, ItemsDropped, Lost, NotSetUp, NoticeEvent, Place, Printed, Queued, Read, Rendered,
        Requested, Requeued, Route, Sender, TakenOver, Unwanted, WhichLeg, Withheld,
    },
    retry,
    state::{Leg, LegState, Notice, Standing},
};
use crate::domain::{act::Act, contact::Destination};

/// Purposes of timers.
pub const SEND: &str = "send";
/// An attempt that has no answer by then never gets one.
pub const ATTEMPT: &str = "attempt";
/// What has not come back by then has arrived.
pub const BOUNCE: &str = "bounce";

/// Bytes of one rendered leg at the most: they are kept in the journal as the proof of what was sent.
pub const LARGEST: usize = 1024 * 1024;

/// How patient the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// E-mail that has not come back after this time counts as delivered. Mail servers give up after four to five days
    /// (RFC 5321, section 4.5.4.1), but say by far most of what they have to say within hours.
    pub bounce_period: SignedDuration,
    /// An attempt without an answer after this time is one of unknown outcome. The service makes it longer than any of its
    /// transports takes ([`Settings::patient_for`]).
    pub answer_within: SignedDuration,
}

/// From the longest time that a transport takes to when its answer is given up: for what lies around the call.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);

impl Settings {
    /// These, patient enough for a transport that takes so long.
    #[must_use]
    pub fn patient_for(self, longest: SignedDuration) -> Self {
        let needed = longest.checked_add(MARGIN).unwrap_or(SignedDuration::MAX);
        Self { answer_within: self.answer_within.max(needed), ..self }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { bounce_period: SignedDuration::from_hours(24), answer_within: SignedDuration::from_mins(5) }
    }
}

/// Whether anything leaves the installation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mode {
    /// To its recipient.
    #[default]
    Live,
    /// Nothing leaves.
    Shadow,
    /// Everything goes to this address instead.
    Redirect(Destination),
}

/// What a transport made of a leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendering {
    /// Name and version of the template.
    pub template: String,
    /// Media type.
    pub content_type: String,
    /// Message id.
    pub message_id: String,
    /// SHA-256 of the bytes, hexadecimal.
    pub sha256: String,
    /// The bytes in Base64.
    pub base64: String,
    /// How many bytes there are.
    pub size: usize,
    /// How many notices it tells of, where it is a list: one that came while it was made is not in it.
    pub carries: usize,
}

/// What a transport answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How the attempt ended.
    pub ending: Ending,
    /// What was answered, without an address.
    pub detail: String,
    /// For how long the receiver asks for patience.
    pub after: Option<SignedDuration>,
    /// It is no answer of the receiver: whoever sent it is gone. What is tried again need not spare the receiver.
    pub cut_off: bool,
}

impl Answer {
    /// An answer without a wish.
    pub fn new(ending: Ending, detail: impl Into<String>) -> Self {
        Self { ending, detail: detail.into(), after: None, cut_off: false }
    }
}

/// A change to a notice.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Somebody is to be told something.
    Request(Box<Requested>),
    /// Somebody is to be told something that is muted, or of which nothing is left: it is on record, and not sent.
    RequestOnly(Box<Requested>, String),
    /// Somebody is to be told something in a list.
    RequestListed(Box<Requested>, Place),
    /// Another list takes it.
    List(Place),
    /// A list carries one more notice: the list as it begins, and what it carries.
    Gather(Box<Requested>, Box<Carried>),
    /// Something became of the list that it went out in.
    Tell(NoticeOutcome),
    /// It is no longer to be sent.
    Withdraw {
        /// Which it is: it may not have been asked for here yet.
        notice: NoticeId,
        /// Why.
        because: String,
    },
    /// These items are done, and fall out of it before it is rendered.
    DropItems(BTreeSet<DeficiencyId>),
    /// A leg is about to be sent.
    Begin {
        /// Which.
        leg: u32,
        /// What its transport made of it; nothing when it was rendered before.
        rendering: Option<Rendering>,
        /// Whether it leaves.
        mode: Mode,
        /// Which process sends it.
        sender: Option<Sender>,
    },
    /// This installation does not have the channel.
    NotSetUp {
        /// Which leg.
        leg: u32,
        /// What is missing.
        because: String,
    },
    /// It cannot be made into a message.
    Unrenderable {
        /// Which leg.
        leg: u32,
        /// Why.
        because: String,
    },
    /// A transport answered.
    End {
        /// Which leg.
        leg: u32,
        /// Which attempt.
        attempt: u32,
        /// What.
        answer: Answer,
    },
    /// A timer is due.
    Fire {
        /// Which.
        timer: TimerId,
        /// Which arming.
        arming: u32,
        /// In which reign of the firing loop.
        epoch: u64,
    },
    /// The process that sent a leg is known to be gone.
    Abandon {
        /// Which leg.
        leg: u32,
        /// Which attempt.
        attempt: u32,
    },
    /// It came back.
    Bounce {
        /// Which leg.
        leg: u32,
        /// What was reported.
        detail: String,
    },
    /// The recipient called it a nuisance.
    Complain {
        /// Which leg.
        leg: u32,
        /// What was reported.
        detail: String,
    },
    /// A letter is on paper.
    Print {
        /// Which leg.
        leg: u32,
        /// Who did it.
        act: Act,
    },
    /// A letter left.
    Confirm {
        /// Which leg.
        leg: u32,
        /// It was handed over; else mailed.
        handed_over: bool,
        /// On which day.
        on: Date,
        /// By whom.
        by_whom: String,
        /// In which zone the day is meant.
        time_zone: TimeZone,
        /// Who says so.
        act: Act,
    },
    /// The recipient opened it in the inbox.
    MarkRead {
        /// Who.
        by: String,
    },
    /// A human takes it over.
    TakeOver(Act),
    /// A human has it sent again.
    Requeue {
        /// The leg that failed.
        leg: u32,
        /// Another address; nothing: the same.
        to: Option<Destination>,
        /// Who, why.
        act: Act,
    },
}

/// Collects events and what they make, so that each is decided on what the ones before have made.
struct Story<'a> {
    settings: &'a Settings,
    now: Timestamp,
    notice: Notice,
    events: Vec<NoticeEvent>,
}

impl Notice {
    /// The events that a change leads to; none when it has been made already.
    ///
    /// # Errors
    /// The rule that refuses it.
    pub fn decide(
        &self,
        change: &Change,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Vec<NoticeEvent>, Refusal> {
        let mut story = Story { settings, now, notice: self.clone(), events: Vec::new() };
        match change {
            Change::Request(requested) => story.request(requested, self.unwanted.as_ref()),
            Change::RequestOnly(requested, because) => story.request(requested, Some(because)),
            Change::RequestListed(requested, place) => story.request_listed(requested, *place),
            Change::Gather(list, carried) => story.gather(list, carried)?,
            Change::Withdraw { notice, because } if self.requested().is_none() => {
                story.unwanted(*notice, because);
            }
            _ if self.requested().is_none() => return Err(Refusal::NoNotice),
            Change::Withdraw { because, .. } => story.withdraw(because),
            Change::List(place) => story.list(*place),
            Change::Tell(outcome) => story.tell(outcome),
            Change::DropItems(items) => story.drop_items(items),
            Change::Begin { leg, rendering, mode, sender } => {
                story.begin(*leg, rendering.as_ref(), mode, sender.as_ref())?;
            }
            Change::NotSetUp { leg, because } => story.not_set_up(*leg, because)?,
            Change::Unrenderable { leg, because } => story.unrenderable(*leg, because)?,
            Change::End { leg, attempt, answer } => story.end(*leg, *attempt, answer)?,
            Change::Fire { timer, arming, epoch } => story.fire(*timer, *arming, *epoch),
            Change::Abandon { leg, attempt } => story.abandon(*leg, *attempt)?,
            Change::Bounce { leg, detail } => story.bounce(*leg, detail)?,
            Change::Complain { leg, detail } => story.complain(*leg, detail)?,
            Change::Print { leg, act } => story.print(*leg, act)?,
            Change::Confirm { leg, handed_over, on, by_whom, time_zone, act } => {
                story.confirm(*leg, *handed_over, *on, by_whom, time_zone, act)?;
            }
            Change::MarkRead { by } => story.mark_read(by),
            Change::TakeOver(act) => story.take_over(act)?,
            Change::Requeue { leg, to, act } => story.requeue(*leg, to.as_ref(), act)?,
        }
        Ok(story.events)
    }
}

impl Story<'_> {
    fn record(&mut self, event: NoticeEvent) {
        self.notice.evolve(&event);
        self.events.push(event);
    }

    fn timer(&mut self, event: Option<TimerEvent>) {
        if let Some(event) = event {
            self.record(NoticeEvent::Timer(event));
        }
    }

    fn leg(&self, number: u32) -> Result<Leg, Refusal> {
        self.notice.leg(number).cloned().ok_or(Refusal::NoLeg(number))
    }

    fn which(&self, leg: &Leg) -> WhichLeg {
        self.notice.which_leg(leg)
    }

    fn arm(&mut self, purpose: &str, leg: u32, due_at: Timestamp, rule: &str) {
        let timer = Notice::timer(self.notice.which().notice, purpose, leg);
        let event = self.notice.timers.arm(timer, due_at, purpose, rule);
        self.timer(event);
    }

    fn disarm(&mut self, purpose: &str, leg: u32, because: &str) {
        let event = self.notice.cancel(purpose, leg, because);
        self.timer(event);
    }

    fn request(&mut self, requested: &Requested, dropped: Option<&String>) {
        if self.notice.requested().is_some() {
            return;
        }
        self.record(NoticeEvent::Requested(Box::new(requested.clone())));
        if let Some(because) = dropped {
            let event = Dropped { which: self.notice.which(), because: because.clone(), at: self.now };
            return self.record(NoticeEvent::Dropped(event));
        }
        for route in requested.routes.iter().filter(|route| route.at_once) {
            self.queue_new(route, "first");
        }
        self.exhaust_if_hopeless("there is no address to send it to");
    }

    fn queue_new(&mut self, route: &Route, because: &str) {
        let number = self.notice.legs().iter().map(|leg| leg.number).max().unwrap_or(0) + 1;
        let which = self.notice.which();
        let leg = WhichLeg {
            notice: which.notice,
            track: which.track,
            leg: number,
            channel: route.to.channel(),
            copy: route.copy_for.is_some(),
            sha256: None,
        };
        self.queue(leg, &route.to, self.now, because);
    }

    /// Queues a leg for an instant, or for when the recipient may be disturbed after it.
    fn queue(&mut self, leg: WhichLeg, to: &Destination, wanted: Timestamp, because: &str) {
        let number = leg.leg;
        let not_before = match self.notice.requested() {
            Some(requested) if to.disturbs() || requested.is_list => {
                let wanted = requested.with_digest_at.map_or(wanted, |digest| wanted.max(digest));
                let any_hour = requested.request.at_any_hour || !to.disturbs();
                if any_hour { wanted } else { requested.windows.opens_at(wanted) }
            }
            _ => wanted,
        };
        let because = if not_before > wanted { format!("{because}, window") } else { because.to_owned() };
        let event = Queued { leg, to: to.clone(), not_before, because, at: self.now };
        self.record(NoticeEvent::Queued(event));
        if not_before > self.now {
            self.arm(SEND, number, not_before, "retry schedule and send window");
        }
    }

    fn withdraw(&mut self, because: &str) {
        let waits = self
            .notice
            .legs()
            .iter()
            .any(|leg| matches!(leg.state, LegState::Queued { .. } | LegState::Sending { .. }));
        let waits = waits || self.notice.waits_in_list();
        if self.notice.standing() == Standing::Exhausted || self.notice.standing() == Standing::Live && waits
        {
            self.finish(because);
        }
    }

    fn unwanted(&mut self, notice: NoticeId, because: &str) {
        if self.notice.unwanted.is_none() {
            let event = Unwanted { notice, because: because.to_owned(), at: self.now };
            self.record(NoticeEvent::Unwanted(event));
        }
    }

    fn finish(&mut self, because: &str) {
        let event = Dropped { which: self.notice.which(), because: because.to_owned(), at: self.now };
        self.record(NoticeEvent::Dropped(event));
        self.disarm_sends(because);
    }

    fn disarm_sends(&mut self, because: &str) {
        for number in self.notice.legs().iter().map(|leg| leg.number).collect::<Vec<_>>() {
            self.disarm(SEND, number, because);
        }
    }

    fn drop_items(&mut self, done: &BTreeSet<DeficiencyId>) {
        if !self.notice.has_unrendered() || self.notice.standing() != Standing::Live {
            return;
        }
        let had = self.notice.items();
        let items: Vec<DeficiencyId> =
            had.iter().map(|item| item.deficiency).filter(|item| done.contains(item)).collect();
        if items.is_empty() {
            return;
        }
        self.record(NoticeEvent::ItemsDropped(ItemsDropped { items, at: self.now }));
        if self.notice.items().is_empty() {
            self.finish("everything that it was about is done");
        }
    }

    fn accepted(&mut self, leg: &Leg) {
        if leg.redirected {
            let because = "redirected".to_owned();
            let event = Withheld { leg: self.which(leg), because, at: self.now };
            return self.record(NoticeEvent::Withheld(event));
        }
        match leg.channel() {
            // Neither can come back: what has it is where it was meant to go.
            Channel::Inbox | Channel::Webhook => self.delivered(leg, "accepted"),
            Channel::Email => {
                let until = self.now.saturating_add(self.settings.bounce_period).unwrap_or(self.now);
                self.arm(BOUNCE, leg.number, until, "what has not come back by then has arrived");
            }
            // Somebody has to say on which day it left.
            Channel::Letter => {}
        }
    }

    fn delivered(&mut self, leg: &Leg, how: &str) {
        self.record(NoticeEvent::Delivered(Delivered {
            leg: self.which(leg),
            at: self.now,
            how: how.to_owned(),
            on: None,
            by_whom: None,
            act: None,
        }));
    }

    fn give_up(&mut self, leg: &Leg, refused: bool, because: &str) {
        let which = self.which(leg);
        let event = GivenUp { leg: which, refused, because: because.to_owned(), at: self.now };
        self.record(NoticeEvent::GivenUp(event));
        self.fail_over(leg, because);
    }

    /// The next way that was not tried, once this one leads nowhere.
    fn fail_over(&mut self, failed: &Leg, because: &str) {
        if failed.copy || self.notice.standing() != Standing::Live {
            return;
        }
        match self.untried() {
            Some(route) => self.queue_new(&route, &format!("instead of {}", failed.channel().name())),
            None => self.exhaust_if_hopeless(because),
        }
    }

    fn untried(&self) -> Option<Route> {
        let requested = self.notice.requested()?;
        let tried = |route: &&Route| self.notice.legs().iter().any(|leg| leg.to == route.to);
        requested.routes.iter().filter(|route| !route.at_once).find(|route| !tried(route)).cloned()
    }

    fn exhaust_if_hopeless(&mut self, because: &str) {
        let hopeful = self.notice.legs().iter().any(|leg| !leg.copy && leg.state.is_hopeful());
        if !hopeful && self.notice.standing() == Standing::Live {
            let event = Exhausted { which: self.notice.which(), because: because.to_owned(), at: self.now };
            self.record(NoticeEvent::Exhausted(event));
        }
    }

    fn fire(&mut self, timer: TimerId, arming: u32, epoch: u64) {
        let Some(fired) = self.notice.timers.fire(timer, arming, self.now, epoch) else { return };
        self.record(NoticeEvent::Timer(fired));
        let notice = self.notice.which().notice;
        let is = |leg: &&Leg, purpose| Notice::timer(notice, purpose, leg.number) == timer;
        let legs = self.notice.legs();
        let unanswered = legs.iter().find(|leg| is(leg, ATTEMPT)).cloned();
        let stayed = legs.iter().find(|leg| is(leg, BOUNCE) && leg.state == LegState::Accepted).cloned();
        if let Some(leg) = unanswered {
            self.unanswered(&leg, &Answer::new(Ending::Unknown, "there was no answer"));
        }
        if let Some(leg) = stayed {
            self.delivered(&leg, "bounce_period_passed");
        }
    }
}
