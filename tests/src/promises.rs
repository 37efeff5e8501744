//! What escalation and notification promise, checked from the record and from what others really received.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{house::Mail, journal::Stored, receiver::Call};

/// Categories of streams that the promises are about.
pub const CATEGORIES: [&str; 3] = ["track", "limit", "notice"];

/// What is on record of one notice.
#[derive(Debug, Clone, Default)]
pub struct Notice {
    /// It must arrive, and may come twice.
    pub formal: bool,
    /// Message ids of its legs.
    pub message_ids: BTreeSet<String>,
    /// Attempts of its legs, by leg.
    pub begun: BTreeMap<u64, usize>,
    /// Attempts that ended, by leg: how.
    pub ended: BTreeMap<u64, Vec<String>>,
    /// Channels of its legs.
    pub channels: BTreeMap<u64, String>,
    /// Something final is known of it: delivered, lost, given up, withdrawn, exhausted.
    pub settled: bool,
    /// The list that it goes out in.
    pub list: Option<String>,
    /// It is no longer to be sent.
    pub dropped: bool,
}

/// Everything that is known in the end.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// The record, in order.
    pub events: Vec<Stored>,
    /// What the mail server took in.
    pub mails: Vec<Mail>,
    /// What the receiver of webhooks was called with.
    pub calls: Vec<Call>,
}

impl Account {
    /// Notices by their ids.
    pub fn notices(&self) -> BTreeMap<String, Notice> {
        let mut notices: BTreeMap<String, Notice> = BTreeMap::new();
        for event in self.events.iter().filter(|event| event.category() == "notice") {
            let notice = notices.entry(event.stream.trim_start_matches("notice-").to_owned()).or_default();
            let leg = event.data["leg"].as_u64().unwrap_or_default();
            match event.kind.as_str() {
                "notice-requested" => notice.formal = event.data["request"]["class"] == "formal",
                "notice-gathered" => notice.formal |= event.text("class") == "formal",
                "notice-listed" => notice.list = Some(event.text("list").to_owned()),
                "notice-dropped" => (notice.settled, notice.dropped) = (true, true),
                "notice-queued" => {
                    notice.channels.insert(leg, event.text("channel").to_owned());
                }
                "notice-rendered" => {
                    notice.message_ids.insert(event.text("message_id").to_owned());
                }
                "notice-attempt-begun" => *notice.begun.entry(leg).or_default() += 1,
                "notice-attempt-ended" => {
                    notice.ended.entry(leg).or_default().push(event.text("ending").to_owned());
                }
                "notice-told" | "notice-delivered" | "notice-lost" | "notice-exhausted"
                | "notice-withheld" | "notice-taken-over" => notice.settled = true,
                _ => {}
            }
        }
        notices
    }

    /// Every promise that was broken, in words; nothing when all were kept. `end`: nothing is under way any more, and
    /// what was due by then has happened.
    pub fn broken(&self, end: Timestamp) -> Vec<String> {
        let mut broken = Vec::new();
        self.steps(&mut broken);
        self.timers(end, &mut broken);
        self.asked(&mut broken);
        self.received(&mut broken);
        broken
    }

    /// No step twice: of a track, a cycle has each rung once.
    fn steps(&self, broken: &mut Vec<String>) {
        let mut taken = BTreeSet::new();
        for event in self.of_kind("step-taken") {
            let step = (&event.stream, event.data["cycle"].as_u64(), event.data["rung"].as_u64());
            if !taken.insert(step) {
                broken.push(format!("the step {} of {} was taken twice", event.text("step"), event.stream));
            }
        }
        let mut asked = BTreeSet::new();
        for event in self.of_kind("notice-requested").filter(|event| event.category() != "notice") {
            if !asked.insert(event.text("notice")) {
                broken.push(format!("the notice {} was asked for twice", event.text("notice")));
            }
        }
    }

    fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Stored> {
        self.events.iter().filter(move |event| event.kind == kind)
    }

    /// No timer twice, none early, none lost.
    fn timers(&self, end: Timestamp, broken: &mut Vec<String>) {
        let mut armed: BTreeMap<(&str, u64), Timestamp> = BTreeMap::new();
        let mut over: BTreeSet<(&str, u64)> = BTreeSet::new();
        let mut fired = BTreeSet::new();
        let instant = |event: &Stored, field: &str| -> Timestamp {
            event.text(field).parse().unwrap_or_else(|error| panic!("{field} of {event:?}: {error}"))
        };
        for event in &self.events {
            let which = (event.text("timer"), event.data["arming"].as_u64().unwrap_or_default());
            match event.kind.as_str() {
                "timer-armed" => {
                    // Armed anew: the arming before is void.
                    if let Some(before) = which.1.checked_sub(1) {
                        over.insert((which.0, before));
                    }
                    armed.insert(which, instant(event, "due_at"));
                }
                "timer-cancelled" => {
                    over.insert(which);
                }
                "timer-fired" => {
                    let (due, at) = (instant(event, "due_at"), instant(event, "fired_at"));
                    if !fired.insert(which) {
                        broken.push(format!("the timer {} of {} fired twice", which.0, event.stream));
                    }
                    if at < due || armed.get(&which).is_none_or(|armed| at < *armed) {
                        broken
                            .push(format!("the timer {} of {} fired early, at {at}", which.0, event.stream));
                    }
                    over.insert(which);
                }
                _ => {}
            }
        }
        for ((timer, arming), due) in armed {
            if due <= end && !over.contains(&(timer, arming)) {
                broken.push(format!("the timer {timer} was due at {due} and never fired"));
            }
        }
    }

    /// None lost between the services: what a track or a limit asked for is a notice, and the other way round.
    fn asked(&self, broken: &mut Vec<String>) {
        let of = |own: bool| -> BTreeSet<&str> {
            // A digest asks for itself, and so does the list of an office.
            let asks_for_itself =
                |event: &Stored| !event.data["digest"].is_null() || event.data["is_list"] == true;
            self.of_kind("notice-requested")
                .filter(|event| (event.category() == "notice") == own && !asks_for_itself(event))
                .map(
                    |event| {
                        if own { event.stream.trim_start_matches("notice-") } else { event.text("notice") }
                    },
                )
                .collect()
        };
        let (asked, known) = (of(false), of(true));
        broken
            .extend(asked.difference(&known).map(|id| format!("the notice {id} was asked for and is lost")));
        broken.extend(known.difference(&asked).map(|id| format!("nobody asked for the notice {id}")));
    }

    /// Formal notices arrived, and came twice only where nobody knew of the first; reminders came once at the most;
    /// and the receiver of webhooks saw the same id for a notice every time.
    fn received(&self, broken: &mut Vec<String>) {
        let notices = self.notices();
        let mut mails: BTreeMap<String, usize> = BTreeMap::new();
        for mail in &self.mails {
            *mails.entry(mail.id()).or_default() += 1;
        }
        let mut calls: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for call in &self.calls {
            calls.entry(call.id()).or_default().insert(&call.body);
        }
        let mut explained = BTreeSet::new();
        for (id, notice) in &notices {
            let name = if notice.formal { "formal notice" } else { "reminder" };
            let by_mail: usize = notice.message_ids.iter().filter_map(|id| mails.get(id)).sum();
            let unknown = notice.ended.values().flatten().filter(|ending| *ending == "unknown").count();
            explained.extend(notice.message_ids.iter().cloned());
            if !notice.settled {
                broken.push(format!("the {name} {id} is settled in no way: {notice:?}"));
            }
            if !notice.formal && by_mail > 1 {
                broken.push(format!("the reminder {id} came {by_mail} times"));
            }
            if by_mail > 1 && by_mail - 1 > unknown {
                broken.push(format!("the {name} {id} came {by_mail} times, with {unknown} unknown outcomes"));
            }
            let arrived = by_mail > 0
                || calls.contains_key(id.as_str())
                || notice.channels.values().any(|channel| channel == "inbox" || channel == "letter");
            // What goes out in a list has no ways of its own: the list is looked at for itself.
            let in_list = notice.list.as_ref().is_some_and(|list| notices.contains_key(list));
            if notice.formal && !arrived && !in_list && !notice.dropped {
                broken.push(format!("the formal notice {id} reached nobody: {notice:?}"));
            }
            if notice.ended.values().flatten().any(|ending| ending == "accepted") && !arrived {
                broken.push(format!("the {name} {id} is said to be accepted, and nobody has it"));
            }
            for (leg, begun) in &notice.begun {
                let ended = notice.ended.get(leg).map_or(0, Vec::len);
                if ended != *begun {
                    broken
                        .push(format!("leg {leg} of the {name} {id}: {begun} attempts begun, {ended} ended"));
                }
            }
        }
        for id in mails.keys().filter(|id| !explained.contains(*id)) {
            broken.push(format!("a mail came that nobody asked for: {id}"));
        }
        for (id, bodies) in calls {
            if !notices.contains_key(id) {
                broken.push(format!("a call came that nobody asked for: {id}"));
            }
            if bodies.len() > 1 {
                broken.push(format!("the calls of the notice {id} differ"));
            }
        }
    }
}
