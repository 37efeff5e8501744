//! Why a track stands where it stands, and what comes next: asked, and nothing appended.

use countersign_kernel::Timestamp;
use countersign_owed::Party;

use super::{AsOf, Case, Checked, Desk, DeskError, Surroundings};
use crate::{
    domain::{
        explain,
        policy::Policy,
        standing::Standing,
        step::{Context, Why},
        track::{Track, track_id},
    },
    projections,
    runs::events::Line,
    streams::Loaded,
    tracks::stream_of,
};

impl Desk {
    /// The facts of a track now, re-checked in the journal, for whoever asks why.
    pub(crate) async fn explained(&self, party: &Party) -> Result<Explained, DeskError> {
        let stream = stream_of(track_id(party.provider, &party.facility));
        let loaded = self.tracks.read(&stream).await?;
        let now = self.clock.now();
        let case = self.case(party, &loaded.state, now, AsOf::Now).await?;
        let (by_model, _) = self.owed_by_model(&case, &loaded.state, Why::Anything).await?;
        let around = self.surroundings(&case, now).await?;
        let facts = self.checked(&case, &loaded.state, &by_model, (Why::Anything, now)).await?;
        Ok(Explained { loaded, case, around, facts })
    }

    /// The line of a track on the list of a run: the step that its items come to by an instant, by the read model.
    pub(crate) async fn due_by(
        &self,
        row: &projections::TrackRow,
        by: Timestamp,
    ) -> Result<Option<Line>, DeskError> {
        let party = row.party();
        let loaded = self.tracks.load(&stream_of(row.id)).await?;
        let now = self.clock.now();
        let case = self.case(&party, &loaded.state, now, AsOf::Now).await?;
        let (owed, position) = self.owed_by_model(&case, &loaded.state, Why::Time).await?;
        let standing = Self::standing(&case, &loaded.state, &owed, (position, false), (Why::Time, now));
        let recipients = Self::recipients(&case, &loaded.state, &owed, now);
        // That a human looks first holds the run, not the list by which one looks.
        let around = Surroundings { many_would_move: None, ..self.surroundings(&case, now).await? };
        let told = explain::explain(
            &loaded.state,
            case.policy(),
            &around.context(&case, owed.directory(), &standing, recipients.clone()),
        );
        // Where several are due by then, the highest one is taken.
        let due = told.ahead.into_iter().rfind(|ahead| ahead.at.is_some_and(|at| at <= by));
        Ok(due.map(|due| Line {
            track: row.id,
            provider: recipients.provider,
            step: due.step,
            counting: u32::try_from(standing.counting().count()).unwrap_or(u32::MAX),
            oldest_days: standing.counting().map(|item| item.age_days).max().unwrap_or(0),
        }))
    }
}

/// A track with the facts of this instant.
pub(crate) struct Explained {
    pub(crate) loaded: Loaded<Track>,
    case: Case,
    pub(crate) around: Surroundings,
    facts: Checked,
}

impl Explained {
    pub(crate) fn standing(&self) -> &Standing {
        &self.facts.standing
    }

    pub(crate) fn policy(&self) -> &Policy {
        self.case.policy()
    }

    /// What comes next.
    pub(crate) fn context(&self) -> Context<'_> {
        let recipients = self.facts.recipients.clone();
        self.around.context(&self.case, self.facts.owed.directory(), &self.facts.standing, recipients)
    }
}
