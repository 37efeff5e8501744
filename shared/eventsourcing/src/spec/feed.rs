//! What every feed adapter must do, as cases that its tests run by name:
//!
//! ```ignore
//! countersign_eventsourcing::feed_spec!(over_an_empty_journal);
//! async fn over_an_empty_journal(publishers: SharedPublishers) -> impl spec::feed::Fixture { ... }
//! ```
//!
//! Each case gets a fresh feed over a fresh journal and nobody else writes to it. Cursors are opaque here,
//! except for what [`Cursor`] promises of `position`.

use std::{collections::BTreeMap, ops::Range, sync::Arc, time::Duration};

use countersign_contracts::Envelope;
use countersign_kernel::{EventId, Timestamp, derive_uuid};
use futures::{StreamExt, stream::BoxStream};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;
use uuid::Uuid;

use crate::{
    feed::{Cursor, Deliveries, Delivery, Feed, FeedError, Subscription},
    journal::{
        Expected, Journal, JournalError, Metadata, NewEvent, PortFuture, Position, RecordedEvent, StreamName,
    },
    publish::{Publishers, SharedPublishers},
};

/// Expands to one `#[tokio::test]` for each case of the specification. The argument names an async function
/// that takes the publishers and returns a fresh [`Fixture`].
#[macro_export]
macro_rules! feed_spec {
    ($fresh:path) => {
        $crate::feed_spec! { @cases $fresh;
            everything_that_is_said_arrives_in_order,
            an_empty_feed_says_that_it_has_caught_up,
            only_the_wanted_categories_arrive,
            a_subscription_from_any_cursor_gives_exactly_the_rest,
            a_cursor_moved_back_by_one_gives_its_event_again,
            a_cursor_of_another_transport_resumes_by_position,
            a_subscription_catches_up_and_then_follows,
            subscribers_do_not_disturb_each_other,
            keys_keep_their_order_while_many_write,
            what_cannot_be_published_is_shown,
            nothing_behind_what_cannot_be_published_arrives,
        }
    };
    (@cases $fresh:path; $($case:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let publishers = $crate::spec::feed::publishers();
                $crate::spec::feed::$case($fresh(publishers).await).await;
            }
        )+
    };
}

/// A feed over a journal that is empty at first.
pub trait Fixture: Send + Sync + 'static {
    /// The journal to write to.
    fn journal(&self) -> Arc<dyn Journal>;

    /// The feed under test, which publishes what the journal holds.
    fn feed(&self) -> Arc<dyn Feed>;

    /// What an operator is told, elsewhere than in the feed, of an event that cannot be published.
    fn problem(&self) -> PortFuture<'_, Option<String>>;
}

/// Longest wait for something that must come. Far above what any feed needs: reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long nothing must come where nothing may come.
const SILENCE: Duration = Duration::from_millis(500);

/// Category of the stored events that the cases write.
const STORED: &str = "feedspec";

/// A stored event of the cases: what it says, to whom, about which key.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    key: Uuid,
    says: Vec<(String, u64)>,
}

/// The publishers of the cases.
pub fn publishers() -> SharedPublishers {
    Arc::new(Publishers::default().with(STORED, publish))
}

fn publish(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    let stored: Stored = event.decode()?;
    let envelope = |(index, (category, number)): (usize, &(String, u64))| Envelope {
        id: EventId::derive(&[&event.id.to_string(), &index.to_string()]),
        source: "feedspec".to_owned(),
        kind: "noted".to_owned(),
        category: category.clone(),
        key: stored.key,
        time: Timestamp::UNIX_EPOCH,
        position: event.position.0,
        correlation: event.id.0,
        traceparent: None,
        data: to_raw_value(number).expect("a number is JSON"),
    };
    Ok(stored.says.iter().enumerate().map(envelope).collect())
}

/// Appends one event that says these things about a key: a category and a number each. Said twice, it is
/// the same event.
pub async fn say(journal: &dyn Journal, key: &str, says: &[(&str, u64)]) -> Position {
    append(journal, key, &[says]).await
}

/// Appends one event for each number at once, in one category.
pub async fn say_many(journal: &dyn Journal, key: &str, category: &str, numbers: Range<u64>) -> Position {
    let says: Vec<[(&str, u64); 1]> = numbers.map(|number| [(category, number)]).collect();
    append(journal, key, &says.iter().map(<[_; 1]>::as_slice).collect::<Vec<_>>()).await
}

async fn append(journal: &dyn Journal, key: &str, events: &[&[(&str, u64)]]) -> Position {
    let stored = |says: &&[(&str, u64)]| {
        serde_json::to_vec(&Stored {
            key: derive_uuid("feedspec", &[key]),
            says: says.iter().map(|&(category, number)| (category.to_owned(), number)).collect(),
        })
        .expect("JSON")
    };
    append_raw(journal, key, events.iter().map(stored).collect()).await
}

/// Appends an event that no publisher can read.
pub async fn say_what_cannot_be_published(journal: &dyn Journal) -> Position {
    append_raw(journal, "broken", vec![br#"{"key": "none"}"#.to_vec()]).await
}

async fn append_raw(journal: &dyn Journal, key: &str, contents: Vec<Vec<u8>>) -> Position {
    let event = |data: Vec<u8>| {
        let id = EventId::derive(&[key, &String::from_utf8_lossy(&data)]);
        let metadata = Metadata {
            correlation: id.0,
            causation: None,
            traceparent: None,
            schema: 1,
            actor: "feedspec".to_owned(),
            occurred_at: Timestamp::UNIX_EPOCH,
            recorded_at: None,
            received_at: Timestamp::UNIX_EPOCH,
        };
        NewEvent { id, kind: "feedspec.noted".into(), data: data.into(), metadata }
    };
    let events = contents.into_iter().map(event).collect();
    let stream = StreamName::new(STORED, key);
    journal.append(stream, Expected::Any, events).await.expect("the events are appended").position
}

/// One subscription, read to wherever a case needs it.
pub struct Reading {
    stream: BoxStream<'static, Result<Deliveries, FeedError>>,
    /// What was delivered.
    pub events: Vec<Delivery>,
    /// What the feed said last of more to come.
    pub caught_up: bool,
    /// How far the feed said that it has come.
    pub upto: Position,
    /// Interruptions that the feed told of.
    pub errors: Vec<FeedError>,
}

impl Reading {
    /// Subscribes.
    pub fn begin(feed: &dyn Feed, categories: &[&'static str], after: Option<Cursor>) -> Self {
        let consumer = "feedspec".to_owned();
        let stream = feed.subscribe(Subscription { consumer, categories: categories.to_vec(), after });
        Self { stream, events: Vec::new(), caught_up: false, upto: Position::START, errors: Vec::new() }
    }

    /// Reads on until there is what the case waits for. Errors are interruptions: the feed goes on.
    pub async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        let reading = async {
            while !done(self) {
                self.step().await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, reading).await.is_ok();
        assert!(
            in_time,
            "{what}: not within {PATIENCE:?}; {} events, caught up: {}, errors: {:?}",
            self.events.len(),
            self.caught_up,
            self.errors
        );
    }

    /// Reads one item of the feed.
    pub async fn step(&mut self) {
        match self.stream.next().await.expect("a feed has no end") {
            Ok(deliveries) => {
                assert!(deliveries.upto >= self.upto, "what was delivered stays delivered");
                self.events.extend(deliveries.events);
                self.caught_up = deliveries.caught_up;
                self.upto = deliveries.upto;
            }
            Err(error) => self.errors.push(error),
        }
    }

    async fn count(mut self, count: usize) -> Vec<Delivery> {
        self.until(&format!("{count} events"), |reading| reading.events.len() >= count).await;
        self.events
    }

    /// The numbers said in what was delivered.
    pub fn numbers(&self) -> Vec<u64> {
        numbers(&self.events)
    }
}

fn numbers(events: &[Delivery]) -> Vec<u64> {
    events.iter().map(|delivery| delivery.event.decode().expect("a number")).collect()
}

fn ids(events: &[Delivery]) -> Vec<EventId> {
    events.iter().map(|delivery| delivery.event.id).collect()
}

/// Eighteen events about three keys. Some say nothing, some say two or three things.
async fn write_history(journal: &dyn Journal) {
    let mut number = 0;
    for round in 0..6 {
        for key in ["a", "b", "c"] {
            let categories: &[&str] = match (round, key) {
                (2, _) => &[],
                (3, "b") => &["alpha", "beta"],
                (4, "c") => &["beta", "alpha", "beta"],
                (_, "b") => &["beta"],
                _ => &["alpha"],
            };
            let says: Vec<(&str, u64)> = categories
                .iter()
                .map(|&category| {
                    number += 1;
                    (category, number)
                })
                .collect();
            say(journal, key, &says).await;
        }
    }
}

/// What [`write_history`] says altogether.
const SAID: usize = 18;

/// All that was said arrives, in the journal's order, with rising cursors and true positions.
pub async fn everything_that_is_said_arrives_in_order(fixture: impl Fixture) {
    write_history(&*fixture.journal()).await;

    let events = Reading::begin(&*fixture.feed(), &["alpha", "beta"], None).count(SAID).await;

    assert_eq!(numbers(&events), (1..=SAID as u64).collect::<Vec<_>>());
    assert!(events.is_sorted_by_key(|delivery| delivery.cursor), "cursors rise");
    for Delivery { cursor, event } in &events {
        assert!(cursor.position.0 <= event.position, "a cursor does not run ahead of its event");
    }
    let last = events.last().expect("events");
    assert_eq!(last.cursor.position.0, last.event.position, "the last thing said completes its position");
}

/// A consumer of an empty feed learns that there is nothing.
pub async fn an_empty_feed_says_that_it_has_caught_up(fixture: impl Fixture) {
    let mut reading = Reading::begin(&*fixture.feed(), &["alpha"], None);

    reading.until("the news that there is nothing", |reading| reading.caught_up).await;

    assert!(reading.events.is_empty());
}

/// A consumer gets the categories it asked for, all of them and no others.
pub async fn only_the_wanted_categories_arrive(fixture: impl Fixture) {
    write_history(&*fixture.journal()).await;
    let all = Reading::begin(&*fixture.feed(), &["alpha", "beta"], None).count(SAID).await;

    for wanted in ["alpha", "beta"] {
        let expected: Vec<Delivery> =
            all.iter().filter(|delivery| delivery.event.category == wanted).cloned().collect();
        let mut reading = Reading::begin(&*fixture.feed(), &[wanted], None);
        reading
            .until("everything wanted", |reading| reading.caught_up && reading.events.len() >= expected.len())
            .await;
        assert_eq!(ids(&reading.events), ids(&expected), "{wanted}");
    }
}

/// Whatever cursor a consumer kept, it gets what was delivered after it and nothing else.
pub async fn a_subscription_from_any_cursor_gives_exactly_the_rest(fixture: impl Fixture) {
    write_history(&*fixture.journal()).await;
    let all = Reading::begin(&*fixture.feed(), &["alpha", "beta"], None).count(SAID).await;

    for (index, delivery) in all.iter().enumerate() {
        let after = delivery.cursor;
        if all.get(index + 1).is_some_and(|next| next.cursor == after) {
            continue; // A cursor shared by what one stored event says: only the last is kept.
        }
        let rest = &all[index + 1..];
        let mut reading = Reading::begin(&*fixture.feed(), &["alpha", "beta"], Some(after));
        reading.until("the rest", |reading| reading.caught_up && reading.events.len() >= rest.len()).await;
        assert_eq!(ids(&reading.events), ids(rest), "after event {index}");
        let cursors = |events: &[Delivery]| events.iter().map(|event| event.cursor).collect::<Vec<_>>();
        assert_eq!(cursors(&reading.events), cursors(rest), "after event {index}");
    }
}

/// A consumer that has to take an event again moves its cursor back by one: that event arrives, and all
/// behind it.
pub async fn a_cursor_moved_back_by_one_gives_its_event_again(fixture: impl Fixture) {
    write_history(&*fixture.journal()).await;
    let all = Reading::begin(&*fixture.feed(), &["alpha", "beta"], None).count(SAID).await;

    for (index, delivery) in all.iter().enumerate() {
        let Cursor { epoch, sequence, position } = delivery.cursor;
        let position = Position(position.0.saturating_sub(1));
        let after = Cursor { epoch, sequence: sequence.saturating_sub(1), position };
        let mut reading = Reading::begin(&*fixture.feed(), &["alpha", "beta"], Some(after));
        reading
            .until("that event and the rest", |reading| {
                reading.caught_up && ids(&reading.events).ends_with(&ids(&all[index..]))
            })
            .await;
        assert!(reading.events.iter().all(|delivery| delivery.event.position >= position.0), "{index}");
    }
}

/// A cursor that another storage of the transport gave out is good for its position: everything after it
/// arrives, nothing before it.
pub async fn a_cursor_of_another_transport_resumes_by_position(fixture: impl Fixture) {
    write_history(&*fixture.journal()).await;
    let all = Reading::begin(&*fixture.feed(), &["alpha", "beta"], None).count(SAID).await;

    for position in all.iter().map(|delivery| delivery.cursor.position) {
        let rest: Vec<Delivery> =
            all.iter().filter(|delivery| delivery.event.position > position.0).cloned().collect();
        let after = Cursor { epoch: 1, sequence: 1_000_000, position };
        let mut reading = Reading::begin(&*fixture.feed(), &["alpha", "beta"], Some(after));
        reading
            .until("the rest", |reading| reading.caught_up && ids(&reading.events).ends_with(&ids(&rest)))
            .await;
        let again = &reading.events[..reading.events.len() - rest.len()];
        assert!(again.iter().all(|delivery| delivery.event.position == position.0), "after {position}");
    }
}

/// A subscription gives what is there, says that it has caught up, and then gives what comes.
pub async fn a_subscription_catches_up_and_then_follows(fixture: impl Fixture) {
    write_history(&*fixture.journal()).await;
    let mut reading = Reading::begin(&*fixture.feed(), &["alpha", "beta"], None);
    reading.until("the past", |reading| reading.caught_up && reading.events.len() >= SAID).await;

    for number in 100..120 {
        let position = say(&*fixture.journal(), "d", &[("alpha", number)]).await;
        reading.until("what comes", |reading| reading.numbers().last() == Some(&number)).await;
        assert_eq!(reading.events.last().expect("an event").event.position, position.0);
        reading.until("that position", |reading| reading.upto >= position).await;
    }

    assert_eq!(reading.events.len(), SAID + 20);
}

/// Every subscription has its own pace and its own wishes.
pub async fn subscribers_do_not_disturb_each_other(fixture: impl Fixture) {
    let mut idle = Reading::begin(&*fixture.feed(), &["alpha", "beta"], None);
    let mut eager = Reading::begin(&*fixture.feed(), &["alpha", "beta"], None);
    let mut choosy = Reading::begin(&*fixture.feed(), &["beta"], None);
    idle.until("a beginning", |reading| reading.caught_up).await;

    for number in 0..1_500 {
        say(&*fixture.journal(), "a", &[(if number % 3 == 0 { "beta" } else { "alpha" }, number)]).await;
    }
    eager.until("everything", |reading| reading.events.len() >= 1_500).await;
    choosy.until("its part", |reading| reading.events.len() >= 500).await;
    idle.until("everything, later", |reading| reading.events.len() >= 1_500).await;

    let everything: Vec<u64> = (0..1_500).collect();
    assert_eq!(eager.numbers(), everything);
    assert_eq!(idle.numbers(), everything);
    assert_eq!(choosy.numbers(), everything.into_iter().step_by(3).collect::<Vec<_>>());
}

/// However many write at once: per key, what is said arrives in the order in which it was said.
pub async fn keys_keep_their_order_while_many_write(fixture: impl Fixture) {
    const KEYS: u64 = 8;
    const EACH: u64 = 40;
    let mut reading = Reading::begin(&*fixture.feed(), &["alpha"], None);

    let writers = (0..KEYS).map(|key| {
        let journal = fixture.journal();
        async move {
            for number in 0..EACH {
                say(&*journal, &format!("key{key}"), &[("alpha", number)]).await;
            }
        }
    });
    let expected = usize::try_from(KEYS * EACH).expect("small");
    let everything = reading.until("everything", |reading| reading.events.len() >= expected);
    futures::future::join(futures::future::join_all(writers), everything).await;

    let mut by_key: BTreeMap<Uuid, Vec<u64>> = BTreeMap::new();
    for delivery in &reading.events {
        by_key.entry(delivery.event.key).or_default().push(delivery.event.decode().expect("a number"));
    }
    assert_eq!(by_key.len(), 8);
    for numbers in by_key.values() {
        assert_eq!(*numbers, (0..EACH).collect::<Vec<_>>());
    }
}

/// An event that cannot be published is not passed over in silence: the feed fails, or whoever publishes
/// says so; what came before it arrives.
pub async fn what_cannot_be_published_is_shown(fixture: impl Fixture) {
    let mut reading = Reading::begin(&*fixture.feed(), &["alpha"], None);
    say(&*fixture.journal(), "a", &[("alpha", 1)]).await;
    reading.until("what is in order", |reading| reading.events.len() == 1).await;

    let position = say_what_cannot_be_published(&*fixture.journal()).await;

    let shown = async {
        loop {
            tokio::select! {
                item = reading.stream.next() => match item.expect("a feed has no end") {
                    Err(error) => return error.to_string(),
                    Ok(deliveries) => assert!(deliveries.events.is_empty()),
                },
                problem = fixture.problem() => if let Some(problem) = problem { return problem },
            }
            tokio::task::yield_now().await;
        }
    };
    let shown = tokio::time::timeout(PATIENCE, shown).await.expect("the failure is shown in time");
    assert!(shown.contains(&position.to_string()), "it says where: {shown}");
}

/// What stands behind an event that cannot be published waits: order would be broken, and a consumer that
/// moved on would never see the event.
pub async fn nothing_behind_what_cannot_be_published_arrives(fixture: impl Fixture) {
    say(&*fixture.journal(), "a", &[("alpha", 1)]).await;
    say_what_cannot_be_published(&*fixture.journal()).await;
    say(&*fixture.journal(), "a", &[("alpha", 2)]).await;
    let mut reading = Reading::begin(&*fixture.feed(), &["alpha"], None);
    reading.until("what comes before it", |reading| !reading.events.is_empty()).await;

    say(&*fixture.journal(), "b", &[("alpha", 3)]).await;
    let silence = async {
        loop {
            reading.step().await;
        }
    };
    let endless = tokio::time::timeout(SILENCE, silence).await;

    assert!(endless.is_err());
    assert_eq!(reading.numbers(), [1]);
}
