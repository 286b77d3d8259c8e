//! What a party has been told to do wrong, in order, and for how often.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::misbehaviour::{Misbehaviour, Stage};

/// How often a misbehaviour is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// The next matching request only.
    Once,
    /// The next so many matching requests.
    Times(u32),
    /// Every matching request until [`crate::Handle::behave`].
    Always,
}

#[derive(Debug)]
struct Order {
    misbehaviour: Misbehaviour,
    /// `None` is without end.
    left: Option<u32>,
    operation: Option<String>,
}

impl Order {
    fn matches(&self, operation: &str) -> bool {
        self.misbehaviour.reaches(operation) && self.operation.as_deref().is_none_or(|own| own == operation)
    }
}

/// The orders of one party, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Script(Mutex<Vec<Order>>);

impl Script {
    fn orders(&self) -> MutexGuard<'_, Vec<Order>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, misbehaviour: Misbehaviour, times: Times, operation: Option<String>) {
        let left = match times {
            // A refused connection never reaches us, so it cannot be counted.
            _ if misbehaviour == Misbehaviour::Refuse => None,
            Times::Once => Some(1),
            Times::Times(number) => Some(number),
            Times::Always => None,
        };
        if left != Some(0) {
            self.orders().push(Order { misbehaviour, left, operation });
        }
    }

    /// Forgets all orders; says whether any of them concerned the connection itself.
    pub(crate) fn clear(&self) -> bool {
        let mut orders = self.orders();
        let doors = orders.iter().any(|order| order.misbehaviour.stage() == Stage::Door);
        orders.clear();
        doors
    }

    /// What to do wrong with a new connection.
    pub(crate) fn take_at_door(&self) -> Option<Misbehaviour> {
        self.take(|order| order.misbehaviour.stage() == Stage::Door)
    }

    /// What to do wrong with a request for this operation.
    pub(crate) fn take_for(&self, operation: &str) -> Option<Misbehaviour> {
        self.take(|order| order.misbehaviour.stage() != Stage::Door && order.matches(operation))
    }

    /// What an agency behind a carrier does wrong: there the carrier meets the door.
    pub(crate) fn take_behind_carrier(&self, operation: &str) -> Option<Misbehaviour> {
        self.take(|order| order.matches(operation))
    }

    /// What an agency with a door of its own does wrong when it is reached through the carrier.
    pub(crate) fn take_unless_at_door(&self, operation: &str) -> Option<Misbehaviour> {
        self.take(|order| {
            let at_door = order.misbehaviour.stage() == Stage::Door;
            (!at_door || order.misbehaviour == Misbehaviour::Refuse) && order.matches(operation)
        })
    }

    fn take(&self, fits: impl Fn(&Order) -> bool) -> Option<Misbehaviour> {
        let mut orders = self.orders();
        let index = orders.iter().position(fits)?;
        let order = orders.get_mut(index)?;
        let misbehaviour = order.misbehaviour.clone();
        order.left = order.left.map(|left| left.saturating_sub(1));
        if order.left == Some(0) {
            orders.remove(index);
        }
        Some(misbehaviour)
    }
}
