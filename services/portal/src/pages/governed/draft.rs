//! `/rules/draft`, `/policies/draft`: a new version, written from one that is there. What is wrong with the text stands
//! beside it, and nothing that was written is lost.

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::governed::DraftRequest;

use super::Words;
use crate::{
    ask::{
        self,
        governed::{Looked, Texts},
    },
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::{Entered, Field, Form, Kind},
        sheet::{Block, Line, Part, Sent, Sheet},
        sign_in,
    },
    same_origin,
    show::sentence,
    visitor,
};

/// Lines of the text that are shown on each side of one that is wrong.
const AROUND: usize = 1;

/// What stands in the form.
struct Written {
    title: String,
    text: String,
    why: String,
    /// The version that it is written from.
    from: Option<u32>,
    /// How far the record went when the form was made: the same form twice is one draft.
    seen: String,
}

impl Written {
    fn read(entered: &Entered) -> Self {
        let filled = |name| entered.get(name).unwrap_or_default().to_owned();
        Self {
            title: filled("title"),
            // browsers send the ends of lines as mail does
            text: entered.whole("text").replace("\r\n", "\n"),
            why: filled("why"),
            from: entered.get("from").and_then(|from| from.parse().ok()),
            seen: filled("seen"),
        }
    }
}

/// The form, with the text of the version in force, or of the one that is asked for.
pub(super) async fn handle(portal: Portal, texts: Texts, query: Option<String>) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), &["from"]);
    let from = choice.get("from").map(str::parse).transpose().map_err(|_| Failure::Invalid(None))?;
    let api = portal.api.as_ref();
    let versions = ask::governed::list(api, texts).await?;
    let from: Option<u32> = from.or(versions.in_force);
    let text = match from {
        Some(from) => ask::governed::one(api, texts, from).await?.text,
        None => String::new(),
    };
    let seen = versions.position.to_string();
    let written = Written { title: String::new(), text, why: String::new(), from, seen };
    page(texts, written, None, Sent::default())
}

/// `POST`: looks at the text, or drafts it.
pub(super) async fn send(
    portal: Portal,
    texts: Texts,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let (api, entered) = (portal.api.as_ref(), Entered::read(&body));
    let written = Written::read(&entered);
    let refused = |status, said: String| Sent { done: None, refused: Some((status, said)) };
    let looked = ask::governed::look(api, texts, &written.text).await?;
    if entered.get("act") == Some("look") {
        return page(texts, written, Some(looked), Sent::default());
    }
    if !looked.faults.is_empty() {
        let said = format!("The text is no {}: what is wrong stands beside it.", Words::of(texts).file);
        return page(texts, written, Some(looked), refused(StatusCode::UNPROCESSABLE_ENTITY, said));
    }
    if written.why.is_empty() {
        let said = "“Why” is empty: the reason goes on record".to_owned();
        return page(texts, written, Some(looked), refused(StatusCode::UNPROCESSABLE_ENTITY, said));
    }
    let request = DraftRequest {
        title: Some(written.title.clone()).filter(|title| !title.is_empty()),
        text: written.text.clone(),
        why: written.why.clone(),
    };
    match ask::governed::draft(api, texts, &request, &written.seen).await {
        Ok(step) => {
            let next = format!("{}/{}?done=draft", Words::of(texts).path, step.version);
            Ok(Redirect::to(&next).into_response())
        }
        Err(Failure::Refused(status, said)) => {
            let said = said.map_or_else(|| "It is refused.".to_owned(), |said| sentence(&said));
            page(texts, written, Some(looked), refused(status, said))
        }
        Err(failure) => Err(failure),
    }
}

fn page(texts: Texts, written: Written, looked: Option<Looked>, sent: Sent) -> Result<Response, Failure> {
    let (words, visitor) = (Words::of(texts), visitor::present());
    let here = format!("{}/draft", words.path);
    let mut sheet = Sheet::new(format!("Draft a {}", words.noun), words.section, words.path)
        .crumb(words.path, words.title)
        .intro("Nothing is judged by a draft. Somebody else has to check it, and to publish it.")
        .sent(sent);
    if visitor.who.is_none() {
        let part = Part::new("draft", "The draft");
        let sign_in = Line::new().link(sign_in::and_back_to(&here), "Sign in to draft one");
        return sheet.part(part.line(sign_in)).answer();
    }
    if !words.may_draft(&visitor) {
        let part = Part::new("draft", "The draft");
        return sheet.part(part.line(Line::new().quiet("Your roles do not allow it."))).answer();
    }
    let mut part = Part::new("draft", "The draft");
    if let Some(from) = written.from {
        let version = format!("version {from}");
        part = part.line(Line::from("Written from").link(format!("{}/{from}", words.path), version));
    }
    let faults = looked.as_ref().map(|looked| told(&looked.faults, &written.text)).unwrap_or_default();
    if let Some(looked) = looked.filter(|looked| looked.faults.is_empty()) {
        let good = Line::from("Nothing is wrong with the text: it can be drafted.");
        part = part.block(Block::Notice("good", good));
        if !looked.remarks.is_empty() {
            let remarks = looked.remarks.into_iter().map(|remark| Line::from(sentence(&remark)));
            part = part.line(Line::new().strong("Remarks")).block(Block::List(remarks.collect()));
        }
    }
    let text = Field::new("text", sentence(words.file), Kind::File { faults })
        .value(written.text)
        .hint("Lines that begin with # are remarks. The Tab key leaves the text.");
    let title = Field::new("title", "Title", Kind::Line)
        .optional()
        .value(written.title)
        .hint("Left empty: the one in the file");
    let mut form =
        Form::new("draft", "The draft", "", "Draft it", vec![text, title, Field::why().value(written.why)])
            .sent_to(here)
            .or("look", "Look for faults")
            .carries("seen", written.seen);
    if let Some(from) = written.from {
        form = form.carries("from", from.to_string());
    }
    sheet = sheet.part(part.block(Block::Form(form)));
    sheet.part(words.how()).answer()
}

/// What is wrong, each with the lines of the text that it is about.
fn told(faults: &[String], text: &str) -> Vec<(String, Vec<(usize, String)>)> {
    let lines: Vec<&str> = text.lines().collect();
    let around = |line: usize| {
        let range = line.saturating_sub(1 + AROUND)..(line + AROUND).min(lines.len());
        range.map(|index| (index + 1, lines[index].to_owned())).collect()
    };
    faults
        .iter()
        .map(|fault| {
            (
                sentence(fault),
                line_of(fault).filter(|line| *line <= lines.len()).map_or_else(Vec::new, around),
            )
        })
        .collect()
}

/// The line that a fault names: `… (line 12)`, or `… at line 12, column 3` where it is no TOML at all.
fn line_of(fault: &str) -> Option<usize> {
    let (_, rest) = fault.rsplit_once("line ")?;
    let digits = rest.split(|character: char| !character.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|line| *line > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_with_the_lines_that_it_is_about() {
        let text = "one\ntwo\nthree\nfour\n";
        let found = told(&["step x: days must be a number (line 3)".to_owned()], text);
        assert_eq!(found[0].0, "Step x: days must be a number (line 3)");
        let lines: Vec<_> = found[0].1.iter().map(|(number, line)| (*number, line.as_str())).collect();
        assert_eq!(lines, [(2, "two"), (3, "three"), (4, "four")]);
        assert_eq!(told(&["at line 1, column 7".to_owned()], text)[0].1.len(), 2);
        for nowhere in ["nothing is named", "line of thought", "(line 9)", "(line 0)"] {
            assert!(told(&[nowhere.to_owned()], text)[0].1.is_empty(), "{nowhere}");
        }
    }
}
