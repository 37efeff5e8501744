//! Pages that are put together from parts: lines, tables, forms, a story. One template shows all of them, so
//! that each is as good to read, to print and to use by keyboard as the others.

use std::borrow::Cow;

use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{
    choice::Choice,
    form::{Form, Kind, Offer},
};
use crate::{
    failure::Failure,
    show::{Chip, Layout, Moment, Section, html, number},
};

/// A piece of a line.
pub(super) enum Piece {
    /// Words.
    Text(String),
    /// Words that matter less.
    Quiet(String),
    /// Words that matter more.
    Strong(String),
    /// Words that must not be missed.
    Late(String),
    /// Something for machines: a hash, a code.
    Mono(String),
    /// A link. What is hidden is only heard, where the text alone does not say where it leads.
    Link { href: String, text: String, hidden: String },
    /// A link that looks like a button.
    Button { href: String, text: String, hidden: String },
    /// A word in a coloured shape.
    Chip(Chip),
    /// An instant.
    At(Moment),
    /// A smaller line below.
    Below(String),
    /// An instant in a smaller line below, with words before it.
    BelowAt(&'static str, Moment),
}

/// What stands in a line, or in a cell of a table.
#[derive(Default)]
pub(super) struct Line(pub(super) Vec<Piece>);

impl Line {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    fn with(mut self, piece: Piece) -> Self {
        self.0.push(piece);
        self
    }

    pub(super) fn text(self, text: impl Into<String>) -> Self {
        self.with(Piece::Text(text.into()))
    }

    pub(super) fn quiet(self, text: impl Into<String>) -> Self {
        self.with(Piece::Quiet(text.into()))
    }

    pub(super) fn strong(self, text: impl Into<String>) -> Self {
        self.with(Piece::Strong(text.into()))
    }

    pub(super) fn late(self, text: impl Into<String>) -> Self {
        self.with(Piece::Late(text.into()))
    }

    pub(super) fn mono(self, text: impl Into<String>) -> Self {
        self.with(Piece::Mono(text.into()))
    }

    pub(super) fn link(self, href: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(Piece::Link { href: href.into(), text: text.into(), hidden: String::new() })
    }

    pub(super) fn button(
        self,
        href: impl Into<String>,
        text: impl Into<String>,
        hidden: impl Into<String>,
    ) -> Self {
        self.with(Piece::Button { href: href.into(), text: text.into(), hidden: hidden.into() })
    }

    pub(super) fn chip(self, class: &'static str, label: impl Into<String>) -> Self {
        self.with(Piece::Chip(Chip { class, label: label.into() }))
    }

    pub(super) fn a_chip(self, chip: Chip) -> Self {
        self.with(Piece::Chip(chip))
    }

    pub(super) fn at(self, moment: Moment) -> Self {
        self.with(Piece::At(moment))
    }

    pub(super) fn below(self, text: impl Into<String>) -> Self {
        self.with(Piece::Below(text.into()))
    }

    pub(super) fn below_at(self, before: &'static str, moment: Moment) -> Self {
        self.with(Piece::BelowAt(before, moment))
    }

    /// The line with more of it, where there is something.
    pub(super) fn and<T>(self, value: Option<T>, more: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => more(self, value),
            None => self,
        }
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::new().text(text)
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::new().text(text)
    }
}

/// A column of a table.
pub(super) struct Column {
    pub(super) head: &'static str,
    /// It holds numbers.
    pub(super) count: bool,
    /// It holds buttons: not printed, and its head is only heard.
    pub(super) act: bool,
}

/// A row of a table: its first cell is its head.
pub(super) struct Row {
    /// It must not be missed.
    pub(super) late: bool,
    pub(super) cells: Vec<Line>,
    /// What may be decided about it.
    pub(super) forms: Vec<Form>,
}

impl Row {
    pub(super) fn new(cells: impl Into<Vec<Line>>) -> Self {
        Self { late: false, cells: cells.into(), forms: Vec::new() }
    }

    pub(super) fn late(self, late: bool) -> Self {
        Self { late, ..self }
    }

    pub(super) fn forms(self, forms: Vec<Form>) -> Self {
        Self { forms, ..self }
    }
}

/// A table. It says its name, for those who only hear it.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
}

impl Table {
    /// A table with these columns. A head that begins with `#` is one of numbers, one with `!` is only heard.
    pub(super) fn new(name: impl Into<String>, heads: &[&'static str]) -> Self {
        let column = |head: &&'static str| match head.strip_prefix('#') {
            Some(head) => Column { head, count: true, act: false },
            None => match head.strip_prefix('!') {
                Some(head) => Column { head, count: false, act: true },
                None => Column { head, count: false, act: false },
            },
        };
        Self { name: name.into(), columns: heads.iter().map(column).collect(), rows: Vec::new() }
    }

    pub(super) fn rows(self, rows: impl IntoIterator<Item = Row>) -> Self {
        Self { rows: rows.into_iter().collect(), ..self }
    }
}

/// One step of a story.
pub(super) struct Entry {
    /// Class in the stylesheet: `fact`, `act` or `decision`.
    pub(super) class: &'static str,
    pub(super) at: Moment,
    pub(super) kind: String,
    pub(super) chip: Option<Chip>,
    pub(super) said: String,
    /// Who, and why.
    pub(super) by: Option<String>,
    /// What was known then.
    pub(super) facts: Option<Facts>,
}

/// What was known when something was decided.
pub(super) struct Facts {
    pub(super) pairs: Vec<(&'static str, Line)>,
    pub(super) table: Option<Table>,
}

/// Something that stands in a part of a page.
pub(super) enum Block {
    /// A sentence or two.
    Line(Line),
    /// Names and what they stand for.
    Pairs(Vec<(&'static str, Line)>),
    /// A list with dots.
    List(Vec<Line>),
    /// A table.
    Table(Table),
    /// What happened, in order.
    Story(Vec<Entry>),
    /// Forms, folded.
    Forms(Vec<Form>),
    /// One form, open.
    Form(Form),
    /// A text for people, with its line breaks.
    Text(String),
    /// A text as it is, folded.
    Raw { summary: String, name: String, text: String },
    /// There is nothing.
    Empty(Line),
    /// Something to beware of.
    Notice(&'static str, Line),
    /// What is above a list: how much there is, and the list as a file.
    Above { told: String, csv: Option<String> },
}

/// A part of a page, under its heading.
pub(super) struct Part {
    /// Names it within the page.
    pub(super) id: &'static str,
    pub(super) heading: Cow<'static, str>,
    pub(super) hint: Option<Cow<'static, str>>,
    /// Class in the stylesheet: `card` and the like, or nothing.
    pub(super) class: &'static str,
    pub(super) blocks: Vec<Block>,
}

impl Part {
    pub(super) fn new(id: &'static str, heading: impl Into<Cow<'static, str>>) -> Self {
        Self { id, heading: heading.into(), hint: None, class: "", blocks: Vec::new() }
    }

    pub(super) fn card(id: &'static str, heading: impl Into<Cow<'static, str>>) -> Self {
        Self { class: "card", ..Self::new(id, heading) }
    }

    pub(super) fn class(self, class: &'static str) -> Self {
        Self { class, ..self }
    }

    pub(super) fn hint(self, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(super) fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    pub(super) fn line(self, line: impl Into<Line>) -> Self {
        self.block(Block::Line(line.into()))
    }

    pub(super) fn pairs(self, pairs: Vec<(&'static str, Line)>) -> Self {
        self.block(Block::Pairs(pairs))
    }

    /// A table, or what to say when it has no rows.
    pub(super) fn table_or(self, table: Table, empty: impl Into<Line>) -> Self {
        let block = if table.rows.is_empty() { Block::Empty(empty.into()) } else { Block::Table(table) };
        self.block(block)
    }
}

/// A field of a filter.
pub(super) struct FilterField {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) value: String,
    /// Choices; none: it is typed in.
    pub(super) offers: Vec<Offer>,
}

/// What a list may be narrowed by.
pub(super) struct Filter {
    pub(super) path: &'static str,
    pub(super) fields: Vec<FilterField>,
    /// Something is chosen.
    pub(super) filtered: bool,
}

/// A figure above a list.
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) more: Option<String>,
    pub(super) late: bool,
}

impl Figure {
    pub(super) fn new(name: &'static str, value: u64) -> Self {
        Self { name, value: number(value), more: None, late: false }
    }

    pub(super) fn late(self, late: bool) -> Self {
        Self { late, ..self }
    }

    pub(super) fn more(self, more: Option<String>) -> Self {
        Self { more, ..self }
    }
}

/// Something above every page of a kind: that nothing is sent, say.
pub(super) struct Banner {
    /// Class in the stylesheet.
    pub(super) class: &'static str,
    pub(super) line: Line,
}

/// What became of the form that was sent last.
#[derive(Default)]
pub(super) struct Sent {
    /// It is done: in words.
    pub(super) done: Option<&'static str>,
    /// It is refused: why, and with which status.
    pub(super) refused: Option<(StatusCode, String)>,
}

impl Sent {
    /// What was done just now, in these words.
    pub(super) fn just_done(choice: &Choice, words: fn(&str) -> &'static str) -> Self {
        Self { done: choice.done.as_deref().map(words), refused: None }
    }
}

/// A page that is put together.
#[derive(Template)]
#[template(path = "sheet.html")]
pub(super) struct Sheet {
    layout: Layout,
    crumbs: Vec<(String, String)>,
    heading: String,
    under: Line,
    intro: Option<String>,
    banner: Option<Banner>,
    sent: Sent,
    lead: Option<String>,
    figures: Vec<Figure>,
    filter: Option<Filter>,
    /// The first parts stand side by side: so many.
    columns: usize,
    parts: Vec<Part>,
    start: Option<String>,
    next: Option<String>,
}

impl Sheet {
    /// A page with this title, which is also its heading.
    pub(super) fn new(title: impl Into<String>, section: Section, path: &'static str) -> Self {
        let title = title.into();
        Self {
            layout: Layout::within(title.clone(), section, path),
            crumbs: Vec::new(),
            heading: title,
            under: Line::new(),
            intro: None,
            banner: None,
            sent: Sent::default(),
            lead: None,
            figures: Vec::new(),
            filter: None,
            columns: 0,
            parts: Vec::new(),
            start: None,
            next: None,
        }
    }

    /// Where it belongs in its section.
    pub(super) fn path(&self) -> &'static str {
        self.layout.path
    }

    pub(super) fn crumb(mut self, href: impl Into<String>, name: impl Into<String>) -> Self {
        self.crumbs.push((href.into(), name.into()));
        self
    }

    pub(super) fn under(self, under: Line) -> Self {
        Self { under, ..self }
    }

    pub(super) fn intro(self, intro: impl Into<String>) -> Self {
        Self { intro: Some(intro.into()), ..self }
    }

    pub(super) fn banner(self, banner: Option<Banner>) -> Self {
        Self { banner, ..self }
    }

    pub(super) fn sent(self, sent: Sent) -> Self {
        Self { sent, ..self }
    }

    pub(super) fn lead(self, lead: impl Into<String>) -> Self {
        Self { lead: Some(lead.into()), ..self }
    }

    pub(super) fn figures(self, figures: impl Into<Vec<Figure>>) -> Self {
        Self { figures: figures.into(), ..self }
    }

    pub(super) fn filter(self, filter: Filter) -> Self {
        Self { filter: Some(filter), ..self }
    }

    /// Two parts or three that stand side by side where there is room.
    pub(super) fn columns(mut self, parts: impl Into<Vec<Part>>) -> Self {
        let parts = parts.into();
        self.columns = parts.len();
        self.parts.splice(0..0, parts);
        self
    }

    pub(super) fn part(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    pub(super) fn parts(mut self, parts: impl IntoIterator<Item = Part>) -> Self {
        self.parts.extend(parts);
        self
    }

    pub(super) fn pages(self, start: Option<String>, next: Option<String>) -> Self {
        Self { start, next, ..self }
    }

    /// The page as an answer: with the status of a refusal, where something was refused.
    pub(super) fn answer(self) -> Result<Response, Failure> {
        let status = self.sent.refused.as_ref().map_or(StatusCode::OK, |(status, _)| *status);
        Ok((status, html(&self)?).into_response())
    }
}
