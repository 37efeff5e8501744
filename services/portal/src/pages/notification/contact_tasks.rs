//! `/contact-tasks`: addresses that somebody must look after.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use countersign_contracts::api::{Page, notification::ContactTaskView};

use super::{HIM, banner, by, done, outcome, page_of, unfit};
use crate::{
    api::Api,
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        form::{Entered, Field, Form},
        list::{List, Listing, ROWS},
        sheet::{Line, Part, Row, Sent, Sheet, Table},
        site::Site,
    },
    same_origin,
    show::{Column, Section, sentence, words},
    visitor::{self, Visitor},
};

/// Addresses to look after; `/contact-tasks.csv`: the same as a file.
pub(super) struct ContactTasks;

impl Listing for ContactTasks {
    type Row = ContactTaskView;
    const NAMES: &'static [&'static str] = &["settled"];
    const FILE: &'static str = "contact-tasks";
    const COLUMNS: &'static [Column<ContactTaskView, Site>] = &[
        ("kind", |task, _| task.kind.clone()),
        ("contact", |task, _| task.contact.clone()),
        ("contact_name", |task, _| task.contact_name.clone()),
        ("channel", |task, _| task.channel.clone().unwrap_or_default()),
        ("detail", |task, _| task.detail.clone()),
        ("since", |task, site| site.local(Some(task.since), "")),
        ("settled", |task, site| site.local(task.settled.as_ref().map(|who| who.at), "")),
        ("settled_by", |task, _| task.settled.as_ref().map(|who| who.by.clone()).unwrap_or_default()),
        ("settled_why", |task, _| task.settled.as_ref().map(|who| who.why.clone()).unwrap_or_default()),
        ("notice", |task, _| task.notice.map(|id| id.to_string()).unwrap_or_default()),
        ("id", |task, _| task.id.to_string()),
    ];

    async fn ask(api: &dyn Api, choice: &Choice, limit: usize) -> Result<Page<ContactTaskView>, Failure> {
        let settled = choice.get("settled").is_some();
        ask::notification::contact_tasks(api, settled, page_of(choice, limit)).await
    }
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), ContactTasks::NAMES);
    page(&portal, &choice, &Entered::default(), Sent::just_done(&choice, done)).await
}

async fn page(portal: &Portal, choice: &Choice, entered: &Entered, sent: Sent) -> Result<Response, Failure> {
    let (api, visitor) = (portal.api.as_ref(), visitor::present());
    let tasks = ContactTasks::ask(api, choice, ROWS).await?;
    let site = Site::ask(api, portal.clock.now()).await;
    let rows = tasks.items.iter().map(|task| row(task, &site, &visitor, entered));
    let settled = choice.get("settled").is_some();
    let list = List {
        part: Part::new("tasks", "Tasks"),
        total: tasks.total,
        order: if settled { "the latest first" } else { "those that wait longest first" },
        table: Table::new("Tasks", &["What", "Whose", "What was reported", "Since", "!Settle"]).rows(rows),
        empty: "Every address is in order, as far as is known.",
        next: tasks.next,
    };
    Sheet::new("Addresses to look after", Section::Notices, "/contact-tasks")
        .intro("A message came back, somebody complained, or nobody knows an address. Meanwhile the next way is taken.")
        .banner(banner(api).await)
        .sent(sent)
        .narrowed_by(choice, [choice.picked("settled", "State", "Waiting", &[("true", "Settled")])])
        .list(choice, list)
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
        Err(sent) => page(&portal, &Choice::read(None, ContactTasks::NAMES), &entered, sent).await,
    }
}
