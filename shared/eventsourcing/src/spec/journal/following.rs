//! Subscriptions: first what is there, then what comes.

use super::{Follower, Store, append, events, ids, recorded_ids};
use crate::journal::{Expected, Filter, Position, StreamName};

/// A subscriber learns that there is nothing, rather than waiting for a first event to tell it.
pub async fn a_subscription_to_an_empty_journal_says_that_it_has_caught_up(store: impl Store) {
    let journal = store.open().await;
    for filter in [Filter::All, Filter::Categories(vec!["spec"])] {
        let mut follower = Follower::new(&*journal, Position::START, filter);
        follower.until_caught_up().await;
        assert!(follower.seen.is_empty());
    }
}

/// What was there comes first, then `caught_up`, then what is appended, all in order and once.
pub async fn a_subscription_catches_up_and_then_follows(store: impl Store) {
    let journal = store.open().await;
    let mut written = Vec::new();
    for round in 0..30 {
        let new = events(&format!("before {round}"), 50);
        append(&*journal, &StreamName::new("spec", round.to_string()), Expected::Any, &new).await;
        written.extend(ids(&new));
    }
    let mut follower = Follower::new(&*journal, Position::START, Filter::All);
    follower.until_caught_up().await;
    assert_eq!(follower.ids(), written, "everything that was there comes before the first caught_up");
    for round in 0..10 {
        let new = events(&format!("after {round}"), 3);
        let appended = append(&*journal, &StreamName::new("spec", "a"), Expected::Any, &new).await;
        written.extend(ids(&new));
        follower.until_position(appended.position).await;
        assert_eq!(follower.ids(), written);
    }
    follower.until_caught_up().await;
}

/// A reader that stops after any event and comes back gets exactly what it has not had.
pub async fn a_subscription_from_any_position_gives_exactly_the_rest(store: impl Store) {
    let journal = store.open().await;
    for round in 0..8 {
        let stream = StreamName::new(["spec", "other"][round % 2], "a");
        append(&*journal, &stream, Expected::Any, &events(&format!("{round}"), 3)).await;
    }
    for filter in [Filter::All, Filter::Categories(vec!["other"])] {
        let mut whole = Follower::new(&*journal, Position::START, filter.clone());
        whole.until_caught_up().await;
        for (n, event) in whole.seen.iter().enumerate() {
            let mut rest = Follower::new(&*journal, event.position, filter.clone());
            rest.until_caught_up().await;
            assert_eq!(rest.ids(), recorded_ids(&whole.seen[n + 1..]));
        }
    }
}

/// A filtered subscriber gets only what it wants, yet learns how far the journal has been passed.
pub async fn a_filtered_subscription_passes_what_it_skips(store: impl Store) {
    let journal = store.open().await;
    let (wanted, unwanted) = (StreamName::new("spec", "a"), StreamName::new("spectrum", "a"));
    append(&*journal, &unwanted, Expected::Any, &events("unwanted before", 25)).await;
    let mut follower = Follower::new(&*journal, Position::START, Filter::Categories(vec!["spec"]));
    follower.until_caught_up().await;
    let mut expected = Vec::new();
    for round in 0..5 {
        let new = events(&format!("wanted {round}"), 2);
        append(&*journal, &wanted, Expected::Any, &new).await;
        expected.extend(ids(&new));
        let skipped =
            append(&*journal, &unwanted, Expected::Any, &events(&format!("unwanted {round}"), 30)).await;
        follower.until_position(skipped.position).await;
        assert_eq!(follower.ids(), expected);
    }
}
