//! The HTTP side.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use countersign_intake::{api, service::Inbox};
use countersign_kernel::Role;
use countersign_runtime::{
    access::{self, Access, Person},
    http::with_access,
};
use serde_json::{Value, json};
use tower::ServiceExt;
use utoipa::OpenApi;

use crate::support::{Hospital, admission, adt};

struct Site {
    hospital: Hospital,
    router: Router,
    model: Arc<countersign_eventsourcing::read_model::ReadModel>,
    people: tempfile::TempDir,
}

impl Site {
    async fn open(messages: &[String]) -> Self {
        let hospital = Hospital::open();
        for text in messages {
            hospital.receive(text).await;
        }
        let model = hospital.inbox().await;
        let inbox = Inbox::new(Arc::clone(&hospital.intake), Arc::clone(&model));
        let people = tempfile::tempdir().expect("a folder");
        let access = Arc::new(Access::new(people.path().join("access.toml")));
        let router = with_access(api::routes(Arc::new(inbox)), access);
        Self { hospital, router, model, people }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        self.call_as(None, method, path, body).await
    }

    async fn call_as(
        &self,
        token: Option<&str>,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
        let response =
            self.router.clone().oneshot(request.body(body).expect("a request")).await.expect("an answer");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call("GET", path, None).await
    }

    /// Registers somebody; their token.
    fn person(&self, name: &str, role: Role) -> String {
        let (person, token) = Person::new(name, &[role]).with_token().expect("random bytes");
        let file = self.people.path().join("access.toml");
        access::update(&file, |people| people.add(person)).expect("added");
        token.reveal().to_owned()
    }

    async fn catch_up(&self) {
        self.model.catch_up(self.hospital.journal.as_ref()).await.expect("up to date");
    }
}

fn unassigned(number: usize) -> String {
    adt("A03", &number.to_string(), "", "")
        .replace("||DOE^JANE", &format!("||DOE^JANE|||||||||||||ACC{number}"))
}

#[tokio::test]
async fn feeds_are_listed_with_counts_that_add_up() {
    let site = Site::open(&[admission("1", "V1"), admission("1", "V1"), unassigned(2)]).await;
    let (status, page) = site.get("/api/v1/feeds").await;
    assert_eq!(status, StatusCode::OK);
    let feed = &page["items"][0];
    assert_eq!(
        (&feed["profile"], &feed["application"], &feed["facility"]),
        (&json!("default"), &json!("EHR"), &json!("NORTH"))
    );
    assert_eq!(
        (&feed["received"], &feed["accepted"], &feed["duplicate"], &feed["quarantined"]),
        (&json!(3), &json!(1), &json!(1), &json!(1))
    );
    assert_eq!(feed["last_message_at"], json!("2026-03-10T12:00:00Z"));
    // and nothing of a patient is in it
    assert!(!page.to_string().contains("DOE"));
}

#[tokio::test]
async fn the_quarantine_is_paged_oldest_first() {
    let messages: Vec<String> = (1..=5).map(unassigned).collect();
    let site = Site::open(&messages).await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/quarantine?limit=2".to_owned();
    loop {
        let (status, page) = site.get(&path).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(page["total"], json!(5));
        for item in page["items"].as_array().expect("items") {
            assert_eq!(item["reason"], json!("no-visit-number"));
            seen.push(item["control_id"].as_str().expect("a control id").to_owned());
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/quarantine?limit=2&cursor={next}");
    }
    assert_eq!(seen, ["1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn one_message_is_shown_with_reason_findings_and_text() {
    let site = Site::open(&[unassigned(1)]).await;
    let (_, page) = site.get("/api/v1/quarantine").await;
    let id = page["items"][0]["id"].as_str().expect("an id");
    let (status, message) = site.get(&format!("/api/v1/quarantine/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    let text = message["text"].as_str().expect("a text");
    assert!(text.contains("\nPID|1||MRN1"), "{text}");
    assert!(message["reason_text"].as_str().expect("a reason").contains("PV1-19"));
    assert_eq!(message["cut"], json!(false));
}

#[tokio::test]
async fn a_replay_releases_what_a_corrected_profile_can_read() {
    let site = Site::open(&[unassigned(1), unassigned(2)]).await;
    let (_, page) = site.get("/api/v1/quarantine").await;
    let id = page["items"][0]["id"].as_str().expect("an id").to_owned();
    let (status, run) = site.call("POST", &format!("/api/v1/quarantine/{id}/replay"), None).await;
    assert_eq!((status, &run["result"]["still_quarantined"]), (StatusCode::OK, &json!(1)));

    site.hospital.set_profiles("[default]\nvisit_number = [\"PID-18\"]");
    let (status, run) = site.call("POST", &format!("/api/v1/quarantine/{id}/replay"), None).await;
    assert_eq!((status, &run["result"]["released"]), (StatusCode::OK, &json!(1)));
    site.catch_up().await;
    let (status, run) = site.call("POST", "/api/v1/quarantine/replay", None).await;
    assert_eq!(
        (status, &run["result"]["released"], &run["running"]),
        (StatusCode::OK, &json!(1), &json!(false))
    );
    site.catch_up().await;
    assert_eq!(site.get("/api/v1/quarantine").await.1["total"], json!(0));
    assert_eq!(site.get(&format!("/api/v1/quarantine/{id}")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn stored_messages_are_read_again_since_an_instant() {
    let site = Site::open(&[admission("1", "V1")]).await;
    let since = json!({ "since": "2026-01-01T00:00:00Z" });
    let (status, run) = site.call("POST", "/api/v1/reinterpret", Some(since)).await;
    assert_eq!(
        (status, &run["result"]["read"], &run["result"]["changed"]),
        (StatusCode::OK, &json!(1), &json!(0))
    );
    assert_eq!(site.get("/api/v1/reinterpret").await.1, run);
}

#[tokio::test]
async fn from_the_first_registered_person_on_a_token_and_a_role_are_needed() {
    // given a message in quarantine, and people
    let site = Site::open(&[unassigned(1)]).await;
    let (_, page) = site.get("/api/v1/quarantine").await;
    let id = page["items"][0]["id"].as_str().expect("an id").to_owned();
    let analyst = site.person("ann", Role::HimAnalyst);
    let revenue = site.person("rey", Role::RevenueCycle);
    let since = || Some(json!({ "since": "2026-01-01T00:00:00Z" }));
    let replay = format!("/api/v1/quarantine/{id}/replay");
    let message = format!("/api/v1/quarantine/{id}");
    let (analyst, revenue) = (Some(&*analyst), Some(&*revenue));

    // then who shows no token changes nothing, and who shows one does what the role allows
    for (method, path, body, by_analyst, by_revenue) in [
        ("POST", &*replay, None, StatusCode::OK, StatusCode::FORBIDDEN),
        ("POST", "/api/v1/quarantine/replay", None, StatusCode::OK, StatusCode::FORBIDDEN),
        ("POST", "/api/v1/reinterpret", since(), StatusCode::OK, StatusCode::FORBIDDEN),
        // no file was sent, which is told to who may send one
        ("POST", "/api/v1/charges/import", None, StatusCode::FORBIDDEN, StatusCode::BAD_REQUEST),
    ] {
        let answer = site.call(method, path, body.clone()).await.0;
        assert_eq!(answer, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(site.call_as(analyst, method, path, body.clone()).await.0, by_analyst, "{path}");
        assert_eq!(site.call_as(revenue, method, path, body).await.0, by_revenue, "{path}");
    }
    // and a message, which names a patient, is read by those who work with it; reading is open to who says nothing
    assert_eq!(site.get(&message).await.0, StatusCode::OK);
    assert_eq!(site.call_as(analyst, "GET", &message, None).await.0, StatusCode::OK);
    assert_eq!(site.call_as(revenue, "GET", &message, None).await.0, StatusCode::FORBIDDEN);
    assert_eq!(site.call_as(revenue, "GET", "/api/v1/quarantine", None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn requests_that_cannot_be_understood_are_problems() {
    let site = Site::open(&[]).await;
    for (method, path, body, expected) in [
        ("GET", "/api/v1/quarantine?limit=0", None, StatusCode::BAD_REQUEST),
        ("GET", "/api/v1/quarantine?cursor=x", None, StatusCode::BAD_REQUEST),
        ("GET", "/api/v1/quarantine?lim=1", None, StatusCode::BAD_REQUEST),
        ("GET", "/api/v1/quarantine/x", None, StatusCode::BAD_REQUEST),
        ("GET", "/api/v1/quarantine/00000000-0000-0000-0000-000000000000", None, StatusCode::NOT_FOUND),
        (
            "POST",
            "/api/v1/quarantine/00000000-0000-0000-0000-000000000000/replay",
            None,
            StatusCode::NOT_FOUND,
        ),
        ("POST", "/api/v1/reinterpret", Some(json!({ "since": "yesterday" })), StatusCode::BAD_REQUEST),
        (
            "POST",
            "/api/v1/reinterpret",
            Some(json!({ "from": "2026-01-01T00:00:00Z" })),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let (status, problem) = site.call(method, path, body).await;
        assert_eq!(status, expected, "{method} {path}");
        assert_eq!(problem["status"], json!(expected.as_u16()), "{method} {path}");
    }
}

#[tokio::test]
async fn every_endpoint_is_described() {
    let described = serde_json::to_value(api::Api::openapi()).expect("a description");
    for path in [
        "/api/v1/feeds",
        "/api/v1/quarantine",
        "/api/v1/quarantine/{id}",
        "/api/v1/quarantine/{id}/replay",
        "/api/v1/quarantine/replay",
        "/api/v1/reinterpret",
    ] {
        assert!(described["paths"][path].is_object(), "{path}");
    }
}
