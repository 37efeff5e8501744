//! What comes next for somebody, as a line on their own pages.

use countersign_contracts::api::escalation::{TrackExplanation, TrackView};

use super::told;
use crate::{
    api::Api,
    ask::{self, escalation::Wanted},
    pages::site::Site,
    show::{Moment, localized, sentence},
};

/// Facilities of one provider that are told of on a page: nobody works in more.
const MOST: usize = 5;

/// What comes next in one facility.
pub(in crate::pages) struct NextLine {
    pub(in crate::pages) track: String,
    pub(in crate::pages) facility: String,
    /// The step's name; nothing when nothing comes.
    pub(in crate::pages) step: Option<String>,
    pub(in crate::pages) when: Option<Moment>,
    /// What holds it.
    pub(in crate::pages) held: Option<String>,
    /// What would stop it.
    pub(in crate::pages) stopped: Option<String>,
    /// Privileges are suspended, or that is proposed.
    pub(in crate::pages) grave: bool,
}

/// What comes next for a provider, where somebody has a track that is not idle. It only adds to a page: what
/// cannot be asked is left out.
pub(in crate::pages) async fn of(
    api: &dyn Api,
    (provider, authority): (&str, &str),
    site: &Site,
    now: countersign_kernel::Timestamp,
) -> Vec<NextLine> {
    let authority = Some(authority).filter(|authority| !authority.is_empty());
    let wanted = Wanted { provider: Some(provider), authority, limit: MOST, ..Wanted::default() };
    let Ok(tracks) = ask::escalation::tracks(api, wanted).await else { return Vec::new() };
    let mut lines = Vec::new();
    for track in tracks.items.into_iter().filter(|track| track.state != "idle") {
        if let Ok(explained) = ask::escalation::explanation(api, track.id, None).await {
            lines.push(line(&track, explained, site, now));
        }
    }
    lines
}

fn line(
    track: &TrackView,
    explained: TrackExplanation,
    site: &Site,
    now: countersign_kernel::Timestamp,
) -> NextLine {
    let zone = site.zone(&track.facility);
    let told_there = |text: &String| sentence(&localized(text, now, zone));
    NextLine {
        track: track.id.to_string(),
        facility: track.facility.clone(),
        held: explained.held_by.first().map(told_there),
        stopped: explained.stopped_by.first().map(told_there),
        when: explained
            .next
            .as_ref()
            .and_then(|next| next.not_before)
            .map(|at| site.moment(at, &track.facility)),
        step: explained.next.map(|next| told(&next.step)),
        grave: matches!(track.state.as_str(), "suspended" | "proposed"),
    }
}
