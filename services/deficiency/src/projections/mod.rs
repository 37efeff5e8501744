//! The read model of the deficiency service: one file, tables and queries side by side.

mod charts;
mod claims;
mod deficiencies;
mod patients;
mod pauses;
mod people;
mod providers;
mod reach;
mod site;
mod time;

use countersign_eventsourcing::{
    journal::{Filter, RecordedEvent},
    projection::{Projection, ProjectionError},
};
use rusqlite::Transaction;

pub use charts::{
    ChartRow, Concerned, all_charts, chart, charts_concerned, charts_owing_under_another, due_wakes,
};
pub use claims::{Account, Wanted, accounts};
pub use deficiencies::{Query, Worklist, chart_within, cursor, deficiency, encounter_of, in_chart, worklist};
pub use people::{PeopleQuery, people, person};
pub use providers::{authorities, providers};
pub use reach::Within;
pub use site::{departments, facilities};

use crate::domain::{
    events::{CHART, ChartEvent, IdentifierRetired, PATIENT},
    people::events::{PROVIDER, PeopleEvent},
    site::events::{DEPARTMENT, FACILITY, SiteEvent},
};

/// Worklists, charts and providers.
#[derive(Default)]
pub struct Charts {
    providers: providers::Seen,
    people: people::Folded,
}

impl Projection for Charts {
    fn name(&self) -> &'static str {
        "deficiency"
    }

    fn version(&self) -> u32 {
        2
    }

    fn filter(&self) -> Filter {
        Filter::Categories(vec![CHART, PATIENT, PROVIDER, FACILITY, DEPARTMENT])
    }

    fn schema(&self) -> &'static str {
        concat!(
            include_str!("charts.sql"),
            include_str!("claims.sql"),
            include_str!("deficiencies.sql"),
            include_str!("patients.sql"),
            include_str!("pauses.sql"),
            include_str!("providers.sql"),
            include_str!("people.sql"),
            include_str!("site.sql")
        )
    }

    fn indexes(&self) -> &'static str {
        include_str!("indexes.sql")
    }

    fn apply(&mut self, tables: &Transaction<'_>, event: &RecordedEvent) -> Result<(), ProjectionError> {
        if event.stream.category() == PATIENT {
            if &*event.kind == IdentifierRetired::KIND {
                patients::apply(tables, &event.decode()?)?;
            }
            return Ok(());
        }
        let undecodable = |error| event.undecodable(&error);
        match event.stream.category() {
            PROVIDER => {
                let decoded = PeopleEvent::decode(&event.kind, &event.data).map_err(undecodable)?;
                if matches!(decoded, PeopleEvent::Snapshot(_)) {
                    return Ok(());
                }
                pauses::people(tables, &decoded)?;
                return self.people.apply(tables, event, &decoded);
            }
            FACILITY | DEPARTMENT => {
                let decoded = SiteEvent::decode(&event.kind, &event.data).map_err(undecodable)?;
                pauses::site(tables, &decoded)?;
                return site::apply(tables, event, decoded);
            }
            _ => {}
        }
        if &*event.kind == "facts-recorded" {
            // The commonest event: only the people named in it matter here.
            return self.providers.apply(tables, event);
        }
        let decoded =
            ChartEvent::decode(&event.kind, &event.data).map_err(|error| event.undecodable(&error))?;
        match decoded {
            ChartEvent::FactsRecorded(_) | ChartEvent::TimePassed(_) | ChartEvent::Act(_) => {}
            ChartEvent::Described(description) => {
                charts::apply(tables, event.stream.id(), &description)?;
                claims::describe(tables, event.stream.id(), &description)?;
            }
            ChartEvent::Deficiency(change) => {
                deficiencies::apply(tables, event.stream.id(), &change)?;
                claims::item(tables, event.stream.id(), &change)?;
            }
        }
        Ok(())
    }
}
