//! What happened, counted for the whole, by facility, by department and by week.

use std::collections::BTreeMap;

use countersign_contracts::api::escalation::{SimulatedCount, SimulatedGroup, SimulatedSummary};
use countersign_kernel::Timestamp;
use countersign_owed::{Directory, Party};
use jiff::{SignedDuration, ToSpan, civil::Date};

use super::{
    report::step_names,
    summary::{Kind, Tally},
    world::World,
};

/// The figures of the policy asked about, and of the other one.
type Pair = [Tally; 2];

/// Everything that was counted.
pub(super) struct Grouped {
    /// By policy: the one asked about, and the one that it is compared with.
    pub(super) whole: Vec<(SimulatedSummary, Vec<SimulatedCount>)>,
    pub(super) facilities: Vec<SimulatedGroup>,
    pub(super) departments: Vec<SimulatedGroup>,
    pub(super) weeks: Vec<SimulatedGroup>,
}

/// The Monday of an instant's week, by the facility's calendar.
pub(super) fn week_of(directory: &Directory, facility: &str, at: Timestamp) -> Date {
    let date = at.to_zoned(directory.places.zone(facility).clone()).date();
    date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days())
}

/// The first instant of the week after the one that begins with a Monday.
fn next_week(directory: &Directory, facility: &str, monday: Date) -> Timestamp {
    let next = monday.saturating_add(7.days());
    let zone = directory.places.zone(facility).clone();
    next.to_zoned(zone).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// A provider's department at a facility: the first of several that the facility has, else the first that the directory
/// names.
pub(super) fn department_of<'a>(directory: &'a Directory, party: &Party, at: Timestamp) -> Option<&'a str> {
    let codes = directory.people.departments_of(party.provider, at);
    let here = codes.iter().find(|code| directory.places.department(&party.facility, code, at).is_some());
    here.or(codes.first()).map(String::as_str)
}

/// By facility and code.
type Department = (String, String);

#[derive(Default)]
struct Shelves {
    whole: Pair,
    facilities: BTreeMap<String, Pair>,
    departments: BTreeMap<Department, Pair>,
    weeks: BTreeMap<Date, Pair>,
}

/// Counts what happened under the policies. `until`: when what has not ended was looked at last.
pub(super) fn grouped(worlds: &[World], directory: &Directory, until: Timestamp) -> Grouped {
    let mut shelves = Shelves::default();
    for (number, world) in worlds.iter().enumerate().take(2) {
        count(&mut shelves, (number, world), directory, until);
    }
    let names: Vec<Vec<String>> = worlds.iter().map(|world| step_names(&world.policy)).collect();
    let Shelves { whole, facilities, departments, weeks } = shelves;
    let compared = worlds.len() > 1;
    let group = |key: String, name: Option<String>, facility: Option<String>, [here, there]: Pair| {
        let (here, steps) = here.told(&names[0]);
        let there = compared.then(|| there.told(&[]).0);
        SimulatedGroup { key, name, facility, here, steps, there }
    };
    let of_facility = |code: String, pair| {
        let name = directory.places.facility(&code).map(|known| known.name.clone());
        group(code, name.filter(|name| !name.is_empty()), None, pair)
    };
    let of_department = |(facility, code): Department, pair| {
        let name = directory.places.department(&facility, &code, until).map(|known| known.name.clone());
        group(code, name.filter(|name| !name.is_empty()), Some(facility), pair)
    };
    Grouped {
        whole: whole.into_iter().zip(&names).map(|(tally, names)| tally.told(names)).collect(),
        facilities: facilities.into_iter().map(|(code, pair)| of_facility(code, pair)).collect(),
        departments: departments.into_iter().map(|(key, pair)| of_department(key, pair)).collect(),
        weeks: weeks.into_iter().map(|(week, pair)| group(week.to_string(), None, None, pair)).collect(),
    }
}

fn count(shelves: &mut Shelves, (number, world): (usize, &World), directory: &Directory, until: Timestamp) {
    let department = |party: &Party, at| -> Department {
        (party.facility.clone(), department_of(directory, party, at).unwrap_or_default().to_owned())
    };
    for happened in &world.happened {
        let (kind, party, at) = (Kind::of(&world.policy, happened), &happened.party, happened.at);
        shelves.whole[number].step(happened, kind);
        shelves.facilities.entry(party.facility.clone()).or_default()[number].step(happened, kind);
        shelves.departments.entry(department(party, at)).or_default()[number].step(happened, kind);
        let week = week_of(directory, &party.facility, at);
        shelves.weeks.entry(week).or_default()[number].step(happened, kind);
    }
    for stretch in &world.suspensions {
        let (party, facility) = (&stretch.party, &stretch.party.facility);
        let end = stretch.until.unwrap_or(until).max(stretch.from);
        let lasted = |from: Timestamp, until: Timestamp| -> SignedDuration { until.duration_since(from) };
        let whole = lasted(stretch.from, end);
        shelves.whole[number].suspended(party.provider, whole);
        shelves.facilities.entry(facility.clone()).or_default()[number].suspended(party.provider, whole);
        let department = department(party, stretch.from);
        shelves.departments.entry(department).or_default()[number].suspended(party.provider, whole);
        let mut from = stretch.from;
        while from < end {
            let week = week_of(directory, facility, from);
            let next = next_week(directory, facility, week).min(end);
            shelves.weeks.entry(week).or_default()[number].suspended(party.provider, lasted(from, next));
            from = next;
        }
    }
    for chart in &world.charts.escalated {
        shelves.whole[number].chart();
        shelves.facilities.entry(chart.facility.clone()).or_default()[number].chart();
        let week = week_of(directory, &chart.facility, chart.at);
        shelves.weeks.entry(week).or_default()[number].chart();
    }
}
