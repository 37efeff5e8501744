//! What stories begin with.

use std::collections::BTreeSet;

use countersign_contracts::notice::{
    Channel, NoticeClass, NoticeItem, NoticeRequested, PolicyReference, Recipient,
};
use countersign_kernel::{DeficiencyId, NoticeId, ProviderId, Timestamp, TrackId};
use countersign_notification::domain::{
    act::Act,
    contact::Destination,
    notice::{
        Answer, Change, Mode, Notice, NoticeEvent, Refusal, Rendering, Settings,
        events::{Ending, Requested, Route},
    },
    window::Windows,
};
use jiff::SignedDuration;

/// Monday, 2026-03-02, 15:00 in UTC.
pub(crate) fn monday() -> Timestamp {
    "2026-03-02T15:00:00Z".parse().expect("an instant")
}

pub(crate) fn provider() -> ProviderId {
    ProviderId { id: "1047".to_owned(), authority: "NPI".to_owned() }
}

pub(crate) fn item(n: u32) -> DeficiencyId {
    DeficiencyId::derive(&["item", &n.to_string()])
}

pub(crate) fn email(address: &str) -> Destination {
    Destination::Email { address: address.to_owned() }
}

pub(crate) fn inbox() -> Destination {
    Destination::Inbox { owner: "provider-1047".to_owned() }
}

pub(crate) fn letter() -> Destination {
    Destination::Letter { lines: vec!["Pigeonhole 12".to_owned()] }
}

pub(crate) fn webhook() -> Destination {
    Destination::Webhook { endpoint: "ehr-basket".to_owned() }
}

pub(crate) fn request(class: NoticeClass) -> NoticeRequested {
    NoticeRequested {
        notice: NoticeId::derive(&["test"]),
        track: TrackId::derive(&["1047", "MAIN"]),
        kind: "pre-suspension".to_owned(),
        class,
        number: 3,
        facility: "MAIN".to_owned(),
        about: Some(provider()),
        recipient: Recipient::Provider { id: provider(), role: "provider".to_owned() },
        channels: vec![Channel::Email, Channel::Letter],
        on_all: false,
        at_any_hour: false,
        in_list: false,
        items: (1..=3)
            .map(|n| NoticeItem {
                deficiency: item(n),
                rule: "R13".to_owned(),
                document_type: "discharge_summary".to_owned(),
                due_at: None,
                age_days: 21,
            })
            .collect(),
        names_date: Some(jiff::civil::date(2026, 3, 20)),
        suspension: None,
        policy: PolicyReference { version: 1, title: "Policy".to_owned(), sha256: "00".repeat(32) },
        requested_at: monday(),
    }
}

pub(crate) fn asked(class: NoticeClass, at_once: &[Destination], then: &[Destination]) -> Requested {
    let route = |at_once| move |to: &Destination| Route { to: to.clone(), copy_for: None, at_once };
    Requested {
        request: request(class),
        digest: None,
        contact: "provider-1047".to_owned(),
        about: Some(uuid::Uuid::nil()),
        routes: at_once.iter().map(route(true)).chain(then.iter().map(route(false))).collect(),
        windows: Windows::always(),
        with_digest_at: None,
        is_list: false,
    }
}

pub(crate) fn act(why: &str) -> Act {
    Act { by: "kim".to_owned(), at: monday(), why: why.to_owned() }
}

/// A notice, its clock, and everything that was ever recorded of it.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    pub(crate) notice: Notice,
    pub(crate) events: Vec<NoticeEvent>,
    pub(crate) now: Timestamp,
    pub(crate) settings: Settings,
}

impl Story {
    pub(crate) fn of(requested: Requested) -> Self {
        let mut story = Self::early();
        story.when(&Change::Request(Box::new(requested)));
        story
    }

    /// Before anybody asked for the notice.
    pub(crate) fn early() -> Self {
        Self { notice: Notice::default(), events: Vec::new(), now: monday(), settings: Settings::default() }
    }

    /// Makes a change that is allowed, and tells its events.
    pub(crate) fn when(&mut self, change: &Change) -> Vec<NoticeEvent> {
        self.attempt(change).unwrap_or_else(|refusal| panic!("{change:?}: {refusal}"))
    }

    /// Makes a change, the way it goes through the store: what was stored is what is read.
    pub(crate) fn attempt(&mut self, change: &Change) -> Result<Vec<NoticeEvent>, Refusal> {
        let events = self.notice.decide(change, &self.settings, self.now)?;
        for event in &events {
            let stored = serde_json::to_vec(event).expect("JSON");
            let read = NoticeEvent::decode(event.kind(), &stored).expect("what was stored can be read");
            assert_eq!(&read, event);
            self.notice.evolve(&read);
            self.events.push(read);
        }
        Ok(events)
    }

    pub(crate) fn after(&mut self, duration: SignedDuration) {
        self.now += duration;
    }

    pub(crate) fn begin(&mut self, leg: u32) -> u32 {
        self.begin_in(leg, Mode::Live)
    }

    pub(crate) fn begin_in(&mut self, leg: u32, mode: Mode) -> u32 {
        self.when(&Change::Begin { leg, rendering: Some(rendering(leg)), mode, sender: None });
        self.notice.leg(leg).expect("a leg").attempts
    }

    pub(crate) fn end(&mut self, leg: u32, attempt: u32, ending: Ending) -> Vec<NoticeEvent> {
        self.when(&Change::End { leg, attempt, answer: Answer::new(ending, "answer") })
    }

    /// Sends a leg, with this answer.
    pub(crate) fn send(&mut self, leg: u32, ending: Ending) -> Vec<NoticeEvent> {
        let attempt = self.begin(leg);
        self.end(leg, attempt, ending)
    }

    pub(crate) fn state(&self, leg: u32) -> &'static str {
        self.notice.leg(leg).expect("a leg").state.name()
    }

    /// Moves the clock to the next timer and fires it; `false` when none is armed.
    pub(crate) fn next_timer(&mut self) -> bool {
        let next =
            self.notice.timers().armed().map(|(timer, armed)| (armed.due_at, timer, armed.arming)).min();
        let Some((due_at, timer, arming)) = next else { return false };
        self.now = self.now.max(due_at);
        self.when(&Change::Fire { timer, arming, epoch: 1 });
        true
    }

    /// The legs that a dispatcher would send now.
    pub(crate) fn due(&self) -> Vec<u32> {
        self.notice.due(self.now).map(|leg| leg.number).collect()
    }

    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        self.events.iter().map(NoticeEvent::kind).collect()
    }

    pub(crate) fn attempts_to(&self, to: &Destination) -> u32 {
        self.notice.legs().iter().filter(|leg| leg.to == *to).map(|leg| leg.attempts).sum()
    }

    pub(crate) fn items(&self) -> BTreeSet<DeficiencyId> {
        self.notice.items().into_iter().map(|item| item.deficiency).collect()
    }
}

pub(crate) fn rendering(leg: u32) -> Rendering {
    Rendering {
        template: "pre-suspension@1".to_owned(),
        content_type: "message/rfc822".to_owned(),
        message_id: Notice::message_id(NoticeId::derive(&["test"]), leg, "countersign.example"),
        sha256: "ab".repeat(32),
        base64: "aGVsbG8=".to_owned(),
        size: 5,
        carries: 0,
    }
}
