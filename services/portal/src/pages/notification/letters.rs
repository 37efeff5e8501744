//! `/letters`: letters to print, and the word of a person that they left.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::{
    Page,
    notification::{LetterConfirmation, LetterView},
};
use countersign_kernel::Timestamp;
use jiff::tz::TimeZone;

use super::{HIM, banner, done, leg_key, leg_of, outcome, page_of, state_chip, told, unfit};
use crate::{
    api::Api,
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::{Entered, Field, Form, Kind, Offer},
        list::{List, Listing, ROWS},
        sheet::{Line, Part, Row, Sent, Sheet, Table},
        site::{Site, day},
    },
    same_origin,
    show::{Column, Section, words},
    visitor::{self, Visitor},
};

const STATES: &[(&str, &str)] = &[("printed", "Printed"), ("left", "Left")];
/// How a letter leaves: name in the API, in words.
const HOW: [(&str, &str); 2] = [("mailed", "Mailed"), ("handed_over", "Handed over")];

/// Today at a place, as `<input type="date">` takes it.
pub(super) fn today(now: Timestamp, zone: &str) -> String {
    now.to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC)).date().to_string()
}

/// The form that says that a letter left.
pub(super) fn left_form(key: &str, reference: &str, today: &str, entered: &Entered) -> Form {
    let fields = vec![
        Field::new("how", "How", Kind::Choice(Offer::each(&HOW, None))),
        Field::new("on", "On the day", Kind::Day).value(today),
        Field::new("by_whom", "By whom", Kind::Line).optional().hint("Left empty: by you"),
        Field::new("why", "A word on it", Kind::Text)
            .optional()
            .hint("e.g. the number of the certified mail"),
    ];
    let form =
        Form::new("left", "Mailed or handed over", "This is the proof of delivery.", "It left", fields);
    form.about(key, format!("letter {reference}")).filled(entered)
}

/// Letters of the queue; `/letters.csv`: the same as a file.
pub(super) struct Letters;

impl Listing for Letters {
    type Row = LetterView;
    const NAMES: &'static [&'static str] = &["state"];
    const FILE: &'static str = "letters";
    const COLUMNS: &'static [Column<LetterView, Site>] = &[
        ("reference", |letter, _| letter.reference.clone()),
        ("kind", |letter, _| letter.kind.clone()),
        ("facility", |letter, _| letter.facility.clone()),
        ("recipient_name", |letter, _| letter.recipient_name.clone()),
        ("to", |letter, _| letter.to.clone().unwrap_or_default()),
        ("state", |letter, _| letter.state.clone()),
        ("since", |letter, site| site.local(Some(letter.since), &letter.facility)),
        ("printed", |letter, site| {
            site.local(letter.printed.as_ref().map(|printed| printed.at), &letter.facility)
        }),
        ("printed_by", |letter, _| {
            letter.printed.as_ref().map(|printed| printed.by.clone()).unwrap_or_default()
        }),
        ("how", |letter, _| letter.how.clone().unwrap_or_default()),
        ("left_on", |letter, _| letter.left_on.map(|on| on.to_string()).unwrap_or_default()),
        ("by_whom", |letter, _| letter.by_whom.clone().unwrap_or_default()),
        ("leg", |letter, _| letter.leg.to_string()),
        ("notice", |letter, _| letter.notice.to_string()),
    ];

    async fn ask(api: &dyn Api, choice: &Choice, limit: usize) -> Result<Page<LetterView>, Failure> {
        ask::notification::letters(api, choice.get("state"), page_of(choice, limit)).await
    }
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), Letters::NAMES);
    page(&portal, &choice, &Entered::default(), Sent::just_done(&choice, done)).await
}

async fn page(portal: &Portal, choice: &Choice, entered: &Entered, sent: Sent) -> Result<Response, Failure> {
    let (api, now, visitor) = (portal.api.as_ref(), portal.clock.now(), visitor::present());
    let letters = Letters::ask(api, choice, ROWS).await?;
    let site = Site::ask(api, now).await;
    let rows = letters.items.iter().map(|letter| row(letter, &site, &visitor, entered, now));
    let left = choice.get("state") == Some("left");
    let list = List {
        part: Part::new("letters", "The queue"),
        total: letters.total,
        order: if left { "the latest first" } else { "those that wait longest first" },
        table: Table::new("Letters", &["Letter", "To", "State", "Since", "!What to do"]).rows(rows),
        empty: "No letter waits.",
        next: letters.next,
    };
    Sheet::new("Letters", Section::Notices, "/letters")
        .intro(
            "A letter counts as delivered when a person says that it was mailed or handed over. Nothing of a patient \
             stands in it, nor on its envelope.",
        )
        .banner(banner(api).await)
        .sent(sent)
        .narrowed_by(choice, [choice.picked("state", "State", "To print", STATES)])
        .list(choice, list)
        .answer()
}

fn row(letter: &LetterView, site: &Site, visitor: &Visitor, entered: &Entered, now: Timestamp) -> Row {
    let facility = letter.facility.as_str();
    let key = leg_key(letter.notice, letter.leg);
    let state = Line::new().a_chip(state_chip(&letter.state));
    let state = state.and(letter.printed.as_ref(), |line, printed| {
        line.below(format!("printed by {}", printed.by)).below_at("", site.moment(printed.at, facility))
    });
    let how = letter.how.as_ref().map(|how| words(how).to_lowercase());
    let state =
        state.and(how.zip(letter.left_on), |line, (how, on)| line.below(format!("{how} on {}", day(on))));
    let state = state.and(letter.by_whom.as_ref(), |line, who| line.below(format!("by {who}")));
    let mut forms = Vec::new();
    if visitor.has_any(HIM) && letter.state != "left" {
        if letter.state == "waiting" {
            let printed = Form::new(
                "printed",
                "Printed",
                "It is on paper, and still here.",
                "It is printed",
                Vec::new(),
            );
            forms.push(printed.about(&key, format!("letter {}", letter.reference)).filled(entered));
        }
        forms.push(left_form(&key, &letter.reference, &today(now, site.zone(facility)), entered));
    }
    let seen = letter.state.clone();
    let to = Line::new().text(letter.recipient_name.clone());
    Row::new([
        Line::new()
            .link(format!("/notices/{}", letter.notice), told(&letter.kind))
            .below(letter.reference.clone()),
        to.and(letter.to.as_ref(), |line, to| {
            to.lines().fold(line, |line, part| line.below(part.to_owned()))
        })
        .quiet(facility),
        state,
        Line::new().at(site.moment(letter.since, facility)),
        Line::new().button(
            format!("/notices/{}/legs/{}", letter.notice, letter.leg),
            "Document",
            format!("to print, letter {}", letter.reference),
        ),
    ])
    .forms(forms.into_iter().map(|form| form.sent_to("/letters").carries("seen", seen.clone())).collect())
}

/// `POST /letters`: a letter was printed, or left.
pub(super) async fn decide(
    State(portal): State<Portal>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let (api, entered) = (portal.api.as_ref(), Entered::read(&body));
    let (act, seen) = (entered.get("act").unwrap_or_default(), entered.get("seen").unwrap_or_default());
    let leg = entered.get("about").and_then(leg_of).ok_or(Failure::NotFound(None))?;
    let result = match act {
        "printed" => outcome(ask::notification::printed(api, leg, seen).await)?,
        "left" => match confirmation(&entered) {
            Ok(request) => outcome(ask::notification::confirm_letter(api, leg, &request, seen).await)?,
            Err(said) => Err(unfit(said)),
        },
        _ => Err(unfit("That is nothing that can be done here")),
    };
    match result {
        Ok(step) => {
            Ok(Redirect::to(&format!("/letters?done={act}&position={}", step.position)).into_response())
        }
        Err(sent) => page(&portal, &Choice::read(None, Letters::NAMES), &entered, sent).await,
    }
}

fn confirmation(entered: &Entered) -> Result<LetterConfirmation, String> {
    let text = |name| entered.get(name).unwrap_or_default().to_owned();
    let on = entered.must("on", "On the day")?;
    Ok(LetterConfirmation {
        how: entered.must("how", "How")?.to_owned(),
        on: on.parse().map_err(|_| "“On the day” is not a day such as 2026-03-05".to_owned())?,
        by_whom: text("by_whom"),
        why: text("why"),
    })
}
