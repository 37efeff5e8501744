//! What every journal adapter must do, as cases that its tests run by name:
//!
//! ```ignore
//! countersign_eventsourcing::journal_spec!(empty_store);
//! async fn empty_store() -> impl countersign_eventsourcing::spec::journal::Store { ... }
//! ```
//!
//! Each case gets a fresh store and nobody else writes to it. Positions are opaque here: they increase, and
//! nothing else is asked of them, so that stores whose positions have gaps pass too.

mod appending;
mod following;
mod histories;
mod reading;
mod writers;

use std::{future::Future, sync::Arc, time::Duration};

use bytes::Bytes;
use countersign_kernel::{EventId, Timestamp};
use futures::{StreamExt, stream::BoxStream};

pub use self::{
    appending::{
        a_conflict_tells_the_actual_revision, a_partial_overlap_is_a_conflict_that_writes_nothing,
        an_append_of_nothing_writes_nothing, an_expected_revision_must_be_the_last,
        any_expectation_takes_the_stream_as_it_is, no_stream_is_true_once,
        readers_see_an_append_whole_or_not_at_all, the_same_ids_again_give_the_same_answer,
    },
    following::{
        a_filtered_subscription_passes_what_it_skips, a_subscription_catches_up_and_then_follows,
        a_subscription_from_any_position_gives_exactly_the_rest,
        a_subscription_to_an_empty_journal_says_that_it_has_caught_up,
    },
    histories::{Step, agrees_with_the_model, random_histories_agree_with_the_model},
    reading::{
        a_filter_admits_whole_categories_only, a_filter_that_admits_nothing_still_advances,
        a_stream_is_read_from_any_revision, beyond_the_head_there_is_nothing,
        events_come_back_as_they_went_in, everything_is_read_in_order_page_by_page,
        large_events_come_back_whole, the_head_is_the_last_event,
    },
    writers::{
        a_second_handle_reads_follows_and_writes, nothing_arrives_late, reopening_finds_everything,
        writers_racing_for_a_new_stream_have_one_winner, writers_sharing_a_stream_lose_nothing,
    },
};
use crate::journal::{
    AppendError, Appended, Batch, Expected, Filter, Journal, JournalError, Metadata, NewEvent, PortFuture,
    Position, RecordedEvent, StreamName,
};

/// Expands to one `#[tokio::test]` for each case of the specification. The argument names an async function
/// without parameters that returns a fresh [`Store`].
#[macro_export]
macro_rules! journal_spec {
    ($fresh:path) => {
        $crate::journal_spec! { @cases $fresh;
            no_stream_is_true_once,
            an_expected_revision_must_be_the_last,
            any_expectation_takes_the_stream_as_it_is,
            a_conflict_tells_the_actual_revision,
            the_same_ids_again_give_the_same_answer,
            a_partial_overlap_is_a_conflict_that_writes_nothing,
            an_append_of_nothing_writes_nothing,
            readers_see_an_append_whole_or_not_at_all,
            events_come_back_as_they_went_in,
            large_events_come_back_whole,
            a_stream_is_read_from_any_revision,
            everything_is_read_in_order_page_by_page,
            a_filter_admits_whole_categories_only,
            a_filter_that_admits_nothing_still_advances,
            beyond_the_head_there_is_nothing,
            the_head_is_the_last_event,
            a_subscription_to_an_empty_journal_says_that_it_has_caught_up,
            a_subscription_catches_up_and_then_follows,
            a_subscription_from_any_position_gives_exactly_the_rest,
            a_filtered_subscription_passes_what_it_skips,
            writers_racing_for_a_new_stream_have_one_winner,
            writers_sharing_a_stream_lose_nothing,
            nothing_arrives_late,
            a_second_handle_reads_follows_and_writes,
            reopening_finds_everything,
            random_histories_agree_with_the_model,
        }
    };
    (@cases $fresh:path; $($case:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::spec::journal::$case($fresh().await).await;
            }
        )+
    };
}

/// A store that is empty at first and can be opened several times, at once and one after the other.
pub trait Store: Send + Sync + 'static {
    /// One more handle to the same store.
    fn open(&self) -> PortFuture<'_, Arc<dyn Journal>>;
}

/// Longest wait for something that must come. Far above what any store needs: reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// Awaits what must come, and says what did not.
async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future)
        .await
        .unwrap_or_else(|_| panic!("{what}: nothing within {PATIENCE:?}"))
}

fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(1_750_000_000 + second).expect("a second of this century")
}

fn metadata(label: &str) -> Metadata {
    Metadata {
        correlation: EventId::derive(&["correlation", label]).0,
        causation: None,
        traceparent: None,
        schema: 1,
        actor: "spec".to_owned(),
        occurred_at: instant(0),
        recorded_at: None,
        received_at: instant(1),
    }
}

/// An event whose id and content follow from its label.
fn event(label: &str) -> NewEvent {
    NewEvent {
        id: EventId::derive(&["spec", label]),
        kind: "spec.happened".into(),
        data: Bytes::from(format!(r#"{{"label":"{label}"}}"#)),
        metadata: metadata(label),
    }
}

/// `count` events labelled `<label>/<n>`.
fn events(label: &str, count: usize) -> Vec<NewEvent> {
    (0..count).map(|n| event(&format!("{label}/{n}"))).collect()
}

fn ids(events: &[NewEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

fn recorded_ids(events: &[RecordedEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

async fn append(
    journal: &dyn Journal,
    stream: &StreamName,
    expected: Expected,
    events: &[NewEvent],
) -> Appended {
    journal
        .append(stream.clone(), expected, events.to_vec())
        .await
        .unwrap_or_else(|error| panic!("append to {stream} expecting {expected:?}: {error}"))
}

/// Appends what must be refused as a conflict, and gives the actual revision that the refusal tells.
async fn conflict(
    journal: &dyn Journal,
    stream: &StreamName,
    expected: Expected,
    events: &[NewEvent],
) -> Option<u64> {
    match journal.append(stream.clone(), expected, events.to_vec()).await {
        Err(AppendError::Conflict { stream: named, actual }) => {
            assert_eq!(&named, stream, "the conflict names the stream");
            actual
        }
        other => panic!("append to {stream} expecting {expected:?} must conflict, was {other:?}"),
    }
}

async fn read_stream(journal: &dyn Journal, stream: &StreamName, from: u64) -> Vec<RecordedEvent> {
    journal.read_stream(stream.clone(), from).await.expect("the stream can be read")
}

/// Reads everything after a position, page by page, and checks what every page promises.
async fn read_everything(
    journal: &dyn Journal,
    after: Position,
    filter: &Filter,
    limit: usize,
) -> (Vec<RecordedEvent>, Position) {
    let mut all: Vec<RecordedEvent> = Vec::new();
    let mut upto = after;
    loop {
        let page = journal.read_all(upto, filter.clone(), limit).await.expect("the journal can be read");
        assert!(page.events.len() <= limit, "a page holds at most {limit} events");
        check_batch(&page, upto, filter);
        assert!(page.caught_up || page.upto > upto, "a page that is not the last one advances");
        upto = page.upto;
        all.extend(page.events);
        if page.caught_up {
            return (all, upto);
        }
    }
}

/// What every batch promises, whether read or delivered: in order, admitted, and `upto` never steps back.
fn check_batch(batch: &Batch, after: Position, filter: &Filter) {
    let mut last = after;
    for event in &batch.events {
        assert!(event.position > last, "position {} after {last}", event.position);
        assert!(filter.admits(event.stream.category()), "{} is not admitted", event.stream);
        last = event.position;
    }
    assert!(batch.upto >= last, "upto {} lies before the last event {last}", batch.upto);
}

/// A subscription under test: checks every batch, and remembers how far it has come.
struct Follower {
    batches: BoxStream<'static, Result<Batch, JournalError>>,
    filter: Filter,
    upto: Position,
    caught_up: bool,
    seen: Vec<RecordedEvent>,
}

impl Follower {
    fn new(journal: &dyn Journal, after: Position, filter: Filter) -> Self {
        let batches = journal.subscribe(after, filter.clone());
        Self { batches, filter, upto: after, caught_up: false, seen: Vec::new() }
    }

    async fn next(&mut self) {
        let batch = in_time("a subscription", self.batches.next())
            .await
            .expect("a subscription has no end")
            .expect("a subscription to a healthy store");
        check_batch(&batch, self.upto, &self.filter);
        assert!(
            !batch.events.is_empty() || batch.upto > self.upto || batch.caught_up != self.caught_up,
            "a batch that brings nothing new: no event, no progress, no change of caught_up"
        );
        self.upto = batch.upto;
        self.caught_up = batch.caught_up;
        self.seen.extend(batch.events);
    }

    async fn until_events(&mut self, count: usize) {
        while self.seen.len() < count {
            self.next().await;
        }
    }

    async fn until_position(&mut self, position: Position) {
        while self.upto < position {
            self.next().await;
        }
    }

    async fn until_caught_up(&mut self) {
        while !self.caught_up {
            self.next().await;
        }
    }

    fn ids(&self) -> Vec<EventId> {
        recorded_ids(&self.seen)
    }
}
