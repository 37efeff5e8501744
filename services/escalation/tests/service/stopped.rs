//! An event that cannot be processed stops its partition, visibly, until an operator passes over it on record.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use countersign_contracts::notice::{NoticeOutcome, Outcome};
use countersign_escalation::{api, domain::events::TrackEvent};
use countersign_eventsourcing::journal::StreamName;
use countersign_kernel::{Actor, Role};
use countersign_runtime::{
    access::{self, Access, Person},
    http::with_access,
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::hospital::{Hospital, POLICY, owed, pass, track_of};

async fn call(
    routes: &Router,
    token: Option<&str>,
    method: &str,
    path: &str,
    body: &Value,
) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(format!("/api/v1/escalation/partitions{path}"));
    let request = request.header("content-type", "application/json");
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    let request = request.body(Body::from(body.to_string())).expect("a request");
    let answer = routes.clone().oneshot(request).await.expect("an answer");
    let status = answer.status();
    let bytes = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_poison_event_stops_its_partition_until_an_operator_passes_over_it_on_record() {
    // given a notice that was asked for, and an outcome of it that cannot be read, before one that can
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    hospital.provider("1001").await;
    hospital.item(&owed("V1", "1001", "2026-03-02T12:00:00Z")).await;
    let service = hospital.service("one").await;
    pass(&hospital, &service, "2026-03-10T12:00:00Z").await;
    let stream = StreamName::new("delivery", track_of("1001"));
    hospital.append(stream, NoticeOutcome::TYPE, &json!({"notice": "MARKER"})).await;
    hospital.outcome(track_of("1001"), hospital.last_notice("1001").await, Outcome::Accepted).await;
    service.catch_up().await.expect("caught up");
    let heard = |events: Vec<TrackEvent>| {
        events.iter().filter(|event| matches!(event, TrackEvent::NoticeAnswered(_))).count()
    };

    // then that partition stands, says why without quoting the event, and what comes after it waits
    let file = hospital.folder.path().join("access.toml");
    let mut tokens = Vec::new();
    for (name, role) in [("kim", Role::HimManager), ("mona", Role::MedicalStaffOffice)] {
        let (person, token) = Person::new(name, &[role]).with_token().expect("random bytes");
        access::update(&file, |people| people.add(person)).expect("added");
        tokens.push(token.reveal().to_owned());
    }
    let (kim, mona) = (Some(tokens[0].as_str()), Some(tokens[1].as_str()));
    let routes = with_access(api::routes(Arc::clone(&service)), Arc::new(Access::new(file)));
    let nothing = Value::Null;
    let (_, stopped) = call(&routes, None, "GET", "", &nothing).await;
    assert_eq!(stopped.as_array().map(Vec::len), Some(1), "{stopped}");
    assert_eq!(stopped[0]["service"], "escalation");
    assert!(!stopped.to_string().contains("MARKER"), "{stopped}");
    assert_eq!(heard(hospital.track("1001").await), 0);
    // and the auditor tells of it
    service.auditor().look().await.expect("looked");
    let admin = Actor::new("root", [Role::Administrator]);
    let broken = |audit: &countersign_contracts::api::escalation::AuditView| {
        let of =
            |finding: &&countersign_contracts::api::escalation::Finding| finding.check == "partition_stopped";
        audit.findings.iter().filter(of).count()
    };
    assert_eq!(broken(&service.audit_view(&admin).await.expect("a view")), 1);

    // when it is tried again, then it stands again
    assert_eq!(call(&routes, mona, "POST", "/retry", &nothing).await.0, StatusCode::FORBIDDEN);
    assert_eq!(call(&routes, kim, "POST", "/retry", &nothing).await.0, StatusCode::ACCEPTED);
    service.catch_up().await.expect("caught up");
    assert_eq!(call(&routes, None, "GET", "", &nothing).await.1[0]["event"], stopped[0]["event"]);

    // when it is passed over by somebody who may, with a reason, then the next one is heard
    let skip = format!("/{}/skip", stopped[0]["partition"]);
    assert_eq!(call(&routes, None, "POST", &skip, &json!({"why": "x"})).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(call(&routes, mona, "POST", &skip, &json!({"why": "x"})).await.0, StatusCode::FORBIDDEN);
    assert_eq!(call(&routes, kim, "POST", &skip, &json!({"why": " "})).await.0, StatusCode::BAD_REQUEST);
    let why = json!({"why": "an outcome of the vendor's test"});
    assert_eq!(call(&routes, kim, "POST", &skip, &why).await.0, StatusCode::OK);
    service.catch_up().await.expect("caught up");
    assert_eq!(call(&routes, None, "GET", "", &nothing).await.1, json!([]));
    assert_eq!(call(&routes, kim, "POST", &skip, &why).await.0, StatusCode::NOT_FOUND);
    assert_eq!(heard(hospital.track("1001").await), 1);
    service.auditor().look().await.expect("looked");
    assert_eq!(broken(&service.audit_view(&admin).await.expect("a view")), 0);

    // and the journal keeps who and why, so that a process with no files of its own knows it too
    let recorded = hospital.journal.read_stream(StreamName::new("operator", "escalation"), 0).await;
    let recorded = recorded.expect("a stream");
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].metadata().expect("metadata").actor, "kim");
    let anew = hospital.service("two").await;
    anew.catch_up().await.expect("caught up");
    assert!(anew.consumer().stopped().expect("readable").is_empty());
    assert_eq!(heard(hospital.track("1001").await), 1);
}
