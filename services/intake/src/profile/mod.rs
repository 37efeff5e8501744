//! Feed profiles: how the messages of one sender are read. Data, not code: one TOML file, changed without a rebuild.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use countersign_contracts::chart::{DocumentType, EncounterClass, OrderMode};
use jiff::tz::TimeZone;

mod codes;
mod error;
mod file;
mod pattern;

pub use codes::CodeTable;
pub use error::ProfileError;
pub use file::{FieldPath, StatusChangeWithParent, VisitNumberField};

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
    /// Where a site of its own says how an order was given, asked where ORC-30 is empty.
    pub order_mode_field: Option<FieldPath>,
    /// How an order was given (ORC-30, or that field); [`OrderMode::Unknown`] = deliberately nothing.
    pub order_modes: CodeTable<OrderMode>,
    /// Order control codes and statuses (ORC-1, ORC-5) that say that the order was signed.
    pub order_signed: CodeTable<()>,
    /// Credentials of people who verify an order (ORC-11) without authenticating it.
    pub verifying_credentials: CodeTable<()>,
    /// Codes of consultations (OBR-4, OBR-24, ORC-29).
    pub consultations: CodeTable<()>,
    /// Where the consultant is named, in order of trust.
    pub consultant_fields: Vec<FieldPath>,
    /// What a transaction does to the charges (FT1-6).
    pub transaction_types: CodeTable<TransactionType>,
    /// FT1-2 identifies a transaction within its account.
    pub trust_transaction_ids: bool,
    /// What tells that an account is coded or billed.
    pub billing: Billing,
    /// TXA-2; `None` = deliberately of no type that a rule asks for.
    pub document_types: CodeTable<Option<DocumentType>>,
    /// TXA-25, where TXA-2 says nothing.
    pub document_titles: CodeTable<Option<DocumentType>>,
    /// PV1-2; `None` = deliberately unknown.
    pub classes: CodeTable<Option<EncounterClass>>,
}

/// What a financial transaction does to the gross charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionType {
    /// Adds to them (HL7 table 0017: CG).
    Charge,
    /// Takes from them (CD).
    Credit,
    /// Neither: a payment, an adjustment, a co-payment.
    Ignored,
}

/// What tells that an account is coded or billed.
#[derive(Debug, Clone, Default)]
pub struct Billing {
    /// Field with the state of the account, e.g. PV1-41.
    pub status_field: Option<FieldPath>,
    /// Its codes that mean: finally coded.
    pub coded: CodeTable<()>,
    /// Its codes that mean: the final bill went out. A billed account is coded.
    pub billed: CodeTable<()>,
    /// Its codes that take both back.
    pub reopened: CodeTable<()>,
    /// Types of diagnoses (DG1-6) that mean: finally coded.
    pub final_diagnosis: CodeTable<()>,
    /// Triggers of BAR that mean: finally coded, unless their diagnoses say otherwise.
    pub coded_triggers: CodeTable<()>,
    /// Triggers of BAR that mean: the final bill went out.
    pub billed_triggers: CodeTable<()>,
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
            order_mode_field: None,
            order_modes: CodeTable::default(),
            order_signed: CodeTable::default(),
            verifying_credentials: CodeTable::default(),
            consultations: CodeTable::default(),
            consultant_fields: Vec::new(),
            transaction_types: CodeTable::default(),
            trust_transaction_ids: true,
            billing: Billing::default(),
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
        let modes = &settings.order_modes;
        let modes = [
            (OrderMode::Verbal, modes.verbal.clone()),
            (OrderMode::Telephone, modes.telephone.clone()),
            (OrderMode::Written, modes.written.clone()),
            (OrderMode::Unknown, modes.unknown.clone()),
        ];
        let transactions = &settings.transaction_types;
        let transactions = [
            (TransactionType::Charge, transactions.charge.clone()),
            (TransactionType::Credit, transactions.credit.clone()),
            (TransactionType::Ignored, transactions.ignored.clone()),
        ];
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
            order_mode_field: settings.order_mode_field.clone().or_else(|| base.order_mode_field.clone()),
            order_modes: base.order_modes.overlaid(modes).map_err(ambiguous("order_modes"))?,
            order_signed: set(&settings.order_signed, &base.order_signed),
            verifying_credentials: set(&settings.verifying_credentials, &base.verifying_credentials),
            consultations: set(&settings.consultations, &base.consultations),
            consultant_fields: settings
                .consultant_fields
                .clone()
                .unwrap_or_else(|| base.consultant_fields.clone()),
            transaction_types: base
                .transaction_types
                .overlaid(transactions)
                .map_err(ambiguous("transaction_types"))?,
            trust_transaction_ids: settings.trust_transaction_ids.unwrap_or(base.trust_transaction_ids),
            billing: {
                let billing = &settings.billing;
                Billing {
                    status_field: billing.status_field.clone().or_else(|| base.billing.status_field.clone()),
                    coded: set(&billing.coded, &base.billing.coded),
                    billed: set(&billing.billed, &base.billing.billed),
                    reopened: set(&billing.reopened, &base.billing.reopened),
                    final_diagnosis: set(&billing.final_diagnosis, &base.billing.final_diagnosis),
                    coded_triggers: set(&billing.coded_triggers, &base.billing.coded_triggers),
                    billed_triggers: set(&billing.billed_triggers, &base.billing.billed_triggers),
                }
            },
            document_types: base
                .document_types
                .overlaid(settings.document_types.lists())
                .map_err(ambiguous("document_types"))?,
            document_titles: base
                .document_titles
                .overlaid(settings.document_titles.lists())
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
