//! The auditor: checks the promises continuously, by ways of its own, and says that it has looked.
//!
//! Each round asks the tables for what should not be; a suspension is read from its stream and judged here, not by the
//! functions that decided about it. What was judged once is not judged again while it stands. After a round the
//! heartbeat goes out: whoever waits for it learns that the auditor stands still, or that nothing runs at all.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use countersign_contracts::{
    PARTITIONS,
    api::escalation::{AuditView, Checked, Finding},
    notice::{Channel, NoticeRequested, Outcome, Recipient},
};
use countersign_eventsourcing::{
    consumer::{CheckpointError, Checkpoints},
    journal::JournalError,
    timer::{TrustState, table as timers},
};
use countersign_kernel::{Actor, NoticeId, Timestamp, TrackId};
use jiff::{SignedDuration, ToSpan, tz::TimeZone};
use opentelemetry::{KeyValue, metrics::Meter};

use crate::{
    authority::Act,
    desk::{Desk, DeskError},
    domain::{
        events::{NoticeAnswered, TrackEvent},
        policy::{EmailProof, PROVIDER, Policy, ReadProof, Required},
        step,
    },
    lifecycle::LifecycleError,
    policies,
    projections::{self, Scope, SuspensionQuery},
    scope,
    service::{CONSUMER, Escalation},
    tracks::stream_of,
};

/// A timer may be late by so much.
const LATE: SignedDuration = SignedDuration::from_mins(5);
/// A cycle may be without a timer for so long: the events of one decision come together.
const WITHOUT_TIMER: SignedDuration = SignedDuration::from_mins(1);
/// A suspension ends so long after its last item was told to be done, at the latest.
const REINSTATED_WITHIN: SignedDuration = SignedDuration::from_secs(60);
/// A formal notice may be without any answer for so long, and on its way for so long.
const SILENT: SignedDuration = SignedDuration::from_hours(24);
const ON_ITS_WAY: SignedDuration = SignedDuration::from_hours(24 * 14);
/// The read model may lag behind the journal for so long.
const LAG: SignedDuration = SignedDuration::from_mins(5);
/// Longest wait for the heartbeat's answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Timers that are looked at in one round.
const MOST_TIMERS: usize = 1_000;

/// The checks, by the names that findings carry.
const CHECKS: [&str; 7] = [
    "overdue_timer",
    "no_next_step",
    "suspension_without_notice",
    "no_reinstatement",
    "notice_without_outcome",
    "read_model_behind",
    "partition_stopped",
];

/// Where the auditor says that it has looked, and how often it looks.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    /// Called (GET) after each round. It holds no data of anybody.
    pub url: Option<String>,
    /// From one round to the next.
    pub every: Duration,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { url: None, every: Duration::from_mins(5) }
    }
}

/// What is known of the promises.
#[derive(Debug, Clone, Default)]
struct State {
    looked_at: Option<Timestamp>,
    position: u64,
    heartbeat_at: Option<Timestamp>,
    findings: BTreeMap<(String, String), Finding>,
    looked: BTreeMap<&'static str, u64>,
    /// Suspensions that were found to have a complete notice.
    judged: BTreeSet<(TrackId, u32)>,
    /// Since when the read model has not come to the journal's head.
    behind: Option<(u64, Timestamp)>,
    figures: Figures,
}

/// Figures for metrics.
#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    states: [(&'static str, u64); 4],
    suspensions: u64,
}

/// Checks the promises.
pub struct Auditor {
    desk: Arc<Desk>,
    heartbeat: Heartbeat,
    checkpoints: Arc<Checkpoints>,
    /// What the clock that nobody can set showed when this process began.
    began: SignedDuration,
    client: reqwest::Client,
    state: Arc<Mutex<State>>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Auditor {
    pub(crate) fn new(desk: Arc<Desk>, heartbeat: Heartbeat, checkpoints: Arc<Checkpoints>) -> Self {
        let began = desk.clock.ran();
        Self { desk, heartbeat, checkpoints, began, client: reqwest::Client::new(), state: Arc::default() }
    }

    /// Looks again and again, for as long as the process lives.
    pub async fn run(&self) {
        let mut tick = tokio::time::interval(self.heartbeat.every);
        loop {
            tick.tick().await;
            match self.look().await {
                Ok(()) => self.beat().await,
                Err(error) => tracing::error!(%error, "the auditor could not look: no heartbeat"),
            }
        }
    }

    async fn beat(&self) {
        let Some(url) = &self.heartbeat.url else { return };
        let sent = self.client.get(url).timeout(PATIENCE).send().await;
        match sent.and_then(reqwest::Response::error_for_status) {
            Ok(_) => lock(&self.state).heartbeat_at = Some(self.desk.clock.now()),
            // The address may hold a secret: it is not logged.
            Err(error) => {
                tracing::error!(error = %error.without_url(), "the heartbeat was not heard");
            }
        }
    }

    /// One round.
    ///
    /// # Errors
    /// The journal or the read model cannot be read: nothing is known then.
    pub async fn look(&self) -> Result<(), DeskError> {
        let now = self.desk.clock.now();
        let before = |span: SignedDuration| now.checked_sub(span).unwrap_or(Timestamp::MIN);
        let (late, idle, silent, under_way) =
            (before(LATE), before(WITHOUT_TIMER), before(SILENT), before(ON_ITS_WAY));
        let head = self.desk.journal.head().await?.0;
        let position = self.desk.model.position().0;
        let seen = self
            .desk
            .model
            .query(move |sql| {
                let in_force = SuspensionQuery { in_force: true, ..SuspensionQuery::default() };
                Ok(Seen {
                    overdue: timers::due(sql, late, timers::Key::START, MOST_TIMERS)?,
                    armed: timers::numbers(sql, now, 1_000)?.armed,
                    open: projections::open_with_timer(sql)?,
                    in_force: projections::suspensions(sql, &in_force, &Scope::default())?,
                    ended: projections::ended_conditions(sql)?,
                    unanswered: projections::unanswered(sql, silent, under_way)?,
                    waiting: projections::waiting(sql)?,
                    states: projections::states(sql)?,
                })
            })
            .await?;
        let mut found = Vec::new();
        // What came due while nothing ran is worked off now: nobody broke a promise by that.
        let worked_off = self.desk.clock.ran().saturating_sub(self.began) >= LATE;
        for due in seen.overdue.iter().filter(|_| worked_off) {
            found.push(finding(
                "overdue_timer",
                due.stream.as_str(),
                due.due_at,
                "A timer is more than five minutes late.",
            ));
        }
        for (track, opened_at, waits) in &seen.open {
            let fine = *waits || *opened_at > idle;
            if !fine && self.should_wait(*track).await? {
                let stream = stream_of(*track);
                found.push(finding(
                    "no_next_step",
                    stream.as_str(),
                    *opened_at,
                    "A track is open, and nothing will look at it again.",
                ));
            }
        }
        for (track, proposal, told) in &seen.ended {
            if told.checked_add(REINSTATED_WITHIN).is_ok_and(|limit| limit < now) {
                let words = format!("Every item of suspension {proposal} is closed, and it goes on.");
                found.push(finding("no_reinstatement", stream_of(*track).as_str(), *told, &words));
            }
        }
        for notice in &seen.unanswered {
            let words = format!("Nothing has become of formal notice {} of this stream.", notice.number);
            found.push(finding("notice_without_outcome", &notice.stream, notice.requested_at, &words));
        }
        for stop in self.checkpoints.stopped(CONSUMER).map_err(|error| unreadable(&error))? {
            let words = format!(
                "A part of the feed stands before an event that cannot be processed ({}): what comes after it is not heard.",
                stop.reason
            );
            let part = format!("partition {}", stop.partition);
            found.push(finding("partition_stopped", &part, stop.since, &words));
        }
        let judged = lock(&self.state).judged.clone();
        let mut complete = BTreeSet::new();
        for suspension in &seen.in_force {
            let which = (suspension.track, suspension.suspended.proposal);
            let verdict = if judged.contains(&which) { None } else { self.judge(suspension).await? };
            match verdict {
                None => {
                    complete.insert(which);
                }
                Some(because) => {
                    let words = format!("Suspension {} has no complete notice: {because}.", which.1);
                    let stream = stream_of(which.0);
                    found.push(finding(
                        "suspension_without_notice",
                        stream.as_str(),
                        suspension.suspended.from,
                        &words,
                    ));
                }
            }
        }
        let mut state = lock(&self.state);
        let behind = (position < head).then(|| match state.behind {
            Some((at, since)) if at >= position => (at, since),
            _ => (position, now),
        });
        if let Some((_, since)) = behind
            && since < before(LAG)
        {
            found.push(finding(
                "read_model_behind",
                "escalation",
                since,
                "The read model does not come to the journal's head.",
            ));
        }
        state.behind = behind;
        let mut findings = BTreeMap::new();
        for finding in found {
            let key = (finding.check.clone(), finding.stream.clone());
            if !state.findings.contains_key(&key) {
                tracing::error!(
                    check = finding.check,
                    stream = finding.stream,
                    "the auditor found a broken promise"
                );
            }
            findings.insert(key, finding);
        }
        state.findings = findings;
        state.judged = complete;
        state.looked = [
            ("overdue_timer", seen.armed),
            ("no_next_step", seen.open.len() as u64),
            ("suspension_without_notice", seen.in_force.len() as u64),
            ("no_reinstatement", seen.in_force.len() as u64),
            ("notice_without_outcome", seen.waiting),
            ("read_model_behind", 1),
            ("partition_stopped", u64::from(PARTITIONS)),
        ]
        .into();
        state.figures = Figures { states: seen.states, suspensions: seen.in_force.len() as u64 };
        state.looked_at = Some(now);
        state.position = position;
        Ok(())
    }

    /// Whether something is to come on a track by itself: then a timer has to wait for it. What waits for the end of a
    /// hold or a leave that nobody knows waits for events.
    async fn should_wait(&self, track: TrackId) -> Result<bool, DeskError> {
        let Some(row) = self.desk.model.query(move |sql| projections::track(sql, track)).await? else {
            return Ok(false);
        };
        let explained = self.desk.explained(&row.party()).await?;
        Ok(step::next(&explained.loaded.state, explained.policy(), &explained.context()).is_some())
    }

    /// Why a suspension was not preceded by due notice; `None`: it was. By the events of its stream alone.
    async fn judge(&self, suspension: &projections::Suspension) -> Result<Option<String>, DeskError> {
        let events = self.desk.journal.read_stream(stream_of(suspension.track), 0).await?;
        let mut decoded = Vec::with_capacity(events.len());
        for event in &events {
            if let Some(read) = TrackEvent::decode(&event.kind, &event.data) {
                decoded.push(read.map_err(|error| event.undecodable(&error))?);
            }
        }
        let opened = decoded.iter().find_map(|event| match event {
            TrackEvent::Opened(opened) if opened.cycle == suspension.suspended.cycle => Some(&opened.policy),
            _ => None,
        });
        let book = self.desk.governance.current().await?;
        let Some(set) = policies::kept(&book, opened, suspension.suspended.from) else {
            return Ok(Some("its policy is not on record".to_owned()));
        };
        // A process that has just begun has read nobody's time zone yet.
        let directory = self.desk.known.refresh().await?;
        let zone = directory.places.zone(&suspension.facility);
        Ok(has_due_notice(&decoded, suspension.suspended.proposal, set.of(&suspension.facility), zone).err())
    }

    fn view(&self) -> AuditView {
        let state = lock(&self.state);
        AuditView {
            looked_at: state.looked_at,
            position: state.position,
            heartbeat_at: state.heartbeat_at,
            heartbeat_configured: self.heartbeat.url.is_some(),
            findings: state.findings.values().cloned().collect(),
            checked: CHECKS
                .into_iter()
                .map(|check| Checked {
                    check: check.to_owned(),
                    looked_at: state.looked.get(check).copied().unwrap_or(0),
                    broken: broken(&state, check),
                })
                .collect(),
        }
    }
}

/// The consumer's own file failed: nothing is known then.
fn unreadable(error: &CheckpointError) -> DeskError {
    JournalError::Unavailable(error.to_string()).into()
}

fn broken(state: &State, check: &str) -> u64 {
    state.findings.keys().filter(|(of, _)| of == check).count() as u64
}

/// What a round looks at.
struct Seen {
    overdue: Vec<timers::Due>,
    armed: u64,
    open: Vec<(TrackId, Timestamp, bool)>,
    in_force: Vec<projections::Suspension>,
    ended: Vec<(TrackId, u32, Timestamp)>,
    unanswered: Vec<projections::Unanswered>,
    waiting: u64,
    states: [(&'static str, u64); 4],
}

fn finding(check: &str, stream: &str, since: Timestamp, text: &str) -> Finding {
    Finding {
        check: check.to_owned(),
        stream: stream.to_owned(),
        track: crate::show::track_of(stream),
        since,
        text: text.to_owned(),
    }
}

/// Whether a suspension was preceded by due notice: one to the provider that names the day, delivered on the policy's
/// channels so many days before it came in force, and not before the day that it names.
fn has_due_notice(
    events: &[TrackEvent],
    proposal: u32,
    policy: &Policy,
    zone: &TimeZone,
) -> Result<(), String> {
    let mut notices: BTreeMap<NoticeId, (&NoticeRequested, Vec<&NoticeAnswered>)> = BTreeMap::new();
    let mut in_force = None;
    for event in events {
        match event {
            TrackEvent::NoticeRequested(asked) => {
                notices.insert(asked.notice, (asked.as_ref(), Vec::new()));
            }
            TrackEvent::NoticeAnswered(answer) => {
                if let Some((_, answers)) = notices.get_mut(&answer.notice) {
                    answers.push(answer);
                }
            }
            TrackEvent::Suspended(suspended) if suspended.proposal == proposal => {
                in_force = Some(suspended.from);
                break;
            }
            _ => {}
        }
    }
    let from = in_force.ok_or("its beginning is not on record")?;
    let day = from.to_zoned(zone.clone()).date();
    let mut because = Cow::Borrowed("no notice to the provider names a day");
    for (asked, answers) in notices.values() {
        let to_provider = matches!(&asked.recipient, Recipient::Provider { role, .. } if role == PROVIDER);
        let Some(named) = asked.names_date.filter(|_| to_provider) else { continue };
        match delivered(asked, answers, policy, from) {
            _ if named > day => because = format!("the notice named {named}, a later day").into(),
            None => because = "the notice that names the day was not delivered".into(),
            Some(at) if !is_in_time(at, from, policy.suspension.notice_days, zone) => {
                because = "the notice was delivered too late".into();
            }
            Some(_) => return Ok(()),
        }
    }
    Err(because.into_owned())
}

/// Whether so many whole local days lie between the day of the delivery and the day of the suspension. A day is an hour
/// shorter when summer time begins: hours would tell another story.
fn is_in_time(delivered: Timestamp, from: Timestamp, notice_days: u16, zone: &TimeZone) -> bool {
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    day(delivered).checked_add(i64::from(notice_days).days()).is_ok_and(|last| last < day(from))
}

/// When a notice was delivered by what was known at `now`, as the policy defines it.
fn delivered(
    asked: &NoticeRequested,
    answers: &[&NoticeAnswered],
    policy: &Policy,
    now: Timestamp,
) -> Option<Timestamp> {
    let rules = &policy.delivery;
    let on = |channel: Channel| -> Option<Timestamp> {
        let of_channel = || answers.iter().filter(move |answer| answer.channel == Some(channel));
        let wait = match channel {
            Channel::Email => match rules.email {
                EmailProof::Accepted => Some(0),
                EmailProof::BounceFree => Some(rules.bounce_free_days),
                EmailProof::Read => None,
            },
            Channel::Inbox | Channel::Webhook => {
                let proof = if channel == Channel::Inbox { rules.inbox } else { rules.webhook };
                (proof == ReadProof::Accepted).then_some(0)
            }
            Channel::Letter => None,
        };
        let proofs = of_channel().filter_map(|answer| match answer.outcome {
            Outcome::Delivered | Outcome::Read => Some(answer.at),
            Outcome::Accepted => {
                let at = answer.at.checked_add(SignedDuration::from_hours(24 * i64::from(wait?))).ok()?;
                let came_back = of_channel().any(|other| {
                    matches!(other.outcome, Outcome::Bounced | Outcome::Failed)
                        && other.at >= answer.at
                        && other.at <= at
                });
                (!came_back).then_some(at)
            }
            _ => None,
        });
        proofs.map(|at| at.max(asked.requested_at)).filter(|at| *at <= now).min()
    };
    let whole = answers
        .iter()
        .filter(|answer| answer.channel.is_none())
        .filter(|answer| matches!(answer.outcome, Outcome::Accepted | Outcome::Delivered | Outcome::Read))
        .map(|answer| answer.at.max(asked.requested_at))
        .filter(|at| *at <= now)
        .min();
    match rules.required {
        Required::Any => rules.channels.iter().filter_map(|channel| on(*channel)).chain(whole).min(),
        Required::All => {
            let all: Option<Vec<Timestamp>> = rules.channels.iter().map(|channel| on(*channel)).collect();
            all.and_then(|all| all.into_iter().max())
        }
    }
}

impl Escalation {
    /// What the auditor found and is not mended.
    ///
    /// # Errors
    /// The caller may not see it.
    #[expect(clippy::unused_async, reason = "asked as everything else is")]
    pub async fn audit_view(&self, actor: &Actor) -> Result<AuditView, LifecycleError> {
        scope::permit_everywhere(actor, Act::ReadAudit)?;
        Ok(self.auditor.view())
    }

    /// Figures for `/metrics`: timers, tracks by state, suspensions, findings by check, whether the clock is doubted.
    #[must_use]
    pub fn measured(self, meter: &Meter) -> Self {
        let timers = Arc::clone(self.timers());
        let gauge =
            |name: &'static str, what: &'static str| meter.u64_observable_gauge(name).with_description(what);
        let (one, two, three, four) =
            (Arc::clone(&timers), Arc::clone(&timers), Arc::clone(&timers), Arc::clone(&timers));
        let _armed = gauge("countersign.escalation.timers.armed", "Timers that are armed")
            .with_callback(move |to| to.observe(one.counts().armed, &[]))
            .build();
        let _due = gauge("countersign.escalation.timers.due", "Timers that are due")
            .with_callback(move |to| to.observe(two.counts().due, &[]))
            .build();
        let _late = gauge("countersign.escalation.timers.late", "Timers that are late by more than a second")
            .with_callback(move |to| to.observe(three.counts().late, &[]))
            .build();
        let _fired = meter
            .u64_observable_counter("countersign.escalation.timers.fired")
            .with_description("Timers that this process let fire")
            .with_callback(move |to| to.observe(four.counts().fired, &[]))
            .build();
        let _set_aside = gauge(
            "countersign.escalation.timers.set_aside",
            "Timers that could not be worked on and wait for an operator",
        )
        .with_callback(move |to| to.observe(timers.counts().set_aside, &[]))
        .build();
        let trust = Arc::clone(self.trust());
        let _clock = gauge(
            "countersign.escalation.clock.doubted",
            "1 while nobody has confirmed a clock that was set",
        )
        .with_callback(move |to| {
            to.observe(u64::from(matches!(trust.state(), TrustState::Doubted { .. })), &[]);
        })
        .build();
        let state = Arc::clone(&self.auditor.state);
        let _tracks = gauge("countersign.escalation.tracks", "Tracks by state")
            .with_callback(move |to| {
                for (name, count) in lock(&state).figures.states {
                    to.observe(count, &[KeyValue::new("state", name)]);
                }
            })
            .build();
        let state = Arc::clone(&self.auditor.state);
        let _suspensions = gauge("countersign.escalation.suspensions", "Suspensions in force")
            .with_callback(move |to| to.observe(lock(&state).figures.suspensions, &[]))
            .build();
        let state = Arc::clone(&self.auditor.state);
        let _findings =
            gauge("countersign.escalation.findings", "Broken promises that the auditor found, by check")
                .with_callback(move |to| {
                    let state = lock(&state);
                    for check in CHECKS {
                        to.observe(broken(&state, check), &[KeyValue::new("check", check)]);
                    }
                })
                .build();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_notice_are_counted_on_the_calendar_where_the_provider_is() {
        let at = |text: &str| -> Timestamp { text.parse().expect("an instant") };
        let zone = TimeZone::get("America/New_York").expect("a zone");
        let is = |delivered, from| is_in_time(at(delivered), at(from), 7, &zone);
        // given a notice delivered half an hour before midnight of 2 March, and summer time from 8 March on
        let late = "2026-03-02T23:30:00-05:00";
        // then the seven whole days after it end with 9 March, although that is less than 168 hours
        assert!(is(late, "2026-03-10T00:00:00-04:00"));
        assert!(!is(late, "2026-03-09T23:59:59-04:00"));
        // and in autumn an hour more makes no day of it
        assert!(!is("2026-10-26T00:00:00-04:00", "2026-11-02T23:59:59-05:00"));
        assert!(is("2026-10-26T00:00:00-04:00", "2026-11-03T00:00:00-05:00"));
    }
}
