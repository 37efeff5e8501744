//! Changes to facilities and departments.

use std::sync::Arc;

use countersign_eventsourcing::journal::{JournalError, RecordedEvent};
use countersign_kernel::Actor;

use crate::{
    authority::{self, About, Act, permit},
    domain::site::{
        Refusal,
        decide::{Asked, Command, decide},
        events::SiteEvent,
    },
    register::{CommandError, Decided, Done, Known, Origin, Register},
};

/// Why a command about facilities and departments was not carried out.
pub type SiteError = CommandError<SiteRefusal>;

/// Why a command about facilities and departments is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteRefusal {
    /// The person may not.
    #[error(transparent)]
    NotPermitted(#[from] authority::Refusal),
    /// A rule refuses it.
    #[error(transparent)]
    Rule(#[from] Refusal),
}

/// Facilities and departments as a service: decides, appends.
#[derive(Clone)]
pub struct Sites {
    register: Arc<Register>,
}

impl Sites {
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

    /// Whether the person may change this facility.
    pub(crate) fn permitted(actor: &Actor, facility: Option<&str>) -> Result<(), authority::Refusal> {
        let facility = facility.map(str::to_owned);
        permit(actor, Act::KeepSite, &About { facility, ..About::everything() })
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
    ) -> Result<Done, SiteError> {
        let at = self.register.now();
        let origin = Origin::command(&actor.name, key, at);
        let asked = Asked { actor, at, why };
        let is_of = |event: &RecordedEvent| {
            SiteEvent::decode(&event.kind, &event.data).is_ok_and(|event| command.asked_for(&event))
        };
        let decide = |known: &Known| -> Result<Option<Decided>, SiteRefusal> {
            Self::permitted(actor, command.facility(&known.site))?;
            let event = decide(&known.site, command.clone(), &asked)?;
            Ok(event.map(|event| Decided::of_site(&known.site, &event)))
        };
        self.register.execute(&origin, is_of, decide).await
    }
}
