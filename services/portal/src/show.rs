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
    visitor,
};

pub(crate) use clock::{Clock, LENGTH, Regulatory};
pub(crate) use moment::{Moment, localized};
pub(crate) use money::dollars;
pub(crate) use row::{Chip, DeficiencyRow, Responsible, is_disputed, is_owed, may_dispute};
pub(crate) use spreadsheet::Spreadsheet;

/// Where a page belongs in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Worklist,
    Providers,
    Claims,
    Rules,
    People,
    Feeds,
    Quarantine,
    /// In none of them.
    None,
}

/// What every page has.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Title of the page, which browsers keep in histories: never patient data.
    pub(crate) title: String,
    section: Section,
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
        let visitor = visitor::present().who.map(|who| who.name);
        Self { title: title.into(), section, visitor, style: STYLE.href(), icon: ICON.href() }
    }

    /// The navigation: address, name, and whether this page belongs there.
    pub(crate) fn navigation(&self) -> [(&'static str, &'static str, bool); 7] {
        [
            ("/", "Worklist", Section::Worklist),
            ("/providers", "Providers", Section::Providers),
            ("/claims", "Claims", Section::Claims),
            ("/rules", "Rules", Section::Rules),
            ("/people", "People", Section::People),
            ("/feeds", "Feeds", Section::Feeds),
            ("/quarantine", "Quarantine", Section::Quarantine),
        ]
        .map(|(href, name, section)| (href, name, section == self.section))
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

/// A stored word for people: `day_surgery` → `Day surgery`.
pub(crate) fn words(stored: &str) -> String {
    sentence(&stored.replace('_', " "))
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
    }
}
