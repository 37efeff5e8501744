//! Changes to facilities and departments.

use std::sync::Arc;

use countersign_eventsourcing::journal::{JournalError, StreamName};
use countersign_kernel::Actor;

use crate::{
    domain::site::{
        Refusal, Site,
        decide::{Asked, Command, decide},
    },
    register::{CommandError, Decided, Done, Known, Origin, Register},
};

/// Why a command about facilities and departments was not carried out.
pub type SiteError = CommandError<Refusal>;

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

    /// Facilities and departments with everything that is in the journal now.
    ///
    /// # Errors
    /// The journal.
    pub async fn site(&self) -> Result<Arc<Site>, JournalError> {
        Ok(self.register.current().await?.site)
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
        let decide = |known: &Known| {
            let event = decide(&known.site, command.clone(), &asked)?;
            Ok(event.as_ref().map(|event| {
                let (category, key) = event.stream();
                Decided::new(StreamName::new(category, key), event.kind(), event)
            }))
        };
        self.register.execute(&origin, decide).await
    }
}
