//! Runs over the API: queued, watched, cancelled.

use std::sync::Arc;

use countersign_contracts::api::{WhatIfJob, WhatIfState};
use countersign_deficiency::{
    domain::rules::RuleSet,
    what_if::{
        jobs::{Busy, Jobs},
        row::Filter as Rows,
    },
};
use countersign_eventsourcing::journal::{
    AppendError, Appended, Batch, Expected, Filter, Journal, JournalError, NewEvent, PortFuture, Position,
    RecordedEvent, StreamName,
};
use futures::stream::BoxStream;

use super::{
    record::{Record, question, shown},
    stories, summary_in_three_days,
};
use crate::given::RULES;

fn ask(jobs: &Jobs, record: &Record) -> Result<WhatIfJob, Busy> {
    let published = Arc::new(RULES.clone());
    let question = question(&summary_in_three_days());
    jobs.ask(Arc::clone(&record.journal), published, question, shown("02-01 00:00"))
}

/// Waits until the run has ended one way or another.
async fn ended(jobs: &Jobs, id: &str) -> WhatIfJob {
    loop {
        let job = jobs.view(id).expect("the run is known");
        if !matches!(job.state, WhatIfState::Queued | WhatIfState::Running) {
            return job;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn given_a_question_then_the_run_ends_with_a_report_and_rows() {
    let record = Record::of(stories()).await;
    let jobs = Jobs::default();
    let asked = ask(&jobs, &record).expect("taken");
    assert_eq!(asked.state, WhatIfState::Queued);
    let done = ended(&jobs, &asked.id).await;
    assert_eq!((done.state, done.charts_done, done.charts_total), (WhatIfState::Done, 4, 4));
    assert_eq!(done.report.expect("a report").total.other_due, 3);
    let answer = jobs.answer(&asked.id).expect("an answer");
    assert_eq!(answer.rows(&Rows::parse("rule=R13").expect("a filter")).count(), 3);
    // when it is let go, then it is gone
    assert!(jobs.cancel(&asked.id));
    assert!(jobs.view(&asked.id).is_none());
    assert!(!jobs.cancel(&asked.id));
}

#[tokio::test]
async fn given_a_run_that_waits_when_cancelled_then_it_ends_and_the_next_one_runs() {
    let record = Record::of(stories()).await;
    let jobs = Jobs::default();
    let asked: Vec<WhatIfJob> = (0..3).map(|_| ask(&jobs, &record).expect("taken")).collect();
    // when the first two are cancelled before anything ran
    assert!(jobs.cancel(&asked[0].id) && jobs.cancel(&asked[1].id));
    for job in &asked[..2] {
        assert_eq!(jobs.view(&job.id).expect("known").state, WhatIfState::Cancelled);
    }
    // then the third has its turn, and the others stay cancelled without a result
    assert_eq!(ended(&jobs, &asked[2].id).await.state, WhatIfState::Done);
    for job in &asked[..2] {
        let job = jobs.view(&job.id).expect("known");
        assert_eq!((job.state, job.report), (WhatIfState::Cancelled, None));
    }
}

#[tokio::test]
async fn given_a_journal_that_hangs_when_the_run_is_cancelled_then_the_next_one_has_its_turn() {
    let record = Record::of(stories()).await;
    let jobs = Jobs::default();
    let published = Arc::new(RULES.clone());
    let question = question(&summary_in_three_days());
    let asked = jobs
        .ask(Arc::new(Hanging(Arc::clone(&record.journal))), published, question, shown("02-01 00:00"))
        .expect("taken");
    while jobs.view(&asked.id).expect("known").state != WhatIfState::Running {
        tokio::task::yield_now().await;
    }
    // when it is cancelled in the middle of a read that never ends
    assert!(jobs.cancel(&asked.id));
    assert_eq!(jobs.view(&asked.id).expect("known").state, WhatIfState::Cancelled);
    // then it is out of the way
    let next = ask(&jobs, &record).expect("taken");
    assert_eq!(ended(&jobs, &next.id).await.state, WhatIfState::Done);
}

/// A journal whose pages never come.
struct Hanging(Arc<dyn Journal>);

impl Journal for Hanging {
    fn append(
        &self,
        stream: StreamName,
        expected: Expected,
        events: Vec<NewEvent>,
    ) -> PortFuture<'_, Result<Appended, AppendError>> {
        self.0.append(stream, expected, events)
    }

    fn read_stream(
        &self,
        stream: StreamName,
        from_revision: u64,
    ) -> PortFuture<'_, Result<Vec<RecordedEvent>, JournalError>> {
        self.0.read_stream(stream, from_revision)
    }

    fn read_all(&self, _: Position, _: Filter, _: usize) -> PortFuture<'_, Result<Batch, JournalError>> {
        Box::pin(std::future::pending())
    }

    fn subscribe(&self, after: Position, filter: Filter) -> BoxStream<'static, Result<Batch, JournalError>> {
        self.0.subscribe(after, filter)
    }

    fn head(&self) -> PortFuture<'_, Result<Position, JournalError>> {
        self.0.head()
    }
}

#[tokio::test]
async fn given_too_many_runs_then_one_more_is_refused_and_only_the_last_results_are_kept() {
    let record = Record::of(stories()).await;
    let jobs = Jobs::default();
    let asked: Vec<WhatIfJob> = (0..16).map(|_| ask(&jobs, &record).expect("taken")).collect();
    assert_eq!(ask(&jobs, &record).expect_err("refused"), Busy);
    ended(&jobs, &asked[15].id).await;
    // The last result is on the shelf before the shelf is tidied.
    while jobs.view(&asked[7].id).is_some() {
        tokio::task::yield_now().await;
    }
    let kept: Vec<bool> = asked.iter().map(|job| jobs.view(&job.id).is_some()).collect();
    assert_eq!(kept, [[false; 8], [true; 8]].concat());
}

#[tokio::test]
async fn given_nothing_recorded_then_the_run_fails_and_says_why() {
    let record = Record::of(Vec::new()).await;
    let jobs = Jobs::default();
    let published = Arc::new(RULES.clone());
    let mut question = question(RuleSet::DEFAULT_FILE);
    question.to = None;
    let asked =
        jobs.ask(Arc::clone(&record.journal), published, question, shown("02-01 00:00")).expect("taken");
    let failed = ended(&jobs, &asked.id).await;
    assert_eq!(failed.state, WhatIfState::Failed);
    assert!(failed.problem.expect("a reason").contains("send messages first"));
}
