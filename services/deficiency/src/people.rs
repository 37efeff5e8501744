//! Changes to the directory of providers: by people, by files, and by messages.

use std::sync::Arc;

use countersign_contracts::{Envelope, staff::StaffReported};
use countersign_eventsourcing::{
    consumer::HandleError,
    journal::{JournalError, RecordedEvent},
};
use countersign_kernel::{Actor, EventId, ProviderId, Role};

use crate::{
    authority::{self, About, Act, permit},
    domain::people::{
        Directory, Refusal,
        decide::{Asked, Command, decide, is_self, record_of},
        events::{PeopleEvent, ProviderReported},
    },
    register::{CommandError, Decided, Done, Known, Origin, Register},
};

/// Why a command about people was not carried out.
pub type PeopleError = CommandError<PeopleRefusal>;

/// Why a command about people is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeopleRefusal {
    /// The person may not.
    #[error(transparent)]
    NotPermitted(#[from] authority::Refusal),
    /// A rule of the directory refuses it.
    #[error(transparent)]
    Rule(#[from] Refusal),
}

/// The directory as a service: decides, appends.
#[derive(Clone)]
pub struct People {
    register: Arc<Register>,
}

impl People {
    /// Over this register.
    pub fn new(register: Arc<Register>) -> Self {
        Self { register }
    }

    /// Directory and site with everything that is in the journal now.
    ///
    /// # Errors
    /// The journal.
    pub async fn known(&self) -> Result<Known, JournalError> {
        self.register.current().await
    }

    pub(crate) fn now(&self) -> countersign_kernel::Timestamp {
        self.register.now()
    }

    /// Carries out a command. Under the same key of the same person it has its effect once.
    ///
    /// # Errors
    /// The rule that refuses it, or the journal.
    pub async fn execute(
        &self,
        actor: &Actor,
        why: &str,
        key: &str,
        command: Command,
    ) -> Result<Done, PeopleError> {
        let at = self.register.now();
        let origin = Origin::command(&actor.name, key, at);
        let asked = Asked { actor, at, why };
        let is_of = |event: &RecordedEvent| {
            PeopleEvent::decode(&event.kind, &event.data).is_ok_and(|event| command.asked_for(&event))
        };
        let decide = |known: &Known| -> Result<Option<Decided>, PeopleRefusal> {
            may(&known.directory, actor, &command, at)?;
            let event = decide(&known.directory, &known.site, command.clone(), &asked)?;
            Ok(event.map(|event| Decided::of_people(&known.directory, &event)))
        };
        self.register.execute(&origin, is_of, decide).await
    }

    /// Takes note of what a message says about a provider. A delivery that is repeated has no second effect.
    pub(crate) async fn report(&self, event: &Envelope) -> Result<(), HandleError> {
        let report: StaffReported = event.decode().map_err(|error| HandleError::Poison(error.to_string()))?;
        let origin = Origin {
            id: EventId::derive(&["provider", &event.id.to_string()]),
            correlation: event.correlation,
            causation: Some(event.id.0),
            traceparent: event.traceparent.clone(),
            actor: "deficiency".to_owned(),
            occurred_at: report.effective_at,
            recorded_at: report.recorded_at,
        };
        let decide = |known: &Known| -> Result<Option<Decided>, Refusal> {
            let provider = record_of(&known.directory, &report);
            let report = report.clone();
            let event = ProviderReported { provider, report, imported: None };
            Ok(Some(Decided::of_people(&known.directory, &PeopleEvent::Reported(Box::new(event)))))
        };
        match self.register.execute(&origin, |_| true, decide).await {
            Ok(_) => Ok(()),
            Err(error @ (CommandError::Journal(JournalError::Unavailable(_)) | CommandError::Contended)) => {
                Err(HandleError::Retry(error.to_string()))
            }
            Err(error) => Err(HandleError::Poison(error.to_string())),
        }
    }
}

/// Whether the person may ask for this.
pub(crate) fn may(
    directory: &Directory,
    actor: &Actor,
    command: &Command,
    at: countersign_kernel::Timestamp,
) -> Result<(), authority::Refusal> {
    let leave_of = |leave| directory.leave(leave).map(|(provider, _)| provider.clone());
    let whose = match command {
        Command::Import(_) | Command::Edit { .. } | Command::Merge { .. } | Command::Unmerge { .. } => {
            return permit(actor, Act::KeepDirectory, &About::everything());
        }
        // Nobody decides about a leave as its provider or delegate: it is nobody's own item here.
        Command::DecideLeave { .. } => None,
        Command::RecordLeave { provider, .. } => Some(provider.clone()),
        Command::ChangeLeave { leave, .. } | Command::CancelLeave { leave } => leave_of(*leave),
    };
    let Some(provider) = whose else { return permit(actor, Act::RecordLeave, &About::everything()) };
    // The sign-in may know the person by another identifier than the record.
    let mut actor = actor.clone();
    if is_self(directory, &provider, &actor) {
        actor.provider = Some(provider.clone());
    }
    if is_delegate(directory, &provider, &actor, at) {
        actor.for_providers.push(provider.clone());
    }
    permit(&actor, Act::RecordLeave, &About { provider: Some(provider), ..About::everything() })
}

/// Named for the provider in the access file, under whatever identifier, or in the directory.
fn is_delegate(
    directory: &Directory,
    provider: &ProviderId,
    actor: &Actor,
    at: countersign_kernel::Timestamp,
) -> bool {
    let known = directory.find(provider);
    let details = known.and_then(|known| known.details_at(at));
    let delegate = details.and_then(|details| details.delegate.as_ref());
    let named = || known.is_some_and(|known| actor.for_providers.iter().any(|id| known.has(id)));
    actor.has_any(&[Role::Delegate])
        && (named() || delegate.is_some_and(|delegate| is_self(directory, delegate, actor)))
}
