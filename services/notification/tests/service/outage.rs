//! A journal that is out of reach for a moment, at the worst of moments.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::Duration,
};

use countersign_contracts::notice::{
    Channel,
    NoticeClass::{Formal, Reminder},
    NoticeRequested, Outcome,
};
use countersign_eventsourcing::journal::{
    AppendError, Appended, Batch, Expected, Filter, Journal, JournalError, NewEvent, PortFuture, Position,
    RecordedEvent, StreamName,
};
use countersign_notification::domain::notice::Mode;
use futures::stream::BoxStream;

use super::{kinds, office::Office};
use crate::given::request;

/// A journal that fails around the recording of an attempt.
struct Flaky {
    inner: Arc<dyn Journal>,
    /// Attempts to send that it was asked to record.
    attempts: AtomicU32,
    /// So many of those are recorded, and the answer is lost.
    unanswered: AtomicU32,
    /// So many of those are refused.
    refused: AtomicU32,
    /// So many reads of streams fail after the next attempt is recorded.
    unreadable_after: AtomicU32,
    unreadable: AtomicU32,
}

/// Takes one of so many.
fn take(count: &AtomicU32) -> bool {
    count.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
}

fn away() -> JournalError {
    JournalError::Unavailable("told to be away".to_owned())
}

impl Flaky {
    fn before(office: &mut Office) -> Arc<Self> {
        let flaky = Arc::new(Self {
            inner: Arc::clone(&office.journal),
            attempts: AtomicU32::new(0),
            unanswered: AtomicU32::new(0),
            refused: AtomicU32::new(0),
            unreadable_after: AtomicU32::new(0),
            unreadable: AtomicU32::new(0),
        });
        office.journal = Arc::clone(&flaky) as _;
        office.restart(false);
        flaky
    }
}

impl Journal for Flaky {
    fn append(
        &self,
        stream: StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> PortFuture<'_, Result<Appended, AppendError>> {
        let attempt = events.iter().any(|event| event.kind == "notice-attempt-begun");
        self.attempts.fetch_add(u32::from(attempt), SeqCst);
        if attempt && take(&self.refused) {
            return Box::pin(async { Err(away().into()) });
        }
        let appended = self.inner.append(stream, expected, events);
        if !attempt {
            return appended;
        }
        self.unreadable.store(self.unreadable_after.swap(0, SeqCst), SeqCst);
        let lost = take(&self.unanswered);
        Box::pin(async move {
            let appended = appended.await?;
            if lost { Err(away().into()) } else { Ok(appended) }
        })
    }

    fn read_stream(
        &self,
        stream: StreamName,
        from_revision: u64,
    ) -> PortFuture<'_, Result<Vec<RecordedEvent>, JournalError>> {
        if take(&self.unreadable) {
            return Box::pin(async { Err(away()) });
        }
        self.inner.read_stream(stream, from_revision)
    }

    fn read_all(
        &self,
        after: Position,
        filter: Filter,
        limit: usize,
    ) -> PortFuture<'_, Result<Batch, JournalError>> {
        self.inner.read_all(after, filter, limit)
    }

    fn subscribe(&self, after: Position, filter: Filter) -> BoxStream<'static, Result<Batch, JournalError>> {
        self.inner.subscribe(after, filter)
    }

    fn head(&self) -> PortFuture<'_, Result<Position, JournalError>> {
        self.inner.head()
    }
}

fn by_mail(class: countersign_contracts::notice::NoticeClass) -> NoticeRequested {
    NoticeRequested { channels: vec![Channel::Email], ..request(class) }
}

#[tokio::test]
async fn a_reminder_that_was_never_handed_over_is_sent_when_the_journal_is_back() {
    for lost_answer in [false, true] {
        // given a journal that goes away between the record of an attempt and the handing over
        let mut office = Office::opened(Mode::Live).await;
        office.without_digests().await;
        let flaky = Flaky::before(&mut office);
        if lost_answer {
            flaky.unanswered.store(1, SeqCst);
        } else {
            flaky.unreadable_after.store(1, SeqCst);
        }
        // when a reminder is to be sent
        office.ask(&by_mail(Reminder)).await;
        office.catch_up().await;
        assert_eq!(office.sent().len(), 0);
        // then it is sent a moment later, once, and not given up as one of which nobody knows
        office.at("2026-03-02T15:02:00Z").await;
        office.at("2026-03-02T15:20:00Z").await;
        assert_eq!(office.sent().len(), 1, "the answer was lost: {lost_answer}");
        assert_eq!(kinds(&office.outcomes().await), [(Some(Channel::Email), Outcome::Accepted)]);
    }
}

#[tokio::test]
async fn what_the_journal_does_not_take_is_tried_again_without_haste_and_holds_nobody_else_back() {
    // given a journal that takes no attempt for a while
    let mut office = Office::opened(Mode::Live).await;
    let flaky = Flaky::before(&mut office);
    flaky.refused.store(u32::MAX, SeqCst);
    let in_inbox = NoticeRequested { channels: vec![Channel::Inbox], ..request(Formal) };
    office.ask(&in_inbox).await;
    // and a command that works through everything gives up
    office.catch_up().await;
    let mut loops = tokio::task::JoinSet::new();
    let [projected, dispatched] = [(); 2].map(|()| Arc::clone(&office.service));
    loops.spawn(async move { projected.project().await.expect("projects") });
    loops.spawn(async move { dispatched.dispatch().await.expect("dispatches") });
    // when the loops run for a while
    let asked = flaky.attempts.load(SeqCst);
    tokio::time::sleep(Duration::from_secs(1)).await;
    // then it was not asked over and over
    let asked = flaky.attempts.load(SeqCst) - asked;
    assert!((1..=2).contains(&asked), "{asked} times within a second");
    // and when it takes them again, the message arrives
    flaky.refused.store(0, SeqCst);
    tokio::time::timeout(Duration::from_secs(20), async {
        let mut changes = office.service.read_model().changes();
        while office.outcomes().await.is_empty() {
            changes.changed().await.expect("folded");
        }
    })
    .await
    .expect("delivered");
    assert_eq!(kinds(&office.outcomes().await).last(), Some(&(Some(Channel::Inbox), Outcome::Delivered)));
    loops.abort_all();
}
