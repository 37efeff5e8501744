//! Orders of a chart, as far as somebody must authenticate or answer them.

use std::collections::BTreeMap;

use countersign_contracts::chart::{OrderAction, OrderFact, OrderMode, Signature};
use countersign_kernel::{Person, Timestamp};

use super::chart::{Known, Source};

/// An order as it stood after the facts taken so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Its number (ORC-2).
    pub number: String,
    /// How it was given.
    pub mode: OrderMode,
    /// A consultation is asked for.
    pub consultation: bool,
    /// When it was given.
    pub placed: Known<Timestamp>,
    /// Ordering provider (ORC-12).
    pub ordering: Option<Person>,
    /// Consultant, where one is named.
    pub consultant: Option<Person>,
    /// Carried out.
    pub completed: Option<Known<Timestamp>>,
    /// Authenticated.
    pub authenticated: Option<Known<Signature>>,
    /// Taken back.
    pub cancelled: bool,
}

/// Takes one fact about an order. Returns whether anything changed.
pub(super) fn take(
    orders: &mut BTreeMap<String, Order>,
    fact: &OrderFact,
    number: usize,
    occurred_at: Timestamp,
) -> bool {
    let before = orders.get(&fact.number).cloned();
    let order = orders.entry(fact.number.clone()).or_insert_with(|| Order {
        number: fact.number.clone(),
        mode: fact.mode,
        consultation: false,
        placed: Known { value: fact.placed_at, from: Source::new(number, "order (ORC-9)") },
        ordering: None,
        consultant: None,
        completed: None,
        authenticated: None,
        cancelled: false,
    });
    if fact.mode != OrderMode::Unknown {
        order.mode = fact.mode;
    }
    order.consultation |= fact.consultation;
    if fact.ordering.is_some() {
        order.ordering.clone_from(&fact.ordering);
    }
    if fact.consultant.is_some() {
        order.consultant.clone_from(&fact.consultant);
    }
    if order.authenticated.is_none()
        && let Some(signature) = &fact.authenticated
    {
        let from = Source::new(number, "order authenticated (ORC-11)");
        order.authenticated = Some(Known { value: signature.clone(), from });
    }
    match fact.action {
        OrderAction::Placed => order.cancelled = false,
        OrderAction::Cancelled => order.cancelled = true,
        OrderAction::Completed => {
            let from = Source::new(number, "order carried out (ORC-5)");
            order.completed.get_or_insert(Known { value: occurred_at, from });
        }
        OrderAction::Authenticated if order.authenticated.is_none() => {
            let signature = Signature { by: None, at: occurred_at, inferred: true };
            let from = Source::new(number, "order authenticated (by status alone)");
            order.authenticated = Some(Known { value: signature, from });
        }
        OrderAction::Authenticated => {}
    }
    before.as_ref() != orders.get(&fact.number)
}
