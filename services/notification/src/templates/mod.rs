//! Texts of messages: versioned files, those of this program and those of the hospital.
//!
//! `<kind>/<version>/` holds `subject.txt`, `text.txt` (the prose, paragraphs apart by empty lines), and `body.txt`,
//! `body.html` and `letter.txt`, which set the prose into a layout. A version that has been used is never changed:
//! a new one stands beside it, and the highest number is used. A folder of the hospital holds the same tree; its files
//! come before those of this program.

mod built_in;
mod filters;
mod lint;
mod store;

use minijinja::{
    AutoEscape, Environment, UndefinedBehavior, context,
    value::{Serde, Value},
};

use crate::{
    channels::RenderError,
    outbound::{Kind, Message, Wording, synthetic},
};

pub(crate) use filters::long_day;
pub use lint::Finding;
use store::Files;
pub use store::{Origin, TemplateError, TemplateVersion};

/// The parts of a version.
pub const PARTS: [&str; 5] = ["subject.txt", "text.txt", "body.txt", "body.html", "letter.txt"];

/// Every template, compiled.
pub struct TemplateSet {
    environment: Environment<'static>,
    files: Files,
}

/// A message as texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// On one line, for a header.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// A page of its own.
    pub html: String,
    /// The paragraphs of a letter; [`ITEMS`] stands where the table of items goes.
    pub letter: Vec<String>,
    /// Which templates: `name@version`.
    pub template: String,
}

/// The paragraph of a letter where the table of items goes.
pub const ITEMS: &str = "[[items]]";

impl TemplateSet {
    /// The templates of this program.
    pub fn built_in() -> Result<Self, TemplateError> {
        Self::compile(Files::built_in())
    }

    /// The templates of this program, and before them those of a folder of the hospital.
    pub fn with_folder(folder: &std::path::Path) -> Result<Self, TemplateError> {
        let mut files = Files::built_in();
        files.add_folder(folder)?;
        Self::compile(files)
    }

    fn compile(files: Files) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            if name.rsplit('.').next() == Some("html") { AutoEscape::Html } else { AutoEscape::None }
        });
        // A value that is not there must not be read as the word "none" in a letter.
        environment.set_formatter(|out, state, value| {
            if value.is_none() {
                return Err(minijinja::Error::new(
                    minijinja::ErrorKind::UndefinedError,
                    "a value that this message does not have is printed",
                ));
            }
            minijinja::escape_formatter(out, state, value)
        });
        filters::add_to(&mut environment);
        for (path, file) in files.iter() {
            environment.add_template_owned(path.clone(), file.text.clone()).map_err(|error| {
                TemplateError::Syntax {
                    path: path.clone(),
                    line: error.line(),
                    problem: error.kind().to_string(),
                }
            })?;
        }
        for kind in Kind::ALL {
            if files.newest(kind).is_none() {
                return Err(TemplateError::Missing { kind: kind.name() });
            }
        }
        Ok(Self { environment, files })
    }

    /// The texts of a message, by the highest version of its kind.
    pub fn render(&self, message: &Message) -> Result<Texts, RenderError> {
        let version = self.files.newest(message.kind()).ok_or_else(|| RenderError::Template {
            template: message.kind().name().to_owned(),
            problem: "there is none".to_owned(),
        })?;
        self.render_version(message, version)
    }

    /// The texts of a message, by a version of its kind: what an earlier one would have said.
    pub fn render_version(&self, message: &Message, version: u32) -> Result<Texts, RenderError> {
        let name = message.kind().name();
        let values = Value::from(Serde(message));
        let title = match message.kind() {
            Kind::Digest => "Summary",
            Kind::OfficeList => "List",
            _ => "Notice",
        };
        let base = context! { title, ..values };
        let subject = one_line(&self.part(name, version, "subject.txt", &base)?);
        let prose = paragraphs(&self.part(name, version, "text.txt", &base)?);
        let whole = context! { subject => subject.clone(), text => prose, ..base };
        let text = self.part(name, version, "body.txt", &whole)?;
        let html = self.part(name, version, "body.html", &whole)?;
        let letter = paragraphs(&self.part(name, version, "letter.txt", &whole)?);
        Ok(Texts { subject, text, html, letter, template: format!("{name}@{version}") })
    }

    /// The texts of an invented message of a kind.
    pub fn preview(&self, kind: Kind, version: Option<u32>, wording: &Wording) -> Result<Texts, RenderError> {
        let message = synthetic(kind, wording).map_err(|error| RenderError::Template {
            template: kind.name().to_owned(),
            problem: error.to_string(),
        })?;
        match version {
            Some(version) => self.render_version(&message, version),
            None => self.render(&message),
        }
    }

    /// Every version of every kind, in order.
    pub fn versions(&self) -> Vec<TemplateVersion> {
        self.files.versions()
    }

    /// What differs between two versions of a kind, line by line as `diff` writes it; nothing when one is not there.
    pub fn diff(&self, kind: Kind, old: u32, new: u32) -> Option<String> {
        self.files.diff(kind, old, new)
    }

    /// Everything that is wrong with the templates; see [`Finding`].
    pub fn lint(&self, wording: &Wording) -> Vec<Finding> {
        lint::lint(self, wording)
    }

    fn part(&self, name: &str, version: u32, part: &str, values: &Value) -> Result<String, RenderError> {
        let template = format!("{name}@{version}/{part}");
        self.environment
            .get_template(&format!("{name}/{version}/{part}"))
            .and_then(|found| found.render(values))
            .map_err(|error| {
                let place = error.line().map(|line| format!(" in line {line}")).unwrap_or_default();
                let detail = error.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
                RenderError::Template { template, problem: format!("{}{detail}{place}", error.kind()) }
            })
    }
}

impl std::fmt::Debug for TemplateSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TemplateSet").field("versions", &self.versions().len()).finish_non_exhaustive()
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Paragraphs are apart by lines without anything but white space.
fn paragraphs(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        let line = one_line(line);
        if line.is_empty() {
            if !open.is_empty() {
                all.push(std::mem::take(&mut open));
            }
        } else {
            if !open.is_empty() {
                open.push(' ');
            }
            open.push_str(&line);
        }
    }
    if !open.is_empty() {
        all.push(open);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_apart_by_empty_lines() {
        assert_eq!(paragraphs("\n a\n b \n\n \n\nc"), ["a b", "c"]);
    }

    #[test]
    fn every_kind_says_what_it_must() {
        let set = TemplateSet::built_in().expect("templates");
        for kind in Kind::ALL {
            let texts = set.preview(kind, None, &Wording::default()).expect("a preview");
            insta::assert_snapshot!(
                format!("{}", kind.name()),
                format!(
                    "Subject: {}\n\n{}\n=== letter\n{}",
                    texts.subject,
                    texts.text,
                    texts.letter.join("\n\n")
                )
            );
        }
        let digest = set.preview(Kind::Digest, None, &Wording::default()).expect("a preview");
        insta::assert_snapshot!("digest_html", digest.html);
    }
}
