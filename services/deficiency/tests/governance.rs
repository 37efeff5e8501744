//! Rule sets through the API: who may take which step, what goes on record, and what several processes see.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{path::PathBuf, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode},
};
use countersign_deficiency::{
    api,
    domain::rules::RuleSet,
    governance::{Governance, GovernanceError},
    service::{Deficiency, Ports},
};
use countersign_eventsourcing::{
    feed::JournalTail,
    journal::{Journal, RecordedEvent, StreamName},
    publish::Publishers,
};
use countersign_governance::Command;
use countersign_kernel::{Actor, FixedClock, Role, Timestamp};
use countersign_runtime::{
    access::{self, Access, Person},
    http::with_access,
};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

const START: &str = "2026-03-01T08:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Another rule set than the shipped one.
fn stricter() -> String {
    RuleSet::DEFAULT_FILE.replacen("Countersign default rules", "Stricter rules", 1).replacen(
        "due = { days = 7 }",
        "due = { days = 5 }",
        1,
    )
}

/// One installation: a journal, people, the API.
struct Site {
    folder: TempDir,
    journal: Arc<dyn Journal>,
    clock: Arc<FixedClock>,
    api: Router,
}

/// An answer of the API.
struct Answer {
    status: StatusCode,
    body: Value,
}

impl Answer {
    fn detail(&self) -> &str {
        self.body["detail"].as_str().unwrap_or_default()
    }
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open_exclusive(folder.path(), "test").unwrap();
        let journal: Arc<dyn Journal> = SqliteJournal::open(data, Options::default()).unwrap();
        let clock = Arc::new(FixedClock::at(at(START)));
        let governance =
            Governance::open(Arc::clone(&journal), clock.clone(), RuleSet::DEFAULT_FILE).await.unwrap();
        let service = Deficiency::open(Ports {
            journal: Arc::clone(&journal),
            feed: Arc::new(JournalTail::new(Arc::clone(&journal), Arc::new(Publishers::default()))),
            clock: clock.clone(),
            state: folder.path().join("state"),
            governance: Arc::new(governance),
        });
        let access = Arc::new(Access::new(Self::people(&folder)));
        let api = with_access(api::routes(Arc::new(service.unwrap())), access);
        Self { folder, journal, clock, api }
    }

    fn people(folder: &TempDir) -> PathBuf {
        folder.path().join("access.toml")
    }

    /// Somebody with a token.
    fn person(&self, name: &str, roles: &[Role]) -> Caller<'_> {
        let (person, token) = Person::new(name, roles).with_token().unwrap();
        access::update(&Self::people(&self.folder), |people| people.add(person)).unwrap();
        Caller { site: self, token: Some(token.reveal().to_owned()) }
    }

    fn nobody(&self) -> Caller<'_> {
        Caller { site: self, token: None }
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.nobody().ask(Method::GET, path, None, None).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.body
    }

    async fn record(&self) -> Vec<RecordedEvent> {
        self.journal.read_stream(StreamName::new("rules", "site"), 0).await.unwrap()
    }
}

struct Caller<'a> {
    site: &'a Site,
    token: Option<String>,
}

impl Caller<'_> {
    async fn ask(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.header("content-type", "application/json").body(body).unwrap();
        let response = self.site.api.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }

    async fn post(&self, path: &str, key: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(key), Some(&body)).await
    }

    /// Posts and expects that it is done.
    async fn does(&self, path: &str, key: &str, body: Value) -> Value {
        let answer = self.post(path, key, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{path}: {}", answer.body);
        answer.body
    }
}

#[tokio::test]
async fn from_draft_to_withdrawal_every_step_is_on_record_with_who_when_and_why() {
    let site = Site::new().await;
    let kim = site.person("kim", &[Role::HimManager]);
    let lee = site.person("lee", &[Role::RulesApprover]);

    // given the rules that the installation began with
    let sets = site.get("/api/v1/rule-sets").await;
    assert_eq!((&sets["in_force"], sets["items"].as_array().unwrap().len()), (&json!(1), 1));

    // when a manager drafts, and an approver checks and publishes from April on
    let drafted =
        kim.does("/api/v1/rule-sets", "k1", json!({"text": stricter(), "why": "lag of 9 days"})).await;
    assert_eq!(
        (&drafted["version"], &drafted["step"], &drafted["by"]),
        (&json!(2), &json!("drafted"), &json!("kim"))
    );
    site.clock.set(at("2026-03-02T08:00:00Z"));
    lee.does("/api/v1/rule-sets/2/check", "k1", json!({"why": "read"})).await;
    let from = "2026-04-01T00:00:00Z";
    lee.does("/api/v1/rule-sets/2/publish", "k2", json!({"effective_from": from, "why": "committee"})).await;

    // then it waits for its instant, and is in force from then on
    let second = &site.get("/api/v1/rule-sets").await["items"][1];
    assert_eq!(second["status"], "scheduled");
    assert_eq!(second["drafted"], json!({"by": "kim", "at": START, "why": "lag of 9 days"}));
    assert_eq!(second["checked"], json!({"by": "lee", "at": "2026-03-02T08:00:00Z", "why": "read"}));
    site.clock.set(at(from));
    let sets = site.get("/api/v1/rule-sets").await;
    assert_eq!(sets["in_force"], 2);
    assert_eq!(
        sets["windows"],
        json!([
            {"version": 1, "from": "2000-01-01T00:00:00Z", "until": from},
            {"version": 2, "from": from, "until": null},
        ])
    );

    // when it is withdrawn, then the one before it is in force again, from that instant
    site.clock.set(at("2026-04-10T00:00:00Z"));
    kim.does("/api/v1/rule-sets/2/withdraw", "k2", json!({"why": "wrong limit"})).await;
    let sets = site.get("/api/v1/rule-sets").await;
    assert_eq!(sets["in_force"], 1);
    assert_eq!(sets["windows"][2], json!({"version": 1, "from": "2026-04-10T00:00:00Z", "until": null}));

    // and the journal has it all
    let kinds: Vec<String> = site.record().await.iter().map(|event| event.kind.to_string()).collect();
    let life = ["rules-drafted", "rules-checked", "rules-published"];
    assert_eq!(kinds, [&life[..], &life[..], &["rules-withdrawn"]].concat());
    assert_eq!(site.record().await[6].metadata().unwrap().actor, "kim");
}

#[tokio::test]
async fn who_may_not_is_told_which_rule_refused() {
    let site = Site::new().await;
    let draft = || json!({"text": stricter(), "why": "lag"});
    let path = "/api/v1/rule-sets";

    // nobody is known yet
    let answer = site.nobody().post(path, "k", draft()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let answer = Caller { site: &site, token: Some("cst_x".to_owned()) }.post(path, "k", draft()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.detail().contains("countersign access add"), "{}", answer.body);

    // an analyst may not draft, a manager not check
    let ann = site.person("ann", &[Role::HimAnalyst]);
    let kim = site.person("kim", &[Role::HimManager]);
    let answer = ann.post(path, "k", draft()).await;
    assert_eq!(
        (answer.status, answer.body["type"].as_str().unwrap()),
        (StatusCode::FORBIDDEN, "/problems/not-permitted")
    );
    assert!(answer.detail().contains("allowed: him_manager"), "{}", answer.detail());
    kim.does(path, "k", draft()).await;
    assert_eq!(
        kim.post("/api/v1/rule-sets/2/check", "k3", json!({"why": "x"})).await.status,
        StatusCode::FORBIDDEN
    );

    // who has both roles may still not check the own draft
    let pat = site.person("pat", &[Role::HimManager, Role::RulesApprover]);
    pat.does(path, "k", draft()).await;
    let answer = pat.post("/api/v1/rule-sets/3/check", "k2", json!({"why": "mine"})).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.body["type"], "/problems/rules-second-person");
    assert!(answer.detail().contains("second person"), "{}", answer.detail());
    pat.does("/api/v1/rule-sets/2/check", "k4", json!({"why": "kim's, read"})).await;

    // and a step without its forerunner is refused
    let answer = pat.post("/api/v1/rule-sets/9/check", "k5", json!({"why": "x"})).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let past = json!({"effective_from": "2026-01-01T00:00:00Z", "why": "x"});
    let answer = pat.post("/api/v1/rule-sets/2/publish", "k6", past).await;
    assert_eq!(
        (answer.status, &answer.body["errors"][0]["at"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/effective_from"))
    );
    assert_eq!(site.record().await.len(), 3 + 3, "what was refused is not on record");
}

#[tokio::test]
async fn the_same_key_changes_once_and_answers_the_same() {
    let site = Site::new().await;
    let kim = site.person("kim", &[Role::HimManager]);
    let max = site.person("max", &[Role::HimManager]);
    let draft = json!({"text": stricter(), "why": "lag"});
    let path = "/api/v1/rule-sets";

    let first = kim.does(path, "one", draft.clone()).await;
    site.clock.set(at("2026-03-05T00:00:00Z"));
    assert_eq!(kim.does(path, "one", draft.clone()).await, first);
    assert_eq!(site.record().await.len(), 4);

    // another body under the same key is another request
    for other in [
        json!({"text": stricter(), "why": "another reason"}),
        json!({"text": stricter(), "title": "Another title", "why": "lag"}),
        json!({"text": stricter().replace("days = 5", "days = 4"), "why": "lag"}),
    ] {
        let answer = kim.post(path, "one", other).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.body["type"], "/problems/idempotency-key-reused");
    }
    let answer = kim.post("/api/v1/rule-sets/2/withdraw", "one", json!({"why": "lag"})).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(site.record().await.len(), 4);

    // somebody else's keys are their own
    assert_eq!(max.does(path, "one", draft.clone()).await["version"], 3);
    // and without a key nothing is changed
    let answer = kim.ask(Method::POST, path, None, Some(&draft)).await;
    assert_eq!(
        (answer.status, &answer.body["errors"][0]["at"]),
        (StatusCode::BAD_REQUEST, &json!("Idempotency-Key"))
    );
    assert_eq!(site.record().await.len(), 5);
}

#[tokio::test]
async fn a_text_is_looked_at_before_it_is_drafted_and_compared_after() {
    let site = Site::new().await;
    let kim = site.person("kim", &[Role::HimManager]);
    let wrong = stricter().replacen("holds_bill", "hold_bill", 1);
    let line = wrong.lines().position(|line| line.starts_with("hold_bill")).unwrap() + 1;

    // anybody may have a text looked at
    let lint = async |text: &str| {
        let body = json!({ "text": text });
        site.nobody().ask(Method::POST, "/api/v1/rule-sets/lint", None, Some(&body)).await
    };
    let report = lint(&wrong).await;
    assert_eq!((report.status, &report.body["valid"]), (StatusCode::OK, &json!(false)));
    assert!(report.body["faults"][0].as_str().unwrap().contains(&format!("line {line}")), "{}", report.body);
    assert_eq!(lint(&stricter()).await.body["valid"], true);

    // a draft that does not parse or changes nothing is refused
    let answer = kim.post("/api/v1/rule-sets", "1", json!({"text": wrong, "why": "x"})).await;
    assert_eq!(
        (answer.status, &answer.body["errors"][0]["at"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("/text"))
    );
    assert!(answer.detail().contains(&format!("line {line}")), "{}", answer.detail());
    let same = json!({"text": RuleSet::DEFAULT_FILE, "why": "x"});
    assert_eq!(kim.post("/api/v1/rule-sets", "2", same).await.status, StatusCode::CONFLICT);

    // what differs is told in words, against the set it was based on and against any other
    kim.does("/api/v1/rule-sets", "3", json!({"text": stricter(), "why": "x"})).await;
    let diff = site.get("/api/v1/rule-sets/2/diff").await;
    assert_eq!(diff, site.get("/api/v1/rule-sets/2/diff?against=1").await);
    assert_eq!(
        diff["settings"][0]["words"],
        "title was \"Countersign default rules\", is \"Stricter rules\""
    );
    assert_eq!(diff["rules"].as_array().unwrap().len(), 1);
    assert_eq!(diff["rules"][0]["fields"][0]["words"], "due was 7 days, is 5 days");
    let back = site.get("/api/v1/rule-sets/1/diff?against=2").await;
    assert_eq!(back["rules"][0]["fields"][0]["words"], "due was 5 days, is 7 days");

    // and each set is kept whole
    let shown = site.get("/api/v1/rule-sets/2").await;
    assert_eq!((shown["text"].as_str().unwrap(), &shown["status"]), (stricter().as_str(), &json!("draft")));
    let rules = RuleSet::parse(&stricter()).unwrap().rules.len();
    assert_eq!(shown["rules"].as_array().unwrap().len(), rules);
    assert_eq!(shown["rules"][0]["version"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_at_once_agree_and_hear_of_each_others_steps() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataFolder::open_exclusive(folder.path(), "test").unwrap();
    let journal: Arc<dyn Journal> = SqliteJournal::open(data, Options::default()).unwrap();
    let clock = Arc::new(FixedClock::at(at(START)));

    // given processes with different ideas of the rules, all starting on an empty journal
    let other = stricter();
    let texts = [RuleSet::DEFAULT_FILE, &other, RuleSet::DEFAULT_FILE, &other];
    let started = texts.map(|text| {
        let (journal, clock, text) = (Arc::clone(&journal), clock.clone(), text.to_owned());
        tokio::spawn(async move { Governance::open(journal, clock, &text).await.unwrap() })
    });
    let mut processes = Vec::new();
    for process in started {
        processes.push(Arc::new(process.await.unwrap()));
    }
    // then all have the same version 1 and nothing else
    let first = processes[0].book().version(1).unwrap().sha256.clone();
    for process in &processes {
        assert_eq!(process.book().versions().len(), 1);
        assert_eq!(process.book().version(1).unwrap().sha256, first);
    }

    // when two of them draft at the same time, each gets a version of its own
    let kim = Actor::new("kim", [Role::HimManager]);
    let drafts = [0, 1].map(|number: usize| {
        let (process, kim) = (Arc::clone(&processes[number]), kim.clone());
        let text = RuleSet::DEFAULT_FILE.replacen("default rules", &format!("number {number}"), 1);
        let command = Command::Draft { title: None, text, why: "x".to_owned() };
        tokio::spawn(async move { process.execute(&kim, &format!("key {number}"), command).await.unwrap() })
    });
    let mut versions = Vec::new();
    for draft in drafts {
        versions.push(draft.await.unwrap().version);
    }
    versions.sort_unstable();
    assert_eq!(versions, [2, 3]);

    // then a third one has both when it looks
    assert_eq!(processes[2].current().await.unwrap().versions().len(), 3);

    // and a process that starts later with another file changes nothing by that
    let later = Governance::open(Arc::clone(&journal), clock.clone(), &other).await.unwrap();
    assert_eq!(later.book().versions().len(), 3);
    assert_eq!(later.book().in_force_at(at(START)).unwrap().version, 1);
    // a rule file that cannot be read stops an empty installation at its first start
    let empty = tempfile::tempdir().unwrap();
    let data = DataFolder::open_exclusive(empty.path(), "test").unwrap();
    let journal: Arc<dyn Journal> = SqliteJournal::open(data, Options::default()).unwrap();
    let refused = Governance::open(journal, clock, "nonsense").await.err().unwrap();
    assert!(matches!(refused, GovernanceError::Refused(_)), "{refused}");
}
