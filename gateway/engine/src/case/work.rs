//! The worker's side of a case: one claimed turn of one leg, over ports, so that a simulation runs what the server runs.
//!
//! The intent is committed before the first byte, the result after the last. Whatever ends in between (a kill, a lost
//! lease, a full disk) leaves a leg `sending` without a sender, and the next one to claim it begins at `find`.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::agencies::{Agencies, Heard, Question, answer};
use super::store::{Claim, Commit, Lease, Node, NotCommitted, Store, StoreFailed};
use super::whole::reference;
use super::{Answer, Answered, Asked, Case, Entry, Event, Leg, LegState, Refused};
use crate::calendar::Calendar;
use crate::chain::{Chain, Chains, at_the_case};
use crate::ports::{Chance, Clock};

/// How patient a worker is. All in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// A lease; longer than an exchange, or no exchange could end under it.
    pub lease_ms: i64,
    /// One conversation with an agency.
    pub exchange_ms: i64,
    /// The first back-off.
    pub back_off_ms: i64,
    /// The longest back-off.
    pub back_off_ms_max: i64,
    /// Unreached for so long: a person must look.
    pub unreached_ms_max: i64,
    /// Uncertain for so long: a person must look.
    pub uncertain_ms_max: i64,
    /// Under way for so long without a word: a person must look.
    pub silent_ms_max: i64,
}

const HOUR_MS: i64 = 3_600_000;

impl Default for Patience {
    fn default() -> Self {
        Patience {
            lease_ms: 90_000,
            exchange_ms: 60_000,
            back_off_ms: 1_000,
            back_off_ms_max: HOUR_MS / 4,
            // An outage over a weekend and Monday's morning.
            unreached_ms_max: 72 * HOUR_MS,
            uncertain_ms_max: 24 * HOUR_MS,
            // Longer than the longest statutory term of a leg (8 working days, interfaces 9), with Tết in between.
            silent_ms_max: 40 * 24 * HOUR_MS,
        }
    }
}

/// What tells whose a record is, by service.
pub type Identity = dyn Fn(&str) -> Vec<String> + Send + Sync;

/// A worker: claims turns and takes them, one after the other.
pub struct Worker {
    /// Keeps the cases.
    pub store: Arc<dyn Store>,
    /// Reaches the agencies.
    pub agencies: Arc<dyn Agencies>,
    /// Knows the time.
    pub clock: Arc<dyn Clock>,
    /// Rolls the dice.
    pub chance: Arc<dyn Chance>,
    /// The chains, by name.
    pub chains: Arc<Chains>,
    /// What tells whose a record is, by service: pointers into query and result.
    pub identity: Arc<Identity>,
    /// Counts the term of a supplement for which the agency names no date.
    pub calendar: Arc<Calendar>,
    /// Who we are.
    pub node: Node,
    /// How patient we are.
    pub patience: Patience,
}

impl Worker {
    /// Claims one job and takes its turn. `false`: nothing is due.
    pub async fn turn(&self) -> Result<bool, StoreFailed> {
        let Some(claim) = self.store.claim(&self.node, self.patience.lease_ms).await? else {
            return Ok(false);
        };
        let Claim { lease, case } = claim;
        let chain = self.chains.get(&case.chain).cloned();
        let (Some(chain), Some(leg)) = (chain, case.leg(&lease.leg).cloned()) else {
            // A chain taken out of the configuration: the job stays, and its lease runs out again and again.
            tracing::error!(chain = case.chain, "no such chain");
            return Ok(true);
        };
        let turn = Turn { worker: self, chain: &chain, lease: &lease };
        match turn.take(case, &leg).await {
            // Fenced: another has it by now, and will do what is to be done.
            Ok(()) | Err(NotCommitted::Fenced | NotCommitted::Duplicate) => Ok(true),
            // A message or a person was faster, before anything left: the next turn begins from what they made of it.
            Err(NotCommitted::Changed) => self.store.release(&lease).await.map(|()| true),
            Err(NotCommitted::Failed) => Err(StoreFailed),
        }
    }
}

struct Turn<'a> {
    worker: &'a Worker,
    chain: &'a Chain,
    lease: &'a Lease,
}

impl Turn<'_> {
    async fn take(&self, case: Case, leg: &Leg) -> Result<(), NotCommitted> {
        let now = self.worker.clock.unix_ms();
        let age = now.saturating_sub(leg.since_ms);
        let patience = &self.worker.patience;
        match leg.state {
            LegState::Sending => self.result(case, Event::LeaseLost).await,
            LegState::Ready
                if now.saturating_sub(leg.tried_since_ms.unwrap_or(now)) > patience.unreached_ms_max =>
            {
                self.result(case, Event::Overaged).await
            }
            LegState::Uncertain if age > patience.uncertain_ms_max => {
                self.result(case, Event::Overaged).await
            }
            LegState::Sent | LegState::Pending if age > patience.silent_ms_max => {
                self.result(case, Event::Overaged).await
            }
            LegState::Ready => self.send(case, leg).await,
            LegState::Uncertain if leg.terms.can_find => self.ask(case, leg, Asked::Find).await,
            // It cannot be asked, but it refuses a reference twice: once all has settled, the second send is the question.
            LegState::Uncertain => {
                let answered = self.answered(leg, Asked::Find, now, Answer::NotThere);
                self.result(case, answered).await
            }
            LegState::Sent | LegState::Pending if leg.terms.can_look => {
                self.ask(case, leg, Asked::Look).await
            }
            // Only the agency's own word moves it; one day it has been silent for too long.
            LegState::Sent | LegState::Pending => {
                let wait_ms = patience.silent_ms_max.saturating_sub(age).saturating_add(1);
                let answer = Answer::Silence("uncertain");
                self.result(
                    case,
                    Event::Answered(Answered { asked: Asked::Look, asked_ms: now, wait_ms, answer }),
                )
                .await
            }
            LegState::Supplement if leg.turn_ms.is_some_and(|turn| turn <= now) => {
                self.result(case, Event::Lapsed).await
            }
            // Moved by somebody else since the job was put: nothing to do.
            LegState::Supplement | LegState::Waiting | LegState::Parked => self.release().await,
            LegState::Done | LegState::Declined | LegState::Withdrawn | LegState::Skipped => {
                self.release().await
            }
        }
    }

    async fn send(&self, mut case: Case, leg: &Leg) -> Result<(), NotCommitted> {
        let now = self.worker.clock.unix_ms();
        let until_ms = now.saturating_add(self.worker.patience.exchange_ms).min(self.lease.until_ms);
        let intended = Event::Intended { until_ms };
        let Ok(entries) = case.happen(self.chain, &leg.name, &intended, now) else {
            return self.release().await;
        };
        // The intent: from here on whoever finds this leg without us must ask before sending.
        self.worker.store.commit(self.commit(case.clone(), entries, false)).await?;
        case.version += 1;
        self.ask(case, leg, Asked::Send).await
    }

    /// Asks, reads the answer, and commits what it means.
    async fn ask(&self, case: Case, leg: &Leg, asked: Asked) -> Result<(), NotCommitted> {
        let asked_ms = self.worker.clock.unix_ms();
        let until_ms = asked_ms.saturating_add(self.worker.patience.exchange_ms).min(self.lease.until_ms);
        let answer = match self.query(&case, leg) {
            Ok(query) => {
                let clock = Arc::clone(&self.worker.clock);
                let may_leave = Arc::new(move || clock.unix_ms() < until_ms);
                let question = Question {
                    asked,
                    service: &leg.service,
                    reference: &reference(&case.id, leg),
                    query: &query,
                    until_ms,
                    may_leave,
                };
                let heard = self.worker.agencies.ask(question).await;
                self.read(heard, leg, &query)
            }
            Err(refused) => refused,
        };
        let answered = self.answered(leg, asked, asked_ms, answer);
        self.result(case, answered).await
    }

    fn query(&self, case: &Case, leg: &Leg) -> Result<serde_json::Value, Answer> {
        if let Some(query) = &leg.query {
            return Ok(query.clone());
        }
        let refused = |place: Option<String>, findings| Answer::Refused { code: place, findings };
        let Some(plan) = self.chain.leg(&leg.name) else { return Err(refused(None, Vec::new())) };
        let drawn = self.chain.query(plan, &case.input, &case.results());
        drawn.map_err(|undrawn| refused(Some("cannot-be-said".to_owned()), undrawn.findings))
    }

    fn read(&self, heard: Heard, leg: &Leg, query: &serde_json::Value) -> Answer {
        let identity = (self.worker.identity)(&leg.service);
        let now = self.worker.clock.unix_ms();
        let read = answer(heard, query, &identity, |until| self.worker.calendar.supplement_until(until, now));
        match (read, self.chain.leg(&leg.name)) {
            // Whoever is to correct it sees the case's input, not the leg's query.
            (Answer::Refused { code, findings }, Some(plan)) => {
                let findings = findings.into_iter().map(|finding| at_the_case(finding, plan)).collect();
                Answer::Refused { code, findings }
            }
            (read, _) => read,
        }
    }

    fn answered(&self, leg: &Leg, asked: Asked, asked_ms: i64, answer: Answer) -> Event {
        let wait_ms = back_off(&self.worker.patience, leg.tries, self.worker.chance.fraction());
        Event::Answered(Answered { asked, asked_ms, wait_ms, answer })
    }

    /// Commits what happened; where a message or a person was faster, upon what they made of the leg.
    async fn result(&self, mut case: Case, event: Event) -> Result<(), NotCommitted> {
        for _ in 0..ROUNDS_MAX {
            let now = self.worker.clock.unix_ms();
            let mut new = case.clone();
            // Refused: the leg has moved to where this means nothing; the job is over all the same.
            let entries = new.happen(self.chain, &self.lease.leg, &event, now).unwrap_or_default();
            match self.worker.store.commit(self.commit(new, entries, true)).await {
                Err(NotCommitted::Changed) => match self.worker.store.load(&self.lease.case).await? {
                    Some(newer) => case = newer,
                    None => return Ok(()),
                },
                told => return told,
            }
        }
        Err(NotCommitted::Failed)
    }

    async fn release(&self) -> Result<(), NotCommitted> {
        Ok(self.worker.store.release(self.lease).await?)
    }

    fn commit(&self, case: Case, entries: Vec<Entry>, release: bool) -> Commit {
        Commit { case, entries, lease: Some(self.lease.clone()), release, message: None }
    }
}

/// Times a result is put upon a newer version; each means that somebody else has committed in between.
const ROUNDS_MAX: usize = 16;

/// Exponential, full jitter; never nothing, or a dead agency would be asked in a circle.
fn back_off(patience: &Patience, tries: u32, fraction: f64) -> i64 {
    let most = patience.back_off_ms.saturating_mul(1_i64.checked_shl(tries.min(30)).unwrap_or(i64::MAX));
    let most = most.min(patience.back_off_ms_max);
    (most as f64 * fraction) as i64 + patience.back_off_ms / 2
}

/// Something from outside that happens to a case: a message, a supplement, a withdrawal, an operator.
pub enum Act {
    /// To one leg; with the message's duplicate key, if it is one.
    Leg(String, Box<Event>, Option<String>),
    /// The citizen takes the case back.
    Withdrawal,
}

/// Why an act did not come to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unacted {
    /// There is no such case, or its chain is gone.
    Unknown,
    /// It does not fit where the case stands.
    Refused(Refused),
    /// The store cannot.
    Failed,
}

/// Lets it happen: read, decide, commit; read again where somebody was faster. One winner, for every pair of acts (T21).
pub fn act<'a>(
    store: &'a dyn Store,
    chains: &'a Chains,
    clock: &'a dyn Clock,
    case: &'a str,
    act: Act,
) -> BoxFuture<'a, Result<(), Unacted>> {
    Box::pin(async move {
        for _ in 0..ROUNDS_MAX {
            let loaded = store.load(case).await.map_err(|_| Unacted::Failed)?;
            let mut case = loaded.ok_or(Unacted::Unknown)?;
            let chain = chains.get(&case.chain).ok_or(Unacted::Unknown)?;
            let now = clock.unix_ms();
            let entries = match &act {
                Act::Leg(leg, event, _) => case.happen(chain, leg, event, now),
                Act::Withdrawal => case.withdraw(chain, now),
            };
            let entries = entries.map_err(Unacted::Refused)?;
            let message = match &act {
                Act::Leg(_, _, message) => message.clone(),
                Act::Withdrawal => None,
            };
            match store.commit(Commit { case, entries, lease: None, release: false, message }).await {
                Ok(()) | Err(NotCommitted::Duplicate) => return Ok(()),
                Err(NotCommitted::Changed) => {}
                Err(NotCommitted::Fenced | NotCommitted::Failed) => return Err(Unacted::Failed),
            }
        }
        Err(Unacted::Failed)
    })
}
