//! Changes to the directory of providers: by people, by files, and by messages.

use std::sync::Arc;

use countersign_contracts::{Envelope, staff::StaffReported};
use countersign_eventsourcing::{
    consumer::HandleError,
    journal::{JournalError, StreamName},
};
use countersign_kernel::Actor;

use crate::{
    domain::people::{
        Directory, Refusal,
        decide::{Asked, Command, decide, record_of},
        events::{PROVIDER, PeopleEvent, ProviderReported, key_of},
    },
    register::{CommandError, Decided, Done, Known, Origin, Register},
};

/// Why a command about people was not carried out.
pub type PeopleError = CommandError<Refusal>;

/// The directory as a service: decides, appends.
#[derive(Clone)]
pub struct People {
    register: Arc<Register>,
}

fn decided(event: &PeopleEvent) -> Decided {
    Decided::new(StreamName::new(PROVIDER, key_of(event.provider())), event.kind(), event)
}

impl People {
    /// Over this register.
    pub fn new(register: Arc<Register>) -> Self {
        Self { register }
    }

    /// The directory with everything that is in the journal now.
    ///
    /// # Errors
    /// The journal.
    pub async fn directory(&self) -> Result<Arc<Directory>, JournalError> {
        Ok(self.register.current().await?.directory)
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
        let decide = |known: &Known| {
            let event = decide(&known.directory, &known.site, command.clone(), &asked)?;
            Ok(event.as_ref().map(decided))
        };
        self.register.execute(&origin, decide).await
    }

    /// Takes note of what a message says about a provider. A delivery that is repeated has no second effect.
    pub(crate) async fn report(&self, event: &Envelope) -> Result<(), HandleError> {
        let report: StaffReported = event.decode().map_err(|error| HandleError::Poison(error.to_string()))?;
        let origin = Origin {
            id: countersign_kernel::EventId::derive(&["provider", &event.id.to_string()]),
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
            Ok(Some(decided(&PeopleEvent::Reported(Box::new(event)))))
        };
        match self.register.execute(&origin, decide).await {
            Ok(_) => Ok(()),
            Err(error @ (CommandError::Journal(JournalError::Unavailable(_)) | CommandError::Contended)) => {
                Err(HandleError::Retry(error.to_string()))
            }
            Err(error) => Err(HandleError::Poison(error.to_string())),
        }
    }
}
