//! Two processes, crashes, and read models that lag.

use countersign_contracts::notice::Outcome;

use crate::hospital::{Hospital, POLICY, at, done, owed, pass, track_of};

#[tokio::test]
async fn an_item_that_was_signed_a_moment_ago_stops_the_step_whatever_the_read_model_knows() {
    // given a track whose first notice is due now
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    let item = owed("V1", "1001", "2026-03-02T12:00:00Z");
    hospital.item(&item).await;
    let service = hospital.service("one").await;
    service.catch_up().await.expect("caught up");
    hospital.clock.set(at("2026-03-10T12:00:00Z"));
    // when the item is signed, and the read model has not come that far
    hospital.item(&done(&item, at("2026-03-10T11:59:59Z"))).await;
    service.fire_due().await.expect("fired");
    // then no notice goes out
    let kinds = hospital.kinds("1001").await;
    assert!(!kinds.contains(&"step-taken") && !kinds.contains(&"notice-requested"), "{kinds:?}");
    // and once the read model knows, the cycle is over
    service.catch_up().await.expect("caught up");
    assert_eq!(hospital.kinds("1001").await.last(), Some(&"track-closed"));
}

#[tokio::test]
async fn two_processes_at_once_take_no_step_twice() {
    // given two processes on one journal, and a hundred tracks that are due
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    for number in 0..40 {
        let (name, by) = (format!("V{number}"), format!("{}", 1000 + number));
        hospital.item(&owed(&name, &by, "2026-03-02T12:00:00Z")).await;
    }
    let (one, two) = (hospital.service("one").await, hospital.service("two").await);
    let (a, b) = tokio::join!(one.catch_up(), two.catch_up());
    a.expect("caught up");
    b.expect("caught up");
    one.catch_up().await.expect("caught up");
    two.catch_up().await.expect("caught up");
    // when both let timers fire
    hospital.clock.set(at("2026-03-10T12:00:00Z"));
    let (a, b) = tokio::join!(one.fire_due(), two.fire_due());
    a.expect("fired");
    b.expect("fired");
    // then each track has one step and one notice
    for number in 0..40 {
        let kinds = hospital.kinds(&format!("{}", 1000 + number)).await;
        assert_eq!(kinds, ["track-opened", "step-taken", "notice-requested"], "{number}");
    }
}

#[tokio::test]
async fn a_crash_between_append_and_checkpoint_appends_nothing_twice() {
    // given a process that worked and lost its folder, checkpoint and read model
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    hospital.item(&owed("V1", "1001", "2026-03-02T12:00:00Z")).await;
    let service = hospital.service("one").await;
    pass(&hospital, &service, "2026-03-10T12:00:00Z").await;
    let notice = hospital.last_notice("1001").await;
    hospital.outcome(track_of("1001"), notice, Outcome::Accepted).await;
    service.catch_up().await.expect("caught up");
    let before = hospital.track("1001").await;
    let said = hospital.said_by_the_service().await;
    drop(service);
    // when another one begins from nothing, and everything is delivered again
    let again = hospital.service("two").await;
    again.catch_up().await.expect("caught up");
    // then nothing was said again, the track is what it was, and the read models agree
    assert_eq!(hospital.said_by_the_service().await, said);
    assert_eq!(hospital.track("1001").await, before);
    let fresh = countersign_escalation::service::read_model(crate::hospital::publishers());
    let difference = again.read_model().difference(fresh, hospital.journal.as_ref()).await.expect("compared");
    assert_eq!(difference, None);
}
