//! What templates must keep to, checked on invented messages.

use std::collections::BTreeSet;

use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::{PARTS, TemplateSet, Texts};
use crate::outbound::{Kind, Message, Wording, synthetic};

/// Most characters of a subject: RFC 5322 recommends no more than 78 a line.
const SUBJECT: usize = 78;

/// Something that is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which: `name@version/part`.
    pub template: String,
    /// What is wrong.
    pub problem: String,
}

/// Checks every version of every kind: it renders, it uses only variables that exist, its subject fits, its text, page
/// and letter say the same numbers and days, it runs no script, loads nothing and links to nothing but the notice.
pub(super) fn lint(set: &TemplateSet, wording: &Wording) -> Vec<Finding> {
    let mut findings = Vec::new();
    for found in set.versions() {
        let message = match synthetic(found.kind, wording) {
            Ok(message) => message,
            Err(error) => {
                findings.push(Finding { template: found.kind.name().to_owned(), problem: error.to_string() });
                continue;
            }
        };
        variables(set, found.kind, found.version, &message, &mut findings);
        match set.render_version(&message, found.version) {
            Ok(texts) => check(&message, &texts, &mut findings),
            Err(error) => findings.push(Finding {
                template: format!("{}@{}", found.kind.name(), found.version),
                problem: error.to_string(),
            }),
        }
    }
    findings
}

/// A branch that no invented message takes could still name what does not exist.
fn variables(set: &TemplateSet, kind: Kind, version: u32, message: &Message, findings: &mut Vec<Finding>) {
    let values = Value::from(Serde(message));
    let known: BTreeSet<String> = values
        .try_iter()
        .into_iter()
        .flatten()
        .map(|key| key.to_string())
        .chain(["title", "subject", "text"].map(str::to_owned))
        .collect();
    for part in PARTS {
        let Ok(template) = set.environment.get_template(&format!("{}/{version}/{part}", kind.name())) else {
            continue;
        };
        for name in template.undeclared_variables(false) {
            if !known.contains(&name) {
                findings.push(Finding {
                    template: format!("{}@{version}/{part}", kind.name()),
                    problem: format!("there is no variable `{name}`"),
                });
            }
        }
    }
}

fn check(message: &Message, texts: &Texts, findings: &mut Vec<Finding>) {
    let mut wrong = |part: &str, problem: String| {
        findings.push(Finding { template: format!("{}/{part}", texts.template), problem });
    };
    let length = texts.subject.chars().count();
    if length == 0 || length >= SUBJECT {
        wrong("subject.txt", format!("the subject has {length} characters; 1 to {} are right", SUBJECT - 1));
    }
    let read = visible(&texts.html);
    let (plain, page) = (numbers(&texts.text), numbers(&read));
    if plain != page {
        let only: Vec<_> = plain.symmetric_difference(&page).cloned().collect();
        wrong("body.html", format!("numbers differ from those of body.txt: {}", only.join(", ")));
    }
    for needed in [message.link().as_str(), message.addressee().as_str(), message.reference()] {
        for (part, text) in [("body.txt", texts.text.as_str()), ("body.html", read.as_str())] {
            if !folded(text).contains(needed) {
                wrong(part, format!("`{needed}` does not appear in it"));
            }
        }
    }
    let markup = texts.html.to_ascii_lowercase();
    for tag in [
        "<script", "<img", "<iframe", "<object", "<embed", "<link", "<form", "<svg", "<video", "<audio",
        "<base",
    ] {
        if markup.contains(tag) {
            wrong("body.html", format!("`{tag}` runs or loads something"));
        }
    }
    for word in ["javascript:", "url(", "@import", " on", "expression("] {
        let found = if word == " on" { has_event_attribute(&markup) } else { markup.contains(word) };
        if found {
            wrong("body.html", format!("`{}` runs or loads something", word.trim()));
        }
    }
    let letter = texts.letter.join("\n");
    for (part, text) in [
        ("subject.txt", &texts.subject),
        ("body.txt", &texts.text),
        ("body.html", &decoded(&texts.html)),
        ("letter.txt", &letter),
    ] {
        for link in links(text) {
            if link != message.link().as_str() {
                wrong(part, "a link leads elsewhere than to the notice".to_owned());
            }
        }
    }
}

/// Addresses in a text, up to the first character that cannot belong to one.
fn links(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for scheme in ["https://", "http://"] {
        for (at, _) in lower.match_indices(scheme) {
            let end = text[at..]
                .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>'))
                .map_or(text.len(), |n| at + n);
            found.push(text[at..end].to_owned());
        }
    }
    found
}

/// An attribute such as `onclick=` within a tag.
fn has_event_attribute(markup: &str) -> bool {
    markup.split('<').skip(1).any(|rest| {
        let tag = rest.split('>').next().unwrap_or_default();
        tag.split_whitespace().skip(1).any(|word| {
            word.strip_prefix("on").is_some_and(|after| {
                let name: String = after.chars().take_while(char::is_ascii_alphabetic).collect();
                !name.is_empty() && after[name.len()..].starts_with('=')
            })
        })
    })
}

/// What a reader of a page sees: without tags, style and title, entities decoded.
fn visible(html: &str) -> String {
    let mut rest = html;
    let mut text = String::with_capacity(html.len());
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let hidden = ["style", "title"]
            .into_iter()
            .find(|name| rest[1..].get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)));
        let end = match hidden {
            Some(name) => rest.find(&format!("</{name}>")).map_or(rest.len(), |n| n + name.len() + 3),
            None => rest.find('>').map_or(rest.len(), |n| n + 1),
        };
        text.push(' ');
        rest = &rest[end..];
    }
    text.push_str(rest);
    decoded(&text)
}

/// The entities that the template engine writes.
fn decoded(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/")
        .replace("&amp;", "&")
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every number in a text: days, counts and versions are made of them.
fn numbers(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_of_the_program_are_right() {
        let set = TemplateSet::built_in().expect("templates");
        assert_eq!(set.lint(&Wording::default()), []);
    }

    #[rstest::rstest]
    #[case::unknown_variable(
        "text.txt",
        "{% if false %}{{ patient }}{% endif %}x",
        "there is no variable `patient`"
    )]
    #[case::missing_value(
        "text.txt",
        "From {{ names_date }}.",
        "a value that this message does not have is printed"
    )]
    #[case::long_subject(
        "subject.txt",
        "A subject that goes on and on, far beyond what any list of messages could ever show",
        "the subject has 83 characters"
    )]
    #[case::numbers_differ(
        "body.html",
        "<p>{{ addressee }} {{ reference }} {{ link }} 777</p>",
        "numbers differ"
    )]
    #[case::script("body.html", "{{ addressee }}<script>1</script>", "`<script` runs or loads")]
    #[case::event("body.html", "<p class=x onclick=\"x()\">", "`on` runs or loads")]
    #[case::image("body.html", "<p style=\"background: url(x)\">", "`url(` runs or loads")]
    #[case::link("text.txt", "See https://elsewhere.example/x", "a link leads elsewhere")]
    #[case::link_missing("body.txt", "{{ addressee }}", "does not appear in it")]
    fn a_fault_is_found(#[case] part: &str, #[case] text: &str, #[case] expected: &str) {
        let folder = tempfile::tempdir().expect("a folder");
        let version = folder.path().join("overdue/1");
        std::fs::create_dir_all(&version).expect("a folder");
        std::fs::write(version.join(part), text).expect("a file");
        let set = TemplateSet::with_folder(folder.path()).expect("templates");
        let findings = set.lint(&Wording::default());
        assert!(findings.iter().any(|finding| finding.problem.contains(expected)), "{findings:?}");
    }
}
