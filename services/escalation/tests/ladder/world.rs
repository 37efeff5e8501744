//! The world: what is owed, people on leave, a post office with delays and bounces, outages, acts of leadership. The
//! core under test is the real one; facts reach it as contract events, through the same fold that services use.

use countersign_contracts::{
    Envelope,
    deficiency::{DeficiencyChanged, DeficiencyStatus, LimitUnit, Pause},
    directory::{Leave, ProviderDescribed},
    notice::Recipient,
};
use countersign_escalation::domain::{
    acts::{Act, Command, Refusal, decide_act},
    events::{NoticeAnswered, TrackEvent},
    policy::{Policy, PolicySet},
    standing::{Standing, alone, standing},
    step::{Context, Recipients, Why, look, may_matter},
    track::{Track, track_id},
};
use countersign_kernel::{
    Actor, BusinessCalendar, Days, DeficiencyId, EncounterId, EventId, Person, ProviderId, Role, Timestamp,
};
use countersign_owed::{Owed, Party};
use jiff::{SignedDuration, tz::TimeZone};
use serde::Serialize;
use uuid::Uuid;

use crate::{invariants, planted::Bug, post::Post};

/// The facility of these tests.
pub(crate) const PLACE: &str = "MAIN";

/// One event with the instant at which it really happened.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The world's true time.
    pub(crate) at: Timestamp,
    /// What.
    pub(crate) event: TrackEvent,
}

/// The world.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
    pub(crate) calendar: BusinessCalendar,
    pub(crate) policies: Vec<PolicySet>,
    pub(crate) owed: Owed,
    pub(crate) items: Vec<DeficiencyChanged>,
    pub(crate) provider: ProviderDescribed,
    pub(crate) chair: Option<ProviderId>,
    pub(crate) delegate: Option<ProviderId>,
    /// What the post office does with what is sent to the provider.
    pub(crate) post: Post,
    /// And with copies for others.
    pub(crate) post_of_copies: Post,
    /// What the post office has yet to tell.
    pub(crate) underway: Vec<(Timestamp, NoticeAnswered)>,
    pub(crate) track: Track,
    pub(crate) history: Vec<Entry>,
    /// The services are away until then.
    pub(crate) down_until: Option<Timestamp>,
    pub(crate) settles_until: Option<Timestamp>,
    pub(crate) clock_trusted: bool,
    pub(crate) uncovered: Vec<String>,
    pub(crate) bug: Option<Bug>,
    /// The clock that the services read is wrong by so much.
    pub(crate) clock_ahead: SignedDuration,
    /// The promises are checked after every event; else whoever drives the world asks.
    pub(crate) checked: bool,
    /// What an earlier look knew: for a bug.
    pub(crate) stale: Option<Owed>,
    /// Why the next look is.
    why: Why,
    position: u64,
    acts: usize,
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(crate) fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

pub(crate) fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

pub(crate) fn default_policy() -> PolicySet {
    PolicySet::read(PolicySet::DEFAULT_FILE, 1).expect("the shipped policy")
}

impl World {
    /// A Monday morning in March, a provider who owes nothing, and this policy.
    pub(crate) fn new(policy: PolicySet) -> Self {
        let start = at("2026-03-02T08:00:00Z");
        let id = ProviderId { id: "D1".to_owned(), authority: String::new() };
        let provider = ProviderDescribed {
            key: Uuid::from_u128(7),
            id: id.clone(),
            identifiers: vec![id],
            merged_into: None,
            name: Person::default(),
            details: Vec::new(),
            activity: Vec::new(),
            leaves: Vec::new(),
        };
        let mut world = Self {
            now: start,
            zone: TimeZone::UTC,
            calendar: BusinessCalendar::default(),
            policies: vec![policy],
            owed: Owed::new(TimeZone::UTC),
            items: Vec::new(),
            provider,
            chair: Some(ProviderId { id: "CHAIR".to_owned(), authority: String::new() }),
            delegate: None,
            post: Post::Arrives,
            post_of_copies: Post::Arrives,
            underway: Vec::new(),
            track: Track::new(track_id(Uuid::from_u128(7), PLACE)),
            history: Vec::new(),
            down_until: None,
            settles_until: None,
            clock_trusted: true,
            uncovered: Vec::new(),
            bug: None,
            clock_ahead: SignedDuration::ZERO,
            checked: true,
            stale: None,
            why: Why::Time,
            position: 0,
            acts: 0,
        };
        world.describe_provider();
        world
    }

    // What is owed.

    /// Owes a discharge summary since now: due in seven days.
    pub(crate) fn owe(&mut self, name: &str) -> DeficiencyId {
        self.owe_since(name, self.now)
    }

    /// Owes a discharge summary since an instant, and it becomes known now.
    pub(crate) fn owe_since(&mut self, name: &str, anchor: Timestamp) -> DeficiencyId {
        let id = DeficiencyId::derive(&[name]);
        let due_at =
            countersign_kernel::end_of_local_day_after(anchor, countersign_kernel::DayCount(7), &self.zone);
        self.items.push(DeficiencyChanged {
            id,
            encounter: EncounterId::derive(&[name]),
            facility: PLACE.to_owned(),
            change: "opened".to_owned(),
            rule: "R13".to_owned(),
            rule_version: 1,
            document_type: "discharge_summary".to_owned(),
            responsible: Some(Person { id: Some("D1".to_owned()), ..Person::default() }),
            status: DeficiencyStatus::Open,
            anchor_at: Some(anchor),
            due_at: Some(due_at),
            limit: Some(LimitUnit::Days),
            opened_at: anchor,
            closed_at: None,
            delinquent_at: None,
            target_at: None,
            reopened_at: None,
            holds_bill: true,
            pauses: Vec::new(),
            disputed_since: None,
        });
        self.tell(id);
        id
    }

    /// An item changes.
    pub(crate) fn change(&mut self, id: DeficiencyId, change: impl FnOnce(&mut DeficiencyChanged)) {
        let item = self.items.iter_mut().find(|item| item.id == id).expect("an item of this world");
        "changed".clone_into(&mut item.change);
        change(item);
        self.tell(id);
    }

    pub(crate) fn done(&mut self, id: DeficiencyId) {
        self.done_at(id, self.now);
    }

    /// It was done at an instant, and that becomes known now.
    pub(crate) fn done_at(&mut self, id: DeficiencyId, at: Timestamp) {
        self.change(id, |item| {
            item.status = DeficiencyStatus::Satisfied;
            item.closed_at = Some(at);
        });
    }

    /// It never was a requirement.
    pub(crate) fn voided(&mut self, id: DeficiencyId) {
        let now = self.now;
        self.change(id, |item| {
            item.status = DeficiencyStatus::Voided;
            item.closed_at = Some(now);
        });
    }

    pub(crate) fn disputed(&mut self, id: DeficiencyId) {
        let now = self.now;
        self.change(id, |item| {
            item.disputed_since = Some(now);
            let until = now.saturating_add(days(2)).expect("an instant");
            item.pauses.push(Pause {
                cause: "dispute_under_review".to_owned(),
                from: now,
                until: Some(until),
            });
        });
    }

    pub(crate) fn dispute_rejected(&mut self, id: DeficiencyId) {
        let now = self.now;
        self.change(id, |item| {
            item.disputed_since = None;
            for pause in &mut item.pauses {
                pause.until = pause.until.map(|until| until.min(now));
            }
        });
    }

    pub(crate) fn held(&mut self, id: DeficiencyId) {
        let now = self.now;
        self.change(id, |item| {
            item.pauses.push(Pause { cause: "legal_hold".to_owned(), from: now, until: None });
        });
    }

    pub(crate) fn released(&mut self, id: DeficiencyId) {
        let now = self.now;
        self.change(id, |item| {
            for pause in &mut item.pauses {
                pause.until = Some(pause.until.map_or(now, |until| until.min(now)));
            }
        });
    }

    pub(crate) fn given_to_somebody_else(&mut self, id: DeficiencyId) {
        self.change(id, |item| {
            item.responsible = Some(Person { id: Some("D2".to_owned()), ..Person::default() });
        });
    }

    pub(crate) fn leave(&mut self, from: Timestamp, until: Option<Timestamp>) {
        let id = Uuid::from_u128(u128::from(self.position) + 1000);
        let recorded_at = self.now;
        self.provider.leaves.push(Leave { id, kind: "planned".to_owned(), from, until, recorded_at });
        self.provider.leaves.sort_by_key(|leave| leave.from);
        self.describe_provider();
        self.why = Why::Anything;
        self.look();
    }

    pub(crate) fn is_open(&self, id: DeficiencyId) -> bool {
        self.items.iter().any(|item| item.id == id && item.status == DeficiencyStatus::Open)
    }

    fn describe_provider(&mut self) {
        let provider = self.provider.clone();
        self.fold(ProviderDescribed::TYPE, "directory", provider.key, &provider);
    }

    fn tell(&mut self, id: DeficiencyId) {
        let item = self.items.iter().find(|item| item.id == id).expect("an item").clone();
        // What waits for a look already is none of this item's doing.
        if self.down_until.is_none() && self.why == Why::Time {
            self.why = Why::Item(id);
        }
        let quiet = self.checked && self.down_until.is_none() && self.with_context(look).is_empty();
        self.fold(DeficiencyChanged::TYPE, "deficiency", item.encounter.0, &item);
        if quiet && !self.may_matter(id) {
            let unexpected = self.with_context(look);
            if !unexpected.is_empty() {
                invariants::fail(&format!("an item that cannot matter did: {unexpected:?}"), self);
            }
        }
        self.look();
    }

    /// What the service asks before it looks at a track because an item changed.
    fn may_matter(&self, id: DeficiencyId) -> bool {
        let (policy, now) = (self.policy(), self.shown());
        let item = self.owed.item(id).expect("an item of this world");
        let Some(item) = alone(self.owed.directory(), item, policy, now) else { return true };
        let still_owes = !self.owed.open_items_of(self.provider.key, PLACE).is_empty();
        may_matter(&self.track, policy, &item, still_owes, now)
    }

    fn fold(&mut self, kind: &str, category: &str, key: Uuid, data: &impl Serialize) {
        self.position += 1;
        let envelope = Envelope {
            id: EventId::derive(&[&self.position.to_string()]),
            source: "deficiency".to_owned(),
            kind: kind.to_owned(),
            category: category.to_owned(),
            key,
            time: self.now,
            position: self.position,
            correlation: Uuid::nil(),
            traceparent: None,
            data: serde_json::value::to_raw_value(data).expect("JSON"),
        };
        self.stale = Some(self.owed.clone());
        self.owed.fold(&envelope).expect("an event that decodes");
    }

    // What the core sees.

    /// The policy that the track keeps to, or the one in force.
    pub(crate) fn policy(&self) -> &Policy {
        let kept = self.track.keeps_to().map(|kept| kept.version);
        let set = self.policies.iter().find(|set| Some(set.everywhere.reference.version) == kept);
        set.unwrap_or_else(|| self.policies.last().expect("a policy")).of(PLACE)
    }

    pub(crate) fn publish(&mut self, text: &str) {
        let version = u32::try_from(self.policies.len()).expect("few") + 1;
        self.policies.push(PolicySet::read(text, version).expect("a policy"));
        self.look();
    }

    pub(crate) fn days(&self) -> Days<'_> {
        Days { zone: &self.zone, calendar: &self.calendar }
    }

    fn standing_of(&self, owed: &Owed, now: Timestamp, policy: &Policy) -> Standing {
        let party = Party { provider: self.provider.key, facility: PLACE.to_owned() };
        standing(owed, &party, policy, now, (self.position, true), &self.track.asked_about(self.why))
    }

    pub(crate) fn with_context<T>(&self, f: impl FnOnce(&Track, &Policy, &Context<'_>) -> T) -> T {
        let (mut policy, mut track) = (self.policy().clone(), self.track.clone());
        let mut now = self.shown();
        let mut owed = &self.owed;
        if let Some(bug) = self.bug {
            bug.spoil(&mut policy, &mut track, &mut now);
            if bug == Bug::StaleFacts {
                owed = self.stale.as_ref().unwrap_or(owed);
            }
        }
        let standing = self.standing_of(owed, now, &policy);
        let context = Context {
            standing: &standing,
            days: self.days(),
            facility: PLACE,
            provider_key: self.provider.key,
            recipients: Recipients {
                provider: self.provider.id.clone(),
                chair: self.chair.clone(),
                delegate: self.delegate.clone(),
            },
            clock_trusted: self.clock_trusted,
            settles_until: self.settles_until,
            many_would_move: None,
            uncovered: self.uncovered.clone(),
        };
        f(&track, &policy, &context)
    }

    // What happens.

    /// The service looks at the track, unless it is away.
    pub(crate) fn look(&mut self) {
        if self.down_until.is_some() {
            // Whoever comes back has missed anything.
            self.why = Why::Anything;
            return;
        }
        // What one look begins the next may finish: the next cycle begins after one has ended.
        for _ in 0..4 {
            let events = self.with_context(look);
            if events.is_empty() {
                self.why = Why::Time;
                return;
            }
            self.append(events);
        }
        invariants::fail("a track never comes to rest", self);
    }

    fn append(&mut self, events: Vec<TrackEvent>) {
        for mut event in events {
            if let Some(bug) = self.bug
                && !bug.lets_through(&mut event)
            {
                continue;
            }
            self.track.evolve(&event);
            self.post(&event);
            self.history.push(Entry { at: self.now, event });
            if self.checked {
                invariants::after_event(self);
            }
        }
        if self.checked {
            invariants::after_batch(self);
        }
    }

    fn post(&mut self, event: &TrackEvent) {
        let (notice, provider) = match event {
            TrackEvent::NoticeRequested(requested) => (
                requested.notice,
                matches!(&requested.recipient, Recipient::Provider { role, .. } if role == "provider"),
            ),
            TrackEvent::NoticeWithdrawn(withdrawn) => {
                self.underway.retain(|(_, answer)| answer.notice != withdrawn.notice);
                return;
            }
            _ => return,
        };
        let post = if provider { self.post } else { self.post_of_copies };
        self.underway.extend(post.answers(notice, self.now));
    }

    /// The next instant at which anything happens by itself.
    fn next_instant(&self) -> Option<Timestamp> {
        let timer = self.track.timers.armed().map(|(_, armed)| armed.due_at).min();
        let early = if self.bug == Some(Bug::FiresEarly) { days(1) } else { SignedDuration::ZERO };
        let early = early + self.clock_ahead;
        let timer = timer.map(|at| at.saturating_sub(early).expect("an instant").max(self.now));
        let answer = self.underway.iter().map(|(at, _)| *at).min();
        let back = self.down_until.into_iter();
        match self.down_until {
            Some(_) => back.min(),
            None => timer.into_iter().chain(answer).min(),
        }
    }

    /// What the services' clock shows.
    fn shown(&self) -> Timestamp {
        self.now.saturating_add(self.clock_ahead).expect("an instant")
    }

    /// Time passes.
    pub(crate) fn run_until(&mut self, until: Timestamp) {
        while let Some(next) = self.next_instant().filter(|next| *next <= until) {
            self.now = self.now.max(next);
            self.happen();
        }
        self.now = self.now.max(until);
        self.look();
    }

    pub(crate) fn pass(&mut self, time: SignedDuration) {
        self.run_until(self.now.saturating_add(time).expect("an instant"));
    }

    fn happen(&mut self) {
        if let Some(until) = self.down_until {
            if until > self.now {
                return;
            }
            self.down_until = None;
            let settles = i64::from(self.policy().outage.settle_hours);
            self.settles_until = self.now.checked_add(hours(settles)).ok();
            // Whoever comes back looks at everything first.
            self.look();
        }
        let due = |(at, _): &(Timestamp, NoticeAnswered)| *at <= self.now;
        let (told, underway) = self.underway.iter().cloned().partition(due);
        self.underway = underway;
        let told: Vec<(Timestamp, NoticeAnswered)> = told;
        for (_, answer) in told {
            self.append(vec![TrackEvent::NoticeAnswered(answer)]);
            self.look();
        }
        let armed: Vec<_> = self.track.timers.armed().map(|(id, armed)| (id, armed.arming)).collect();
        for (timer, arming) in armed {
            let by = if self.bug == Some(Bug::FiresEarly) { days(1) } else { SignedDuration::ZERO };
            let shown = self.shown().saturating_add(by).expect("an instant");
            if let Some(fired) = self.track.timers.fire(timer, arming, shown, 1) {
                self.append(vec![TrackEvent::Timer(fired)]);
                self.look();
            }
        }
    }

    /// The services are away for a while. The world goes on.
    pub(crate) fn outage(&mut self, time: SignedDuration) {
        self.down_until = self.now.checked_add(time).ok();
    }

    // What people do.

    pub(crate) fn act(&mut self, name: &str, roles: &[Role], command: Command) -> Result<(), Refusal> {
        self.acts += 1;
        let act = Act {
            id: Uuid::from_u128(5_000 + self.acts as u128),
            actor: Actor::new(name, roles),
            why: "as discussed".to_owned(),
            command,
        };
        let events = self.with_context(|track, policy, context| decide_act(track, policy, &act, context))?;
        self.append(events);
        self.look();
        // The same act again does nothing.
        let again = self.with_context(|track, policy, context| decide_act(track, policy, &act, context));
        assert_eq!(again, Ok(Vec::new()), "an act is taken once");
        Ok(())
    }

    /// The chief medical officer confirms the open proposal.
    pub(crate) fn confirm(&mut self) -> Result<(), Refusal> {
        self.confirm_as("C. Chief", &[Role::ChiefMedicalOfficer], false)
    }

    pub(crate) fn confirm_as(
        &mut self,
        name: &str,
        roles: &[Role],
        override_coverage: bool,
    ) -> Result<(), Refusal> {
        let (proposal, packet_sha256) =
            self.track.proposal.as_ref().map(|open| (open.number, open.sha256.clone())).unwrap_or_default();
        self.act(
            name,
            roles,
            Command::Confirm { proposal, packet_sha256, exempt: Vec::new(), override_coverage },
        )
    }

    // What is told of it.

    /// Steps, suspensions and their kin, as `day word`.
    pub(crate) fn told(&self) -> Vec<String> {
        let day = |at: Timestamp| at.to_zoned(self.zone.clone()).strftime("%m-%d").to_string();
        self.history
            .iter()
            .filter_map(|entry| {
                let word = match &entry.event {
                    TrackEvent::StepTaken(step) => step.step.clone(),
                    TrackEvent::SuspensionProposed(_) => "proposed".to_owned(),
                    TrackEvent::Suspended(_) => "suspended".to_owned(),
                    TrackEvent::Reinstated(_) => "reinstated".to_owned(),
                    TrackEvent::ProposalDecided(decided) => match decided.decision {
                        countersign_escalation::domain::events::Decision::Lapsed => "lapsed".to_owned(),
                        countersign_escalation::domain::events::Decision::Rejected { .. } => {
                            "rejected".to_owned()
                        }
                        countersign_escalation::domain::events::Decision::Confirmed { .. } => {
                            "confirmed".to_owned()
                        }
                    },
                    TrackEvent::StepSuperseded(step) => format!("superseded {}", step.step),
                    TrackEvent::Closed(_) => "closed".to_owned(),
                    TrackEvent::LeadershipAsked(asked) => format!("asked {:?}", asked.matter),
                    _ => return None,
                };
                Some(format!("{} {word}", day(entry.at)))
            })
            .collect()
    }

    /// How often a word was told.
    pub(crate) fn count(&self, word: &str) -> usize {
        self.told().iter().filter(|told| told.split_once(' ').is_some_and(|(_, rest)| rest == word)).count()
    }
}
