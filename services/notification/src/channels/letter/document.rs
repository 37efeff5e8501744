//! Pages: text is set into lines first, drawn when the number of pages is known. The same content gives the same bytes:
//! nothing in here asks for a time or a random number.

use countersign_kernel::Timestamp;
use countersign_runtime::config::Paper;
use jiff::tz::TimeZone;
use krilla::{
    Document as Pdf, SerializeSettings,
    configure::{Archival, ConfigurationBuilder},
    geom::{PathBuilder, Point},
    metadata::{DateTime, Metadata},
    page::PageSettings,
    paint::Stroke,
    text::TextDirection,
};

use super::typeface::{Weight, runs};
use crate::{channels::RenderError, outbound::Letterhead};

/// Margins, points.
const SIDE: f32 = 68.0;
const TOP: f32 = 62.0;
const BOTTOM: f32 = 60.0;
/// Size of text and distance of lines, points.
const SIZE: f32 = 10.5;
const LINE: f32 = 15.0;
/// Size of the foot, points.
const FOOT: f32 = 8.5;
/// Distance between two columns, points.
const GAP: f32 = 8.0;

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// As text.
    Plain,
    /// Bold.
    Strong,
    /// The name of the hospital.
    Head,
    /// Small print.
    Small,
}

impl Look {
    fn size(self) -> f32 {
        match self {
            Self::Plain | Self::Strong => SIZE,
            Self::Head => 15.0,
            Self::Small => 9.0,
        }
    }

    fn line(self) -> f32 {
        match self {
            Self::Plain | Self::Strong => LINE,
            Self::Head => 20.0,
            Self::Small => 12.5,
        }
    }
}

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// What stands above it.
    pub(super) title: &'static str,
    /// Its share of the width.
    pub(super) share: f32,
}

enum Mark {
    Text { x: f32, y: f32, size: f32, strong: bool, text: String },
    Rule { x: f32, y: f32, width: f32 },
}

/// A document in the making.
pub(super) struct Document {
    width: f32,
    height: f32,
    plain: Weight,
    strong: Weight,
    pages: Vec<Vec<Mark>>,
    y: f32,
    foot: String,
}

impl Document {
    /// A document with the head on its first page. The foot stands on every page, with the number of the page.
    pub(super) fn new(paper: Paper, head: &Letterhead, foot: &str) -> Result<Self, RenderError> {
        let (width, height) = match paper {
            Paper::Letter => (612.0, 792.0),
            Paper::A4 => (595.276, 841.89),
        };
        let mut document = Self {
            width,
            height,
            plain: Weight::plain()?,
            strong: Weight::strong()?,
            pages: vec![Vec::new()],
            y: TOP,
            foot: foot.to_owned(),
        };
        document.line(head.name.as_str(), Look::Head);
        for line in &head.address {
            document.line(line.as_str(), Look::Small);
        }
        document.line(head.contact.as_str(), Look::Small);
        document.rule();
        document.space(16.0);
        Ok(document)
    }

    /// A line, broken where it is too long.
    pub(super) fn line(&mut self, text: &str, look: Look) {
        for part in self.broken(text, look, self.inner()) {
            self.fit(look.line());
            self.put(SIDE, look, part);
            self.y += look.line();
        }
    }

    /// A paragraph. One of up to six lines is not torn apart.
    pub(super) fn paragraph(&mut self, text: &str) {
        let lines = self.broken(text, Look::Plain, self.inner());
        if lines.len() <= 6 {
            #[expect(clippy::cast_precision_loss, reason = "up to six")]
            self.fit(lines.len() as f32 * LINE);
        }
        for part in lines {
            self.fit(LINE);
            self.put(SIDE, Look::Plain, part);
            self.y += LINE;
        }
        self.space(8.0);
    }

    /// A table. Its titles stand again on every page that it reaches; a row is never torn apart.
    pub(super) fn table(&mut self, columns: &[Column], rows: &[Vec<String>]) {
        self.titles(columns);
        for row in rows {
            let cells: Vec<Vec<String>> = columns
                .iter()
                .zip(row)
                .map(|(column, text)| self.broken(text, Look::Plain, column.share * self.inner() - GAP))
                .collect();
            let lines = cells.iter().map(Vec::len).max().unwrap_or_default();
            #[expect(clippy::cast_precision_loss, reason = "a few lines")]
            let height = lines as f32 * LINE;
            if self.fit(height + 5.0) {
                self.titles(columns);
            }
            self.cells(columns, cells, Look::Plain);
            self.y += height;
            self.rule();
        }
        self.space(10.0);
    }

    /// A line to sign on, and who signs.
    pub(super) fn signature(&mut self, who: &str) {
        self.fit(36.0 + 2.0 * LINE);
        self.space(36.0);
        let y = self.y;
        self.mark(Mark::Rule { x: SIDE, y, width: 220.0 });
        self.space(LINE);
        self.line(who, Look::Plain);
    }

    /// Empty space.
    pub(super) fn space(&mut self, points: f32) {
        self.y += points;
    }

    /// The bytes: PDF/A-2b, which archives accept.
    pub(super) fn finish(self, title: &str, at: Timestamp) -> Result<Vec<u8>, RenderError> {
        let fault = |problem: String| RenderError::Document { problem };
        let configuration = ConfigurationBuilder::new()
            .with_archival_validator(Archival::A2_B)
            .finish()
            .map_err(|error| fault(format!("{error:?}")))?;
        let mut pdf = Pdf::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
        pdf.set_metadata(
            Metadata::new()
                .title(title.to_owned())
                .creator("Countersign".to_owned())
                .language("en".to_owned())
                .creation_date(date(at)),
        );
        let count = self.pages.len();
        for (marks, n) in self.pages.iter().zip(1..) {
            let settings = PageSettings::from_wh(self.width, self.height)
                .ok_or_else(|| fault("the paper has no size".to_owned()))?;
            let mut page = pdf.start_page_with(settings);
            let mut surface = page.surface();
            for mark in marks {
                match mark {
                    Mark::Rule { x, y, width } => {
                        let mut path = PathBuilder::new();
                        path.move_to(*x, *y);
                        path.line_to(x + width, *y);
                        if let Some(path) = path.finish() {
                            surface.set_fill(None);
                            surface.set_stroke(Some(Stroke { width: 0.6, ..Stroke::default() }));
                            surface.draw_path(&path);
                            surface.set_stroke(None);
                        }
                    }
                    Mark::Text { x, y, size, strong, text } => {
                        self.draw(&mut surface, *x, *y, *size, *strong, text);
                    }
                }
            }
            let number = format!("Page {n} of {count}");
            let right = self.width - SIDE - self.plain.width(&number, FOOT);
            let y = self.height - 40.0;
            let foot = self.plain.printable(&self.foot);
            self.draw(&mut surface, SIDE, y, FOOT, false, &foot);
            self.draw(&mut surface, right, y, FOOT, false, &number);
            surface.finish();
            page.finish();
        }
        pdf.finish().map_err(|error| fault(format!("{error:?}")))
    }

    fn draw(
        &self,
        surface: &mut krilla::surface::Surface<'_>,
        mut x: f32,
        y: f32,
        size: f32,
        strong: bool,
        text: &str,
    ) {
        let weight = if strong { &self.strong } else { &self.plain };
        surface.set_fill(Some(krilla::paint::Fill::default()));
        for run in runs(text) {
            surface.draw_text(
                Point::from_xy(x, y),
                weight.font.clone(),
                size,
                &run,
                false,
                TextDirection::Auto,
            );
            x += weight.width(&run, size) + weight.width(" ", size);
        }
    }

    fn titles(&mut self, columns: &[Column]) {
        // Titles without a row below them help nobody.
        self.fit(3.0 * LINE);
        let cells = columns.iter().map(|column| vec![column.title.to_owned()]).collect();
        self.cells(columns, cells, Look::Strong);
        self.y += LINE;
        self.rule();
    }

    fn cells(&mut self, columns: &[Column], cells: Vec<Vec<String>>, look: Look) {
        let (top, inner) = (self.y, self.inner());
        let mut x = SIDE;
        for (column, lines) in columns.iter().zip(cells) {
            for line in lines {
                self.put(x, look, line);
                self.y += LINE;
            }
            self.y = top;
            x += column.share * inner;
        }
    }

    fn rule(&mut self) {
        let (y, width) = (self.y, self.inner());
        self.mark(Mark::Rule { x: SIDE, y: y + 1.0, width });
        self.y += 4.0;
    }

    /// Puts a line below the present height.
    fn put(&mut self, x: f32, look: Look, text: String) {
        let y = self.y + look.size();
        self.mark(Mark::Text {
            x,
            y,
            size: look.size(),
            strong: matches!(look, Look::Strong | Look::Head),
            text,
        });
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// Makes sure of some height; says whether that took a new page.
    fn fit(&mut self, points: f32) -> bool {
        let full = self.y + points > self.height - BOTTOM;
        if full {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
        full
    }

    fn inner(&self) -> f32 {
        self.width - 2.0 * SIDE
    }

    /// Lines that are no wider than given. A word that is wider alone is cut.
    fn broken(&self, text: &str, look: Look, width: f32) -> Vec<String> {
        let weight = if matches!(look, Look::Strong | Look::Head) { &self.strong } else { &self.plain };
        let mut lines: Vec<String> = Vec::new();
        let mut line = String::new();
        for word in weight.printable(text).split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if weight.width(&longer, look.size()) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                line.push(c);
                if line.chars().count() > 1 && weight.width(&line, look.size()) > width {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, c.to_string()));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}

fn date(at: Timestamp) -> DateTime {
    let utc = at.to_zoned(TimeZone::UTC);
    let small = |value: i8| u8::try_from(value).unwrap_or_default();
    DateTime::new(u16::try_from(utc.year()).unwrap_or_default())
        .month(small(utc.month()))
        .day(small(utc.day()))
        .hour(small(utc.hour()))
        .minute(small(utc.minute()))
        .second(small(utc.second()))
        .utc_offset_hour(0)
}
