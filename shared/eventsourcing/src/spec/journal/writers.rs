//! Several writers and several handles at once.

use std::sync::Arc;

use super::{
    Follower, Store, append, conflict, event, events, ids, in_time, read_everything, read_stream,
    recorded_ids,
};
use crate::journal::{AppendError, Expected, Filter, Journal, NewEvent, Position, StreamName};

/// Of several writers that want to begin the same stream exactly one does; the others learn its revision.
pub async fn writers_racing_for_a_new_stream_have_one_winner(store: impl Store) {
    let journal = store.open().await;
    for round in 0..20 {
        let stream = StreamName::new("spec", round.to_string());
        let racers: Vec<_> = (0..4)
            .map(|writer| {
                let (journal, stream) = (Arc::clone(&journal), stream.clone());
                tokio::spawn(async move {
                    let new = events(&format!("{round} {writer}"), 2);
                    journal.append(stream, Expected::NoStream, new).await
                })
            })
            .collect();
        let mut winners = 0;
        for racer in racers {
            match in_time("a racing writer", racer).await.expect("no panic") {
                Ok(appended) => {
                    assert_eq!((appended.revision, appended.repeated), (1, false));
                    winners += 1;
                }
                Err(AppendError::Conflict { actual, .. }) => assert_eq!(actual, Some(1)),
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(winners, 1);
        assert_eq!(read_stream(&*journal, &stream, 0).await.len(), 2);
    }
}

/// Writers that decide on the same stream with optimistic concurrency, each trying again until it is in.
pub async fn writers_sharing_a_stream_lose_nothing(store: impl Store) {
    const WRITERS: usize = 4;
    const APPENDS: usize = 15;
    let journal = store.open().await;
    let stream = StreamName::new("spec", "shared");
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (journal, stream) = (Arc::clone(&journal), stream.clone());
            tokio::spawn(async move {
                let mut expected = Expected::NoStream;
                for n in 0..APPENDS {
                    let new = vec![event(&format!("{writer}/{n}"))];
                    loop {
                        match journal.append(stream.clone(), expected, new.clone()).await {
                            Ok(appended) => {
                                assert!(!appended.repeated);
                                expected = Expected::Revision(appended.revision);
                                break;
                            }
                            Err(AppendError::Conflict { actual, .. }) => {
                                expected = actual.map_or(Expected::NoStream, Expected::Revision);
                            }
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        in_time("a writer", writer).await.expect("no panic");
    }
    let read = read_stream(&*journal, &stream, 0).await;
    let revisions: Vec<u64> = read.iter().map(|event| event.revision).collect();
    assert_eq!(revisions, (0..(WRITERS * APPENDS) as u64).collect::<Vec<_>>(), "no gap, no double");
    let mut found = recorded_ids(&read);
    let mut wanted: Vec<_> = (0..WRITERS)
        .flat_map(|writer| (0..APPENDS).map(move |n| event(&format!("{writer}/{n}")).id))
        .collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted, "every event is there once");
}

/// What a reader has passed stays passed: subscribers that run while many writers append, through two
/// handles, see exactly what a scan sees afterwards, in the same order.
pub async fn nothing_arrives_late(store: impl Store) {
    const WRITERS: usize = 8;
    const APPENDS: usize = 60;
    let (near, far) = (store.open().await, store.open().await);
    let followers: Vec<_> = [
        (&near, Filter::All),
        (&far, Filter::All),
        (&near, Filter::Categories(vec!["even"])),
        (&far, Filter::Categories(vec!["odd", "absent"])),
    ]
    .into_iter()
    .map(|(journal, filter)| {
        let share = if filter == Filter::All { 1 } else { 2 };
        let mut follower = Follower::new(&**journal, Position::START, filter);
        tokio::spawn(async move {
            // 1 to 3 events an append, evenly: two on average.
            follower.until_events(WRITERS * APPENDS * 2 / share).await;
            follower
        })
    })
    .collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let journal = Arc::clone(if writer % 4 < 2 { &near } else { &far });
            tokio::spawn(async move {
                let mut last = Position::START;
                for n in 0..APPENDS {
                    let category = ["even", "odd"][writer % 2];
                    let stream = StreamName::new(category, format!("{writer}-{}", n % 7));
                    let new = events(&format!("{writer}/{n}"), 1 + n % 3);
                    let appended = append(&*journal, &stream, Expected::Any, &new).await;
                    assert!(appended.position > last, "a later append has a later position");
                    last = appended.position;
                }
            })
        })
        .collect();
    for writer in writers {
        in_time("a writer", writer).await.expect("no panic");
    }
    for follower in followers {
        let follower = in_time("a follower", follower).await.expect("no panic");
        let (scanned, _) = read_everything(&*near, Position::START, &follower.filter, 37).await;
        assert_eq!(follower.ids(), recorded_ids(&scanned), "{:?}", follower.filter);
        let positions = |events: &[crate::journal::RecordedEvent]| -> Vec<Position> {
            events.iter().map(|event| event.position).collect()
        };
        assert_eq!(positions(&follower.seen), positions(&scanned));
    }
}

/// Two handles to one store are two views of the same record.
pub async fn a_second_handle_reads_follows_and_writes(store: impl Store) {
    let (one, two) = (store.open().await, store.open().await);
    let stream = StreamName::new("spec", "a");
    let mut follower = Follower::new(&*two, Position::START, Filter::All);
    follower.until_caught_up().await;
    let mut written = Vec::new();
    for round in 0..10_u64 {
        let (here, there) = (events(&format!("one {round}"), 1), events(&format!("two {round}"), 1));
        let expected = round.checked_sub(1).map_or(Expected::NoStream, |n| Expected::Revision(n * 2 + 1));
        let first = append(&*one, &stream, expected, &here).await;
        assert_eq!(read_stream(&*two, &stream, 0).await.len() as u64, round * 2 + 1);
        assert_eq!(two.head().await.expect("a head"), first.position);
        // The other handle decided on an older state: it is told.
        assert_eq!(conflict(&*two, &stream, expected, &there).await, Some(round * 2));
        let second = append(&*two, &stream, Expected::Revision(first.revision), &there).await;
        assert_eq!(second.revision, round * 2 + 1);
        assert!(append(&*one, &stream, Expected::Any, &there).await.repeated, "known through either handle");
        written.extend(ids(&[here, there].concat()));
        follower.until_position(second.position).await;
        assert_eq!(follower.ids(), written);
    }
}

/// Nothing depends on the handle that wrote it.
pub async fn reopening_finds_everything(store: impl Store) {
    let stream = StreamName::new("spec", "a");
    let mut written = Vec::new();
    let mut answers: Vec<(Vec<NewEvent>, (u64, Position))> = Vec::new();
    for round in 0..4 {
        let journal: Arc<dyn Journal> = store.open().await;
        let (read, _) = read_everything(&*journal, Position::START, &Filter::All, 5).await;
        assert_eq!(recorded_ids(&read), written, "at opening number {round}");
        for (events, answer) in &answers {
            let again = append(&*journal, &stream, Expected::NoStream, events).await;
            assert_eq!(&(again.revision, again.position), answer);
        }
        let new = events(&format!("round {round}"), 3);
        let expected = read.last().map_or(Expected::NoStream, |event| Expected::Revision(event.revision));
        let appended = append(&*journal, &stream, expected, &new).await;
        written.extend(ids(&new));
        answers.push((new, (appended.revision, appended.position)));
    }
}
