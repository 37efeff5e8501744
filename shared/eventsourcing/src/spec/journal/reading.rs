//! What is read is what was written, in the journal's order.

use bytes::Bytes;
use countersign_kernel::EventId;

use super::{
    Store, append, event, events, ids, instant, metadata, read_everything, read_stream, recorded_ids,
};
use crate::journal::{Expected, Filter, Journal, Metadata, NewEvent, Position, StreamName};

/// Content and metadata come back byte for byte: any script, any white space, any order of keys.
pub async fn events_come_back_as_they_went_in(store: impl Store) {
    let journal = store.open().await;
    let stream = StreamName::new("spec", "Größe:7-ä-日本");
    let full = Metadata {
        correlation: EventId::derive(&["c"]).0,
        causation: Some(EventId::derive(&["cause"]).0),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        schema: 3,
        actor: "jürgen.naïve@hospital \"quoted\" \u{1F9D1}\u{200D}\u{2695}\u{FE0F}".to_owned(),
        occurred_at: instant(-4_000_000_000),
        recorded_at: Some(instant(5)),
        received_at: "2026-02-03T04:05:06.789012345Z".parse().expect("an instant"),
    };
    let written: Vec<NewEvent> = [
        r#"{"name":"Müller-Lüdenscheidt","note":"naïve 日本語 😀 \u0000 \ud83d\ude00"}"#,
        "{ \"b\" : 1 ,\n\t\"a\" : [ 1.0, 1e400, 123456789012345678901234567890 ], \"b\" : 2 }",
        "{}",
        "[]",
    ]
    .into_iter()
    .enumerate()
    .map(|(n, data)| NewEvent {
        id: EventId::derive(&["bytes", &n.to_string()]),
        kind: format!("spec.kind{n}.ü").into(),
        data: Bytes::from(data),
        metadata: if n == 0 { full.clone() } else { metadata("plain") },
    })
    .collect();
    let appended = append(&*journal, &stream, Expected::NoStream, &written).await;
    let from_stream = read_stream(&*journal, &stream, 0).await;
    let from_all = read_everything(&*journal, Position::START, &Filter::All, 2).await.0;
    for read in [&from_stream, &from_all] {
        assert_eq!(read.len(), written.len());
        for ((read, written), revision) in read.iter().zip(&written).zip(0..) {
            assert_eq!(read.stream, stream);
            assert_eq!(read.revision, revision);
            assert_eq!(read.id, written.id);
            assert_eq!(*read.kind, *written.kind);
            assert_eq!(read.data, written.data, "content comes back byte for byte");
            assert_eq!(read.metadata().expect("metadata decodes"), written.metadata);
        }
    }
    let positions = |events: &[crate::journal::RecordedEvent]| -> Vec<Position> {
        events.iter().map(|event| event.position).collect()
    };
    assert_eq!(positions(&from_stream), positions(&from_all), "an event has one position");
    assert_eq!(from_all.last().map(|event| event.position), Some(appended.position));
}

/// Nearly 1 MiB of content passes. Not quite 1 MiB, because `EventStoreDB`'s default limit of 1 MiB covers
/// the metadata too.
pub async fn large_events_come_back_whole(store: impl Store) {
    let journal = store.open().await;
    let stream = StreamName::new("spec", "large");
    let mut large = event("large");
    let filler: String = ('a'..='z').cycle().take(1_000_000).collect();
    large.data = Bytes::from(format!("\"{filler}\""));
    append(&*journal, &stream, Expected::NoStream, &[large.clone(), event("small")]).await;
    let read = read_stream(&*journal, &stream, 0).await;
    assert_eq!(recorded_ids(&read), ids(&[large.clone(), event("small")]));
    assert!(read[0].data == large.data, "the large content is unchanged");
    let (all, _) = read_everything(&*journal, Position::START, &Filter::All, 10).await;
    assert!(all[0].data == large.data, "the large content is unchanged");
}

/// A stream can be read from any revision on, also from beyond its end, and revisions have no gaps.
pub async fn a_stream_is_read_from_any_revision(store: impl Store) {
    let journal = store.open().await;
    let (one, other) = (StreamName::new("spec", "one"), StreamName::new("spec", "one-more"));
    for round in 0..5 {
        append(&*journal, &one, Expected::Any, &events(&format!("one {round}"), 3)).await;
        append(&*journal, &other, Expected::Any, &events(&format!("other {round}"), 1)).await;
    }
    for from in 0..17_u64 {
        let read = read_stream(&*journal, &one, from).await;
        let revisions: Vec<u64> = read.iter().map(|event| event.revision).collect();
        assert_eq!(revisions, (from..15).collect::<Vec<_>>(), "from revision {from}");
        assert!(read.iter().all(|event| event.stream == one), "only of the stream asked for");
        assert!(read.windows(2).all(|pair| pair[0].position < pair[1].position));
    }
    assert!(read_stream(&*journal, &StreamName::new("spec", "on"), 0).await.is_empty());
}

async fn three_categories(journal: &dyn Journal) -> Vec<(StreamName, EventId)> {
    let mut written = Vec::new();
    for round in 0..30 {
        let category = ["spec", "spectrum", "other"][round % 3];
        let stream = StreamName::new(category, format!("{}-x", round % 4));
        let new = events(&format!("{category} {round}"), 1 + round % 3);
        append(journal, &stream, Expected::Any, &new).await;
        written.extend(new.iter().map(|event| (stream.clone(), event.id)));
    }
    written
}

/// Pages of any size give everything, once, in the order of the appends.
pub async fn everything_is_read_in_order_page_by_page(store: impl Store) {
    let journal = store.open().await;
    let written: Vec<EventId> = three_categories(&*journal).await.into_iter().map(|(_, id)| id).collect();
    for limit in [1, 2, 7, 59, 60, 61, 5_000] {
        let (read, upto) = read_everything(&*journal, Position::START, &Filter::All, limit).await;
        assert_eq!(recorded_ids(&read), written, "in pages of {limit}");
        assert_eq!(Some(upto), read.last().map(|event| event.position));
    }
    // From after any event, exactly the rest.
    let (all, _) = read_everything(&*journal, Position::START, &Filter::All, 100).await;
    for (n, from) in all.iter().enumerate() {
        let (rest, _) = read_everything(&*journal, from.position, &Filter::All, 11).await;
        assert_eq!(recorded_ids(&rest), written[n + 1..]);
    }
}

/// A category is the whole word before the first hyphen: `spec` does not admit `spectrum`.
pub async fn a_filter_admits_whole_categories_only(store: impl Store) {
    let journal = store.open().await;
    let written = three_categories(&*journal).await;
    for wanted in [
        vec!["spec"],
        vec!["spectrum"],
        vec!["other", "spec"],
        vec!["spectrum", "absent"],
        vec!["other", "spectrum", "spec"],
    ] {
        let filter = Filter::Categories(wanted);
        let admitted: Vec<EventId> = written
            .iter()
            .filter(|(stream, _)| filter.admits(stream.category()))
            .map(|(_, id)| *id)
            .collect();
        for limit in [1, 3, 1_000] {
            let (read, _) = read_everything(&*journal, Position::START, &filter, limit).await;
            assert_eq!(recorded_ids(&read), admitted, "{filter:?} in pages of {limit}");
        }
    }
}

/// A reader that wants nothing of what is there passes it all the same, and need not pass it twice.
pub async fn a_filter_that_admits_nothing_still_advances(store: impl Store) {
    let journal = store.open().await;
    let last = append(&*journal, &StreamName::new("spec", "a"), Expected::Any, &events("a", 20)).await;
    for filter in [Filter::Categories(vec!["absent"]), Filter::Categories(Vec::new())] {
        let (read, upto) = read_everything(&*journal, Position::START, &filter, 3).await;
        assert!(read.is_empty());
        assert!(upto >= last.position, "upto {upto} lies before the last event {}", last.position);
    }
    let filter = Filter::Categories(vec!["rare"]);
    let rare = append(&*journal, &StreamName::new("rare", "a"), Expected::Any, &events("rare", 1)).await;
    let tail = append(&*journal, &StreamName::new("spec", "a"), Expected::Any, &events("b", 20)).await;
    let (read, upto) = read_everything(&*journal, last.position, &filter, 3).await;
    assert_eq!(read.iter().map(|event| event.position).collect::<Vec<_>>(), [rare.position]);
    assert!(upto >= tail.position);
}

/// A reader that asks from beyond the last event gets nothing and is not sent back.
pub async fn beyond_the_head_there_is_nothing(store: impl Store) {
    let journal = store.open().await;
    let last = append(&*journal, &StreamName::new("spec", "a"), Expected::Any, &events("a", 3)).await;
    let beyond = Position(last.position.0 + 1_000_000);
    for filter in [Filter::All, Filter::Categories(vec!["spec"])] {
        for after in [last.position, beyond] {
            let batch = journal.read_all(after, filter.clone(), 10).await.expect("the journal can be read");
            assert!(batch.events.is_empty());
            assert!(batch.caught_up);
            assert!(batch.upto >= after, "upto {} lies before {after}", batch.upto);
        }
    }
}

/// The head is the position of the last event, at once after its acknowledgement.
pub async fn the_head_is_the_last_event(store: impl Store) {
    let journal = store.open().await;
    let empty = journal.head().await.expect("a head");
    for round in 0..5 {
        let new = events(&format!("{round}"), 2);
        let appended =
            append(&*journal, &StreamName::new("spec", round.to_string()), Expected::Any, &new).await;
        assert!(appended.position > empty);
        assert_eq!(journal.head().await.expect("a head"), appended.position);
    }
}
