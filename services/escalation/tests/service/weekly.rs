//! Lists of the weekly cycle, and runs that a human looks at first.

use countersign_kernel::{Actor, Role};

use crate::hospital::{FACILITY, Hospital, POLICY, at, owed};

fn him() -> Actor {
    Actor::new("kim", [Role::HimManager])
}

#[tokio::test]
async fn the_list_for_the_next_cutoff_is_published_once_whoever_publishes() {
    // given a weekly policy, and an item that comes to its first notice before the cutoff
    let weekly = POLICY.replace("mode = \"continuous\"", "mode = \"weekly\"");
    let hospital = Hospital::new("2026-03-02T12:00:00Z", &weekly);
    hospital.item(&owed("V1", "1001", "2026-03-02T12:00:00Z")).await;
    let (one, two) = (hospital.service("one").await, hospital.service("two").await);
    for service in [&one, &two] {
        service.catch_up().await.expect("caught up");
    }
    // when the instant of publication comes, and both processes look
    hospital.clock.set(at("2026-03-08T12:00:00Z"));
    for service in [&one, &two, &one] {
        service.look_at_runs().await.expect("looked");
    }
    one.catch_up().await.expect("caught up");
    // then there is one list, with the line
    let runs = one.published_runs(&him(), None).await.expect("runs");
    assert_eq!(runs.len(), 1, "{runs:?}");
    let run = one.published_run(&him(), FACILITY, runs[0].published_at).await.expect("a run");
    let lines: Vec<_> =
        run.lines.iter().map(|line| (line.provider.id.as_str(), line.step.as_str())).collect();
    assert_eq!(lines, [("1001", "notice-1")]);
    assert!(run.cutoff_at > run.published_at);
}

#[tokio::test]
async fn when_many_would_move_nobody_does_before_a_human_has_looked() {
    // given a policy that lets two tracks move at once, and five that are due after an outage
    let policy = format!("{POLICY}\n[outage]\nsettle_hours = 0\nmany_tracks = 2\n");
    let hospital = Hospital::new("2026-03-02T12:00:00Z", &policy);
    for number in 0..5 {
        hospital
            .item(&owed(&format!("V{number}"), &format!("{}", 1000 + number), "2026-03-02T12:00:00Z"))
            .await;
    }
    let service = hospital.service("one").await;
    service.catch_up().await.expect("caught up");
    hospital.clock.set(at("2026-03-12T12:00:00Z"));
    service.fire_due().await.expect("fired");
    service.catch_up().await.expect("caught up");
    // then none has moved, and it waits in the inbox
    for number in 0..5 {
        let kinds = hospital.kinds(&format!("{}", 1000 + number)).await;
        assert!(!kinds.contains(&"step-taken"), "{number}: {kinds:?}");
    }
    let inbox = service.inbox(&him()).await.expect("the inbox");
    assert!(inbox.iter().any(|item| item.kind == "held_run"), "{inbox:?}");
    // and whoever looks sees each of them, with the step that waits for the release
    let dry = service.dry_run(&him(), FACILITY).await.expect("a list");
    let listed: Vec<_> =
        dry.lines.iter().map(|line| (line.line.step.as_str(), line.held.as_deref())).collect();
    assert_eq!(listed, [("notice-1", Some("many_would_move")); 5]);
    // when somebody without the right releases it, then nothing happens
    let stranger = Actor::new("doc", [Role::Physician]);
    service.release_run(&stranger, "k", FACILITY, "because").await.expect_err("refused");
    // when the HIM manager does, then all of them move, once
    let folding = service.read_model().clone();
    let journal = hospital.journal.clone();
    let follow = tokio::spawn(async move { folding.follow(journal.as_ref()).await });
    service.release_run(&him(), "k", FACILITY, "looked at the list").await.expect("released");
    let again = service.release_run(&him(), "k", FACILITY, "looked at the list").await.expect("repeated");
    follow.abort();
    assert!(again.repeated);
    for number in 0..5 {
        let kinds = hospital.kinds(&format!("{}", 1000 + number)).await;
        assert_eq!(kinds.iter().filter(|kind| **kind == "step-taken").count(), 1, "{number}: {kinds:?}");
    }
}
