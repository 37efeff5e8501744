//! `/tracks/{id}/packets/{proposal}`: what a decision about a suspension rests on, as a document to print.

use axum::{
    extract::{Path, State},
    response::Response,
};
use countersign_contracts::api::escalation::PacketView;
use countersign_kernel::TrackId;

use super::{by, notices_table, npdb, person, policy_line, standing_table, told};
use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        sheet::{Block, Line, Part, Row, Sheet, Table},
        site::{Site, day},
    },
    show::Section,
};

/// Everything in a packet.
pub(super) fn parts(packet: &PacketView, site: &Site, facility: &str) -> Vec<Part> {
    let list = |items: &[String]| match items {
        [] => Line::new().quiet("nothing"),
        items => Line::from(items.iter().map(|item| told(item)).collect::<Vec<_>>().join(", ")),
    };
    let mut proposal = Part::card("proposal", format!("Proposal {}", packet.proposal)).pairs(vec![
        ("Made", Line::new().at(site.moment(packet.at, facility))),
        ("Day named", Line::new().strong(day(packet.named_date)).quiet("in the notice of suspension")),
        ("Covers", list(&packet.scope)),
        ("Exempt", list(&packet.exempt)),
        ("Policy", policy_line(&packet.policy)),
        ("Its hash", Line::new().mono(packet.policy.sha256.clone())),
        ("This packet", Line::new().mono(packet.sha256.clone()).quiet("SHA-256: a decision names it")),
    ]);
    if !packet.uncovered.is_empty() {
        let services = packet.uncovered.join(", ");
        proposal = proposal.block(Block::Notice(
            "bad",
            Line::new()
                .strong("Nobody would be left for:")
                .text(services)
                .text("– only the chief medical officer may confirm against that."),
        ));
    }
    let standing = &packet.items;
    let source = if standing.rechecked {
        format!("Re-checked in the journal itself, up to position {}.", standing.position)
    } else {
        format!("By the read model, up to position {}.", standing.position)
    };
    let items = Part::new("items", "Items that it rests on")
        .hint(source)
        .table_or(standing_table(standing, site, facility), "None.");
    let notices = Part::new("notices", "Notices, and how they were delivered")
        .table_or(notices_table(&packet.notices, site, facility), "None was asked for.");
    let steps = Table::new("Steps", &["Step", "Taken", "#Items that counted"]).rows(packet.steps.iter().map(
        |step| {
            Row::new([
                Line::from(told(&step.step)),
                Line::new().at(site.moment(step.at, facility)),
                Line::from(step.items.len().to_string()),
            ])
        },
    ));
    let steps = Part::new("steps", "Steps of this cycle").table_or(steps, "None.");
    let mut policy = Part::new("policy", "The policy");
    policy = match &packet.policy_text {
        Some(text) => policy.block(Block::Raw {
            summary: "Show the policy as it was in force".to_owned(),
            name: "Policy".to_owned(),
            text: text.clone(),
        }),
        None => policy.line(Line::new().quiet("The record no longer has its text; its hash is above.")),
    };
    vec![proposal, items, notices, steps, policy]
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path((id, proposal)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let id: TrackId = id.parse().map_err(|_| Failure::NotFound(None))?;
    let proposal: u32 = proposal.parse().map_err(|_| Failure::NotFound(None))?;
    let (api, now) = (portal.api.as_ref(), portal.clock.now());
    let (track, packet) =
        tokio::try_join!(ask::escalation::track(api, id, None), ask::escalation::packet(api, id, proposal))?;
    let site = Site::ask(api, now).await;
    let facility = track.track.facility.as_str();
    let suspension = track.suspensions.iter().find(|suspension| suspension.proposal == proposal);
    let waiting =
        track.inbox.iter().find(|item| item.kind == "suspension" && item.proposal == Some(proposal));
    let decided = Part::card("decided", "Who decided");
    let decided = match (suspension, waiting) {
        (Some(suspension), _) => {
            let mut pairs = vec![("In force", Line::new().at(site.moment(suspension.from, facility)))];
            pairs.extend(suspension.authority.iter().map(|who| ("Confirmed", by(who, &site, facility))));
            if let Some(until) = suspension.until {
                pairs.push(("Ended", Line::new().at(site.moment(until, facility))));
            }
            pairs.push(("NPDB", npdb(suspension, &site)));
            decided.pairs(pairs)
        }
        (None, Some(item)) => {
            let open = Line::new()
                .chip("doubt", "Waits for a decision")
                .link(format!("/leadership/{}", item.id), "Decide");
            let mut pairs = vec![("State", open)];
            pairs
                .extend(item.first_confirmed_by.iter().map(|who| ("First of two", by(who, &site, facility))));
            decided.pairs(pairs)
        }
        (None, None) => decided.line("It did not come into force. The track says why."),
    };
    Sheet::new(
        format!("Evidence about suspension {proposal} of {}", track.track.provider.name),
        Section::Escalation,
        "/suspensions",
    )
    .crumb("/tracks", "Tracks")
    .crumb(format!("/tracks/{id}"), track.track.provider.name.clone())
    .under(person(&track.track.provider).quiet(facility.to_owned()))
    .parts(parts(&packet, &site, facility))
    .part(decided)
    .answer()
}
