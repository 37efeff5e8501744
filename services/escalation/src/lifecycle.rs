//! Decisions of people about tracks: who may, what goes on record, once.

use countersign_contracts::api::escalation::{HeldRun, Recorded, TrackAct, TrackActRequest, TrackActed};
use countersign_eventsourcing::journal::JournalError;
use countersign_kernel::{Actor, EventId, TrackId, derive_uuid};
use countersign_owed::Party;
use countersign_runtime::authority::Refusal as NotPermitted;

use crate::{
    authority::Act as Permission,
    desk::{ActRefused, DeskError},
    domain::{
        acts::{Act, Command},
        events::{ByWhom, Matter},
    },
    projections::{self, TrackRow},
    scope,
    service::{Escalation, ServiceError},
    show,
};

/// A decision was not recorded, or a question not answered.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// The caller may not.
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    /// The rules of the track refuse it.
    #[error(transparent)]
    Refused(#[from] ActRefused),
    /// A word of the request has no meaning.
    #[error("`{field}` is `{found}`; allowed: {allowed}")]
    Word {
        /// Which field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it may say.
        allowed: &'static str,
    },
    /// Every decision has a reason.
    #[error("a decision needs a reason: say why")]
    NoReason,
    /// There is nothing to decide about.
    #[error("{0}")]
    Nothing(&'static str),
    /// There is no such thing.
    #[error("{0}")]
    Unknown(&'static str),
    /// The service.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<DeskError> for LifecycleError {
    fn from(error: DeskError) -> Self {
        Self::Service(error.into())
    }
}

impl From<JournalError> for LifecycleError {
    fn from(error: JournalError) -> Self {
        Self::Service(error.into())
    }
}

impl Escalation {
    /// Records a decision about a track. The same key again changes nothing and answers the same. `seen`: the revision
    /// that the caller decided on.
    ///
    /// # Errors
    /// The caller may not, the rules of the track refuse it, or the journal fails.
    pub async fn act(
        &self,
        actor: &Actor,
        key: &str,
        seen: Option<u64>,
        track: TrackId,
        request: &TrackActRequest,
    ) -> Result<TrackActed, LifecycleError> {
        let row = self.row(track).await?;
        let party = row.party();
        let directory = self.desk.known.refresh().await?;
        let now = self.clock.now();
        scope::permit_on(actor, permission(&request.decision), &party, &directory, now)?;
        if let TrackAct::ConfirmSuspension { overrides: Some(_), .. } = &request.decision {
            scope::permit_on(actor, Permission::OverrideGuard, &party, &directory, now)?;
        }
        let act = Act {
            id: derive_uuid("escalation-act", &[&actor.name, key, &track.to_string()]),
            actor: actor.clone(),
            why: request.why.clone(),
            command: command(&request.decision)?,
        };
        let acted = self.desk.act(&party, &act, seen).await??;
        if !acted.repeated {
            tracing::info!(%track, act = word_of(&request.decision), "a decision about a track is on record");
        }
        self.view_at(&party, row, acted.position.0).await
    }

    /// The track as it stands after a position.
    async fn view_at(
        &self,
        party: &Party,
        row: TrackRow,
        position: u64,
    ) -> Result<TrackActed, LifecycleError> {
        use countersign_eventsourcing::journal::Position;
        // The read model follows within moments; where nobody folds it now, it is brought up to date here.
        let limit = std::time::Duration::from_secs(2);
        if self.model.position().0 < position && !self.model.wait_for(Position(position), limit).await {
            self.model.catch_up(self.journal.as_ref()).await.map_err(ServiceError::from)?;
        }
        let id = row.id;
        let row = self.row(id).await.unwrap_or(row);
        let directory = self.desk.known.get();
        debug_assert_eq!(party.facility, row.facility);
        Ok(TrackActed { track: show::track(&row, &directory, self.clock.now()), position })
    }

    pub(crate) async fn row(&self, track: TrackId) -> Result<TrackRow, LifecycleError> {
        let row =
            self.model.query(move |sql| projections::track(sql, track)).await.map_err(ServiceError::from)?;
        row.ok_or_else(|| ActRefused::UnknownTrack.into())
    }

    /// Says that the wall clock is right, with the reason.
    ///
    /// # Errors
    /// The caller may not, nobody doubts the clock, or the journal fails.
    pub async fn trust_clock(&self, actor: &Actor, why: &str) -> Result<Recorded, LifecycleError> {
        scope::permit_everywhere(actor, Permission::TrustClock)?;
        reason(why)?;
        if !self.trust.confirm(&actor.name, why).await? {
            return Err(LifecycleError::Nothing("nobody doubts the clock: there is nothing to confirm"));
        }
        self.look_again("clock_doubted").await?;
        let head = self.journal.head().await?;
        Ok(Recorded { position: head.0, repeated: false })
    }

    /// Lets the tracks of a facility move that a human was to look at first.
    ///
    /// # Errors
    /// The caller may not, nothing is held, or the journal fails.
    pub async fn release_run(
        &self,
        actor: &Actor,
        key: &str,
        facility: &str,
        why: &str,
    ) -> Result<Recorded, LifecycleError> {
        scope::permit_everywhere(actor, Permission::ReleaseRun)?;
        if !actor.facilities.is_empty() && !actor.facilities.iter().any(|own| own == facility) {
            return Err(LifecycleError::Unknown("no run of a facility of yours is held under this code"));
        }
        reason(why)?;
        let code = facility.to_owned();
        let held = self
            .model
            .query(move |sql| projections::held_run(sql, &code))
            .await
            .map_err(ServiceError::from)?;
        let Some(held) = held else { return Err(LifecycleError::Unknown("no run of this facility is held")) };
        let act = derive_uuid("escalation-act", &[&actor.name, key, facility]);
        if let Some((_, by)) = &held.released {
            let repeated = by.act == Some(act);
            return if repeated {
                Ok(Recorded { position: self.model.position().0, repeated })
            } else {
                Err(LifecycleError::Nothing("the run was released already"))
            };
        }
        let by = ByWhom {
            name: actor.name.clone(),
            roles: actor.roles.clone(),
            at: self.clock.now(),
            why: why.to_owned(),
            act: Some(act),
        };
        let position = self.runs.release(facility, by, EventId(act)).await?;
        self.model.wait_for(position, std::time::Duration::from_secs(2)).await;
        self.look_again("many_would_move").await?;
        Ok(Recorded { position: position.0, repeated: false })
    }

    /// Runs that wait or waited for a human, one a facility.
    ///
    /// # Errors
    /// The caller may not, or the read model fails.
    pub async fn held_runs(&self, actor: &Actor) -> Result<Vec<HeldRun>, LifecycleError> {
        scope::permit_everywhere(actor, Permission::ReadTracks)
            .or_else(|_| scope::permit_everywhere(actor, Permission::ReleaseRun))?;
        let held = self.model.query(projections::held_runs).await.map_err(ServiceError::from)?;
        Ok(held
            .into_iter()
            .filter(|held| actor.facilities.is_empty() || actor.facilities.contains(&held.held.facility))
            .map(|held| HeldRun {
                facility: held.held.facility,
                since: held.held.at,
                tracks: held.held.tracks,
                limit: held.held.limit,
                released: held.released.map(|(_, by)| show::by_whom(&by)),
            })
            .collect())
    }
}

pub(crate) fn reason(why: &str) -> Result<(), LifecycleError> {
    if why.trim().is_empty() { Err(LifecycleError::NoReason) } else { Ok(()) }
}

fn permission(act: &TrackAct) -> Permission {
    match act {
        TrackAct::ConfirmSuspension { .. }
        | TrackAct::RejectSuspension { .. }
        | TrackAct::ConfirmReinstatement { .. } => Permission::DecideSuspension,
        TrackAct::Extend { .. } => Permission::Extend,
        TrackAct::Exempt { .. } | TrackAct::EndGrant => Permission::Exempt,
        TrackAct::Acknowledge { .. } => Permission::Acknowledge,
        TrackAct::Note | TrackAct::CorrectionDone { .. } => Permission::Note,
    }
}

fn word_of(act: &TrackAct) -> &'static str {
    match act {
        TrackAct::ConfirmSuspension { .. } => "confirm_suspension",
        TrackAct::RejectSuspension { .. } => "reject_suspension",
        TrackAct::ConfirmReinstatement { .. } => "confirm_reinstatement",
        TrackAct::Extend { .. } => "extend",
        TrackAct::Exempt { .. } => "exempt",
        TrackAct::EndGrant => "end_grant",
        TrackAct::Acknowledge { .. } => "acknowledge",
        TrackAct::Note => "note",
        TrackAct::CorrectionDone { .. } => "correction_done",
    }
}

fn command(act: &TrackAct) -> Result<Command, LifecycleError> {
    Ok(match act {
        TrackAct::ConfirmSuspension { proposal, packet_sha256, exempt, overrides } => Command::Confirm {
            proposal: *proposal,
            packet_sha256: packet_sha256.clone(),
            exempt: exempt.clone(),
            override_coverage: match overrides.as_deref() {
                None => false,
                Some("coverage") => true,
                Some(other) => {
                    return Err(LifecycleError::Word {
                        field: "/decision/overrides",
                        found: other.to_owned(),
                        allowed: "coverage",
                    });
                }
            },
        },
        TrackAct::RejectSuspension { proposal, packet_sha256, until } => {
            Command::Reject { proposal: *proposal, packet_sha256: packet_sha256.clone(), until: *until }
        }
        TrackAct::ConfirmReinstatement { proposal } => Command::Reinstate { proposal: *proposal },
        TrackAct::Extend { until } => Command::Extend { until: *until },
        TrackAct::Exempt { until } => Command::Exempt { until: *until },
        TrackAct::EndGrant => Command::EndGrant,
        TrackAct::Acknowledge { matter } => {
            Command::Acknowledge { matter: matter.as_deref().map(matter_of).transpose()? }
        }
        TrackAct::Note => Command::Note,
        TrackAct::CorrectionDone { rung, cycle } => Command::CorrectionDone { cycle: *cycle, rung: *rung },
    })
}

fn matter_of(word: &str) -> Result<Matter, LifecycleError> {
    use Matter::{CommitteeReview, Correction, NoRecipient, NpdbQuestion, Repeated, Undeliverable};
    [CommitteeReview, NpdbQuestion, Repeated, Correction, Undeliverable, NoRecipient]
        .into_iter()
        .find(|matter| projections::word(matter) == word)
        .ok_or_else(|| LifecycleError::Word {
            field: "/decision/matter",
            found: word.to_owned(),
            allowed: "committee_review, npdb_question, repeated, correction, undeliverable, no_recipient",
        })
}
