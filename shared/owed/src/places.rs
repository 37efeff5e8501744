//! Places: facilities with their zones, calendars and downtimes, and their departments.

use std::{collections::BTreeMap, sync::LazyLock};

use countersign_contracts::directory::{DepartmentDescribed, Downtime, FacilityDescribed};
use countersign_kernel::{BusinessCalendar, Days, Timestamp};
use jiff::{civil::Weekday, tz::TimeZone};

static COMMON_WEEK: LazyLock<BusinessCalendar> = LazyLock::new(BusinessCalendar::default);

/// Every facility and department that the directory tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    default_zone: TimeZone,
    facilities: BTreeMap<String, Facility>,
    /// By facility and code; each in the order in which it takes effect.
    departments: BTreeMap<(String, String), Vec<Version>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Facility {
    described: FacilityDescribed,
    zone: Option<TimeZone>,
    calendar: BusinessCalendar,
    position: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    described: DepartmentDescribed,
    position: u64,
}

impl Default for Places {
    /// Days end by UTC where nobody says otherwise.
    fn default() -> Self {
        Self::new(TimeZone::UTC)
    }
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

impl Places {
    /// Without any. `default_zone`: the configured zone, where days end at facilities that tell none.
    pub fn new(default_zone: TimeZone) -> Self {
        Self { default_zone, facilities: BTreeMap::new(), departments: BTreeMap::new() }
    }

    /// Takes note of a facility. Returns whether it is news.
    pub fn fold_facility(&mut self, described: FacilityDescribed, position: u64) -> bool {
        if self.facilities.get(&described.code).is_some_and(|known| known.position >= position) {
            return false;
        }
        let calendar = BusinessCalendar {
            weekend: described.weekend.iter().filter_map(|name| weekday(name)).collect(),
            holidays: described.holidays.iter().copied().collect(),
        };
        // An empty name is no zone: that of the configuration counts.
        let zone =
            (!described.time_zone.is_empty()).then(|| TimeZone::get(&described.time_zone).ok()).flatten();
        let code = described.code.clone();
        self.facilities.insert(code, Facility { described, zone, calendar, position });
        true
    }

    /// Takes note of a department. Returns whether it is news.
    pub fn fold_department(&mut self, described: DepartmentDescribed, position: u64) -> bool {
        let key = (described.facility.clone(), described.code.clone());
        let versions = self.departments.entry(key).or_default();
        let from = described.effective_at;
        match versions.binary_search_by_key(&from, |known| known.described.effective_at) {
            Ok(same) if versions[same].position >= position => return false,
            Ok(same) => versions[same] = Version { described, position },
            Err(place) => versions.insert(place, Version { described, position }),
        }
        true
    }

    /// The facility with this code.
    pub fn facility(&self, code: &str) -> Option<&FacilityDescribed> {
        self.facilities.get(code).map(|known| &known.described)
    }

    /// Every facility, by code.
    pub fn facilities(&self) -> impl Iterator<Item = &FacilityDescribed> {
        self.facilities.values().map(|known| &known.described)
    }

    /// The zone in which its days end.
    pub fn zone(&self, facility: &str) -> &TimeZone {
        self.facilities.get(facility).and_then(|known| known.zone.as_ref()).unwrap_or(&self.default_zone)
    }

    /// Its days of business; Monday to Friday without holidays where nobody described it.
    pub fn calendar(&self, facility: &str) -> &BusinessCalendar {
        self.facilities.get(facility).map_or(&*COMMON_WEEK, |known| &known.calendar)
    }

    /// Where its days end and which of them are days of business.
    pub fn days(&self, facility: &str) -> Days<'_> {
        Days { zone: self.zone(facility), calendar: self.calendar(facility) }
    }

    /// Its downtimes, by their beginning.
    pub fn downtimes(&self, facility: &str) -> &[Downtime] {
        self.facilities.get(facility).map_or(&[], |known| known.described.downtimes.as_slice())
    }

    /// The department at an instant; nothing before it was founded and after it was closed.
    pub fn department(&self, facility: &str, code: &str, at: Timestamp) -> Option<&DepartmentDescribed> {
        let versions = self.departments.get(&(facility.to_owned(), code.to_owned()))?;
        versions
            .iter()
            .rev()
            .map(|known| &known.described)
            .find(|known| known.effective_at.is_none_or(|from| from <= at))
            .filter(|known| !known.closed)
    }

    /// The departments of a facility at an instant, by code.
    pub fn departments_of<'a>(
        &'a self,
        facility: &'a str,
        at: Timestamp,
    ) -> impl Iterator<Item = &'a DepartmentDescribed> + 'a {
        let codes = self.departments.keys().filter(move |(of, _)| of == facility);
        codes.filter_map(move |(of, code)| self.department(of, code, at))
    }
}
