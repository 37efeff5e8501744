//! `/dead-letters`: notices that did not arrive, why, and sending them again.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::{
    Page,
    notification::{DeadLetterView, ResendReport, ResendRequest},
};
use countersign_kernel::{NoticeId, Role};

use super::{banner, class, done, legs, notice, notices, outcome, page_of, told, unfit};
use crate::{
    api::Api,
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::{Entered, Field, Form, Kind, Offer},
        list::{List, Listing, ROWS},
        sheet::{Block, Line, Part, Row, Sent, Sheet, Table},
        site::Site,
    },
    same_origin,
    show::{Column, Section, number, sentence, yes},
    visitor::{self, Visitor},
};

/// Who has something sent again.
pub(super) const RESEND: &[Role] = &[Role::HimManager, Role::MedicalStaffOffice];

/// Notices that did not arrive; `/dead-letters.csv`: the same as a file.
pub(super) struct DeadLetters;

impl Listing for DeadLetters {
    type Row = DeadLetterView;
    const NAMES: &'static [&'static str] = &[];
    const FILE: &'static str = "not-delivered";
    const COLUMNS: &'static [Column<DeadLetterView, Site>] = &[
        ("reference", |letter, _| letter.notice.reference.clone()),
        ("kind", |letter, _| letter.notice.kind.clone()),
        ("class", |letter, _| letter.notice.class.clone()),
        ("facility", |letter, _| letter.notice.facility.clone()),
        ("about", |letter, _| letter.notice.about_name.clone().unwrap_or_default()),
        ("recipient", |letter, _| letter.notice.recipient.clone()),
        ("recipient_name", |letter, _| letter.notice.recipient_name.clone()),
        ("nothing_left", |letter, _| yes(letter.nothing_left)),
        ("since", |letter, site| site.local(Some(letter.since), &letter.notice.facility)),
        ("because", |letter, _| letter.because.clone()),
        ("requested", |letter, site| site.local(Some(letter.notice.requested_at), &letter.notice.facility)),
        ("channels", |letter, _| notices::channels(&letter.notice)),
        ("id", |letter, _| letter.notice.id.to_string()),
    ];

    async fn ask(api: &dyn Api, choice: &Choice, limit: usize) -> Result<Page<DeadLetterView>, Failure> {
        ask::notification::dead_letters(api, page_of(choice, limit)).await
    }
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), &[]);
    page(&portal, &choice, &Entered::default(), Sent::just_done(&choice, done), None).await
}

async fn page(
    portal: &Portal,
    choice: &Choice,
    entered: &Entered,
    sent: Sent,
    would: Option<ResendReport>,
) -> Result<Response, Failure> {
    let (api, visitor) = (portal.api.as_ref(), visitor::present());
    let letters = DeadLetters::ask(api, choice, ROWS).await?;
    let site = Site::ask(api, portal.clock.now()).await;
    let rows = letters.items.iter().map(|letter| row(letter, &site, &visitor, entered));
    let heads = ["Notice", "About", "To", "Why", "Since", "!Send again"];
    let list = List {
        part: Part::new("dead", "What did not arrive"),
        total: letters.total,
        order: "the latest first",
        table: Table::new("Not delivered", &heads).rows(rows),
        empty: "Everything arrived, or is still under way.",
        next: letters.next,
    };
    let mut sheet = Sheet::new("Not delivered", Section::Notices, "/dead-letters")
        .intro("Of these, a way has failed or nothing is left to try. A formal notice here holds the step after it.")
        .banner(banner(api).await)
        .sent(sent)
        .list(choice, list);
    if visitor.has_any(RESEND) {
        let mut part = Part::new("resend", "After a failure of a whole way").hint(
            "When a mail server was down, say: everything that failed since then is queued again at once.",
        );
        if let Some(report) = would {
            let more = if report.more { ", and there are more: ask again afterwards" } else { "" };
            let told = format!(
                "{} would be sent again; of {} a rule refuses it{more}.",
                number(report.requeued),
                number(report.refused)
            );
            part = part.block(Block::Notice("good", Line::from(told)));
        }
        sheet = sheet.part(part.block(Block::Forms(vec![resend_form(entered)])));
    }
    sheet.answer()
}

fn row(letter: &DeadLetterView, site: &Site, visitor: &Visitor, entered: &Entered) -> Row {
    let notice = &letter.notice;
    let facility = notice.facility.as_str();
    let what = Line::new().link(format!("/notices/{}", notice.id), told(&notice.kind));
    let why = if letter.nothing_left {
        Line::new().chip("overdue", "Nothing left to try")
    } else {
        Line::new().chip("doubt", "A way has failed")
    };
    let mut why = why.below(sentence(&letter.because));
    why.0.extend(legs(&notice.legs).0);
    let form = notice::requeue_form(&notice.legs, &Entered::default()).filter(|_| visitor.has_any(RESEND));
    let form = form.map(|form| {
        let form = form.about(&notice.id.to_string(), format!("notice {}", notice.reference)).filled(entered);
        form.sent_to("/dead-letters").carries("seen", notice.changed_at.to_string())
    });
    Row::new([
        class(what, &notice.class).below(notice.reference.clone()),
        super::about(notice.about, notice.about_name.as_deref()).below(facility),
        Line::new()
            .link(format!("/contacts/{}", notice.recipient), super::recipient(notice))
            .below(told(&notice.role)),
        why,
        Line::new().at(site.moment(letter.since, facility)),
        Line::new(),
    ])
    .late(letter.nothing_left)
    .forms(form.into_iter().collect())
}

fn resend_form(entered: &Entered) -> Form {
    let channels =
        [("", "Any"), ("email", "E-mail"), ("webhook", "Webhook"), ("letter", "Letter"), ("inbox", "Inbox")];
    let fields = vec![
        Field::new("since", "Everything that failed since", Kind::Instant),
        Field::new("channel", "By which way", Kind::Choice(Offer::each(&channels, None))).optional(),
        Field::new("dry_run", "Only tell what would be sent again", Kind::Tick).value("yes"),
        Field::why().optional(),
    ];
    let form = Form::new("resend", "Send again what failed since", "", "Send again", fields);
    form.sent_to("/dead-letters").filled(entered)
}

/// `POST /dead-letters`: sends one again, or everything since.
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
    let mut would = None;
    let result = match act {
        "requeue" => {
            let id: NoticeId =
                entered.get("about").and_then(|id| id.parse().ok()).ok_or(Failure::NotFound(None))?;
            let detail = ask::notification::notice(api, id, None).await?;
            match notice::requeue(&entered, &detail.notice.legs, entered.get("why")) {
                Ok(request) => outcome(ask::notification::requeue(api, id, &request, seen).await)?
                    .map(|step| step.position),
                Err(said) => Err(unfit(said)),
            }
        }
        "resend" => {
            let site = Site::ask(api, portal.clock.now()).await;
            match resend(&entered, site.any_zone()) {
                Ok(request) => {
                    // what failed meanwhile is another question
                    let seen = portal.clock.now().to_string();
                    match outcome(ask::notification::resend(api, &request, &seen).await)? {
                        Ok(report) if request.dry_run => {
                            would = Some(report);
                            Err(Sent::default())
                        }
                        Ok(report) => Ok(report.position),
                        Err(sent) => Err(sent),
                    }
                }
                Err(said) => Err(unfit(said)),
            }
        }
        _ => Err(unfit("That is nothing that can be done here")),
    };
    match result {
        Ok(position) => {
            Ok(Redirect::to(&format!("/dead-letters?done={act}&position={position}")).into_response())
        }
        Err(sent) => page(&portal, &Choice::read(None, &[]), &entered, sent, would).await,
    }
}

fn resend(entered: &Entered, zone: &str) -> Result<ResendRequest, String> {
    let label = "Everything that failed since";
    Ok(ResendRequest {
        since: entered
            .instant("since", label, zone)?
            .ok_or_else(|| format!("“{label}” is empty: fill it in"))?,
        channel: entered.get("channel").map(str::to_owned),
        dry_run: entered.get("dry_run").is_some(),
        why: entered.get("why").unwrap_or_default().to_owned(),
    })
}
