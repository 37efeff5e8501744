//! Forms: what a page offers to fill in, and what was filled in.

use std::{borrow::Cow, collections::BTreeMap};

use countersign_kernel::Timestamp;
use jiff::{civil, tz::TimeZone};

/// What was filled in, by the name of the field.
#[derive(Debug, Clone, Default)]
pub(super) struct Entered(BTreeMap<String, String>);

impl Entered {
    /// The body of a form (`application/x-www-form-urlencoded`).
    pub(super) fn read(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    /// What a field holds; nothing for one that is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// What a field holds, with the blanks around it.
    pub(super) fn whole(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// What a field must hold.
    pub(super) fn must(&self, name: &str, label: &str) -> Result<&str, String> {
        self.get(name).ok_or_else(|| format!("“{label}” is empty: fill it in"))
    }

    /// An instant, as `<input type="datetime-local">` sends it, in the facility's zone.
    pub(super) fn instant(&self, name: &str, label: &str, zone: &str) -> Result<Option<Timestamp>, String> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let local = text.parse::<civil::DateTime>().ok();
        let at = local.and_then(|local| in_zone(local, zone));
        at.map(Some).ok_or_else(|| format!("“{label}” is not a date and a time such as 2026-03-05T14:30"))
    }

    /// The beginning of a day, as `<input type="date">` sends it, in the facility's zone.
    pub(super) fn start_of_day(
        &self,
        name: &str,
        label: &str,
        zone: &str,
    ) -> Result<Option<Timestamp>, String> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let day = text.parse::<civil::Date>().ok();
        let at = day.and_then(|day| in_zone(day.at(0, 0, 0, 0), zone));
        at.map(Some).ok_or_else(|| format!("“{label}” is not a day such as 2026-03-05"))
    }

    /// The last second of a day, as `<input type="date">` sends it, in the facility's zone.
    pub(super) fn end_of_day(&self, name: &str, label: &str, zone: &str) -> Result<Timestamp, String> {
        let day = self.must(name, label)?.parse::<civil::Date>().ok();
        let at = day.and_then(|day| in_zone(day.at(23, 59, 59, 0), zone));
        at.ok_or_else(|| format!("“{label}” is not a day such as 2026-03-05"))
    }
}

fn in_zone(local: civil::DateTime, zone: &str) -> Option<Timestamp> {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    Some(local.to_zoned(zone).ok()?.timestamp())
}

/// An entry of a list to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

impl Offer {
    /// Entries that everybody knows: each with its label. One of them may be chosen.
    pub(super) fn each(known: &[(&str, &str)], chosen: Option<&str>) -> Vec<Self> {
        let offer = |&(value, label): &(&str, &str)| Self {
            value: value.to_owned(),
            label: label.to_owned(),
            chosen: chosen == Some(value),
        };
        known.iter().map(offer).collect()
    }
}

/// How a field is filled in.
pub(super) enum Kind {
    Line,
    Text,
    /// A whole file. What is wrong with it stands beside it: in words, and the lines that it is about.
    File {
        faults: Vec<(String, Vec<(usize, String)>)>,
    },
    Choice(Vec<Offer>),
    Instant,
    Day,
    /// A time of day.
    Time,
    /// An identifier of the directory, which the page lists once.
    Provider,
    /// A box that may be ticked.
    Tick,
    /// A box to tick before something that hurts.
    Confirm,
}

/// A field of a form.
pub(super) struct Field {
    pub(super) name: Cow<'static, str>,
    pub(super) label: Cow<'static, str>,
    pub(super) hint: Option<Cow<'static, str>>,
    pub(super) kind: Kind,
    /// What is filled in before; a box is ticked before unless this is empty.
    pub(super) value: String,
    pub(super) required: bool,
}

impl Field {
    pub(super) fn new(
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
        kind: Kind,
    ) -> Self {
        let (name, label) = (name.into(), label.into());
        Self { name, label, hint: None, kind, value: String::new(), required: true }
    }

    /// The reason, which every decision needs.
    pub(super) fn why() -> Self {
        Self::new("why", "Why", Kind::Text).hint("It goes on record. No patient data")
    }

    /// A box to tick before something that hurts.
    pub(super) fn confirm(label: impl Into<Cow<'static, str>>) -> Self {
        Self::new("confirmed", label, Kind::Confirm)
    }

    pub(super) fn value(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }

    pub(super) fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    pub(super) fn hint(self, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// A form that decides something.
pub(super) struct Form {
    /// What it decides; also tells the forms of a page apart.
    pub(super) act: &'static str,
    /// Names its fields within the page.
    pub(super) key: String,
    pub(super) title: Cow<'static, str>,
    /// About what, where a page has many like it: only heard.
    pub(super) whose: String,
    pub(super) hint: Cow<'static, str>,
    pub(super) button: &'static str,
    /// Another way to send it, which asks for no field: what it does, and its button.
    pub(super) other: Option<(&'static str, &'static str)>,
    pub(super) fields: Vec<Field>,
    /// Where it is sent.
    pub(super) action: String,
    /// What it carries unseen.
    pub(super) hidden: Vec<(&'static str, String)>,
    /// It was sent, and refused: it stays open.
    pub(super) open: bool,
}

impl Form {
    pub(super) fn new(
        act: &'static str,
        title: impl Into<Cow<'static, str>>,
        hint: impl Into<Cow<'static, str>>,
        button: &'static str,
        fields: Vec<Field>,
    ) -> Self {
        Self {
            act,
            key: act.to_owned(),
            title: title.into(),
            whose: String::new(),
            hint: hint.into(),
            button,
            other: None,
            fields,
            action: String::new(),
            hidden: Vec::new(),
            open: false,
        }
    }

    /// The form, sent to this address.
    pub(super) fn sent_to(self, action: impl Into<String>) -> Self {
        Self { action: action.into(), ..self }
    }

    /// It holds a whole file, which wants room.
    pub(super) fn is_wide(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.kind, Kind::File { .. }))
    }

    /// The form with another way to send it, which asks for no field.
    pub(super) fn or(self, act: &'static str, button: &'static str) -> Self {
        Self { other: Some((act, button)), ..self }
    }

    /// The form with something that it carries unseen.
    pub(super) fn carries(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    /// One of many forms of its kind on a page: about what, as a key and in words.
    pub(super) fn about(mut self, about: &str, whose: impl Into<String>) -> Self {
        self.key = format!("{}-{about}", self.act);
        self.whose = whose.into();
        self.carries("about", about)
    }

    /// The form with what was filled in before, when it was this one.
    pub(super) fn filled(mut self, entered: &Entered) -> Self {
        let about = self.hidden.iter().find(|(name, _)| *name == "about").map(|(_, value)| value.as_str());
        if entered.get("act") != Some(self.act) || entered.get("about") != about {
            return self;
        }
        self.open = true;
        for field in &mut self.fields {
            let value = entered.get(&field.name).unwrap_or_default();
            match &mut field.kind {
                Kind::Choice(offers) => {
                    for offer in offers {
                        offer.chosen = offer.value == value;
                    }
                }
                Kind::Confirm => {}
                _ => value.clone_into(&mut field.value),
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_those_of_the_facility() {
        let entered = Entered::read(b"until=2026-03-08&from=2026-03-05T14%3A30&bad=soon");
        let chicago = "America/Chicago";
        assert_eq!(
            entered.end_of_day("until", "Until", chicago).expect("a day").to_string(),
            "2026-03-09T04:59:59Z",
            "the clocks change on that day"
        );
        assert_eq!(
            entered.instant("from", "From", chicago).expect("an instant").map(|at| at.to_string()),
            Some("2026-03-05T20:30:00Z".to_owned())
        );
        assert_eq!(entered.instant("missing", "From", chicago), Ok(None));
        assert!(entered.instant("bad", "From", chicago).expect_err("no instant").contains("“From”"));
        assert!(entered.end_of_day("bad", "Until", chicago).is_err());
        assert!(entered.end_of_day("missing", "Until", chicago).expect_err("empty").contains("empty"));
    }
}
