//! Keeps what decisions look up in step with the record, and looks at charts again that a change concerns.

use std::collections::BTreeSet;

use countersign_eventsourcing::{
    journal::{Filter, JournalError, Position, RecordedEvent},
    read_model::ReadModelError,
};
use futures::StreamExt;

use crate::{
    consume::ChartError,
    domain::{
        people::events::{PROVIDER, PeopleEvent},
        reference::Reference,
        rulebook::RULES,
        site::events::{DEPARTMENT, FACILITY, SiteEvent},
    },
    projections::{self, Concerned},
    service::{Deficiency, ServiceError},
};

/// How long to wait for the read model before it is said that charts wait for it.
const CATCH_UP: std::time::Duration = std::time::Duration::from_mins(1);
/// Changes that are read at once.
const AT_ONCE: usize = 1000;
/// Name under which it is kept up to where changes were followed.
const FOLLOWED: &str = "deficiency/reference";

impl Deficiency {
    /// Takes what the record says now of rules, people and places. Decisions from here on look it up.
    pub async fn refresh(&self) -> Result<(), ServiceError> {
        let book = self.governance.current().await?;
        let known = self.register.current().await.map_err(ReadModelError::from)?;
        self.lookup.set(Reference::new(&book, known.directory, known.site));
        Ok(())
    }

    /// Loop: hears of changes of rules, people and places, whoever made them, and looks at the charts again
    /// that they concern. Begins with those that were made while nobody listened.
    pub async fn watch_reference(&self) -> Result<(), ServiceError> {
        self.register.describe().await.map_err(ReadModelError::from)?;
        self.refresh().await?;
        let mut batches = self.journal.subscribe(self.followed()?, changes());
        while let Some(batch) = batches.next().await {
            match batch {
                Ok(batch) if batch.events.is_empty() => {}
                Ok(batch) => {
                    self.changed(&batch.events).await?;
                    self.checkpoints.keep_place(FOLLOWED, batch.upto)?;
                }
                Err(error) => tracing::warn!(%error, "journal interrupted, waiting"),
            }
        }
        Ok(())
    }

    /// Follows the changes that nobody has followed yet, once the read model has come as far. Returns whether
    /// there were any.
    pub(crate) async fn follow_changes(&self) -> Result<bool, ServiceError> {
        let mut any = false;
        loop {
            let after = self.followed()?;
            let batch =
                self.journal.read_all(after, changes(), AT_ONCE).await.map_err(ReadModelError::from)?;
            if !batch.events.is_empty() {
                any = true;
                self.refresh().await?;
                let concerned = concerned(&batch.events).map_err(ReadModelError::from)?;
                self.reconsider(&concerned).await?;
            }
            if batch.upto > after {
                self.checkpoints.keep_place(FOLLOWED, batch.upto)?;
            }
            if batch.caught_up {
                return Ok(any);
            }
        }
    }

    fn followed(&self) -> Result<Position, ServiceError> {
        Ok(self.checkpoints.place(FOLLOWED)?.map_or(Position(0), |place| place.position))
    }

    async fn changed(&self, events: &[RecordedEvent]) -> Result<(), ServiceError> {
        loop {
            match self.refresh().await {
                Ok(()) => break,
                Err(error) => {
                    tracing::warn!(%error, "rules, people and places not read, waiting");
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
            }
        }
        let Some(last) = events.last() else { return Ok(()) };
        // Charts are found in the read model: until it has come as far as the change, some would be missed for good.
        while !self.model.wait_for(last.position, CATCH_UP).await {
            tracing::warn!("the worklist lags behind a change of people or places; charts wait for it");
        }
        let concerned = concerned(events).map_err(ReadModelError::from)?;
        self.reconsider(&concerned).await.map(|_| ())
    }

    /// Looks at the charts again that a change concerns. Returns how many there are.
    pub(crate) async fn reconsider(&self, concerned: &BTreeSet<Concerned>) -> Result<usize, ServiceError> {
        // What nobody owes concerns everybody: a chart is looked at once, however many people changed.
        let mut charts = BTreeSet::new();
        for one in concerned.clone() {
            charts.extend(self.model.query(move |sql| projections::charts_concerned(sql, &one)).await?);
        }
        for chart in &charts {
            match self.charts.reconsider(chart).await {
                Err(ChartError::Contended | ChartError::Journal(JournalError::Unavailable(_))) => {
                    tracing::warn!("a chart could not be looked at again now");
                }
                result => result?,
            }
        }
        Ok(charts.len())
    }
}

/// Changes of rules, people and places.
fn changes() -> Filter {
    Filter::Categories(vec![RULES, PROVIDER, FACILITY, DEPARTMENT])
}

/// Whom the changes concern.
fn concerned(events: &[RecordedEvent]) -> Result<BTreeSet<Concerned>, JournalError> {
    let mut concerned = BTreeSet::new();
    for event in events {
        let undecodable = |error: serde_json::Error| event.undecodable(&error);
        match event.stream.category() {
            PROVIDER => match PeopleEvent::decode(&event.kind, &event.data).map_err(undecodable)? {
                // Leave moves limits, which the read model does by itself.
                PeopleEvent::LeaveRecorded(_)
                | PeopleEvent::LeaveChanged(_)
                | PeopleEvent::LeaveDecided(_)
                | PeopleEvent::LeaveCancelled(_)
                | PeopleEvent::Snapshot(_) => {}
                other => {
                    concerned.insert(Concerned::Person(other.provider().id.clone()));
                }
            },
            FACILITY => {
                if let SiteEvent::FacilityDescribed(described) =
                    SiteEvent::decode(&event.kind, &event.data).map_err(undecodable)?
                {
                    concerned.insert(Concerned::Facility(described.facility.code));
                }
            }
            _ => {}
        }
    }
    Ok(concerned)
}
