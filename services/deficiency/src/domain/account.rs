//! The account of a visit: charges, and how far the bill is.

use std::collections::BTreeMap;

use countersign_contracts::chart::{AccountFact, Charge};
use countersign_kernel::{Cents, Timestamp};

use super::events::AccountDescription;

/// An account as it stood after the facts taken so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Single charges and credits by transaction: one that is sent again counts once, as last sent.
    charges: BTreeMap<String, Cents>,
    /// The sender's own total, where one was sent: it takes the place of single charges.
    total: Option<Cents>,
    /// When final coding was done.
    pub coded_at: Option<Timestamp>,
    /// When the final bill went out.
    pub billed_at: Option<Timestamp>,
    /// Payer as sent.
    pub payer: Option<String>,
}

impl Account {
    pub(super) fn charge(&mut self, charge: &Charge) {
        self.charges.insert(charge.transaction.clone(), charge.amount);
    }

    pub(super) fn update(&mut self, said: &AccountFact) {
        self.total = said.total.or(self.total);
        said.coded_at.apply_to(&mut self.coded_at);
        said.billed_at.apply_to(&mut self.billed_at);
        if said.payer.is_some() {
            self.payer.clone_from(&said.payer);
        }
    }

    /// Gross charges; `None` when nothing about money was ever sent.
    pub fn charges(&self) -> Option<Cents> {
        self.total.or_else(|| (!self.charges.is_empty()).then(|| self.charges.values().copied().sum()))
    }

    /// The account for the record; nothing while nothing was said of it.
    pub fn describe(&self) -> Option<AccountDescription> {
        let description = AccountDescription {
            charges: self.charges(),
            coded_at: self.coded_at,
            billed_at: self.billed_at,
            payer: self.payer.clone(),
        };
        (description != AccountDescription::default()).then_some(description)
    }
}
