//! Commands about facilities and departments: what is asked for, by whom, and what becomes of it. Who may ask at all
//! is decided before ([`crate::authority`]).

use std::collections::BTreeMap;

use countersign_contracts::Field;
use countersign_kernel::{Actor, BusinessCalendar, ProviderId, Timestamp};
use jiff::{
    civil::{Date, Weekday},
    tz::TimeZone,
};

use super::{
    events::{
        DepartmentDescribed, DowntimeCancelled, DowntimeRecorded, FacilityData, FacilityDescribed, Holiday,
        MINIMUM_BILL_HOLD_DAYS, SiteEvent,
    },
    refusal::Refusal,
    state::{Department, DowntimeId, Site},
    weekdays,
};
use crate::domain::attribution::Attribution;

/// Who asks, when and why.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: &'a str,
}

impl Asked<'_> {
    fn act(&self) -> Attribution {
        Attribution { by: self.actor.name.clone(), at: self.at, why: self.why.trim().to_owned() }
    }

    fn reason(&self) -> Result<(), Refusal> {
        if self.why.trim().is_empty() { Err(Refusal::NoReason) } else { Ok(()) }
    }
}

/// Changes to a facility: what is absent stays as it is, or takes the default when the facility is new.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FacilityChanges {
    /// Its name; its code by default.
    pub name: Option<String>,
    /// Country and state (ISO 3166-2); empty for none.
    pub jurisdiction: Option<String>,
    /// IANA name of its time zone; needed for a new facility.
    pub time_zone: Option<String>,
    /// Days of the week without business, by their English names; Saturday and Sunday by default.
    pub weekend: Option<Vec<String>>,
    /// Days without business beside them, instead of those before.
    pub holidays: Option<Vec<Holiday>>,
    /// Days without business in addition to those before.
    pub more_holidays: Vec<Holiday>,
    /// Days that every account waits before it is billed; 3 by default.
    pub minimum_bill_hold_days: Option<u16>,
    /// Whether whoever is not in the directory is unknown; no by default.
    pub strict_directory: Option<bool>,
    /// Whether a leave that the provider or a delegate records counts only when approved; yes by default.
    pub own_leave_needs_approval: Option<bool>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Describe a facility, new or known.
    DescribeFacility {
        /// Its code, as charts carry it.
        code: String,
        /// What changes.
        changes: Box<FacilityChanges>,
    },
    /// Record a downtime, or change its period.
    RecordDowntime {
        /// Its id.
        downtime: DowntimeId,
        /// Code of the facility; for a change that of the facility it was recorded for.
        facility: String,
        /// Its first instant.
        from: Timestamp,
        /// The first instant after it.
        until: Option<Timestamp>,
    },
    /// Cancel a downtime.
    CancelDowntime {
        /// Which.
        downtime: DowntimeId,
    },
    /// Describe a department from an instant on.
    DescribeDepartment {
        /// Code of its facility.
        facility: String,
        /// Its code.
        code: String,
        /// Its name; its code by default.
        name: Option<String>,
        /// Who heads it.
        chair: Field<ProviderId>,
        /// Whether it ends.
        closed: bool,
        /// From when on this holds; from now on when nothing is said.
        effective_at: Option<Timestamp>,
    },
}

impl Command {
    /// Whether this is the command that an event on record came of: the same key for another one is a slip.
    pub fn asked_for(&self, event: &SiteEvent) -> bool {
        match (self, event) {
            (Self::DescribeFacility { code, .. }, SiteEvent::FacilityDescribed(event)) => {
                code.trim() == event.facility.code
            }
            (
                Self::RecordDowntime { downtime, facility, from, until },
                SiteEvent::DowntimeRecorded(event),
            ) => {
                (downtime, facility, from, until)
                    == (&event.downtime, &event.facility, &event.from, &event.until)
            }
            (Self::CancelDowntime { downtime }, SiteEvent::DowntimeCancelled(event)) => {
                *downtime == event.downtime
            }
            (
                Self::DescribeDepartment { facility, code, closed, .. },
                SiteEvent::DepartmentDescribed(event),
            ) => {
                (facility.as_str(), code.trim(), *closed)
                    == (&event.facility, event.code.as_str(), event.closed)
            }
            _ => false,
        }
    }

    /// Code of the facility that it is about; of a downtime, of the facility it was recorded for.
    pub fn facility<'a>(&'a self, site: &'a Site) -> Option<&'a str> {
        match self {
            Self::DescribeFacility { code, .. } => Some(code),
            Self::RecordDowntime { facility, .. } | Self::DescribeDepartment { facility, .. } => {
                Some(facility)
            }
            Self::CancelDowntime { downtime } => site.downtime(*downtime).map(|(facility, _)| facility),
        }
    }
}

/// What becomes of a command: the event to record, or nothing when everything is as asked for already.
///
/// # Errors
/// The rule that refuses it, with what would be allowed.
pub fn decide(site: &Site, command: Command, asked: &Asked<'_>) -> Result<Option<SiteEvent>, Refusal> {
    match command {
        Command::DescribeFacility { code, changes } => describe_facility(site, &code, *changes, asked),
        Command::RecordDowntime { downtime, facility, from, until } => {
            asked.reason()?;
            described(site, &facility)?;
            if until.is_some_and(|until| until <= from) {
                return Err(Refusal::EmptyPeriod);
            }
            if let Some((recorded_for, known)) = site.downtime(downtime) {
                if recorded_for != facility {
                    return Err(Refusal::NoDowntime(downtime));
                }
                if (known.from, known.until) == (from, until) {
                    return Ok(None);
                }
            }
            let act = asked.act();
            Ok(Some(SiteEvent::DowntimeRecorded(DowntimeRecorded { facility, downtime, from, until, act })))
        }
        Command::CancelDowntime { downtime } => {
            asked.reason()?;
            let (facility, _) = site.downtime(downtime).ok_or(Refusal::NoDowntime(downtime))?;
            let (facility, act) = (facility.to_owned(), asked.act());
            Ok(Some(SiteEvent::DowntimeCancelled(DowntimeCancelled { facility, downtime, act })))
        }
        Command::DescribeDepartment { facility, code, name, chair, closed, effective_at } => {
            let code = given(&code)?;
            let effective_at = effective_at.unwrap_or(asked.at);
            described(site, &facility)?;
            let before = site.department(&facility, &code, effective_at);
            let mut head = before.and_then(|known| known.chair.clone());
            chair.apply_to(&mut head);
            let name =
                name.or_else(|| before.map(|known| known.name.clone())).unwrap_or_else(|| code.clone());
            let as_asked =
                |known: &Department| (&known.name, &known.chair, known.closed) == (&name, &head, closed);
            if before.is_some_and(as_asked) {
                return Ok(None);
            }
            Ok(Some(SiteEvent::DepartmentDescribed(DepartmentDescribed {
                facility,
                code,
                name,
                chair: head,
                effective_at,
                closed,
                act: asked.act(),
            })))
        }
    }
}

fn describe_facility(
    site: &Site,
    code: &str,
    changes: FacilityChanges,
    asked: &Asked<'_>,
) -> Result<Option<SiteEvent>, Refusal> {
    let code = given(code)?;
    let before = site.facility(&code).and_then(|facility| facility.data.clone());
    let mut data = match &before {
        Some(known) => known.clone(),
        None => FacilityData {
            name: code.clone(),
            code,
            jurisdiction: String::new(),
            time_zone: changes.time_zone.clone().ok_or(Refusal::Missing("a time zone"))?,
            weekend: BusinessCalendar::default().weekend,
            holidays: Vec::new(),
            minimum_bill_hold_days: MINIMUM_BILL_HOLD_DAYS,
            strict_directory: false,
            own_leave_needs_approval: true,
        },
    };
    data.name = changes.name.unwrap_or(data.name);
    if let Some(jurisdiction) = changes.jurisdiction {
        data.jurisdiction = check_jurisdiction(jurisdiction)?;
    }
    if let Some(time_zone) = changes.time_zone {
        TimeZone::get(&time_zone).map_err(|_| Refusal::UnknownZone(time_zone.clone()))?;
        data.time_zone = time_zone;
    }
    if let Some(weekend) = changes.weekend {
        data.weekend = check_weekend(&weekend)?;
    }
    if changes.holidays.is_some() || !changes.more_holidays.is_empty() {
        // A day has one name: the last that was given.
        let known = changes.holidays.unwrap_or(data.holidays);
        let all = known.into_iter().chain(changes.more_holidays).map(|holiday| (holiday.date, holiday.name));
        let by_day: BTreeMap<Date, String> = all.collect();
        data.holidays = by_day.into_iter().map(|(date, name)| Holiday { date, name }).collect();
    }
    data.minimum_bill_hold_days = changes.minimum_bill_hold_days.unwrap_or(data.minimum_bill_hold_days);
    data.strict_directory = changes.strict_directory.unwrap_or(data.strict_directory);
    data.own_leave_needs_approval = changes.own_leave_needs_approval.unwrap_or(data.own_leave_needs_approval);
    if before.as_ref() == Some(&data) {
        return Ok(None);
    }
    let described = FacilityDescribed { facility: data, act: asked.act() };
    Ok(Some(SiteEvent::FacilityDescribed(Box::new(described))))
}

fn given(code: &str) -> Result<String, Refusal> {
    let code = code.trim();
    if code.is_empty() { Err(Refusal::NoCode) } else { Ok(code.to_owned()) }
}

fn described(site: &Site, facility: &str) -> Result<(), Refusal> {
    let known = site.facility(facility).and_then(|facility| facility.data.as_ref());
    known.map(|_| ()).ok_or_else(|| Refusal::UnknownFacility(facility.to_owned()))
}

/// ISO 3166-2: two letters, a hyphen, one to three letters or digits. The country alone is possible, too.
fn check_jurisdiction(code: String) -> Result<String, Refusal> {
    let (country, part) =
        code.split_once('-').map_or((code.as_str(), None), |(country, part)| (country, Some(part)));
    let is_country = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_part = |part: &str| {
        (1..=3).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    if code.is_empty() || is_country && part.is_none_or(is_part) {
        Ok(code)
    } else {
        Err(Refusal::BadJurisdiction(code))
    }
}

fn check_weekend(names: &[String]) -> Result<Vec<Weekday>, Refusal> {
    let mut days = Vec::new();
    for name in names {
        let name = name.trim().to_ascii_lowercase();
        let day = weekdays::named(&name).ok_or(Refusal::BadWeekday(name))?;
        if !days.contains(&day) {
            days.push(day);
        }
    }
    if days.len() == 7 {
        return Err(Refusal::NoBusinessDay);
    }
    days.sort_by_key(|day| day.to_monday_zero_offset());
    Ok(days)
}
