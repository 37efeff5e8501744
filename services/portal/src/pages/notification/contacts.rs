//! `/contacts`: everybody who can be told something, and how they are reached; `/contacts.csv`: the same as a file.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use countersign_contracts::api::notification::ContactSummary;

use super::{ROWS, above, banner};
use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        sheet::{Filter, FilterField, Line, Part, Row, Sheet, Table},
    },
    show::{Pages, Section, Spreadsheet},
};

const NAMES: &[&str] = &["text", "bounced"];

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), NAMES);
    let api = portal.api.as_ref();
    let bounced = choice.get("bounced").is_some();
    let page = ask::notification::contacts(api, choice.get("text"), bounced, choice.cursor(), ROWS).await?;
    let text = FilterField {
        name: "text",
        label: "Name or identifier",
        value: choice.get("text").unwrap_or_default().to_owned(),
        offers: Vec::new(),
    };
    let mut states = choice.offers("bounced", &[("true", "An address came back")]);
    "Any".clone_into(&mut states[0].label);
    let state = FilterField { name: "bounced", label: "Addresses", value: String::new(), offers: states };
    let table = Table::new("Contacts", &["Who", "Settings", "Addresses", "#Tasks", "!Look at"])
        .rows(page.items.iter().map(row));
    let list = above(Part::new("contacts", "Contacts"), page.total, "by name", &choice, "/contacts.csv");
    Sheet::new("Contacts", Section::Notices, "/contacts")
        .intro("Providers of the directory and offices of the configuration: by which ways they are told.")
        .banner(banner(api).await)
        .filter(Filter { path: "/contacts", fields: vec![text, state], filtered: choice.is_narrow() })
        .part(list.table_or(table, "Nobody is like that."))
        .pages(choice.start("/contacts"), choice.next("/contacts", page.next))
        .answer()
}

fn row(contact: &ContactSummary) -> Row {
    let settings =
        if contact.own_settings { Line::from("set here") } else { Line::new().quiet("as elsewhere") };
    let addresses = if contact.bounced {
        Line::new().chip("overdue", "Came back")
    } else {
        Line::new().quiet("nothing known against them")
    };
    Row::new([
        Line::new().strong(contact.name.clone()),
        settings,
        addresses,
        Line::from(contact.open_tasks.to_string()),
        Line::new().button(format!("/contacts/{}", contact.key), "Open", contact.name.clone()),
    ])
    .late(contact.bounced)
}

/// `/contacts.csv`: the present choice as a file.
pub(super) async fn export(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), NAMES);
    let (api, text, bounced) = (portal.api.as_ref(), choice.get("text"), choice.get("bounced").is_some());
    let mut file = Spreadsheet::new(&["contact", "name", "own_settings", "bounced", "open_tasks"]);
    let mut pages = Pages::default();
    let yes = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
    while pages.go_on() {
        let cursor = pages.cursor();
        let page = ask::notification::contacts(api, text, bounced, cursor.as_deref(), Pages::ROWS).await?;
        for contact in &page.items {
            file.line([
                contact.key.clone(),
                contact.name.clone(),
                yes(contact.own_settings),
                yes(contact.bounced),
                contact.open_tasks.to_string(),
            ]);
        }
        pages.written(page.items.len(), page.next);
    }
    file.answer("contacts", portal.clock.now())
}
