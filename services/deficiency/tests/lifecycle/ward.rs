//! A hospital with one discharged patient, people with tokens, and the API.

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode},
};
use countersign_contracts::{Envelope, chart::ChartFactsReported};
use countersign_deficiency::{
    api,
    domain::rules::RuleSet,
    governance::Governance,
    service::{Deficiency, Ports},
};
use countersign_eventsourcing::{
    feed::{Cursor, Deliveries, Delivery, Feed, FeedError, Subscription},
    journal::{Journal, Position},
};
use countersign_kernel::{EncounterId, EventId, FixedClock, ProviderId, Role};
use countersign_runtime::{
    access::{self, Access, Person},
    http::with_access,
};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use futures::{StreamExt, stream::BoxStream};
use serde_json::{Value, value::to_raw_value};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::given::{Message, Story, at};

/// A feed that holds what was told, and then is silent.
struct Told(Vec<Envelope>);

impl Feed for Told {
    fn subscribe(&self, subscription: Subscription) -> BoxStream<'static, Result<Deliveries, FeedError>> {
        let after = subscription.after.map_or(0, |after| after.sequence);
        let events = (1_u64..).zip(&self.0).filter(|(sequence, _)| *sequence > after);
        let events = events.map(|(sequence, event)| Delivery {
            cursor: Cursor { epoch: 1, sequence, position: Position(sequence) },
            event: event.clone(),
        });
        let first =
            Deliveries { events: events.collect(), upto: Position(self.0.len() as u64), caught_up: true };
        futures::stream::iter([Ok(first)]).chain(futures::stream::pending()).boxed()
    }
}

fn envelope(message: &Message) -> Envelope {
    let reported = &message.reported;
    let id = EventId::derive(&["told", &reported.message.to_string()]);
    Envelope {
        id,
        source: "intake".to_owned(),
        kind: ChartFactsReported::TYPE.to_owned(),
        category: countersign_contracts::chart::CATEGORY.to_owned(),
        key: reported.encounter.id().0,
        time: reported.received_at,
        position: 1,
        correlation: id.0,
        traceparent: None,
        data: to_raw_value(reported).expect("JSON"),
    }
}

pub(super) struct Ward {
    folder: TempDir,
    service: Arc<Deficiency>,
    pub(super) clock: Arc<FixedClock>,
    pub(super) chart: EncounterId,
    api: Router,
}

/// An answer of the API.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Answer {
    /// Asserts a refusal of this kind, and returns its words.
    pub(super) fn refused(&self, status: u16, kind: &str) -> &str {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.body["type"], format!("/problems/{kind}"), "{}", self.body);
        self.body["detail"].as_str().expect("a detail")
    }

    /// Asserts that it is done.
    pub(super) fn done(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        self.body
    }
}

impl Ward {
    /// Where all this was told, and it is now that time.
    pub(super) async fn after(story: Story, now: &str) -> Self {
        let (messages, _) = story.into_messages();
        let chart = messages[0].reported.encounter.id();
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open_exclusive(folder.path(), "test").expect("ours");
        let journal: Arc<dyn Journal> = SqliteJournal::open(data, Options::default()).expect("a journal");
        let clock = Arc::new(FixedClock::at(at(now)));
        let governance = Governance::open(Arc::clone(&journal), clock.clone(), RuleSet::DEFAULT_FILE).await;
        let service = Deficiency::open(Ports {
            journal,
            feed: Arc::new(Told(messages.iter().map(envelope).collect())),
            clock: clock.clone(),
            state: folder.path().join("state"),
            governance: Arc::new(governance.expect("a rule book")),
        });
        let service = Arc::new(service.expect("opens"));
        service.catch_up().await.expect("catches up");
        let access = Arc::new(Access::new(Self::people(&folder)));
        let api = with_access(api::routes(Arc::clone(&service)), access);
        Self { folder, service, clock, chart, api }
    }

    fn people(folder: &TempDir) -> PathBuf {
        folder.path().join("access.toml")
    }

    pub(super) fn person(&self, name: &str, roles: &[Role]) -> Caller<'_> {
        self.known(Person::new(name, roles))
    }

    /// A physician with this identifier.
    pub(super) fn physician(&self, name: &str, id: &str) -> Caller<'_> {
        let provider = ProviderId { id: id.to_owned(), authority: String::new() };
        self.known(Person { provider: Some(provider), ..Person::new(name, &[Role::Physician]) })
    }

    pub(super) fn known(&self, person: Person) -> Caller<'_> {
        let (person, token) = person.with_token().expect("random bytes");
        access::update(&Self::people(&self.folder), |people| people.add(person)).expect("added");
        Caller { ward: self, token: token.reveal().to_owned() }
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.api.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 22).await.expect("a body");
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.service.catch_up().await.expect("catches up");
        let request = Request::builder().method(Method::GET).uri(path).body(Body::empty());
        self.ask(request.expect("a request")).await.done()
    }

    /// Posts without a token.
    pub(super) async fn posts(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(path).header("content-type", "application/json");
        self.ask(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    /// The item of this rule; the first one when there are several.
    pub(super) async fn item(&self, rule: &str) -> Value {
        let chart = self.get(&format!("/api/v1/charts/{}", self.chart)).await;
        let items = chart["deficiencies"].as_array().expect("items");
        let found = items.iter().find(|item| item["rule"] == rule);
        found.unwrap_or_else(|| panic!("no item of {rule} in {chart}")).clone()
    }

    /// What is on record of decisions: deed and whether it stands.
    pub(super) async fn acts(&self) -> Vec<(String, bool)> {
        let acts = self.get(&format!("/api/v1/charts/{}/acts", self.chart)).await;
        let acts = acts.as_array().expect("decisions").iter();
        acts.map(|act| {
            let deed = act["deed"].as_str().expect("a word").to_owned();
            (deed, act["stands"].as_bool().expect("yes or no"))
        })
        .collect()
    }
}

/// Somebody with a token.
pub(super) struct Caller<'a> {
    ward: &'a Ward,
    token: String,
}

impl Caller<'_> {
    pub(super) async fn reads(&self, path: &str) -> Answer {
        self.ward.service.catch_up().await.expect("catches up");
        let request = Request::get(path).header("authorization", format!("Bearer {}", self.token));
        self.ward.ask(request.body(Body::empty()).expect("a request")).await
    }

    pub(super) async fn posts(&self, path: &str, key: &str, seen: Option<u64>, body: &Value) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.token))
            .header("idempotency-key", key)
            .header("content-type", "application/json");
        let request = match seen {
            Some(seen) => request.header("if-match", format!("\"{seen}\"")),
            None => request,
        };
        self.ward.ask(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    /// Decides about an item.
    pub(super) async fn decides(&self, item: &Value, key: &str, decision: Value) -> Answer {
        let id = item["id"].as_str().expect("an id");
        let body = serde_json::json!({ "decision": decision, "why": "because" });
        self.posts(&format!("/api/v1/deficiencies/{id}/acts"), key, None, &body).await
    }

    /// Decides about the chart.
    pub(super) async fn decides_chart(&self, key: &str, decision: Value) -> Answer {
        let body = serde_json::json!({ "decision": decision, "why": "because" });
        self.posts(&format!("/api/v1/charts/{}/acts", self.ward.chart), key, None, &body).await
    }
}
