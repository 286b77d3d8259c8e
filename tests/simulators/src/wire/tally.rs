//! Counts everything that reaches a party, so that a test can assert *exactly one*.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// How many moments are kept; a load run of some minutes at a few thousand requests a second fits.
const MOMENTS_MAX: usize = 1_000_000;

/// What reached one party so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// TCP connections accepted (none for an agency behind a carrier).
    pub connections: u64,
    /// TLS handshakes that failed, such as those without our client certificate.
    pub failed_handshakes: u64,
    /// Requests read whole, misbehaved ones included.
    pub requests: u64,
    /// Requests by operation; the carrier names its own `token` and the operation behind it.
    pub by_operation: BTreeMap<String, u64>,
    /// Requests by the subject asked: an ID number, a tax code, a dossier code, `book/number` of a registration,
    /// `NAME/birth-date` where the social insurance is searched, the key or number of a receipt, the reference of
    /// what is written. The post's feed and prices are asked for nobody.
    pub by_subject: BTreeMap<String, u64>,
    /// What the party itself refused, by reason.
    pub refusals: BTreeMap<String, u64>,
    /// Misbehaviours played, by name.
    pub misbehaved: BTreeMap<String, u64>,
    /// Access tokens issued (the carrier, the post and Viettel).
    pub tokens_issued: u64,
    /// Requests being answered now.
    pub in_flight: u64,
    /// The most requests answered at the same time.
    pub most_at_once: u64,
}

/// When a request was read, counted from the start of the simulators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Time since the simulators started.
    pub at: Duration,
    /// The operation asked.
    pub operation: String,
}

#[derive(Debug)]
pub(crate) struct Tally {
    started: Instant,
    counts: Mutex<Counts>,
    /// What was done, by operation and reference.
    effects: Mutex<BTreeMap<(String, String), u64>>,
    moments: Mutex<Vec<Moment>>,
    /// The number of requests, to be waited upon.
    total: watch::Sender<u64>,
}

impl Tally {
    pub(crate) fn new(started: Instant) -> Self {
        let total = watch::Sender::new(0);
        let (counts, effects, moments) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { started, counts, effects, moments, total }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn snapshot(&self) -> Counts {
        self.counts().clone()
    }

    pub(crate) fn moments(&self) -> Vec<Moment> {
        self.moments.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn forget(&self) {
        let mut counts = self.counts();
        *counts = Counts { in_flight: counts.in_flight, ..Counts::default() };
        self.moments.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.total.send_replace(0);
    }

    pub(crate) fn total(&self) -> watch::Receiver<u64> {
        self.total.subscribe()
    }

    pub(crate) fn connected(&self) {
        self.counts().connections += 1;
    }

    pub(crate) fn handshake_failed(&self) {
        self.counts().failed_handshakes += 1;
    }

    pub(crate) fn token_issued(&self) {
        self.counts().tokens_issued += 1;
    }

    pub(crate) fn asked_for(&self, subject: &str) {
        *self.counts().by_subject.entry(subject.to_owned()).or_default() += 1;
    }

    /// Something was done under this reference.
    pub(crate) fn did(&self, operation: &str, reference: &str) {
        let key = (operation.to_owned(), reference.to_owned());
        *self.effects.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
    }

    pub(crate) fn effects(&self) -> BTreeMap<(String, String), u64> {
        self.effects.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn effects_of(&self, operation: &str, reference: &str) -> u64 {
        let key = (operation.to_owned(), reference.to_owned());
        let effects = self.effects.lock().unwrap_or_else(PoisonError::into_inner);
        effects.get(&key).copied().unwrap_or_default()
    }

    pub(crate) fn refused(&self, reason: &str) {
        *self.counts().refusals.entry(reason.to_owned()).or_default() += 1;
    }

    pub(crate) fn misbehaved(&self, name: &str) {
        *self.counts().misbehaved.entry(name.to_owned()).or_default() += 1;
    }

    /// Counts one request; it is in flight until the guard is dropped.
    pub(crate) fn enter(self: &Arc<Self>, operation: &str) -> InFlight {
        let total = {
            let mut counts = self.counts();
            counts.requests += 1;
            *counts.by_operation.entry(operation.to_owned()).or_default() += 1;
            counts.in_flight += 1;
            counts.most_at_once = counts.most_at_once.max(counts.in_flight);
            counts.requests
        };
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        if moments.len() < MOMENTS_MAX {
            moments.push(Moment { at: self.started.elapsed(), operation: operation.to_owned() });
        }
        drop(moments);
        self.total.send_replace(total);
        InFlight(Arc::clone(self))
    }
}

/// One request on its way.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Tally>);

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut counts = self.0.counts();
        counts.in_flight = counts.in_flight.saturating_sub(1);
    }
}
