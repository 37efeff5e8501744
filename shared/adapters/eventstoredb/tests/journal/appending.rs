//! Appends, whatever the wire does to them: once or not at all, and the truth about it.

use std::time::Duration;

use countersign_eventsourcing::journal::{AppendError, Expected, Journal, JournalError};
use countersign_eventstoredb::Options;
use countersign_testkit::eventstore_stand_in::{Call, Fault};

use super::given::{a_journal_on, a_stand_in, events, options, stream, uuids};

const EVERY_EXPECTATION: [Expected; 3] = [Expected::NoStream, Expected::Revision(1), Expected::Any];

#[tokio::test]
async fn a_refused_append_is_tried_again() {
    let stand_in = a_stand_in().await;
    let journal = a_journal_on(&stand_in, options()).await;
    stand_in.fault(Call::Append, Fault::Unavailable);
    stand_in.fault(Call::Append, Fault::Unavailable);

    let new = events("new", 2);
    let appended = journal.append(stream("facts"), Expected::NoStream, new.clone()).await.expect("appended");

    assert_eq!((appended.revision, appended.repeated), (1, false));
    assert_eq!(stand_in.requests(Call::Append), 3);
    assert_eq!(stand_in.stream_ids("facts-one"), uuids(&new));
}

#[tokio::test]
async fn after_so_many_retries_the_caller_is_told() {
    let stand_in = a_stand_in().await;
    let journal = a_journal_on(&stand_in, Options { retries: 2, ..options() }).await;
    for _ in 0..3 {
        stand_in.fault(Call::Append, Fault::Unavailable);
    }

    let answer = journal.append(stream("facts"), Expected::Any, events("new", 1)).await;

    assert!(matches!(answer, Err(AppendError::Journal(JournalError::Unavailable(_)))), "{answer:?}");
    assert_eq!(stand_in.requests(Call::Append), 3);
    assert!(stand_in.stream_ids("facts-one").is_empty());
}

#[tokio::test]
async fn an_append_whose_answer_is_lost_happens_once() {
    for forgetful in [false, true] {
        for expected in EVERY_EXPECTATION {
            let stand_in = a_stand_in().await;
            stand_in.set_forgetful(forgetful);
            let journal = a_journal_on(&stand_in, options()).await;
            let before = if expected == Expected::NoStream { Vec::new() } else { events("before", 2) };
            journal.append(stream("facts"), Expected::Any, before.clone()).await.expect("appended");
            stand_in.fault(Call::Append, Fault::AnswerLost);

            let new = events("new", 2);
            let appended = journal.append(stream("facts"), expected, new.clone()).await.expect("appended");

            let stored = journal.read_stream(stream("facts"), 0).await.expect("readable");
            let last = stored.last().expect("an event");
            assert_eq!((appended.revision, appended.position), (last.revision, last.position));
            assert!(!appended.repeated, "it was this call that appended it");
            assert_eq!(stand_in.stream_ids("facts-one"), [uuids(&before), uuids(&new)].concat());
        }
    }
}

#[tokio::test]
async fn an_append_whose_answer_comes_too_late_happens_once() {
    let stand_in = a_stand_in().await;
    let hasty = Options { deadline: Duration::from_millis(300), ..options() };
    let journal = a_journal_on(&stand_in, hasty).await;
    stand_in.fault(Call::Append, Fault::AnswerLate(Duration::from_hours(1)));
    stand_in.fault(Call::Append, Fault::Late(Duration::from_hours(1)));

    let (slow, slower) = (events("slow", 2), events("slower", 2));
    let answered_late = journal.append(stream("facts"), Expected::Any, slow.clone()).await;
    let served_late = journal.append(stream("facts"), Expected::Revision(1), slower.clone()).await;

    assert_eq!(answered_late.expect("appended").revision, 1);
    assert_eq!(served_late.expect("appended").revision, 3);
    assert_eq!(stand_in.stream_ids("facts-one"), [uuids(&slow), uuids(&slower)].concat());
}

#[tokio::test]
async fn a_caller_that_comes_back_after_a_lost_answer_is_told_that_it_repeats() {
    let stand_in = a_stand_in().await;
    let journal = a_journal_on(&stand_in, Options { retries: 0, ..options() }).await;
    stand_in.fault(Call::Append, Fault::AnswerLost);
    let new = events("new", 3);
    let lost = journal.append(stream("facts"), Expected::NoStream, new.clone()).await;
    assert!(matches!(lost, Err(AppendError::Journal(JournalError::Unavailable(_)))), "{lost:?}");

    // Also from another process, which remembers nothing.
    for journal in [journal, a_journal_on(&stand_in, options()).await] {
        let again = journal.append(stream("facts"), Expected::NoStream, new.clone()).await.expect("there");
        assert_eq!((again.revision, again.repeated), (2, true));
    }
    assert_eq!(stand_in.stream_ids("facts-one"), uuids(&new));
}

#[tokio::test]
async fn a_writer_that_was_overtaken_is_told_the_actual_revision() {
    for expected in [Expected::NoStream, Expected::Revision(1)] {
        let stand_in = a_stand_in().await;
        let journal = a_journal_on(&stand_in, options()).await;
        let before = if expected == Expected::NoStream { 0 } else { 2 };
        journal.append(stream("facts"), Expected::Any, events("before", before)).await.expect("appended");
        journal.read_stream(stream("facts"), 0).await.expect("readable");
        stand_in.fault(Call::Append, Fault::Overtaken);

        let answer = journal.append(stream("facts"), expected, events("new", 1)).await;

        let Err(AppendError::Conflict { actual, .. }) = answer else { panic!("a conflict, not {answer:?}") };
        assert_eq!(actual, Some(before as u64));
        assert_eq!(stand_in.stream_ids("facts-one").len(), before + 1);
    }
}

#[tokio::test]
async fn a_writer_that_takes_the_stream_as_it_is_waits_for_its_turn() {
    let stand_in = a_stand_in().await;
    let journal = a_journal_on(&stand_in, options()).await;
    for _ in 0..5 {
        stand_in.fault(Call::Append, Fault::Overtaken);
    }

    let appended = journal.append(stream("facts"), Expected::Any, events("new", 1)).await.expect("appended");

    assert_eq!((appended.revision, appended.repeated), (5, false));
    assert_eq!(stand_in.stream_ids("facts-one").len(), 6);
}

#[tokio::test]
async fn whoever_has_just_read_the_stream_pays_for_one_request() {
    let stand_in = a_stand_in().await;
    let journal = a_journal_on(&stand_in, options()).await;
    journal.append(stream("facts"), Expected::NoStream, events("first", 3)).await.expect("appended");
    journal.read_stream(stream("facts"), 0).await.expect("readable");
    let reads = stand_in.requests(Call::Read);

    journal.append(stream("facts"), Expected::Revision(2), events("second", 1)).await.expect("appended");
    assert_eq!(stand_in.requests(Call::Read), reads);

    // The second time what it read is no longer the end, even if nobody else wrote.
    let again = journal.append(stream("facts"), Expected::Revision(2), events("second", 1)).await;
    assert!(again.expect("there").repeated);
}

#[tokio::test]
async fn a_repetition_is_known_however_long_ago_it_was() {
    let stand_in = a_stand_in().await;
    let journal = a_journal_on(&stand_in, options()).await;
    let (first, second) = (events("first", 2), events("second", 2));
    journal.append(stream("facts"), Expected::NoStream, first.clone()).await.expect("appended");
    journal.append(stream("facts"), Expected::Revision(1), second.clone()).await.expect("appended");
    for chapter in 0..9 {
        let more = events(&format!("chapter {chapter}"), 500);
        journal.append(stream("facts"), Expected::Any, more).await.expect("appended");
    }

    for journal in [journal, a_journal_on(&stand_in, options()).await] {
        let again = journal.append(stream("facts"), Expected::NoStream, first.clone()).await.expect("there");
        assert_eq!((again.revision, again.repeated), (1, true));
        let again = journal.append(stream("facts"), Expected::Revision(1), second.clone()).await;
        assert_eq!(again.expect("there").revision, 3);
        let other = journal.append(stream("facts"), Expected::NoStream, events("other", 2)).await;
        assert!(matches!(other, Err(AppendError::Conflict { actual: Some(4503), .. })), "{other:?}");
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_by_us_or_by_the_server() {
    let stand_in = a_stand_in().await;
    let mut large = events("large", 1);
    large[0].data = format!("\"{}\"", "x".repeat(2 * 1024 * 1024)).into();

    let careful = a_journal_on(&stand_in, options()).await;
    let refused = careful.append(stream("facts"), Expected::Any, large.clone()).await;
    assert!(
        matches!(refused, Err(AppendError::Journal(JournalError::TooLarge { limit: 1_048_576, .. }))),
        "{refused:?}"
    );
    assert_eq!(stand_in.requests(Call::Append), 0);

    let careless = a_journal_on(&stand_in, Options { append_limit: usize::MAX, ..options() }).await;
    let refused = careless.append(stream("facts"), Expected::Any, large).await;
    assert!(
        matches!(refused, Err(AppendError::Journal(JournalError::TooLarge { limit: 1_048_576, .. }))),
        "{refused:?}"
    );
    assert_eq!(stand_in.requests(Call::Append), 1, "trying again would not help");
}

#[tokio::test]
async fn content_that_is_no_json_is_kept_as_it_is() {
    let stand_in = a_stand_in().await;
    let journal = a_journal_on(&stand_in, options()).await;
    let mut odd = events("odd", 3);
    odd[0].data = vec![0xFF, 0x00, b'{'].into();
    odd[1].data = " {\"spaced\": 1} ".into();
    odd[2].data = "".into();

    journal.append(stream("facts"), Expected::Any, odd.clone()).await.expect("appended");

    let stored = journal.read_stream(stream("facts"), 0).await.expect("readable");
    let data: Vec<_> = stored.iter().map(|event| event.data.clone()).collect();
    assert_eq!(data, odd.iter().map(|event| event.data.clone()).collect::<Vec<_>>());
}
