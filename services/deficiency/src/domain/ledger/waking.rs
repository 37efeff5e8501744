//! When something changes though nothing is reported: an observation lasts, an operation that was announced
//! begins or ends, a day is over.

use countersign_contracts::chart::EncounterClass;
use countersign_kernel::{Timestamp, end_of_local_day};
use jiff::SignedDuration;

use super::{Context, asked::Asked};
use crate::domain::{
    chart::{Chart, Stay},
    rules::Requirement,
};

/// The next such instant after `now`.
pub(super) fn wake_at(
    chart: &Chart,
    asked: &[Asked<'_>],
    context: &Context<'_>,
    now: Timestamp,
) -> Option<Timestamp> {
    if !chart.stands() {
        return None;
    }
    let stay = chart.stays.last()?;
    let procedures = || chart.procedures.values().map(|known| &known.value);
    asked
        .iter()
        .map(|asked| asked.rule)
        .filter(|rule| rule.applies.classes.contains(&stay.class))
        .filter_map(|rule| match (&rule.requires, rule.applies.observation_longer_than_hours) {
            (Requirement::DocumentPerProcedure(_), _) => {
                procedures().map(|known| known.ended_at).filter(|ended| *ended > now).min()
            }
            (Requirement::DocumentBeforeProcedure(_), _) => {
                procedures().map(|known| known.started_at).filter(|started| *started > now).min()
            }
            (Requirement::DocumentPerDay(_), _) if stay.ended_at.is_none() => {
                let end = end_of_local_day(now.max(stay.began.value), context.zone);
                if end > now {
                    return Some(end);
                }
                let next = end.checked_add(SignedDuration::from_secs(1)).ok()?;
                Some(end_of_local_day(next, context.zone))
            }
            (_, Some(hours)) if stay.class == EncounterClass::Observation && stay.ended_at.is_none() => {
                after_hours(stay, hours).filter(|due| *due > now)
            }
            _ => None,
        })
        .min()
}

/// The instant at which the stay will have lasted so long.
pub(super) fn after_hours(stay: &Stay, hours: u16) -> Option<Timestamp> {
    stay.began.value.checked_add(SignedDuration::from_hours(hours.into())).ok()
}
