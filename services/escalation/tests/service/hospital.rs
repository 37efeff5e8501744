//! A hospital with a journal on disk: neighbours that say what is owed and what became of notices, and the service.

use std::{path::Path, sync::Arc};

use countersign_contracts::{
    Envelope,
    deficiency::{self, DeficiencyChanged, DeficiencyStatus, LimitUnit},
    directory::{self, DetailsFrom, ProviderDescribed, Span},
    notice::{self, Channel, NoticeOutcome, Outcome},
    staff,
};
use countersign_escalation::{
    Escalation, Heartbeat, Ports, domain::events::TrackEvent, policies::Governance, publish,
};
use countersign_eventsourcing::{
    feed::JournalTail,
    journal::{
        Expected, Filter, Journal, JournalError, Metadata, NewEvent, Position, RecordedEvent, StreamName,
    },
    publish::{Publishers, SharedPublishers},
    timer::Rivals,
};
use countersign_kernel::{
    Clock, DeficiencyId, EncounterId, EventId, FixedClock, NoticeId, Person, ProviderId, Timestamp, TrackId,
};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use jiff::tz::TimeZone;
use serde::Serialize;
use uuid::Uuid;

/// A policy without runs, so that days are told apart easily.
pub(crate) const POLICY: &str = r#"
title = "Test policy"
[cadence]
mode = "continuous"
[guards]
known_days = 0
[[step]]
name = "notice-1"
after_days = 7
kind = "overdue"
class = "formal"
to = ["provider"]
channels = ["email"]
[[step]]
name = "delinquent"
after_days = 21
kind = "pre-suspension"
class = "formal"
to = ["provider"]
channels = ["email"]
days_after_previous = 5
warns_of_suspension = true
[delivery]
email = "accepted"
channels = ["email"]
[suspension]
enabled = true
notice_days = 7
at = "any"
scope = ["new_admissions"]
exempt = ["emergencies"]
approver_roles = ["chief_medical_officer", "medical_staff_office"]
told = ["provider", "scheduling"]
"#;

pub(crate) const FACILITY: &str = "NORTH";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

pub(crate) fn who(id: &str) -> ProviderId {
    ProviderId { id: id.to_owned(), authority: String::new() }
}

pub(crate) fn track_of(id: &str) -> TrackId {
    countersign_escalation::domain::track::track_id(staff::key_of(&who(id)), FACILITY)
}

/// An event of a neighbour: what it says is what is stored, with the category it says it in.
fn said(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    let (category, key) = match event.stream.category() {
        "chart" => (deficiency::CATEGORY, event.stream.id().parse().unwrap_or_default()),
        "provider" => (directory::CATEGORY, event.stream.id().parse().unwrap_or_default()),
        _ => (notice::CATEGORY, event.stream.id().parse().unwrap_or_default()),
    };
    let metadata = event.metadata()?;
    Ok(vec![Envelope {
        id: event.id,
        source: "test".to_owned(),
        kind: event.kind.to_string(),
        category: category.to_owned(),
        key,
        time: metadata.received_at,
        position: event.position.0,
        correlation: metadata.correlation,
        traceparent: None,
        data: serde_json::value::RawValue::from_string(String::from_utf8_lossy(&event.data).into_owned())
            .expect("JSON"),
    }])
}

pub(crate) fn publishers() -> SharedPublishers {
    Arc::new(
        Publishers::default()
            .saying("chart", &[deficiency::CATEGORY], said)
            .saying("provider", &[directory::CATEGORY], said)
            .saying("delivery", &[notice::CATEGORY], said)
            .saying("track", &[notice::CATEGORY], publish::publish)
            .saying("limit", &[notice::CATEGORY], publish::publish),
    )
}

pub(crate) struct Hospital {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) policy: String,
    count: std::sync::atomic::AtomicU64,
}

impl Hospital {
    /// At the instant, with this policy.
    pub(crate) fn new(now: &str, policy: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open_shared(folder.path(), "test").expect("the folder");
        let journal = SqliteJournal::open(data, Options::default()).expect("a journal");
        Self {
            folder,
            journal,
            clock: Arc::new(FixedClock::at(at(now))),
            policy: policy.to_owned(),
            count: std::sync::atomic::AtomicU64::new(0),
        }
    }

    /// A process of the service, with a folder of its own.
    pub(crate) async fn service(&self, name: &str) -> Arc<Escalation> {
        self.service_with(name, Heartbeat::default()).await
    }

    /// The same, with somebody who waits for the auditor's heartbeat.
    pub(crate) async fn service_with(&self, name: &str, heartbeat: Heartbeat) -> Arc<Escalation> {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let governance = Governance::open(Arc::clone(&self.journal), Arc::clone(&clock), &self.policy);
        let publishers = publishers();
        let state = Path::join(self.folder.path(), name);
        std::fs::create_dir_all(&state).expect("a folder");
        let ports = Ports {
            feed: Arc::new(JournalTail::new(Arc::clone(&self.journal), Arc::clone(&publishers))),
            journal: Arc::clone(&self.journal),
            clock,
            publishers,
            state,
            governance: Arc::new(governance.await.expect("policies")),
            default_zone: TimeZone::UTC,
            owner: name.to_owned(),
            seat: None,
            rivals: Rivals::POSSIBLE,
            heartbeat,
        };
        Arc::new(Escalation::open(ports).await.expect("the service"))
    }

    /// Something that somebody stored.
    pub(crate) async fn append(
        &self,
        stream: StreamName,
        kind: &'static str,
        event: &impl Serialize,
    ) -> Position {
        self.append_recorded(stream, kind, event, None).await
    }

    /// The same, of something that its source recorded at another time.
    async fn append_recorded(
        &self,
        stream: StreamName,
        kind: &'static str,
        event: &impl Serialize,
        recorded_at: Option<Timestamp>,
    ) -> Position {
        let number = self.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let now = self.clock.now();
        let metadata = Metadata {
            correlation: Uuid::nil(),
            causation: None,
            traceparent: None,
            schema: 1,
            actor: "test".to_owned(),
            occurred_at: now,
            recorded_at,
            received_at: now,
        };
        let id = EventId::derive(&["test", &number.to_string()]);
        let event = NewEvent::encode(id, kind, event, metadata).expect("JSON");
        self.journal.append(stream, Expected::Any, vec![event]).await.expect("appended").position
    }

    /// An item as it stands now.
    pub(crate) async fn item(&self, changed: &DeficiencyChanged) -> Position {
        let stream = StreamName::new("chart", changed.encounter);
        self.append(stream, DeficiencyChanged::TYPE, changed).await
    }

    /// An item as a message told of it that is loaded now and was recorded at another time.
    pub(crate) async fn loaded(&self, changed: &DeficiencyChanged, recorded_at: Timestamp) -> Position {
        let stream = StreamName::new("chart", changed.encounter);
        self.append_recorded(stream, DeficiencyChanged::TYPE, changed, Some(recorded_at)).await
    }

    /// A provider of the directory.
    pub(crate) async fn provider(&self, id: &str) -> Position {
        self.describe(&person(id)).await
    }

    /// What the directory says of a provider now.
    pub(crate) async fn describe(&self, described: &ProviderDescribed) -> Position {
        self.append(StreamName::new("provider", described.key), ProviderDescribed::TYPE, described).await
    }
    /// Events of a track that nobody decided.
    pub(crate) async fn plant(&self, id: &str, events: &[TrackEvent]) {
        for event in events {
            self.append(StreamName::new("track", track_of(id)), event.kind(), event).await;
        }
    }

    /// What became of a notice.
    pub(crate) async fn outcome(&self, track: TrackId, notice: NoticeId, outcome: Outcome) -> Position {
        let told = NoticeOutcome {
            notice,
            track: Some(track),
            channel: Some(Channel::Email),
            outcome,
            at: self.clock.now(),
            sha256: None,
            detail: None,
        };
        self.append(StreamName::new("delivery", track), NoticeOutcome::TYPE, &told).await
    }

    /// How many events of its own the service has stored, of tracks, charts and runs.
    pub(crate) async fn said_by_the_service(&self) -> usize {
        let own = Filter::Categories(vec!["track", "limit", "run", "policy"]);
        self.journal.read_all(Position::START, own, 100_000).await.expect("read").events.len()
    }

    /// Every event of a track.
    pub(crate) async fn track(&self, id: &str) -> Vec<TrackEvent> {
        let events =
            self.journal.read_stream(StreamName::new("track", track_of(id)), 0).await.expect("a stream");
        events
            .iter()
            .map(|event| TrackEvent::decode(&event.kind, &event.data).expect("known").expect("decodes"))
            .collect()
    }

    /// The kinds of a track's events, timers apart.
    pub(crate) async fn kinds(&self, id: &str) -> Vec<&'static str> {
        let events = self.track(id).await;
        events.iter().filter(|event| !matches!(event, TrackEvent::Timer(_))).map(TrackEvent::kind).collect()
    }

    /// The last notice that a track asked for.
    pub(crate) async fn last_notice(&self, id: &str) -> NoticeId {
        let events = self.track(id).await;
        let asked = events.iter().rev().find_map(|event| match event {
            TrackEvent::NoticeRequested(asked) => Some(asked.notice),
            _ => None,
        });
        asked.expect("a notice")
    }
}

/// A provider as the directory describes one.
pub(crate) fn person(id: &str) -> ProviderDescribed {
    ProviderDescribed {
        key: staff::key_of(&who(id)),
        id: who(id),
        identifiers: vec![who(id)],
        merged_into: None,
        name: Person { family: format!("Family{id}"), ..Person::default() },
        details: vec![DetailsFrom {
            from: at("2020-01-01T00:00:00Z"),
            departments: Vec::new(),
            facilities: vec![FACILITY.to_owned()],
            specialty: None,
            delegate: None,
            email: None,
        }],
        activity: vec![Span { from: None, until: None }],
        leaves: Vec::new(),
    }
}

/// An open discharge summary of a chart of its own, counted from an instant and due a week later.
pub(crate) fn owed(name: &str, by: &str, from: &str) -> DeficiencyChanged {
    let from = at(from);
    DeficiencyChanged {
        id: DeficiencyId::derive(&[name]),
        encounter: EncounterId::derive(&[FACILITY, name]),
        facility: FACILITY.to_owned(),
        change: "opened".to_owned(),
        rule: "R13".to_owned(),
        rule_version: 1,
        document_type: "discharge_summary".to_owned(),
        responsible: Some(Person { id: Some(by.to_owned()), ..Person::default() }),
        status: DeficiencyStatus::Open,
        anchor_at: Some(from),
        due_at: Some(from + jiff::SignedDuration::from_hours(24 * 7)),
        limit: Some(LimitUnit::Days),
        opened_at: from,
        closed_at: None,
        delinquent_at: None,
        target_at: None,
        reopened_at: None,
        holds_bill: true,
        pauses: Vec::new(),
        disputed_since: None,
    }
}

pub(crate) fn done(item: &DeficiencyChanged, when: Timestamp) -> DeficiencyChanged {
    DeficiencyChanged {
        change: "satisfied".to_owned(),
        status: DeficiencyStatus::Satisfied,
        closed_at: Some(when),
        ..item.clone()
    }
}

/// Lets time pass until an instant: every timer that comes due on the way fires at its instant, in order.
pub(crate) async fn pass(hospital: &Hospital, service: &Escalation, until: &str) {
    service.catch_up().await.expect("caught up");
    while let Some(next) = service.next_timer().await.expect("timers").filter(|next| *next <= at(until)) {
        hospital.clock.set(next.max(hospital.clock.now()));
        service.fire_due().await.expect("fired");
        service.catch_up().await.expect("caught up");
    }
    hospital.clock.set(at(until));
    service.catch_up().await.expect("caught up");
}
