//! A store in memory that keeps what it acknowledged through every kill, and sometimes fails before or after it has committed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use engine::case::store::{
    Admission, Admitted, Claim, Commit, Lease, Node, NotCommitted, Store, StoreFailed,
};
use engine::case::{Case, Entry, Leg, LegState};
use futures_util::future::BoxFuture;

use super::Sabotage;
use super::time::{Dice, Time};

/// A commit takes up to this long: an fsync on a busy disk.
const COMMIT_MS: i64 = 20;

/// The store.
pub struct Memory {
    kept: Mutex<Kept>,
    time: Arc<Time>,
    dice: Arc<Dice>,
    sabotage: Option<Sabotage>,
    /// Commits in a thousand that fail, half of them after they were made.
    failing: u64,
}

#[derive(Default)]
struct Kept {
    cases: BTreeMap<String, Stored>,
    keys: BTreeMap<(String, String), (String, String)>,
    unique: BTreeMap<String, String>,
    messages: BTreeSet<String>,
    fences: u64,
    noticed: Vec<(String, Leg)>,
}

/// A case with its history and the leases on its legs.
pub struct Stored {
    pub case: Case,
    pub history: Vec<Entry>,
    leases: BTreeMap<String, (Lease, Node)>,
}

impl Memory {
    /// An empty one.
    pub fn new(time: &Arc<Time>, dice: &Arc<Dice>, failing: u64, sabotage: Option<Sabotage>) -> Arc<Memory> {
        let kept = Mutex::default();
        Arc::new(Memory { kept, time: Arc::clone(time), dice: Arc::clone(dice), sabotage, failing })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at everything.
    pub fn each(&self, mut visit: impl FnMut(&Stored)) {
        self.kept().cases.values().for_each(&mut visit);
    }

    /// The legs that have come to wait for a person since the last time, with their cases.
    pub fn take_noticed(&self) -> Vec<(String, Leg)> {
        std::mem::take(&mut self.kept().noticed)
    }

    /// A case as it is.
    pub fn case(&self, id: &str) -> Option<Case> {
        self.kept().cases.get(id).map(|stored| stored.case.clone())
    }

    /// When somebody can next claim something, if ever.
    pub fn next_due(&self, node: &Node) -> Option<i64> {
        let now = self.time.now();
        let kept = self.kept();
        let all =
            kept.cases.values().flat_map(|stored| stored.case.legs.iter().map(move |leg| (stored, leg)));
        all.filter_map(|(stored, leg)| match stored.leases.get(&leg.name) {
            Some((_, holder)) if is_earlier_boot(holder, node) => Some(now),
            Some((lease, _)) => Some(lease.until_ms),
            None => leg.turn_ms,
        })
        .min()
    }

    async fn wait(&self) {
        self.time.sleep(self.dice.below(COMMIT_MS)).await;
    }

    fn fails(&self) -> bool {
        self.dice.in_1000(self.failing)
    }
}

fn is_earlier_boot(holder: &Node, node: &Node) -> bool {
    holder.name == node.name && holder.boot < node.boot
}

impl Kept {
    fn claim(&mut self, node: &Node, now: i64, lease_ms: i64) -> Option<Claim> {
        let free = self.cases.iter().flat_map(|(id, stored)| {
            let due = stored.case.legs.iter().filter_map(move |leg| {
                let since = match stored.leases.get(&leg.name) {
                    Some((_, holder)) if is_earlier_boot(holder, node) => now,
                    Some((lease, _)) => lease.until_ms,
                    None => leg.turn_ms?,
                };
                (since <= now).then_some((since, leg.name.clone()))
            });
            due.map(move |(since, leg)| (since, id.clone(), leg))
        });
        let (_, id, leg) = free.min()?;
        self.fences += 1;
        let fence = self.fences;
        let stored = self.cases.get_mut(&id)?;
        let lease = Lease { case: id, leg: leg.clone(), fence, until_ms: now.saturating_add(lease_ms) };
        stored.leases.insert(leg, (lease.clone(), node.clone()));
        Some(Claim { lease, case: stored.case.clone() })
    }

    fn commit(&mut self, commit: Commit, sabotage: Option<Sabotage>) -> Result<(), NotCommitted> {
        let Commit { mut case, entries, lease, release, message } = commit;
        let Some(stored) = self.cases.get_mut(&case.id) else { return Err(NotCommitted::Failed) };
        if let Some(lease) = &lease {
            let holds = stored.leases.get(&lease.leg).is_some_and(|(held, _)| held.fence == lease.fence);
            if !holds {
                return Err(NotCommitted::Fenced);
            }
        }
        if stored.case.version != case.version {
            return Err(NotCommitted::Changed);
        }
        if message.is_some_and(|message| !self.messages.insert(message)) {
            return Err(NotCommitted::Duplicate);
        }
        case.version += 1;
        let is_intent = lease.is_some() && !release;
        if is_intent && sabotage == Some(Sabotage::Intent) {
            stored.case.version = case.version;
            return Ok(());
        }
        for (before, after) in stored.case.legs.iter().zip(&case.legs) {
            let asks = matches!(after.state, LegState::Parked | LegState::Supplement);
            if asks && before.state != after.state {
                self.noticed.push((case.id.clone(), after.clone()));
            }
        }
        let id = case.id.clone();
        stored.case = case;
        stored.history.extend(entries);
        if let Some(lease) = lease.filter(|_| release) {
            stored.leases.remove(&lease.leg);
        }
        // Ended, and nothing in it took effect: what it held may be held by another.
        let legs = &stored.case.legs;
        if legs.iter().all(|leg| leg.state.is_final() && leg.state != LegState::Done) {
            self.unique.retain(|_, holder| *holder != id);
        }
        Ok(())
    }
}

impl Store for Memory {
    fn admit(&self, admission: Admission) -> BoxFuture<'_, Result<Admitted, StoreFailed>> {
        Box::pin(async move {
            self.wait().await;
            let mut kept = self.kept();
            let Admission { case, entries, key, unique } = admission;
            let known = kept.keys.get(&(key.client.clone(), key.key.clone())).cloned();
            match known {
                Some((fingerprint, id)) if fingerprint == key.fingerprint => return Ok(Admitted::Again(id)),
                Some(_) => return Ok(Admitted::OtherBody),
                None => {}
            }
            let held = unique.iter().find_map(|hash| kept.unique.get(hash).cloned());
            if let Some(other) = held {
                return Ok(Admitted::Conflict(other));
            }
            kept.keys.insert((key.client, key.key), (key.fingerprint, case.id.clone()));
            for hash in unique {
                kept.unique.insert(hash, case.id.clone());
            }
            let stored = Stored { case, history: entries, leases: BTreeMap::new() };
            kept.cases.insert(stored.case.id.clone(), stored);
            Ok(Admitted::New)
        })
    }

    fn claim<'a>(
        &'a self,
        node: &'a Node,
        lease_ms: i64,
    ) -> BoxFuture<'a, Result<Option<Claim>, StoreFailed>> {
        Box::pin(async move {
            self.wait().await;
            let claim = self.kept().claim(node, self.time.now(), lease_ms);
            // Claimed on disk, and the one who asked never hears of it.
            self.wait().await;
            if self.fails() { Err(StoreFailed) } else { Ok(claim) }
        })
    }

    fn load<'a>(&'a self, case: &'a str) -> BoxFuture<'a, Result<Option<Case>, StoreFailed>> {
        Box::pin(async move {
            self.wait().await;
            if self.fails() { Err(StoreFailed) } else { Ok(self.case(case)) }
        })
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<(), StoreFailed>> {
        Box::pin(async move {
            self.wait().await;
            let mut kept = self.kept();
            let Some(stored) = kept.cases.get_mut(&lease.case) else { return Err(StoreFailed) };
            let holds = stored.leases.get(&lease.leg).is_some_and(|(held, _)| held.fence == lease.fence);
            if holds {
                stored.leases.remove(&lease.leg);
            }
            Ok(())
        })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<(), NotCommitted>> {
        Box::pin(async move {
            self.wait().await;
            if self.fails() {
                return Err(NotCommitted::Failed);
            }
            let told = self.kept().commit(commit, self.sabotage);
            self.wait().await;
            if self.fails() { Err(NotCommitted::Failed) } else { told }
        })
    }
}

/// Whether a history explains how a leg came to stand where it stands: every line begins where the last one ended.
pub fn explains(history: &[Entry], leg: &str, state: LegState) -> bool {
    let lines = history.iter().filter(|entry| entry.leg == leg);
    let mut at = LegState::Waiting;
    for line in lines {
        if line.from != at || line.why.vi().is_empty() || line.why.en().is_empty() {
            return false;
        }
        at = line.to;
    }
    at == state
}

#[cfg(test)]
mod tests;
