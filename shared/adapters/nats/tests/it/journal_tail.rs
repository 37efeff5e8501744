//! The specification of feeds, for the feed inside one process over the embedded journal.

use std::sync::Arc;

use countersign_eventsourcing::{
    feed::{Feed, JournalTail},
    journal::{Journal, PortFuture},
    publish::SharedPublishers,
    spec::feed::Fixture,
};
use countersign_sqlite::SqliteJournal;
use tempfile::TempDir;

use crate::installation::fresh_journal;

struct Embedded {
    journal: Arc<SqliteJournal>,
    publishers: SharedPublishers,
    _folder: TempDir,
}

async fn embedded(publishers: SharedPublishers) -> impl Fixture {
    let (journal, folder) = fresh_journal();
    Embedded { journal, publishers, _folder: folder }
}

impl Fixture for Embedded {
    fn journal(&self) -> Arc<dyn Journal> {
        self.journal.clone()
    }

    fn feed(&self) -> Arc<dyn Feed> {
        Arc::new(JournalTail::new(self.journal.clone(), self.publishers.clone()))
    }

    fn problem(&self) -> PortFuture<'_, Option<String>> {
        Box::pin(std::future::ready(None))
    }
}

// Without `nothing_behind_what_cannot_be_published_arrives`: after an event that cannot be published the
// journal's tail goes on with the next batch.
countersign_eventsourcing::feed_spec! { @cases embedded;
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
}
