//! `/contacts`: everybody who can be told something, and how they are reached; `/contacts.csv`: the same as a file.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use countersign_contracts::api::{Page, notification::ContactSummary};

use super::banner;
use crate::{
    api::Api,
    ask,
    failure::Failure,
    pages::{
        Portal,
        choice::Choice,
        list::{List, Listing, ROWS},
        sheet::{Line, Part, Row, Sheet, Table},
        site::Site,
    },
    show::{Column, Section, yes},
};

/// Everybody who can be told something; `/contacts.csv`: the same as a file.
pub(super) struct Contacts;

impl Listing for Contacts {
    type Row = ContactSummary;
    const NAMES: &'static [&'static str] = &["text", "bounced"];
    const FILE: &'static str = "contacts";
    const COLUMNS: &'static [Column<ContactSummary, Site>] = &[
        ("contact", |contact, _| contact.key.clone()),
        ("name", |contact, _| contact.name.clone()),
        ("own_settings", |contact, _| yes(contact.own_settings)),
        ("bounced", |contact, _| yes(contact.bounced)),
        ("open_tasks", |contact, _| contact.open_tasks.to_string()),
    ];

    async fn ask(api: &dyn Api, choice: &Choice, limit: usize) -> Result<Page<ContactSummary>, Failure> {
        let bounced = choice.get("bounced").is_some();
        ask::notification::contacts(api, choice.get("text"), bounced, choice.cursor(), limit).await
    }
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let choice = Choice::read(query.as_deref(), Contacts::NAMES);
    let api = portal.api.as_ref();
    let page = Contacts::ask(api, &choice, ROWS).await?;
    let fields = [
        choice.typed("text", "Name or identifier"),
        choice.picked("bounced", "Addresses", "Any", &[("true", "An address came back")]),
    ];
    let list = List {
        part: Part::new("contacts", "Contacts"),
        total: page.total,
        order: "by name",
        table: Table::new("Contacts", &["Who", "Settings", "Addresses", "#Tasks", "!Look at"])
            .rows(page.items.iter().map(row)),
        empty: "Nobody is like that.",
        next: page.next,
    };
    Sheet::new("Contacts", Section::Notices, "/contacts")
        .intro("Providers of the directory and offices of the configuration: by which ways they are told.")
        .banner(banner(api).await)
        .narrowed_by(&choice, fields)
        .list(&choice, list)
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
