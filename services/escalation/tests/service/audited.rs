//! The auditor finds what was planted, and says that it has looked.

use std::time::Duration;

use countersign_contracts::{api::escalation::Finding, notice::PolicyReference};
use countersign_escalation::{
    Escalation, Heartbeat,
    domain::events::{ByWhom, Suspended, TrackEvent, TrackOpened},
};
use countersign_kernel::{Actor, DeficiencyId, Role};

use crate::hospital::{FACILITY, Hospital, POLICY, at, done, owed, track_of, who};

async fn findings(service: &Escalation) -> Vec<Finding> {
    service.auditor().look().await.expect("a look");
    let auditor = Actor::new("auditor", [Role::Auditor]);
    service.audit_view(&auditor).await.expect("a view").findings
}

fn checks(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.check.as_str()).collect()
}

#[tokio::test]
async fn a_timer_that_nobody_fires_and_a_notice_of_which_nothing_comes_are_found() {
    // given a track that waits for its first notice
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    hospital.item(&owed("V1", "1001", "2026-03-02T12:00:00Z")).await;
    let service = hospital.service("one").await;
    service.catch_up().await.expect("caught up");
    assert_eq!(findings(&service).await, []);
    // when the instant passes and nothing fires
    hospital.clock.set(at("2026-03-10T00:06:00Z"));
    assert_eq!(checks(&findings(&service).await), ["overdue_timer"]);
    // and a process that comes up only now has not broken anything, before it has had its time
    let late = hospital.service("two").await;
    late.read_model().catch_up(hospital.journal.as_ref()).await.expect("folded");
    assert_eq!(findings(&late).await, []);
    hospital.clock.set(at("2026-03-10T00:12:00Z"));
    assert_eq!(checks(&findings(&late).await), ["overdue_timer"]);
    // when it fires, then that is mended; a day without any answer is the next finding
    service.fire_due().await.expect("fired");
    service.catch_up().await.expect("caught up");
    assert_eq!(findings(&service).await, []);
    hospital.clock.set(at("2026-03-11T00:07:00Z"));
    let found = findings(&service).await;
    assert!(checks(&found).contains(&"notice_without_outcome"), "{found:?}");
}

#[tokio::test]
async fn a_suspension_without_notice_and_one_that_outlasts_its_items_are_found() {
    // given a suspension that no notice preceded, planted in the journal, over an item that was done
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    let item = owed("V1", "1001", "2026-01-02T12:00:00Z");
    hospital.item(&item).await;
    hospital.item(&done(&item, at("2026-03-02T11:00:00Z"))).await;
    let service = hospital.service("one").await;
    let policy = PolicyReference { version: 1, title: String::new(), sha256: String::new() };
    let chief = ByWhom {
        name: "dr.chief".to_owned(),
        roles: vec![Role::ChiefMedicalOfficer],
        at: at("2026-03-02T12:00:00Z"),
        why: "planted".to_owned(),
        act: None,
    };
    let opened = TrackOpened {
        provider: who("1001"),
        provider_key: countersign_contracts::staff::key_of(&who("1001")),
        facility: FACILITY.to_owned(),
        cycle: 1,
        policy,
        at: at("2026-01-02T12:00:00Z"),
    };
    let suspended = Suspended {
        cycle: 1,
        proposal: 1,
        from: at("2026-03-02T12:00:00Z"),
        scope: vec!["new_admissions".to_owned()],
        exempt: Vec::new(),
        items: vec![DeficiencyId::derive(&["V1"])],
        authority: vec![chief],
        within_year: 1,
        policy: None,
    };
    hospital.plant("1001", &[TrackEvent::Opened(opened), TrackEvent::Suspended(suspended)]).await;
    // when only the read model comes that far, and two minutes pass
    service.read_model().catch_up(hospital.journal.as_ref()).await.expect("folded");
    hospital.clock.set(at("2026-03-02T12:02:00Z"));
    // then all of it is found, by name
    let found = findings(&service).await;
    let expected = ["no_next_step", "no_reinstatement", "suspension_without_notice"];
    assert_eq!(checks(&found), expected, "{found:?}");
    assert!(found.iter().all(|finding| finding.track == Some(track_of("1001"))));
    assert!(found[2].text.contains("no notice to the provider names a day"), "{found:?}");
}

#[tokio::test]
async fn whoever_waits_for_the_heartbeat_hears_it_after_a_look() {
    // given somebody who listens
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    let heartbeat = Heartbeat { url: Some(format!("http://{address}/beat")), every: Duration::from_hours(1) };
    let service = hospital.service_with("one", heartbeat).await;
    // when the auditor runs
    let heard = async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.expect("a call");
        let mut said = vec![0; 1024];
        let length = stream.read(&mut said).await.expect("a request");
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("answered");
        String::from_utf8_lossy(&said[..length]).into_owned()
    };
    let said = tokio::select! {
        said = heard => said,
        () = service.audit() => unreachable!("it runs for ever"),
    };
    // then the call says nothing of anybody
    assert!(said.starts_with("GET /beat HTTP/1.1"), "{said}");
}
