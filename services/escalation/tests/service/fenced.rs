//! Who may see and decide what, over HTTP.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use countersign_escalation::api;
use countersign_kernel::Role;
use countersign_runtime::{
    access::{self, Access, Person},
    http::with_access,
};
use tower::ServiceExt;

use crate::hospital::{Hospital, POLICY, owed, pass, track_of};

#[tokio::test]
async fn tracks_are_shown_to_those_who_may_and_nothing_to_strangers() {
    // given a track, and people
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    hospital.provider("1001").await;
    hospital.item(&owed("V1", "1001", "2026-03-02T12:00:00Z")).await;
    let service = hospital.service("one").await;
    pass(&hospital, &service, "2026-03-10T12:00:00Z").await;
    let file = hospital.folder.path().join("access.toml");
    let mut tokens = Vec::new();
    for (name, role) in
        [("him", Role::HimManager), ("billing", Role::RevenueCycle), ("chief", Role::ChiefMedicalOfficer)]
    {
        let (person, token) = Person::new(name, &[role]).with_token().expect("random bytes");
        access::update(&file, |people| people.add(person)).expect("added");
        tokens.push(token);
    }
    let routes = with_access(api::routes(Arc::clone(&service)), Arc::new(Access::new(file)));
    let ask = |token: Option<usize>, request: axum::http::request::Builder, body: &str| {
        let request = match token {
            Some(index) => request.header("authorization", format!("Bearer {}", tokens[index].reveal())),
            None => request,
        };
        let request = request.header("content-type", "application/json").body(Body::from(body.to_owned()));
        let routes = routes.clone();
        async move {
            let answer = routes.oneshot(request.expect("a request")).await.expect("an answer");
            let status = answer.status();
            let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
            (status, String::from_utf8_lossy(&bytes).into_owned())
        }
    };
    let get = |path: &str| Request::get(format!("/api/v1/escalation/{path}"));
    let track = track_of("1001");
    // then HIM sees it, as a page and as a file; others do not
    let (status, body) = ask(Some(0), get("tracks"), "").await;
    assert!(
        status == StatusCode::OK && body.contains("\"step\":\"notice-1\"") && body.contains("Family1001"),
        "{body}"
    );
    let (_, file) = ask(Some(0), get("tracks?format=csv"), "").await;
    assert!(file.starts_with("provider,name,facility") && file.lines().count() == 2, "{file}");
    for path in [
        "tracks".to_owned(),
        format!("tracks/{track}"),
        format!("tracks/{track}/explanation"),
        "suspensions".to_owned(),
    ] {
        assert_eq!(ask(None, get(&path), "").await.0, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(ask(Some(1), get(&path), "").await.0, StatusCode::FORBIDDEN, "{path}");
        let (status, body) = ask(Some(2), get(&path), "").await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
    }
    // and the explanation says what comes next and what holds it
    let (_, body) = ask(Some(0), get(&format!("tracks/{track}/explanation")), "").await;
    assert!(body.contains("delinquent waits") && body.contains("\"rechecked\":true"), "{body}");
    // when more time is granted without a reason, or on what somebody else has changed, it is refused
    let acts = || Request::post(format!("/api/v1/escalation/tracks/{track}/acts"));
    let extend = |why: &str| {
        format!(r#"{{"decision": {{"act": "extend", "until": "2026-04-10T00:00:00Z"}}, "why": "{why}"}}"#)
    };
    let keyed = |key: &str| acts().header("idempotency-key", key);
    assert_eq!(ask(Some(2), acts(), &extend("ill")).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(ask(Some(2), keyed("a"), &extend(" ")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        ask(Some(2), keyed("b").header("if-match", "0"), &extend("ill")).await.0,
        StatusCode::PRECONDITION_FAILED
    );
    // when it is granted, then the same key again gets the same answer
    let first = ask(Some(2), keyed("c"), &extend("ill")).await;
    assert_eq!(first.0, StatusCode::CREATED, "{}", first.1);
    assert_eq!(ask(Some(2), keyed("c"), &extend("ill")).await, first);
    assert!(first.1.contains("\"kind\":\"extended\""), "{}", first.1);
    // and the policy in force is version 1
    let (_, body) = ask(Some(0), get("policies/1"), "").await;
    assert!(body.contains("\"status\":\"in_force\"") && body.contains("naming the day"), "{body}");
}
