//! The facilities: whose names and time zones pages speak in.

use countersign_contracts::api::people::FacilityView;
use countersign_kernel::Timestamp;
use jiff::{civil::Date, tz::TimeZone};

use super::{choice::Choice, form::Offer};
use crate::{
    api::Api,
    ask,
    show::{Moment, localized},
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

    /// The zone of the one facility there is; UTC where there are several or none.
    pub(super) fn any_zone(&self) -> &str {
        match self.facilities.as_slice() {
            [only] => &only.time_zone,
            _ => UTC,
        }
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
        let zone = TimeZone::get(self.zone(facility)).unwrap_or(TimeZone::UTC);
        at.map(|at| at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S%:z").to_string()).unwrap_or_default()
    }

    /// The facilities that may be chosen; empty where none was described.
    pub(super) fn offers(&self, choice: &Choice) -> Vec<Offer> {
        let known: Vec<(&str, String)> = self
            .facilities
            .iter()
            .map(|facility| match facility.name.as_str() {
                "" => (facility.code.as_str(), facility.code.clone()),
                name => (facility.code.as_str(), format!("{name} ({})", facility.code)),
            })
            .collect();
        if known.is_empty() {
            return Vec::new();
        }
        let known: Vec<(&str, &str)> = known.iter().map(|(code, label)| (*code, label.as_str())).collect();
        choice.offers("facility", &known)
    }
}

/// A day, as people write it: `Sat, Mar 7, 2026`.
pub(super) fn day(date: Date) -> String {
    date.strftime("%a, %b %-d, %Y").to_string()
}
