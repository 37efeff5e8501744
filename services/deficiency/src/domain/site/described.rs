//! Facilities as neighbours are told of them: whole.

use countersign_contracts::directory::{Downtime, FacilityDescribed};

use super::{events::SiteEvent, state::Site, weekdays};

impl Site {
    /// The facility with this code as it stands.
    pub fn described(&self, code: &str) -> Option<FacilityDescribed> {
        let facility = self.facility(code)?;
        let (name, time_zone) = facility
            .data
            .as_ref()
            .map_or_else(Default::default, |data| (data.name.clone(), data.time_zone.clone()));
        Some(FacilityDescribed {
            code: code.to_owned(),
            name,
            time_zone,
            weekend: facility.calendar.weekend.iter().map(|day| weekdays::name(*day).to_owned()).collect(),
            holidays: facility.calendar.holidays.iter().copied().collect(),
            downtimes: facility
                .downtimes
                .iter()
                .map(|downtime| Downtime { from: downtime.from, until: downtime.until })
                .collect(),
        })
    }

    /// Every facility as it stands, in order of codes.
    pub fn all_described(&self) -> impl Iterator<Item = FacilityDescribed> {
        self.facilities().filter_map(|(code, _)| self.described(code))
    }

    /// The facility that an event may change, as it stands after it; none for a department. The site itself stays as it
    /// is.
    pub fn described_after(&self, event: &SiteEvent) -> Option<FacilityDescribed> {
        let code = match event {
            SiteEvent::FacilityDescribed(event) => &event.facility.code,
            SiteEvent::DowntimeRecorded(event) => &event.facility,
            SiteEvent::DowntimeCancelled(event) => &event.facility,
            SiteEvent::DepartmentDescribed(_) | SiteEvent::Snapshot(_) => return None,
        };
        let mut alone = Self::default();
        if let Some(facility) = self.facility(code) {
            alone.facilities.insert(code.clone(), facility.clone());
        }
        alone.evolve(event);
        alone.described(code)
    }
}
