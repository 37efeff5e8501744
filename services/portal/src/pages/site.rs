//! The facilities: whose names and time zones pages speak in.

use countersign_contracts::api::people::FacilityView;
use countersign_kernel::Timestamp;
use jiff::civil::Date;

use super::{choice::Choice, sheet::FilterField};
use crate::{
    api::Api,
    ask,
    show::{Moment, local, localized},
};

/// Where no facility says otherwise.
const UTC: &str = "UTC";

/// Every facility that was described.
pub(super) struct Site {
    facilities: Vec<FacilityView>,
    now: Timestamp,
}

impl Site {
    /// Asks for them. Without them instants are told in UTC, which they say, so no failure matters.
    pub(super) async fn ask(api: &dyn Api, now: Timestamp) -> Self {
        Self { facilities: ask::people::facilities(api).await.unwrap_or_default(), now }
    }

    /// IANA name of a facility's zone.
    pub(super) fn zone(&self, facility: &str) -> &str {
        let of_it = self.facilities.iter().find(|known| known.code == facility);
        of_it.map_or(UTC, |known| known.time_zone.as_str())
    }

    /// Their codes.
    pub(super) fn codes(&self) -> impl Iterator<Item = &str> {
        self.facilities.iter().map(|known| known.code.as_str())
    }

    /// The zone that all facilities are in; UTC where they are in several, or none is known.
    pub(super) fn any_zone(&self) -> &str {
        match self.facilities.as_slice() {
            [first, others @ ..] if others.iter().all(|other| other.time_zone == first.time_zone) => {
                &first.time_zone
            }
            _ => UTC,
        }
    }

    /// When the page was asked for.
    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    /// An instant, as people at the facility would say it.
    pub(super) fn moment(&self, at: Timestamp, facility: &str) -> Moment {
        Moment::new(at, self.now, self.zone(facility))
    }

    /// A sentence with the instants in it said as people at the facility would.
    pub(super) fn localized(&self, sentence: &str, facility: &str) -> String {
        localized(sentence, self.now, self.zone(facility))
    }

    /// An instant that is not one facility's.
    pub(super) fn moment_anywhere(&self, at: Timestamp) -> Moment {
        Moment::new(at, self.now, self.any_zone())
    }

    /// An instant for files: local, with its offset.
    pub(super) fn local(&self, at: Option<Timestamp>, facility: &str) -> String {
        local(at, self.zone(facility))
    }

    /// The field of a filter that chooses one; it is typed in where none was described.
    pub(super) fn picked(&self, choice: &Choice) -> FilterField {
        if self.facilities.is_empty() {
            return choice.typed("facility", "Facility");
        }
        let label = |facility: &FacilityView| match facility.name.as_str() {
            "" => facility.code.clone(),
            name => format!("{name} ({})", facility.code),
        };
        let labels: Vec<String> = self.facilities.iter().map(label).collect();
        let known: Vec<(&str, &str)> = self.codes().zip(labels.iter().map(String::as_str)).collect();
        choice.picked("facility", "Facility", "Any", &known)
    }
}

/// A day, as people write it: `Sat, Mar 7, 2026`.
pub(super) fn day(date: Date) -> String {
    date.strftime("%a, %b %-d, %Y").to_string()
}
