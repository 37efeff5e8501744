//! The watch over the federal limit of a chart (guard b): 30 days after the discharge it has to be complete (42 CFR
//! 482.24(c)(4)(viii)), whatever holds, leaves and disputes do to personal clocks. Stream `limit-<encounter id>`.

use std::collections::BTreeSet;

use countersign_contracts::notice::{
    NoticeClass, NoticeItem, NoticeRequested, NoticeWithdrawn, PolicyReference, Recipient,
};
use countersign_eventsourcing::timer::{TimerEvent, Timers};
use countersign_kernel::{
    CountedDays, DayCount, Days, DeficiencyId, EncounterId, NoticeId, TimerId, Timestamp, TrackId,
};
use countersign_owed::OwedItem;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    events::{ByWhom, NoticeAnswered},
    policy::Policy,
    step::OFFICE_CHANNELS,
};

/// Category of these streams.
pub const LIMIT: &str = "limit";
/// What the timer is for.
const PURPOSE: &str = "limit";

/// An event of a chart's watch. Stored format: version with care.
#[derive(Debug, Clone, PartialEq)]
pub enum LimitEvent {
    /// The chart is close to the limit: it goes to the offices that the policy names.
    Reached(LimitReached),
    /// An office is to be told.
    NoticeRequested(Box<NoticeRequested>),
    /// A notice is no longer wanted.
    NoticeWithdrawn(NoticeWithdrawn),
    /// Something became of a notice.
    NoticeAnswered(NoticeAnswered),
    /// Somebody has seen it.
    Acknowledged(LimitAcknowledged),
    /// The chart is complete, or the requirement fell away.
    Closed(LimitClosed),
    /// A timer.
    Timer(TimerEvent),
}

/// A chart is close to the limit. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitReached {
    /// Which chart.
    pub encounter: EncounterId,
    /// The item that says that the chart is incomplete.
    pub deficiency: DeficiencyId,
    /// Facility code.
    pub facility: String,
    /// The discharge.
    pub discharged_at: Timestamp,
    /// When so many days had passed.
    pub due_at: Timestamp,
    /// When that was seen.
    pub at: Timestamp,
    /// Which escalation of this chart, from 1: a chart that is complete and reopened has a second one.
    pub number: u32,
    /// The policy that it rests on.
    pub policy: PolicyReference,
}

/// A watch ended. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitClosed {
    /// When.
    pub at: Timestamp,
    /// Why, in words.
    pub because: String,
}

/// Somebody has seen that a chart is close to the limit. Stored format: version with care.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitAcknowledged {
    /// Which escalation of the chart.
    pub number: u32,
    /// Who, and what is done about it.
    pub by: ByWhom,
}

impl LimitEvent {
    /// The stored type name.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Reached(_) => "limit-reached",
            Self::NoticeRequested(_) => "notice-requested",
            Self::NoticeWithdrawn(_) => "notice-withdrawn",
            Self::NoticeAnswered(_) => "notice-answered",
            Self::Acknowledged(_) => "limit-acknowledged",
            Self::Closed(_) => "limit-closed",
            Self::Timer(event) => event.kind(),
        }
    }

    /// Decodes by the stored type name; `None` for what only a newer program knows.
    pub fn decode(kind: &str, data: &[u8]) -> Option<Result<Self, serde_json::Error>> {
        use serde_json::from_slice;
        Some(match kind {
            "limit-reached" => from_slice(data).map(Self::Reached),
            "notice-requested" => from_slice(data).map(Self::NoticeRequested),
            "notice-withdrawn" => from_slice(data).map(Self::NoticeWithdrawn),
            "notice-answered" => from_slice(data).map(Self::NoticeAnswered),
            "limit-acknowledged" => from_slice(data).map(Self::Acknowledged),
            "limit-closed" => from_slice(data).map(Self::Closed),
            _ => return TimerEvent::decode(kind, data).map(|event| event.map(Self::Timer)),
        })
    }
}

impl Serialize for LimitEvent {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Reached(event) => event.serialize(to),
            Self::NoticeRequested(event) => event.serialize(to),
            Self::NoticeWithdrawn(event) => event.serialize(to),
            Self::NoticeAnswered(event) => event.serialize(to),
            Self::Acknowledged(event) => event.serialize(to),
            Self::Closed(event) => event.serialize(to),
            Self::Timer(event) => event.serialize(to),
        }
    }
}

/// The item about a chart as a whole, as it stands: [`OwedItem::is_chart_level`](countersign_owed::OwedItem).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartLimit {
    /// The chart.
    pub encounter: EncounterId,
    /// The item.
    pub deficiency: DeficiencyId,
    /// Its rule.
    pub rule: String,
    /// Its document type.
    pub document_type: String,
    /// Facility code.
    pub facility: String,
    /// The discharge; nothing while there is none, or it was cancelled.
    pub discharged_at: Option<Timestamp>,
    /// The limit's last instant.
    pub due_at: Option<Timestamp>,
    /// When it became known here that the chart is incomplete.
    pub known_at: Timestamp,
    /// The chart is incomplete.
    pub open: bool,
    /// Read from the journal itself.
    pub rechecked: bool,
}

impl ChartLimit {
    /// From the items of a chart: the one that says that the chart is incomplete; an open one before others, the earliest
    /// due before later ones. Nothing when there is none.
    pub fn of<'a>(
        chart: EncounterId,
        items: impl IntoIterator<Item = &'a OwedItem>,
        rechecked: bool,
    ) -> Option<Self> {
        let of_chart = items.into_iter().filter(|item| item.is_chart_level());
        let item = of_chart.min_by_key(|item| (!item.is_open(), item.changed.due_at, item.changed.id))?;
        let changed = &item.changed;
        Some(Self {
            encounter: chart,
            deficiency: changed.id,
            rule: changed.rule.clone(),
            document_type: changed.document_type.clone(),
            facility: changed.facility.clone(),
            discharged_at: changed.anchor_at,
            due_at: changed.due_at,
            known_at: item.known_at,
            open: item.is_open(),
            rechecked,
        })
    }
}

/// The state of a watch: the fold of its stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Which chart.
    pub encounter: EncounterId,
    /// How often it was escalated.
    pub escalations: u32,
    /// The offices were told, and the chart is not complete yet: with which notices.
    pub told: Option<Vec<NoticeId>>,
    /// What became of notices.
    pub answers: Vec<NoticeAnswered>,
    /// Acts of people that are on record: the same one again changes nothing.
    pub acts: BTreeSet<Uuid>,
    /// Its timer.
    pub timers: Timers,
}

impl Limit {
    /// One of which nothing is known.
    pub fn new(encounter: EncounterId) -> Self {
        Self {
            encounter,
            escalations: 0,
            told: None,
            answers: Vec::new(),
            acts: BTreeSet::new(),
            timers: Timers::default(),
        }
    }

    /// The track id that its notices carry: notices have to belong to one.
    pub fn track(&self) -> TrackId {
        TrackId::derive(&["limit", &self.encounter.to_string()])
    }

    /// Its one timer.
    pub fn timer(&self) -> TimerId {
        TimerId::derive(&["limit", &self.encounter.to_string()])
    }

    /// Takes note of what happened.
    pub fn evolve(&mut self, event: &LimitEvent) {
        match event {
            LimitEvent::Reached(event) => {
                self.escalations = event.number;
                self.told = Some(Vec::new());
            }
            LimitEvent::NoticeRequested(event) => {
                if let Some(told) = &mut self.told {
                    told.push(event.notice);
                }
            }
            LimitEvent::NoticeWithdrawn(event) => {
                if let Some(told) = &mut self.told {
                    told.retain(|notice| *notice != event.notice);
                }
            }
            LimitEvent::NoticeAnswered(event) => self.answers.push(event.clone()),
            LimitEvent::Acknowledged(event) => self.acts.extend(event.by.act),
            LimitEvent::Closed(_) => self.told = None,
            LimitEvent::Timer(event) => self.timers.evolve(event),
        }
    }
}

/// Somebody has seen that the chart is close to the limit. Nothing when this act is on record; `None`: the chart did not
/// go to the offices, or is complete.
pub fn acknowledge(limit: &Limit, by: &ByWhom) -> Option<Vec<LimitEvent>> {
    if by.act.is_some_and(|act| limit.acts.contains(&act)) {
        return Some(Vec::new());
    }
    limit.told.as_ref()?;
    Some(vec![LimitEvent::Acknowledged(LimitAcknowledged { number: limit.escalations, by: by.clone() })])
}

/// What happens on a chart's watch at an instant: once the chart is so many days from its discharge and incomplete, the
/// offices of the policy are told, once. Pure; nothing happens on facts that were not re-checked.
pub fn look(
    limit: &Limit,
    policy: &Policy,
    chart: &ChartLimit,
    now: Timestamp,
    days: Days<'_>,
) -> Vec<LimitEvent> {
    if !chart.rechecked {
        return Vec::new();
    }
    let mut watch = Watch { limit: limit.clone(), events: Vec::new() };
    let due_at = chart.discharged_at.filter(|_| chart.open && policy.regulatory.days > 0).map(|discharged| {
        let last = days.end_after(discharged, DayCount(policy.regulatory.days), CountedDays::Calendar);
        let reached = last.saturating_add(jiff::SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX);
        // What became known just now may be the first half of a story: a backlog of messages is on its way.
        let settled = jiff::SignedDuration::from_hours(24 * i64::from(policy.guards.known_days));
        let settled = chart.known_at.saturating_add(settled).unwrap_or(Timestamp::MAX);
        (discharged, reached.max(settled))
    });
    match due_at {
        None => {
            watch.close(chart, now);
            watch.cancel("the chart is complete, or has no discharge");
        }
        Some((discharged_at, due_at)) if due_at <= now => {
            if watch.limit.told.is_none() {
                watch.escalate(policy, chart, (discharged_at, due_at), now);
            }
            watch.cancel("the offices were told");
        }
        // A later discharge: what was told does not hold any more.
        Some((_, due_at)) => {
            watch.close(chart, now);
            let timer = watch.limit.timer();
            let rule = format!(
                "{} days after the discharge, and {} after it became known",
                policy.regulatory.days, policy.guards.known_days
            );
            if let Some(event) = watch.limit.timers.arm(timer, due_at, PURPOSE, &rule) {
                watch.push(LimitEvent::Timer(event));
            }
        }
    }
    watch.events
}

struct Watch {
    limit: Limit,
    events: Vec<LimitEvent>,
}

impl Watch {
    fn push(&mut self, event: LimitEvent) {
        self.limit.evolve(&event);
        self.events.push(event);
    }

    fn cancel(&mut self, because: &str) {
        if let Some(event) = self.limit.timers.cancel(self.limit.timer(), because) {
            self.push(LimitEvent::Timer(event));
        }
    }

    fn escalate(
        &mut self,
        policy: &Policy,
        chart: &ChartLimit,
        (discharged_at, due_at): (Timestamp, Timestamp),
        now: Timestamp,
    ) {
        let number = self.limit.escalations + 1;
        self.push(LimitEvent::Reached(LimitReached {
            encounter: chart.encounter,
            deficiency: chart.deficiency,
            facility: chart.facility.clone(),
            discharged_at,
            due_at,
            at: now,
            number,
            policy: policy.reference.clone(),
        }));
        let day = |at: Timestamp| at.duration_since(discharged_at).as_hours() / 24;
        for (office, order) in policy.regulatory.to.iter().zip(1..) {
            let track = self.limit.track();
            let notice = NoticeId::derive(&[&track.to_string(), &number.to_string(), office]);
            self.push(LimitEvent::NoticeRequested(Box::new(NoticeRequested {
                notice,
                track,
                kind: policy.regulatory.kind.clone(),
                class: NoticeClass::Formal,
                number: order,
                facility: chart.facility.clone(),
                // About a chart, and not about a provider.
                about: None,
                recipient: Recipient::Office { name: office.clone() },
                channels: OFFICE_CHANNELS.to_vec(),
                on_all: false,
                at_any_hour: false,
                // Weeks are left: one list a day, and no message a chart.
                in_list: true,
                items: vec![NoticeItem {
                    deficiency: chart.deficiency,
                    rule: chart.rule.clone(),
                    document_type: chart.document_type.clone(),
                    due_at: chart.due_at,
                    age_days: u32::try_from(day(now)).unwrap_or(0),
                }],
                names_date: None,
                suspension: None,
                policy: policy.reference.clone(),
                requested_at: now,
            })));
        }
    }

    fn close(&mut self, chart: &ChartLimit, now: Timestamp) {
        if let Some(told) = self.limit.told.clone() {
            let out = |notice: &NoticeId| self.limit.answers.iter().any(|answer| answer.notice == *notice);
            let unsent: Vec<NoticeId> = told.into_iter().filter(|notice| !out(notice)).collect();
            let because = if chart.open { "the discharge is another one" } else { "the chart is complete" };
            for notice in unsent {
                let event = NoticeWithdrawn { notice, because: because.to_owned(), at: now };
                self.push(LimitEvent::NoticeWithdrawn(event));
            }
            self.push(LimitEvent::Closed(LimitClosed { at: now, because: because.to_owned() }));
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_kernel::BusinessCalendar;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::domain::policy::PolicySet;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_chart_goes_to_the_offices_once_on_the_day_after_its_twenty_fifth() {
        // given a discharge on 1 March and a chart that stays incomplete
        let policy = PolicySet::read(PolicySet::DEFAULT_FILE, 1).expect("the shipped policy").everywhere;
        let (zone, calendar) = (TimeZone::UTC, BusinessCalendar::default());
        let days = Days { zone: &zone, calendar: &calendar };
        let encounter = EncounterId::derive(&["v1"]);
        let mut chart = ChartLimit {
            encounter,
            deficiency: DeficiencyId::derive(&["v1", "C1"]),
            rule: "C1".to_owned(),
            document_type: "chart".to_owned(),
            facility: "MAIN".to_owned(),
            discharged_at: Some(at("2026-03-01T10:00:00Z")),
            due_at: Some(at("2026-03-31T23:59:59Z")),
            known_at: at("2026-03-01T10:05:00Z"),
            open: true,
            rechecked: true,
        };
        let mut limit = Limit::new(encounter);
        let mut play = |chart: &ChartLimit, now: &str| {
            let events = look(&limit, &policy, chart, at(now), days);
            for event in &events {
                limit.evolve(event);
            }
            events.iter().map(LimitEvent::kind).collect::<Vec<_>>()
        };
        // then the timer is armed, and a second before the day is over nothing happens
        assert_eq!(play(&chart, "2026-03-02T00:00:00Z"), ["timer-armed"]);
        assert_eq!(play(&chart, "2026-03-26T23:59:59Z"), [""; 0]);
        // when it is over, then both offices are told, once
        let told = ["limit-reached", "notice-requested", "notice-requested", "timer-cancelled"];
        assert_eq!(play(&chart, "2026-03-27T00:00:00Z"), told);
        assert_eq!(play(&chart, "2026-03-28T00:00:00Z"), [""; 0]);
        // when it is complete before the notices went out, then they stay here
        chart.open = false;
        let over = ["notice-withdrawn", "notice-withdrawn", "limit-closed"];
        assert_eq!(play(&chart, "2026-03-28T00:00:00Z"), over);
    }

    #[test]
    fn a_backlog_is_let_settle_before_anybody_is_told() {
        // given a chart whose discharge of long ago became known this morning
        let encounter = EncounterId::derive(&["test", "v2"]);
        let chart = ChartLimit {
            encounter,
            deficiency: DeficiencyId::derive(&["v2", "C1"]),
            rule: "C1".to_owned(),
            document_type: "chart".to_owned(),
            facility: "MAIN".to_owned(),
            discharged_at: Some(at("2026-03-01T10:00:00Z")),
            due_at: Some(at("2026-03-31T23:59:59Z")),
            known_at: at("2026-05-01T08:00:00Z"),
            open: true,
            rechecked: true,
        };
        let policy = PolicySet::read(PolicySet::DEFAULT_FILE, 1).expect("the shipped policy").everywhere;
        let calendar = BusinessCalendar::default();
        let days = Days { zone: &TimeZone::UTC, calendar: &calendar };
        let told = |now: &str| {
            let events = look(&Limit::new(encounter), &policy, &chart, at(now), days);
            events.iter().filter(|event| matches!(event, LimitEvent::NoticeRequested(_))).count()
        };
        // then nobody is told at once, and the offices are two days later
        assert_eq!(told("2026-05-01T08:00:01Z"), 0);
        assert_eq!(told("2026-05-03T08:00:00Z"), 2);
    }
}
