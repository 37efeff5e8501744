//! Facilities and departments as the events make them.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::LazyLock};

use countersign_kernel::{BusinessCalendar, ProviderId, Timestamp, derive_uuid};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::events::{DepartmentDescribed, FacilityData, MINIMUM_BILL_HOLD_DAYS, SiteEvent};
use crate::domain::attribution::Attribution;

/// One downtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DowntimeId(pub Uuid);

impl DowntimeId {
    /// Derives the id from the parts that identify the command.
    pub fn derive(parts: &[&str]) -> Self {
        Self(derive_uuid("downtime", parts))
    }
}

impl fmt::Display for DowntimeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for DowntimeId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

/// A period in which a facility's systems were down: half-open, from `from` up to but without `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downtime {
    /// Which downtime.
    pub id: DowntimeId,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it; not known yet while it lasts.
    pub until: Option<Timestamp>,
    /// Who recorded it as it is now, when and why.
    pub act: Attribution,
}

/// A facility. One that downtimes were recorded for and that nobody described has the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facility {
    /// What was described; nothing yet for a facility of which only a downtime is known.
    pub data: Option<FacilityData>,
    /// Its business days.
    pub calendar: BusinessCalendar,
    /// Its time zone, where one was described.
    pub zone: Option<TimeZone>,
    /// Its downtimes, by their beginning.
    pub downtimes: Vec<Downtime>,
}

/// A department, from an instant on until the next description takes effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    /// Code of its facility.
    pub facility: String,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Who heads it.
    pub chair: Option<ProviderId>,
    /// From when on this holds.
    pub from: Timestamp,
    /// There is no such department from then on.
    pub closed: bool,
    /// Who described it, when and why.
    pub act: Attribution,
}

impl From<&DepartmentDescribed> for Department {
    fn from(event: &DepartmentDescribed) -> Self {
        Self {
            facility: event.facility.clone(),
            code: event.code.clone(),
            name: event.name.clone(),
            chair: event.chair.clone(),
            from: event.effective_at,
            closed: event.closed,
            act: event.act.clone(),
        }
    }
}

static NO_HOLIDAYS: LazyLock<BusinessCalendar> = LazyLock::new(BusinessCalendar::default);

/// Every facility and department that was described. Fold the events of the categories
/// [`FACILITY`](super::events::FACILITY) and [`DEPARTMENT`](super::events::DEPARTMENT) in journal order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    pub(super) facilities: BTreeMap<String, Facility>,
    /// By facility and code; each in the order in which it takes effect.
    departments: BTreeMap<(String, String), Vec<Department>>,
}

impl Site {
    /// Folds one event. A snapshot changes nothing: it repeats what the others made.
    pub fn evolve(&mut self, event: &SiteEvent) {
        match event {
            SiteEvent::FacilityDescribed(event) => {
                let data = &event.facility;
                let facility = self.enter(&data.code);
                facility.calendar = BusinessCalendar {
                    weekend: data.weekend.clone(),
                    holidays: data.holidays.iter().map(|holiday| holiday.date).collect(),
                };
                facility.zone = TimeZone::get(&data.time_zone).ok();
                facility.data = Some(data.clone());
            }
            SiteEvent::DowntimeRecorded(event) => {
                let downtimes = &mut self.enter(&event.facility).downtimes;
                downtimes.retain(|known| known.id != event.downtime);
                downtimes.push(Downtime {
                    id: event.downtime,
                    from: event.from,
                    until: event.until,
                    act: event.act.clone(),
                });
                downtimes.sort_by_key(|downtime| (downtime.from, downtime.id));
            }
            SiteEvent::DowntimeCancelled(event) => {
                self.enter(&event.facility).downtimes.retain(|known| known.id != event.downtime);
            }
            SiteEvent::DepartmentDescribed(event) => {
                let key = (event.facility.clone(), event.code.clone());
                let versions = self.departments.entry(key).or_default();
                versions.retain(|known| known.from != event.effective_at);
                let place = versions.partition_point(|known| known.from < event.effective_at);
                versions.insert(place, Department::from(event));
            }
            SiteEvent::Snapshot(_) => {}
        }
    }

    fn enter(&mut self, code: &str) -> &mut Facility {
        self.facilities.entry(code.to_owned()).or_insert_with(|| Facility {
            data: None,
            calendar: BusinessCalendar::default(),
            zone: None,
            downtimes: Vec::new(),
        })
    }

    /// The facility with this code.
    pub fn facility(&self, code: &str) -> Option<&Facility> {
        self.facilities.get(code)
    }

    /// Every facility with its code, in order of codes.
    pub fn facilities(&self) -> impl Iterator<Item = (&str, &Facility)> {
        self.facilities.iter().map(|(code, facility)| (code.as_str(), facility))
    }

    fn data(&self, code: &str) -> Option<&FacilityData> {
        self.facilities.get(code)?.data.as_ref()
    }

    /// Its business days; Monday to Friday without holidays where nobody described it.
    pub fn calendar(&self, code: &str) -> &BusinessCalendar {
        self.facilities.get(code).map_or(&*NO_HOLIDAYS, |facility| &facility.calendar)
    }

    /// Its time zone, where one was described.
    pub fn zone(&self, code: &str) -> Option<&TimeZone> {
        self.facilities.get(code)?.zone.as_ref()
    }

    /// Country and state (ISO 3166-2), where described.
    pub fn jurisdiction(&self, code: &str) -> Option<&str> {
        self.data(code).map(|data| data.jurisdiction.as_str()).filter(|jurisdiction| !jurisdiction.is_empty())
    }

    /// Days that every account waits before it is billed.
    pub fn minimum_bill_hold_days(&self, code: &str) -> u16 {
        self.data(code).map_or(MINIMUM_BILL_HOLD_DAYS, |data| data.minimum_bill_hold_days)
    }

    /// Whether whoever is not in the directory is unknown there.
    pub fn strict_directory(&self, code: &str) -> bool {
        self.data(code).is_some_and(|data| data.strict_directory)
    }

    /// Whether a leave that the provider or a delegate records counts only when approved. Where nobody described the
    /// facility it does not count unapproved: a person's word alone stops no clock of her own.
    pub fn own_leave_needs_approval(&self, code: &str) -> bool {
        self.data(code).is_none_or(|data| data.own_leave_needs_approval)
    }

    /// Its downtimes, by their beginning.
    pub fn downtimes(&self, code: &str) -> &[Downtime] {
        self.facilities.get(code).map_or(&[], |facility| facility.downtimes.as_slice())
    }

    /// The facility and the downtime with this id.
    pub fn downtime(&self, id: DowntimeId) -> Option<(&str, &Downtime)> {
        self.facilities().find_map(|(code, facility)| {
            facility.downtimes.iter().find(|downtime| downtime.id == id).map(|downtime| (code, downtime))
        })
    }

    /// The department at an instant; nothing before it was founded and after it was closed.
    pub fn department(&self, facility: &str, code: &str, at: Timestamp) -> Option<&Department> {
        self.versions(facility, code)
            .iter()
            .rev()
            .find(|known| known.from <= at)
            .filter(|known| !known.closed)
    }

    /// Everything that was and will be said about a department, in the order in which it takes effect.
    pub fn versions(&self, facility: &str, code: &str) -> &[Department] {
        self.departments
            .get(&(facility.to_owned(), code.to_owned()))
            .map_or(&[], |versions| versions.as_slice())
    }

    /// Every department as it is at an instant, in order of facility and code.
    pub fn departments(&self, at: Timestamp) -> impl Iterator<Item = &Department> {
        self.departments.keys().filter_map(move |(facility, code)| self.department(facility, code, at))
    }

    /// Who heads a department at an instant.
    pub fn chair_of(&self, facility: &str, department: &str, at: Timestamp) -> Option<&ProviderId> {
        self.department(facility, department, at)?.chair.as_ref()
    }
}
