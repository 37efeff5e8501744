//! `/people`: the directory of providers.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use countersign_contracts::api::people::PersonView;
use form_urlencoded::Serializer;
use serde::Deserialize;

use super::{Portal, list::ROWS};
use crate::{
    ask::{self, people::Wanted},
    failure::Failure,
    show::{Chip, Layout, Section, html, number},
};

/// What the reader looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Search {
    q: Option<String>,
    department: Option<String>,
    facility: Option<String>,
    on_leave: Option<String>,
    inactive: Option<String>,
    cursor: Option<String>,
}

impl Search {
    fn tidied(mut self) -> Self {
        for field in [
            &mut self.q,
            &mut self.department,
            &mut self.facility,
            &mut self.on_leave,
            &mut self.inactive,
            &mut self.cursor,
        ] {
            *field = field.take().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        }
        self
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            text: self.q.as_deref(),
            department: self.department.as_deref(),
            facility: self.facility.as_deref(),
            active: self.inactive.as_ref().map(|_| false),
            on_leave: self.on_leave.as_ref().map(|_| true),
            cursor: self.cursor.as_deref(),
            limit: ROWS,
        }
    }

    fn href(&self) -> String {
        let mut query = Serializer::new(String::new());
        for (name, value) in [
            ("q", &self.q),
            ("department", &self.department),
            ("facility", &self.facility),
            ("on_leave", &self.on_leave),
            ("inactive", &self.inactive),
            ("cursor", &self.cursor),
        ] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { "/people".to_owned() } else { format!("/people?{query}") }
    }
}

struct PersonRow {
    href: String,
    name: String,
    credentials: String,
    id: String,
    authority: String,
    departments: String,
    facilities: String,
    specialty: Option<String>,
    status: Chip,
}

impl PersonRow {
    fn new(view: PersonView) -> Self {
        Self {
            href: format!("/people/{}", view.key),
            status: status_chip(&view),
            name: view.name,
            credentials: view.credentials.join(", "),
            id: view.id,
            authority: view.authority,
            departments: view.departments.join(", "),
            facilities: view.facilities.join(", "),
            specialty: view.specialty.or(view.service),
        }
    }
}

/// Whether somebody can be responsible now.
pub(super) fn status_chip(view: &PersonView) -> Chip {
    let (class, label) = match (view.active, view.on_leave) {
        (false, _) => ("closed", "Not active"),
        (true, true) => ("waiting", "On leave"),
        (true, false) => ("satisfied", "Active"),
    };
    Chip { class, label: label.to_owned() }
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    layout: Layout,
    search: Search,
    filtered: bool,
    rows: Vec<PersonRow>,
    total: String,
    next: Option<String>,
    start: Option<String>,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    query: Result<Query<Search>, QueryRejection>,
) -> Result<Response, Failure> {
    let search = query.map_err(|_| Failure::Invalid(None))?.0.tidied();
    let page = ask::people::list(portal.api.as_ref(), search.wanted()).await?;
    let first = Search { cursor: None, ..search.clone() };
    html(&PeoplePage {
        layout: Layout::within("People", Section::People, "/people"),
        filtered: first != Search::default(),
        total: number(page.total),
        next: page.next.map(|next| Search { cursor: Some(next), ..search.clone() }.href()),
        start: search.cursor.is_some().then(|| first.href()),
        rows: page.items.into_iter().map(PersonRow::new).collect(),
        search,
    })
}
