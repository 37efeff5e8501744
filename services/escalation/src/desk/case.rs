//! What is decided about, by which policy, and how new people, places and policies have to be for that: they are read
//! once for all the events that wait, rather than once for each.

use std::sync::{Arc, atomic::Ordering};

use countersign_eventsourcing::journal::Position;
use countersign_kernel::Timestamp;
use countersign_owed::{Directory, Party};

use super::{Desk, DeskError};
use crate::{
    domain::{
        policy::{Policy, PolicySet},
        track::Track,
    },
    policies::{self, Book},
};

/// How new what a decision rests on has to be, beside what is owed: people, places, policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AsOf {
    /// Everything that is in the journal now.
    Now,
    /// Everything up to a position: that of the event that is decided about, or that of the read model by whose facts it
    /// is. Whatever came behind it is an event of its own, and looked at by itself.
    Position(Position),
}

/// What is decided about, and by which policy.
pub(super) struct Case {
    pub(super) party: Party,
    pub(super) policy: Arc<PolicySet>,
    pub(super) directory: Arc<Directory>,
}

impl Case {
    pub(super) fn policy(&self) -> &Policy {
        self.policy.of(&self.party.facility)
    }

    /// The record was merged into another one: everything of it is found there.
    pub(super) fn is_merged_away(&self) -> bool {
        self.directory.people.root(self.party.provider) != self.party.provider
    }
}

impl Desk {
    /// People and places, and the book of policies, no older than that.
    pub(crate) async fn people_and_policies(
        &self,
        as_of: AsOf,
    ) -> Result<(Arc<Directory>, Arc<Book>), DeskError> {
        let position = match as_of {
            // Whatever was appended before this is asked lies before the head.
            AsOf::Now => self.journal.head().await?,
            AsOf::Position(position) => position,
        };
        let directory = self.known.as_of(position).await?;
        if self.policies_read.load(Ordering::Acquire) >= position.0 {
            return Ok((directory, self.governance.book()));
        }
        // Both are in the journal, so whoever reads the book now reads what was in it by then.
        let read = position.max(self.model.position());
        let book = self.governance.current().await?;
        self.policies_read.fetch_max(read.0, Ordering::Release);
        Ok((directory, book))
    }

    /// What is decided about a track, by the policy that it keeps to.
    pub(super) async fn case(
        &self,
        party: &Party,
        track: &Track,
        now: Timestamp,
        as_of: AsOf,
    ) -> Result<Case, DeskError> {
        let (mut directory, mut book) = self.people_and_policies(as_of).await?;
        // Another process has read further, and this one has read what it appended.
        if track.keeps_to().is_some_and(|policy| book.version(policy.version).is_none()) {
            (directory, book) = self.people_and_policies(AsOf::Now).await?;
        }
        let policy = policies::kept(&book, track.keeps_to(), now).ok_or(DeskError::NoPolicy)?;
        Ok(Case { party: party.clone(), policy, directory })
    }
}
