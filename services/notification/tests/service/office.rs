//! A service on a journal of its own, with a post that answers as it is told.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use countersign_contracts::{
    Envelope, deficiency,
    deficiency::{DeficiencyChanged, DeficiencyStatus},
    directory,
    directory::{DetailsFrom, ProviderDescribed, Span},
    notice,
    notice::{Channel, NoticeOutcome, NoticeRequested},
};
use countersign_eventsourcing::{
    feed::JournalTail,
    journal::{
        Expected, Filter, Journal, JournalError, Metadata, NewEvent, PortFuture, Position, RecordedEvent,
        StreamName,
    },
    publish::{Publishers, SharedPublishers},
};
use countersign_kernel::{EncounterId, EventId, FixedClock, Person, Role, Timestamp};
use countersign_notification::{
    api,
    channels::{
        Address, Outgoing, RenderError, Rendered, Secret, Sent, Transport, inbox::Inbox, letter::Letter,
    },
    config::Config,
    domain::notice::Mode,
    outbound::{Message, PublicUrl},
    publish,
    service::{Notification, Ports},
    templates::TemplateSet,
};
use countersign_runtime::{
    access::{self, Access},
    config::Paper,
    http::with_access,
};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use serde::Serialize;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

use crate::given::{item, monday, provider};

/// Signs reports of bounces in the story.
pub(super) const REPORTS_SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// What was handed over: the message id and the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sending {
    pub(super) message_id: String,
    pub(super) text: String,
}

/// The mail server of the story: it takes everything, or answers as it is told.
#[derive(Default)]
pub(super) struct Post {
    pub(super) answers: Mutex<VecDeque<Option<Sent>>>,
    pub(super) sent: Mutex<Vec<Sending>>,
}

impl Transport for Post {
    fn channel(&self) -> Channel {
        Channel::Email
    }

    fn render(&self, message: &Message, _: &Address, _: &str) -> Result<Rendered, RenderError> {
        let bytes = serde_json::to_vec(message).expect("JSON");
        Ok(Rendered::new(bytes, "application/json", format!("{}@1", message.kind().name())))
    }

    fn longest(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }

    fn send<'a>(&'a self, outgoing: Outgoing<'a>) -> PortFuture<'a, Sent> {
        let text = String::from_utf8(outgoing.rendered.bytes.to_vec()).expect("text");
        let sending = Sending { message_id: outgoing.message_id.to_owned(), text };
        self.sent.lock().expect("unpoisoned").push(sending);
        let accepted = Sent::Accepted { detail: "250 queued".to_owned() };
        let answer = self.answers.lock().expect("unpoisoned").pop_front();
        Box::pin(async move {
            match answer.unwrap_or(Some(accepted)) {
                Some(answer) => answer,
                // The process dies before the answer comes.
                None => std::future::pending().await,
            }
        })
    }
}

/// Everything around the service.
pub(super) struct Office {
    pub(super) folder: TempDir,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) clock: Arc<FixedClock>,
    pub(super) post: Arc<Post>,
    pub(super) service: Arc<Notification>,
    publishers: SharedPublishers,
    told: Mutex<u32>,
    starts: u32,
    mode: Mode,
    /// Offices of the configuration.
    pub(super) offices: BTreeMap<String, countersign_notification::config::Office>,
    /// Name and seat of the process, where it is not alone on its journal.
    pub(super) process: Option<(String, String)>,
}

/// What neighbours said, as it is stored by the story.
fn told(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    let category = match &*event.kind {
        DeficiencyChanged::TYPE => deficiency::CATEGORY,
        ProviderDescribed::TYPE => directory::CATEGORY,
        _ => notice::CATEGORY,
    };
    Ok(vec![Envelope {
        id: event.id,
        source: "story".to_owned(),
        kind: event.kind.to_string(),
        category: category.to_owned(),
        key: Uuid::nil(),
        time: event.metadata()?.received_at,
        position: event.position.0,
        correlation: event.id.0,
        traceparent: None,
        data: serde_json::from_slice(&event.data).expect("JSON"),
    }])
}

/// Ana Núñez, as the directory has her.
pub(super) fn described() -> ProviderDescribed {
    ProviderDescribed {
        key: countersign_contracts::staff::key_of(&provider()),
        id: provider(),
        identifiers: vec![provider()],
        merged_into: None,
        name: Person { family: "Núñez".to_owned(), given: "Ana".to_owned(), ..Person::default() },
        details: vec![DetailsFrom {
            from: Timestamp::UNIX_EPOCH,
            departments: Vec::new(),
            facilities: Vec::new(),
            specialty: None,
            delegate: None,
            email: Some("ana@example.org".to_owned()),
        }],
        activity: vec![Span { from: None, until: None }],
        leaves: Vec::new(),
    }
}

impl Office {
    pub(super) async fn opened(mode: Mode) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open_exclusive(folder.path(), "test").expect("ours");
        let journal: Arc<dyn Journal> = SqliteJournal::open(data, Options::default()).expect("a journal");
        let publishers: SharedPublishers = Arc::new(
            Publishers::default()
                .with("told", told)
                .saying("notice", &[notice::CATEGORY], publish::publish)
                .saying("digest", &[notice::CATEGORY], publish::publish_digest),
        );
        let clock = Arc::new(FixedClock::at(monday()));
        let post = Arc::new(Post::default());
        let service = Self::start(
            &folder,
            "0",
            &journal,
            &publishers,
            &clock,
            Arc::clone(&post) as _,
            (mode.clone(), BTreeMap::new()),
            None,
        );
        let office = Self {
            folder,
            journal,
            clock,
            post,
            service,
            publishers,
            told: Mutex::default(),
            starts: 0,
            mode,
            offices: BTreeMap::new(),
            process: None,
        };
        office.describe(&described()).await;
        office
    }

    /// The directory says something of a provider.
    pub(super) async fn describe(&self, provider: &ProviderDescribed) {
        self.tell(ProviderDescribed::TYPE, provider).await;
    }

    #[expect(clippy::too_many_arguments, reason = "what a process is made of")]
    fn start(
        folder: &TempDir,
        state: &str,
        journal: &Arc<dyn Journal>,
        publishers: &SharedPublishers,
        clock: &Arc<FixedClock>,
        email: Arc<dyn Transport>,
        (mode, offices): (Mode, BTreeMap<String, countersign_notification::config::Office>),
        process: Option<(String, String)>,
    ) -> Arc<Notification> {
        let alone = process.is_none();
        let (process, seat) =
            process.map_or_else(|| ("test".to_owned(), None), |(process, seat)| (process, Some(seat)));
        let pages = PublicUrl::parse("https://countersign.example").expect("an address");
        let templates = Arc::new(TemplateSet::built_in().expect("templates"));
        Arc::new(
            Notification::open(Ports {
                journal: Arc::clone(journal),
                feed: Arc::new(JournalTail::new(Arc::clone(journal), Arc::clone(publishers))),
                publishers: Arc::clone(publishers),
                clock: Arc::clone(clock) as _,
                state: folder.path().join("state").join(state),
                transports: vec![
                    Arc::new(Inbox::new(Arc::clone(&templates))),
                    Arc::new(Letter::new(Paper::Letter, Arc::clone(&templates))),
                    email,
                ],
                templates,
                process,
                seat,
                config: Config {
                    mode,
                    alone,
                    offices,
                    reports_secret: Some(Secret::new(REPORTS_SECRET)),
                    ..Config::shadow(pages)
                },
            })
            .expect("opens"),
        )
    }

    /// The process is started again. `forgetful`: its checkpoints and tables are lost.
    pub(super) fn restart(&mut self, forgetful: bool) {
        self.restart_with(forgetful, Arc::clone(&self.post) as _);
    }

    /// The process is started again, with another way to send e-mail.
    pub(super) fn restart_with(&mut self, forgetful: bool, email: Arc<dyn Transport>) {
        self.starts += u32::from(forgetful);
        self.service = Self::start(
            &self.folder,
            &self.starts.to_string(),
            &self.journal,
            &self.publishers,
            &self.clock,
            email,
            (self.mode.clone(), self.offices.clone()),
            self.process.clone(),
        );
    }

    pub(super) async fn tell(&self, kind: &'static str, said: &impl Serialize) {
        let number = {
            let mut told = self.told.lock().expect("unpoisoned");
            *told += 1;
            *told
        };
        let metadata = Metadata {
            correlation: Uuid::nil(),
            causation: None,
            traceparent: None,
            schema: 1,
            actor: "story".to_owned(),
            occurred_at: self.now(),
            recorded_at: None,
            received_at: self.now(),
        };
        let id = EventId::derive(&["story", &number.to_string()]);
        let event = NewEvent::encode(id, kind, said, metadata).expect("JSON");
        let stream = StreamName::new("told", "neighbours");
        self.journal.append(stream, Expected::Any, vec![event]).await.expect("told");
    }

    /// The provider wants no digests: reminders go out by themselves.
    pub(super) async fn without_digests(&self) {
        let him = self.api(Self::somebody("kim", Role::HimManager));
        let key = countersign_contracts::staff::key_of(&provider());
        let path = format!("/api/v1/contacts/provider-{key}/preferences");
        let never = serde_json::json!({"digest": {"every": "never", "at": "07:00:00"}, "why": "asked"});
        let (status, answer) = call(&him, "POST", &path, Some(never)).await;
        assert_eq!(status, 200, "{answer}");
    }

    pub(super) async fn ask(&self, request: &NoticeRequested) {
        self.tell(NoticeRequested::TYPE, request).await;
    }

    pub(super) async fn owe(&self, n: u32, status: DeficiencyStatus, due_at: Timestamp) {
        self.tell(
            DeficiencyChanged::TYPE,
            &DeficiencyChanged {
                id: item(n),
                encounter: EncounterId::derive(&["V1"]),
                facility: "MAIN".to_owned(),
                change: "changed".to_owned(),
                rule: "R13".to_owned(),
                rule_version: 1,
                document_type: "discharge_summary".to_owned(),
                responsible: Some(Person {
                    id: Some(provider().id),
                    authority: provider().authority,
                    ..Person::default()
                }),
                status,
                anchor_at: Some(monday()),
                due_at: Some(due_at),
                limit: None,
                opened_at: monday(),
                closed_at: (status == DeficiencyStatus::Satisfied).then(|| self.now()),
                delinquent_at: None,
                target_at: None,
                reopened_at: None,
                holds_bill: false,
                pauses: Vec::new(),
                disputed_since: None,
            },
        )
        .await;
    }

    pub(super) fn now(&self) -> Timestamp {
        countersign_kernel::Clock::now(&*self.clock)
    }

    pub(super) async fn at(&self, instant: &str) {
        self.clock.set(instant.parse().expect("an instant"));
        self.catch_up().await;
    }

    pub(super) async fn catch_up(&self) {
        self.service.catch_up().await.expect("catches up");
    }

    /// Everything the neighbours were told of notices, in order.
    pub(super) async fn outcomes(&self) -> Vec<NoticeOutcome> {
        let all = self.journal.read_all(Position::START, Filter::All, 10_000).await.expect("readable");
        let said = all.events.iter().flat_map(|event| self.publishers.publish(event).expect("published"));
        said.filter(|event| event.kind == NoticeOutcome::TYPE)
            .map(|event| event.decode().expect("an outcome"))
            .collect()
    }

    pub(super) fn sent(&self) -> Vec<Sending> {
        self.post.sent.lock().expect("unpoisoned").clone()
    }

    pub(super) fn answer(&self, answers: impl IntoIterator<Item = Option<Sent>>) {
        self.post.answers.lock().expect("unpoisoned").extend(answers);
    }

    pub(super) fn api(&self, person: access::Person) -> (Router, String) {
        let path = self.folder.path().join("access.toml");
        let (person, token) = person.with_token().expect("random bytes");
        access::update(&path, |people| people.add(person)).expect("added");
        let routes = with_access(api::routes(Arc::clone(&self.service)), Arc::new(Access::new(path)));
        (routes, token.reveal().to_owned())
    }

    pub(super) async fn report(&self, signature: &str, body: &str) -> (StatusCode, Value) {
        let request = Request::post("/api/v1/notification/delivery-reports")
            .header("webhook-id", "call-1")
            .header("webhook-timestamp", self.now().as_second().to_string())
            .header("webhook-signature", signature)
            .body(Body::from(body.to_owned()))
            .expect("a request");
        let routes = api::report_routes(Arc::clone(&self.service));
        let answer = routes.oneshot(request).await.expect("an answer");
        let status = answer.status();
        let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub(super) fn somebody(name: &str, role: Role) -> access::Person {
        access::Person::new(name, &[role])
    }
}

pub(super) async fn call(
    (routes, token): &(Router, String),
    method: &str,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .header("idempotency-key", "k1");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let answer = routes.clone().oneshot(request.body(body).expect("a request")).await.expect("an answer");
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}
