//! What the reader has chosen of a list, in the address. It holds nothing of a patient.

use std::collections::BTreeMap;

use form_urlencoded::Serializer;

use super::{form::Offer, sheet::FilterField};

/// Parameters of an address, as far as the page knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    names: &'static [&'static str],
    values: BTreeMap<&'static str, String>,
    /// What was done just now: the name of a deed.
    pub(super) done: Option<String>,
    /// Journal position that the answer must include.
    pub(super) position: Option<u64>,
}

/// Which part of a list.
const CURSOR: &str = "cursor";

impl Choice {
    /// The parameters with these names. Those that are empty were not filled in, others are passed over.
    pub(super) fn read(query: Option<&str>, names: &'static [&'static str]) -> Self {
        let mut choice = Self { names, values: BTreeMap::new(), done: None, position: None };
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            match name.as_ref() {
                "done" => choice.done = Some(value.to_owned()),
                "position" => choice.position = value.parse().ok(),
                name => {
                    if let Some(name) = names.iter().chain(&[CURSOR]).find(|known| **known == name) {
                        choice.values.insert(name, value.to_owned());
                    }
                }
            }
        }
        choice
    }

    /// What is chosen.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(super) fn cursor(&self) -> Option<&str> {
        self.get(CURSOR)
    }

    /// Something is chosen, beside the place in the list.
    pub(super) fn is_narrow(&self) -> bool {
        self.values.keys().any(|name| *name != CURSOR)
    }

    /// The same choice from another place on; nothing = from the first row.
    pub(super) fn at_cursor(&self, cursor: Option<String>) -> Self {
        let mut choice = self.clone();
        match cursor {
            Some(cursor) => choice.values.insert(CURSOR, cursor),
            None => choice.values.remove(CURSOR),
        };
        choice
    }

    /// The address of the first page, when the reader is further on.
    pub(super) fn start(&self, path: &str) -> Option<String> {
        self.cursor().map(|_| self.at_cursor(None).href(path))
    }

    /// The address of the next page.
    pub(super) fn next(&self, path: &str, next: Option<String>) -> Option<String> {
        next.map(|next| self.at_cursor(Some(next)).href(path))
    }

    /// The address of `path` with this choice.
    pub(super) fn href(&self, path: &str) -> String {
        let mut query = Serializer::new(String::new());
        for name in self.names.iter().chain(&[CURSOR]) {
            if let Some(value) = self.values.get(name) {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// A field of the filter that is typed in.
    pub(super) fn typed(&self, name: &'static str, label: &'static str) -> FilterField {
        FilterField { name, label, value: self.get(name).unwrap_or_default().to_owned(), offers: Vec::new() }
    }

    /// A field of the filter that offers what is known. What is chosen is offered even where nobody knows it.
    pub(super) fn picked(
        &self,
        name: &'static str,
        label: &'static str,
        unchosen: &str,
        known: &[(&str, &str)],
    ) -> FilterField {
        let chosen = self.get(name);
        let known = [&[("", unchosen)], known].concat();
        let mut offers = Offer::each(&known, Some(chosen.unwrap_or_default()));
        if let Some(chosen) = chosen.filter(|_| !offers.iter().any(|offer| offer.chosen)) {
            offers.push(Offer { value: chosen.to_owned(), label: chosen.to_owned(), chosen: true });
        }
        FilterField { offers, ..self.typed(name, label) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: &[&str] = &["state", "facility"];

    #[test]
    fn a_choice_is_what_the_page_knows_and_goes_back_into_addresses() {
        let choice =
            Choice::read(Some("facility=A%26B&state=+&cursor=7&other=x&done=noted&position=12"), NAMES);
        assert_eq!(choice.href("/tracks"), "/tracks?facility=A%26B&cursor=7");
        assert_eq!(choice.start("/tracks").as_deref(), Some("/tracks?facility=A%26B"));
        assert_eq!((choice.done.as_deref(), choice.position), (Some("noted"), Some(12)));
        assert!(choice.is_narrow() && !Choice::read(Some("cursor=7"), NAMES).is_narrow());
        assert_eq!(Choice::read(None, NAMES).href("/tracks"), "/tracks");
    }

    #[test]
    fn what_is_chosen_is_offered_even_where_nobody_knows_it() {
        let choice = Choice::read(Some("state=odd"), NAMES);
        let offers = choice.picked("state", "State", "Any", &[("open", "Open")]).offers;
        assert_eq!(offers.len(), 3);
        assert!(offers[2].chosen && offers[2].value == "odd" && !offers[0].chosen);
    }
}
