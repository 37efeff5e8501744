//! What came in, as the product counts it.

use std::path::Path;

use countersign_testkit::program::run;
use serde::Deserialize;

/// One feed, or the sum of several.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Counts {
    /// Deliveries.
    pub received: usize,
    /// Messages that say something about a chart.
    pub accepted: usize,
    /// Deliveries of what was here already.
    pub duplicate: usize,
    /// Messages in quarantine, rejected ones among them.
    pub quarantined: usize,
    /// Messages of no use.
    pub not_used: usize,
}

impl Counts {
    /// Messages that are different ones.
    pub fn distinct(&self) -> usize {
        self.accepted + self.quarantined + self.not_used
    }
}

/// The sum over all feeds of a folder. Panics when the counts of one do not add up.
pub fn of_folder(data: &Path) -> Counts {
    let feeds: Vec<Counts> = run(["feeds", "--json", "--data", &*data.to_string_lossy()]).well().json();
    sum(&feeds)
}

/// The sum of feeds. Panics when the counts of one do not add up.
pub fn sum(feeds: &[Counts]) -> Counts {
    feeds.iter().fold(Counts::default(), |sum, feed| {
        assert_eq!(feed.received, feed.distinct() + feed.duplicate, "a feed does not add up: {feed:?}");
        Counts {
            received: sum.received + feed.received,
            accepted: sum.accepted + feed.accepted,
            duplicate: sum.duplicate + feed.duplicate,
            quarantined: sum.quarantined + feed.quarantined,
            not_used: sum.not_used + feed.not_used,
        }
    })
}
