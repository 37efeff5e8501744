//! The simulated hospital itself.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    arrivals::Arrivals,
    calendar::Calendar,
    settings::{Settings, SettingsError},
    staff::Staff,
    stream::Messages,
    truth::{self, Row, Truth},
};

/// What every part of the simulation shares: settings, calendar, staff.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) calendar: Calendar,
    pub(crate) end: Timestamp,
    pub(crate) facilities: Vec<Facility>,
}

/// One facility.
#[derive(Debug)]
pub(crate) struct Facility {
    /// As in MSH-4 and as the assigning authority of its numbers.
    pub(crate) name: String,
    pub(crate) staff: Staff,
}

/// A simulated hospital. Cheap to clone; streams and truth are computed on demand and always the same.
#[derive(Debug, Clone)]
pub struct Hospital {
    pub(crate) world: Arc<World>,
}

impl Hospital {
    /// Builds the hospital: facilities and staff. Nothing is simulated yet.
    ///
    /// # Errors
    /// [`SettingsError`] when the settings describe no hospital.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        let calendar = Calendar::new(settings.time_zone.clone(), settings.times);
        let end = calendar.months_after(settings.start, settings.months)?;
        let share = settings.discharges_per_month / u32::from(settings.facilities);
        let facilities = (0..settings.facilities)
            .map(|index| Facility {
                name: format!("SIMHOSP{}", index + 1),
                staff: Staff::hire(settings.seed, index, share),
            })
            .collect();
        Ok(Self { world: Arc::new(World { settings, calendar, end, facilities }) })
    }

    /// The settings of this hospital.
    pub fn settings(&self) -> &Settings {
        &self.world.settings
    }

    /// First instant after the run: no message is sent later, and [`Hospital::truth`] holds at this instant.
    pub fn end(&self) -> Timestamp {
        self.world.end
    }

    /// The facilities, as in MSH-4.
    pub fn facilities(&self) -> impl Iterator<Item = &str> {
        self.world.facilities.iter().map(|facility| facility.name.as_str())
    }

    /// Facility and provider identifier (XCN-1) of everybody who may be made responsible.
    pub fn providers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.world.facilities.iter().flat_map(|facility| {
            facility.staff.all().iter().map(|provider| (facility.name.as_str(), provider.id.as_str()))
        })
    }

    /// Every message of the run in order of sending. Memory is bounded by the charts that are still being
    /// written at one time, not by the length of the run.
    pub fn messages(&self) -> Messages {
        Messages::new(Arc::clone(&self.world))
    }

    /// The rows of the truth, encounter by encounter, without holding them all.
    pub fn truth_rows(&self) -> impl Iterator<Item = Row> + use<> {
        let world = Arc::clone(&self.world);
        Arrivals::new(Arc::clone(&world))
            .flat_map(move |(number, begins)| truth::rows(&world, number, begins))
    }

    /// Who owes what at the end of the run, and what was sent.
    pub fn truth(&self) -> Truth {
        truth::of(&self.world)
    }
}
