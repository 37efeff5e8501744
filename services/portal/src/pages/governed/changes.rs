//! `/rules/{version}/changes`, `/policies/{version}/changes`: what differs from another version, in words.

use axum::{extract::Path, response::Response};
use countersign_contracts::api::governed::FieldDiff;

use super::{Words, version};
use crate::{
    ask::{
        self,
        governed::{Comparison, Texts},
    },
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::Offer,
        sheet::{Block, Filter, FilterField, Line, Part, Sheet},
    },
    show::{Chip, sentence, words},
};

pub(super) async fn handle(
    portal: Portal,
    texts: Texts,
    Path(number): Path<String>,
    query: Option<String>,
) -> Result<Response, Failure> {
    let (number, call) = (version(&number)?, Words::of(texts));
    let choice = Choice::read(query.as_deref(), &["against"]);
    let against = choice.get("against").map(str::parse).transpose().map_err(|_| Failure::Invalid(None))?;
    let api = portal.api.as_ref();
    let (differs, versions) = tokio::try_join!(
        ask::governed::compare(api, texts, number, against),
        ask::governed::list(api, texts)
    )?;
    let offers = versions.items.into_iter().map(|set| Offer {
        value: set.version.to_string(),
        label: format!("{} {}", set.version, set.title),
        chosen: set.version == differs.against,
    });
    let field = FilterField {
        name: "against",
        label: "Compare with",
        value: String::new(),
        offers: offers.collect(),
    };
    Sheet::new(format!("What differs in version {number}"), call.section, call.path)
        .crumb(call.path, call.title)
        .crumb(format!("{}/{number}", call.path), format!("Version {number}"))
        .filter(Filter { path: "", fields: vec![field], filtered: false })
        .part(part(call, differs))
        .answer()
}

/// What differs, as a part of a page.
pub(super) fn part(call: &Words, differs: Comparison) -> Part {
    let mut part = Part::new("differs", format!("Against version {}", differs.against));
    let told = |fields: &[FieldDiff]| {
        Block::List(fields.iter().map(|field| Line::from(sentence(&field.words))).collect())
    };
    if differs.settings.is_empty() && differs.parts.is_empty() {
        part = part.block(Block::Empty("Nothing differs.".into()));
    }
    if !differs.settings.is_empty() {
        let whole = Line::new().strong(format!("The {} as a whole", call.noun));
        part = part.line(whole).block(told(&differs.settings));
    }
    for differing in differs.parts {
        let class = match differing.change.as_str() {
            "added" => "satisfied",
            "removed" => "overdue",
            _ => "open",
        };
        let head = Line::new()
            .strong(differing.title)
            .quiet(differing.id)
            .quiet(words(&differing.kind).to_lowercase())
            .a_chip(Chip { class, label: words(&differing.change) });
        part = part.line(head).block(told(&differing.fields));
    }
    part
}
