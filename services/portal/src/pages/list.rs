//! Lists: what one is narrowed by, how much there is of it, its rows, where it goes on, and all of it as a file. A page
//! only says what is its own.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use countersign_contracts::api::Page;

use super::{
    Portal,
    choice::Choice,
    sheet::{Block, Filter, FilterField, Part, Sheet, Table},
    site::Site,
};
use crate::{
    api::Api,
    failure::Failure,
    show::{Column, Spreadsheet, number},
};

/// Rows of a page.
pub(super) const ROWS: usize = 50;
/// Rows that are asked for at a time for a file: every API gives as many.
pub(super) const ROWS_AT_A_TIME: usize = 500;
/// Rows of a file at most.
pub(super) const MOST_EXPORTED: u64 = 10_000;

/// A list, or the rows of it that are on this page.
pub(super) struct List {
    /// Where it stands on the page.
    pub(super) part: Part,
    /// How many rows there are, those of other pages among them.
    pub(super) total: u64,
    /// In which order, in words.
    pub(super) order: &'static str,
    pub(super) table: Table,
    /// What is said where the table would be, if it has no rows.
    pub(super) empty: &'static str,
    /// Where the next page begins.
    pub(super) next: Option<String>,
}

impl Sheet {
    /// The page with what its lists may be narrowed by.
    pub(super) fn narrowed_by(self, choice: &Choice, fields: impl Into<Vec<FilterField>>) -> Self {
        let filter = Filter { path: self.path(), fields: fields.into(), filtered: choice.is_narrow() };
        self.filter(filter)
    }

    /// The page with the list that it is about, and with the ways to its other pages and to its file. The file has the
    /// page's address, with `.csv`.
    pub(super) fn list(self, choice: &Choice, list: List) -> Self {
        let (path, mut part) = (self.path(), list.part);
        if list.total > 0 {
            let told = format!("{} in all, {}", number(list.total), list.order);
            let csv = choice.at_cursor(None).href(&format!("{path}.csv"));
            part = part.block(Block::Above { told, csv: Some(csv) });
        }
        let part = part.table_or(list.table, list.empty);
        self.part(part).pages(choice.start(path), choice.next(path, list.next))
    }
}

/// What a list holds, and how it is asked for.
pub(super) trait Listing {
    /// One of what it lists.
    type Row: Send + 'static;
    /// Parameters of the address by which it is narrowed.
    const NAMES: &'static [&'static str];
    /// What its file is called.
    const FILE: &'static str;
    /// What stands in the file.
    const COLUMNS: &'static [Column<Self::Row, Site>];

    /// The chosen rows, so many of them at most.
    fn ask(
        api: &dyn Api,
        choice: &Choice,
        limit: usize,
    ) -> impl Future<Output = Result<Page<Self::Row>, Failure>> + Send;
}

/// All rows of a list, or as many as go into a file. `ask` gets where a page begins.
pub(super) async fn all<T, Asked>(ask: impl Fn(Option<String>) -> Asked) -> Result<Vec<T>, Failure>
where
    Asked: Future<Output = Result<Page<T>, Failure>>,
{
    let (mut rows, mut next) = (Vec::new(), None);
    loop {
        let page = ask(next).await?;
        rows.extend(page.items);
        next = page.next;
        if next.is_none() || rows.len() as u64 >= MOST_EXPORTED {
            return Ok(rows);
        }
    }
}

/// What is chosen of a list, as a file.
pub(super) async fn export<L: Listing>(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), L::NAMES);
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let rows = all(|next| {
        let choice = choice.at_cursor(next);
        async move { L::ask(api, &choice, ROWS_AT_A_TIME).await }
    });
    Spreadsheet::of(L::COLUMNS, &rows.await?, &Site::ask(api, now).await).answer(L::FILE, now)
}
