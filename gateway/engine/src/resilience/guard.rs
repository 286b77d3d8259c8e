//! One party with everything that stands before it, and the one function in which the order of resilience can be read.

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adapter_api::{Fault, Kind, Party, Waiting};
use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout, timeout_at};

use crate::client::Lane;
use crate::ports::{Chance, Clock, Progress};
use crate::resilience::breaker::{Breaker, BreakerState, Pass};
use crate::resilience::gate::{Gate, Leave, Place, Waiter};
use crate::resilience::meter::{Meter, Tally, overloaded};
use crate::resilience::retry::Retries;
use crate::settings::{AgencySettings, CarrierSettings, DIRECT, PartyLimits};

/// One try of a call: a whole conversation with the agency, checked.
pub trait Attempt: Sync {
    /// What it brings home.
    type Answer: Send;

    /// Tries once. Every exchange goes through the meter.
    fn attempt<'a>(&'a self, meter: &'a Meter<'a>) -> BoxFuture<'a, Result<Self::Answer, Fault>>;
}

/// Who asks whom for what, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Errand<'a> {
    /// The agency.
    pub agency: &'a str,
    /// Its operation.
    pub operation: &'a str,
    /// The client whose turn it takes.
    pub client: &'a str,
    /// When it must be over.
    pub deadline: Instant,
    /// What of that one exchange may take, once it has left.
    pub exchange_within: Duration,
    /// Whoever asks decides on another try: a write is never repeated on its own.
    pub once: bool,
    /// Where it says what it waits for.
    pub progress: &'a Progress,
}

/// The guards of all agencies and carriers.
pub struct Guards {
    agencies: BTreeMap<String, AgencyGuard>,
    carriers: BTreeMap<String, Arc<CarrierGuard>>,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
}

struct AgencyGuard {
    carrier: Option<Arc<CarrierGuard>>,
    operations: HashMap<String, Arc<Breaker>>,
    gate: Arc<Gate>,
    retries: Retries,
    standing: Mutex<Standing>,
}

struct CarrierGuard {
    name: String,
    breaker: Arc<Breaker>,
    gate: Arc<Gate>,
    standing: Mutex<Standing>,
}

#[derive(Debug, Clone, Default)]
struct Standing {
    last_success: Option<String>,
    last_failure: Option<(String, &'static str)>,
}

/// The places a call holds: the agency's, and its carrier's.
type Places = (Place, Option<Place>);
/// Leave for one exchange: the agency's, and its carrier's.
pub(super) type Leaves = (Leave, Option<Leave>);

/// How a party stands, for `GET /v1/agencies`, health and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyView {
    /// The agency, or the carrier.
    pub name: String,
    /// The carrier an agency is reached through; `None` for `direct` and for carriers themselves.
    pub carrier: Option<String>,
    /// The worst of its breakers.
    pub breaker: BreakerState,
    /// How many calls wait at its gate, at the counter and in the batch's lane.
    pub waiting: [(Lane, usize); 2],
    /// Its breakers by operation; empty for carriers.
    pub operations: Vec<(String, BreakerState)>,
    /// When it last did its work, RFC 3339.
    pub last_success: Option<String>,
    /// When it last failed, RFC 3339, and the fault's code.
    pub last_failure: Option<(String, &'static str)>,
}

/// What a call says about a party.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    Bad,
    Nothing,
}

impl Guards {
    /// Guards for these agencies, each with its operations, and their carriers.
    pub fn new(
        operations: &BTreeMap<String, Vec<String>>,
        agencies: &BTreeMap<String, AgencySettings>,
        carriers: &BTreeMap<String, CarrierSettings>,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
    ) -> Self {
        let unset = AgencySettings::default();
        let settings_of = |agency: &String| agencies.get(agency).unwrap_or(&unset);
        let used = operations.keys().map(|agency| settings_of(agency).carrier.clone());
        let carriers: BTreeMap<String, Arc<CarrierGuard>> = used
            .filter(|carrier| carrier != DIRECT)
            .map(|name| {
                let limits = carriers.get(&name).map(|carrier| carrier.limits.clone()).unwrap_or_default();
                (name.clone(), Arc::new(CarrierGuard::new(name, &limits, &clock)))
            })
            .collect();
        let agencies = operations
            .iter()
            .map(|(agency, operations)| {
                let settings = settings_of(agency);
                let carrier = carriers.get(&settings.carrier).cloned();
                let gate = Gate::new(agency, &settings.limits, Arc::clone(&clock));
                (agency.clone(), AgencyGuard::new(operations, &settings.limits, carrier, gate))
            })
            .collect();
        Guards { agencies, carriers, clock, chance }
    }

    /// Makes the call, or says why it was not made or did not work.
    pub async fn run<A: Attempt>(&self, errand: Errand<'_>, attempt: &A) -> Result<A::Answer, Fault> {
        let Some(guard) = self.agencies.get(errand.agency) else {
            return Err(Fault::AdapterFailed { place: "no guard for the agency".into() });
        };
        // Breaker first: a party that is down costs its callers nothing, not even a place in the queue.
        let mut passes = guard.admit(errand.operation)?;
        // Then the gate: a slow party fills its own places and nobody else's, and nobody fills them while it waits.
        let (_places, leave) = guard.enter(errand).await?;
        let meter = Meter {
            agency: &guard.gate,
            carrier: guard.carrier.as_ref().map(|carrier| &carrier.gate),
            client: errand.client,
            exchange_within: errand.exchange_within,
            leave: Mutex::new(Some(leave)),
            tally: Mutex::default(),
        };
        guard.retries.earn();
        let tries = self.tries(guard, errand, attempt, &meter);
        let answer = AgencyGuard::watch(&mut passes.0, &meter, tries).await;
        guard.settle(passes, answer.as_ref().err(), meter.so_far(), &*self.clock);
        answer
    }

    /// The carrier an agency is reached through, if any.
    pub fn carrier_of(&self, agency: &str) -> Option<&str> {
        self.agencies.get(agency)?.carrier.as_ref().map(|carrier| carrier.name.as_str())
    }

    /// How every agency stands.
    pub fn agencies(&self) -> Vec<PartyView> {
        self.agencies.iter().map(|(name, guard)| guard.view(name)).collect()
    }

    /// How every carrier in use stands.
    pub fn carriers(&self) -> Vec<PartyView> {
        self.carriers.values().map(|guard| guard.view()).collect()
    }

    /// Tries until it works, or is not worth another try.
    async fn tries<A: Attempt>(
        &self,
        guard: &AgencyGuard,
        errand: Errand<'_>,
        attempt: &A,
        meter: &Meter<'_>,
    ) -> Result<A::Answer, Fault> {
        let mut tried = 0;
        loop {
            tried += 1;
            let answer = timeout_at(errand.deadline, attempt.attempt(meter)).await;
            // A conversation that was given up has left what it waited for.
            let answer = answer.unwrap_or_else(|_| {
                Err(Fault::DeadlineExceeded { waiting_for: errand.progress.waiting_for() })
            });
            match &answer {
                Err(fault)
                    if !errand.once
                        && self.waits_to_repeat(guard, fault, tried, meter, errand.deadline).await => {}
                Err(_) | Ok(_) => return answer,
            }
        }
    }

    async fn waits_to_repeat(
        &self,
        guard: &AgencyGuard,
        fault: &Fault,
        tried: u32,
        meter: &Meter<'_>,
        deadline: Instant,
    ) -> bool {
        let tally = meter.so_far();
        let kind = if tally.wrote { Kind::Write } else { Kind::Read };
        if tally.ours || !fault.may_repeat(kind) {
            return false;
        }
        let asked = stay_away(fault);
        if asked.is_some_and(|asked| Instant::now() + asked >= deadline) {
            return false;
        }
        let Some(wait) = guard.retries.wait(tried, asked, &*self.chance) else {
            return false;
        };
        let until = Instant::now() + wait;
        if until >= deadline {
            return false;
        }
        tokio::time::sleep_until(until).await;
        true
    }
}

impl AgencyGuard {
    fn new(
        operations: &[String],
        limits: &PartyLimits,
        carrier: Option<Arc<CarrierGuard>>,
        gate: Arc<Gate>,
    ) -> Self {
        AgencyGuard {
            carrier,
            operations: operations.iter().map(|name| (name.clone(), Breaker::new(limits))).collect(),
            gate,
            retries: Retries::new(limits),
            standing: Mutex::default(),
        }
    }

    fn admit(&self, operation: &str) -> Result<(Option<Pass>, Option<Pass>), Fault> {
        let closed = |party| {
            move |wait: Duration| Fault::Unavailable { party, retry_after_s: Some(whole_seconds(wait)) }
        };
        let own =
            self.operations.get(operation).map(Breaker::admit).transpose().map_err(closed(Party::Agency))?;
        let carrier = self.carrier.as_ref().map(|carrier| carrier.breaker.admit());
        Ok((own, carrier.transpose().map_err(closed(Party::Carrier))?))
    }

    /// A place at each party on the way, with leave for the first exchange. The agency's first: behind one carrier stand
    /// several agencies, and who waits for one of them must not fill the carrier.
    async fn enter(&self, errand: Errand<'_>) -> Result<(Places, Leaves), Fault> {
        let Errand { client, progress, deadline, .. } = errand;
        let waiter = Waiter { client, progress, deadline };
        let entered = self.gate.enter(waiter).await;
        let (place, leave) = entered.map_err(|no_turn| overloaded(Party::Agency, no_turn))?;
        let (mut places, mut leaves) = ((place, None), (leave, None));
        if let Some(carrier) = &self.carrier {
            let entered = carrier.gate.enter(waiter).await;
            let (place, leave) = entered.map_err(|no_turn| overloaded(Party::Carrier, no_turn))?;
            (places.1, leaves.1) = (Some(place), Some(leave));
        }
        Ok((places, leaves))
    }

    /// Waits for the tries to end, and tells the breaker while they go on when one exchange has become slow.
    async fn watch<T>(pass: &mut Option<Pass>, meter: &Meter<'_>, tries: impl Future<Output = T>) -> T {
        let mut tries = pin!(tries);
        let Some(pass) = pass else {
            return tries.await;
        };
        let slow_after = pass.slow_after();
        match timeout(slow_after, tries.as_mut()).await {
            Ok(ended) => ended,
            Err(_) => {
                // Waiting for our own quota is not the party's slowness.
                if meter.so_far().longest >= slow_after {
                    pass.is_slow();
                }
                tries.await
            }
        }
    }

    fn settle(
        &self,
        passes: (Option<Pass>, Option<Pass>),
        fault: Option<&Fault>,
        tally: Tally,
        clock: &dyn Clock,
    ) {
        let away = fault.and_then(stay_away);
        for (party, pass) in [(Party::Agency, passes.0), (Party::Carrier, passes.1)] {
            let (standing, gate) = match (party, &self.carrier) {
                (Party::Agency, _) => (&self.standing, &self.gate),
                (Party::Carrier, Some(carrier)) => (&carrier.standing, &carrier.gate),
                (Party::Carrier, None) => continue,
            };
            let verdict = judge(party, self.carrier.is_some(), fault, &tally);
            match (verdict, pass) {
                (Verdict::Good, Some(pass)) => pass.succeeded(tally.longest),
                (Verdict::Bad, Some(pass)) => pass.failed(tally.longest, away),
                (Verdict::Nothing, _) | (_, None) => {}
            }
            let mut standing = standing.lock().unwrap_or_else(PoisonError::into_inner);
            match (verdict, fault) {
                (Verdict::Good, _) => standing.last_success = Some(clock.now()),
                (Verdict::Bad, Some(fault)) => {
                    standing.last_failure = Some((clock.now(), fault.code()));
                    // "Too much" is about the amount, so it stops the bucket; "closed" is the breaker's.
                    if let (Fault::Overloaded { .. }, Some(away)) = (fault, away) {
                        gate.pause(away);
                    }
                }
                (Verdict::Bad, None) | (Verdict::Nothing, _) => {}
            }
        }
    }

    fn view(&self, name: &str) -> PartyView {
        let mut operations: Vec<_> =
            self.operations.iter().map(|(name, breaker)| (name.clone(), breaker.state())).collect();
        operations.sort();
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        PartyView {
            name: name.to_owned(),
            carrier: self.carrier.as_ref().map(|carrier| carrier.name.clone()),
            breaker: operations.iter().map(|(_, state)| *state).max().unwrap_or(BreakerState::Closed),
            waiting: waiting(&self.gate),
            operations,
            last_success: standing.last_success,
            last_failure: standing.last_failure,
        }
    }
}

impl CarrierGuard {
    fn new(name: String, limits: &PartyLimits, clock: &Arc<dyn Clock>) -> Self {
        CarrierGuard {
            gate: Gate::new(&name, limits, Arc::clone(clock)),
            name,
            breaker: Breaker::new(limits),
            standing: Mutex::default(),
        }
    }

    fn view(&self) -> PartyView {
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone();
        PartyView {
            name: self.name.clone(),
            carrier: None,
            breaker: self.breaker.state(),
            waiting: waiting(&self.gate),
            operations: Vec::new(),
            last_success: standing.last_success,
            last_failure: standing.last_failure,
        }
    }
}

fn waiting(gate: &Gate) -> [(Lane, usize); 2] {
    [Lane::Counter, Lane::Batch].map(|lane| (lane, gate.waiting(lane)))
}

/// What the end of a call says about one of the parties on its way.
fn judge(party: Party, carried: bool, fault: Option<&Fault>, tally: &Tally) -> Verdict {
    if tally.exchanges == 0 || tally.ours {
        return Verdict::Nothing;
    }
    let failed = match fault {
        None => return Verdict::Good,
        // It read our words and answered: it is up.
        Some(Fault::Rejected { sent: true, .. }) => return Verdict::Good,
        Some(Fault::Rejected { sent: false, .. }) => return Verdict::Nothing,
        // Our own mistakes.
        Some(Fault::NotAdmitted { .. } | Fault::AdapterFailed { .. }) => return Verdict::Nothing,
        // Who hangs cannot be seen from here; counting it at the carrier would close the road to the others.
        Some(Fault::DeadlineExceeded { waiting_for: Waiting::Agency }) => Party::Agency,
        // A token that does not come closes the road to all who need it.
        Some(Fault::DeadlineExceeded { waiting_for: Waiting::Carrier }) => Party::Carrier,
        // Our own queues say nothing about anybody.
        Some(Fault::DeadlineExceeded { waiting_for: Waiting::Gateway }) => return Verdict::Nothing,
        Some(Fault::Unreachable { party }) => *party,
        Some(Fault::Unavailable { party, .. } | Fault::Overloaded { party, .. }) => *party,
        Some(Fault::Malformed(reason) | Fault::Uncertain(reason)) => reason.by.unwrap_or(Party::Agency),
    };
    match (if carried { failed } else { Party::Agency }, party) {
        (Party::Agency, Party::Agency) | (Party::Carrier, Party::Carrier) => Verdict::Bad,
        (Party::Agency, Party::Carrier) | (Party::Carrier, Party::Agency) => Verdict::Nothing,
    }
}

fn stay_away(fault: &Fault) -> Option<Duration> {
    match fault {
        Fault::Unavailable { retry_after_s, .. } | Fault::Overloaded { retry_after_s, .. } => {
            retry_after_s.map(Duration::from_secs)
        }
        Fault::Rejected { .. }
        | Fault::NotAdmitted { .. }
        | Fault::Malformed(_)
        | Fault::Unreachable { .. } => None,
        Fault::Uncertain(_) | Fault::DeadlineExceeded { .. } | Fault::AdapterFailed { .. } => None,
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}
