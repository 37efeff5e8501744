//! `countersign escalation inbox`, `packet` and `suspensions`

use countersign_contracts::api::escalation::{InboxItem, PacketView, RegisterView};
use countersign_kernel::TrackId;

use super::{COMMAND, PATH, by_whom, staff, tracks};
use crate::{
    cli::{Asking, Suspensions},
    client::Client,
    commands::api::Part,
    print,
};

pub async fn inbox(asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Escalation, COMMAND).await?;
    let items: Vec<InboxItem> = api.get(&format!("{PATH}/inbox"), &()).await?;
    if asking.json {
        return print::json(&items);
    }
    if items.is_empty() {
        return print::line("Nothing waits.");
    }
    for item in &items {
        let who = item.provider.as_ref().map(|who| format!(" · {}", staff(who))).unwrap_or_default();
        let place = item.facility.as_ref().map(|place| format!(" · {place}")).unwrap_or_default();
        print::line(&format!(
            "{} · since {}{who}{place}",
            print::words(&item.kind),
            print::instant(item.since)
        ))?;
        print::line(&format!("  {}", item.text))?;
        if let Some(first) = &item.first_confirmed_by {
            print::line(&format!("  confirmed by {}; a second person is asked for", by_whom(first)))?;
        }
        if let Some(seen) = &item.acknowledged {
            print::line(&format!("  seen by {}", by_whom(seen)))?;
        }
        if let Some(command) = next(item) {
            print::line(&format!("  {COMMAND} {command}"))?;
        }
        print::line(&format!("  for {}", item.for_roles.join(", ")))?;
    }
    Ok(())
}

/// What one would run about it.
fn next(item: &InboxItem) -> Option<String> {
    let facility = item.facility.as_deref().unwrap_or("FACILITY");
    let track = item.track;
    match (&*item.kind, track, item.proposal) {
        ("suspension", Some(track), Some(proposal)) => Some(format!("confirm {track} {proposal} --why ...")),
        ("reinstatement", Some(track), Some(proposal)) => {
            Some(format!("reinstate {track} {proposal} --why ..."))
        }
        ("correction", Some(track), proposal) => match (item.rung, item.cycle, proposal) {
            (Some(rung), Some(cycle), _) => {
                Some(format!("correction-done {track} --rung {rung} --cycle {cycle} --why ..."))
            }
            (_, _, Some(proposal)) => Some(format!(
                "reinstate {track} {proposal} --why ...   (or, where it stays in force: \
                 acknowledge {track} --matter correction --why ...)"
            )),
            _ => None,
        },
        ("held_run", ..) => Some(format!("runs release {facility} --why ...")),
        ("clock_doubted", ..) => Some("clock trust --why ...".to_owned()),
        (kind, Some(track), _) => Some(format!("acknowledge {track} --matter {kind} --why ...")),
        _ => None,
    }
}

pub async fn packet(track: TrackId, proposal: u32, policy_text: bool, asking: &Asking) -> anyhow::Result<()> {
    let api = asking.api(Part::Escalation, COMMAND).await?;
    let packet = fetch(&api, track, proposal).await?;
    if asking.json {
        return print::json(&packet);
    }
    show(&packet)?;
    if let Some(text) = packet.policy_text.as_deref().filter(|_| policy_text) {
        print::line("\nThe policy:")?;
        print::line(text.trim_end())?;
    }
    Ok(())
}

/// The packet of a proposal.
pub async fn fetch(api: &Client, track: TrackId, proposal: u32) -> anyhow::Result<PacketView> {
    api.get(&format!("{PATH}/tracks/{track}/proposals/{proposal}"), &()).await
}

/// Prints what a proposed suspension rests on.
pub fn show(packet: &PacketView) -> anyhow::Result<()> {
    print::line(&format!(
        "Proposal {} of {}; the notice named {}",
        packet.proposal,
        print::instant(packet.at),
        packet.named_date
    ))?;
    print::line(&format!("  would cover   {}", packet.scope.join(", ")))?;
    print::line(&format!("  would exempt  {}", packet.exempt.join(", ")))?;
    let policy = &packet.policy;
    print::line(&format!(
        "  policy        version {}, {}, SHA-256 {}",
        policy.version, policy.title, policy.sha256
    ))?;
    if !packet.uncovered.is_empty() {
        print::line(&format!(
            "  nobody would be left for {}: the chief medical officer may confirm with --override coverage",
            packet.uncovered.join(", ")
        ))?;
    }
    for step in &packet.steps {
        print::line(&format!(
            "  step          {}, {}, {} items",
            step.step,
            print::instant(step.at),
            step.items.len()
        ))?;
    }
    tracks::standing(&packet.items)?;
    tracks::notices(&packet.notices)?;
    print::line(&format!("\nSHA-256 of this packet: {}", packet.sha256))
}

pub async fn register(args: Suspensions) -> anyhow::Result<()> {
    let api = args.asking.api(Part::Escalation, COMMAND).await?;
    let mut query = Vec::new();
    query.extend(args.facility.map(|facility| ("facility", facility)));
    if let Some(provider) = &args.provider {
        query.extend(tracks::whose(&api, provider).await?);
    }
    query.extend(args.in_force.then(|| ("in_force", "true".to_owned())));
    query.extend(args.from.map(|from| ("from", from.to_string())));
    query.extend(args.until.map(|until| ("until", until.to_string())));
    let path = format!("{PATH}/suspensions");
    if args.csv.csv {
        query.push(("format", "csv".to_owned()));
        return print::text(&api.text(&path, &query).await?);
    }
    let register: RegisterView = api.get(&path, &query).await?;
    if args.asking.json {
        return print::json(&register);
    }
    let rows: Vec<Vec<String>> = register
        .items
        .iter()
        .map(|line| {
            vec![
                staff(&line.provider),
                line.facility.clone(),
                print::instant(line.from),
                line.until.map_or_else(|| "in force".to_owned(), print::instant),
                line.days.to_string(),
                line.within_year.to_string(),
                line.authority.iter().map(|by| by.name.clone()).collect::<Vec<_>>().join(", "),
                line.items.to_string(),
                if line.superseded { "superseded" } else { "" }.to_owned(),
                line.track.to_string(),
            ]
        })
        .collect();
    print::table(
        &["PROVIDER", "FACILITY", "FROM", "UNTIL", "DAYS", "IN A YEAR", "BY", "ITEMS", "", "TRACK"],
        &rows,
    )?;
    print::line(&format!("\n{} suspensions", register.items.len()))?;
    if register.totals.is_empty() {
        return Ok(());
    }
    print::line("\nWithin the year that ends now, in all facilities:")?;
    let rows: Vec<Vec<String>> = register
        .totals
        .iter()
        .map(|total| {
            let force = if total.in_force { "yes" } else { "no" };
            vec![
                staff(&total.provider),
                total.within_year.to_string(),
                total.days.to_string(),
                force.to_owned(),
            ]
        })
        .collect();
    print::table(&["PROVIDER", "SUSPENSIONS", "DAYS", "IN FORCE"], &rows)
}
