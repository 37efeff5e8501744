//! Stored events become contract events. Stored events are private to their service; what leaves it is
//! said here, once, for the embedded feed and for the relay to NATS alike.

use std::{collections::BTreeMap, sync::Arc};

use countersign_contracts::Envelope;

use crate::journal::{Filter, JournalError, RecordedEvent};

/// Says what a stored event means to the neighbours: nothing, one thing or several.
pub type Publish = fn(&RecordedEvent) -> Result<Vec<Envelope>, JournalError>;

/// Every service's publishing function, by the category of its streams.
#[derive(Debug, Clone, Default)]
pub struct Publishers(BTreeMap<&'static str, Publish>);

impl Publishers {
    /// Adds the function for a category of streams.
    #[must_use]
    pub fn with(mut self, category: &'static str, publish: Publish) -> Self {
        self.0.insert(category, publish);
        self
    }

    /// The journal filter that admits exactly what is published.
    pub fn filter(&self) -> Filter {
        Filter::Categories(self.0.keys().copied().collect())
    }

    /// What the event says to the neighbours.
    pub fn publish(&self, event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
        self.0.get(event.stream.category()).map_or(Ok(Vec::new()), |publish| publish(event))
    }
}

/// Shared between the feed and the relay of a process.
pub type SharedPublishers = Arc<Publishers>;
