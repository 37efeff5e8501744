//! `POST /rules/{version}`, `POST /policies/{version}`: a step in the life of a version. A publication is shown once more,
//! with what it changes, before it is taken.

use axum::{
    body::Bytes,
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::governed::{PublishRequest, ReasonRequest, VersionView, VersionsView};
use countersign_kernel::Timestamp;

use super::{Words, changes, page, version};
use crate::{
    ask::{self, governed::Texts},
    failure::Failure,
    pages::{
        Portal,
        form::{Entered, Field, Form, Kind},
        sheet::{Block, Line, Part, Sent, Sheet},
        site::Site,
    },
    same_origin,
    show::sentence,
    visitor::{self, Visitor},
};

/// The next steps in the life of a version, for those who may take them.
pub(super) fn forms(
    texts: Texts,
    (set, versions): (&VersionView, &VersionsView),
    visitor: &Visitor,
    site: &Site,
    entered: &Entered,
) -> Vec<Form> {
    let words = Words::of(texts);
    let status = set.status.as_str();
    let author = visitor.who.as_ref().is_some_and(|who| who.name == set.drafted.by);
    let approves = visitor.has_any(words.approve) && !author;
    let mut forms = Vec::new();
    if approves && status == "draft" {
        let right = Field::confirm("I have read it, and it is right");
        let fields = vec![Field::why(), right];
        forms.push(Form::new("check", "Check it", "Its author cannot check it.", "It is right", fields));
    }
    if approves && status == "checked" {
        let from = Field::new("effective_from", format!("In force from, {}", site.any_zone()), Kind::Instant)
            .optional()
            .hint("Left empty: from now on");
        let hint = "You are shown what it changes before it is published.";
        forms.push(Form::new("publish", "Publish it", hint, "Go on", vec![from, Field::why()]));
    }
    // without the only one that is in force nothing would be
    let spare = status == "in_force" && versions.windows.len() > 1;
    if visitor.has_any(words.withdraw) && (spare || matches!(status, "draft" | "checked" | "scheduled")) {
        let back = Field::confirm(if spare {
            "The version before it is in force again from now on"
        } else {
            "It never comes into force"
        });
        forms.push(Form::new("withdraw", "Withdraw it", "", "Withdraw", vec![Field::why(), back]));
    }
    let sent = |form: Form| {
        let form = form.sent_to(format!("{}/{}", words.path, set.version));
        form.carries("seen", status).filled(entered)
    };
    forms.into_iter().map(sent).collect()
}

/// What a form asks for.
enum Asked {
    Reason(&'static str, ReasonRequest),
    Publish(PublishRequest),
    /// The same, which its reader has not confirmed yet.
    Confirm(PublishRequest),
}

fn asked(entered: &Entered, site: &Site) -> Result<Asked, String> {
    let why = entered.get("why").ok_or("“Why” is empty: the reason goes on record")?.to_owned();
    let confirmed = entered.get("confirmed").is_some();
    let step = match entered.get("act") {
        Some("publish") => {
            let effective_from = entered.instant("effective_from", "In force from", site.any_zone())?;
            let request = PublishRequest { effective_from, why };
            return Ok(if confirmed { Asked::Publish(request) } else { Asked::Confirm(request) });
        }
        Some("check") => "check",
        Some("withdraw") => "withdraw",
        _ => return Err("This is nothing that can be done with a version".to_owned()),
    };
    if confirmed {
        Ok(Asked::Reason(step, ReasonRequest { why }))
    } else {
        Err("Tick the box first: people and charts are judged by it".to_owned())
    }
}

/// A form of a version's page was sent.
pub(super) async fn decide(
    portal: Portal,
    texts: Texts,
    Path(number): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    let (number, words) = (version(&number)?, Words::of(texts));
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let (api, entered) = (portal.api.as_ref(), Entered::read(&body));
    let seen = entered.get("seen").unwrap_or_default();
    let (act, taken) = match asked(&entered, &Site::ask(api, portal.clock.now()).await) {
        Ok(Asked::Reason(step, request)) => {
            (step, ask::governed::step(api, texts, (number, step), &request, seen).await)
        }
        Ok(Asked::Publish(request)) => {
            ("publish", ask::governed::step(api, texts, (number, "publish"), &request, seen).await)
        }
        Ok(Asked::Confirm(request)) => return confirm(&portal, texts, number, &request, &entered).await,
        Err(said) => {
            let sent = Sent { done: None, refused: Some((StatusCode::UNPROCESSABLE_ENTITY, said)) };
            return page(&portal, texts, number, &entered, sent).await;
        }
    };
    match taken {
        Ok(_) => Ok(Redirect::to(&format!("{}/{number}?done={act}", words.path)).into_response()),
        Err(Failure::Refused(status, said)) => {
            let said = said.map_or_else(|| "It is refused.".to_owned(), |said| sentence(&said));
            page(&portal, texts, number, &entered, Sent { done: None, refused: Some((status, said)) }).await
        }
        Err(failure) => Err(failure),
    }
}

/// What a publication would change, and the button that does it.
async fn confirm(
    portal: &Portal,
    texts: Texts,
    number: u32,
    request: &PublishRequest,
    entered: &Entered,
) -> Result<Response, Failure> {
    let (api, words) = (portal.api.as_ref(), Words::of(texts));
    let site = Site::ask(api, portal.clock.now()).await;
    let (found, versions) =
        tokio::try_join!(ask::governed::one(api, texts, number), ask::governed::list(api, texts))?;
    let from = request.effective_from.unwrap_or(site.now());
    let instead = before(&versions, from);
    let differs = ask::governed::compare(api, texts, number, instead).await?;
    let at = format!("{}/{number}", words.path);
    let mut pairs = vec![
        ("Version", Line::new().link(at.clone(), format!("Version {number}")).text(found.set.title)),
        (
            "In force",
            match request.effective_from {
                Some(from) => Line::from("from").at(site.moment_anywhere(from)),
                None => Line::from("from now on"),
            },
        ),
    ];
    if let Some(instead) = instead {
        let other = format!("{}/{instead}", words.path);
        pairs.push(("Instead of", Line::new().link(other, format!("Version {instead}"))));
    }
    pairs.push(("Why", Line::from(request.why.clone())));
    let mut form = Form::new(
        "publish",
        "Publish it",
        "What was judged before stays judged. Your name goes on record.",
        "Publish it",
        vec![Field::confirm(words.from_then_on)],
    )
    .sent_to(at.clone())
    .carries("why", request.why.clone())
    .carries("seen", entered.get("seen").unwrap_or_default());
    if let Some(from) = entered.get("effective_from") {
        form = form.carries("effective_from", from);
    }
    form.open = true;
    Sheet::new(format!("Publish version {number}?"), words.section, words.path)
        .crumb(words.path, words.title)
        .crumb(at.clone(), format!("Version {number}"))
        .part(Part::card("publication", "What you are about to do").pairs(pairs).line(Line::new().button(
            at,
            "Back, and publish nothing",
            "",
        )))
        .part(changes::part(words, differs))
        .part(Part::new("confirm", "Publish it").block(Block::Forms(vec![form])))
        .answer()
}

/// The version that is in force at an instant, as things stand.
fn before(versions: &VersionsView, at: Timestamp) -> Option<u32> {
    let is_at =
        |from: Timestamp, until: Option<Timestamp>| from <= at && until.is_none_or(|until| at < until);
    versions.windows.iter().find(|window| is_at(window.from, window.until)).map(|window| window.version)
}
