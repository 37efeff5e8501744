//! What decisions look up, as it stands now: rules, people, places.

use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::reference::Reference;

/// The present [`Reference`]. Whoever decides takes one and keeps it for that decision.
#[derive(Debug)]
pub struct Lookup(RwLock<Arc<Reference>>);

impl Lookup {
    /// Begins with this one.
    pub fn new(reference: Reference) -> Self {
        Self(RwLock::new(Arc::new(reference)))
    }

    /// The present one.
    pub fn get(&self) -> Arc<Reference> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces it. Decisions under way end with the one that they took.
    pub fn set(&self, reference: Reference) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(reference);
    }
}
