//! `/notices/{id}/proof`: everything about one notice on one page, to print.

use axum::{
    extract::{Path, State},
    response::Response,
};
use countersign_kernel::NoticeId;

use super::{class, notice, state_chip, told};
use crate::{
    ask,
    failure::Failure,
    pages::{
        Portal,
        sheet::{Line, Part, Sheet},
        site::Site,
    },
    show::Section,
};

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: NoticeId = id.parse().map_err(|_| Failure::NotFound(None))?;
    let api = portal.api.as_ref();
    let proof = ask::notification::proof(api, id).await?;
    let site = Site::ask(api, portal.clock.now()).await;
    let view = &proof.detail.notice;
    let under = class(Line::new().a_chip(state_chip(&view.state)), &view.class).quiet(view.reference.clone());
    let about = match &proof.about {
        Some(provider) => Line::new().text(provider.id.clone()).quiet(provider.authority.clone()),
        None => Line::new().quiet("a chart"),
    };
    let mut hashes = Part::card("proof", "How to check it").pairs(vec![
        ("Made", Line::new().at(site.moment(proof.made_at, &view.facility))),
        ("Provider", about),
        ("Journal", Line::from(format!("up to position {}", proof.position))),
        ("Its events", Line::new().mono(proof.events_sha256.clone())),
        ("Policy", Line::new().mono(proof.detail.policy_sha256.clone())),
    ]);
    for leg in &view.legs {
        if let Some(hash) = &leg.sha256 {
            hashes = hashes.line(
                Line::new()
                    .text(format!("Bytes by {}", told(&leg.channel).to_lowercase()))
                    .mono(hash.clone()),
            );
        }
    }
    hashes = hashes.line(
        "The hash of its events is the SHA-256 of every event of this notice in order, each as stored: whoever has \
         the journal can compute it again.",
    );
    Sheet::new(format!("Proof of notice {}", view.reference), Section::Notices, "/notices")
        .crumb("/notices", "Notices")
        .crumb(format!("/notices/{id}"), view.reference.clone())
        .under(under)
        .columns([notice::what(&proof.detail, &site), hashes])
        .part(notice::ways(&proof.detail, &site))
        .part(notice::items(&proof.detail.items, &site, &view.facility))
        .part(notice::story(&proof.detail, &site))
        .answer()
}
