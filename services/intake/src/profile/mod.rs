//! Feed profiles: how the messages of one sender are read. Data, not code: one TOML file, changed without a rebuild.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use countersign_contracts::chart::{DocumentType, EncounterClass};
use jiff::tz::TimeZone;

mod codes;
mod error;
mod file;
mod pattern;

pub use codes::CodeTable;
pub use error::ProfileError;
pub use file::{StatusChangeWithParent, VisitNumberField};

use file::{ProfileFile, Settings};
use pattern::Pattern;

/// The commented defaults, as a starting point for a file of one's own.
pub const DEFAULT_FILE: &str = include_str!("default.toml");

/// Name of the profile that reads whatever no feed of its own reads.
pub const DEFAULT_NAME: &str = "default";

/// How the messages of one feed are read.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name, shown with every count.
    pub name: String,
    /// IANA name of the zone of times without an offset.
    pub time_zone: String,
    /// That zone.
    pub zone: TimeZone,
    /// Facility code of the charts; MSH-4 when not set.
    pub facility_code: Option<String>,
    /// Authority of visit numbers; PV1-19.4, else the facility, when not set.
    pub visit_authority: Option<String>,
    /// Where the visit number is, in order of trust. Never empty.
    pub visit_number: Vec<VisitNumberField>,
    /// Preferred authorities of providers, best first.
    pub provider_authorities: Vec<String>,
    /// Preferred authorities of patients, best first.
    pub patient_authorities: Vec<String>,
    /// A signature counts only with person and time.
    pub demand_signer_and_time: bool,
    /// What T03 and T04 with TXA-13 mean.
    pub status_change_with_parent: StatusChangeWithParent,
    /// Credentials of people who need a cosigner.
    pub trainee_credentials: CodeTable<()>,
    /// Identifiers of people who need a cosigner.
    pub trainees: CodeTable<()>,
    /// Roles (ROL-3) of surgeons.
    pub surgeon_roles: CodeTable<()>,
    /// Dispositions (PV1-36) that mean death.
    pub death_dispositions: CodeTable<()>,
    /// TXA-2; `None` = deliberately of no type that a rule asks for.
    pub document_types: CodeTable<Option<DocumentType>>,
    /// TXA-25, where TXA-2 says nothing.
    pub document_titles: CodeTable<Option<DocumentType>>,
    /// PV1-2; `None` = deliberately unknown.
    pub classes: CodeTable<Option<EncounterClass>>,
}

/// All profiles of an installation.
#[derive(Debug, Clone)]
pub struct Profiles {
    default: Arc<Profile>,
    feeds: Vec<(Pattern, Pattern, Arc<Profile>)>,
}

impl Profiles {
    /// The embedded defaults. `time_zone` is the facility's zone (IANA name).
    pub fn built_in(time_zone: &str) -> Result<Self, ProfileError> {
        Self::from_toml("", time_zone)
    }

    /// Profiles from the text of a file, over the embedded defaults. `time_zone` is the zone of the profiles that
    /// name none.
    pub fn from_toml(text: &str, time_zone: &str) -> Result<Self, ProfileError> {
        let embedded: ProfileFile = toml::from_str(DEFAULT_FILE)?;
        let file: ProfileFile = toml::from_str(text)?;
        if file.default.name.is_some() || file.default.sender.is_some() {
            return Err(ProfileError::DefaultIsNoFeed);
        }
        let base = Profile::of(DEFAULT_NAME, &embedded.default, &Profile::blank(time_zone)?)?;
        let default = Profile::of(DEFAULT_NAME, &file.default, &base)?;
        let mut feeds: Vec<(Pattern, Pattern, Arc<Profile>)> = Vec::new();
        for settings in &file.feed {
            let name = settings.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
            let name = name.ok_or(ProfileError::NoName)?;
            if name == DEFAULT_NAME || feeds.iter().any(|(_, _, other)| other.name == name) {
                return Err(ProfileError::NameTaken(name.to_owned()));
            }
            let (application, facility) = settings
                .sender
                .as_ref()
                .map_or(("*", "*"), |sender| (sender.application.as_str(), sender.facility.as_str()));
            let profile = Profile::of(name, settings, &default)?;
            feeds.push((Pattern::new(application), Pattern::new(facility), Arc::new(profile)));
        }
        Ok(Self { default: Arc::new(default), feeds })
    }

    /// The profile for a sender, by MSH-3 and MSH-4.
    pub fn of(&self, application: &str, facility: &str) -> &Arc<Profile> {
        self.feeds
            .iter()
            .find(|(applications, facilities, _)| applications.fits(application) && facilities.fits(facility))
            .map_or(&self.default, |(_, _, profile)| profile)
    }

    /// Names of all profiles, in the order in which they are tried.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.feeds.iter().map(|(_, _, profile)| profile.name.as_str()).chain([self.default.name.as_str()])
    }
}

impl Profile {
    /// No tables at all: what the embedded defaults are laid over.
    fn blank(time_zone: &str) -> Result<Self, ProfileError> {
        Ok(Self {
            name: DEFAULT_NAME.to_owned(),
            time_zone: time_zone.to_owned(),
            zone: zone(DEFAULT_NAME, time_zone)?,
            facility_code: None,
            visit_authority: None,
            visit_number: vec![VisitNumberField::Pv1Visit],
            provider_authorities: Vec::new(),
            patient_authorities: Vec::new(),
            demand_signer_and_time: false,
            status_change_with_parent: StatusChangeWithParent::StatusChanged,
            trainee_credentials: CodeTable::default(),
            trainees: CodeTable::default(),
            surgeon_roles: CodeTable::default(),
            death_dispositions: CodeTable::default(),
            document_types: CodeTable::default(),
            document_titles: CodeTable::default(),
            classes: CodeTable::default(),
        })
    }

    fn of(name: &str, settings: &Settings, base: &Self) -> Result<Self, ProfileError> {
        let time_zone = settings.time_zone.as_deref().unwrap_or(&base.time_zone);
        let set = |codes: &Option<Vec<String>>, base: &CodeTable<()>| match codes {
            Some(codes) => CodeTable::set(codes),
            None => base.clone(),
        };
        let text = |written: &Option<String>, base: &Option<String>| {
            written
                .as_deref()
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .or_else(|| base.clone())
        };
        let visit_number = settings.visit_number.clone().unwrap_or_else(|| base.visit_number.clone());
        if visit_number.is_empty() {
            return Err(ProfileError::NoVisitNumberField(name.to_owned()));
        }
        let ambiguous = |table| move |code| ProfileError::Ambiguous { profile: name.to_owned(), table, code };
        let documents = |lists: &file::DocumentTypes| {
            [
                (Some(DocumentType::HistoryAndPhysical), lists.history_and_physical.clone()),
                (Some(DocumentType::OperativeReport), lists.operative_report.clone()),
                (Some(DocumentType::DischargeSummary), lists.discharge_summary.clone()),
                (None, lists.other.clone()),
            ]
        };
        let classes = &settings.classes;
        let classes = [
            (Some(EncounterClass::Inpatient), classes.inpatient.clone()),
            (Some(EncounterClass::Observation), classes.observation.clone()),
            (Some(EncounterClass::DaySurgery), classes.day_surgery.clone()),
            (Some(EncounterClass::Emergency), classes.emergency.clone()),
            (Some(EncounterClass::Outpatient), classes.outpatient.clone()),
            (Some(EncounterClass::Preadmit), classes.preadmit.clone()),
            (Some(EncounterClass::Recurring), classes.recurring.clone()),
            (None, classes.unmapped.clone()),
        ];
        Ok(Self {
            name: name.to_owned(),
            zone: zone(name, time_zone)?,
            time_zone: time_zone.to_owned(),
            facility_code: text(&settings.facility_code, &base.facility_code),
            visit_authority: text(&settings.visit_authority, &base.visit_authority),
            visit_number,
            provider_authorities: settings
                .provider_authorities
                .clone()
                .unwrap_or_else(|| base.provider_authorities.clone()),
            patient_authorities: settings
                .patient_authorities
                .clone()
                .unwrap_or_else(|| base.patient_authorities.clone()),
            demand_signer_and_time: settings.demand_signer_and_time.unwrap_or(base.demand_signer_and_time),
            status_change_with_parent: settings
                .status_change_with_parent
                .unwrap_or(base.status_change_with_parent),
            trainee_credentials: set(&settings.trainee_credentials, &base.trainee_credentials),
            trainees: set(&settings.trainees, &base.trainees),
            surgeon_roles: set(&settings.surgeon_roles, &base.surgeon_roles),
            death_dispositions: set(&settings.death_dispositions, &base.death_dispositions),
            document_types: base
                .document_types
                .overlaid(documents(&settings.document_types))
                .map_err(ambiguous("document_types"))?,
            document_titles: base
                .document_titles
                .overlaid(documents(&settings.document_titles))
                .map_err(ambiguous("document_titles"))?,
            classes: base.classes.overlaid(classes).map_err(ambiguous("classes"))?,
        })
    }
}

fn zone(profile: &str, name: &str) -> Result<TimeZone, ProfileError> {
    TimeZone::get(name)
        .map_err(|_| ProfileError::TimeZone { profile: profile.to_owned(), zone: name.to_owned() })
}

/// The profiles in force, which a signal or a replay may exchange while messages arrive.
#[derive(Debug)]
pub struct ProfileStore {
    path: Option<PathBuf>,
    time_zone: String,
    current: RwLock<Arc<Profiles>>,
}

impl ProfileStore {
    /// Profiles from a file, or the built-in ones alone. `time_zone` is the facility's zone (IANA name).
    pub fn open(path: Option<&Path>, time_zone: &str) -> Result<Self, ProfileError> {
        let profiles = load(path, time_zone)?;
        Ok(Self {
            path: path.map(Path::to_path_buf),
            time_zone: time_zone.to_owned(),
            current: RwLock::new(Arc::new(profiles)),
        })
    }

    /// Profiles that are in no file.
    pub fn fixed(profiles: Profiles) -> Self {
        Self { path: None, time_zone: String::new(), current: RwLock::new(Arc::new(profiles)) }
    }

    /// The profiles in force.
    pub fn current(&self) -> Arc<Profiles> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file again. On an error the profiles in force stay.
    pub fn reload(&self) -> Result<(), ProfileError> {
        if self.path.is_some() {
            self.replace(load(self.path.as_deref(), &self.time_zone)?);
        }
        Ok(())
    }

    /// Puts other profiles in force.
    pub fn replace(&self, profiles: Profiles) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(profiles);
    }
}

fn load(path: Option<&Path>, time_zone: &str) -> Result<Profiles, ProfileError> {
    let Some(path) = path else { return Profiles::built_in(time_zone) };
    let text = std::fs::read_to_string(path)
        .map_err(|source| ProfileError::Unreadable { path: path.to_path_buf(), source })?;
    Profiles::from_toml(&text, time_zone)
}

#[cfg(test)]
mod tests;
