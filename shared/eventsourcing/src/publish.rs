//! Stored events become contract events. Stored events are private to their service; what leaves it is
//! said here, once, for the embedded feed and for the relay to NATS alike.

use std::{collections::BTreeMap, sync::Arc};

use countersign_contracts::Envelope;

use crate::journal::{Filter, JournalError, RecordedEvent};

/// Says what a stored event means to the neighbours: nothing, one thing or several.
pub type Publish = fn(&RecordedEvent) -> Result<Vec<Envelope>, JournalError>;

/// Every service's publishing function, by the category of its streams.
#[derive(Debug, Clone, Default)]
pub struct Publishers(BTreeMap<&'static str, Publisher>);

#[derive(Debug, Clone, Copy)]
struct Publisher {
    publish: Publish,
    /// Categories of what it says; `None`: any.
    says: Option<&'static [&'static str]>,
}

impl Publishers {
    /// Adds the function for a category of streams.
    #[must_use]
    pub fn with(mut self, category: &'static str, publish: Publish) -> Self {
        self.0.insert(category, Publisher { publish, says: None });
        self
    }

    /// Adds the function for a category of streams that says things of these categories only: whoever wants
    /// others need not read those streams.
    #[must_use]
    pub fn saying(mut self, category: &'static str, says: &'static [&'static str], publish: Publish) -> Self {
        self.0.insert(category, Publisher { publish, says: Some(says) });
        self
    }

    /// The journal filter that admits exactly what is published.
    pub fn filter(&self) -> Filter {
        Filter::Categories(self.0.keys().copied().collect())
    }

    /// The journal filter that admits everything that may say something of these categories.
    pub fn filter_for(&self, wanted: &[&str]) -> Filter {
        let may_say = |publisher: &Publisher| {
            publisher.says.is_none_or(|says| says.iter().any(|category| wanted.contains(category)))
        };
        let streams = self.0.iter().filter(|(_, publisher)| may_say(publisher));
        Filter::Categories(streams.map(|(category, _)| *category).collect())
    }

    /// What the event says to the neighbours.
    pub fn publish(&self, event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
        let Some(publisher) = self.0.get(event.stream.category()) else { return Ok(Vec::new()) };
        let said = (publisher.publish)(event)?;
        debug_assert!(
            publisher.says.is_none_or(|says| said.iter().all(|event| says.contains(&&*event.category))),
            "{} says something of another category than announced",
            event.kind
        );
        Ok(said)
    }
}

/// Shared between the feed and the relay of a process.
pub type SharedPublishers = Arc<Publishers>;
