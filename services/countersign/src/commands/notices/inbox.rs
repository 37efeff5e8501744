//! `countersign inbox`

use countersign_contracts::api::notification::{InboxMessage, NoticeDetail, NotificationStep};
use countersign_kernel::NoticeId;

use super::{MOST, content, items};
use crate::{
    cli::{Asking, Changing, Inbox, InboxAction},
    commands::api::Part,
    print,
};

const PATH: &str = "/api/v1/inbox";
const COMMAND: &str = "countersign inbox";

pub async fn run(args: Inbox) -> anyhow::Result<()> {
    match args.action {
        None => list(args.unread, &args.asking).await,
        Some(InboxAction::Read { notice, changing }) => read(notice, &changing).await,
    }
}

async fn list(unread: bool, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Notification, COMMAND).await?;
    let query: Vec<(&str, String)> = unread.then(|| ("unread", "true".to_owned())).into_iter().collect();
    let messages: Vec<InboxMessage> = api.pages(PATH, &query, MOST).await?;
    if asking.json {
        return print::json(&messages);
    }
    let rows: Vec<Vec<String>> = messages
        .iter()
        .map(|message| {
            vec![
                print::instant(message.at),
                message.kind.clone(),
                message.class.clone(),
                message.about_name.clone().unwrap_or_default(),
                message.facility.clone(),
                message.items.to_string(),
                message.names_date.map(|date| date.to_string()).unwrap_or_default(),
                message.read_at.map_or_else(|| "no".to_owned(), print::instant),
                message.reference.clone(),
                message.subject.clone().unwrap_or_default(),
                message.id.to_string(),
            ]
        })
        .collect();
    print::table(
        &[
            "AT",
            "KIND",
            "CLASS",
            "ABOUT",
            "FACILITY",
            "ITEMS",
            "NAMES",
            "READ",
            "REFERENCE",
            "SUBJECT",
            "NOTICE",
        ],
        &rows,
    )?;
    print::line(&format!("\n{} messages. Read one: {COMMAND} read NOTICE", messages.len()))
}

async fn read(notice: NoticeId, changing: &Changing) -> anyhow::Result<()> {
    let api = changing.api(Part::Notification, COMMAND).await?;
    let path = format!("{PATH}/{notice}/read");
    let step: NotificationStep = api.change(&path, &changing.acting.key(), &()).await?;
    if changing.json {
        return print::json(&step);
    }
    let detail: NoticeDetail = api.get(&format!("/api/v1/notices/{notice}"), &()).await?;
    let message = &detail.notice;
    let said = message.legs.iter().find(|leg| {
        leg.channel == "inbox"
            && leg.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/plain"))
    });
    if let Some(leg) = said {
        let bytes = content(&api, notice, leg.leg).await?;
        print::line(&format!("{}\n", String::from_utf8_lossy(&bytes).trim_end()))?;
    }
    print::line(&format!(
        "{} notice no. {} `{}` of {} at {} · reference {}",
        message.class,
        message.number,
        message.kind,
        print::instant(message.requested_at),
        message.facility,
        message.reference
    ))?;
    if let Some(date) = message.names_date {
        print::line(&format!("  it names the day {date}"))?;
    }
    items(&detail)?;
    print::line(
        "\non record: read. Is one not yours, or not owed? `countersign item dispute ITEM --reason not_mine --why ...`",
    )
}
