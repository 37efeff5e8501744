//! Expectations, repetition, atomicity.

use std::sync::Arc;

use super::{
    Store, append, conflict, event, events, ids, in_time, read_everything, read_stream, recorded_ids,
};
use crate::journal::{Expected, Filter, Position, StreamName};

/// `NoStream` holds for the first append only.
pub async fn no_stream_is_true_once(store: impl Store) {
    let journal = store.open().await;
    let stream = StreamName::new("spec", "a");
    let first = append(&*journal, &stream, Expected::NoStream, &events("first", 2)).await;
    assert_eq!((first.revision, first.repeated), (1, false));
    assert!(first.position > Position::START);
    let actual = conflict(&*journal, &stream, Expected::NoStream, &events("second", 1)).await;
    assert_eq!(actual, Some(1));
    assert_eq!(read_stream(&*journal, &stream, 0).await.len(), 2, "the refused event is not there");
}

/// `Revision` must be that of the last event: neither an earlier one nor one to come.
pub async fn an_expected_revision_must_be_the_last(store: impl Store) {
    let journal = store.open().await;
    let stream = StreamName::new("spec", "a");
    let first = append(&*journal, &stream, Expected::NoStream, &events("first", 3)).await;
    let second = append(&*journal, &stream, Expected::Revision(2), &events("second", 2)).await;
    assert_eq!((second.revision, second.repeated), (4, false));
    assert!(second.position > first.position);
    for wrong in [0, 2, 3, 5, 1_000_000] {
        let late = events(&format!("late {wrong}"), 1);
        assert_eq!(conflict(&*journal, &stream, Expected::Revision(wrong), &late).await, Some(4));
    }
    assert_eq!(read_stream(&*journal, &stream, 0).await.len(), 5);
}

/// `Any` appends to a stream that does not exist and to one that does.
pub async fn any_expectation_takes_the_stream_as_it_is(store: impl Store) {
    let journal = store.open().await;
    let stream = StreamName::new("spec", "a");
    for round in 0..4_u64 {
        let new = events(&format!("round {round}"), 1);
        let appended = append(&*journal, &stream, Expected::Any, &new).await;
        assert_eq!((appended.revision, appended.repeated), (round, false));
    }
}

/// A conflict tells where the stream is, which a writer needs to read on and decide again.
pub async fn a_conflict_tells_the_actual_revision(store: impl Store) {
    let journal = store.open().await;
    let stream = StreamName::new("spec", "a");
    assert_eq!(conflict(&*journal, &stream, Expected::Revision(0), &events("x", 1)).await, None);
    assert!(read_stream(&*journal, &stream, 0).await.is_empty(), "a refused append makes no stream");
    append(&*journal, &stream, Expected::Any, &events("y", 7)).await;
    assert_eq!(conflict(&*journal, &stream, Expected::Revision(3), &events("x", 1)).await, Some(6));
    assert_eq!(conflict(&*journal, &stream, Expected::NoStream, &events("x", 1)).await, Some(6));
    // The writer that reads on and tries with what it was told succeeds, with the very same event.
    assert_eq!(append(&*journal, &stream, Expected::Revision(6), &events("x", 1)).await.revision, 7);
}

/// Repeating an append gives its first answer, whatever is expected now and whatever came after it.
pub async fn the_same_ids_again_give_the_same_answer(store: impl Store) {
    let journal = store.open().await;
    let stream = StreamName::new("spec", "a");
    let (one, two, three) = (events("one", 3), events("two", 1), events("three", 2));
    let first = append(&*journal, &stream, Expected::NoStream, &one).await;
    let second = append(&*journal, &stream, Expected::Revision(2), &two).await;
    append(&*journal, &StreamName::new("spec", "b"), Expected::Any, &events("elsewhere", 1)).await;
    let third = append(&*journal, &stream, Expected::Any, &three).await;
    for (events, answer) in [(&one, first), (&two, second), (&three, third)] {
        for expected in [
            Expected::Any,
            Expected::NoStream,
            Expected::Revision(2),
            Expected::Revision(5),
            Expected::Revision(99),
        ] {
            let again = append(&*journal, &stream, expected, events).await;
            assert!(again.repeated, "a repetition is told, expecting {expected:?}");
            assert_eq!((again.revision, again.position), (answer.revision, answer.position));
        }
    }
    let stored = read_stream(&*journal, &stream, 0).await;
    assert_eq!(recorded_ids(&stored), ids(&[one, two, three].concat()), "nothing was written twice");
}

/// An append of which a part is there already is neither a repetition nor new.
pub async fn a_partial_overlap_is_a_conflict_that_writes_nothing(store: impl Store) {
    let journal = store.open().await;
    let stream = StreamName::new("spec", "a");
    let known = events("known", 2);
    append(&*journal, &stream, Expected::NoStream, &known).await;
    let head_over = [known[1].clone(), event("new/0")];
    let tail_over = [event("new/1"), known[0].clone()];
    let middle_over = [event("new/2"), known[1].clone(), event("new/3")];
    for overlapping in [&head_over[..], &tail_over[..], &middle_over[..]] {
        for expected in [Expected::Any, Expected::Revision(1)] {
            assert_eq!(conflict(&*journal, &stream, expected, overlapping).await, Some(1));
        }
    }
    assert_eq!(recorded_ids(&read_stream(&*journal, &stream, 0).await), ids(&known));
}

/// Appending no events is allowed and changes nothing.
pub async fn an_append_of_nothing_writes_nothing(store: impl Store) {
    let journal = store.open().await;
    let stream = StreamName::new("spec", "a");
    append(&*journal, &stream, Expected::Any, &[]).await;
    assert!(read_stream(&*journal, &stream, 0).await.is_empty());
    let first = append(&*journal, &stream, Expected::NoStream, &events("first", 2)).await;
    let nothing = append(&*journal, &stream, Expected::Any, &[]).await;
    assert_eq!((nothing.revision, nothing.repeated), (first.revision, true));
    assert_eq!(read_everything(&*journal, Position::START, &Filter::All, 10).await.0.len(), 2);
}

/// Whoever reads while appends go on sees each of them whole or not at all.
pub async fn readers_see_an_append_whole_or_not_at_all(store: impl Store) {
    const TOGETHER: usize = 5;
    const APPENDS: usize = 40;
    let journal = store.open().await;
    let stream = StreamName::new("spec", "a");
    let writer = tokio::spawn({
        let (journal, stream) = (Arc::clone(&journal), stream.clone());
        async move {
            for round in 0..APPENDS {
                append(&*journal, &stream, Expected::Any, &events(&format!("{round}"), TOGETHER)).await;
            }
        }
    });
    loop {
        let finished = writer.is_finished();
        let seen = read_stream(&*journal, &stream, 0).await.len();
        assert_eq!(seen % TOGETHER, 0, "{seen} events: part of an append is visible");
        if finished {
            assert_eq!(seen, APPENDS * TOGETHER);
            break;
        }
        tokio::task::yield_now().await;
    }
    in_time("the writer", writer).await.expect("the writer did not fail");
}
