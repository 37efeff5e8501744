//! Days of the week by their English names, as stored.

use jiff::civil::Weekday;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

const NAMES: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// The day with this name.
pub(super) fn named(name: &str) -> Option<Weekday> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, day)| *day)
}

/// The English name of a day, in lower case.
pub fn name(day: Weekday) -> &'static str {
    NAMES.iter().find(|(_, known)| *known == day).map_or("", |(name, _)| name)
}

pub(super) fn serialize<S: Serializer>(days: &[Weekday], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(days.iter().map(|day| name(*day)))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Weekday>, D::Error> {
    Vec::<String>::deserialize(deserializer)?
        .iter()
        .map(|name| named(name).ok_or_else(|| D::Error::custom("no day of the week")))
        .collect()
}
