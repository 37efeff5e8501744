//! Keeps what decisions look up in step with the record, and looks at charts again that a change concerns.

use std::collections::BTreeSet;

use countersign_eventsourcing::{
    journal::{Filter, JournalError, RecordedEvent},
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

/// How long to wait for the read model before charts are looked for that a change concerns.
const CATCH_UP: std::time::Duration = std::time::Duration::from_mins(1);

impl Deficiency {
    /// Takes what the record says now of rules, people and places. Decisions from here on look it up.
    pub async fn refresh(&self) -> Result<(), ServiceError> {
        let book = self.governance.current().await?;
        let known = self.register.current().await.map_err(ReadModelError::from)?;
        self.lookup.set(Reference::new(&book, known.directory, known.site));
        Ok(())
    }

    /// Loop: hears of changes of rules, people and places, whoever made them, and looks at the charts again
    /// that they concern.
    pub async fn watch_reference(&self) -> Result<(), ServiceError> {
        let head = self.journal.head().await.map_err(ReadModelError::from)?;
        self.refresh().await?;
        let filter = Filter::Categories(vec![RULES, PROVIDER, FACILITY, DEPARTMENT]);
        let mut batches = self.journal.subscribe(head, filter);
        while let Some(batch) = batches.next().await {
            match batch {
                Ok(batch) if batch.events.is_empty() => {}
                Ok(batch) => self.changed(&batch.events).await?,
                Err(error) => tracing::warn!(%error, "journal interrupted, waiting"),
            }
        }
        Ok(())
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
        // Charts are found in the read model: it must have come as far as the change.
        if !self.model.wait_for(last.position, CATCH_UP).await {
            tracing::warn!("the worklist lags; charts are looked at again when it is read next");
        }
        let concerned = concerned(events).map_err(ReadModelError::from)?;
        self.reconsider(&concerned).await.map(|_| ())
    }

    /// Looks at the charts again that a change concerns. Returns how many there are.
    pub(crate) async fn reconsider(&self, concerned: &BTreeSet<Concerned>) -> Result<usize, ServiceError> {
        let mut count = 0;
        for one in concerned.clone() {
            let charts = self.model.query(move |sql| projections::charts_concerned(sql, &one)).await?;
            count += charts.len();
            for chart in charts {
                match self.charts.reconsider(&chart).await {
                    Err(ChartError::Contended | ChartError::Journal(JournalError::Unavailable(_))) => {
                        tracing::warn!("a chart could not be looked at again now");
                    }
                    result => result?,
                }
            }
        }
        Ok(count)
    }
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
                | PeopleEvent::LeaveCancelled(_) => {}
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
