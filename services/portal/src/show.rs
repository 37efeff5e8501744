//! How things look on a page: the layout, instants, rows.

mod clock;
mod moment;
mod money;
mod row;
mod spreadsheet;

use askama::Template;
use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};

use crate::{
    assets::{ICON, STYLE},
    failure::Failure,
    visitor::{self, Visitor},
};

pub(crate) use clock::{Clock, LENGTH, Regulatory};
pub(crate) use moment::{Moment, localized};
pub(crate) use money::dollars;
pub(crate) use row::{Chip, DeficiencyRow, Responsible, is_disputed, is_owed, may_dispute};
pub(crate) use spreadsheet::{Column, Spreadsheet, local, yes};

/// Where a page belongs in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Worklist,
    Claims,
    People,
    Rules,
    Escalation,
    Notices,
    Feeds,
    /// In none of them.
    None,
}

impl Section {
    const fn name(self) -> &'static str {
        match self {
            Self::Worklist => "Worklist",
            Self::Claims => "Claims",
            Self::People => "People",
            Self::Rules => "Rules",
            Self::Escalation => "Escalation",
            Self::Notices => "Notices",
            Self::Feeds => "Feeds",
            Self::None => "",
        }
    }

    /// Its pages: address and name.
    const fn pages(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::People => &[("/people", "Directory"), ("/providers", "Who owes how much")],
            Self::Escalation => &[
                ("/leadership", "Leadership"),
                ("/tracks", "Tracks"),
                ("/suspensions", "Suspensions"),
                ("/runs", "Runs"),
                ("/policies", "Policies"),
                ("/auditor", "Auditor"),
            ],
            Self::Notices => &[
                ("/messages", "My messages"),
                ("/notices", "Notices"),
                ("/letters", "Letters"),
                ("/dead-letters", "Not delivered"),
                ("/contact-tasks", "Addresses"),
                ("/contacts", "Contacts"),
                ("/notices/mode", "What leaves"),
            ],
            Self::Feeds => {
                &[("/feeds", "Feeds"), ("/quarantine", "Quarantine"), ("/partitions", "Standing still")]
            }
            Self::Worklist | Self::Claims | Self::Rules | Self::None => &[],
        }
    }

    /// Whether the page at this address is of use to this visitor. Who is not known is not kept from anything;
    /// what a visitor may see, the API decides.
    fn is_for(path: &str, visitor: &Visitor) -> bool {
        match path {
            "/" | "/people" | "/rules" | "/tracks" | "/suspensions" | "/policies" | "/messages" => true,
            _ => !visitor.only_own(),
        }
    }
}

/// What every page has.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Title of the page, which browsers keep in histories: never patient data.
    pub(crate) title: String,
    section: Section,
    /// Where in its section it belongs: the address of a page.
    pub(crate) path: &'static str,
    /// Name of the visitor, if one is signed in.
    pub(crate) visitor: Option<String>,
    /// Address of the stylesheet.
    pub(crate) style: String,
    /// Address of the icon.
    pub(crate) icon: String,
}

impl Layout {
    /// The layout of a page with this title.
    pub(crate) fn new(title: impl Into<String>, section: Section) -> Self {
        Self::within(title, section, "")
    }

    /// The layout of a page that belongs to the one at this address in its section.
    pub(crate) fn within(title: impl Into<String>, section: Section, path: &'static str) -> Self {
        let visitor = visitor::present().who.map(|who| who.name);
        Self { title: title.into(), section, path, visitor, style: STYLE.href(), icon: ICON.href() }
    }

    /// The navigation: address, name, and whether this page belongs there. A section leads to its first page
    /// that is of use to the visitor; one without any is left out.
    pub(crate) fn navigation(&self) -> Vec<(&'static str, &'static str, bool)> {
        let visitor = visitor::present();
        [
            (Section::Worklist, "/"),
            (Section::Claims, "/claims"),
            (Section::People, "/people"),
            (Section::Rules, "/rules"),
            (Section::Escalation, "/leadership"),
            (Section::Notices, "/notices"),
            (Section::Feeds, "/feeds"),
        ]
        .into_iter()
        .filter_map(|(section, first)| {
            let pages = [(first, "")].into_iter().chain(section.pages().iter().copied());
            let (href, _) = pages.into_iter().find(|(path, _)| Section::is_for(path, &visitor))?;
            Some((href, section.name(), section == self.section))
        })
        .collect()
    }

    /// The pages of the section: address, name, and whether this page belongs there.
    pub(crate) fn pages(&self) -> Vec<(&'static str, &'static str, bool)> {
        let visitor = visitor::present();
        let pages = self.section.pages().iter().filter(|(path, _)| Section::is_for(path, &visitor));
        pages.map(|(path, name)| (*path, *name, *path == self.path)).collect()
    }

    /// Name of the section.
    pub(crate) const fn section(&self) -> &'static str {
        self.section.name()
    }
}

/// The page as an answer.
pub(crate) fn html(page: &impl Template) -> Result<Response, Failure> {
    let text = page.render().map_err(|error| {
        tracing::error!(%error, "a template failed");
        Failure::Fault
    })?;
    let mut response = Html(text).into_response();
    // Under `no-referrer` browsers hide the origin of forms, and forms from nowhere are refused. Other sites
    // still learn nothing.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}

/// So many of something: `1 item`, `2 items`.
pub(crate) fn count(value: u64, one: &str) -> String {
    if value == 1 { format!("1 {one}") } else { format!("{} {one}s", number(value)) }
}

/// A number with thousands apart: `12,345`.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A stored word for people: `day_surgery` → `Day surgery`, `him_manager` → `HIM manager`.
pub(crate) fn words(stored: &str) -> String {
    let word = |word: &str| match word {
        "him" | "npdb" => word.to_uppercase(),
        word => word.to_owned(),
    };
    sentence(&stored.split('_').map(word).collect::<Vec<_>>().join(" "))
}

/// The text with a capital at its beginning.
pub(crate) fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_readable() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(words("day_surgery"), "Day surgery");
        assert_eq!(words(""), "");
        assert_eq!(words("him_manager"), "HIM manager");
    }
}
