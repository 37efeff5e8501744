//! Decisions of people about charts and their items: who may, what goes on record, and what was decided.
//!
//! The pure rules stand in [`domain::acts`](crate::domain::acts); here a caller's request becomes one of its
//! wishes, is permitted or not, and goes into the chart's stream once, whatever how often it is asked for.

mod bulk;
mod reevaluate;
mod request;
mod show;

use countersign_contracts::api::acts::{ActedView, ChartAct, DecisionView, ItemAct};
use countersign_eventsourcing::{
    journal::{JournalError, StreamName},
    read_model::ReadModelError,
};
use countersign_kernel::{Actor, DeficiencyId, EncounterId, EventId, Person, ProviderId, Role};
use countersign_runtime::authority::Reach;

use crate::{
    authority::{self, About, Act as Permission, permit},
    consume::{ActError, ChartError, read_chart},
    domain::{
        acts::{
            Act, Deed,
            command::{Refusal, Request, Wish},
        },
        events::{CHART, Deficiency as Item},
        reference::{Reference, same_person},
        state::ChartState,
    },
    projections,
    service::Deficiency,
};

/// Who decides, why, and under which key.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// The caller's own name for this request.
    pub key: &'a str,
    /// Why.
    pub why: &'a str,
    /// The chart's revision that the caller has seen, when nothing may have changed since.
    pub seen: Option<u64>,
}

/// A decision was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// The caller may not.
    #[error(transparent)]
    NotPermitted(#[from] authority::Refusal),
    /// The rules of the chart refuse it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A word of the request has no meaning.
    #[error("`{field}` is `{found}`; allowed: {allowed}")]
    Word {
        /// Which field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it may say.
        allowed: String,
    },
    /// The chart could not be changed.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The read model.
    #[error(transparent)]
    ReadModel(#[from] ReadModelError),
}

impl From<ActError> for LifecycleError {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Refused(refusal) => Self::Refused(refusal),
            ActError::Chart(error) => Self::Chart(error),
        }
    }
}

impl From<JournalError> for LifecycleError {
    fn from(error: JournalError) -> Self {
        Self::Chart(error.into())
    }
}

impl Deficiency {
    /// Records a decision about one item.
    ///
    /// # Errors
    /// The caller may not, the rules of the chart refuse it, or the journal fails.
    pub async fn act_on_item(
        &self,
        order: &Order<'_>,
        id: DeficiencyId,
        act: &ItemAct,
    ) -> Result<ActedView, LifecycleError> {
        let wish = request::about_item(id, act, order.actor, &self.lookup.get(), self.clock.now())?;
        self.act(order, self.chart_of(id).await?, wish).await
    }

    /// Records a decision about a chart.
    ///
    /// # Errors
    /// The caller may not, the rules of the chart refuse it, or the journal fails.
    pub async fn act_on_chart(
        &self,
        order: &Order<'_>,
        chart: EncounterId,
        act: &ChartAct,
    ) -> Result<ActedView, LifecycleError> {
        let wish = request::about_chart(act, &self.lookup.get(), self.clock.now())?;
        self.act(order, chart, wish).await
    }

    /// Everything that people decided about a chart, in order.
    ///
    /// # Errors
    /// There is no such chart, or the journal fails.
    pub async fn acts(&self, chart: EncounterId) -> Result<Vec<DecisionView>, LifecycleError> {
        let (state, revision) = read_chart(self.journal.as_ref(), chart).await?;
        if revision.is_none() {
            return Err(Refusal::UnknownChart.into());
        }
        Ok(show::acts(&state))
    }

    async fn chart_of(&self, id: DeficiencyId) -> Result<EncounterId, LifecycleError> {
        let found =
            self.model.query(move |sql| projections::encounter_of(sql, id, &Reach::everything())).await?;
        found.ok_or_else(|| Refusal::UnknownItem.into())
    }

    async fn act(
        &self,
        order: &Order<'_>,
        chart: EncounterId,
        wish: Wish,
    ) -> Result<ActedView, LifecycleError> {
        let (state, _) = read_chart(self.journal.as_ref(), chart).await?;
        let request = ordered(order, chart, wish);
        match state.acts.get(&request.id) {
            // A repetition is answered also when the caller might not do it again: it was done.
            Some(known) if request::asked_for(&request, known, &state) => {}
            Some(_) => return Err(Refusal::KeyReused.into()),
            None => self.permit(&request, &state)?,
        }
        let acted = self.charts.act(chart, &request, order.seen).await?;
        let act = acted.state.acts.get(&request.id).ok_or(Refusal::UnknownAct)?;
        let (revision, position) = match acted.position {
            Some(position) => (acted.revision, position.0),
            None => self.recorded(chart, request.id).await?,
        };
        Ok(show::acted(&acted.state, act, chart, revision, position))
    }

    /// Whether the caller may make the request.
    fn permit(&self, request: &Request, state: &ChartState) -> Result<(), LifecycleError> {
        let Request { by, wish, .. } = request;
        let Some(encounter) = &state.encounter else { return Err(Refusal::UnknownChart.into()) };
        let item = match wish {
            // What is taken back is judged by the item of the decision.
            Wish::TakeBack { act } => state.acts.get(act).and_then(|act| show::item(state, act)),
            wish => match wish.item() {
                Some(id) => Some(state.deficiencies.get(&id).ok_or(Refusal::UnknownItem)?),
                None => None,
            },
        };
        let reference = self.lookup.get();
        let provider = item.and_then(|item| provider_of(item, by, &reference));
        let mut about = About::item(provider, encounter.facility.clone());
        about.authority = match wish {
            Wish::Waive { authority, .. } => Some(authority.clone()),
            // A waiver is taken back on the authority on which it was made.
            Wish::TakeBack { act } => state.acts.get(act).and_then(|act| match &act.deed {
                Deed::Waived { authority, .. } => Some(authority.clone()),
                _ => None,
            }),
            _ => None,
        };
        match wish {
            // Who may not decide on a hold may ask for it: then it has no approval of its own.
            Wish::Hold { approved_by: None, .. } => {
                permit(by, Permission::Hold, &about)
                    .or_else(|_| permit(by, Permission::RequestHold, &about))?;
            }
            wish => permit(by, permission(wish, state)?, &about)?,
        }
        Ok(())
    }

    /// Revision and position after a decision that was recorded before.
    async fn recorded(&self, chart: EncounterId, act: EventId) -> Result<(u64, u64), LifecycleError> {
        let stream = self.journal.read_stream(StreamName::new(CHART, chart), 0).await?;
        for event in stream.iter().rev() {
            if event.metadata()?.correlation == act.0 {
                return Ok((event.revision, event.position.0));
            }
        }
        Err(Refusal::UnknownAct.into())
    }
}

/// The request of an order. A key names a request within one chart.
fn ordered(order: &Order<'_>, chart: EncounterId, wish: Wish) -> Request {
    let id = EventId::derive(&["act", &order.actor.name, order.key, &chart.to_string()]);
    Request { id, by: order.actor.clone(), why: order.why.to_owned(), wish }
}

/// What somebody must be permitted for a wish.
fn permission(wish: &Wish, state: &ChartState) -> Result<Permission, Refusal> {
    Ok(match wish {
        Wish::Raise { query: true, .. } => Permission::AskQuery,
        Wish::Raise { .. } => Permission::Raise,
        Wish::Dispute { .. } => Permission::Dispute,
        Wish::DecideDispute { .. } => Permission::DecideDispute,
        Wish::Reassign { .. } => Permission::Reassign,
        Wish::Hold { .. } | Wish::ApproveHold { .. } => Permission::Hold,
        Wish::Release { .. } => Permission::Release,
        Wish::Extend { .. } => Permission::Extend,
        Wish::Void { .. } => Permission::Void,
        Wish::Waive { .. } => Permission::Waive,
        Wish::AnswerElsewhere { .. } => Permission::AnswerElsewhere,
        Wish::AnswerQuery { .. } => Permission::AnswerQuery,
        Wish::ApplyRules { .. } => Permission::ReevaluateCharts,
        Wish::TakeBack { act } => undoing(&state.acts.get(act).ok_or(Refusal::UnknownAct)?.deed),
    })
}

/// Who may take a decision back: who may make it.
fn undoing(deed: &Deed) -> Permission {
    match deed {
        Deed::Raised { rule, .. } if rule == crate::domain::acts::QUERY => Permission::AskQuery,
        Deed::Raised { .. } => Permission::Raise,
        Deed::Disputed { .. } => Permission::Dispute,
        Deed::DisputeDecided { .. } => Permission::DecideDispute,
        Deed::Reassigned { .. } => Permission::Reassign,
        Deed::Held { .. } | Deed::HoldApproved { .. } => Permission::Hold,
        Deed::Released { .. } => Permission::Release,
        Deed::Extended { .. } => Permission::Extend,
        // To take back that something was taken back is as grave as to void it.
        Deed::Voided { .. } | Deed::TakenBack { .. } => Permission::Void,
        Deed::Waived { .. } => Permission::Waive,
        Deed::AnsweredElsewhere { .. } => Permission::AnswerElsewhere,
        Deed::QueryAnswered { .. } => Permission::AnswerQuery,
        Deed::RulesApplied { .. } => Permission::ReevaluateCharts,
    }
}

/// The provider responsible for an item, under the identifier that the actor has where the directory knows
/// both as one person.
fn provider_of(item: &Item, actor: &Actor, reference: &Reference) -> Option<ProviderId> {
    let responsible = item.responsible.as_ref()?;
    let own = actor.provider.iter().chain(&actor.for_providers);
    let known = own.filter(|id| same_person(&reference.directory, responsible, &person(id)));
    known.into_iter().next().cloned().or_else(|| {
        let id = responsible.id.clone()?;
        Some(ProviderId { id, authority: responsible.authority.clone() })
    })
}

fn person(id: &ProviderId) -> Person {
    Person { id: Some(id.id.clone()), authority: id.authority.clone(), ..Person::default() }
}

/// Whether somebody acts for providers only, so that `all items` means all of theirs.
fn acts_for_providers_only(actor: &Actor) -> bool {
    !actor.has_any(&[Role::HimAnalyst, Role::HimManager, Role::ChiefMedicalOfficer])
}

/// The state of a decision among the others of its chart.
fn stands(state: &ChartState, act: &Act) -> bool {
    crate::domain::acts::effect::standing(state.acts.values()).iter().any(|other| other.id == act.id)
}
