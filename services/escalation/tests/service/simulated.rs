//! What a simulation says is what the service does on the same history.

use std::sync::Arc;

use countersign_contracts::notice::Outcome;
use countersign_escalation::{
    domain::{events::TrackEvent, policy::PolicySet},
    simulate::{Question, Watch, simulate},
};
use countersign_kernel::Timestamp;

use crate::hospital::{Hospital, POLICY, at, done, owed, pass, publishers, track_of};

/// Steps and proposals of a track with their instants.
fn steps(events: &[TrackEvent]) -> Vec<(String, Timestamp)> {
    events
        .iter()
        .filter_map(|event| match event {
            TrackEvent::StepTaken(step) => Some((step.step.clone(), step.at)),
            TrackEvent::SuspensionProposed(proposed) => Some(("suspension-proposed".to_owned(), proposed.at)),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_simulation_of_the_recorded_history_equals_what_happened() {
    // given a history in which every notice was delivered an hour after it was asked for
    let hospital = Hospital::new("2026-03-02T12:00:00Z", POLICY);
    hospital.provider("1001").await;
    let item = owed("V1", "1001", "2026-03-02T12:00:00Z");
    hospital.item(&item).await;
    let other = owed("V2", "1002", "2026-03-02T12:00:00Z");
    hospital.item(&other).await;
    let service = hospital.service("one").await;
    for delivered in ["2026-03-10T01:00:00Z", "2026-03-24T01:00:00Z"] {
        pass(&hospital, &service, delivered).await;
        for who in ["1001", "1002"] {
            hospital.outcome(track_of(who), hospital.last_notice(who).await, Outcome::Accepted).await;
        }
        service.catch_up().await.expect("caught up");
    }
    hospital.clock.set(at("2026-03-26T09:00:00Z"));
    hospital.item(&done(&other, at("2026-03-26T08:00:00Z"))).await;
    pass(&hospital, &service, "2026-04-06T09:00:00Z").await;
    hospital.item(&done(&item, at("2026-04-06T08:00:00Z"))).await;
    service.catch_up().await.expect("caught up");
    // when the same policy is simulated on it
    let policy = Arc::new(PolicySet::read(POLICY, 1).expect("a policy"));
    let question = Question::new(Arc::clone(&policy));
    let (publishers, watch) = (publishers(), Watch::default());
    let report = simulate(hospital.journal.as_ref(), &publishers, &question, &watch).await.expect("a report");
    // then each track has the same steps at the same instants
    for who in ["1001", "1002"] {
        let simulated: Vec<(String, Timestamp)> = report
            .lines
            .iter()
            .filter(|line| line.track == track_of(who))
            .map(|line| (line.step.clone(), line.at))
            .collect();
        assert_eq!(simulated, steps(&hospital.track(who).await), "{who}");
    }
    assert_eq!(report.lines.iter().filter(|line| line.step == "suspension-proposed").count(), 1);
    // when it is compared with a policy that is a day slower at the first notice
    let slower = POLICY.replacen("after_days = 7", "after_days = 8", 1);
    let slower = Arc::new(PolicySet::read(&slower, 2).expect("a policy"));
    let question = Question { against: Some((Some(2), slower)), ..Question::new(policy) };
    let report = simulate(hospital.journal.as_ref(), &publishers, &question, &watch).await.expect("a report");
    let against = report.against.expect("a difference");
    // then the first notices moved by a day, and nothing else is another
    assert_eq!((against.only_here, against.only_there), (vec![], vec![]));
    let moved: Vec<_> =
        against.moved.iter().map(|moved| (moved.here.step.as_str(), moved.there_at)).collect();
    let later = at("2026-03-11T00:00:00Z");
    assert_eq!(moved, [("notice-1", later), ("notice-1", later)]);
}
