//! `/contact-tasks`: addresses that somebody must look after.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::notification::ContactTaskView;

use super::{HIM, above, banner, by, done, outcome, page_for_file, page_of, unfit};
use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::{Entered, Field, Form},
        sheet::{Filter, FilterField, Line, Part, Row, Sent, Sheet, Table},
        site::Site,
    },
    same_origin,
    show::{Pages, Section, Spreadsheet, sentence, words},
    visitor::{self, Visitor},
};

const NAMES: &[&str] = &["settled"];

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), NAMES);
    let sent = Sent { done: choice.done.as_deref().map(done), refused: None };
    page(&portal, &choice, &Entered::default(), sent).await
}

async fn page(portal: &Portal, choice: &Choice, entered: &Entered, sent: Sent) -> Result<Response, Failure> {
    let (api, visitor) = (portal.api.as_ref(), visitor::present());
    let settled = choice.get("settled").is_some();
    let tasks = ask::notification::contact_tasks(api, settled, page_of(choice)).await?;
    let site = Site::ask(api, portal.clock.now()).await;
    let table = Table::new("Tasks", &["What", "Whose", "What was reported", "Since", "!Settle"])
        .rows(tasks.items.iter().map(|task| row(task, &site, &visitor, entered)));
    let mut states = choice.offers("settled", &[("true", "Settled")]);
    "Waiting".clone_into(&mut states[0].label);
    let state = FilterField { name: "settled", label: "State", value: String::new(), offers: states };
    let filter = Filter { path: "/contact-tasks", fields: vec![state], filtered: choice.is_narrow() };
    let order = if settled { "the latest first" } else { "those that wait longest first" };
    let list = above(Part::new("tasks", "Tasks"), tasks.total, order, choice, "/contact-tasks.csv");
    Sheet::new("Addresses to look after", Section::Notices, "/contact-tasks")
        .intro("A message came back, somebody complained, or nobody knows an address. Meanwhile the next way is taken.")
        .banner(banner(api).await)
        .sent(sent)
        .filter(filter)
        .part(list.table_or(table, "Every address is in order, as far as is known."))
        .pages(choice.start("/contact-tasks"), choice.next("/contact-tasks", tasks.next))
        .answer()
}

fn row(task: &ContactTaskView, site: &Site, visitor: &Visitor, entered: &Entered) -> Row {
    let what = match task.kind.as_str() {
        "address_bounced" => Line::new().chip("overdue", "An address bounced"),
        "address_complained" => Line::new().chip("doubt", "A complaint"),
        "no_address" => Line::new().chip("overdue", "No address"),
        other => Line::new().chip("doubt", words(other)),
    };
    let detail = if task.detail.is_empty() {
        Line::new().quiet("nothing")
    } else {
        Line::from(sentence(&task.detail))
    };
    let detail = detail.and(task.notice, |line, id| line.link(format!("/notices/{id}"), "Open the notice"));
    let (settled, forms) = match &task.settled {
        Some(who) => (by(who, site), Vec::new()),
        None if visitor.has_any(HIM) => {
            let form = Form::new(
                "settle",
                "Settle it",
                "Put the address right first.",
                "It is settled",
                vec![Field::why()],
            );
            let form = form.about(&task.id.to_string(), format!("of {}", task.contact_name)).filled(entered);
            (Line::new(), vec![form.sent_to("/contact-tasks").carries("seen", task.since.to_string())])
        }
        None => (Line::new(), Vec::new()),
    };
    let what = what.and(task.channel.as_ref(), |line, channel| line.quiet(channel.clone()));
    Row::new([
        what,
        Line::new().link(format!("/contacts/{}", task.contact), task.contact_name.clone()),
        detail,
        Line::new().at(site.moment_anywhere(task.since)),
        settled,
    ])
    .forms(forms)
}

const COLUMNS: [&str; 11] = [
    "kind",
    "contact",
    "contact_name",
    "channel",
    "detail",
    "since",
    "settled",
    "settled_by",
    "settled_why",
    "notice",
    "id",
];

/// `/contact-tasks.csv`: the present choice as a file.
pub(super) async fn export(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let settled = Choice::read(query.as_deref(), NAMES).get("settled").is_some();
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let (mut file, mut pages, site) =
        (Spreadsheet::new(&COLUMNS), Pages::default(), Site::ask(api, now).await);
    while pages.go_on() {
        let cursor = pages.cursor();
        let page = ask::notification::contact_tasks(api, settled, page_for_file(cursor.as_deref())).await?;
        page.items.iter().for_each(|task| file.line(cells(task, &site)));
        pages.written(page.items.len(), page.next);
    }
    file.answer("contact-tasks", now)
}

fn cells(task: &ContactTaskView, site: &Site) -> [String; 11] {
    let settled = task.settled.as_ref();
    [
        task.kind.clone(),
        task.contact.clone(),
        task.contact_name.clone(),
        task.channel.clone().unwrap_or_default(),
        task.detail.clone(),
        site.local(Some(task.since), ""),
        site.local(settled.map(|who| who.at), ""),
        settled.map(|who| who.by.clone()).unwrap_or_default(),
        settled.map(|who| who.why.clone()).unwrap_or_default(),
        task.notice.map(|id| id.to_string()).unwrap_or_default(),
        task.id.to_string(),
    ]
}

/// `POST /contact-tasks`: a task is settled.
pub(super) async fn settle(
    State(portal): State<Portal>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    same_origin::check(&headers)?;
    if visitor::present().bearer.is_none() {
        return Err(Failure::Stranger(None));
    }
    let entered = Entered::read(&body);
    let id = entered.get("about").and_then(|id| id.parse().ok()).ok_or(Failure::NotFound(None))?;
    let seen = entered.get("seen").unwrap_or_default();
    let result = match entered.get("why") {
        Some(why) => outcome(ask::notification::settle_task(portal.api.as_ref(), id, why, seen).await)?,
        None => Err(unfit("“Why” is empty: the reason goes on record")),
    };
    match result {
        Ok(step) => {
            Ok(Redirect::to(&format!("/contact-tasks?done=settle&position={}", step.position))
                .into_response())
        }
        Err(sent) => page(&portal, &Choice::read(None, NAMES), &entered, sent).await,
    }
}
