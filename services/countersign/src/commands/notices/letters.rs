//! `countersign letters`

use countersign_contracts::api::notification::{LetterConfirmation, LetterView, NotificationStep};

use super::{MOST, content, tell, write};
use crate::{
    cli::{Asking, LetterState, LetterWay, Letters, LettersAction},
    commands::api::Part,
    print,
};

const PATH: &str = "/api/v1/letters";
const COMMAND: &str = "countersign letters";

pub async fn run(args: Letters) -> anyhow::Result<()> {
    match args.action {
        LettersAction::List { state, asking } => list(state, &asking).await,
        LettersAction::Print { notice, leg, out, changing } => {
            let api = changing.api(Part::Notification, COMMAND).await?;
            // First the file: what could not be written was not printed.
            let bytes = content(&api, notice, leg).await?;
            write(&out, &bytes)?;
            let path = format!("{PATH}/{notice}/{leg}/print");
            let step: NotificationStep = api.change(&path, &changing.acting.key(), &()).await?;
            if changing.json {
                return print::json(&step);
            }
            print::line(&format!(
                "on record: printed. When it has left: {COMMAND} confirm {notice} {leg} --how mailed --on DATE"
            ))
        }
        LettersAction::Confirm { notice, leg, how, on, by_whom, why, changing } => {
            let how = match how {
                LetterWay::Mailed => "mailed",
                LetterWay::HandedOver => "handed_over",
            };
            let request = LetterConfirmation { how: how.to_owned(), on, by_whom, why };
            let told = "on record: the letter has left";
            let api = changing.api(Part::Notification, COMMAND).await?;
            tell(&api, &changing, &format!("{PATH}/{notice}/{leg}/confirm"), &request, told).await
        }
    }
}

async fn list(state: LetterState, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Notification, COMMAND).await?;
    let query = [("state", state.name().to_owned())];
    let letters: Vec<LetterView> = api.pages(PATH, &query, MOST).await?;
    if asking.json {
        return print::json(&letters);
    }
    let rows: Vec<Vec<String>> = letters
        .iter()
        .map(|letter| {
            let left = letter.left_on.map(|on| {
                let how = letter.how.as_deref().map(print::words).unwrap_or_default();
                format!("{how} {on}")
            });
            vec![
                print::instant(letter.since),
                letter.kind.clone(),
                letter.facility.clone(),
                letter.recipient_name.clone(),
                letter.to.clone().unwrap_or_default(),
                letter
                    .printed
                    .as_ref()
                    .map(|by| format!("{} {}", by.by, print::instant(by.at)))
                    .unwrap_or_default(),
                left.unwrap_or_default(),
                letter.reference.clone(),
                letter.leg.to_string(),
                letter.notice.to_string(),
            ]
        })
        .collect();
    print::table(
        &["SINCE", "KIND", "FACILITY", "TO", "ADDRESS", "PRINTED", "LEFT", "REFERENCE", "LEG", "NOTICE"],
        &rows,
    )?;
    print::line(&format!("\n{} letters {}", letters.len(), state.name()))
}
