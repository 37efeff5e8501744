//! Why a service cannot go on, or cannot answer: one type for all services, whatever their parts are.

use std::{error::Error, fmt};

use crate::{
    consumer::{CheckpointError, SkipError},
    journal::JournalError,
};

/// What may befall a part of a service.
pub trait Fault: Error + Send + Sync + 'static {
    /// Trying again later may help.
    fn is_passing(&self) -> bool {
        false
    }
}

impl Fault for JournalError {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl Fault for CheckpointError {}
impl Fault for SkipError {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Journal(error) if error.is_passing())
    }
}

/// A service cannot go on, or cannot answer. Says what its part says.
#[derive(Debug)]
pub struct ServiceError(Box<dyn Fault>);

impl ServiceError {
    /// Trying again later may help.
    pub fn is_passing(&self) -> bool {
        self.0.is_passing()
    }
}

impl<F: Fault> From<F> for ServiceError {
    fn from(fault: F) -> Self {
        Self(Box::new(fault))
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for ServiceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
