//! `countersign mode`

use countersign_contracts::api::notification::{DestinationView, ModeRequest, ModeView, NotificationStep};

use crate::{
    cli::{Asking, Deciding, Mode, ModeAction, ModeName},
    commands::api::Part,
    print,
};

const PATH: &str = "/api/v1/notification/mode";
const COMMAND: &str = "countersign mode";

pub async fn run(args: Mode) -> anyhow::Result<()> {
    match args.action {
        ModeAction::Show { asking } => show(&asking).await,
        ModeAction::Set { mode, to, deciding: Deciding { why, changing } } => {
            let api = changing.api(Part::Settings, COMMAND).await?;
            let redirect_to = to.map(|address| DestinationView::Email { address });
            let request = ModeRequest { mode: mode.name().to_owned(), redirect_to, why };
            let step: NotificationStep = api.change(PATH, &changing.acting.key(), &request).await?;
            if changing.json {
                return print::json(&step);
            }
            let now = match mode {
                ModeName::Live => "everything leaves",
                ModeName::Shadow => "nothing leaves; what would have been sent is recorded",
                ModeName::Redirect => "everything goes to that mailbox",
                ModeName::Configured => "as the configuration says",
            };
            let told = if step.changed { "on record, from now on" } else { "it is so already" };
            print::line(&format!("{told}: {now}"))
        }
    }
}

async fn show(asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Settings, COMMAND).await?;
    let view: ModeView = api.get(PATH, &()).await?;
    if asking.json {
        return print::json(&view);
    }
    let says = match &*view.mode {
        "live" => "live: everything leaves".to_owned(),
        "redirect" => match &view.redirect_to {
            Some(DestinationView::Email { address }) => format!("redirect: everything goes to {address}"),
            Some(DestinationView::Webhook { endpoint }) => format!("redirect: everything goes to {endpoint}"),
            _ => "redirect: everything goes to one address".to_owned(),
        },
        "shadow" => "shadow: nothing leaves; what would have been sent is recorded".to_owned(),
        other => other.to_owned(),
    };
    print::line(&says)?;
    for missing in &view.not_set_up {
        print::line(&format!("  not set up here: {}: {}", missing.channel, missing.missing))?;
    }
    match &view.decided {
        Some(by) => print::line(&format!(
            "  {} decided by {} at {}: {}",
            view.source,
            by.by,
            print::instant(by.at),
            by.why
        )),
        None => print::line(&format!("  by the {}", view.source)),
    }
}
